"""Page-shaped reads over visits and free time."""

from scheduling.queries.free import Time, free_spans, time_is
from scheduling.queries.nearest import Near, Nearby, nearest_providers, place_of
from scheduling.queries.times import FreeTime, alternatives_to, free_times
from scheduling.queries.visits import Steps, current_visit_of, steps_of, upcoming_of, visit_under_way

__all__ = [
    "FreeTime",
    "Near",
    "Nearby",
    "Steps",
    "Time",
    "alternatives_to",
    "current_visit_of",
    "free_spans",
    "free_times",
    "nearest_providers",
    "place_of",
    "steps_of",
    "time_is",
    "upcoming_of",
    "visit_under_way",
]
