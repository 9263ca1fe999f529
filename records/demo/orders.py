"""Orders of the sample clinic: one answered and to be read, one overdue, some under way, one that a nurse prepared.

No answer is out of range: what alarms somebody is told in `entries`.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from healthcare.accounts.models import Provider, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import Patient
from records.actions.orders import collect_specimen, order_services, revoke_order
from records.actions.results import enter_result, report_result
from records.demo.entries import colleague
from records.models import ServiceRequest
from records.rules.laboratory import Measured
from records.rules.orders import Wanted

ASKS = "maren.okafor@"
LABORATORY = "Bay State Laboratory"
LIPIDS, SUGAR, THYROID, URINE, CHEST, HEAD, BREAST = (
    "57698-3",
    "4548-4",
    "3016-3",
    "24356-8",
    "36643-5",
    "24725-4",
    "24606-6",
)
LIPID_ANSWER = (("2093-3", "192"), ("2571-8", "128"), ("18262-6", "92"), ("2085-9", "51"))
DAY = timedelta(days=1)


def tell() -> None:
    """Once, in the name of one doctor and a nurse of the same site, for patients of that site."""
    with acting_as_system("demo"):
        provider = Provider.objects.filter(user__email__startswith=ASKS).select_related("user").first()
        if provider is None or provider.user is None or ServiceRequest.objects.exists():
            return
        site = provider.user.memberships.current().filter(role="doctor").order_by("id").select_related("site")[0].site
        nurse = colleague(site, "nurse")
        here = list(Patient.objects.filter(site=site, birth_date__lt="2000-01-01").order_by("mrn")[:9])
    if nurse is None or not here:
        return
    doctor, now = provider.user.in_role("doctor"), timezone.now()
    whom = [here[place % len(here)] for place in range(1, 9)]  # the first has a long story already
    told = _Orders(doctor, provider, now)
    with acting_as(doctor):
        told.answer_in_numbers(whom[0])
        told.answer_in_words(whom[1])
        told.ask(whom[2], THYROID, ago=11, reason="Tired for three months")
        told.ask(whom[3], BREAST, ago=4, reason="Screening")
        told.ask(whom[4], HEAD, ago=1, reason="Headache that began after a fall", priority="urgent")
        dropped = told.ask(whom[5], URINE, ago=6, reason="Burning")
        revoke_order(by=doctor, request=dropped, reason="The patient had it done elsewhere.", now=now - 5 * DAY)
        taken = told.ask(whom[6], SUGAR, ago=2, reason="Diabetes review")
    with acting_as(nurse):
        collect_specimen(by=nurse, request=taken, now=now - DAY)
        wanted = [Wanted(SUGAR, reason="Last one three months ago")]
        order_services(by=nurse, patient=whom[7], wanted=wanted, provider=provider, now=now, prepared=True)


class _Orders:
    """One doctor's; `ago` is in days."""

    def __init__(self, doctor: User, provider: Provider, now: datetime) -> None:
        self.doctor, self.provider, self.now = doctor, provider, now

    def ask(self, patient: Patient, code: str, *, ago: int, reason: str, priority: str = "routine") -> ServiceRequest:
        wanted = [Wanted(code, reason=reason, priority=priority)]
        at = self.now - ago * DAY
        return order_services(by=self.doctor, patient=patient, wanted=wanted, provider=self.provider, now=at)[0]

    def answer_in_numbers(self, patient: Patient) -> None:
        """A panel whose four numbers are there, in range, and wait to be read."""
        request = self.ask(patient, LIPIDS, ago=5, reason="Once a year")
        collect_specimen(by=self.doctor, request=request, now=self.now - 4 * DAY)
        for code, value in LIPID_ANSWER:
            measured = Measured(code, Decimal(value), laboratory=LABORATORY)
            enter_result(
                by=self.doctor,
                patient=patient,
                measured=measured,
                effective_at=self.now - 4 * DAY,
                now=self.now - timedelta(hours=20),
                request=request,
            )

    def answer_in_words(self, patient: Patient) -> None:
        """A first look at a film; the final report is still to come."""
        request = self.ask(patient, CHEST, ago=2, reason="Cough for three weeks")
        report_result(
            by=self.doctor,
            request=request,
            text="Two views. Heart of normal size. No consolidation, no fluid. Old rib fracture on the right.",
            conclusion="No sign of pneumonia.",
            effective_at=self.now - DAY,
            now=self.now - timedelta(hours=3),
            preliminary=True,
        )
