"""Django's admin shows that somebody was asked or told and what became of it, never about whom or what."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from alerts import actions
from alerts.models import (
    Alert,
    Anomaly,
    Digest,
    Handing,
    Ladder,
    Notice,
    PutOff,
    Recipients,
    Reminder,
    ReminderPlan,
    Stage,
    WatchEdit,
)
from alerts.queries.arranging import people_by_site, roles_for
from alerts.rules import LATEST, Waits, why_no_ladder
from healthcare.accounts.access import can
from healthcare.accounts.admin_pages import ByVerb
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import ROLES
from patients.read_only import OfPatients, ReadOnly


@admin.register(Alert)
class AlertAdmin(OfPatients):
    list_display = ("__str__", "kind", "severity", "state", "level", "raised_at", "acknowledged_at")
    fields = ("id", "kind", "severity", "state", "level", "raised_at", "next_at", "acknowledged_at", "closed_at")


@admin.register(Handing)
class HandingAdmin(OfPatients):
    list_display = ("__str__", "turn", "handed_at")
    fields = ("id", "turn", "handed_at")


@admin.register(PutOff)
class PutOffAdmin(OfPatients):
    list_display = ("__str__", "put_off_at", "until")
    fields = ("id", "put_off_at", "until")


@admin.register(Notice)
class NoticeAdmin(OfPatients):
    list_display = ("__str__", "letter", "state", "reason", "level", "created_at")
    fields = ("id", "letter", "channel", "state", "reason", "level", "created_at")


@admin.register(Reminder)
class ReminderAdmin(OfPatients):
    list_display = ("__str__", "stage", "state", "reason", "due_at", "sent_at")
    fields = ("id", "stage", "sequence", "state", "reason", "due_at", "sent_at")


@admin.register(Digest)
class DigestAdmin(OfPatients):
    list_display = ("__str__", "state", "next_at", "sent_at")
    fields = ("id", "state", "next_at", "sent_at")


@admin.register(Anomaly)
class AnomalyAdmin(OfPatients):
    list_display = ("__str__", "rule", "found_at", "due_at", "verdict", "reviewed_at")
    fields = ("id", "rule", "role", "count", "found_at", "due_at", "verdict", "reviewed_at")


@admin.register(WatchEdit)
class WatchEditAdmin(ReadOnly):
    says = _("Where the rules that watch openings differ from how they were delivered. Edited by the privacy officer.")
    list_display = ("rule", "is_on", "at_least", "minutes", "updated_at")


class Arranged(ByVerb):
    """Rows that say how it is here, where that differs from how it is delivered: shown before they are kept."""

    refusals = (*ByVerb.refusals, actions.NotArranged)
    first: ClassVar[str]  # what a row is about: chosen once

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (self.first,) if obj else ()


class ReminderPlanForm(forms.ModelForm):
    """The kind of visit is chosen once."""

    stages = forms.MultipleChoiceField(
        label=_("Patients are reminded"),
        choices=Stage.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: nobody is reminded of such visits."),
    )

    class Meta:
        model = ReminderPlan
        fields: ClassVar[list[str]] = ["visit_type", "stages"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "visit_type" in self.fields:
            field: Any = self.fields["visit_type"]
            field.queryset = field.queryset.filter(active=True, reminder_plan=None).order_by("name")
            field.label_from_instance = lambda row: row.name


@admin.register(ReminderPlan)
class ReminderPlanAdmin(Arranged):
    says = _("When patients are reminded of a kind of visit. Of others: three days, a day and two hours before.")
    list_display = ("visit_type_name", "stages")
    list_select_related = ("visit_type",)
    ordering = ("visit_type__name", "pk")
    form = ReminderPlanForm
    fields = ("visit_type", "stages")
    first = "visit_type"

    @admin.display(description=_("kind of visit"))
    def visit_type_name(self, plan: ReminderPlan) -> str:
        return plan.visit_type.name

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        return [_now("Visits that are booked keep the reminders that are planned, until they are moved.")]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        stages = form.cleaned_data["stages"]
        obj.pk = actions.plan_kind(by=request.user, visit_type=obj.visit_type, stages=stages).pk


class RecipientsForm(forms.ModelForm):
    kind = forms.ChoiceField(label=_("Kind of alert"), choices=Alert.Kind.choices)
    role = forms.ChoiceField(label=_("Who is asked"))

    class Meta:
        model = Recipients
        fields: ClassVar[list[str]] = ["kind", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named: Any = self.fields["role"]
        named.choices = [(role.slug, role.name) for role in ROLES.values() if role.staff and self._may(role.slug)]

    def _may(self, role: str) -> bool:
        kinds = [self.instance.kind] if self.instance.kind else Alert.Kind.values
        return any(role in roles_for(kind) for kind in kinds)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        kind, role = given.get("kind") or self.instance.kind, given.get("role")
        if kind and role and role not in roles_for(kind):
            self.add_error("role", _("People of this role cannot see what such an alert is about."))
        return given


@admin.register(Recipients)
class RecipientsAdmin(Arranged):
    says = _("Whose people are asked about what. A kind that is not here: as delivered.")
    list_display = ("kind_name", "role_name")
    ordering = ("kind", "pk")
    form = RecipientsForm
    fields = ("kind", "role")
    first = "kind"

    @admin.display(description=_("kind of alert"))
    def kind_name(self, row: Recipients) -> str:
        return str(Alert.Kind(row.kind).label)

    @admin.display(description=_("who is asked"))
    def role_name(self, row: Recipients) -> str:
        return str(ROLES[row.role].name)

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        """Who that is now, at each site: none means that the ladder goes on without them."""
        lines = [
            _now("%(site)s: %(count)s would be asked") % {"site": site, "count": count}
            for site, count in people_by_site(form.cleaned_data["role"])
        ]
        return [*lines, _now("Alerts that wait already stay with those who were asked.")]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        obj.pk = actions.arrange_recipients(by=request.user, kind=obj.kind, role=form.cleaned_data["role"]).pk


class LadderForm(forms.ModelForm):
    severity = forms.ChoiceField(
        label=_("Severity"), choices=[pair for pair in Alert.Severity.choices if pair[0] in LATEST]
    )

    class Meta:
        model = Ladder
        fields: ClassVar[list[str]] = ["severity", "again", "team", "supervisors"]

    @property
    def waits(self) -> Waits:
        return Waits(*(self.cleaned_data[name] for name in ("again", "team", "supervisors")))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        severity = given.get("severity") or self.instance.severity
        if severity and not self.errors and (why_not := why_no_ladder(severity, self.waits)):
            self.add_error("supervisors", str(actions.WHY_NOT[why_not]))
        return given


@admin.register(Ladder)
class LadderAdmin(Arranged):
    says = _("How soon who is next is asked while nobody acknowledges. A severity that is not here: as delivered.")
    list_display = ("severity", "again", "team", "supervisors")
    ordering = ("-severity", "pk")
    form = LadderForm
    fields = ("severity", "again", "team", "supervisors")
    first = "severity"

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        waits = form.waits
        return [
            _now("After %(count)s minutes its owner is asked again.") % {"count": waits.again},
            _now("After %(count)s minutes the whole team is asked.") % {"count": waits.team},
            _now("After %(count)s minutes the supervisors are, and it stands on the red board.")
            % {"count": waits.supervisors},
            _now("Alerts that wait already go by it from their next step on."),
        ]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        obj.pk = actions.arrange_ladder(by=request.user, severity=obj.severity, waits=form.waits).pk
