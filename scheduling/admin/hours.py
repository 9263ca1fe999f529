"""Hours of weekdays, and days that differ from them."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.admin_pages import CONFIRMED
from healthcare.ui.fields import FlexibleDateField
from scheduling import actions
from scheduling.admin.setting_up import SetUp, concerned, named
from scheduling.models import (
    WorkException,
    WorkRule,
)
from scheduling.queries.setting_up import visits_after, visits_during
from scheduling.waits import WEEKDAYS


class HoursForm(forms.ModelForm):
    isodow = forms.TypedChoiceField(choices=WEEKDAYS.items(), coerce=int, label=_("Weekday"))
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
        return [concerned(visits_after(obj, form.cleaned_data["until"]))] if obj else ()

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
        return str(WEEKDAYS[rule.isodow])

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
        return [concerned(visits_during(form.cleaned_data["resource"], form.during()))] if closed else ()

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
