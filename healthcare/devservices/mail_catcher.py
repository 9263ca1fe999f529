"""Catch the demo's mail: an SMTP server on the loopback that keeps messages as files, and a page that shows them."""

import argparse
import html
import itertools
import json
import re
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 1000  # messages; older files are removed
ADDRESS = re.compile(r"https?://[^\s<>\"']+")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }} th, td {{ text-align: left; padding: .4rem .6rem .4rem 0 }}
pre {{ white-space: pre-wrap; font: inherit }}</style><main><h1>{title}</h1>{body}</main></html>"""


class Mailbox:
    """Messages as files, named by the time they came, newest last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counter = itertools.count(1)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, content: bytes) -> Path:
        path = (
            self.folder / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{time.time_ns()}-{next(self.counter)}.eml"
        )
        draft = path.with_suffix(".draft")
        draft.write_bytes(content)
        draft.replace(path)
        for old in self.paths()[:-KEPT]:
            old.unlink(missing_ok=True)
        return path

    def paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.eml"))

    def read(self, name: str) -> EmailMessage | None:
        """The message of this name, or None; a name from an address bar is looked up, never joined to a path."""
        found = {path.stem: path for path in self.paths()}.get(name)
        return message_from_bytes(found.read_bytes(), policy=policy.default) if found else None

    def summaries(self) -> list[dict[str, str]]:
        """Newest first."""
        return [self.summary(path.stem) for path in reversed(self.paths())]

    def summary(self, name: str) -> dict[str, str]:
        message = self.read(name) or EmailMessage()
        headers = {key.lower(): str(message.get(key, "")) for key in ("To", "From", "Subject", "Date")}
        return {"id": name, **headers, "text": text_of(message)}


class Receiver:
    """What aiosmtpd calls for each message."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        self.mailbox.keep(content if isinstance(content, bytes) else content.encode())
        return "250 Message accepted for delivery"


class Page(BaseHTTPRequestHandler):
    """The list at /, one message at /ID, everything for machines at /messages.json."""

    server: "Pages"

    def do_GET(self) -> None:
        if self.headers.get("Host", "").rpartition(":")[0] not in {"127.0.0.1", "localhost"}:
            return self.answer(403, "text/plain", "Only on this machine.")
        name = self.path.strip("/")
        if not name:
            return self.answer(200, "text/html", index(self.server.mailbox))
        if name == "messages.json":
            return self.answer(200, "application/json", json.dumps(self.server.mailbox.summaries()))
        if self.server.mailbox.read(name) is None:
            return self.answer(404, "text/plain", "There is no such message.")
        return self.answer(200, "text/html", letter(self.server.mailbox.summary(name)))

    def answer(self, status: int, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: an address of a page is not worth a line."""


class Pages(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        super().__init__(("127.0.0.1", port), Page)


def index(mailbox: Mailbox) -> str:
    rows = "".join(
        f'<tr><td>{html.escape(row["date"])}<td>{html.escape(row["to"])}<td><a href="/{row["id"]}">'
        f"{html.escape(row['subject']) or '(no subject)'}</a>"
        for row in mailbox.summaries()
    )
    table = f"<table><thead><tr><th>Sent<th>To<th>Subject</thead><tbody>{rows}</table>"
    return PAGE.format(title="Caught mail", body=table if rows else "<p>No mail yet.")


def letter(row: dict[str, str]) -> str:
    """One message as text, its links ready to follow."""
    body = f"<p><a href='/'>All mail</a><p>From {html.escape(row['from'])}<br>To {html.escape(row['to'])}"
    body += f"<br>{html.escape(row['date'])}<pre>{linked(row['text'])}</pre>"
    return PAGE.format(title=html.escape(row["subject"]) or "(no subject)", body=body)


def linked(text: str) -> str:
    """Escaped text in which each address is a link."""
    parts, end = [], 0
    for match in ADDRESS.finditer(text):
        address = html.escape(match[0])
        parts += [html.escape(text[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join([*parts, html.escape(text[end:])])


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    return str(part.get_content()) if part else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtp", type=int, required=True)
    parser.add_argument("--page", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    mailbox = Mailbox(options.folder)
    Controller(Receiver(mailbox), hostname="127.0.0.1", port=options.smtp).start()
    Pages(options.page, mailbox).serve_forever()


if __name__ == "__main__":
    main()
