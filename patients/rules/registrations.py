"""What somebody tells of themselves who wants to become a patient, and how long it is kept. Plain Python."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta

from patients.rules import Demographics

CONFIRM_WITHIN = timedelta(days=2)  # also in SQL: patients/migrations, app.confirm_registration
KEPT = timedelta(days=30)  # after the answer: what was refused, and the words of what was taken over
ALL_IN_AN_HOUR = 200  # from everywhere; so what was never confirmed is at most 200 rows for each hour of two days


@dataclass(frozen=True)
class Told:
    """`notice` is the SHA-256 of the privacy notice as it was shown; `interpreter` is None where nothing was said."""

    demographics: Demographics
    language: str = ""
    interpreter: bool | None = None
    reason: str = ""
    notice: str = ""
    received: bool = False

    def values(self) -> dict[str, str]:
        """What a record may say otherwise, by the names of its fields; what was left empty says nothing."""
        said = {**asdict(self.demographics), "language": self.language}
        return {name: value for name, value in said.items() if isinstance(value, str) and value}


def as_text(told: Told) -> str:
    """For one encrypted column."""
    return json.dumps(asdict(told), default=date.isoformat, ensure_ascii=False)


def told_of(text: str) -> Told:
    """The same the other way round."""
    said = json.loads(text)
    who = said.pop("demographics")
    if who["birth_date"]:
        who["birth_date"] = date.fromisoformat(who["birth_date"])
    return Told(Demographics(**who), **{field.name: said[field.name] for field in fields(Told) if field.name in said})
