"""What the rules say of medicines and allergies that are only named, for nobody in particular."""

from collections.abc import Sequence
from dataclasses import dataclass

from prescriptions.queries.checking import KnowledgeProblem, Known, get_known
from prescriptions.rules.allergens import allergen_terms
from prescriptions.rules.outside import recognise
from prescriptions.rules.safety import Allergies, Allergy, Finding, Medicine, check


@dataclass(frozen=True)
class Warned:
    """Two that do not go together, named as they were asked about."""

    one: str
    other: str
    finding: Finding


@dataclass(frozen=True)
class NamedCheck:
    """`unchecked` are names of which something is not known. With a `problem` nothing was checked at all."""

    version: str = ""
    warnings: tuple[Warned, ...] = ()
    unchecked: tuple[str, ...] = ()
    problem: str = ""


def check_names(medicines: Sequence[str], allergies: Sequence[str] = ()) -> NamedCheck:
    """Each medicine against each that comes after it and against the allergies: names, brands or RxNorm codes.

    The rules are those of a prescription. What nobody knows is unchecked, which is neither safe nor unsafe.
    """
    try:
        known = get_known()
    except KnowledgeProblem as problem:
        return NamedCheck(unchecked=(*medicines, *allergies), problem=str(problem))
    taken = [medicine_named(text, str(place), known) for place, text in enumerate(medicines)]
    reacted = [
        Allergy(str(place), text, allergen_terms(text, known.names)) for place, text in enumerate(allergies, len(taken))
    ]
    warnings = [
        Warned(one.label, finding.other, finding)
        for place, one in enumerate(taken)
        for finding in check(
            one, taken[place + 1 :], Allergies(asked=True, entries=tuple(reacted)), known.knowledge
        ).findings
    ]
    unknown = [one.label for one in taken if one.unchecked] + [one.label for one in reacted if one.terms is None]
    return NamedCheck(known.knowledge.version, tuple(warnings), tuple(unknown))


def medicine_named(text: str, key: str, known: Known) -> Medicine:
    """By its RxNorm code where the text is one that we have, else by the words."""
    by_code = known.rxnorm.get(text.strip())
    read = recognise(text, known.substances)
    return Medicine(
        key=key,
        label=text,
        substances=by_code or read.substances,
        by_hand=True,
        unknown=() if by_code else read.unknown,
    )
