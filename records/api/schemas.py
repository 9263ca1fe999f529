"""What goes out of the chart, and what comes in, by kind."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from healthcare.accounts.permissions import Sensitivity
from healthcare.api.schemas import Given, Number, Shown
from records.kinds.allergy import CATEGORIES, CRITICALITIES, NATURES, REFUTED, SEVERITIES, STANDINGS, VERIFICATIONS
from records.kinds.family_history import RELATIVES
from records.kinds.immunization import ROUTES, SITES
from records.models import Entry

Mark = Sensitivity | Literal[""]
THOUGH = "Why it is recorded while the same stands on the list already; without it that is refused."


def one_of(choices: Any) -> Any:
    """A slug of these, or nothing."""
    return Field("", max_length=20, description=f"One of: {', '.join(choices)}. Empty: not said.")


# == What goes out ==
class Asked(Shown):
    """What the patient asked to have amended in an entry, and what was said since (45 CFR 164.526)."""

    id: UUID
    state: str
    wanted: str
    reason: str
    asked_at: datetime
    ground: str
    answer: str
    answered_at: datetime | None
    disagreement: str
    disagreed_at: datetime | None
    rebuttal: str
    rebutted_at: datetime | None


class EntryOut(Shown):
    """One thing said about a patient. What `data` holds is the kind's own; a panel brings its `parts`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01937a5e-8c00-7000-8000-0000000000f1",
                    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
                    "encounter": None,
                    "kind": "laboratory_result",
                    "code": "2345-7",
                    "code_system": "loinc",
                    "display": "Glucose",
                    "value": "104",
                    "unit": "mg/dL",
                    "record_status": "final",
                    "clinical_status": "",
                    "sensitivity": "",
                    "effective_at": "2026-02-03T14:05:00Z",
                    "author": "01937a5e-8c00-7000-8000-0000000000e1",
                    "signed_at": None,
                    "released_at": None,
                    "data": {"flag": "high"},
                    "parts": [],
                    "amendments": [],
                    "created_at": "2026-02-03T14:06:00Z",
                    "updated_at": "2026-02-03T14:06:00Z",
                }
            ]
        }
    )
    id: UUID
    patient: UUID = Field(validation_alias="patient_id")
    encounter: UUID | None = Field(validation_alias="encounter_id")
    kind: str
    code: str
    code_system: str
    display: str
    value: Number | None
    unit: str = Field(description="A UCUM code.")
    record_status: str = Field(description=f"One of: {', '.join(Entry.RecordStatus.values)}.")
    clinical_status: str
    sensitivity: str = Field(description=f"How it is marked: {', '.join(Sensitivity)}. Empty: not.")
    effective_at: datetime = Field(description="When it was true of the patient.")
    author: UUID | None = Field(validation_alias="author_id")
    signed_at: datetime | None
    released_at: datetime | None = Field(description="From when the patient may see it.")
    data: dict[str, Any]
    parts: list["EntryOut"] = []
    amendments: list[Asked] = Field([], description="What the patient asked to have amended in it, and the answers.")
    created_at: datetime
    updated_at: datetime


# == What comes in, by kind ==
class Vitals(Given):
    """What was measured, each in its own unit: mmHg, per minute, Cel, %, kg, cm, and 0 to 10 for pain."""

    systolic: Decimal | None = None
    diastolic: Decimal | None = None
    heart_rate: Decimal | None = None
    respiratory_rate: Decimal | None = None
    temperature: Decimal | None = None
    oxygen: Decimal | None = None
    weight: Decimal | None = None
    height: Decimal | None = None
    head_circumference: Decimal | None = None
    pain: Decimal | None = None


class Result(Given):
    """A laboratory's report of one test; the interval is the report's own. `provider` is to read it."""

    value: Decimal = Field(max_digits=12, decimal_places=4)
    comparator: str = Field("", pattern="^[<>]?$")
    low: Decimal | None = None
    high: Decimal | None = None
    laboratory: str = Field("", max_length=120)
    preliminary: bool = False
    provider: UUID | None = None


