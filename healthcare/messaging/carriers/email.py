"""SMTP (RFC 5321), step by step, so that it is always known whether the server has taken the message over."""

import smtplib
import ssl
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import formatdate, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings

from healthcare.messaging.carriers.outcome import Ambiguous, Letter, Refused
from healthcare.messaging.rules import CARRIER_SECONDS

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Server:
    """From `smtp://user:password@host:port?tls=1` (STARTTLS) or `smtps://` (TLS from the first byte)."""

    host: str
    port: int
    user: str
    password: str
    tls: str  # "", "starttls" or "implicit"


def server(url: str) -> Server:
    """Raises Refused where no mail may go: no address, or an unprotected one off this machine."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise Refused("unconfigured")
    tls = "implicit" if parts.scheme == "smtps" else "starttls" if parse_qs(parts.query).get("tls") == ["1"] else ""
    if not tls and parts.hostname not in LOOPBACK:
        raise Refused("plaintext")
    port = parts.port or {"implicit": 465, "starttls": 587}.get(tls, 25)
    return Server(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


def send(letter: Letter) -> str:
    """Returns the Message-ID. Raises Refused before the server has answered for the message, Ambiguous after."""
    mail = compose(letter)
    conversation = Conversation(server(settings.EMAIL_URL))
    try:
        conversation.greet()
        conversation.address(parseaddr(settings.DEFAULT_FROM_EMAIL)[1], letter.address)
        conversation.hand_over(mail)
    finally:
        conversation.close()
    return letter.mail_id


def compose(letter: Letter) -> bytes:
    mail = EmailMessage(policy=LINES)
    mail["Subject"] = letter.words.subject
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    mail["To"] = letter.address
    mail["Date"] = formatdate()
    mail["Message-ID"] = letter.mail_id
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    mail.set_content(letter.words.text)
    if letter.words.html:
        mail.add_alternative(letter.words.html, subtype="html")
    for attachment in letter.attachments:
        kind, *pairs = attachment.media_type.split("; ")
        mail.add_attachment(
            attachment.text,
            subtype=kind.partition("/")[2],
            filename=attachment.file_name,
            params=dict(pair.split("=") for pair in pairs),
        )
    return mail.as_bytes()


class Conversation:
    """One connection for one message; every wait is short, and all of them together as well."""

    def __init__(self, at: Server) -> None:
        self.at = at
        self.ends = time.monotonic() + CARRIER_SECONDS
        self.smtp: smtplib.SMTP | None = None

    def greet(self) -> None:
        """Connect, protect, sign in. What goes wrong here is about the server, not the message: try again later."""
        try:
            self.smtp = self._connect()
            self._soon()
            self.smtp.ehlo_or_helo_if_needed()
            if self.at.tls == "starttls":
                self.smtp.starttls(context=ssl.create_default_context())
                self.smtp.ehlo()
            if self.at.user:
                self._soon()
                self.smtp.login(self.at.user, self.at.password)
        except smtplib.SMTPResponseException as problem:
            raise Refused(f"smtp-{problem.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as problem:
            raise Refused(_kind(problem)) from None

    def address(self, sender: str, recipient: str) -> None:
        for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
            code = self._say(command)
            if code not in (250, 251, 354):
                raise Refused(f"smtp-{code}", permanent=500 <= code < 600)

    def hand_over(self, mail: bytes) -> None:
        """From the first byte on, silence is not a no; only an answer is (RFC 5321 section 4.5.3.2.6)."""
        smtp = self._connection()
        quoted = b"".join(b"." + line if line.startswith(b".") else line for line in mail.splitlines(keepends=True))
        try:
            self._soon()
            smtp.send(quoted + (b".\r\n" if quoted.endswith(b"\r\n") else b"\r\n.\r\n"))
            self._soon()
            code, _ = smtp.getreply()
        except (smtplib.SMTPException, OSError) as problem:
            raise Ambiguous(_kind(problem)) from None
        if code != 250:
            raise Refused(f"smtp-{code}", permanent=500 <= code < 600)

    def close(self) -> None:
        """No waiting for the answer to QUIT: whether the server took the message over is known by now."""
        if self.smtp is not None:
            self.smtp.close()

    def _connect(self) -> smtplib.SMTP:
        if self.at.tls == "implicit":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.at.host, self.at.port, timeout=CONNECT_SECONDS, context=context)
        return smtplib.SMTP(self.at.host, self.at.port, timeout=CONNECT_SECONDS)

    def _say(self, command: str) -> int:
        try:
            self._soon()
            return self._connection().docmd(command)[0]
        except (smtplib.SMTPException, OSError) as problem:
            raise Refused(_kind(problem)) from None

    def _connection(self) -> smtplib.SMTP:
        if self.smtp is None:
            raise Refused("unconnected")
        return self.smtp

    def _soon(self) -> None:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock = self._connection().sock
        if sock is not None:
            sock.settimeout(min(READ_SECONDS, left))


def _kind(problem: Exception) -> str:
    """The kind alone: the text of the exception can hold the address."""
    return type(problem).__name__
