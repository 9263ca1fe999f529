"""Put a medicine on hold, have it taken up again, and stop it: prescribed here, or told from elsewhere."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from healthcare.ui.dates import day_text
from prescriptions.actions.settling import settle_cancelled
from prescriptions.actions.standing import STANDING, collected, take_back, to_prepare
from prescriptions.actions.steps import NotPossible, begin_wait, check_lives, end_wait, locked
from prescriptions.events import PrescriptionStopped
from prescriptions.models import Halt, MedicationStatement, Prescription
from prescriptions.rules.halts import why_not_from
from scheduling.queries.licences import day_at

Medicine = Prescription | MedicationStatement
Status = Prescription.Status
WAITING = (Status.SIGNED, Status.READY, Status.NOT_COLLECTED)


@transaction.atomic
def hold_medicine(*, by: User, medicine: Medicine, day: date, reason: str, words: str = "", now: datetime) -> Halt:
    """Put it on hold from this day on, at the patient's site: a year back at most, and half a year ahead.

    Safety checks go on to count it; from that day on nothing of it is prepared or handed out. Raises NotAllowed,
    NotPossible, and ValueError for a reason that is none.
    """
    check_can(by, Permission.RECONCILE)
    found = _held_row(by, medicine)
    _check_taken(found, now)
    if found.halt:
        raise NotPossible(_("It is on hold already. Take it up again, or stop it."))
    halt = _said(by, found, Halt.Act.HOLD, _moment(found, day, now, ahead=True), now, reason, words)
    record("prescriptions.hold", by=by, patient_id=found.patient_id, target=found, detail=_detail(halt))
    return halt


@transaction.atomic
def resume_medicine(*, by: User, medicine: Medicine, words: str = "", now: datetime) -> Halt:
    """What is on hold, or will be, is taken up again now; what waits at the dispensary waits its days anew.

    What was stopped is prescribed again, and so checked; only of what is told from elsewhere one may say that it is
    taken after all. Raises NotAllowed and NotPossible.
    """
    check_can(by, Permission.RECONCILE)
    found = _held_row(by, medicine)
    if found.is_stopped and isinstance(found, Prescription):
        raise NotPossible(_("What was stopped is prescribed again, so that it is checked anew."))
    if not found.halt:
        raise NotPossible(_("It is not on hold. Somebody was quicker."))
    halt = _said(by, found, Halt.Act.RESUME, now, now, "", words)
    if isinstance(found, Prescription) and found.status == Status.READY:
        found.collect_by = now + timedelta(days=found.pick_up_days)
        found.save(update_fields=["collect_by", "updated_at"])
        begin_wait(found)
    record("prescriptions.resume", by=by, patient_id=found.patient_id, target=found, detail=_detail(halt))
    return halt


@transaction.atomic
def stop_medicine(*, by: User, medicine: Medicine, day: date, reason: str, words: str = "", now: datetime) -> Halt:
    """It is not to be taken any more, from this day on, today at the latest. Nothing is checked against it from now on.

    What waits at the dispensary goes back to the shelf. Raises NotAllowed, NotPossible, and ValueError for a reason
    that is none.
    """
    check_can(by, Permission.RECONCILE)
    found = _held_row(by, medicine)
    _check_taken(found, now)
    halt = _said(by, found, Halt.Act.STOP, _moment(found, day, now, ahead=False), now, reason, words)
    if isinstance(found, Prescription):
        _leave_the_queue(by, found, now)
        settle_cancelled(by, found, now)
        publish(PrescriptionStopped(prescription_id=found.pk, patient_id=found.patient_id))
    record("prescriptions.stop", by=by, patient_id=found.patient_id, target=found, detail=_detail(halt))
    return halt


def _held_row(by: User, medicine: Medicine) -> Medicine:
    """The row as it is now, held until the transaction ends."""
    if isinstance(medicine, Prescription):
        return locked(by, medicine)
    rows = MedicationStatement.objects.visible_to(by).select_for_update(of=("self",))
    return rows.select_related("patient__site").get(pk=medicine.pk)


def _check_taken(found: Medicine, now: datetime) -> None:
    """Raises NotPossible for what is not on the list of what is taken, and for a patient who has died."""
    rows = Prescription.objects if isinstance(found, Prescription) else MedicationStatement.objects
    if not rows.active(now).filter(pk=found.pk).exists():
        raise NotPossible(_("This is no longer on the list of what is taken."))
    check_lives(found)


def _moment(found: Medicine, day: date, now: datetime, *, ahead: bool) -> datetime:
    """When that day begins where the patient is treated; of today, now. Raises NotPossible."""
    site = found.patient.site
    today = day_at(site, now)
    given = found.signed_at if isinstance(found, Prescription) else None
    first = day_at(site, given) if given else date.min
    problem = why_not_from(day, today=today, given=first, ahead=ahead)
    if problem == "early":
        raise NotPossible(_("Choose a day of the last year."))
    if problem == "before":
        raise NotPossible(_("It was prescribed on %(day)s, not before.") % {"day": day_text(first)})
    if problem:
        raise NotPossible(
            _("Choose a day in the next six months.") if ahead else _("It is stopped from today at the latest.")
        )
    if day == today:
        return now
    begins = datetime.combine(day, time.min, ZoneInfo(site.time_zone))
    return max(begins, given) if given else begins


def _said(by: User, found: Medicine, act: str, starts_at: datetime, now: datetime, reason: str, words: str) -> Halt:
    reason, words = Halt.Reason(reason).value if reason or act != Halt.Act.RESUME else "", " ".join(words.split())
    if reason == Halt.Reason.OTHER and not words:
        raise NotPossible(_("Say why in your words."))
    halt = Halt(
        patient_id=found.patient_id,
        prescription=found if isinstance(found, Prescription) else None,
        statement=None if isinstance(found, Prescription) else found,
        act=Halt.Act(act).value,
        starts_at=starts_at,
        reason=reason,
        words=words,
        said_at=now,
        said_by=by,
    )
    halt.save(force_insert=True)
    found.refresh_from_db(fields=["halt", "halt_from", "updated_at"])
    return halt


def _detail(halt: Halt) -> dict[str, str]:
    return {"halt": str(halt.pk), "reason": halt.reason}


def _leave_the_queue(by: User, found: Prescription, now: datetime) -> None:
    """Where some was handed out, that is what was collected; the rest does not come."""
    if found.status not in WAITING:
        return
    last = take_back(by, found, now)
    if last is None:
        to_prepare(found)
    else:
        collected(found, last)
    found.save(update_fields=STANDING)
    end_wait(found)
