"""Who of a site answers what patients write, and how soon they promise to."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site, User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from records.rules.messages import ANSWER_HOURS, MOST_HOURS


class Category(models.TextChoices):
    """What a patient writes about: enough for a list, and nothing that a stranger should read."""

    QUESTION = "question", _("Health question")
    MEDICINE = "medicine", _("Medicine or refill")
    RESULT = "result", _("Test result")
    VISIT = "visit", _("Visit")
    FORM = "form", _("Form or letter")
    BILL = "bill", _("Bill")
    OTHER = "other", _("Something else")


class PoolQuerySet(models.QuerySet["Pool"]):
    def usable(self) -> Self:
        return self.filter(active=True)

    def taking(self, site: Site, category: str) -> Self:
        """Where a message about this goes by itself: one at most."""
        return self.usable().filter(site=site, takes__contains=[category])


class Pool(BaseModel):
    """Named colleagues of a site who answer together: “Nurses”, “Prescriptions”, “Billing questions”.

    It says who is to answer, and opens nothing: whom its people reach is said by their roles and teams.
    """

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=60, help_text=_("Patients read it: “Nurses”, “Prescriptions”."))
    takes = ArrayField(
        models.CharField(max_length=8, choices=Category),
        verbose_name=_("what comes here by itself"),
        default=list,
        blank=True,
        help_text=_("What patients of the site write about that."),
    )
    answer_hours = models.PositiveSmallIntegerField(
        _("answers within so many working hours"),
        default=ANSWER_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)],
        help_text=_("Working hours are Monday to Friday from 9 to 5 at the site; 8 are a day."),
    )
    active = models.BooleanField(_("active"), default=True)

    objects = PoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("pool for messages")
        verbose_name_plural = _("pools for messages")
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], condition=Q(active=True), name="pool_named_once_a_site"),
            models.UniqueConstraint(fields=["id", "site"], name="pool_of_a_site"),
            models.CheckConstraint(
                condition=Q(answer_hours__gte=1, answer_hours__lte=MOST_HOURS), name="pool_promises_in_time"
            ),
        ]


class PoolMemberQuerySet(models.QuerySet["PoolMember"]):
    def current(self) -> Self:
        return self.filter(ended_at=None)


class PoolMember(BaseModel):
    """Somebody answers for a pool, from when the row was made until it ended."""

    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (ended_at, ended_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE (ended_at, ended_by_id, updated_at)",
    )

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = PoolMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a pool")
        verbose_name_plural = _("members of pools")
        constraints = [
            models.UniqueConstraint(fields=["pool", "user"], condition=Q(ended_at=None), name="pool_member_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="pool_member_ended_says_who",
            ),
        ]
