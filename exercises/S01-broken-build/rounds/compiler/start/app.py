"""The {{service}}'s service: says what it is made of."""
from importlib.metadata import version
from pathlib import Path

import tinysum
from flask import Flask

app = Flask(__name__)
token = Path(__file__).with_name("token").read_text().strip()


@app.get("/")
def home():
    return {"service": "{{service}}", "token": token, "flask": version("flask"), "sum": tinysum.total([1, 2, 3])}


@app.get("/health")
def health():
    return {"status": "ok"}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)
