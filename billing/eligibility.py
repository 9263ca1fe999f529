"""Who answers whether a plan covers a day: named in `settings.ELIGIBILITY`, called by a worker alone.

An answerer takes a Question and returns an Answer. Whatever it raises is an answer that could not be had; it may take
its time, since nobody waits for it.
"""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from billing.rules.coverage import Answer, Question, decide

Answerer = Callable[[Question], Answer]


def by_rules(question: Question) -> Answer:
    """The clinic's own rules about plans, days and numbers. The payer is not asked, and its members are not known."""
    return decide(question)


def answerer() -> tuple[str, Answerer]:
    """Its name, and itself. Raises ImportError where the name leads nowhere."""
    name = settings.ELIGIBILITY
    return name, import_string(name)
