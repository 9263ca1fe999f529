"""How the tables came about. A kind that is a folder keeps the migrations of its constraints there: docs/kinds.md."""

from pathlib import Path

from records import kinds

__path__ += sorted(str(found) for home in kinds.__path__ for found in Path(home).glob("*/migrations"))
