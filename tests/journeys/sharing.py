"""Which journeys go to one worker together, and which to whoever is free."""

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest

FOLDER = "tests/journeys"


def scope(test: str) -> str:
    """Journeys in the running demo stand in this folder itself, those in front of single pages in folders of it."""
    folder = test.partition("::")[0].rpartition("/")[0]
    return FOLDER if folder == FOLDER else test


class OneDemo(LoadScopeScheduling):
    """One worker opens the demo, which takes minutes, and has all its journeys; the others have the rest meanwhile."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def misplaced(items: "list[pytest.Item]") -> list[str]:
    """Journeys for which another worker would open a demo as well."""
    return [
        item.nodeid for item in items if "clinic" in getattr(item, "fixturenames", ()) and scope(item.nodeid) != FOLDER
    ]