class Problematic(Given):
    onset: str = Field("", pattern=r"^(\d{4}(-\d\d(-\d\d)?)?)?$", description="A year, a month or a day.")
    note: str = Field("", max_length=1000)
    though: str = Field("", max_length=200, description=THOUGH)


class Allergic(Given):
    """Either a substance, or that somebody asked and none is known."""

    substance: str = Field("", max_length=200)
    reaction: str = Field("", max_length=200)
    severity: str = one_of(SEVERITIES)
    criticality: str = one_of(CRITICALITIES)
    verification: str = one_of(slug for slug in VERIFICATIONS if slug != REFUTED)
    category: str = one_of(CATEGORIES)
    nature: str = one_of(NATURES)
    since: str = Field("", max_length=40)
    note: str = Field("", max_length=200)
    though: str = Field("", max_length=200, description=THOUGH)
    none_known: bool = False


class InTheFamily(Given):
    """What a relative has or had; or that somebody asked and nothing is known."""

    relative: str = one_of(RELATIVES)
    condition: str = Field("", max_length=200)
    onset: str = Field("", max_length=20, description="How old they were, as it was said.")
    died: bool = Field(False, description="Whether they died of it.")
    note: str = Field("", max_length=200)
    though: str = Field("", max_length=200, description=THOUGH)
    none_known: bool = False


class OperatedOn(Given):
    """An operation; or that somebody asked and there was none."""

    name: str = Field("", max_length=200)
    day: str = Field("", pattern=r"^(\d{4}(-\d\d(-\d\d)?)?)?$", description="A year, a month or a day.")
    where: str = Field("", max_length=100)
    body_site: str = Field("", max_length=100)
    outcome: str = Field("", max_length=200)
    note: str = Field("", max_length=200)
    though: str = Field("", max_length=200, description=THOUGH)
    none_known: bool = False


class Living(Given):
    """The answer to the question that `code` names, both by LOINC."""

    answer: str = Field(max_length=20, examples=["LA18978-9"])
    note: str = Field("", max_length=200)


class Changed(Given):
    """What has become of a problem or an allergy, and what is said of an allergy now; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"standing": "refuted", "because": "Taken twice without a reaction"}]}
    )
    standing: str = Field(max_length=20, examples=["active"], description=f"Of an allergy: {', '.join(STANDINGS)}.")
    because: str = Field("", max_length=200, description="Why. Needed where an allergy was shown to be none.")
    reaction: str | None = Field(None, max_length=200)
    severity: str | None = Field(None, max_length=20)
    criticality: str | None = Field(None, max_length=20)
    verification: str | None = Field(None, max_length=20)
    category: str | None = Field(None, max_length=20)
    nature: str | None = Field(None, max_length=20)
    since: str | None = Field(None, max_length=40)
    note: str | None = Field(None, max_length=200)


class Vaccinated(Given):
    lot: str = Field("", max_length=40)
    elsewhere: bool = False
    note: str = Field("", max_length=300)
    site: str = one_of(SITES)
    route: str = one_of(ROUTES)
    expires: date | None = Field(None, description="The last day of the lot.")


class NewEntry(Given):
    """`kind` says what `code` and `data` are: see docs/api.md. Notes are signed where they are written, not here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "patient": "01937a5e-8c00-7000-8000-0000000000a1",
                    "kind": "vital_signs",
                    "effective_at": "2026-02-03T14:05:00Z",
                    "data": {"systolic": 128, "diastolic": 82, "heart_rate": 71},
                }
            ]
        }
    )
    patient: UUID
    kind: str = Field(max_length=30, examples=["vital_signs"])
    code: str = Field("", max_length=32)
    effective_at: AwareDatetime | None = None
    encounter: UUID | None = None
    sensitivity: Mark = Field("", description="For a condition, an operation, a relative; else marked later.")
    data: dict[str, Any] = {}


class Marking(Given):
    sensitivity: Mark = Field(examples=[""], description="Empty takes the mark off.")


class Wrong(Given):
    """Why it was entered in error."""

    reason: str = Field(min_length=1, max_length=200, examples=["Wrong patient"])
