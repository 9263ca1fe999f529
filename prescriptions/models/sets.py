from typing import ClassVar, Self

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from prescriptions.models.formulary import Medication
from prescriptions.rules.sig import Sig, quantity_of, quantity_text, read_sig, sig_text


class OrderSetQuerySet(models.QuerySet["OrderSet"]):
    def usable(self) -> Self:
        return self.filter(active=True)

    def at(self, site_id: object) -> Self:
        """Those of every site, and those of this one."""
        return self.filter(Q(site=None) | Q(site=site_id))


class OrderSet(BaseModel):
    """Prescriptions that are often begun together, under a name that the clinic gave them. It is about nobody."""

    MOST_LINES = 8
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    site = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("site"),
        help_text=_("Empty: for every one."),
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("Doctors read and find it: “H. pylori, first line”."))
    active = models.BooleanField(_("active"), default=True)

    objects = OrderSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("order set")
        constraints = [
            models.UniqueConstraint(
                "site",
                Lower("name"),
                condition=Q(active=True),
                nulls_distinct=False,
                name="order_set_named_once_a_site",
                violation_error_message=_("Another set there has this name. Choose another name."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="order_set_has_a_name"),
        ]


class OrderSetLine(BaseModel):
    """One prescription of a set: medicine, directions, repeats and what it is for, as the drafts begin."""

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, DELETE", worker="SELECT, INSERT, DELETE")

    order_set = models.ForeignKey(OrderSet, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    medication = models.ForeignKey(Medication, on_delete=models.PROTECT, related_name="+")
    sig = models.JSONField()
    repeats = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(12)])
    may_substitute = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("line of an order set")
        verbose_name_plural = _("lines of order sets")
        constraints = [
            models.UniqueConstraint(fields=["order_set", "position"], name="order_set_line_in_its_place"),
            models.UniqueConstraint(fields=["order_set", "medication"], name="order_set_line_once"),
            models.CheckConstraint(condition=~Q(sig={}) & Q(repeats__lte=12), name="order_set_line_is_whole"),
        ]

    @property
    def directions(self) -> Sig:
        """Raises ValueError where there are none, which the database forbids."""
        if sig := read_sig(self.sig):
            return sig
        raise ValueError("A line of a set without directions")

    @property
    def words(self) -> str:
        return sig_text(self.directions)

    @property
    def quantity_words(self) -> str:
        return quantity_text(*quantity_of(self.directions))
