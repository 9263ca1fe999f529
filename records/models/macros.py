"""Texts of the clinic that a doctor calls up by a short word while writing a note."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from scheduling.models import VisitType

A_WORD = RegexValidator(r"\A[a-z0-9][a-z0-9-]*\Z", _("Small letters, digits and hyphens."))


class MacroQuerySet(models.QuerySet["Macro"]):
    def usable(self) -> "MacroQuerySet":
        return self.filter(active=True)

    def fitting(self, *, specialty: str, visit_type_id: object) -> "MacroQuerySet":
        """Those for every specialty and kind of visit, and those for these."""
        return self.filter(Q(specialty="") | Q(specialty__iexact=specialty)).filter(
            Q(visit_type=None) | Q(visit_type=visit_type_id)
        )

    def with_favourite(self, user: User) -> "MacroQuerySet":
        kept = Favourite.objects.filter(user=user, macro=OuterRef("pk"))
        return self.annotate(favourite=Exists(kept))


class Macro(BaseModel):
    """A phrase for where the cursor stands (`text`), or a template that fills the parts of a note."""

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    shortcut = models.CharField(
        _("short word"), max_length=30, validators=[A_WORD], help_text=_("Typed as /word while writing a note.")
    )
    name = models.CharField(_("name"), max_length=80)
    specialty = models.CharField(_("specialty"), max_length=100, blank=True, help_text=_("Empty: for every one."))
    visit_type = models.ForeignKey(
        VisitType,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("kind of visit"),
        help_text=_("Empty: for every one."),
    )
    text = models.TextField(_("phrase"), blank=True, help_text=_("Put in where the cursor stands."))
    parts = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(_("active"), default=True)

    objects = MacroQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shortcut", "specialty", "visit_type"],
                condition=Q(active=True),
                nulls_distinct=False,
                name="macro_means_one_thing",
            ),
            models.CheckConstraint(
                condition=(~Q(text="") & Q(parts={})) | (Q(text="") & ~Q(parts={})), name="macro_is_phrase_or_template"
            ),
        ]

    def __str__(self) -> str:
        return f"macro {self.shortcut}"


class Favourite(BaseModel):
    """A macro that somebody wants at the top of their list."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    macro = models.ForeignKey(Macro, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "macro"], name="favourite_once")]

    def __str__(self) -> str:
        return f"favourite {str(self.pk)[-8:]}"
