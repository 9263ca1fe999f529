from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Scope
from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from healthcare.db.privileges import READ, Access
from patients.models.people import Patient, PatientOwned


class PatientOrigin(PatientOwned):
    """What another system says of this person: all of it, as it came, with the numbers it knows them by."""

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(web=READ, worker="SELECT, INSERT, UPDATE")

    system = models.CharField(max_length=200, blank=True, help_text=_("Its address, or its name."))
    source_id = models.CharField(max_length=64)
    number = models.CharField(_("record number there"), max_length=64, blank=True)
    content = EncryptedTextField(help_text=_("A FHIR Patient as JSON. Social security numbers may stand in it."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "system", "source_id"], name="origin_once_a_patient"),
        ]


class ImportedSource(PatientOwned):
    """Which row here came from which resource there; without a patient where it is nobody's, such as a practitioner."""

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(web=READ, worker="SELECT, INSERT, UPDATE")

    patient = models.ForeignKey(  # type: ignore[assignment]
        Patient, null=True, on_delete=models.PROTECT, related_name="+"
    )
    system = models.CharField(max_length=200, blank=True, help_text=_("Base of the source's addresses, or its name."))
    source_id = models.CharField(max_length=64)
    resource_type = models.CharField(max_length=40)
    model = models.CharField(max_length=60)
    row_id = models.UUIDField()
    kept = models.BooleanField(help_text=_("Kept whole, for want of a home."))
    digest = models.CharField(max_length=64, help_text=_("SHA-256 of the canonical JSON."))
    run = models.UUIDField(help_text=_("The import that wrote it last."))
    identifiers = ArrayField(models.CharField(max_length=300), default=list, help_text=_("Of nobody's: system|value."))

    class Meta:
        indexes = [
            GinIndex(fields=["identifiers"], condition=~Q(identifiers=[]), name="imported_source_by_identifier"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["system", "source_id", "resource_type"], name="imported_source_once"),
        ]


class DirectoryResource(BaseModel):
    """An imported resource that speaks of no patient and has no model here, such as an organisation: kept whole."""

    database_access: ClassVar[Access] = Access(web=READ, worker="SELECT, INSERT, UPDATE")

    resource_type = models.CharField(max_length=40)
    content = models.JSONField()
