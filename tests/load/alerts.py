"""An urgent alert from its commit to the carrier, behind 10,000 due reminders; then 20 letters a second."""

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from alerts import actions
from alerts.models import Alert
from healthcare.accounts.models import User
from healthcare.db.context import acting_as_system
from healthcare.db.uuids import uuid7
from healthcare.messaging.actions import queue_message
from patients.models import Patient
from tests.load.bench import Bench
from tests.load.figures import percentile
from tests.load.people import PURPOSE, NobodyFound, rows_of

DUE, EVERY, PATIENCE = 10_000, 0.1, 60.0  # reminders; seconds between alerts; seconds to wait for the last
# One of each visit is of its present time and goes out as a mail, also where it would have gone out later; those of
# earlier times are looked at and put aside.
REMIND = """
INSERT INTO alerts_reminder (id, created_at, updated_at, queue, next_at, attempts, error, patient_id, appointment_id,
    sequence, stage, due_at, state, reason)
SELECT made.id, now(), now(), 'default', now(), 0, '', visit.patient_id, visit.id,
    visit.sequence + 1000 * ((made.number - 1) / visit.visits), 'day_before', now(), 'due', ''
FROM unnest(%s::uuid[]) WITH ORDINALITY AS made (id, number)
JOIN (
    SELECT id, patient_id, sequence, row_number() OVER () AS number, count(*) OVER () AS visits
    FROM (SELECT id, patient_id, sequence FROM scheduling_appointment
          WHERE status IN ('booked', 'confirmed') AND during && tstzrange(now() + interval '2 hours', NULL)
          LIMIT %s) AS open
) AS visit ON visit.number = (made.number - 1) %% visit.visits + 1
ON CONFLICT (appointment_id, sequence, stage)
    DO UPDATE SET next_at = now(), due_at = now(), handed_until = NULL, updated_at = now(), state = 'due', reason = ''
    WHERE alerts_reminder.state IN ('due', 'superseded')
RETURNING id
"""
# As after a visit: the alert is its doctor's, and not at once everybody's at the site.
TREATED = """
SELECT DISTINCT ON (g.content_object_id) g.content_object_id, g.user_id FROM patients_usergrant g
JOIN auth_permission p ON p.id = g.permission_id AND p.codename = 'clinical'
WHERE g.role = 'doctor' AND g.valid_from <= statement_timestamp() AND g.valid_until > statement_timestamp()
ORDER BY g.content_object_id LIMIT 50
"""
PUT_ASIDE = """
UPDATE alerts_reminder SET state = 'superseded', reason = 'visit_moved', next_at = NULL, handed_until = NULL,
    updated_at = now() WHERE id = ANY(%s) AND state = 'due'
"""
HANDED = """
SELECT a.id, min(m.sent_at) FROM alerts_alert a
JOIN alerts_notice n ON n.alert_id = a.id JOIN messaging_message m ON m.id = n.message_id
WHERE a.id = ANY(%s) AND m.sent_at IS NOT NULL GROUP BY 1
"""
A_SECOND, LETTERS_FOR, LATE = 20, 15, 5.0  # letters; seconds of them; seconds after the last that one may take
SENT = "SELECT count(*) FROM messaging_message WHERE id = ANY(%s) AND sent_at IS NOT NULL"
WAITING = "SELECT count(*) FROM alerts_reminder WHERE state = 'due' AND next_at <= now()"


def run(bench: Bench) -> None:
    treated = rows_of(TREATED)
    if not treated:
        raise NobodyFound("No doctor treats anybody today.")
    reminders = remind()
    committed = raise_all(treated, bench.seconds or 10.0)
    still = rows_of(WAITING)[0][0]
    handed = wait_for(committed)
    close(committed)
    put_aside(reminders)
    taken = sorted(1000 * (handed[key] - moment).total_seconds() for key, moment in committed.items() if key in handed)
    delays = ", ".join(f"p{share} {percentile(taken, share / 100):.0f} ms" for share in (50, 95, 99))
    bench.fact("reminders due at the start, and after the last alert", f"{len(reminders):,}, {still:,}")
    bench.fact("alerts raised, handed over", f"{len(committed)}, {len(taken)}")
    bench.fact("commit to carrier", delays)
    bench.budget("alerts not handed over", len(committed) - len(taken), 0)
    bench.budget("p99 from commit to carrier", percentile(taken, 0.99), 2000, " ms")
    deliver(bench)


def deliver(bench: Bench) -> None:
    """So many letters a second, each to somebody else: those that are sent late show that it cannot be sustained."""
    keys, begun = [], time.monotonic()
    for number in range(A_SECOND * LETTERS_FOR):
        time.sleep(max(0.0, begun + number / A_SECOND - time.monotonic()))
        with acting_as_system(PURPOSE):
            key = uuid7()
            asked = {"channel": "email", "address": f"{key.hex}@bench.example", "template": "portal_opened"}
            keys.append(queue_message(by=None, parameters={}, dedupe_key=f"bench:{key}", **asked))
    last = time.monotonic()
    while (sent := rows_of(SENT, keys)[0][0]) < len(keys) and time.monotonic() < last + LATE:
        time.sleep(0.2)
    bench.fact("letters a second that were queued, sent", f"{len(keys) / (last - begun):.0f}, {sent / LETTERS_FOR:.0f}")
    bench.budget(f"letters not sent {LATE:.0f} s after the last of {LETTERS_FOR} s", len(keys) - sent, 0)


def remind() -> list[UUID]:
    """10,000 reminders that are due now. Where visits are fewer, most are of earlier times of a visit: looked at, and
    put aside without a mail."""
    keys = [uuid7() for _each in range(DUE)]
    with acting_as_system(PURPOSE), connection.cursor() as cursor:
        cursor.execute(REMIND, [keys, DUE])
        made = [row[0] for row in cursor.fetchall()]
    if not made:
        raise NobodyFound("No visit to come is booked.")
    return made


def raise_all(treated: Sequence[tuple[UUID, UUID]], seconds: float) -> dict[UUID, datetime]:
    """Raise urgent alerts, one every tenth of a second; when each was committed."""
    committed: dict[UUID, datetime] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        patient_id, doctor_id = treated[len(committed) % len(treated)]
        with acting_as_system(PURPOSE):
            alert = actions.raise_alert(
                by=None,
                patient=Patient.objects.get(pk=patient_id),
                owners=[User.objects.get(pk=doctor_id)],
                kind="abnormal_value",
                severity="urgent",
                source=f"records.entry:{uuid7()}",
                now=timezone.now(),
            )
        committed[alert.pk] = timezone.now()
        time.sleep(EVERY)
    return committed


def wait_for(committed: dict[UUID, datetime]) -> dict[UUID, datetime]:
    """When the first letter of each was handed over, as the worker noted it by the clock of this machine."""
    until = time.monotonic() + PATIENCE
    while True:
        handed = dict(rows_of(HANDED, list(committed)))
        if len(handed) == len(committed) or time.monotonic() > until:
            return handed
        time.sleep(0.2)


def close(committed: dict[UUID, datetime]) -> None:
    with acting_as_system(PURPOSE):
        for alert in Alert.objects.filter(pk__in=list(committed)):
            actions.close_alerts(by=None, source=alert.source, now=timezone.now())


def put_aside(reminders: list[UUID]) -> None:
    """What is still due of the bench's own reminders troubles nobody after it."""
    with acting_as_system(PURPOSE), connection.cursor() as cursor:
        cursor.execute(PUT_ASIDE, [reminders])
