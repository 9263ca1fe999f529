"""The life of a laboratory result: entered, read by a clinician, released to the patient, corrected."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient
from records.access.entries import check_can_release
from records.access.orders import check_can_answer
from records.actions.entries import record_entry
from records.actions.writing import (
    Content,
    NotCurrent,
    NotRecorded,
    ask_again,
    await_release,
    content_of,
    locked_entry,
    locked_request,
    move_request,
)
from records.events import AbnormalValueRecorded, ResultAcknowledged, ResultCorrected, ResultEntered, ResultReleased
from records.kinds.flags import ABNORMAL
from records.kinds.laboratory_result import NAMES
from records.models import Encounter, Entry, ResultDue, ServiceRequest
from records.models.entries import STANDING, SUCCESSORS
from records.models.orders import ORDER_MOVES
from records.queries.orders import answers_of
from records.queries.release import is_held
from records.queries.results import all_unread, unread_results
from records.rules.laboratory import TESTS, Measured, expected_of, flag_result
from records.rules.orders import CATALOGUE, WAITING, answered
from records.rules.ranges import Flag, Interval, severity_of
from records.rules.reading import chase_after
from records.rules.units import shown
from records.rules.vitals import is_news, years_at

KIND, REPORT = "laboratory_result", "diagnostic_report"
REPORTED = "the laboratory's report"


@transaction.atomic
def enter_result(
    *,
    by: User,
    patient: Patient,
    measured: Measured,
    effective_at: datetime,
    now: datetime,
    provider: Provider | None = None,
    encounter: Encounter | None = None,
    preliminary: bool = False,
    request: ServiceRequest | None = None,
) -> Entry:
    """Add a result, in the unit of its test (`rules.laboratory.TESTS`), for `provider` to read.

    The interval is copied and the flag computed now; out of range is announced in this transaction. The patient
    sees it when the rule says (`rules.release`). `request` is the order that it answers: whoever asked reads it.
    Raises NotRecorded, also for what was not ordered or is there already; NotCurrent, NotAllowed and NotInScope.
    """
    content, before = _content(patient, measured, effective_at, provider), None
    if request is not None:
        content, before = _answering(by, request, content)
    status = "preliminary" if preliminary else "final"
    entry = record_entry(
        by=by,
        patient=patient,
        content=content,
        effective_at=effective_at,
        now=now,
        encounter=request.encounter if request is not None else encounter,
        replaces=before,
        record_status=status,
    )
    _tell(entry, now)
    return entry


@transaction.atomic
def report_result(
    *,
    by: User,
    request: ServiceRequest,
    text: str,
    conclusion: str,
    effective_at: datetime,
    now: datetime,
    preliminary: bool = False,
    laboratory: str = "",
) -> Entry:
    """Answer an order in words: what was seen on an image, or grew in a culture.

    A preliminary report is replaced by the next one. Raises NotRecorded without words, for a panel of numbers, or where
    a final report is there; NotCurrent, NotAllowed and NotInScope.
    """
    if _tests_of(request):
        raise NotRecorded(_("This is answered by numbers."))
    content, before = _answering(by, request, _report(request, text, conclusion, laboratory))
    entry = record_entry(
        by=by,
        patient=request.patient,
        content=content,
        effective_at=effective_at,
        now=now,
        encounter=request.encounter,
        replaces=before,
        record_status="preliminary" if preliminary else "final",
    )
    _tell(entry, now)
    return entry


@transaction.atomic
def take_result(
    *,
    by: User,
    patient: Patient,
    content: Content,
    measured: Measured | None,
    effective_at: datetime,
    now: datetime,
    request: ServiceRequest | None = None,
    replaces: Entry | None = None,
    record_status: str = "final",
    private: bool = False,
) -> Entry:
    """Add what a laboratory told of, once somebody has said whose it is: as one of our tests where it is one
    (`measured`), else in the laboratory's words. `replaces` is its earlier version here; a `private` one goes out when
    a clinician releases it, and by no rule.

    Raises as `enter_result`.
    """
    if measured is not None:
        ours = _content(patient, measured, effective_at, content.provider)
        content = replace(ours, sensitivity=content.sensitivity)
    before = replaces
    if replaces is not None:
        content = replace(content, request=replaces.request, provider=replaces.provider or content.provider)
    elif request is not None:
        mark = content.sensitivity
        content, before = _answering(by, request, content)
        content = replace(content, sensitivity=content.sensitivity or mark)
    entry = record_entry(
        by=by,
        patient=patient,
        content=content,
        effective_at=effective_at,
        now=now,
        encounter=request.encounter if request is not None else None,
        replaces=before,
        record_status=_status_after(before, record_status),
    )
    _tell(entry, now, waits=not private)
    if before is not None:
        _tell_reader(before, entry)
    return entry


@transaction.atomic
def correct_report(*, by: User, entry: Entry, text: str, conclusion: str, now: datetime) -> Entry:
    """Replace a report in words by what was seen on a second look; it has to be read again, and goes out anew.

    A preliminary one becomes final. Raises NotRecorded without words, NotCurrent, NotAllowed and NotInScope.
    """
    data = {**entry.data, **_words(text, conclusion)}
    return _correct(by, entry, content_of(entry, data=data), entry.effective_at, now)


@transaction.atomic
def correct_result(
    *, by: User, entry: Entry, measured: Measured, now: datetime, effective_at: datetime | None = None
) -> Entry:
    """Replace a result by what the laboratory reports now; it has to be read again, and goes out anew.

    A preliminary one becomes final, a final one corrected. Raises NotRecorded, NotCurrent, NotAllowed and NotInScope.
    """
    taken = effective_at or entry.effective_at
    content = replace(_content(entry.patient, measured, taken, entry.provider), request=entry.request)
    return _correct(by, entry, content, taken, now)


def _correct(by: User, entry: Entry, content: Content, taken: datetime, now: datetime) -> Entry:
    """The next version; whoever read what was wrong is told again."""
    later = record_entry(
        by=by,
        patient=entry.patient,
        content=content,
        effective_at=taken,
        now=now,
        encounter=entry.encounter,
        replaces=entry,
        record_status="final" if entry.record_status == "preliminary" else "corrected",
    )
    _tell(later, now)
    _tell_reader(entry, later)
    return later


def _tell_reader(entry: Entry, later: Entry) -> None:
    if entry.acknowledged_by_id is not None:
        publish(ResultCorrected(entry_id=later.pk, patient_id=later.patient_id, told_id=entry.acknowledged_by_id))


def _status_after(before: Entry | None, wanted: str) -> str:
    """What a version that another system tells of may be here, after the one before it."""
    allowed = SUCCESSORS[before.record_status] if before is not None else {wanted}
    return wanted if wanted in allowed else "corrected" if "corrected" in allowed else "final"


@transaction.atomic
def acknowledge_result(*, by: User, entry: Entry, now: datetime) -> Entry:
    """Say that one has read it; where the house's policy waits for that, the patient sees it then.

    Raises NotAllowed, NotInScope, and NotCurrent when somebody has, or it changed.
    """
    check_can_release(by, entry)
    row = locked_entry(entry)
    _acknowledge(by, row, now)
    row.save(update_fields=["acknowledged_at", "acknowledged_by", "updated_at"])
    ask_again(row, now)
    return row


@transaction.atomic
def release_result(*, by: User, entry: Entry, comment: str, now: datetime) -> Entry:
    """Show a result to the patient, with words of one's own; whoever has not read it yet has now. To one that went out
    by itself it adds the words.

    Raises NotRecorded for one out of range without a comment, still preliminary, or held back; NotAllowed, NotInScope,
    NotCurrent.
    """
    check_can_release(by, entry)
    row = locked_entry(entry)
    if row.released_by_id:
        raise NotCurrent(_("This was released already."))
    if row.record_status not in STANDING:
        raise NotRecorded(_("This is preliminary. It can be released when it is final."))
    if row.data.get("flag") and not comment.strip():
        raise NotRecorded(_("This is out of range. Write to the patient what that means."))
    if row.released_at and not comment.strip():
        raise NotRecorded(_("The patient sees this already. Write what you want to say about it."))
    if row.released_at is None and is_held(row, now):
        raise NotRecorded(_("This is held back to prevent harm. End that first."))
    if row.acknowledged_at is None:
        _acknowledge(by, row, now)
    first = row.released_at is None
    row.released_at, row.released_by, row.release_comment = row.released_at or now, by, comment.strip()
    row.save(
        update_fields=[
            "acknowledged_at",
            "acknowledged_by",
            "released_at",
            "released_by",
            "release_comment",
            "updated_at",
        ]
    )
    ask_again(row, now)
    record("records.release_result", by=by, patient_id=row.patient_id, target=row, detail={"first": first})
    publish(ResultReleased(entry_id=row.pk, patient_id=row.patient_id))
    return row


def list_unread_results(*, by: User, everybodys: bool = False) -> list[Entry]:
    """The results that the actor is to read, critical ones first, or all in reach that nobody has read, the oldest
    first; audited as a list. Raises NotAllowed.
    """
    check_can(by, Permission.RELEASE_RESULT)
    record_now("records.list_unread_results", by=by)
    return all_unread(by) if everybodys else unread_results(by)


def _acknowledge(by: User, row: Entry, now: datetime) -> None:
    if row.acknowledged_at:
        raise NotCurrent(_("Somebody has read this already."))
    row.acknowledged_at, row.acknowledged_by = now, by
    record("records.acknowledge_result", by=by, patient_id=row.patient_id, target=row)
    publish(ResultAcknowledged(entry_id=row.pk, patient_id=row.patient_id))


def _content(patient: Patient, measured: Measured, taken: datetime, provider: Provider | None) -> Content:
    if measured.code not in TESTS:
        raise NotRecorded(_("This test is not on our list."))
    if not TESTS[measured.code].can_be(measured.value):
        raise NotRecorded(_("%(value)s is not possible. Nothing was recorded.") % {"value": shown(measured.value)})
    if measured.low is not None and measured.high is not None and measured.low > measured.high:
        raise NotRecorded(_("The range ends before it begins."))
    interval = _interval(patient, measured, taken)
    data: dict[str, Any] = {"flag": flag_result(measured.value, interval).value, **_range(interval)}
    said = {name: getattr(measured, name) for name in ("comparator", "laboratory", "typed")}
    return Content(
        kind=KIND,
        code=measured.code,
        code_system="loinc",
        display=_english(measured.code),
        value=measured.value,
        unit=TESTS[measured.code].unit,
        data=data | {name: text for name, text in said.items() if text},
        provider=provider,
    )


def _interval(patient: Patient, measured: Measured, taken: datetime) -> Interval | None:
    """The report's own interval before ours; the limits of a call by telephone are ours either way."""
    years = years_at(patient.birth_date, taken.date())
    ours = expected_of(measured.code, sex=patient.sex, age_years=years)
    if measured.low is None and measured.high is None:
        return ours
    return replace(ours or Interval(), low=measured.low, high=measured.high, source=REPORTED)


