"""Which substances are in a medicine that another system names in its own words. Nothing is guessed: what is not
recognised is said to be so, and is then neither safe nor unsafe."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from prescriptions.rules.allergens import plain
from prescriptions.rules.safety import Substance

# Between the ingredients of one medicine; the strokes of a strength ("1 MG/ML") stand without space.
BETWEEN = re.compile(r"\s+/\s+|\s*[,;+&]\s*|\s+(?:and|with)\s+")
WORD = re.compile(r"[^\W\d_][\w'-]*")
NUMBERED = re.compile(r"\b(?:nda|anda|bla)\d+\b|\b\d[\d.,]*(?:\s*-\s*\d+)?\b")
LONGEST_NAME = 5  # words
# What stands beside a substance and is none: units, forms, routes, how it is packed and released.
PACKED_WORDS = """
mg mcg ug g kg ml l meq mmol unit units iu actuat hr h day days week weeks pack packs dose doses count percent ppm
unt mci cells vial ampule

oral tablet tablets capsule capsules caplet caplets softgel chewable disintegrating sublingual buccal lozenge film
coated delayed extended release sustained immediate modified er xr sr dr ec cr la xl ir odt solution suspension
syrup elixir liquid drops drop powder granules cream ointment gel lotion foam paste shampoo spray mucosal nasal
inhaler inhalation inhalant metered dry nebulizer nebulised aerosol patch transdermal system injection injectable
prefilled syringe pen cartridge auto injector auto-injector autoinjector intramuscular intravenous subcutaneous
intrauterine vaginal rectal suppository enema ophthalmic otic topical implant device kit for in of as the per once
twice daily by mouth only use enteric effervescent concentrate premix bag infusion strip strips
"""
# Salts and esters (USP <1121>): beside a substance they say which form of it, alone they are one.
SALT_WORDS = """
acetate aluminum anhydrous arginine benzoate besylate bitartrate bromide calcium carbonate chloride citrate decanoate
dihydrate dihydrochloride diphosphate dipropionate disodium edisylate enanthate erbumine estolate ethylsuccinate
fumarate furoate gluconate hcl hemihydrate hydrobromide hydrochloride hyclate hydroxide lactate lysine magnesium malate
maleate mesylate monohydrate mononitrate nitrate oxide palmitate pamoate phosphate potassium propionate salt salicylate
sesquihydrate sodium stearate succinate sulfate sulphate tartrate tosylate trihydrate trometamol tromethamine valerate
xinafoate zinc
"""
PACKED, SALTS = frozenset(PACKED_WORDS.split()), frozenset(SALT_WORDS.split())


@dataclass(frozen=True)
class Recognised:
    """`substances` are known; `unknown` are the words of what is in it besides and nobody here knows."""

    substances: tuple[Substance, ...] = ()
    unknown: tuple[str, ...] = ()


def recognise(text: str, names: Mapping[str, tuple[Substance, ...]]) -> Recognised:
    """`names` are ingredients, synonyms and brands in lower case, each with what is in it.

    A part is unknown where no name is in it, and where a word is left that is no name, unit, form or salt: it may be a
    second substance.
    """
    found: dict[str, Substance] = {}
    unknown: list[str] = []
    for part in BETWEEN.split(_bare(text)):
        substances, left = _read(WORD.findall(part), names)
        found |= {one.name: one for one in substances}
        beside = PACKED | SALTS if substances else PACKED
        if left := [word for word in left if word not in beside]:
            unknown.append(" ".join(left))
    return Recognised(tuple(found.values()), tuple(unknown))


def _bare(text: str) -> str:
    """Without strengths and numbers; a brand in brackets repeats what stands before it."""
    without_brand = re.sub(r"\[[^]]*\]", " ", text)
    return NUMBERED.sub(" ", plain(without_brand if without_brand.strip() else text.strip(" []")))


def _read(words: list[str], names: Mapping[str, tuple[Substance, ...]]) -> tuple[list[Substance], list[str]]:
    """Every name in these words, the longest at each place, and the words that are left."""
    found: list[Substance] = []
    left: list[str] = []
    place = 0
    while place < len(words):
        for length in range(min(LONGEST_NAME, len(words) - place), 0, -1):
            name = " ".join(words[place : place + length])
            if name in names:
                found += names[name]
                place += length
                break
        else:
            left.append(words[place])
            place += 1
    return found, left
