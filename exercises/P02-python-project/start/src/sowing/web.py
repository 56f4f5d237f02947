"""The page, and what a health check asks."""
import csv
import os
from importlib import resources

from flask import Flask, render_template

app = Flask(__name__)


def seeds():
    """The list as it is now: one dictionary for each line."""
    text = resources.files("sowing").joinpath("data/seeds.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@app.get("/")
def page():
    return render_template("page.html", name=os.environ.get("SOWING_GARDEN", ""), seeds=seeds())


@app.get("/health")
def health():
    try:
        return ("ok", 200) if seeds() else ("no seeds", 503)
    except OSError as error:
        return f"no list: {error.strerror}", 503
