"""What is known of a person besides the registration: rows that are added, changed and ended, never deleted."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.consents import Consent
from patients.models.people import PatientOwned, PatientOwnedQuerySet

MARKS = "ended_at, ended_by_id, updated_at"


class DetailQuerySet(PatientOwnedQuerySet):
    def current(self) -> Self:
        return self.filter(ended_at=None)


class Detail(PatientOwned):
    """Base of such rows: who added it, and who said that it is true no longer. `VALUES` are what people fill in."""

    scope: ClassVar[Scope] = Scope.IDENTITY
    VALUES: ClassVar[tuple[str, ...]]

    added_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = DetailQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="%(class)s_ended_says_who",
            )
        ]
        indexes = [models.Index(fields=["patient"], condition=Q(ended_at=None), name="%(class)s_of_patient")]


class PatientName(Detail):
    """A name besides the legal one and the one somebody goes by, which the patient's own row holds."""

    class Use(models.TextChoices):
        MAIDEN = "maiden", _("Name at birth")
        OLD = "old", _("Former name")
        NICKNAME = "nickname", _("Also known as")

    VALUES: ClassVar[tuple[str, ...]] = ("use", "given_name", "family_name", "until")
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({', '.join(VALUES)}, {MARKS})", worker="SELECT, INSERT"
    )

    use = models.CharField(_("kind of name"), max_length=8, choices=Use)
    given_name = models.CharField(_("given name"), max_length=100)
    family_name = models.CharField(_("family name"), max_length=100)
    until = models.DateField(_("used until"), null=True, blank=True)

    class Meta(Detail.Meta):
        verbose_name = _("name")
        verbose_name_plural = _("names")

    @property
    def text(self) -> str:
        return f"{self.given_name} {self.family_name}"


class Address(Detail):
    """A place besides the home, which the patient's own row holds."""

    class Use(models.TextChoices):
        WORK = "work", _("At work")
        TEMP = "temp", _("For a while")
        BILLING = "billing", _("For bills")
        OLD = "old", _("Former address")

    VALUES: ClassVar[tuple[str, ...]] = ("use", "line", "city", "state", "postal_code", "until")
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({', '.join(VALUES)}, latitude, longitude, {MARKS})", worker="SELECT, INSERT"
    )

    use = models.CharField(_("kind of address"), max_length=8, choices=Use)
    line = models.CharField(_("street address"), max_length=200)
    city = models.CharField(_("city"), max_length=100)
    state = models.CharField(_("state"), max_length=2, blank=True)
    postal_code = models.CharField(_("ZIP code"), max_length=10, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    latitude = models.FloatField(null=True, editable=False, help_text=_("Degrees, of the centre of the ZIP code."))
    longitude = models.FloatField(null=True, editable=False)

    class Meta(Detail.Meta):
        verbose_name = _("address")
        verbose_name_plural = _("addresses")

    @property
    def text(self) -> str:
        town = ", ".join(part for part in (self.city, f"{self.state} {self.postal_code}".strip()) if part)
        return f"{self.line}, {town}"


class ContactPoint(Detail):
    """A number or address besides the first ones, which the patient's own row holds; and what is known of any of them.

    A row for the first ones exists only where it carries a mark: that what is sent there does not arrive.
    """

    class System(models.TextChoices):
        PHONE = "phone", _("Phone")
        EMAIL = "email", _("E-mail")

    class Use(models.TextChoices):
        MOBILE = "mobile", _("Mobile")
        HOME = "home", _("Home")
        WORK = "work", _("Work")
        TEMP = "temp", _("For a while")

    class Bad(models.TextChoices):
        BOUNCED = "bounced", _("What was sent came back")
        WRONG = "wrong", _("Belongs to somebody else")
        SILENT = "silent", _("Nobody answers any more")

    VALUES: ClassVar[tuple[str, ...]] = ("system", "use", "value")
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({', '.join(VALUES)}, bad, bad_at, {MARKS})",
        worker="SELECT, INSERT, UPDATE (bad, bad_at, updated_at)",
    )

    system = models.CharField(_("phone or e-mail"), max_length=5, choices=System)
    use = models.CharField(_("where"), max_length=6, choices=Use)
    value = models.CharField(_("number or address"), max_length=254)
    bad = models.CharField(_("what is wrong"), max_length=8, choices=Bad, blank=True)
    bad_at = models.DateTimeField(null=True, blank=True)

    class Meta(Detail.Meta):
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        constraints = [
            *Detail.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "system", "value"], condition=Q(ended_at=None), name="contactpoint_once"
            ),
            models.CheckConstraint(
                condition=Q(bad="", bad_at=None) | (~Q(bad="") & Q(bad_at__isnull=False)),
                name="contactpoint_bad_says_since_when",
            ),
        ]


