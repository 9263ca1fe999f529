from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from healthcare.audit.anchors import public_hex, signing_key


class Command(BaseCommand):
    help = "Print the public key of the audit anchors (Ed25519, hex). Keep it where the anchors are checked."

    def handle(self, **options: Any) -> None:
        self.stdout.write(public_hex(signing_key(settings.SECRET_KEY).public_key()))
