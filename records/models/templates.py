"""Texts of the clinic for messages to patients."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    def usable(self) -> "MessageTemplateQuerySet":
        return self.filter(active=True)

    def at(self, site: Site) -> "MessageTemplateQuerySet":
        """Those of the site, and those of all."""
        return self.filter(Q(site=None) | Q(site=site))


class MessageTemplate(BaseModel):
    """What is often written to patients, in one language. A message begun with it is a text of its own."""

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
    language = models.CharField(_("language"), max_length=8, help_text=_("BCP 47."))
    name = models.CharField(_("name"), max_length=80, help_text=_("Colleagues choose by it; patients do not see it."))
    body = models.TextField(_("text"))
    active = models.BooleanField(_("active"), default=True)

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template for messages")
        verbose_name_plural = _("templates for messages")
        constraints = [
            models.UniqueConstraint(
                fields=["site", "language", "name"],
                condition=Q(active=True),
                nulls_distinct=False,
                name="messagetemplate_named_once",
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(body="") & ~Q(language=""), name="messagetemplate_says_something"
            ),
        ]
