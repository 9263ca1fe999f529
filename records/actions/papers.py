"""The verbs of papers: ask for one, sign a sick note, make it, open it, and declare a sick note void."""

import logging
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record, record_now
from healthcare.db.context import acting_as
from healthcare.events import publish
from healthcare.ops.printing import CannotPrint, render_pdf
from healthcare.storage.objects import put
from patients.access import NotInScope
from patients.models import Patient
from records.access.papers import check_can_ask, check_can_sign_sick_note, check_can_void, check_sees
from records.events import PaperAsked, PaperMade, PaperVoided
from records.models import Encounter, Paper
from records.printing import NothingToPrint, body_of, name_of, sheet_of
from records.queries.papers import has_summary, still_sees, with_all
from records.rules.notes import signature_of
from records.rules.papers import BACK_AND_AHEAD, LONGEST, hash_of, why_not_days

log = logging.getLogger("records")
Kind, State = Paper.Kind, Paper.State
#: What a failure is called in the row, where a reader can do something about it; all else by its type.
FAILURES: dict[type[Exception], str] = {CannotPrint: "no_printer", NothingToPrint: "nothing", NotInScope: "scope"}


class NotAsked(Exception):
    """There is nothing to print of it; the message is a sentence for whoever asked."""


class NotOpened(Exception):
    """The paper stays closed; the message is a sentence for whoever knocked."""


class NotVoid(Exception):
    """Nothing was declared void; the message is a sentence for whoever tried."""


@transaction.atomic
def ask_paper(*, by: User, patient: Patient, kind: str, encounter: Encounter | None = None, now: datetime) -> Paper:
    """Ask for a paper, made by a worker for these eyes. What one waits for already comes back, and nothing happens.

    Raises NotAsked for a visit without a signed note, NotAllowed, NotInScope.
    """
    check_can_ask(by, patient)
    kind = Kind(kind)
    if kind == Kind.SICK_NOTE:
        raise NotAsked(_("A sick note is signed by the provider who holds the visit."))
    if kind != Kind.SUMMARY:
        encounter = None
    elif encounter is None or encounter.patient_id != patient.pk or not has_summary(by, encounter):
        raise NotAsked(_("The note of this visit is not signed yet. There is no summary before it is."))
    asked = _asked(by, patient, kind, encounter, now)
    waiting = Paper.objects.visible_to(by).about(asked).waiting(now).filter(asked_by=by, asked_as=asked.asked_as)
    if known := waiting.newest_first().first():
        return known
    _ask(asked)
    record("records.ask_paper", by=by, patient_id=asked.patient_id, target=asked, detail={"kind": asked.kind})
    return asked


@transaction.atomic
def sign_sick_note(
    *, by: User, encounter: Encounter, first_day: date, last_day: date, off: str, today: date, now: datetime
) -> Paper:
    """Sign that the patient of this visit cannot go to work or school (`off`), both days included; no diagnosis.

    The signature binds the days, whose they are, the signer and `now`. `today` is the day at the site. Ask for a
    step-up at the door. Raises NotAsked for days that cannot be, NotAllowed, NotInScope.
    """
    check_can_sign_sick_note(by, encounter)
    if problem := why_not_days(first_day, last_day, today):
        raise NotAsked(_days_refused(problem))
    note = _asked(by, encounter.patient, Kind.SICK_NOTE, encounter, now)
    note.data = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat(), "off": off}
    note.signature = signature_of(
        note.data, patient_id=note.patient_id, encounter_id=encounter.pk, signer_id=by.pk, signed_at=now
    )
    _ask(note)
    record("records.sign_sick_note", by=by, patient_id=note.patient_id, target=note, detail={"kind": note.kind})
    return note


@transaction.atomic
def void_paper(*, by: User, paper: Paper, reason: str, now: datetime) -> Paper:
    """Declare a sick note void: it opens for nobody any more, and its row says by whom, when and why.

    Raises NotVoid without a reason or where it is void already, NotAllowed, NotInScope.
    """
    check_can_void(by, paper)
    reason = reason.strip()
    if not reason:
        raise NotVoid(_("Say why the sick note is void."))
    row: Paper = Paper.objects.select_for_update(of=("self",)).get(pk=paper.pk)
    if row.is_void:
        raise NotVoid(_("This sick note is void already."))
    row.voided_at, row.voided_by, row.void_reason = now, by, reason
    row.save(update_fields=["voided_at", "voided_by", "void_reason", "updated_at"])
    record("records.void_paper", by=by, patient_id=row.patient_id, target=row)
    publish(PaperVoided(paper_id=row.pk, patient_id=row.patient_id, kind=row.kind))
    return row


