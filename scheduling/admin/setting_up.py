"""Kinds of visits, schedules, rooms and devices."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.admin_pages import ByVerb
from healthcare.accounts.permissions import Permission
from scheduling import actions
from scheduling.models import (
    Resource,
    VisitType,
)
from scheduling.queries.rooms import known_categories


def concerned(count: int) -> str:
    """What becomes of the visits that lie in it."""
    words = ngettext("%(n)d visit is booked then.", "%(n)d visits are booked then.", count) % {"n": count}
    return f"{words} {_now('Booked visits stay until somebody moves them.')}"


class SetUp(ByVerb):
    """How the clinic is set up: added and changed by the verbs of `actions.setting_up`."""

    refusals = (NotAllowed, actions.NotSetUp)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)


class VisitTypeForm(forms.ModelForm):
    """What a visit needs is one of what there is, at whichever site."""

    needs = forms.MultipleChoiceField(
        label=_("Rooms and devices it needs"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One of each is booked with the visit, at its site."),
    )

    class Meta:
        model = VisitType
        fields: ClassVar[list[str]] = ["slug", *actions.setting_up.VISIT_TYPE_FIELDS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = {*known_categories(), *(self.instance.needs or ())}
        self.fields["needs"].choices = [(what, what) for what in sorted(chosen)]  # type: ignore[attr-defined]


@admin.register(VisitType)
class VisitTypeAdmin(SetUp):
    says = _("What a visit is for, how long it takes, and who may book it when. Not active: nobody books it any more.")
    list_display = ("name", "minutes", "portal_mode", "specialty", "active")
    list_filter = ("active", "portal_mode")
    search_fields = ("name", "specialty")
    ordering = ("name", "pk")
    form = VisitTypeForm
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
        fields: ClassVar[list[str]] = ["kind", "provider", "site", "name", "category"]

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


class CategoryFilter(admin.SimpleListFilter):
    """What there is; providers are none of it, and an empty word would be a link without a name."""

    title = _("what it is")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(what, what) for what in known_categories()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(category=self.value()) if self.value() else queryset


@admin.register(Resource)
class ResourceAdmin(SetUp):
    says = _("What can be in one place at a time only: providers' schedules, rooms, devices.")
    list_display = ("name", "kind", "category", "where", "time_zone")
    list_filter = ("kind", CategoryFilter)
    list_select_related = ("site",)
    search_fields = ("name", "category", "site__name")
    ordering = ("name", "pk")
    form = ResourceForm
    fields = ("kind", "provider", "site", "name", "category")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("kind", "provider", "site") if obj else ()

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            kept = Resource.objects.get(pk=obj.pk)
            actions.change_resource(by=request.user, resource=kept, name=obj.name, category=obj.category)
        else:
            obj.pk = actions.add_resource(by=request.user, **form.cleaned_data).pk

    @admin.display(description=_("site"), ordering="site__name")
    def where(self, resource: Resource) -> str:
        return resource.site.name if resource.site else ""
