"""Look through the audit for what is unusual, and say what a person made of it."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from alerts import queries
from alerts.access import check_can_review
from alerts.models import Anomaly, WatchEdit, WatchMark
from alerts.queries import Sighting
from alerts.rules.watching import LONGEST, MOST, REVIEWED_WITHIN, VERDICTS, WATCHES, Watch, bucket_of, moments_to_look
from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.messaging.actions import queue_message

LEAST_NOTE = 10  # letters


class AlreadyReviewed(Exception):
    """Somebody was first. The message is a sentence for whoever came second."""


class NotReviewed(Exception):
    """The message is a sentence for whoever typed it."""


@transaction.atomic
def watch_access(*, by: User | None, now: datetime) -> int:
    """Let every rule look at what was written since the last time; returns how many findings are new.

    Whoever looks at the same moment waits, and finds what was found. After a pause the time since is looked at in
    steps, a day back at most. Reviewers get one letter about all of it.
    """
    WatchMark.objects.bulk_create([WatchMark(until=now)], ignore_conflicts=True)
    mark = WatchMark.objects.select_for_update().get(name="audit")
    found: list[Anomaly] = []
    last = mark.until
    for moment in moments_to_look(last, now):
        for line in queries.watch_lines():
            if line.is_on:
                seen = queries.seen_by(line.rule.value, line.watch, last=last, until=moment)
                found += [kept for one in seen if (kept := _keep(by, line.watch, one, now))]
        last = moment
    mark.until = now
    mark.save(update_fields=["until", "updated_at"])
    if found:
        _tell_reviewers(by, found)
    return len(found)


def _keep(by: User | None, watch: Watch, seen: Sighting, now: datetime) -> Anomaly | None:
    """The new finding, or None where this happening was told already."""
    day = str(timezone.localdate(seen.until))
    about = sha256(seen.about.bytes).hexdigest()[:16] if seen.about else ""
    who = seen.person_id or seen.address or "nobody"
    found = Anomaly(
        rule=seen.rule,
        person_id=seen.person_id,
        role=seen.role,
        address=seen.address,
        since=seen.since,
        until=seen.until,
        count=seen.count,
        events=list(seen.events),
        occasion=f"{seen.rule}:{who}:{seen.role}:{about}:{bucket_of(watch, seen.until, day)}",
        found_at=now,
        due_at=now + REVIEWED_WITHIN,
    )
    Anomaly.objects.bulk_create([found], ignore_conflicts=True)
    if not Anomaly.objects.filter(pk=found.pk).exists():
        return None
    record("alerts.find_unusual", by=by, target=found, detail={"rule": seen.rule, "count": seen.count})
    return found


def _tell_reviewers(by: User | None, found: list[Anomaly]) -> None:
    for person in queries.reviewers():
        queue_message(
            by=by,
            channel="email",
            address=person.email,
            template="alerts/unusual_access",
            parameters={"findings": str(len(found))},
            dedupe_key=f"alerts:unusual:{found[0].pk}:{person.pk}",
            urgent=True,
        )


@transaction.atomic
def review_anomaly(*, by: User, anomaly: Anomaly, verdict: str, note: str, now: datetime) -> None:
    """Say what it was. "Needs follow-up" keeps it on the list; the other two end it.

    Raises NotAllowed, also for what one did oneself, NotReviewed without a reason, and AlreadyReviewed.
    """
    check_can_review(by, anomaly)
    if verdict not in VERDICTS:
        raise NotReviewed(_("Say what it was."))
    if len(note.strip()) < LEAST_NOTE:
        raise NotReviewed(_("Say in a few words why, so that somebody else understands it later."))
    waiting = Anomaly.objects.visible_to(by).waiting().filter(pk=anomaly.pk)
    said = {"verdict": verdict, "note": note.strip(), "reviewed_at": now, "reviewed_by": by, "updated_at": now}
    if not waiting.update(**said):
        raise AlreadyReviewed(_("Somebody reviewed this before you."))
    record("alerts.review_unusual", by=by, target=anomaly, detail={"rule": anomaly.rule, "verdict": verdict})


@transaction.atomic
def change_watch(*, by: User, rule: str, is_on: bool, at_least: int, minutes: int, now: datetime) -> None:
    """Change what a rule calls too much, or let it rest. It holds from the next minute on.

    A rule that counts events one by one keeps doing so. Raises NotAllowed, and NotReviewed for a number that cannot be.
    """
    check_can(by, Permission.REVIEW_ACCESS)
    window = minutes if WATCHES[rule].minutes else 0
    if not 1 <= at_least <= MOST or (WATCHES[rule].minutes and not 1 <= window <= LONGEST):
        raise NotReviewed(_("That number cannot be."))
    WatchEdit.objects.bulk_create(
        [WatchEdit(rule=rule, is_on=is_on, at_least=at_least, minutes=window, made_by=by)],
        update_conflicts=True,
        unique_fields=["rule"],
        update_fields=["is_on", "at_least", "minutes", "made_by", "updated_at"],
    )
    detail = {"rule": rule, "is_on": is_on, "at_least": at_least, "minutes": window}
    record("alerts.change_watch", by=by, detail=detail)


def list_unusual(*, by: User) -> None:
    """Say that this person looks at what is unusual, before any is shown. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.REVIEW_ACCESS)
    record_now("alerts.list_unusual", by=by)
