"""What people say about visits and times, read and checked. A refusal is a sentence that says what fits."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Provider, Site
from healthcare.ui.fields import FlexibleDateField, LineField, PatternField
from healthcare.ui.forms import AboutMyself, AboutSomeone
from scheduling.models import VisitType
from scheduling.rules import Place, parse_place
from scheduling.words import provider_name

LONGEST_BLOCK = timedelta(days=31)


# == Fields ==
class TimeInput(forms.HiddenInput):
    """A time among radio buttons, or the button of a time to take instead, which means more than what is marked."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get("instead") or super().value_from_datadict(data, files, name)


class MomentField(forms.Field):
    """An instant as pages send it back: ISO 8601 with its offset. Anything else was not one of the times shown."""

    widget = TimeInput
    default_error_messages = {
        "required": _("Choose a time"),
        "invalid": _("This is not one of the times shown. Choose again"),
    }

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError as problem:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from problem
        if timezone.is_naive(moment):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return moment.astimezone(UTC)


class ClockField(forms.TimeField):
    """A time of day as people write it: 13:30, 1:30 pm, 1 pm."""

    widget = forms.TextInput
    formats = ("%H:%M", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p", "%H")
    default_error_messages = {"invalid": _("Write the time like 1:30 pm or 13:30"), "required": _("Enter a time")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=self.formats, **kwargs)
        self.widget.attrs |= {"class": "short", "autocomplete": "off"}

    def to_python(self, value: Any) -> time | None:
        typed = value.replace(".", "").upper() if isinstance(value, str) else value
        found: time | None = super().to_python(typed)
        return found


class PickField(forms.ChoiceField):
    """One of some rows that are here already, so that drawing and checking ask nothing; cleaned to the row itself."""

    default_error_messages = {"invalid_choice": _("Choose one of the list")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows: dict[str, Any] = {}

    def offer(self, rows: Iterable[Any]) -> None:
        self.rows = {str(row.pk): row for row in rows}
        self.choices = [(key, label_of(row)) for key, row in self.rows.items()]

    def clean(self, value: Any) -> Any:
        return self.rows.get(super().clean(str(value) if value else ""))


def label_of(row: Any) -> str:
    return provider_name(row) if isinstance(row, Provider) else str(row.name)


# == Finding ==
class FindForm(AboutMyself):
    """Whom to see, for what, and near where; everything may be left open."""

    near = PatternField(
        label=_("Near"),
        pattern=r"[0-9]{5}",
        refused=_("A ZIP code has five digits, like 01608"),
        help_text=_("ZIP code"),
        required=False,
    )
    specialty = forms.ChoiceField(label=_("Specialty"), required=False)
    visit_type = forms.ChoiceField(label=_("For"), required=False)
    position = forms.CharField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(self, data: Any, *, specialties: Sequence[str], visit_types: Iterable[VisitType]) -> None:
        super().__init__(data)
        self.visit_types = {kind.slug: kind for kind in visit_types}
        self.specialty_field.choices = [("", _("Any")), *((name, name) for name in specialties)]
        self.visit_type_field.choices = [(slug, str(kind.name)) for slug, kind in self.visit_types.items()]
        self.fields["near"].widget.attrs |= {"autocomplete": "postal-code", "inputmode": "numeric"}

    @property
    def specialty_field(self) -> forms.ChoiceField:
        return self.fields["specialty"]  # type: ignore[return-value]

    @property
    def visit_type_field(self) -> forms.ChoiceField:
        return self.fields["visit_type"]  # type: ignore[return-value]

    @property
    def place(self) -> Place | str | None:
        """Where the patient is: what the browser said, else the ZIP code, else nowhere."""
        typed = self.cleaned_data
        return parse_place(typed["position"]) or parse_place(typed["near"])

    def clean_visit_type(self) -> VisitType | None:
        """The chosen kind; the first where nothing was chosen."""
        chosen = self.cleaned_data["visit_type"]
        return self.visit_types[chosen] if chosen else next(iter(self.visit_types.values()), None)


# == Booking ==
class ReasonForm(AboutMyself):
    """The last step of a booking by the patient; `key` makes a second press of the button the same booking."""

    start = MomentField()
    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": _("Begin the booking again")})
    reason = LineField(
        label=_("What is it about?"),
        at_most=200,
        required=False,
        help_text=_("A few words for whoever you see. Not for emergencies"),
    )

    @classmethod
    def fresh(cls, start: str = "") -> "ReasonForm":
        """`start` as the address of the page has it."""
        return cls(initial={"start": start, "key": uuid4()})

    def chosen_start(self) -> datetime | None:
        """The time that the form is about, sent or not; None when it is none."""
        try:
            return MomentField(required=False).clean(self["start"].value())
        except ValidationError:
            return None


class HoldForm(AboutMyself):
    """The time of the last step, which the page sends by itself."""

    start = MomentField()


class OnTop(forms.Form):
    """A time that is taken, for who may put a visit on top of another one and says why.

    Where nothing is typed here, and where a time to take instead was pressed, a time of those shown is asked for.
    """

    on_top_at = ClockField(label=_("At"), required=False, help_text=_("On the day chosen above, like 9:40 am"))
    overbook = LineField(
        label=_("Why it cannot wait"), at_most=200, required=False, help_text=_("Staff who see the visit can read it")
    )

    def __init__(self, *args: Any, may_overbook: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        typed = self.data.get("on_top_at") or self.data.get("overbook")
        self.on_top = bool(may_overbook and typed and not self.data.get("instead"))
        if not may_overbook:
            del self.fields["on_top_at"], self.fields["overbook"]
        elif self.on_top:
            self.fields["start"].required = False
            self.fields["on_top_at"].required = self.fields["overbook"].required = True

    def starts(self, day: date, zone: str) -> datetime:
        """The chosen time; one on top is meant on the clock of the site, on that day."""
        start: datetime = self.cleaned_data["start"]
        if self.on_top:
            start = datetime.combine(day, self.cleaned_data["on_top_at"], ZoneInfo(zone)).astimezone(UTC)
        return start

    @property
    def why(self) -> str:
        return self.cleaned_data["overbook"] if self.on_top else ""


class DeskBookForm(OnTop, AboutSomeone):
    """The desk's booking: a time of those shown, and a reason that staff with the schedule can read."""

    start = MomentField()
    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": _("Begin the booking again")})
    reason = LineField(label=_("What is it about?"), at_most=200, required=False)

    @classmethod
    def fresh(cls, start: str = "", *, may_overbook: bool = False) -> "DeskBookForm":
        """`start` as the link from the schedule has it."""
        return cls(initial={"start": start, "key": uuid4()}, may_overbook=may_overbook)


class TimesForm(AboutSomeone):
    """With whom, for what, where and from which day on: a GET form beside the free times."""

    provider = PickField(label=_("Provider"), required=False)
    visit_type = PickField(label=_("Kind of visit"), required=False)
    site = PickField(label=_("Site"), required=False)
    day = FlexibleDateField(label=_("From"), required=False, help_text="")

    def __init__(self, data: Any, **rows: Iterable[Any]) -> None:
        """`rows` by the name of the field."""
        super().__init__(data)
        for name, offered in rows.items():
            self.fields[name].offer(offered)  # type: ignore[attr-defined]


class MoveForm(OnTop, AboutSomeone):
    """Another time; `seen` is the sequence of the visit as it was shown."""

    start = MomentField()
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class CancelForm(AboutSomeone):
    reason = LineField(label=_("Why is it cancelled?"), at_most=200, help_text=_("The patient can read this"))


class DeclineForm(AboutSomeone):
    reason = LineField(label=_("Why not?"), at_most=200, help_text=_("The patient reads this. Say what they can do"))


class OwnCancelForm(AboutMyself):
    reason = LineField(
        label=_("Why do you cancel?"), at_most=200, required=False, help_text=_("It helps the clinic to plan")
    )


class RoomForm(AboutSomeone):
    """A room of the site, or what is written on the door where the clinic keeps no list of rooms."""

    room = LineField(label=_("Room"), at_most=40)

    def __init__(self, *args: Any, rooms: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if rooms:
            named = [(room, room) for room in rooms]
            self.fields["room"] = forms.ChoiceField(label=_("Room"), choices=named)


class NoteForm(AboutSomeone):
    """A word for colleagues; empty takes the old one away."""

    note = LineField(
        label=_("Note for the desk"),
        at_most=300,
        required=False,
        help_text=_("How to reach or help them, like “rings twice, is deaf”. Nothing of health"),
    )


class WalkInForm(AboutSomeone):
    """With whom and for what, now."""

    provider = PickField(label=_("Provider"))
    visit_type = PickField(label=_("Kind of visit"))
    site = PickField(label=_("Site"))
    reason = LineField(label=_("What is it about?"), at_most=200, required=False)

    def __init__(self, data: Any, *, initial: Any = None, **rows: Iterable[Any]) -> None:
        """`rows` by the name of the field."""
        super().__init__(data, initial=initial)
        for name, offered in rows.items():
            self.fields[name].offer(offered)  # type: ignore[attr-defined]


class NextFreeForm(AboutSomeone):
    """Of which kind, and where; both may be left open."""

    visit_type = PickField(label=_("Kind of visit"), required=False)
    site = PickField(label=_("Site"), required=False)

    def __init__(self, data: Any, **rows: Iterable[Any]) -> None:
        """`rows` by the name of the field."""
        super().__init__(data)
        for name, offered in rows.items():
            self.fields[name].offer(offered)  # type: ignore[attr-defined]


# == The day ==
class DayForm(AboutSomeone):
    """Which day, at which site; what cannot be read is today, at the first site."""

    day = FlexibleDateField(label=_("Day"), required=False, help_text="")
    site = PickField(label=_("Site"), required=False)

    def __init__(self, data: Any, *, sites: Iterable[Site]) -> None:
        super().__init__(data)
        self.fields["site"].offer(sites)  # type: ignore[attr-defined]


class WeekForm(DayForm):
    """The week of which day, of whom; who cannot be read is the person's own, else the first by name."""

    provider = PickField(label=_("Provider"), required=False)

    def __init__(self, data: Any, *, sites: Iterable[Site], providers: Iterable[Provider]) -> None:
        super().__init__(data, sites=sites)
        self.fields["provider"].offer(providers)  # type: ignore[attr-defined]


# == Blocking ==
class BlockForm(AboutSomeone):
    """A provider's time to keep free, on the clock of the site. `seen` marks the visits that were shown before."""

    provider = PickField(label=_("Provider"))
    day = FlexibleDateField(label=_("Day"), help_text="")
    begins = ClockField(label=_("From"))
    ends = ClockField(label=_("To"))
    reason = LineField(label=_("Reason"), at_most=200, help_text=_("Colleagues can read this"))
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, providers: Iterable[Provider], zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)
        self.fields["provider"].offer(providers)  # type: ignore[attr-defined]

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        today = timezone.localdate(timezone=self.zone)
        if not today <= day <= today + timedelta(days=400):
            raise ValidationError(_("Choose a day from today on, within about a year"), code="day")
        return day

    def during(self) -> TimestamptzRange:
        """Half open, as instants; each end is meant on the clock of the site, so that summer time counts right."""
        day, begins, ends = (self.cleaned_data[name] for name in ("day", "begins", "ends"))
        last = day if ends > begins else day + timedelta(days=1)
        lower = datetime.combine(day, begins, self.zone).astimezone(UTC)
        return TimestamptzRange(lower, datetime.combine(last, ends, self.zone).astimezone(UTC))

    def has_shown(self, visits: Iterable[UUID]) -> bool:
        """Whether the person had exactly these visits before their eyes when they pressed the button."""
        return self.cleaned_data["seen"] == mark_of(self.during(), visits)


def mark_of(during: Any, visits: Iterable[UUID]) -> str:
    """A short mark of a time and the visits in it: another time or other visits have another."""
    told = [during.lower.isoformat(), during.upper.isoformat(), *sorted(str(pk) for pk in visits)]
    return hashlib.sha256(" ".join(told).encode()).hexdigest()[:16]
