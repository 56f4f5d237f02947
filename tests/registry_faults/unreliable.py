"""A registry that cannot be relied on: passes questions on to a real one, and spoils its answers.

python3 unreliable.py HOST:PORT HOW
"""
import http.client
import http.server
import json
import sys
import time

UPSTREAM, HOW = sys.argv[1:3]


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        real = http.client.HTTPConnection(UPSTREAM)
        real.request(self.command, self.path, headers={"Accept": self.headers.get("Accept", "*/*")})
        answer = real.getresponse()
        body = answer.read()
        headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in ("content-length", "connection")]
        told = getattr(self, HOW)(answer.status, headers, body)
        # One that broke off in the middle cannot go on.
        self.close_connection = self.close_connection or told is None
        if told:
            self.tell(*told)

    do_HEAD = do_GET

    def tell(self, status, headers, body, length=None):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def honest(self, status, headers, body):
        return status, headers, body

    def closing(self, status, headers, body):
        self.close_connection = True
        return status, headers, body

    def broken(self, status, headers, body):
        return 500, [("Content-Type", "text/plain")], b"out of order\n"

    def overloaded(self, status, headers, body):
        return 503, [("Retry-After", "3600")], b""

    def silent(self, status, headers, body):
        time.sleep(3600)

    def dripping(self, status, headers, body):
        self.tell(status, headers, b"", length=1 << 20)
        while True:
            self.wfile.write(b" ")
            time.sleep(1)

    def cut(self, status, headers, body):
        self.tell(status, headers, body[: len(body) // 2], length=len(body))

    def endless(self, status, headers, body):
        self.tell(status, headers, b"", length=1 << 40)
        while True:
            self.wfile.write(b" " * 65536)

    def page(self, status, headers, body):
        return 200, [("Content-Type", "text/html")], b"<html><title>Sign in to the hotel's network</title></html>"

    def nowhere_page(self, status, headers, body):
        page = b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1><hr>nginx</body></html>"
        return 404, [("Content-Type", "text/html")], page

    def nowhere_text(self, status, headers, body):
        return 404, [("Content-Type", "text/plain; charset=utf-8")], b"404 page not found\n"

    def hang_up(self, status, headers, body):
        return None

    def hang_up_on_blob(self, status, headers, body):
        return None if "/blobs/" in self.path else (status, headers, body)

    def closing_silently(self, status, headers, body):
        # Told without a word of the connection, which ends then.
        self.tell(status, headers, body)

    def circle(self, status, headers, body):
        return 307, [("Location", self.path)], b""

    def gibberish(self, status, headers, body):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    def other_digest(self, status, headers, body):
        other = ("Docker-Content-Digest", "sha256:" + "0" * 64)
        return status, [other if name == other[0] else (name, value) for name, value in headers], body

    def other_manifest(self, status, headers, body):
        if "/manifests/" in self.path:
            manifest = json.loads(body)
            manifest["annotations"] = {"changed": "on the way"}
            body = json.dumps(manifest).encode()
        return status, headers, body

    def other_config(self, status, headers, body):
        if "/blobs/" in self.path:
            config = json.loads(body)
            config["rootfs"]["diff_ids"].pop()
            body = json.dumps(config).encode()
        return status, headers, body

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("", 5000), Registry)
print("listening", flush=True)
server.serve_forever()
