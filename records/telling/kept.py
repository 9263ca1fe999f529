"""What has no kind here is written as it came; only its id, and whose it is, are ours."""

from typing import Any

from records.rules import told
from records.telling.elements import Element, labels, reference, there

WHOSE = ("subject", "patient", "beneficiary")


def as_it_came(entry: Any) -> Element:
    """A fresh copy: what was parsed is kept for the next who asks."""
    resource = {"resourceType": entry.data["type"]} | there(entry)
    ours = {name: reference("Patient", entry.patient_id) for name in WHOSE if isinstance(resource.get(name), dict)}
    meta: Any = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    marks = told.objects(meta.get("security")) + list(labels(entry.sensitivity))
    return resource | ours | {"meta": meta | ({"security": marks} if marks else {})}
