"""Where the clinic is, for those who have to get there."""

from urllib.parse import urlencode

from healthcare.accounts.models import Site

MAPS = "https://www.openstreetmap.org/directions"


def address_lines(site: Site) -> list[str]:
    """Street, then town: "12 Alder Street", "Worcester, MA 01608"; lines that are not known are left out."""
    town = town_line(site.city, site.state, site.postal_code)
    return [line for line in (site.line, town) if line]


def town_line(city: str, state: str, postal_code: str) -> str:
    return ", ".join(part for part in (city, f"{state} {postal_code}".strip()) if part)


def directions_url(site: Site) -> str:
    """A map of another house, asked for the clinic's own address and nothing about who asks; "" without an address."""
    lines = address_lines(site)
    return f"{MAPS}?{urlencode({'to': ', '.join(lines)})}" if lines else ""
