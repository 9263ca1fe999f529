"""The patient's pages: find somebody near, see free times, book, and look after one's own visits."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.models import Provider, Site
from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from scheduling import actions
from scheduling.actions.steps import why_late
from scheduling.doors import own_visit
from scheduling.forms import FindForm, HoldForm, MoveForm, OwnCancelForm, ReasonForm
from scheduling.invitations import feed_address, invitation
from scheduling.models import Appointment, VisitType
from scheduling.places import address_lines, directions_url
from scheduling.queries import FreeTime, Near, free_times, nearest_providers, pages
from scheduling.queries.anyone import next_of, who_qualifies
from scheduling.queries.feeds import own_patient_feed
from scheduling.queries.photos import photo_urls
from scheduling.queries.times import each_start_once
from scheduling.queries.waitlist import waits_of
from scheduling.rules import day_span, may_answer_ahead
from scheduling.waits import rows_of
from scheduling.words import choices_of, days_of, own_row_of, short_when, when_words, zones_of

READ_AND_WRITE = ["GET", "HEAD", "POST"]
SHOWN = timedelta(days=7)
MILES = 0.621371  # in a kilometre
NEAREST_SITES = 3


# == Find ==
@require_safe
@portal_page(Scope.SCHEDULE)
def find(request: HttpRequest, patient: Patient) -> HttpResponse:
    """Everybody who can be booked, nearest first where a place is known; the patient's own ZIP code to begin with."""
    now = timezone.now()
    asked = request.GET or {"near": patient.postal_code[:5]}
    form = FindForm(asked, specialties=pages.specialties(), visit_types=pages.visit_types(in_portal=True))
    context: dict[str, Any] = {"patient": patient, "form": form, "found": [], "visit_type": None, "unplaced": False}
    kind = form.is_valid() and form.cleaned_data["visit_type"]
    if not kind:
        return render(request, "scheduling/portal_find.html", context, status=422 if form.errors else 200)
    nearby = nearest_providers(
        near=form.place,
        visit_type=kind,
        now=now,
        by_patient=True,
        specialty=form.cleaned_data["specialty"],
        patient=patient,
    )
    photos = photo_urls({near.provider.pk for near in nearby.found})
    offers = [offer(near, kind, now) | {"photo": photos.get(near.provider.pk)} for near in nearby.found]
    context |= {"found": offers, "visit_type": kind, "anywhere": anywhere(nearby.found, kind, form)}
    context |= {"place": nearby.place, "unplaced": form.place is not None and nearby.place is None}
    return render(request, "scheduling/portal_find.html", context)


def anywhere(found: Sequence[Near], kind: VisitType, form: FindForm) -> list[dict[str, Any]]:
    """The nearest sites where somebody has a free time, for who does not mind whom they see."""
    sites = list({near.site.pk: near.site for near in found if near.next_free}.values())[:NEAREST_SITES]
    narrowed = {"specialty": form.cleaned_data["specialty"]} if form.cleaned_data["specialty"] else {}
    return [{"site": site, "url": anyone_url({"site": site.pk, "visit_type": kind.slug} | narrowed)} for site in sites]


def anyone_url(asked: dict[str, Any]) -> str:
    return f"{reverse('scheduling_portal:anyone')}?{urlencode(asked)}"


def offer(near: Near, kind: VisitType, now: datetime) -> dict[str, Any]:
    """One provider at one site; the first free time leads straight to the last step."""
    asked = {"site": near.site.pk, "visit_type": kind.slug}
    all_times = f"{reverse('scheduling_portal:times', args=[near.provider.pk])}?{urlencode(asked)}"
    miles = None if near.distance_km is None else f"{near.distance_km * MILES:.1f}"
    first = None
    if near.next_free:
        with timezone.override(near.site.time_zone):
            first = {"text": short_when(near.next_free.start, now), "url": book_url(near.next_free, kind)}
    return {"provider": near.provider, "site": near.site, "miles": miles, "first": first, "all_times": all_times}


def book_url(time: FreeTime, kind: VisitType) -> str:
    asked = {"site": time.site_id, "visit_type": kind.slug, "start": time.start.isoformat()}
    return f"{reverse('scheduling_portal:book', args=[time.provider_id])}?{urlencode(asked)}"


