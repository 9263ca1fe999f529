"""Page-shaped reads over visits and free time."""

from scheduling.queries.free import Time, free_site, free_spans, time_is
from scheduling.queries.nearest import Near, Nearby, nearest_providers
from scheduling.queries.times import FreeTime, alternatives_to, free_times, length_of
from scheduling.queries.visits import Steps, cards_of_visit, current_visit_of, steps_of, upcoming_of, visit_under_way

__all__ = [
    "FreeTime",
    "Near",
    "Nearby",
    "Steps",
    "Time",
    "alternatives_to",
    "cards_of_visit",
    "current_visit_of",
    "free_site",
    "free_spans",
    "free_times",
    "length_of",
    "nearest_providers",
    "steps_of",
    "time_is",
    "upcoming_of",
    "visit_under_way",
]
