"""Prescriptions for other programs: written, handed out, halted, and asked for once more."""

from ninja import Router

from prescriptions.api import halts, medications, prescriptions, refills

router = Router()
for part in (medications, prescriptions, halts, refills):
    router.add_router("", part.router)

__all__ = ["router"]
