"""Who belongs together, a newborn with the mother, and whom nobody knows yet."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from patients.actions.people import add_patient
from patients.models import Patient, PatientLink
from patients.rules import Demographics
from patients.rules.births import UNKNOWN, Birth

Relation = PatientLink.Relation
INVERSE = {
    Relation.MOTHER: Relation.CHILD,
    Relation.PARENT: Relation.CHILD,
    Relation.CHILD: Relation.PARENT,
    Relation.SIBLING: Relation.SIBLING,
    Relation.SPOUSE: Relation.SPOUSE,
    Relation.GUARDIAN: Relation.WARD,
    Relation.WARD: Relation.GUARDIAN,
}


class LinkRefused(Exception):
    """The message is a sentence for whoever links the two."""


@transaction.atomic
def link_patients(*, by: User, patient: Patient, other: Patient, relation: PatientLink.Relation) -> PatientLink:
    """Show these two as a family: `other` is the patient's mother, child… Both must be in reach.

    Raises NotAllowed, Patient.DoesNotExist for somebody out of reach, and LinkRefused.
    """
    check_can(by, Permission.CHANGE_PATIENT)
    patient, other = (Patient.objects.visible_to(by).get(pk=one.pk) for one in (patient, other))
    if patient.pk == other.pk:
        raise LinkRefused(_("This is the same person."))
    if PatientLink.objects.visible_to(by).filter(patient=patient, other=other).exists():
        raise LinkRefused(_("These two are linked already. Take that back first, to change it."))
    return _link(by, patient, other, relation)


@transaction.atomic
def unlink_patients(*, by: User, link: PatientLink) -> None:
    """Both lines of the two go. Raises NotAllowed, and PatientLink.DoesNotExist for one out of reach."""
    check_can(by, Permission.CHANGE_PATIENT)
    link = PatientLink.objects.visible_to(by).get(pk=link.pk)
    record("patients.unlink", by=by, patient_id=link.patient_id, target=link)
    for row in PatientLink.objects.visible_to(by).filter(patient=link.other_id, other=link.patient_id):
        row.delete()
    link.delete()


@transaction.atomic
def register_newborn(*, by: User, mother: Patient, site: Site, birth_date: date, sex: str, now: datetime) -> Patient:
    """Add a child by its mother's name until it has its own: "Baby girl of Rosa". Twins are counted.

    Raises NotAllowed, Patient.DoesNotExist for a mother out of reach, and PatientNotRegistered.
    """
    check_can(by, Permission.REGISTER_PATIENT)
    mother = Patient.objects.visible_to(by).get(pk=mother.pk)
    baby = {"female": _("Baby girl"), "male": _("Baby boy")}.get(sex, _("Baby"))
    born_before = PatientLink.objects.visible_to(by).filter(
        patient=mother, relation=Relation.CHILD, other__birth_date=birth_date
    )
    count = born_before.count() + 1
    named = _("%(baby)s of %(mother)s") % {
        "baby": f"{baby} {count}" if count > 1 else baby,
        "mother": mother.given_name,
    }
    child = add_patient(
        by=by,
        site=site,
        demographics=Demographics(
            given_name=named[:100],
            family_name=mother.family_name,
            birth_date=birth_date,
            sex=sex,
            phone=mother.phone,
            line=mother.line,
            city=mother.city,
            state=mother.state,
            postal_code=mother.postal_code,
        ),
        now=now,
    )
    _link(by, child, mother, Relation.MOTHER)
    return child


@transaction.atomic
def register_unidentified(*, by: User, site: Site, sex: str, birth: Birth = UNKNOWN, now: datetime) -> Patient:
    """Add somebody whom nobody can name yet; every page of the chart says so until a name is known.

    Raises NotAllowed, and PatientNotRegistered.
    """
    check_can(by, Permission.REGISTER_PATIENT)
    who = {"female": _("Female"), "male": _("Male")}.get(sex, _("Person"))
    if birth.birth_date:
        who = _("%(who)s, about %(age)d") % {"who": who, "age": max(0, now.year - birth.birth_date.year)}
    told = Demographics(given_name=who, family_name=_("Unknown"), sex=sex, **vars(birth))
    return add_patient(by=by, site=site, demographics=told, now=now, unidentified_since=now)


def _link(by: User, patient: Patient, other: Patient, relation: PatientLink.Relation) -> PatientLink:
    link = PatientLink(patient=patient, other=other, relation=relation.value)
    link.save(force_insert=True)
    PatientLink(patient=other, other=patient, relation=INVERSE[relation].value).save(force_insert=True)
    record("patients.link", by=by, patient_id=patient.pk, target=link, detail={"relation": relation.value})
    return link
