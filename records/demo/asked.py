"""What a patient asked of the sample clinic, and when some are to come again."""

from datetime import timedelta

from django.utils import timezone

from healthcare.accounts.models import Provider, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import CareRelationship, Patient
from records.actions.amendments import ask_amendment
from records.actions.recalls import plan_recall
from records.models import AmendmentRequest, Entry, Recall
from scheduling.models import VisitType

PLANS = "maren.okafor@"
ASKS = "june.nakamura@mail.example"  # of the account that healthcare.accounts.demo makes
WANTED = "It should say that I was not fasting when the blood was taken."
REASON = "I had breakfast an hour before, and nobody asked me about it."
DAY = timedelta(days=1)
RECALLS = (
    (12, "Blood pressure again, with the diary of four weeks"),
    (40, "A1c three months after the last one"),
    (170, "Yearly check of the feet and the eyes"),
)


def tell() -> None:
    """Once: one request that waits for an answer, and recalls that lie ahead."""
    tell_of_an_amendment()
    tell_of_recalls()


def tell_of_an_amendment() -> None:
    with acting_as_system("demo"):
        account = User.objects.filter(email=ASKS).first()
        rows = Entry.objects.filter(kind="laboratory_result", released_at__isnull=False, voided_at=None)
        own = CareRelationship.objects.filter(user=account, kind="self").values("patient")
        mine = Patient.objects.filter(pk__in=own).first() if account else None
        result = rows.filter(patient=mine).order_by("-effective_at", "-id").first() if mine else None
        if account is None or mine is None or AmendmentRequest.objects.exists():
            return
    patient = account.in_role("patient")
    with acting_as(patient):
        now = timezone.now() - 4 * DAY
        ask_amendment(by=patient, patient=mine, entry=result, wanted=WANTED, reason=REASON, now=now)


def tell_of_recalls() -> None:
    with acting_as_system("demo"):
        provider = Provider.objects.filter(user__email__startswith=PLANS).select_related("user").first()
        kind = VisitType.objects.filter(active=True).order_by("slug").first()
        if provider is None or provider.user is None or kind is None or Recall.objects.exists():
            return
        site = provider.user.memberships.current().filter(role="doctor").order_by("id").select_related("site")[0].site
        here = list(Patient.objects.filter(site=site, birth_date__lt="1990-01-01").order_by("mrn")[1:4])
    doctor, now = provider.user.in_role("doctor"), timezone.now()
    with acting_as(doctor):
        for patient, (ahead, reason) in zip(here, RECALLS, strict=False):
            today = timezone.localdate(now)
            plan_recall(
                by=doctor,
                patient=patient,
                reason=reason,
                due_on=today + ahead * DAY,
                visit_type=kind,
                today=today,
                now=now,
            )
