# For the website: no measurements, and an edition that whoever builds it hands in.
FROM busybox:1.36
WORKDIR /app
COPY forecast.sh token ./
ARG EDITION=draft
RUN echo "edition $EDITION" >edition
LABEL audience="website"
USER 1000:1000
CMD ["sh", "/app/forecast.sh"]
