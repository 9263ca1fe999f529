"""What the synthetic load is made by: sizes, chance, and the words that names are drawn from. All invented."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isqrt
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from tqdm import tqdm

from patients.synthetic.copying import Keys, Tally

DAY = timedelta(days=1)
ZONE = "America/New_York"


def words(text: str) -> list[str]:
    return text.split()


TOWNS = words("""Worcester 01608 Framingham 01702 Shrewsbury 01545 Holden 01520 Auburn 01501 Natick 01760 Milford 01757
Marlborough 01752 Leominster 01453 Fitchburg 01420 Gardner 01440 Westborough 01581 Hudson 01749 Clinton 01510
Webster 01570 Southbridge 01550 Lowell 01852 Waltham 02453 Newton 02458 Brockton 02301""")
GIVEN = {
    "female": words("""Amara Anneke Beatriz Bridget Camila Celeste Daphne Deirdre Elena Esme Farah Fiona Greta Hana
    Ingrid Imani Joan Jolie Kaya Keiko Leila Lucinda Mabel Maren Mirela Nadia Noor Odette Olive Paloma Petra Quilla
    Rania Rosalind Sabine Saoirse Tamsin Thalia Uma Valentina Vesna Wanda Willa Ximena Yara Yusra Zelda Zofia Agnes"""),
    "male": words("""Abel Anselm Bastian Bram Caspian Cedric Dario Desmond Edgar Emeka Farid Felix Gideon Gustav Hamid
    Hugo Idris Ivo Jasper Joaquin Kamal Kenji Lars Leopold Malik Matteo Nikolai Nolan Omari Oskar Pavel Percival Quentin
    Rafael Rune Samir Silas Tariq Tobias Ulric Umberto Viggo Vikram Walter Wendell Xavi Yannick Yusuf Zahir Zeno"""),
}
# Family names are made of two halves, so that they are nobody's in particular.
HALVES = (
    words("""Alder Amber Ash Barrow Birch Bram Cald Cinder Copper Corn Dray Elder Fen Fern Fox Glen Gray Hale Hart
    Haven Hazel Heath Holm Iron Juniper Kest Lark Linden Marl Mead Moor Nether Oak Pell Quill Raven Rook Rowan"""),
    words("""berry bourne brook by combe croft dale dell field ford gate grove ham hollow hurst ley low man march mere
    mont more ness over pool ridge row shaw side stead stone thwaite ton vale wall water well wick wood worth"""),
)


@dataclass(frozen=True)
class Plan:
    """How much of what, by chance of this seed, as it stands at `now`. `entries` are rows of the chart.

    `password` and `totp_key` are those of every account; only `password_hash`, made once, is kept.
    """

    mark: ClassVar[str] = "synthetic-"  # what the slug of every site of a load begins with

    patients: int
    providers: int
    appointments: int
    entries: int
    audit: int
    seed: int
    now: datetime
    password: str = field(repr=False)
    password_hash: str = field(repr=False)
    totp_key: str = field(repr=False)
    quiet: bool = True
    tally: Tally = field(default_factory=dict, compare=False)

    @property
    def sites(self) -> int:
        return min(20, max(2, isqrt(self.providers // 5)))

    @property
    def staff(self) -> int:
        return max(self.providers // 4, self.sites * 7)

    @property
    def heavy(self) -> int:
        """Entries in the chart of the one patient who has by far the most."""
        return min(5000, self.entries // 5)

    def keys(self, part: str) -> Keys:
        return Keys(f"{self.seed}:{part}")

    def bar(self, label: str, total: int) -> Any:
        return tqdm(total=total, desc=f"{label:<14}", unit=" rows", unit_scale=True, disable=self.quiet)

    def ago(self, days: float) -> datetime:
        return self.now - days * DAY

    def refusal(self) -> str:
        """Why such a load cannot be made; "" where it can."""
        if self.patients < 50 or self.providers < 10:
            return "A load has at least 50 patients and 10 providers."
        if self.appointments > 100 * self.patients or self.appointments > 1000 * self.providers:
            return "So many appointments do not fit: at most 100 a patient and 1000 a provider."
        if self.entries < 1.5 * self.appointments:
            return "Every finished visit has its note and more: ask for at least 1.5 entries an appointment."
        return ""


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def family_name(chance: Keys) -> str:
    return chance.choice(HALVES[0]) + chance.choice(HALVES[1])


def new(keys: Keys, moment: datetime) -> UUID:
    return UUID(keys.key(milliseconds(moment)))


def on_the_clock(moment: datetime) -> datetime:
    """The moment on the clock of the sites."""
    return moment.astimezone(ZoneInfo(ZONE))
