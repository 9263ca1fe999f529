"""What the providers of the sample clinic may do: most for a year or more, one for three weeks, one no longer."""

from collections.abc import Sequence
from datetime import date, timedelta

from healthcare.accounts.models import Provider
from scheduling import actions

GENERAL = ("Internal medicine", "Family medicine")
BOARD = "Massachusetts Board of Registration"
SPOKEN = (("es",), (), ("pt", "es"), ("vi",), ())
YEAR = timedelta(days=365)


def tell_licences(providers: Sequence[Provider], today: date) -> None:
    """Of the specialists the last one's licence is over since yesterday, that of the one before ends soon.

    Told after the visits: those that are booked already stay, and wait for somebody. For the system.
    """
    last_days = {provider.pk: today + YEAR + timedelta(days=31 * n) for n, provider in enumerate(providers)}
    special = [provider for provider in providers if provider.specialty not in GENERAL]
    for provider, days in zip(reversed(special), (-1, 21), strict=False):
        last_days[provider.pk] = today + timedelta(days=days)
    for number, provider in enumerate(providers):
        last = last_days[provider.pk]
        actions.record_qualification(
            by=None,
            provider=provider,
            kind="licence",
            name="Nurse practitioner" if provider.credentials == "NP" else "Physician and surgeon",
            identifier=f"MA{230417 + 1009 * number}",
            issuer=BOARD,
            first_day=last - 3 * YEAR,
            last_day=last,
        )
    for number, provider in enumerate(providers[:-1]):
        provider.languages = ["en", *SPOKEN[number % len(SPOKEN)]]
        provider.save(update_fields=["languages", "updated_at"])
    if special:
        tell_more(special[0], "certification", special[0].specialty, "Board of the specialty", today - 4 * YEAR)
    tell_more(providers[0], "privilege", "Minor surgery", "Alder Street Clinic", today - YEAR)


def tell_more(provider: Provider, kind: str, name: str, issuer: str, first_day: date) -> None:
    """What has no number and no end."""
    actions.record_qualification(
        by=None, provider=provider, kind=kind, name=name, issuer=issuer, first_day=first_day, last_day=None
    )
