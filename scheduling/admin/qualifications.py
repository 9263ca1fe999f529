"""Licences, privileges and certifications of providers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField
from scheduling import actions
from scheduling.admin.setting_up import SetUp, concerned, named
from scheduling.forms.providers import Qualifies
from scheduling.models import (
    Qualification,
)
from scheduling.queries.setting_up import visits_from


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
        return [concerned(visits_from(obj.provider, first + timedelta(days=1) if first else obj.first_day))]

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
