"""Who opened a record, in words that staff and patients read alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from healthcare.accounts.models import User
from healthcare.accounts.roles import ROLES
from healthcare.audit.models import AuditEvent
from healthcare.db.prepared import Whole, prepared
from healthcare.db.uuids import floor7
from healthcare.events.parts import parts_of
from patients.models import CareRelationship, Patient
from patients.queries.merging import ids_of

SITTING = timedelta(minutes=15)
SAME = ("actor_id", "role", "what", "denied", "emergency")  # of one sitting


@dataclass(frozen=True)
class Opening:
    """One line of "who opened my record": when, who by name and role, why they could, and what they did."""

    at: datetime
    who: str
    role: str
    why: str
    what: str
    denied: bool
    actor_id: UUID | None
    event_id: UUID
    emergency: bool = False
    times: int = 1


def openings_of(
    patient: Patient,
    *,
    since: datetime | None = None,
    besides: User | None = None,
    at_most: int = 100,
    acting: User | None = None,
) -> list[Opening]:
    """Who opened, changed or was refused this record, newest first, as far as the reader may see its audit.

    Patients see all of it, staff what they did themselves. `acting` is who reads it for the patient: of a row that they
    may not see they learn that the record was used, not how. The same deed again and again within a quarter of an hour
    is one line that says how often; `at_most` counts the deeds.
    """
    events = AuditEvent.objects.about_patient(*ids_of(patient.pk))
    if since:
        events = events.filter(pk__gte=floor7(since))
    if besides:
        events = events.exclude(actor_id=besides.pk)
    return _folded(_lines(patient, list(events[:at_most]), acting))


def openings_by_id(patient: Patient, ids: Iterable[UUID]) -> dict[UUID, Opening]:
    """Those of these events that are about this record, each for itself; as far as the reader may see its audit."""
    events = AuditEvent.objects.about_patient(*ids_of(patient.pk)).filter(pk__in=list(ids))
    return {line.event_id: line for line in _lines(patient, list(events), None)}


def _lines(patient: Patient, found: Sequence[AuditEvent], acting: User | None) -> list[Opening]:
    names = dict(User.objects.filter(pk__in={event.actor_id for event in found}).values_list("pk", "full_name"))
    reasons = _reasons(patient)
    hidden = _hidden_from(acting, patient, found) if acting else set()
    return [
        replace(line, what=str(USED)) if line.event_id in hidden and not line.denied else line
        for line in (_line(event, names, _reason(event, reasons)) for event in found)
    ]


def _hidden_from(reader: User, patient: Patient, found: Sequence[AuditEvent]) -> set[UUID]:
    """The events about rows of the apps to the right that this reader may not see."""
    hidden: set[UUID] = set()
    for kind, seen_of in ((kind, seen) for part in parts_of("patients.Shown") for kind, seen in part.items()):
        about = {event.pk: event.target_id for event in found if event.target_type == kind and event.target_id}
        seen = seen_of(reader, patient.pk, set(about.values())) if about else set()
        hidden |= {pk for pk, target in about.items() if target not in seen}
    return hidden


def _line(event: AuditEvent, names: Mapping[UUID, str], reason: CareRelationship | None) -> Opening:
    denied = event.outcome == AuditEvent.Outcome.DENIED
    why = str(reason.get_kind_display()) if reason else _("Works where you are a patient")
    return Opening(
        at=event.at,
        who=names.get(event.actor_id, _("The clinic's computer")) if event.actor_id else _("The clinic's computer"),
        role=str(ROLES[event.actor_role].name) if event.actor_role in ROLES else "",
        why="" if denied or event.actor_id is None else why,
        what=_what(event),
        denied=denied,
        actor_id=event.actor_id,
        event_id=event.pk,
        emergency=not denied and reason is not None and reason.kind == CareRelationship.Kind.BREAK_GLASS,
    )


def people_who_opened(patient: Patient, *, since: datetime, besides: User) -> int:
    """How many other people opened or changed this record since then, as far as the reader may see its audit."""
    return _people_who_opened(tuple(ids_of(patient.pk)), floor7(since), besides.pk)[0]


@prepared
def _people_who_opened(ids: tuple[UUID, ...], since: UUID, besides: UUID) -> "QuerySet[AuditEvent, int]":
    events = AuditEvent.objects.about_patient(*ids).filter(pk__gte=since)
    others = events.exclude(actor_id=besides).exclude(outcome=AuditEvent.Outcome.DENIED)
    return others.order_by().values_list(Whole(Count("actor_id", distinct=True)), flat=True)


def _folded(lines: Sequence[Opening]) -> list[Opening]:
    folded: list[Opening] = []
    for line in lines:
        before = folded[-1] if folded else None
        if before and _same_deed(before, line) and before.at - line.at < SITTING:
            folded[-1] = replace(before, times=before.times + 1)
        else:
            folded.append(line)
    return folded


def _same_deed(one: Opening, other: Opening) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in SAME)


USED = _lazy("Used the record")
DEEDS: dict[str, Promise] = {
    "patients.open_chart": _lazy("Opened the record"),
    "patients.register": _lazy("Began the record"),
    "patients.change": _lazy("Changed details"),
    "patients.add_detail": _lazy("Added to the profile"),
    "patients.change_detail": _lazy("Corrected the profile"),
    "patients.end_detail": _lazy("Ended something of the profile"),
    "patients.mark_contact": _lazy("Noted whether a number or address works"),
    "patients.set_preferences": _lazy("Kept how the patient wants to be reached"),
    "patients.set_letter_wishes": _lazy("Kept what the patient wants letters about, and how often"),
    "patients.propose_changes": _lazy("Proposed a change"),
    "patients.withdraw_proposal": _lazy("Took a proposed change back"),
    "patients.accept_proposal": _lazy("Took a proposed change over"),
    "patients.refuse_proposal": _lazy("Answered a proposed change"),
    "patients.accept_registration": _lazy("Took over what the patient told online"),
    "patients.link_registration": _lazy("Took an online registration for this patient's"),
    "patients.add_identifier": _lazy("Kept a further number"),
    "patients.link": _lazy("Linked a member of the family"),
    "patients.unlink": _lazy("Took back a link to the family"),
    "patients.settle_duplicate": _lazy("Said whether two records are one person's"),
    "patients.report_death": _lazy("Noted that the patient has died"),
    "patients.take_back_death": _lazy("Noted that the patient lives"),
    "patients.merge": _lazy("Made one record of two"),
    "patients.unmerge": _lazy("Made two records again of one"),
    "patients.compare": _lazy("Compared the record with another"),
    "patients.grant_access": _lazy("Gave a colleague access"),
    "patients.end_access": _lazy("Ended a colleague's access"),
    "patients.issue_portal_code": _lazy("Made a code for the portal"),
    "patients.link_portal": _lazy("Linked an account of the portal"),
    "patients.add_proxy": _lazy("Added somebody who acts for the patient"),
    "patients.end_proxy": _lazy("Ended that somebody acts for the patient"),
    "patients.shorten_proxies": _lazy("Kept somebody who acts for the patient to the birthdays"),
    "patients.open_for_visit": _lazy("Gave the provider of a visit access"),
    "patients.import": _lazy("Brought the record along from another system"),
    "patients.import_correction": _lazy("Took over details that another system corrected"),
    "patients.give_consent": _lazy("Kept an answer about consent"),
    "patients.withdraw_consent": _lazy("Took a consent back"),
    "patients.restrict": _lazy("Kept somebody from seeing the record"),
    "patients.end_restriction": _lazy("Let somebody see the record again"),
    "patients.close_for_visit": _lazy("Ended the access that came with a visit"),
    "patients.break_glass": _lazy("Opened the record in an emergency"),
    "patients.end_emergency": _lazy("Ended emergency access"),
    "patients.tell_of_emergency": _lazy("Told the privacy officer of the emergency access"),
    "patients.explain_access": _lazy("Looked at why somebody can open the record"),
    "patients.show_request": _lazy("Looked at a request for access"),
    "patients.request_access": _lazy("Asked to be let into the record"),
    "patients.withdraw_request": _lazy("Took back the request for access"),
    "patients.answer_request": _lazy("Answered a request for access"),
    "patients.tell_of_request": _lazy("Told the privacy officer of a request for access"),
    "patients.tell_of_answer": _lazy("Told a colleague that their request was answered"),
    "patients.show_emergency": _lazy("Looked at an emergency access"),
    "patients.review_emergency": _lazy("Reviewed an emergency access"),
    "audit.read": _lazy("Looked at who opened the record"),
    "audit.export": _lazy("Took out a list of who opened the record"),
    "patients.open_privacy_case": _lazy("Asked whether an opening was right"),
    "patients.tell_of_privacy_case": _lazy("Told the privacy officer of a question about an opening"),
    "patients.take_privacy_case": _lazy("Began to look into a question about an opening"),
    "patients.answer_privacy_case": _lazy("Answered a question about an opening"),
    "patients.watch_closely": _lazy("Had the record watched more closely"),
    "patients.end_close_watch": _lazy("Ended the closer watch over the record"),
}


def deed_of(action: str) -> Promise:
    """What this deed is called, by whichever app it is of."""
    named = (words[action] for words in (DEEDS, *parts_of("patients.Deeds")) if action in words)
    return next(named, USED)


def _what(event: AuditEvent) -> str:
    """In words that staff and patients read alike; a deed that no app has words for says at least that it was one."""
    if event.outcome == AuditEvent.Outcome.DENIED:
        return _("Tried to open the record")
    deed = deed_of(event.action)
    if event.action == "patients.change":
        names = [
            str(getattr(Patient._meta.get_field(name), "verbose_name", name)) for name in event.detail.get("fields", [])
        ]
        return f"{deed}: {', '.join(names)}" if names else str(deed)
    return str(deed)


def _reasons(patient: Patient) -> list[CareRelationship]:
    """Every relationship that named a person, also ended ones: an opening is explained by those of its time."""
    named = CareRelationship.objects.filter(patient=patient, user__isnull=False)
    return list(named.order_by("validity"))


def _reason(event: AuditEvent, reasons: Sequence[CareRelationship]) -> CareRelationship | None:
    """The relationship that the actor had at that time; where there were two, emergency access is never hidden."""
    held = [
        reason
        for reason in reasons
        if (reason.user_id, reason.role) == (event.actor_id, event.actor_role) and event.at in reason.validity
    ]
    return next((reason for reason in held if reason.kind == CareRelationship.Kind.BREAK_GLASS), None) or next(
        iter(held), None
    )
