"""Numbers under which somebody is known besides the record number."""

import re

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from patients.models import Patient, PatientIdentifier, SiteNumbers
from patients.rules import SITE_NUMBER, is_medical_record_number, is_site_number, site_number


class IdentifierRefused(Exception):
    """The message is a sentence for whoever typed it."""


@transaction.atomic
def add_identifier(*, by: User, patient: Patient, system: str, value: str) -> PatientIdentifier:
    """Keep a number of the patient, and whose it is. Raises NotAllowed, and IdentifierRefused for one that cannot be.

    An earlier record number of ours has its check digit (ISO/IEC 7812-1).
    """
    check_can(by, Permission.CHANGE_PATIENT)
    return keep_identifier(by=by, patient=Patient.objects.visible_to(by).get(pk=patient.pk), system=system, value=value)


def keep_identifier(*, by: User, patient: Patient, system: str, value: str) -> PatientIdentifier:
    """The same, as a part of a verb that has asked already. Raises IdentifierRefused."""
    system, value = " ".join(system.split()), " ".join(value.split())
    if system == PatientIdentifier.MRN and not is_medical_record_number(value):
        raise IdentifierRefused(_("A digit of this record number is wrong: its check digit does not fit."))
    letters = SITE_NUMBER.fullmatch(value)
    if letters and not is_site_number(value) and SiteNumbers.objects.filter(prefix=letters[1]).exists():
        raise IdentifierRefused(_("A digit of this site's number is wrong: its check digit does not fit."))
    if PatientIdentifier.objects.visible_to(by).filter(patient=patient, system=system, value=value).exists():
        raise IdentifierRefused(_("This number is kept already."))
    row = PatientIdentifier(patient=patient, system=system, value=value)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as problem:
        raise IdentifierRefused(_("This number is kept for somebody else. Look for them by it.")) from problem
    record("patients.add_identifier", by=by, patient_id=patient.pk, target=row)
    return row


# == Numbers of a site ==
@transaction.atomic
def begin_number_series(*, by: User | None, site: Site, prefix: str) -> SiteNumbers:
    """From now on everybody registered at this site gets a number of its own, which begins with these letters.

    By None: an operator at the machine. Raises NotAllowed, and IdentifierRefused for letters that cannot be, or are
    another site's, and for a site that has a series.
    """
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    if not re.fullmatch("[A-Z]{2,4}", prefix):
        raise IdentifierRefused(_("The letters are two to four capitals, like WOR."))
    series = SiteNumbers(site=site, prefix=prefix)
    try:
        with transaction.atomic():
            series.save(force_insert=True)
    except IntegrityError as problem:
        raise IdentifierRefused(_("The site has a series already, or the letters are another site's.")) from problem
    record("patients.begin_number_series", by=by, target=series, detail={"prefix": prefix, "site": str(site.pk)})
    return series


def give_site_number(*, by: User, patient: Patient, site: Site) -> PatientIdentifier | None:
    """The next number of the site's series, as a part of a verb that registers; None where the site has none."""
    series = SiteNumbers.objects.select_for_update(of=("self",)).filter(site=site).first()
    if series is None:
        return None
    series.last += 1
    series.save(update_fields=["last", "updated_at"])
    value = site_number(series.prefix, series.last)
    return keep_identifier(by=by, patient=patient, system=site.name, value=value)
