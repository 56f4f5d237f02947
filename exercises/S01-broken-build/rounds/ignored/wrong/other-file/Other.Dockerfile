FROM python:3.11-slim
WORKDIR /srv
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py token ./
EXPOSE 8000
CMD ["python", "app.py"]
