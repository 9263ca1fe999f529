"""Page-shaped reads over visits and free time."""

from scheduling.queries.free import Time, free_spans, time_is
from scheduling.queries.times import FreeTime, alternatives_to, free_times

__all__ = ["FreeTime", "Time", "alternatives_to", "free_spans", "free_times", "time_is"]
