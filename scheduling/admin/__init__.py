"""Django's admin: how the clinic is set up for booking, by verbs; of visits that they are there, never whose.

Visits and claims are changed by the clinic's own pages alone.
"""

from scheduling.admin import closures, hours, qualifications, setting_up, visits

__all__ = ["closures", "hours", "qualifications", "setting_up", "visits"]
