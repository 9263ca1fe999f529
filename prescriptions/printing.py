"""A prescription as a sheet of paper, for the worker that makes a PDF of it."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from healthcare.accounts.qr import qr_image
from prescriptions.models import PrescriptionSheet
from prescriptions.models.prescriptions import VALID


def code_address(code: str) -> str:
    """Where anybody checks it."""
    return f"{settings.PUBLIC_URL}{reverse('prescriptions:check', args=[code])}"


def sheet_of(sheet: PrescriptionSheet, code: str, now: datetime) -> str:
    """The whole document, in the language of who asked, on the clock of the site."""
    found = sheet.prescription
    address = code_address(code)
    context = {
        "prescription": found,
        "patient": found.patient,
        "site": found.site,
        "valid_until": found.signed_at and found.signed_at + VALID,
        "address": address,
        "qr": qr_image(address),
        "made_at": now,
    }
    with translation.override(sheet.language), timezone.override(found.site.time_zone):
        return render_to_string("prescriptions/sheet.html", context)


def name_of(sheet: PrescriptionSheet) -> str:
    """What the file is called; neither whose nor which medicine stands in it."""
    return f"prescription-{sheet.asked_at:%Y-%m-%d}.pdf"