class RelatedPerson(Detail):
    """Somebody close to the patient: whom to call in an emergency, and who may be told what."""

    class Relation(models.TextChoices):
        PARTNER = "partner", _("Spouse or partner")
        PARENT = "parent", _("Parent")
        CHILD = "child", _("Son or daughter")
        SIBLING = "sibling", _("Sibling")
        GUARDIAN = "guardian", _("Legal guardian")
        RELATIVE = "relative", _("Other relative")
        FRIEND = "friend", _("Friend")
        CAREGIVER = "caregiver", _("Caregiver")
        OTHER = "other", _("Somebody else")

    VALUES: ClassVar[tuple[str, ...]] = ("name", "relation", "phone", "email", "emergency", "may_be_told")
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({', '.join(VALUES)}, {MARKS})", worker="SELECT, INSERT"
    )

    name = models.CharField(_("name"), max_length=200)
    relation = models.CharField(_("who they are to the patient"), max_length=10, choices=Relation)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    emergency = models.BooleanField(_("call them in an emergency"), default=False)
    may_be_told = models.BooleanField(_("may be told about the patient's health"), default=False)

    class Meta(Detail.Meta):
        verbose_name = _("related person")
        verbose_name_plural = _("related persons")
        constraints = [
            *Detail.Meta.constraints,
            models.CheckConstraint(
                condition=Q(emergency=False) | ~Q(phone=""), name="relatedperson_called_has_a_phone"
            ),
        ]


class ContactPreference(Detail):
    """Whether the clinic may use this way for this purpose, as the patient said, when and how; one answer stands."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("Text message")
        PHONE = "phone", _("Telephone")
        LETTER = "letter", _("Letter")

    class Purpose(models.TextChoices):
        VISITS = "visits", _("Visits and reminders")
        HEALTH = "health", _("Results, medicines and messages")
        BILLS = "bills", _("Bills")
        NEWS = "news", _("News and offers")

    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({MARKS})", worker=f"SELECT, INSERT, UPDATE ({MARKS})"
    )

    channel = models.CharField(max_length=6, choices=Channel)
    purpose = models.CharField(max_length=6, choices=Purpose)
    allowed = models.BooleanField()
    method = models.CharField(max_length=10, choices=Consent.Method)

    class Meta(Detail.Meta):
        verbose_name = _("contact preference")
        verbose_name_plural = _("contact preferences")
        constraints = [
            *Detail.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "channel", "purpose"],
                condition=Q(ended_at=None),
                name="contactpreference_one_stands",
            ),
        ]


class LetterWish(Detail):
    """How the patient wants to hear of one kind of happening: at once and by which way, once a day, or not at all.

    Where nobody said anything, a letter goes at once by its usual way. One wish stands for each.
    """

    class Topic(models.TextChoices):
        VISITS = "visits", _("Appointments")
        RESULTS = "results", _("Results and documents")
        MESSAGES = "messages", _("Messages")
        MEDICINES = "medicines", _("Medicines")
        BILLS = "bills", _("Bills")

    class How(models.TextChoices):
        EMAIL = "email", _("At once, by e-mail")
        SMS = "sms", _("At once, by text message")
        DAILY = "daily", _("Once a day, in one e-mail")
        NONE = "none", _("Not at all")

    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({MARKS})", worker=f"SELECT, INSERT, UPDATE ({MARKS})"
    )

    topic = models.CharField(max_length=9, choices=Topic)
    how = models.CharField(max_length=5, choices=How)
    method = models.CharField(max_length=10, choices=Consent.Method)

    class Meta(Detail.Meta):
        verbose_name = _("wish about letters")
        verbose_name_plural = _("wishes about letters")
        constraints = [
            *Detail.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "topic"], condition=Q(ended_at=None), name="letterwish_one_stands"
            ),
        ]
