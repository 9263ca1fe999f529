"""What somebody is allergic to, in the words people write it in, as terms that rules speak of."""

import re
import unicodedata
from collections.abc import Mapping

# Classes as patients and nurses name them.
CLASS_WORDS = {
    "ace inhibitor": "ace_inhibitor",
    "aminoglycoside": "aminoglycoside",
    "azole": "azole",
    "azole antifungal": "azole",
    "benzodiazepine": "benzodiazepine",
    "cephalosporin": "cephalosporin",
    "cephalosporin antibiotic": "cephalosporin",
    "ergot": "ergot",
    "fluoroquinolone": "fluoroquinolone",
    "quinolone": "fluoroquinolone",
    "macrolide": "macrolide",
    "macrolide antibiotic": "macrolide",
    "nsaid": "nsaid",
    "non-steroidal anti-inflammatory drug": "nsaid",
    "nonsteroidal anti-inflammatory drug": "nsaid",
    "anti-inflammatory": "nsaid",
    "opiate": "morphinan_opioid",
    "opioid": "morphinan_opioid",
    "penicillin": "penicillin",
    "penicillin antibiotic": "penicillin",
    "pcn": "penicillin",
    "proton pump inhibitor": "ppi",
    "salicylate": "nsaid",
    "statin": "statin",
    "sulfa": "sulfonamide_antibiotic",
    "sulfa drug": "sulfonamide_antibiotic",
    "sulfa antibiotic": "sulfonamide_antibiotic",
    "sulfonamide": "sulfonamide_antibiotic",
    "sulfonamide antibiotic": "sulfonamide_antibiotic",
    "sulpha": "sulfonamide_antibiotic",
    "tetracycline": "tetracycline",
    "tetracycline antibiotic": "tetracycline",
    "tricyclic": "tca",
    "tricyclic antidepressant": "tca",
}
# Known, and in none of our medicines: checked, with nothing to find.
NO_MEDICINES = frozenset(
    """
    adhesive; adhesive tape; animal dander; ant; apple; avocado; banana; bee; bee sting; bee venom; bird feather;
    brazil nut; cashew; cat; cat dander; cat hair; chlorhexidine; chocolate; cockroach; corn; cow's milk; crab; dairy;
    dairy product; dog; dog dander; dog hair; dust; dust mite; egg; egg white; eggs; fish; fragrance; garlic; gluten;
    grass; grass pollen; hay fever; hazelnut; hornet; horse; house dust; house dust mite; insect sting; kiwi; lactose;
    latex; lobster; metal; milk; mite; mold; mould; mustard; nickel; nut; oat; onion; orange; peach; peanut; pecan;
    perfume; pistachio; pollen; pork; ragweed; rubber; rye; seafood; sesame; shellfish; shrimp; soy; soya; soybean;
    strawberry; sulfite; tape; tomato; tree nut; tree pollen; walnut; wasp; wasp venom; wheat; wool
    """.replace("\n", " ").split("; ")
)
NO_MEDICINES = frozenset(" ".join(word.split()) for word in NO_MEDICINES)
AROUND = re.compile(
    r"\b(allerg(y|ies|ic)|hypersensitivity|intolerance|reaction|substance|product|drug|to|of|all|any|oral|tablets?|"
    r"capsules?|containing|hydrochloride|sodium|potassium|sulfate|\d+(\.\d+)? ?(mg|mcg|g|ml)?)\b"
)
BETWEEN = re.compile(r"\s*(?:[,;/+&]|\band\b|\bor\b)\s*")


def plain(text: str) -> str:
    """Lower case, straight apostrophes, no brackets and single spaces."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return " ".join(re.sub(r"\([^)]*\)|\[[^]]*\]", " ", text).split())


def allergen_terms(text: str, names: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """The terms that a written allergy stands for; empty for what is no medicine; None when one part is not known.

    `names` holds every ingredient, synonym and brand in lower case with its terms.
    """
    parts = [part for part in BETWEEN.split(plain(text)) if part]
    found = [_terms_of(part, names) for part in (parts if len(parts) > 1 else [plain(text)])]
    if not found or any(terms is None for terms in found):
        return None
    return frozenset().union(*(terms for terms in found if terms))


def _terms_of(part: str, names: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    bare = " ".join(AROUND.sub(" ", part).split())
    for word in (part, bare, bare.removesuffix("s"), bare.removesuffix("es")):
        if word in CLASS_WORDS:
            return frozenset({f"class:{CLASS_WORDS[word]}"})
        if word in names:
            return names[word]
        if word in NO_MEDICINES:
            return frozenset()
    return None
