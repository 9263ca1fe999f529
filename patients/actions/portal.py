"""Linking a portal account to its patient."""

import hashlib
import secrets
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from healthcare.messaging.actions import queue_message
from patients.events import PortalAccountLinked
from patients.models import CareRelationship, Patient, PortalCode
from patients.rules import CODE_ALPHABET, CODE_LENGTH, format_code, normalize_code

PORTAL_CODE_VALID = timedelta(days=7)


class PortalCodeRefused(Exception):
    """Code and date of birth do not fit, or the code has ended; the message does not say which."""


class TooManyTries(Exception):
    """Ten refused codes in an hour by one account."""


class BirthNotKnown(Exception):
    """The date of birth is not known to the day, so there is nothing to open the code with."""


class AlreadyLinked(Exception):
    """This account, or this patient, is linked already."""


@transaction.atomic
def issue_portal_code(*, by: User, patient: Patient, now: datetime) -> str:
    """A code to read out or print, for seven days and one use; earlier open codes end. Only its hash is stored.

    Raises NotAllowed without the permission, BirthNotKnown, and AlreadyLinked when the patient has an account.
    """
    check_can(by, Permission.INVITE_TO_PORTAL)
    if patient.birth_precision != "day":
        raise BirthNotKnown(
            _("The code opens with the date of birth, which is not known to the day. Look at an ID, and add it first.")
        )
    if CareRelationship.objects.current().filter(patient=patient, kind=CareRelationship.Kind.SELF).exists():
        raise AlreadyLinked(_("This patient has a portal account already."))
    for open_code in PortalCode.objects.visible_to(by).filter(patient=patient, used_at=None, revoked_at=None):
        open_code.revoked_at = now
        open_code.save(update_fields=["revoked_at", "updated_at"])
    code = "".join(secrets.choice(CODE_ALPHABET) for _place in range(CODE_LENGTH))
    issued = PortalCode(patient=patient, code_hash=hash_code(code), expires_at=now + PORTAL_CODE_VALID, issued_by=by)
    issued.save(force_insert=True)
    record("patients.issue_portal_code", by=by, patient_id=patient.pk, target=issued)
    return format_code(code)


def link_portal_account(*, by: User, code: str, birth_date: date) -> UUID:
    """Link the signed-in account to the patient whose code and date of birth these are; returns the patient's id.

    Five tries a code, ten failures an hour an account. Raises PortalCodeRefused, which does not say what was wrong,
    TooManyTries, and AlreadyLinked for an account that has a record already. A refused try is counted: the caller's
    transaction has to commit.
    """
    if CareRelationship.objects.current().filter(user=by, kind=CareRelationship.Kind.SELF).exists():
        raise AlreadyLinked(_("Your account is linked to a record already."))
    with transaction.atomic():
        patient_id = _claim(code, birth_date)
        if patient_id is not None:
            record("patients.link_portal", by=by, patient_id=patient_id, target=by)
            publish(PortalAccountLinked(patient_id=patient_id, user_id=by.pk))
            return patient_id
    record_now("patients.link_portal", by=by, outcome="denied")
    raise PortalCodeRefused(
        _("This code and date of birth do not fit together, or the code has ended. Ask the clinic for a new one.")
    )


def tell_portal_opened(*, by: User | None, patient_id: UUID, user_id: UUID) -> None:
    """Queue the mail that says the account is open, once however often it is called. It names nobody and no record."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    queue_message(
        by=by,
        channel="email",
        address=user.email,
        template="portal_opened",
        parameters={},
        dedupe_key=f"portal_opened:{patient_id}:{user_id}",
    )


def hash_code(code: str) -> str:
    """SHA-256 is enough for a random code of 49 bits that lives a week and takes five tries."""
    return hashlib.sha256(normalize_code(code).encode()).hexdigest()


def _claim(code: str, birth_date: date) -> UUID | None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT app.claim_portal_code(%s::text, %s::date)", [hash_code(code), birth_date])
            found: UUID | None = cursor.fetchone()[0]
            return found
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "HC429":
            raise TooManyTries(_("That was a lot of tries. Wait an hour, or ask the clinic for help.")) from problem
        raise