# == Times, and the last step ==
@require_safe
@portal_page(Scope.SCHEDULE)
def anyone(request: HttpRequest, patient: Patient) -> HttpResponse:
    """A week of free times at one site, whoever it is with; a time leads to the last step with who is next in turn."""
    now = timezone.now()
    kind, site = kind_and_site(request.GET, Site.objects.filter(closed_at=None))
    specialty = request.GET.get("specialty", "")
    people = who_qualifies(kind, site, patient, specialty=specialty)
    asked = {"site": site.pk, "visit_type": kind.slug} | ({"specialty": specialty} if specialty else {})
    if start := ReasonForm.fresh(request.GET.get("start", "")).chosen_start():
        for provider in next_of(people, kind, site, start, now, by_patient=True)[:1]:
            picked = {"site": site.pk, "visit_type": kind.slug, "start": start.isoformat()}
            return redirect(f"{reverse('scheduling_portal:book', args=[provider.pk])}?{urlencode(picked)}")
        messages.info(request, _("Nobody is free at this time any more. Please choose another one."))
    with timezone.override(site.time_zone):
        first = max(day_of(request.GET.get("day", "")) or timezone.localdate(now), timezone.localdate(now))
        found = each_start_once(week_of(patient, people, site, kind, first, now))
        days = days_of(found, now, url=lambda time: anyone_url(asked | {"start": time.start.isoformat()}))
        context = {"patient": patient, "provider": None, "site": site, "visit_type": kind, "days": days}
        return render(request, "scheduling/portal_times.html", context | week_words(first, now, asked))


@require_safe
@portal_page(Scope.SCHEDULE)
def times(request: HttpRequest, patient: Patient, provider_id: UUID) -> HttpResponse:
    """A week of free times of one provider at one site."""
    now = timezone.now()
    provider, site, kind = chosen(request.GET, provider_id)
    with timezone.override(site.time_zone):
        first = max(day_of(request.GET.get("day", "")) or timezone.localdate(now), timezone.localdate(now))
        days = days_of(week_of(patient, [provider], site, kind, first, now), now, url=lambda time: book_url(time, kind))
        context = {"patient": patient, "provider": provider, "site": site, "visit_type": kind, "days": days}
        asked = {"site": site.pk, "visit_type": kind.slug}
        return render(request, "scheduling/portal_times.html", context | week_words(first, now, asked))


def week_words(first: date, now: datetime, asked: dict[str, Any]) -> dict[str, Any]:
    """The weeks round this one, with what was asked for, and what the clock is called; in the zone of the site."""
    last = first + SHOWN - timedelta(days=1)
    earlier = first - SHOWN if first > timezone.localdate(now) else None
    return {
        "first": first,
        "earlier": earlier,
        "later": first + SHOWN,
        "clock": zones_of(first, last),
        "asked": urlencode(asked),
    }


def week_of(
    patient: Patient,
    people: Sequence[Provider],
    site: Site,
    kind: VisitType,
    first: date,
    now: datetime,
    *,
    moving: UUID | None = None,
) -> list[FreeTime]:
    zone = ZoneInfo(site.time_zone)
    between = day_span(first, zone)[0], day_span(first + SHOWN, zone)[0]
    asked: dict[str, Any] = {"providers": people, "visit_type": kind, "site": site, "besides": moving}
    return free_times(**asked, patient=patient, between=between, now=now, by_patient=True)


@require_http_methods(READ_AND_WRITE)
@portal_page(Scope.SCHEDULE)
def book(request: HttpRequest, patient: Patient, provider_id: UUID) -> HttpResponse:
    """Who, where and when once more, and the button. Whoever comes second gets the nearest other times."""
    user: Any = request.user
    now = timezone.now()
    typed = request.POST if request.method == "POST" else request.GET
    provider, site, kind = chosen(typed, provider_id)
    form = ReasonForm(request.POST) if request.method == "POST" else ReasonForm.fresh(request.GET.get("start", ""))
    context = {"patient": patient, "provider": provider, "site": site, "visit_type": kind, "form": form}
    if not form.is_valid():
        return book_page(request, context, now, status=422 if form.is_bound else 200)
    given = form.cleaned_data
    try:
        visit = actions.book_appointment(
            by=user,
            patient=patient,
            provider=provider,
            site=site,
            visit_type=kind,
            start=given["start"],
            reason=given["reason"],
            idempotency_key=str(given["key"]),
            now=now,
        )
    except actions.TimeTaken as taken:
        instead = {"taken": str(taken), "instead": choices_of(taken.alternatives, now)}
        return book_page(request, context | instead, now, status=409)
    except actions.NotBookable as problem:
        form.add_error(None, str(problem))
        return book_page(request, context, now, status=422)
    if visit.is_requested:
        messages.success(request, _("You asked for this time. We send you a message as soon as the clinic answers."))
    else:
        messages.success(request, _("Your visit is booked. We send you a message with the time and the address."))
    return redirect("scheduling_portal:visit", visit.pk)


