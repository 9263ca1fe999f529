"""A real SMTP server (aiosmtpd) that keeps what it takes and misbehaves on order."""

import asyncio
import socket
from collections import deque
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

SECONDS = {"slow": 3.0, "pause": 0.2}


class MailServer:
    """`orders` are used up one per step: `mail:451 busy`, `rcpt:550 no`, `data:552 big`, `data:drop`, `data:slow`,
    `data:pause`."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.orders: deque[str] = deque()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self) -> None:
        self.controller.start()

    def stop(self) -> None:
        self.controller.stop()

    def order(self, step: str) -> str:
        if self.orders and self.orders[0].startswith(f"{step}:"):
            return self.orders.popleft().partition(":")[2]
        return ""

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        order = self.order("mail")
        envelope.mail_from = address
        return order or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        order = self.order("rcpt")
        if order:
            return order
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        order = self.order("data")
        if order[:3].isdigit():
            return order
        content: Any = envelope.content
        self.taken.append(message_from_bytes(content, policy=default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        if order == "drop":
            server.transport.abort()
        if order in SECONDS:
            await asyncio.sleep(SECONDS[order])
        return "250 taken"
