"""Finding, booking and changing visits, for other programs."""

from ninja import Router

from scheduling.api import appointments, providers, rooms, slots, waitlist

router = Router()
for part in (providers, rooms, slots, appointments, waitlist):
    router.add_router("", part.router)

__all__ = ["router"]
