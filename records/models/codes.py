from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q

from healthcare.db.privileges import READ, Access


class DiagnosisCodeQuerySet(models.QuerySet["DiagnosisCode"]):
    def usable(self) -> "DiagnosisCodeQuerySet":
        """Codes a diagnosis may carry: the leaves of ICD-10-CM."""
        return self.filter(billable=True)


class DiagnosisCode(models.Model):
    """A code of ICD-10-CM, as published by the US National Center for Health Statistics; loaded by `load_codes`."""

    database_access: ClassVar[Access] = Access(web=READ)

    code = models.CharField(primary_key=True, max_length=8)
    display = models.CharField(max_length=300)
    billable = models.BooleanField()
    terms = models.TextField(help_text="Folded words it is found by: code, description, inclusion terms.")

    objects = DiagnosisCodeQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(SearchVector("terms", config="simple"), name="diagnosis_code_by_words"),
            models.Index(
                OpClass("code", name="varchar_pattern_ops"), condition=Q(billable=True), name="diagnosis_code_prefix"
            ),
        ]

    def __str__(self) -> str:
        return f"diagnosis code {self.code}"
