"""The clinic in numbers: one page, and its tables as files."""

import csv
from io import StringIO
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics import actions
from analytics.forms import WantedForm
from analytics.queries import TABLES, Dashboard
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.ui.bars import Bar, BarChart
from healthcare.ui.charts import LineChart, Point, Series


@require_safe
@requires(Permission.READ_DASHBOARD)
def dashboard(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = WantedForm(request.GET)
    wanted = form.wanted() if form.is_valid() else None
    context: dict[str, Any] = {"form": form, "board": None}
    if wanted is not None:
        board = actions.read_dashboard(by=user, wanted=wanted)
        context |= {"board": board, "visits": visits_chart(board), "no_shows": no_show_chart(board)}
        context |= {"money": money_chart(board), "query": request.GET.urlencode()}
    return render(request, "analytics/dashboard.html", context, status=200 if form.is_valid() else 422)


@require_safe
@requires(Permission.READ_DASHBOARD)
def export(request: HttpRequest, table: str) -> HttpResponse:
    """RFC 4180, with the day of the count in the file's name."""
    user: Any = request.user
    form = WantedForm(request.GET)
    wanted = form.wanted() if form.is_valid() else None
    if wanted is None or table not in TABLES:
        raise Http404
    text = StringIO()
    csv.writer(text).writerows(actions.export_dashboard(by=user, wanted=wanted, table=table))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    days = wanted.days
    response["Content-Disposition"] = f'attachment; filename="{table}-{days.first}-to-{days.last}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def visits_chart(board: Dashboard) -> BarChart:
    bars = [Bar(row.first, row.finished) for row in board.buckets]
    return BarChart(_("Visits done"), _("visits"), bars, hidden=f"<{board.least}", key="visits")


def no_show_chart(board: Dashboard) -> LineChart:
    points = [Point(row.first, row.missed_rate) for row in board.buckets if row.missed_rate is not None]
    return LineChart(_("Did not come"), "%", [Series(_("Did not come"), points)], decimals=1, key="no-shows", floor=0)


def money_chart(board: Dashboard) -> LineChart:
    charged = [Point(row.first, float(row.charged)) for row in board.buckets if row.charged is not None]
    paid = [Point(row.first, float(row.paid)) for row in board.buckets if row.paid is not None]
    series = [Series(_("Charged"), charged), Series(_("Paid"), paid)]
    return LineChart(
        _("Charged and paid"), _("US dollars"), series, key="money", floor=min([0.0, *(point.value for point in paid)])
    )
