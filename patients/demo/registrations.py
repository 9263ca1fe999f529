"""Who registered themselves at the sample clinic and waits for the desk: somebody new, and somebody known who moved."""

from dataclasses import replace
from datetime import date, datetime

from healthcare.accounts.models import Membership
from healthcare.accounts.models.links import token_of
from healthcare.db.context import acting_as
from patients.actions.registrations import confirm_registration, request_registration
from patients.models import Patient
from patients.rules import Demographics
from patients.rules.registrations import Told
from patients.texts import current_text

NEW = Demographics(
    given_name="Ngozi",
    family_name="Applegate",
    birth_date=date(1991, 4, 2),
    sex="female",
    phone="+15085550231",
    email="ngozi.applegate@mail.example",
    line="12 Mill Street",
    city="Worcester",
    state="MA",
    postal_code="01609",
)
KNOWN = ("Fontaine", "Elise")
MOVED = {"preferred_name": "", "phone": "+15085550232", "line": "9 Chestnut Street", "postal_code": "01602"}


def tell_of_registrations(desk: Membership, now: datetime) -> None:
    """Both wish for the site of this desk, and opened the link in their mail."""
    user = desk.user.in_role("front_desk")
    with acting_as(user):
        names = {"family_name": KNOWN[0], "given_name": KNOWN[1]}
        known = Patient.objects.visible_to(user).filter(**names).first()
    told = [Told(NEW, language="en", interpreter=False, reason="I am new in town, and look for a doctor")]
    if known is not None:
        told.append(Told(replace(known.demographics(), **MOVED), reason="My yearly visit"))
    notice = current_text("privacy_notice").digest
    for one in told:
        said = replace(one, notice=notice, received=True)
        with acting_as(None):
            row = request_registration(told=said, site=desk.site, network="sample clinic", now=now)
            if row is not None:
                confirm_registration(token=token_of(row.pk))
