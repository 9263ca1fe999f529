"""Django's admin: the formulary and the rules to read, and that prescriptions are there; never what or for whom."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.admin_pages import ByVerb
from healthcare.accounts.permissions import Permission
from patients.read_only import OfPatients, ReadOnly
from prescriptions.actions import Content
from prescriptions.actions.sets import Line, NotArranged, arrange_order_set
from prescriptions.actions.severities import NotSet, set_rule
from prescriptions.forms import OrderSetForm, RuleForm
from prescriptions.forms.sets import FORMULARY, PLACES, of_line
from prescriptions.models import (
    CollectionDeadline,
    Dispense,
    DoseMark,
    DosePlan,
    FavouritePrescription,
    Halt,
    Ingredient,
    Medication,
    MedicationReview,
    MedicationStatement,
    OrderSet,
    OrderSetLine,
    Outreach,
    Prescription,
    PrescriptionSheet,
    RefillRequest,
    SafetyCheck,
    SafetyRule,
)


class ThatItIsThere(OfPatients):
    """No word of what, or for whom."""

    list_display = ("__str__", "created_at")
    fields = ("id", "created_at", "updated_at")


@admin.register(Ingredient)
class IngredientAdmin(ReadOnly):
    says = _("Substances that the safety checks know. They come with the version of the program.")
    list_display = ("name", "rxcui", "classes")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Medication)
class MedicationAdmin(ReadOnly):
    says = _("The formulary: what can be prescribed here. It comes with the version of the program.")
    list_display = ("label", "rxcui", "pick_up_days", "active")
    search_fields = ("search_text",)
    ordering = ("key",)


@admin.register(SafetyRule)
class SafetyRuleAdmin(ByVerb):
    says = _(
        "What the safety check knows. The rules come with the version of the program; how bad each is, and from how"
        " much on, can be set here, with a reason. A new version leaves that as it is. Of"
        " rules that say the same, the worst speaks."
    )
    refusals = (NotAllowed, NotSet)
    form = RuleForm
    list_display = ("code", "kind", "severity", "chosen_severity", "title", "kb_version")
    list_filter = ("kind", "severity", "chosen_severity")
    search_fields = ("code", "title")
    ordering = ("code",)
    readonly_fields = ("code", "kind", "left", "right", "severity", "limits", "title", "mechanism", "advice", "source")
    fields = (*readonly_fields, "chosen_severity", "limits_here", "chosen_because")

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        set_rule(
            by=request.user,
            rule=obj,
            severity=form.cleaned_data["chosen_severity"],
            limits=form.cleaned_data["limits_here"],
            because=form.cleaned_data["chosen_because"],
            now=timezone.now(),
        )


@admin.register(FavouritePrescription)
class FavouritePrescriptionAdmin(ReadOnly):
    says = _("What doctors prescribe often, kept and named by themselves. Nobody else reads it.")
    list_display = ("__str__", "created_at")
    fields = ("id", "created_at")
    ordering = ("-id",)


@admin.register(OrderSet)
class OrderSetAdmin(ByVerb):
    says = _(
        "Prescriptions that are often begun together, for one site or for all. A doctor chooses a set for a patient,"
        " changes or leaves out what does not fit, sees what the safety check says of all of it, and signs. What is no"
        " longer in the formulary is left out and named."
    )
    refusals = (NotAllowed, NotArranged)
    form = OrderSetForm
    list_display = ("name", "site_name", "lines_in_it", "no_longer_offered", "active")
    list_filter = ("active",)
    list_select_related = ("site",)
    search_fields = ("name",)
    ordering = ("name", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["name", "site", "active"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        lines = [(_("Line %(place)d") % {"place": place}, {"fields": of_line(place)}) for place in PLACES]
        return [(None, {"fields": self.get_fields(request, obj)}), *lines]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs | {"fields": self.get_fields(request, obj)})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """With the labels of the formulary, once for all lines."""
        labels = Medication.objects.offered().order_by("label").values_list("label", flat=True)
        return super().render_change_form(request, {**context, "formulary": labels, "list": FORMULARY}, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderSet]:
        gone = Count("lines", filter=Q(lines__medication__active=False))
        return super().get_queryset(request).annotate(in_it=Count("lines"), gone=gone)

    @admin.display(description=_("site"), ordering="site__name")
    def site_name(self, row: Any) -> str:
        return row.site.name if row.site else gettext("every site")

    @admin.display(description=_("medicines"), ordering="in_it")
    def lines_in_it(self, row: Any) -> int:
        return int(row.in_it)

    @admin.display(description=_("no longer offered"), ordering="gone")
    def no_longer_offered(self, row: Any) -> int:
        return int(row.gone)

    def consequences(self, obj: Any, form: Any) -> Sequence[Any]:
        told: list[Any] = [_("What was prescribed with it stays as it is.")]
        if not form.cleaned_data["active"]:
            told.append(_("Nobody can choose it any more."))
        return told

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        kept = OrderSet.objects.get(pk=obj.pk) if change else None
        lines = [Line(medicine, Content(sig, why, repeats)) for medicine, sig, repeats, why in form.lines()]
        values = {name: form.cleaned_data[name] for name in ("site", "name", "active")}
        obj.pk = arrange_order_set(by=request.user, lines=lines, order_set=kept, **values).pk


@admin.register(OrderSetLine)
class OrderSetLineAdmin(ReadOnly):
    says = _("What is in which order set, as it is now. Changed with the set.")
    list_display = ("set_name", "position", "medicine")
    list_select_related = ("order_set", "medication")
    fields = ("set_name", "position", "medicine", "repeats", "reason")
    readonly_fields = ("set_name", "medicine")
    ordering = ("order_set__name", "order_set", "position")

    @admin.display(description=_("order set"))
    def set_name(self, row: OrderSetLine) -> str:
        return row.order_set.name

    @admin.display(description=_("medicine"))
    def medicine(self, row: OrderSetLine) -> str:
        return f"{row.medication.label}. {row.words}"


PATIENTS = [
    Prescription,
    SafetyCheck,
    CollectionDeadline,
    Dispense,
    DoseMark,
    DosePlan,
    Halt,
    MedicationReview,
    Outreach,
    PrescriptionSheet,
    RefillRequest,
]
admin.site.register(PATIENTS, ThatItIsThere)


@admin.register(MedicationStatement)
class MedicationStatementAdmin(OfPatients):
    list_display = ("__str__", "status", "created_at")
    fields = ("id", "status", "created_at", "superseded_at", "ended_at")
