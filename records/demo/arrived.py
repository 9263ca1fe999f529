"""A paper that a patient of the sample clinic asked for, and a result that came for nobody sure."""

import hashlib
import json
from datetime import timedelta

from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.db.context import acting_as, acting_as_system
from healthcare.db.uuids import uuid7
from patients.models import CareRelationship, Patient
from records.actions.papers import ask_paper
from records.actions.unmatched import Unplaced, receive_unmatched
from records.demo.asked import ASKS
from records.models import Paper, UnmatchedResult
from records.rules.unmatched import Person, Told

LABORATORY = "https://laboratory.example/fhir"
NUMBER = "L-2041-7"
CAME = {
    "resourceType": "Observation",
    "id": NUMBER,
    "status": "final",
    "category": [{"coding": [{"code": "laboratory"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": "Potassium"},
    "subject": {"display": "J. Nakamura-Ortiz"},
    "valueQuantity": {"value": 5.4, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
}


def tell() -> None:
    """Once: a chart on paper, which a worker makes, and one potassium that waits for somebody to say whose it is."""
    tell_of_a_paper()
    tell_of_a_result()


def tell_of_a_paper() -> None:
    with acting_as_system("demo"):
        account = User.objects.filter(email=ASKS).first()
        own = CareRelationship.objects.filter(user=account, kind="self").values("patient")
        mine = Patient.objects.filter(pk__in=own).first() if account else None
        if account is None or mine is None or Paper.objects.exists():
            return
    patient = account.in_role("patient")
    with acting_as(patient):
        ask_paper(by=patient, patient=mine, kind=Paper.Kind.CHART, now=timezone.now())


def tell_of_a_result() -> None:
    taken = (timezone.now() - timedelta(hours=20)).replace(microsecond=0)
    text = json.dumps(CAME | {"effectiveDateTime": taken.isoformat()})
    said = Told(
        kind="laboratory_result",
        code="2823-3",
        code_system="loinc",
        display="Potassium",
        value="5.4",
        unit="mmol/L",
        effective_at=taken.isoformat(),
        record_status="final",
        sensitivity="",
        private=False,
        resource=text,
        data={},
        person=Person(name="J. Nakamura-Ortiz", birth_date="", sex="", numbers=()),
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    with acting_as_system("demo"):
        if not UnmatchedResult.objects.exists():
            one = Unplaced(said, "nobody", LABORATORY, "Observation", NUMBER, digest)
            receive_unmatched(by=None, results=[one], run=uuid7())
