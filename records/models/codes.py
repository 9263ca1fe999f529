from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q

from healthcare.accounts.models import User
from healthcare.db.models import BaseModel
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


class DiagnosisWord(models.Model):
    """A word that codes are found by, and how many hold it: what a mistyped one is compared with."""

    database_access: ClassVar[Access] = Access(web=READ)

    word = models.CharField(primary_key=True, max_length=100)
    codes = models.PositiveIntegerField()

    class Meta:
        indexes = [
            GinIndex(OpClass("word", name="gin_trgm_ops"), name="diagnosis_word_trigrams"),
            models.Index(OpClass("word", name="varchar_pattern_ops"), name="diagnosis_word_prefix"),
        ]

    def __str__(self) -> str:
        return f"word of diagnoses {self.word}"


class DiagnosisFavorite(BaseModel):
    """A code that somebody keeps at hand. It says nothing of any patient; theirs alone to see."""

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, DELETE")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=8)

    class Meta:
        verbose_name = "favorite diagnosis"
        constraints = [models.UniqueConstraint(fields=["user", "code"], name="diagnosis_favorite_once")]
