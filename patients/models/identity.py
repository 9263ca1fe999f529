from typing import ClassVar, Self
from uuid import UUID

from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.people import Patient, PatientOwned, PatientOwnedQuerySet

BOOKINGS = """SELECT pg_advisory_xact_lock(locks.key)
FROM (SELECT DISTINCT app.lock_key(name) AS key FROM unnest(%s::text[]) AS name ORDER BY 1) AS locks"""
REGISTRATION = 7_240_060  # the advisory lock of whoever registers somebody


class PatientIdentifier(PatientOwned):
    """A number under which somebody is known besides the record number: an earlier one, or that of another house."""

    MRN: ClassVar[str] = "mrn"  # an earlier record number of ours

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, DELETE", worker="SELECT, INSERT, UPDATE, DELETE")

    system = models.CharField(_("whose number it is"), max_length=100)
    value = models.CharField(_("number"), max_length=64)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        indexes = [models.Index(fields=["value"], name="identifier_by_value")]
        constraints = [
            models.UniqueConstraint(fields=["system", "value"], name="identifier_of_one_person"),
            models.CheckConstraint(condition=~Q(system="") & ~Q(value=""), name="identifier_says_what"),
        ]


class PatientLink(PatientOwned):
    """`other` is the patient's mother, child, sibling… Each of the two has a row, so that each is shown the other."""

    class Relation(models.TextChoices):
        MOTHER = "mother", _("Mother")
        PARENT = "parent", _("Parent")
        CHILD = "child", _("Child")
        SIBLING = "sibling", _("Sibling")
        SPOUSE = "spouse", _("Spouse or partner")
        GUARDIAN = "guardian", _("Guardian")
        WARD = "ward", _("Ward")

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, DELETE", worker="SELECT, INSERT, UPDATE, DELETE")

    other = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(_("relation"), max_length=8, choices=Relation)

    class Meta:
        verbose_name = _("link between patients")
        verbose_name_plural = _("links between patients")
        constraints = [
            models.UniqueConstraint(fields=["patient", "other"], name="link_once"),
            models.CheckConstraint(condition=~Q(patient=F("other")), name="link_of_two"),
        ]


def one_registration_at_a_time() -> None:
    """Until the commit, so that the second of two desks with one person before them finds whom the first has added."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REGISTRATION])


def nobody_books_for(*ids: UUID) -> None:
    """Until the commit: the lock that whoever books for one of these patients takes first, in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(BOOKINGS, [[str(key) for key in ids]])


class DuplicatePairQuerySet(PatientOwnedQuerySet):
    def waiting(self) -> Self:
        return self.filter(verdict="")


class DuplicatePair(PatientOwned):
    """Two registrations that may be of one person; `patient` is the later one. Somebody has to look."""

    class Verdict(models.TextChoices):
        SAME = "same", _("One person")
        DIFFERENT = "different", _("Two people")

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (verdict, settled_at, settled_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE, DELETE",
    )

    other = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    weight = models.FloatField(help_text=_("Of the evidence, by patients/rules/matching.py."))
    verdict = models.CharField(max_length=9, choices=Verdict, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = DuplicatePairQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["patient", "other"], name="duplicate_pair_once"),
            models.CheckConstraint(condition=~Q(patient=F("other")), name="duplicate_pair_of_two"),
            models.CheckConstraint(
                condition=Q(verdict="", settled_at=None, settled_by=None)
                | (Q(settled_at__isnull=False, settled_by__isnull=False) & ~Q(verdict="")),
                name="duplicate_pair_settled_says_by_whom",
            ),
        ]