def open_paper(*, by: User, paper: Paper) -> UUID:
    """The key of the PDF, for a link: audited before it leaves, and only for whoever still sees all that stands in it.

    Raises NotOpened for one that is not made, void, or holds what has changed or is closed to them; NotInScope.
    """
    check_sees(by, paper)
    if paper.is_void:
        raise NotOpened(_("This sick note was declared void. It is not given out any more."))
    if paper.document is None:
        raise NotOpened(_("This paper is not made yet."))
    if not still_sees(by, paper):
        record_now("records.refuse_paper", by=by, patient_id=paper.patient_id, target=paper, outcome="denied")
        raise NotOpened(
            _("Something in this paper has changed since, or is not open to you any more. Ask for a new one.")
        )
    detail = {"kind": paper.kind, "version": paper.version}
    record_now("records.open_paper", by=by, patient_id=paper.patient_id, target=paper, detail=detail)
    return paper.document


# == In a worker ==
@transaction.atomic
def make_paper(*, by: User | None, paper_id: UUID, now: datetime) -> Paper | None:
    """Make the PDF for the eyes of who asked, once. For the system, in a worker; None where nothing waits.

    What says the same as before keeps its version; what differs is the next one. A failure is kept in the row by its
    kind, and can be asked for again.
    """
    rows = with_all(Paper.objects.filter(pk=paper_id, state=State.ASKED)).select_for_update(of=("self",))
    paper: Paper | None = rows.first()
    if paper is None:
        return None
    try:
        with transaction.atomic():
            _make(paper, now)
    except Exception as problem:  # whatever it is, somebody waits for an answer
        log.error("a paper failed", extra={"kind": paper.kind, "error": type(problem).__name__})
        _fail(paper, problem)
    detail = {"kind": paper.kind, "state": paper.state}
    record("records.make_paper", by=by, patient_id=paper.patient_id, target=paper, detail=detail)
    publish(PaperMade(paper_id=paper.pk, patient_id=paper.patient_id, kind=paper.kind))
    return paper


def _make(paper: Paper, now: datetime) -> None:
    asker = paper.asked_by.in_role(paper.asked_as)
    with acting_as(asker):
        check_sees(asker, paper)
        body = body_of(paper, asker, now)
    digest = hash_of(body.html)
    with connection.cursor() as cursor:  # two workers do not give one version to two contents
        about = f"paper {paper.patient_id} {paper.kind} {paper.encounter_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 51))", [about])
    version = _version(paper, digest)
    content = render_pdf(sheet_of(paper, body, version=version, made_at=now))
    paper.document = put(content, content_type="application/pdf", name=name_of(paper)).pk
    paper.state, paper.version, paper.content_hash, paper.holds, paper.made_at = (
        State.MADE,
        version,
        digest,
        body.holds,
        now,
    )
    paper.save(update_fields=["state", "version", "content_hash", "holds", "document", "made_at", "updated_at"])


def _version(paper: Paper, digest: str) -> int:
    """A sick note is one; of the others each content that was made for anybody has its number."""
    if paper.kind == Kind.SICK_NOTE:
        return 1
    made = Paper.objects.about(paper).made()
    same = made.filter(content_hash=digest).order_by("version").first()
    last = made.order_by("-version").first()
    return int(same.version if same else last.version + 1 if last else 1)


def _fail(paper: Paper, problem: Exception) -> None:
    paper.state, paper.failure = State.FAILED, FAILURES.get(type(problem), type(problem).__name__)[:80]
    paper.version, paper.content_hash, paper.holds, paper.document, paper.made_at = None, "", {}, None, None
    paper.save(update_fields=["state", "failure", "updated_at"])


# == Steps ==
def _asked(by: User, patient: Patient, kind: Any, encounter: Encounter | None, now: datetime) -> Paper:
    return Paper(
        patient=patient,
        kind=kind,
        encounter=encounter,
        asked_by=by,
        asked_as=by.acting_role or "",
        asked_at=now,
        language=get_language() or "en",
    )


def _ask(paper: Paper) -> None:
    paper.save(force_insert=True)
    publish(PaperAsked(paper_id=paper.pk, patient_id=paper.patient_id, kind=paper.kind))


def _days_refused(problem: str) -> str:
    if problem == "order":
        return _("The last day comes before the first.")
    if problem == "long":
        return _("A sick note covers at most %(days)s days. See the patient again before it ends.") % {"days": LONGEST}
    return _("The first day is at most %(days)s days from today.") % {"days": BACK_AND_AHEAD}
