"""Stand-ins for Twilio and a push service, on this machine alone: they take everything, and misbehave when told to.

POST /2010-04-01/Accounts/…/Messages.json    what Twilio's client calls; set TWILIO_BASE_URL to this server
POST /push/…                                 an endpoint for a push subscription
GET /, /messages.json                        what was taken, for people and for machines
POST /behave with ["500", "drop", …]         what to do with the next requests: a status, an error of Twilio's by its
                                             code (21610), `drop` (take the message, then close without an
                                             answer), `silent` (take it, and never answer)
"""

import argparse
import html
import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

KEPT = 500
ERRORS = {429: 20429, 400: 21211, 500: 20500}
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Caught SMS and pushes</title>'
    "<h1>Caught SMS and pushes</h1><ul>{}</ul>"
)


class Carriers(ThreadingHTTPServer):
    """Listens on 127.0.0.1; `taken` holds what a real carrier would now be delivering."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        self.taken: deque[dict[str, str]] = deque(maxlen=KEPT)
        self.behaviour: deque[str] = deque()
        self.over = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def server_close(self) -> None:
        self.over.set()
        super().server_close()


class Handler(BaseHTTPRequestHandler):
    server: Carriers

    def do_GET(self) -> None:
        if self.path == "/messages.json":
            return self.answer(200, "application/json", json.dumps(list(self.server.taken)))
        rows = "".join(f"<li>{html.escape(json.dumps(message))}" for message in reversed(self.server.taken))
        return self.answer(200, "text/html", PAGE.format(rows))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/behave":
            self.server.behaviour.extend(json.loads(body))
            return self.answer(204, "text/plain", "")
        order = self.server.behaviour.popleft() if self.server.behaviour else ""
        if order.isdigit() and int(order) > 999:
            return self.refuse(400, int(order))
        if order.isdigit():
            return self.refuse(int(order), ERRORS.get(int(order), 0))
        message = self.read_sms(body) if self.path.endswith("/Messages.json") else self.read_push(body)
        self.server.taken.append(message)
        if order == "silent":
            self.server.over.wait(60)
        if order in {"drop", "silent"}:
            self.close_connection = True
            return None
        return self.accept(message)

    def read_sms(self, body: bytes) -> dict[str, str]:
        said = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        kept = {name.lower(): said.get(name, "") for name in ("To", "From", "Body", "StatusCallback")}
        return {"kind": "sms", "id": f"SM{uuid4().hex}", **kept}

    def read_push(self, body: bytes) -> dict[str, str]:
        """The words are sealed for the browser; that they came is all there is to see."""
        return {"kind": "push", "id": uuid4().hex, "to": self.path, "bytes": str(len(body)), "ttl": self.headers["TTL"]}

    def accept(self, message: dict[str, str]) -> None:
        if message["kind"] == "push":
            return self.answer(201, "text/plain", "", {"Location": f"{self.server.url}/push/sent/{message['id']}"})
        return self.answer(201, "application/json", json.dumps({"sid": message["id"], "status": "queued"}))

    def refuse(self, status: int, code: int) -> None:
        error = {"code": code, "message": "as told", "status": status}
        self.answer(status, "application/json", json.dumps(error), {"Retry-After": "7"} if status == 429 else {})

    def answer(self, status: int, kind: str, text: str, headers: dict[str, str] | None = None) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: telephone numbers are not for logs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    Carriers(parser.parse_args().port).serve_forever()


if __name__ == "__main__":
    main()
