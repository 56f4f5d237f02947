"""Starts the service as the environment says, and ends it in order."""
import os
import signal
import sys

from werkzeug.serving import make_server

from sowing.web import app


def main():
    host = os.environ.get("SOWING_HOST", "127.0.0.1")
    port = int(os.environ.get("SOWING_PORT", "8000"))
    signal.signal(signal.SIGTERM, close)
    server = make_server(host, port, app, threaded=True)
    print(f"the gate is open: {host}:{port}")
    server.serve_forever()


def close(number, frame):
    print("the gate is closed")
    sys.exit(0)
