"""What was before: operations, what runs in the family, and how somebody lives.

Of operations and the family "none" is said by somebody who asked, and no longer stands when one is named.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from healthcare.accounts.models import User
from patients.models import Patient
from records.access.entries import check_can_record
from records.actions.entries import record_entry
from records.actions.writing import AlreadyThere, Content, NotRecorded
from records.kinds import family_history, surgical_history
from records.kinds.family_history import RELATIVES
from records.kinds.social_history import QUESTIONS
from records.models import Encounter, Entry
from records.rules import told
from records.rules.said import Operation, Relative
from records.rules.same import plain_name

FAMILY, SURGERY, LIVING = "family_history", "surgical_history", "social_history"
NONE_KNOWN = {
    FAMILY: (family_history.NONE_KNOWN, "Nothing known to run in the family"),
    SURGERY: (surgical_history.NONE_KNOWN, "Never operated on"),
}
Same = Callable[[Entry], bool]
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('histories:' || %s::text, 0))"


@dataclass(frozen=True)
class Saying:
    """How something is said: in which visit, under which mark, why a second time, and which version it replaces."""

    encounter: Encounter | None = None
    sensitivity: str = ""
    though: str = ""
    replaces: Entry | None = None


@transaction.atomic
def record_relative(
    *, by: User, patient: Patient, relative: Relative, now: datetime, saying: Saying = Saying()
) -> Entry:
    """Add what a relative has or had, or say it otherwise.

    Raises AlreadyThere where the same stands and nobody said why it does twice, NotRecorded, NotCurrent, NotAllowed and
    NotInScope.
    """
    check_can_record(by, patient, FAMILY)
    condition = relative.condition.strip()
    if relative.relative not in RELATIVES:
        raise NotRecorded(_("Choose who it was."))
    if not condition:
        raise NotRecorded(_("Say what they have or had."))
    with override("en"):
        display = str(RELATIVES[relative.relative])
    one: dict[str, Any] = {"text": condition, "onset": relative.onset, "died": relative.died}
    data = {"conditions": [{name: said for name, said in one.items() if said}], "note": relative.note}
    content = Content(
        kind=FAMILY, code=relative.relative, code_system=family_history.SYSTEM, display=display, data=data
    )

    def same(row: Entry) -> bool:
        named = (plain_name(said["text"]) for said in row.data.get("conditions", ()))
        return row.code == relative.relative and plain_name(condition) in named

    return _put(by, patient, content, (now, now), saying, same)


@transaction.atomic
def record_operation(
    *, by: User, patient: Patient, operation: Operation, now: datetime, saying: Saying = Saying()
) -> Entry:
    """Add an operation, or say it otherwise; without a day its date is not known.

    Raises AlreadyThere where the same of the same year stands and nobody said why it does twice, NotRecorded also for a
    day to come, NotCurrent, NotAllowed and NotInScope.
    """
    check_can_record(by, patient, SURGERY)
    name = operation.name.strip()
    if not name:
        raise NotRecorded(_("Say which operation it was."))
    moment = told.moment(operation.day) if operation.day else told.Moment(now, told.UNKNOWN)
    if moment is None:
        raise NotRecorded(_("Say when as a day, a month or a year."))
    if moment.at.date() > now.date():
        raise NotRecorded(_("This time lies in the future."))
    data = {part: getattr(operation, part) for part in surgical_history.SAID} | {"precision": moment.precision}
    content = Content(kind=SURGERY, display=name, data=data)

    def same(row: Entry) -> bool:
        undated = told.UNKNOWN in (moment.precision, row.data.get("precision"))
        of_a_time = undated or row.effective_at.year == moment.at.year
        return of_a_time and plain_name(row.display) == plain_name(name)

    return _put(by, patient, content, (min(moment.at, now), now), saying, same)


@transaction.atomic
def record_living(
    *,
    by: User,
    patient: Patient,
    answers: Mapping[str, str],
    now: datetime,
    note: str = "",
    encounter: Encounter | None = None,
) -> list[Entry]:
    """Write what was answered today, by question; what was answered before stays, as it was then.

    Raises NotRecorded for no answer, or one that is none of the question's; NotAllowed and NotInScope.
    """
    check_can_record(by, patient, LIVING)
    given = {code: answer for code, answer in answers.items() if answer}
    if not given:
        raise NotRecorded(_("Nothing was answered."))
    if any(code not in QUESTIONS or answer not in QUESTIONS[code].answers for code, answer in given.items()):
        raise NotRecorded(_("This is not one of the choices."))
    contents = list(_answers(given, note))
    return [
        record_entry(by=by, patient=patient, content=content, effective_at=now, now=now, encounter=encounter)
        for content in contents
    ]


@transaction.atomic
def record_none_known(
    *, by: User, patient: Patient, kind: str, now: datetime, encounter: Encounter | None = None
) -> Entry:
    """Say that one asked, and that there was no operation, or nothing runs in the family.

    Asked again, a later version says when. Raises NotRecorded while one is named, NotAllowed and NotInScope.
    """
    check_can_record(by, patient, kind)
    code, display = NONE_KNOWN[kind]
    rows = _standing(by, patient, kind, Saying())
    if any(row.code != code for row in rows):
        raise NotRecorded(_("Something is on the list. Mark it as wrong first, if it is."))
    before = next(iter(rows), None)
    return record_entry(
        by=by,
        patient=patient,
        content=Content(kind=kind, code=code, code_system="local", display=display),
        effective_at=now,
        now=now,
        encounter=encounter,
        replaces=before,
        record_status="amended" if before else "final",
    )


def _answers(given: Mapping[str, str], note: str) -> Iterator[Content]:
    for code, answer in given.items():
        question = QUESTIONS[code]
        with override("en"):
            value = str(question.answers[answer])
        data = {"answer": answer, "value": value} | ({"note": note} if note else {})
        yield Content(kind=LIVING, code=code, code_system=question.system, display=question.display, data=data)


def _standing(by: User, patient: Patient, kind: str, saying: Saying) -> Sequence[Entry]:
    """What stands besides what is replaced; one writer at a time, also while there is no row to lock yet."""
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [patient.pk])
    rows = Entry.objects.visible_to(by).current().of_kind(kind).filter(patient=patient)
    replaced = saying.replaces.pk if saying.replaces else None
    return [row for row in rows.select_for_update(of=("self",)).order_by("id") if row.pk != replaced]


def _put(
    by: User, patient: Patient, content: Content, times: tuple[datetime, datetime], saying: Saying, same: Same
) -> Entry:
    """`times`: when it was true, and now. That none was known is no longer current then."""
    effective_at, now = times
    rows = _standing(by, patient, content.kind, saying)
    twice = next((row for row in rows if same(row)), None)
    if twice is not None and not saying.though.strip():
        raise AlreadyThere(_("This is on the list already."), twice)
    said = {**content.data, "though": saying.though.strip() if twice else ""}
    none_known = next((row for row in rows if row.code == NONE_KNOWN[content.kind][0]), None)
    before = saying.replaces or none_known
    return record_entry(
        by=by,
        patient=patient,
        content=replace(
            content, sensitivity=saying.sensitivity, data={name: text for name, text in said.items() if text}
        ),
        effective_at=effective_at,
        now=now,
        encounter=saying.encounter,
        replaces=before,
        record_status="amended" if before else "final",
    )
