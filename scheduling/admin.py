"""Django's admin: how the clinic is set up for booking, by verbs; of visits that they are there, never whose.

Visits and claims are changed by the clinic's own pages alone.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.admin_pages import CONFIRMED, ByVerb
from healthcare.accounts.permissions import Permission
from healthcare.ui.fields import FlexibleDateField
from patients.read_only import OfPatients, ReadOnly
from scheduling import actions
from scheduling.forms.providers import Qualifies
from scheduling.models import (
    Appointment,
    PatientClaim,
    ProviderPhoto,
    Qualification,
    Resource,
    TimeClaim,
    VisitType,
    WorkException,
    WorkRule,
)
from scheduling.queries.setting_up import visits_after, visits_during, visits_from

WEEKDAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]


def _concerned(count: int) -> str:
    """What becomes of the visits that lie in it."""
    words = ngettext("%(n)d visit is booked then.", "%(n)d visits are booked then.", count) % {"n": count}
    return f"{words} {_now('Booked visits stay until somebody moves them.')}"


@admin.register(Appointment)
class AppointmentAdmin(OfPatients):
    list_display = ("__str__", "status", "created_at")
    fields = ("id", "status", "sequence", "time_zone", "created_at", "updated_at")


@admin.register(PatientClaim)
class PatientClaimAdmin(OfPatients):
    list_display = ("__str__", "created_at")
    fields = ("id", "created_at")


@admin.register(TimeClaim)
class TimeClaimAdmin(ReadOnly):
    says = _("Times that are taken, by a visit or a block. Changed by booking and by blocking time.")
    list_display = ("__str__", "kind", "lane", "blocked")
    fields = ("id", "resource", "kind", "lane", "blocked", "hold_until", "created_at")
    list_filter = ("kind",)


@admin.register(ProviderPhoto)
class ProviderPhotoAdmin(ReadOnly):
    says = _("Who shows a photo. It is changed on the page of the provider, where it is seen.")
    list_display = ("provider", "added_by", "updated_at")
    list_select_related = ("provider", "added_by")
    search_fields = ("provider__name",)
    exclude = ("content",)


class SetUp(ByVerb):
    """How the clinic is set up: added and changed by the verbs of `actions.setting_up`."""

    refusals = (NotAllowed, actions.NotSetUp)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)


@admin.register(VisitType)
class VisitTypeAdmin(SetUp):
    says = _("What a visit is for, how long it takes, and who may book it when. Not active: nobody books it any more.")
    list_display = ("name", "minutes", "portal_mode", "specialty", "active")
    list_filter = ("active", "portal_mode")
    search_fields = ("name", "specialty")
    ordering = ("name", "pk")
    fields = ("slug", *actions.setting_up.VISIT_TYPE_FIELDS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        return [_now("Visits that are booked keep their length.")] if obj else ()

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            kept = VisitType.objects.get(pk=obj.pk)
            actions.change_visit_type(by=request.user, visit_type=kept, values=form.cleaned_data)
        else:
            obj.pk = actions.add_visit_type(by=request.user, slug=obj.slug, values=form.cleaned_data).pk


class ResourceForm(forms.ModelForm):
    """For a provider the site says by which clock their day begins."""

    class Meta:
        model = Resource
        fields: ClassVar[list[str]] = ["kind", "provider", "site", "name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "provider" not in self.fields:
            return
        named(self.fields["provider"])
        self.fields["name"].required = False
        self.fields["name"].help_text = _("Of a room or device. A provider's schedule is called as they are.")
        named(self.fields["site"]).required = True


def named(field: Any) -> Any:
    """Choices by their names: a row calls itself by its kind and a short id."""
    field.label_from_instance = lambda row: row.name
    field.queryset = field.queryset.order_by("name")
    return field


@admin.register(Resource)
class ResourceAdmin(SetUp):
    says = _("What can be in one place at a time only: providers' schedules, rooms, devices.")
    list_display = ("name", "kind", "time_zone")
    list_filter = ("kind",)
    search_fields = ("name",)
    ordering = ("name", "pk")
    form = ResourceForm
    fields = ("kind", "provider", "site", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("kind", "provider", "site") if obj else ()

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            kept = Resource.objects.get(pk=obj.pk)
            actions.rename_resource(by=request.user, resource=kept, name=obj.name)
        else:
            obj.pk = actions.add_resource(by=request.user, **form.cleaned_data).pk


class HoursForm(forms.ModelForm):
    isodow = forms.TypedChoiceField(choices=WEEKDAYS, coerce=int, label=_("Weekday"))
    from_date = FlexibleDateField(label=_("First day"))
    until = FlexibleDateField(label=_("Last day"), required=False)

    class Meta:
        model = WorkRule
        fields: ClassVar[list[str]] = ["resource", "site", "isodow", "starts", "ends"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"resource", "site"} & self.fields.keys():
            named(self.fields[name])


class LastDayForm(forms.ModelForm):
    until = FlexibleDateField(label=_("Last day"), help_text=_("The hours count on this day, and no longer."))

    class Meta:
        model = WorkRule
        fields: ClassVar[list[str]] = []


@admin.register(WorkRule)
class WorkRuleAdmin(SetUp):
    says = _("Hours of a weekday, on the clock at the site. They are not rewritten: they end, and others begin.")
    list_display = ("whose", "weekday", "starts", "ends", "where", "validity")
    list_filter = ("isodow", "site__name")
    list_select_related = ("resource", "site")
    search_fields = ("resource__name", "site__name")
    ordering = ("resource__name", "isodow", "starts", "pk")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=LastDayForm if obj else HoursForm, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj:
            return ("whose", "weekday", "starts", "ends", "where", "validity", "until")
        return ("resource", "site", "isodow", "starts", "ends", "from_date", "until")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("whose", "weekday", "starts", "ends", "where", "validity") if obj else ()

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        return [_concerned(visits_after(obj, form.cleaned_data["until"]))] if obj else ()

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            kept = WorkRule.objects.get(pk=obj.pk)
            actions.end_hours(by=request.user, rule=kept, until=form.cleaned_data["until"])
        else:
            obj.pk = actions.set_hours(by=request.user, **form.cleaned_data).pk

    @admin.display(description=_("whose"), ordering="resource__name")
    def whose(self, rule: WorkRule) -> str:
        return rule.resource.name

    @admin.display(description=_("weekday"), ordering="isodow")
    def weekday(self, rule: WorkRule) -> str:
        return str(dict(WEEKDAYS)[rule.isodow])

    @admin.display(description=_("site"))
    def where(self, rule: WorkRule) -> str:
        return rule.site.name


class MomentField(forms.DateTimeField):
    """One field with one label, for which browsers have a picker of their own."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **kwargs)


