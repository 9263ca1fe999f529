"""Invented people and numbers for the gallery. Fixed days and times, so that two drawings are the same."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.bars import Bar, BarChart
from healthcare.ui.calendars import Calendar, Column, Entry, Slot, SlotDay
from healthcare.ui.charts import Goal, LineChart, Point, Series
from healthcare.ui.fields import DateOfBirthField, NumberField, PhoneField
from healthcare.ui.forms import AboutMyself, AboutSomeone
from healthcare.ui.ranges import RangePicture

NOW = datetime(2026, 11, 23, 14, 52, tzinfo=UTC)
ROLE_MEANINGS = (
    ("ok", _("Collected"), _("Done, in range, collected")),
    ("info", _("With you"), _("In progress")),
    ("wait", _("Preliminary"), _("Waiting on someone")),
    ("warn", _("High"), _("Look at this")),
    ("bad", _("Severe"), _("Severe, urgent, failed")),
    ("off", _("Cancelled"), _("Not active, cancelled")),
    ("other", _("For Theo"), _("Not your own record")),
    ("unknown", _("Not checked"), _("Not known, not checked")),
)
PRESSURES = (
    *((2025, 1, 158, 96), (2025, 4, 152, 94), (2025, 7, 149, 92), (2025, 10, 146, 88)),
    *((2026, 1, 141, 88), (2026, 4, 138, 85), (2026, 8, 136, 84), (2026, 11, 134, 82)),
)


class PersonForm(AboutSomeone):
    """Every kind of field."""

    family_name = forms.CharField(label=_("Family name, as on the ID"))
    preferred_name = forms.CharField(label=_("Goes by"), required=False)
    birth_date = DateOfBirthField()
    phone = PhoneField(label=_("Mobile phone"))
    weight = NumberField(label=_("Weight"), help_text=_("in kilograms"), required=False)
    sex = forms.ChoiceField(
        label=_("Sex on the insurance card"),
        choices=[("female", _("Female")), ("male", _("Male")), ("unknown", _("Not asked yet"))],
    )
    note = forms.CharField(label=_("Note"), widget=forms.Textarea, required=False)


class ChoicesForm(AboutSomeone):
    """Groups of choices."""

    insurance = forms.ChoiceField(
        label=_("Insurance"),
        help_text=_("Not asked is a good answer; a guess is not"),
        widget=forms.RadioSelect,
        choices=[("card", _("Has a card")), ("none", _("Pays without insurance")), ("unknown", _("Not asked yet"))],
    )
    reminders = forms.MultipleChoiceField(
        label=_("May we send reminders by"),
        widget=forms.CheckboxSelectMultiple,
        choices=[("text", _("Text")), ("email", _("Email")), ("call", _("Voice call"))],
        required=False,
    )
    guessed = forms.BooleanField(label=_("Date of birth is a guess"), required=False)


class CodeForm(AboutMyself):
    """The second step of a sign-in."""

    code = forms.CharField(
        label=_("Six-digit code"),
        help_text=_("It changes every 30 seconds"),
        widget=forms.TextInput({"class": "code", "inputmode": "numeric"}),
    )


def context() -> dict[str, Any]:
    """Everything the sections show; one call a page."""
    return {
        "roles": ROLE_MEANINGS,
        "fresh_form": PersonForm(prefix="fresh", initial={"weight": "81.4", "birth_date": date(1968, 3, 12)}),
        "form": refused_form(),
        "choices_form": ChoicesForm({"choices-guessed": "on"}, prefix="choices"),
        "now": NOW,
        "born": date(1968, 3, 12),
        "infant_born": date(2026, 6, 2),
        "newborn": date(2026, 11, 9),
        "today": NOW.date(),
        "steps": [_("You"), _("Insurance"), _("Medicines"), _("Sign")],
        "events": events(),
        "links": links(),
        "measures": [(_("Today"), "134/82 mmHg"), (_("Pulse"), _("72, irregular")), (_("Weight"), "81.4 kg")],
        "visits": visits(),
        "pressure": pressure(),
        "one_reading": one_reading(),
        "no_readings": LineChart(_("Weight"), "kg", [Series(_("Weight"), [])], key="none"),
        "counts": counts(),
        "picture": picture(),
        "trend": [7.9, 7.8, 7.6, 7.5, 7.4],
        "calendar_day": calendar_day(),
        "slot_days": slot_days(),
    }


def refused_form() -> PersonForm:
    """What was typed stays, each mistake has its sentence."""
    typed = {"family_name": "Delgado", "birth_date": "2/30/1968", "phone": "508-555-017", "weight": "81,4 kg"}
    return PersonForm({**typed, "sex": "female"})


def code_form() -> CodeForm:
    form = CodeForm({"code": "123456"})
    form.add_error("code", _("That code has expired. Enter the newest one"))
    return form


def events() -> list[dict[str, Any]]:
    told = (
        ("wait", _("Warfarin ready, not collected"), "Nov 19", _("Text sent. No answer.")),
        ("ok", "INR 2.6", "Nov 9", ""),
        ("bad", _("Voided: INR 26"), _("Nov 9, typing mistake"), ""),
    )
    return [dict(zip(("role", "title", "meta", "text"), event, strict=True)) for event in told]


def links() -> list[dict[str, Any]]:
    names = [_("Overview"), _("Notes"), _("Results"), _("Medicines"), _("Visits"), _("Messages"), _("Access")]
    return [{"label": name, "url": "#main", "current": place == 0} for place, name in enumerate(names)]


def visits() -> list[dict[str, Any]]:
    seen = (
        ("9:20", "Fontaine", "Elise", "ok", _("Done"), 18),
        ("9:40", "Delgado-Ferreira", "Rosa", "info", _("With you"), 12),
        ("10:00", "Hollis", "Edmund", "wait", _("Arrived"), 14),
        ("11:20", "Osei", "Grace", "warn", _("Not confirmed"), 0),
    )
    return [dict(zip(("time", "family", "given", "role", "state", "minutes"), visit, strict=True)) for visit in seen]


def pressure() -> LineChart:
    upper = [Point(date(year, month, 11), high, "P. Raman, RN") for year, month, high, _low in PRESSURES]
    lower = [Point(date(year, month, 11), low) for year, month, _high, low in PRESSURES]
    goals = [Goal(130, _("goal below 130")), Goal(80, _("goal below 80"))]
    series = [Series(_("Upper"), upper), Series(_("Lower"), lower)]
    return LineChart(_("Blood pressure, last eight readings"), "mmHg", series, goals, key="pressure")


def counts() -> BarChart:
    done = (432, 448, 410, 455, 462, 468, None, 452)
    bars = [Bar(date(2026, 10, 4) + timedelta(days=7 * week), number) for week, number in enumerate(done)]
    return BarChart(_("Visits done each week"), _("visits"), bars, hidden="<5", key="counts")


def one_reading() -> LineChart:
    points = [Point(date(2026, 11, 9), 7.4, "Laboratory")]
    return LineChart(_("Hemoglobin A1c"), "%", [Series(_("A1c"), points)], [Goal(7, _("goal below 7.0"))], 1, "a1c")


def picture() -> RangePicture:
    return RangePicture(
        title=_("Potassium on its range"),
        description=_("The value, 5.6, is above the usual range of 3.5 to 5.1. Last time it was 4.8."),
        value=5.6,
        marker=_("You: 5.6"),
        words=(_("Low"), _("Usual"), _("High")),
        low=3.5,
        high=5.1,
        before=4.8,
    )


def calendar_day() -> Calendar:
    """Two providers on a Monday from eight in the morning in New York."""
    told = (
        (0, 40, "Crane, V.", _("New patient"), "visit", "ok", _("Done")),
        (100, 20, "Delgado-Ferreira, R.", _("Follow-up"), "visit", "info", _("Room 3")),
        (120, 20, "Hollis, E.", _("Follow-up"), "visit", "wait", _("Arrived")),
        (140, 20, _("Free, 20 min"), "", "free", "", ""),
        (160, 20, "Osei, G.", _("Follow-up"), "visit", "warn", _("To move")),
        (240, 60, _("Lunch"), "", "shut", "", ""),
    )
    start = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    entries = [
        Entry(
            start + timedelta(minutes=after),
            start + timedelta(minutes=after + length),
            title,
            text,
            kind,
            role,
            state,
            url="" if kind == "shut" else "#main",
        )
        for after, length, title, text, kind, role, state in told
    ]
    first = Column("okafor", "Dr. Maren Okafor", _("4 booked, 1 free"), entries)
    second = Column("lindqvist", "Dr. Tove Lindqvist", _("1 booked"), entries[:1])
    return Calendar(NOW, [first, second, Column("feld", "Dr. Aaron Feld")], now=NOW)


def slot_days() -> list[SlotDay]:
    today = [Slot("10:40 am", "#main", "1040"), Slot("2:00 pm", "#main", "1400")]
    return [SlotDay(_("Today, Monday, November 23"), today), SlotDay(_("Tomorrow, Tuesday, November 24"), today[:1])]
