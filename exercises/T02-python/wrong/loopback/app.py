"""The cinema {{cinema}}: what is on, and whether the service is well."""
from pathlib import Path

from flask import Flask

app = Flask(__name__)
token = Path(__file__).with_name("token").read_text().strip()


@app.get("/")
def program():
    return {"cinema": "{{cinema}}", "tonight": "{{hour}}:30", "token": token}


if __name__ == "__main__":
    app.run(port=8000)
