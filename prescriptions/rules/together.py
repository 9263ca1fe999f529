"""Several prescriptions are signed at once: what their checks ask of the prescriber, each question once.

Two of them that do not go together say so both, each with the other; a patient who was never asked about allergies is
an open question of every one. The prescriber answers such a thing once, and the answer is kept with each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prescriptions.rules.safety import Answer, Result

Place = tuple[str, str]  # the key of a prescription, and the key under which its result asks


@dataclass(frozen=True)
class Question:
    """What one answer is given to. It is asked in its first place, and the others go by it."""

    places: tuple[Place, ...]

    @property
    def asked(self) -> Place:
        return self.places[0]

    @property
    def key(self) -> str:
        return self.places[0][1]


def questions_of(results: Mapping[str, Result]) -> list[Question]:
    """By the key of each prescription what its check said; every key of every `to_answer` is in just one question."""
    found: dict[object, list[Place]] = {}
    for subject, result in results.items():
        about = {one.key: one.what for one in result.unchecked}
        for key in result.to_answer:
            found.setdefault(_same_thing(subject, key, results, about), []).append((subject, key))
    return [Question(tuple(places)) for places in found.values()]


def _same_thing(subject: str, key: str, results: Mapping[str, Result], about: Mapping[str, str]) -> object:
    rule, _dot, other = key.partition(".")
    if key in about:
        return key, about[key]
    if not other:  # the check did not run
        return key
    return (rule, frozenset({subject, other})) if other in results else (subject, key)


def answers_by_subject(said: Iterable[tuple[Question, Answer]]) -> dict[str, list[Answer]]:
    """What was answered once, as each prescription keeps it."""
    found: dict[str, list[Answer]] = {}
    for question, answer in said:
        for subject, key in question.places:
            found.setdefault(subject, []).append(Answer(key, answer.reason, answer.words))
    return found