class ExceptionForm(forms.ModelForm):
    begins = MomentField(label=_("From"), help_text=_("On the clock of the site in which you act."))
    ends = MomentField(label=_("To"))

    class Meta:
        model = WorkException
        fields: ClassVar[list[str]] = ["resource", "kind", "site", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("resource", "site"):
            named(self.fields[name])

    def during(self) -> TimestamptzRange:
        """Empty where the end is not after the start."""
        begins, ends = self.cleaned_data["begins"], self.cleaned_data["ends"]
        return TimestamptzRange(begins, max(begins, ends))


@admin.register(WorkException)
class WorkExceptionAdmin(SetUp):
    says = _("Days that differ from the hours: closed, or extra ones. Withdrawn, the days are as the hours say again.")
    list_display = ("whose", "kind", "during", "reason")
    list_filter = ("kind",)
    list_select_related = ("resource",)
    search_fields = ("resource__name", "reason")
    ordering = ("-during", "pk")
    actions = ("withdraw",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": ExceptionForm}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("whose", "kind", "during", "reason")
        return shown if obj else ("resource", "kind", "site", "begins", "ends", "reason")

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        closed = form.cleaned_data["kind"] == WorkException.Kind.CLOSED
        return [_concerned(visits_during(form.cleaned_data["resource"], form.during()))] if closed else ()

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in ExceptionForm.Meta.fields}
        obj.pk = actions.add_exception(by=request.user, during=form.during(), **given).pk

    @admin.action(description=_("Withdraw"))
    def withdraw(self, request: Any, queryset: QuerySet[WorkException]) -> HttpResponse | None:
        rows = list(queryset.select_related("resource").order_by("pk"))
        if CONFIRMED not in request.POST:
            asked = [(row.resource.name, str(row.get_kind_display()), _now("as the hours say")) for row in rows]
            return self.ask_first(request, asked, ())
        for row in rows:
            actions.withdraw_exception(by=request.user, exception=row)
        return None

    @admin.display(description=_("whose"), ordering="resource__name")
    def whose(self, exception: WorkException) -> str:
        return exception.resource.name


class QualifiedForm(Qualifies, forms.ModelForm):
    NAMELESS = _("A licence has a number, and somebody who gave it.")
    BACKWARDS = _("The last day is before the first.")

    first_day = FlexibleDateField(label=_("First day"))
    last_day = FlexibleDateField(label=_("Last day"), required=False, help_text=_("It counts on this day still."))

    class Meta:
        model = Qualification
        fields: ClassVar[list[str]] = ["provider", "kind", "name", "identifier", "issuer"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named(self.fields["provider"])


class CeasesForm(forms.ModelForm):
    """What is recorded is not rewritten: it ends earlier, or it was a mistake."""

    mistake = forms.BooleanField(label=_("It was entered in error and never counted"), required=False)
    until = FlexibleDateField(label=_("Last day"), required=False, help_text=_("It counts on this day, and no longer."))
    why = forms.CharField(label=_("Why"), max_length=200, help_text=_("Suspended, given back, revoked: who said so?"))

    class Meta:
        model = Qualification
        fields: ClassVar[list[str]] = []

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if bool(given.get("mistake")) == bool(given.get("until")) and "until" not in self.errors:
            self.add_error("until", _("Give the last day, or say that it was entered in error."))
        return given


@admin.register(Qualification)
class QualificationAdmin(SetUp):
    says = _(
        "Licences, privileges and certifications, with their days. Nobody is booked with a provider, and nothing is"
        " prescribed, on a day that none of their licences covers. A renewal is added beside the old one."
    )
    list_display = ("whose", "kind", "name", "identifier", "issuer", "first_day", "last_day", "counts")
    list_filter = ("kind", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("provider",)
    search_fields = ("provider__name", "name", "identifier", "issuer")
    ordering = ("provider__name", "kind", "-validity", "pk")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=CeasesForm if obj else QualifiedForm, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj:
            asked = ("until", "mistake", "why") if obj.withdrawn_at is None else ()
            return (*self.get_readonly_fields(request, obj), *asked)
        return (*QualifiedForm.Meta.fields, "first_day", "last_day")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("whose", "kind", "name", "identifier", "issuer", "first_day", "last_day", "withdraw_reason")
        return shown if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What counts no more is to be read alone."""
        return super().has_change_permission(request, obj) and (obj is None or obj.withdrawn_at is None)

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        if not obj or obj.kind != Qualification.Kind.LICENCE:
            return ()
        first = form.cleaned_data["until"]
        return [_concerned(visits_from(obj.provider, first + timedelta(days=1) if first else obj.first_day))]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        given, now = form.cleaned_data, timezone.now()
        if not change:
            obj.pk = actions.record_qualification(by=request.user, **given).pk
            return
        kept = Qualification.objects.select_related("provider").get(pk=obj.pk)
        said = {"by": request.user, "qualification": kept, "reason": given["why"], "now": now}
        if given["mistake"]:
            actions.withdraw_qualification(**said)
        else:
            actions.end_qualification(last_day=given["until"], **said)

    @admin.display(description=_("provider"), ordering="provider__name")
    def whose(self, row: Qualification) -> str:
        return row.provider.name

    @admin.display(description=_("counts"), boolean=True)
    def counts(self, row: Qualification) -> bool:
        return row.withdrawn_at is None
