from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from billing.actions import PlanRefused, set_payer, set_plan, set_plan_terms
from billing.models import Coverage, EligibilityCheck, Payer, Plan, PlanTerms, UnbilledVisit, VisitCoverage
from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.admin_pages import ByVerb
from healthcare.accounts.permissions import Permission
from healthcare.ui.fields import FlexibleDateField
from patients.read_only import OfPatients


@admin.register(Coverage)
class CoverageAdmin(OfPatients):
    list_display = ("__str__", "priority", "status", "created_at")
    fields = ("id", "priority", "status", "created_at", "ended_at")


@admin.register(VisitCoverage)
class VisitCoverageAdmin(OfPatients):
    list_display = ("__str__", "priority", "service_date", "taken_at")
    fields = ("id", "priority", "service_date", "taken_at", "replaced_at")


@admin.register(EligibilityCheck)
class EligibilityCheckAdmin(OfPatients):
    list_display = ("__str__", "status", "asked_at", "answered_at")
    fields = ("id", "status", "asked_at", "answered_at", "answered_by")


@admin.register(UnbilledVisit)
class UnbilledVisitAdmin(OfPatients):
    list_display = ("__str__", "finished_at")
    fields = ("id", "finished_at")


class OfPlans(ByVerb):
    """Added and changed by verbs; what was changed when and by whom stands under History."""

    refusals = (NotAllowed, PlanRefused)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)


@admin.register(Payer)
class PayerAdmin(OfPlans):
    says = _(
        "Who pays for visits besides patients. One that pays no longer is kept, for the cards and bills that name it."
    )
    list_display = ("name", "kind", "number", "active")
    list_filter = ("kind", "active")
    search_fields = ("name", "number")
    ordering = ("name",)
    fields = ("name", "kind", "number", "phone", "number_form", "active")

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        if form.initial.get("active") and not form.cleaned_data["active"]:
            return [_now("Its plans can no longer be chosen, and checks say that it pays no longer.")]
        return []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        obj.pk = set_payer(by=by, payer_id=obj.pk if change else None, **form.cleaned_data).pk


@admin.register(Plan)
class PlanAdmin(OfPlans):
    says = _("What a payer sells. What it asks of its members, from which day to which, stands under its terms.")
    list_display = ("name", "payer_name", "kind")
    list_select_related = ("payer",)
    search_fields = ("name", "payer__name")
    ordering = ("payer__name", "name")
    fields = ("payer", "name", "kind")

    @admin.display(description=_("payer"), ordering="payer__name")
    def payer_name(self, plan: Plan) -> str:
        return plan.payer.name

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.label_from_instance = lambda payer: payer.name
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        obj.pk = set_plan(by=by, plan_id=obj.pk if change else None, **form.cleaned_data).pk


class PlanTermsForm(forms.ModelForm):
    from_date = FlexibleDateField(label=_("First day"))
    last_date = FlexibleDateField(label=_("Last day"), required=False)

    class Meta:
        model = PlanTerms
        fields = ("plan", "copay", "deductible")


@admin.register(PlanTerms)
class PlanTermsAdmin(OfPlans):
    says = _("What a plan asks, by day. New terms are added, from a day on; the terms before end there and are kept.")
    list_display = ("plan_name", "validity", "copay", "deductible")
    list_select_related = ("plan__payer",)
    search_fields = ("plan__name", "plan__payer__name")
    ordering = ("plan__payer__name", "plan__name", "-validity")
    form = PlanTermsForm

    @admin.display(description=_("plan"))
    def plan_name(self, terms: PlanTerms) -> str:
        return f"{terms.plan.payer.name}: {terms.plan.name}"

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        kwargs["queryset"] = Plan.objects.select_related("payer").order_by("payer__name", "name")
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.label_from_instance = lambda plan: f"{plan.payer.name}: {plan.name}"
        return field

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("plan", "copay", "deductible", *(("validity",) if obj else ("from_date", "last_date")))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        obj.pk = set_plan_terms(by=by, **form.cleaned_data).pk
