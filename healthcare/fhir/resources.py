"""What the machinery of the import and a resource's own class say to each other."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from healthcare.accounts.models import Site

#: Types that may speak of no patient. Anything else without one would be a chart without an owner.
DIRECTORY = frozenset(
    {"Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Endpoint", "Medication"}
    | {"Substance", "InsurancePlan", "Questionnaire", "PlanDefinition", "ActivityDefinition", "ValueSet", "CodeSystem"}
)
FIRST, LAST = 0, 1000  # the order of types that no class stands for: of the directory, and of the others
BASE = re.compile(r"(?P<base>https?://.+)/(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.\-]{1,64})(/_history/.+)?")
RELATIVE = re.compile(r"(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.\-]{1,64})(/_history/.+)?")
CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?identifier=(?P<identifier>.+)")

Key = tuple[str, str, str]  # system, type ("" where the reference does not say it), id
ANYWHERE = "?"  # the system of a reference by identifier; its id is then `system|value`


class Unfit(Exception):
    """This one resource cannot be taken. The message is a sentence for the operator, without values."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a resource lives here: a model's label such as "records.encounter", and the row's key."""

    model: str
    id: UUID
    patient_id: UUID | None = None


@dataclass(slots=True)
class Incoming:
    """One resource read. See the package's docstring."""

    resource: dict[str, Any]
    type: str
    system: str
    source_id: str
    text: str
    digest: str
    file: str
    place: str
    local_urls: Mapping[str, Key] = field(default_factory=dict)
    patient_id: UUID | None = None
    before: Home | None = None

    @property
    def key(self) -> Key:
        return self.system, self.type, self.source_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one resource."""

    state: str
    home: Home | None = None
    reason: str = ""

    @classmethod
    def imported(cls, row: "models.Model | Home") -> Self:
        return cls("imported", _home(row))

    @classmethod
    def kept(cls, row: "models.Model | Home") -> Self:
        return cls("kept", _home(row))

    @classmethod
    def unchanged(cls) -> Self:
        return cls("unchanged")

    @classmethod
    def homeless(cls) -> Self:
        return cls("homeless")

    @classmethod
    def unmatched(cls) -> Self:
        return cls("unmatched")

    @classmethod
    def rejected(cls, reason: str) -> Self:
        return cls("rejected", reason=reason)


def _home(row: "models.Model | Home") -> Home:
    if isinstance(row, Home):
        return row
    return Home(row._meta.label_lower, row.pk, getattr(row, "patient_id", None))


class Resource(Protocol):
    """A type of FHIR resource and what this clinic makes of it."""

    type: str
    order: int

    def take(self, batch: Sequence[Incoming], ledger: "Ledger", by: Any) -> list[Outcome]: ...


class Ledger:
    """What is known of sources while a batch is taken; filled by the machinery, asked by the resources."""

    def __init__(self, *, run: UUID, site: Site, now: datetime, mapped_sites: Mapping[str, Site] | None = None) -> None:
        self.run, self.site, self.now = run, site, now
        self.mapped_sites = dict(mapped_sites or {})
        self.forget()

    def forget(self) -> None:
        """Between batches: memory stays bounded."""
        self._homes: dict[Key, Home] = {}
        self._contents: dict[UUID, dict[str, Any]] = {}

    def note(self, key: Key, home: Home, identifiers: Iterable[str] = ()) -> None:
        system, kind, source_id = key
        self._homes[key] = self._homes[system, "", source_id] = home
        for identifier in identifiers:
            self._homes[ANYWHERE, kind, identifier] = home

    def note_content(self, row: UUID, resource: dict[str, Any]) -> None:
        self._contents[row] = resource

    def at(self, key: Key) -> Home | None:
        return self._homes.get(key)

    def home(self, incoming: Incoming, reference: Any) -> Home | None:
        """Where the reference leads, or None where it leads nowhere that is known."""
        return next((self._homes[key] for key in keys_of(incoming, reference) if key in self._homes), None)

    def local(self, incoming: Incoming, reference: Any, model: str) -> UUID | None:
        """The row's id if the reference leads to this model and to no other patient than the resource's own."""
        found = self.home(incoming, reference)
        if found is None or found.model != model or found.patient_id not in (None, incoming.patient_id):
            return None
        return found.id

    def content(self, incoming: Incoming, reference: Any) -> dict[str, Any] | None:
        """The JSON of a contained resource (#id), or of one that the directory keeps."""
        for text in texts_of(reference):
            if text.startswith("#"):
                contained = incoming.resource.get("contained")
                inside = [part for part in contained if isinstance(part, dict)] if isinstance(contained, list) else []
                return next((part for part in inside if part.get("id") == text[1:]), None)
        found = self.home(incoming, reference)
        return self._contents.get(found.id) if found else None

    def site_of(self, incoming: Incoming, reference: Any) -> Site:
        """The site that an operator mapped this location or organisation to, else that of the run."""
        ids = (source_id for _system, _type, source_id in keys_of(incoming, reference))
        return next((self.mapped_sites[found] for found in ids if found in self.mapped_sites), self.site)


def texts_of(reference: Any) -> list[str]:
    """The literal references in a Reference, a list of them, or a text; whatever else it is gives none."""
    if isinstance(reference, list):
        return [text for one in reference for text in texts_of(one)]
    text = reference.get("reference") if isinstance(reference, dict) else reference
    return [text] if isinstance(text, str) and text else []


def keys_of(incoming: Incoming, reference: Any) -> list[Key]:
    """The sources that it may mean (FHIR R4 section 3.1.0.1 and 3.1.0.4: resolving references in Bundles)."""
    found = [key_of(incoming, text) for text in texts_of(reference)]
    return [key for key in found if key]


def key_of(incoming: Incoming, text: str) -> Key | None:
    if text in incoming.local_urls:
        return incoming.local_urls[text]
    if text.startswith("urn:uuid:"):
        return incoming.system, "", text.removeprefix("urn:uuid:")
    if match := BASE.fullmatch(text):
        return match["base"], match["type"], match["id"]
    if match := RELATIVE.fullmatch(text):
        return incoming.system, match["type"], match["id"]
    if match := CONDITIONAL.fullmatch(text):
        return ANYWHERE, match["type"], match["identifier"]
    return None


@cache
def resources() -> dict[str, Resource]:
    """By type. A name may stand for a list of them; of two for one type the later counts."""
    named = [one for name in settings.FHIR_RESOURCES for one in _made(name)]
    return {resource.type: resource for resource in named}


class Fallback(Resource, Protocol):
    """Who keeps whole what has no home, and gives it out again once a type has one."""

    def kept(self, kind: str) -> Iterator[Incoming | None]: ...


@cache
def fallback() -> Fallback:
    found: Any = _made(settings.FHIR_FALLBACK)
    keeper: Fallback = found[0]
    return keeper


class Unmatched(Protocol):
    """Who takes what nobody is sure about instead of a rejection, and asks people."""

    def doubts(self, item: Incoming, ledger: Ledger) -> str:
        """Why nobody is sure whose this is; "" where it is, and for what nobody would be asked about."""

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]: ...

    def settled(self, batch: Sequence[Incoming], ledger: Ledger) -> None:
        """These have their place now, whatever they waited for."""


@cache
def unmatched() -> Unmatched:
    found: Any = _made(settings.FHIR_UNMATCHED)
    keeper: Unmatched = found[0]
    return keeper


def order_of(kind: str) -> int:
    """What is nobody's comes first, what nobody has a model for last."""
    return resources()[kind].order if kind in resources() else FIRST if kind in DIRECTORY else LAST


def _made(name: str) -> list[Resource]:
    found = import_string(name)
    made = found() if callable(found) else found
    return made if isinstance(made, list) else [made]
