"""When whole sites are closed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.admin_pages import CONFIRMED
from healthcare.accounts.models import Site
from healthcare.ui.fields import FlexibleDateField
from scheduling import actions
from scheduling.admin.setting_up import SetUp, concerned
from scheduling.forms import ClockField
from scheduling.models import SiteClosure
from scheduling.queries.closures import visits_in


class ClosureForm(forms.ModelForm):
    """Whole days, or a part of one, on the clock of each site."""

    sites = forms.ModelMultipleChoiceField(
        label=_("Sites"), queryset=Site.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    first_day = FlexibleDateField(label=_("First day"))
    last_day = FlexibleDateField(label=_("Last day"), required=False, help_text=_("Empty: the first day alone."))
    begins = ClockField(label=_("From"), required=False, help_text=_("Empty: from the first minute of the first day."))
    ends = ClockField(label=_("To"), required=False, help_text=_("Empty: to the end of the last day."))

    class Meta:
        model = SiteClosure
        fields: ClassVar[list[str]] = ["reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["sites"]
        field.label_from_instance = lambda site: site.name
        field.queryset = Site.objects.filter(closed_at=None).order_by("name")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and self._local()[1] <= self._local()[0]:
            self.add_error("last_day", _("The end has to be after the start."))
        return given

    def _local(self) -> tuple[datetime, datetime]:
        given = self.cleaned_data
        last = given["last_day"] or given["first_day"]
        midnight = datetime.min.time()
        end = datetime.combine(last, given["ends"]) if given["ends"] else datetime.combine(last, midnight) + DAY
        return datetime.combine(given["first_day"], given["begins"] or midnight), end

    def during(self, site: Site) -> TimestamptzRange:
        begins, ends = (moment.replace(tzinfo=ZoneInfo(site.time_zone)) for moment in self._local())
        return TimestamptzRange(begins, ends)


DAY = timedelta(days=1)


@admin.register(SiteClosure)
class SiteClosureAdmin(SetUp):
    says = _(
        "Days and hours in which whole sites are closed. Who is to work all the same gets extra hours there. Visits in"
        " it wait at the desk to be moved; withdrawn, the hours count again."
    )
    list_display = ("where", "during", "reason")
    list_filter = ("site__name",)
    list_select_related = ("site",)
    search_fields = ("site__name", "reason")
    ordering = ("-during", "pk")
    actions = ("withdraw",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": ClosureForm}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj:
            return ("where", "during", "reason")
        return ("sites", "first_day", "last_day", "begins", "ends", "reason")

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        return [concerned(sum(len(visits_in(site, form.during(site))) for site in form.cleaned_data["sites"]))]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        said = {"by": request.user, "reason": form.cleaned_data["reason"], "now": timezone.now()}
        for site in form.cleaned_data["sites"]:
            obj.pk = actions.add_closure(site=site, during=form.during(site), **said).pk

    @admin.action(description=_("Withdraw"))
    def withdraw(self, request: Any, queryset: QuerySet[SiteClosure]) -> HttpResponse | None:
        rows = list(queryset.select_related("site").order_by("pk"))
        if CONFIRMED not in request.POST:
            asked = [(row.site.name, row.reason, _now("as the hours say")) for row in rows]
            return self.ask_first(request, asked, ())
        for row in rows:
            actions.withdraw_closure(by=request.user, closure=row)
        return None

    @admin.display(description=_("site"), ordering="site__name")
    def where(self, closure: SiteClosure) -> str:
        return closure.site.name