@require_POST
@portal_page(Scope.SCHEDULE)
def hold(request: HttpRequest, patient: Patient, provider_id: UUID) -> HttpResponse:
    """Keep the time while the patient reads the last step; the page asks for it by itself. A fragment, or the page."""
    user: Any = request.user
    now = timezone.now()
    provider, site, kind = chosen(request.POST, provider_id)
    form = HoldForm(request.POST)
    context: dict[str, Any] = {"until": None, "problem": _("This time could not be kept.")}
    if form.is_valid():
        asked: dict[str, Any] = {"provider": provider, "site": site, "visit_type": kind}
        try:
            start = form.cleaned_data["start"]
            context["until"] = actions.hold_time(by=user, patient=patient, **asked, start=start, now=now)
        except (actions.TimeTaken, actions.NotBookable) as problem:
            context["problem"] = str(problem)
    if not request.headers.get("HX-Request"):
        said = _("This time is kept for you for a few minutes.") if context["until"] else context["problem"]
        messages.info(request, said)
        asked = {name: request.POST.get(name, "") for name in ("site", "visit_type", "start")}
        return redirect(f"{reverse('scheduling_portal:book', args=[provider.pk])}?{urlencode(asked)}")
    with timezone.override(site.time_zone):
        return render(request, "scheduling/held.html", context)


def book_page(request: HttpRequest, context: dict[str, Any], now: datetime, *, status: int) -> HttpResponse:
    site: Site = context["site"]
    start = context["form"].chosen_start()
    if start is None and status == 200:
        raise Http404
    with timezone.override(site.time_zone):
        page = {"taken": "", "instead": []} | context
        page |= {"start": start, "when": when_words(start, now) if start else ""}
        page |= {"asks": context["visit_type"].portal_mode == VisitType.PortalMode.REQUEST}
        page |= {"address": address_lines(site), "directions": directions_url(site)}
        return render(request, "scheduling/portal_book.html", page, status=status)


def chosen(typed: Any, provider_id: UUID) -> tuple[Provider, Site, VisitType]:
    """Who, where and what for, of those that patients can book; else there is no such page."""
    provider = get_object_or_404(Provider.objects.filter(ended_at=None, resource__isnull=False), pk=provider_id)
    kind, site = kind_and_site(typed, provider.sites.filter(closed_at=None))
    return provider, site, kind


def kind_and_site(typed: Any, sites: "QuerySet[Site]") -> tuple[VisitType, Site]:
    kind = get_object_or_404(pages.visit_types(in_portal=True), slug=typed.get("visit_type", ""))
    site = next((site for site in sites if str(site.pk) == typed.get("site")), None)
    if site is None:
        raise Http404
    return kind, site


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# == One's own visits ==
@require_safe
@portal_page(Scope.SCHEDULE)
def visits(request: HttpRequest, patient: Patient) -> HttpResponse:
    now = timezone.now()
    found = pages.visits_of(request.user, patient, now)  # type: ignore[arg-type]
    context = {
        "patient": patient,
        "upcoming": [own_row_of(visit, now) for visit in found.upcoming],
        "past": [own_row_of(visit, now) for visit in found.past],
        "kept": [row.open for row in rows_of(waits_of(request.user, patient), now) if row.open],  # type: ignore[arg-type]
        "print_subject": f"{patient.name}.",
    }
    return render(request, "scheduling/portal_visits.html", context)


@require_http_methods(READ_AND_WRITE)
@portal_page(Scope.SCHEDULE)
def own_feed(request: HttpRequest, patient: Patient) -> HttpResponse:
    """The address where one's own calendar reads along: made, or another one, which this answer alone shows; ended."""
    user: Any = request.user
    context = {"patient": patient, "made": ""}
    if request.POST.get("act") == "end":
        actions.end_patient_feed(by=user, patient=patient, now=timezone.now())
        messages.success(request, _("The address leads nowhere any more."))
        return redirect("scheduling_portal:feed")
    if request.method == "POST":
        context["made"] = feed_address(actions.make_patient_feed(by=user, patient=patient, now=timezone.now()))
    return render(request, "scheduling/portal_feed.html", context | {"feed": own_patient_feed(user, patient)})