def _range(interval: Interval | None) -> Mapping[str, Any]:
    return {"range": interval.as_data()} if interval else {}


def _english(code: str) -> str:
    """What stands beside the code in the row; pages show the name in the reader's language."""
    with override("en"):
        return str(NAMES[code][0])


def _report(request: ServiceRequest, text: str, conclusion: str, laboratory: str) -> Content:
    said = {**_words(text, conclusion), "category": request.category, "by": laboratory.strip()}
    return Content(
        kind=REPORT,
        code=request.code,
        code_system=request.code_system,
        display=request.display,
        data={name: text for name, text in said.items() if text},
    )


def _words(text: str, conclusion: str) -> dict[str, str]:
    if not text.strip():
        raise NotRecorded(_("Write what the report says."))
    return {"text": text.strip(), "conclusion": conclusion.strip()}


def _tests_of(request: ServiceRequest) -> tuple[str, ...]:
    return CATALOGUE[request.code].tests if request.code in CATALOGUE else ()


def _answering(by: User, request: ServiceRequest, content: Content) -> tuple[Content, Entry | None]:
    """What answers an order goes to who asked, marked as the order is; a preliminary answer before it is replaced."""
    check_can_answer(by, request)
    row = locked_request(request)
    if row.status not in WAITING:
        told = {"status": row.get_status_display()}
        raise NotCurrent(_("No answer is awaited: this order stands at %(status)s.") % told)
    if content.kind == KIND and content.code not in _tests_of(row):
        raise NotRecorded(_("This was not ordered."))
    before = answers_of(row).filter(code=content.code).first()
    if before is not None and before.record_status != "preliminary":
        raise NotRecorded(_("This result is there already. Correct it instead."))
    return replace(content, request=row, provider=row.provider, sensitivity=row.sensitivity), before


def _follow(request: ServiceRequest) -> None:
    """Say of the order where it stands after an answer; one that is final or over stays so."""
    row = locked_request(request)
    given = dict(answers_of(row).values_list("code", "record_status"))
    status = answered(_tests_of(row), given)
    if status in ORDER_MOVES[row.status]:
        move_request(row, status)


def _tell(entry: Entry, now: datetime, *, waits: bool = True) -> None:
    if entry.request is not None:
        _follow(entry.request)
    if waits:
        await_release(entry, now)
    due = now + chase_after(str(entry.data.get("flag", "")))
    ResultDue(patient=entry.patient, entry=entry, queue="urgent", next_at=due).save(force_insert=True)
    publish(ResultEntered(entry_id=entry.pk, patient_id=entry.patient_id, provider_id=entry.provider_id))
    flag = entry.data.get("flag", "")
    severity = severity_of(Flag(flag)) if flag != ABNORMAL else ""
    if severity and is_news(entry.effective_at, now):
        publish(
            AbnormalValueRecorded(
                entry_id=entry.pk, patient_id=entry.patient_id, severity=severity, encounter_id=entry.encounter_id
            )
        )
