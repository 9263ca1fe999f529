from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned, PatientOwnedQuerySet


class ConsentQuerySet(PatientOwnedQuerySet):
    def in_force(self) -> Self:
        """What the patient agreed to and has not withdrawn; what was never asked, refused or ran out is not here."""
        return self.filter(decision="permit", validity__contains=Now())


class Consent(PatientOwned):
    """What the patient agreed to or refused, when, to which text, and until when. Absent means no.

    A permit of `treatment` is what a share rests on, one of `substance_use` what opens items so marked (42 CFR 2.31):
    the grants are projected for no longer than it lasts, by trigger, so that withdrawing works on the next statement.
    """

    class Purpose(models.TextChoices):
        TREATMENT = "treatment", _("Sharing with others who treat me")
        SUBSTANCE_USE = "substance_use", _("Records about substance use")
        PRIVACY_NOTICE = "privacy_notice", _("Notice of privacy practices")
        RESEARCH = "research", _("Use for research")

    class Decision(models.TextChoices):
        PERMIT = "permit", _("Agreed")
        DENY = "deny", _("Refused")

    class Method(models.TextChoices):
        PORTAL = "portal", _("In the portal")
        IN_PERSON = "in_person", _("In person, at the clinic")
        PAPER = "paper", _("Signed on paper")
        PHONE = "phone", _("By telephone")
        ONLINE = "online", _("In the online registration")

    #: How patients tell an answer that the staff writes down.
    TO_STAFF: ClassVar[list[tuple[str, Any]]] = [pair for pair in Method.choices if pair[0] not in ("portal", "online")]

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (validity, withdrawn_at, withdrawn_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE (validity, withdrawn_at, withdrawn_by_id, updated_at)",
    )

    purpose = models.CharField(max_length=16, choices=Purpose)
    decision = models.CharField(max_length=6, choices=Decision)
    text_version = models.CharField(max_length=40, help_text=_("Which text was shown."))
    text_hash = models.CharField(max_length=64, help_text=_("SHA-256 of it, as shown."))
    method = models.CharField(max_length=10, choices=Method)
    given_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    validity = DateTimeRangeField(help_text=_("From the first moment to, and without, the last; open end is no end."))
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ConsentQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["patient", "purpose"], name="consent_by_patient")]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="consent_withdrawn_says_who",
            ),
            models.UniqueConstraint(
                fields=["patient", "purpose"], condition=Q(withdrawn_at=None), name="consent_one_answer_stands"
            ),
        ]