@require_safe
@own_visit
def visit(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    now = timezone.now()
    context = {
        "patient": patient,
        "visit": visit,
        "row": own_row_of(visit, now),
        "when": when_words(visit.starts_at, now),
        "may_move": may_move(visit),
        "may_confirm": visit.status == Appointment.Status.BOOKED,
        "late": why_late(visit, now),
        "ahead": visit.is_open and may_answer_ahead(visit.starts_at, now),
        "address": address_lines(visit.site),
        "directions": directions_url(visit.site),
        "print_subject": f"{patient.name}.",
    }
    return render(request, "scheduling/portal_visit.html", context)


def may_move(visit: Appointment) -> bool:
    """Not where the clinic agrees to the time, nor a seat in a group; the verb says so."""
    return visit.is_open and not visit.session_id and visit.visit_type.portal_mode == VisitType.PortalMode.DIRECT


@require_safe
@own_visit
def calendar(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    """The visit as a file for one's own calendar."""
    url = request.build_absolute_uri(reverse("scheduling_portal:visit", args=[visit.pk]))
    answer = HttpResponse(invitation(visit, url=url, now=timezone.now()), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return answer


@require_http_methods(READ_AND_WRITE)
@own_visit
def move(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    """Another time with the same person at the same place."""
    user: Any = request.user
    now = timezone.now()
    form = MoveForm(request.POST) if request.method == "POST" else MoveForm(initial={"seen": visit.sequence})
    context: dict[str, Any] = {"patient": patient, "visit": visit, "form": form, "taken": "", "instead": []}
    if not form.is_valid():
        return move_page(request, context, now, status=422 if form.is_bound else 200)
    start, seen = form.cleaned_data["start"], form.cleaned_data["seen"]
    try:
        moved = actions.move_appointment(by=user, appointment=visit, start=start, seen_sequence=seen, now=now)
    except actions.TimeTaken as taken:
        instead = {"taken": str(taken), "instead": choices_of(taken.alternatives, now)}
        return move_page(request, context | instead, now, status=409)
    except actions.NotBookable as problem:
        form.add_error(None, str(problem))
        return move_page(request, context, now, status=422)
    if moved.sequence == visit.sequence:
        messages.info(request, _("Your visit has this time already. Nothing was changed."))
    else:
        messages.success(request, _("Your visit has a new time. We send you a message with it."))
    return redirect("scheduling_portal:visit", visit.pk)


def move_page(request: HttpRequest, context: dict[str, Any], now: datetime, *, status: int) -> HttpResponse:
    visit: Appointment = context["visit"]
    today = timezone.localdate(now)
    first = max(day_of(request.GET.get("day", "")) or today, today)
    found = week_of(context["patient"], [visit.provider], visit.site, visit.visit_type, first, now, moving=visit.pk)
    page = context | {"days": days_of(found, now), "when": when_words(visit.starts_at, now)}
    page |= {"earlier": first - SHOWN if first > today else None, "later": first + SHOWN}
    page["clock"] = zones_of(first, first + SHOWN - timedelta(days=1))
    return render(request, "scheduling/portal_move.html", page, status=status)


@require_http_methods(READ_AND_WRITE)
@own_visit
def cancel(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    form = OwnCancelForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    if form.is_valid():
        user: Any = request.user
        try:
            actions.cancel_appointment(by=user, appointment=visit, reason=form.cleaned_data["reason"], now=now)
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            if visit.is_requested:
                messages.success(request, _("You have taken your request back."))
            else:
                messages.success(request, _("Your visit is cancelled. Thank you for telling us."))
            return redirect("scheduling_portal:visits")
    context = {"patient": patient, "visit": visit, "form": form, "when": when_words(visit.starts_at, now)}
    context |= {"may_move": may_move(visit), "late": why_late(visit, now)}
    return render(request, "scheduling/portal_cancel.html", context, status=422 if form.is_bound else 200)


@require_POST
@own_visit
def confirm(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    try:
        actions.confirm_appointment(by=request.user, appointment=visit, now=timezone.now())  # type: ignore[arg-type]
    except actions.NotBookable as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Thank you. We expect you."))
    return redirect("scheduling_portal:visit", visit.pk)
