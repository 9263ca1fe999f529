"""Finding, booking and changing visits, for other programs."""

from ninja import Router

from scheduling.api import appointments, providers, slots

router = Router()
for part in (providers, slots, appointments):
    router.add_router("", part.router)

__all__ = ["router"]
