"""Who of the sample clinic was registered twice: one pair that waits for somebody to look, one that was merged."""

from dataclasses import replace
from datetime import datetime

from healthcare.accounts.models import Membership
from healthcare.db.context import acting_as
from patients.actions import merge_patients, register_patient
from patients.models import Patient
from patients.rules import Demographics

WAITS, MERGED = ("Varga", "Ilona", "Illona"), ("Iyer", "Ananya", "Anania")


def tell_of_doubles(desk: Membership, now: datetime) -> None:
    """The desk registers two people again, with a letter more; of one it finds out, and makes one record of the two."""
    user = desk.user.in_role("front_desk")
    with acting_as(user):
        for family, given, heard in (WAITS, MERGED):
            first = Patient.objects.visible_to(user).filter(family_name=family, given_name=given).first()
            if first is None:
                continue
            again: Demographics = replace(first.demographics(), given_name=heard, preferred_name="", email="")
            second = register_patient(by=user, site=desk.site, demographics=again, now=now)
            if (family, given, heard) == MERGED:
                merge_patients(
                    by=user, kept=first, gone=second, reason="Driver's license and insurance card shown", now=now
                )
