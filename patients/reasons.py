"""Why two registrations may be of one person, in words for whoever stands before that person."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.rules.matching import Bears, Born, Comparison, Name, Other


@dataclass(frozen=True)
class Reasons:
    """Sentences without a capital and a stop, to be joined."""

    agrees: list[Any]
    differs: list[Any]


GIVEN_WORDS = {
    Name.SAME: _("same given name"),
    Name.PART: _("one has more given names"),
    Name.KNOWN_FORM: _("given name is another form of the same"),
    Name.ALIKE: _("given name differs by a letter or two"),
    Name.SHARES_A_WORD: _("some given names are the same"),
}
FAMILY_WORDS = {
    Name.SAME: _("same family name"),
    Name.PART: _("one has more family names"),
    Name.KNOWN_FORM: _("family name is shortened"),
    Name.ALIKE: _("family name differs by a letter or two"),
    Name.SHARES_A_WORD: _("part of the family name is the same"),
}
BORN_WORDS = {
    Born.SAME: _("same date of birth"),
    Born.SWAPPED: _("day and month of birth changed places"),
    Born.SLIP: _("date of birth differs by a digit"),
    Born.PARTLY: _("date of birth fits in part"),
}
NAME_WORDS = {
    Bears.AT_BIRTH: _("by the name at birth"),
    Bears.BEFORE: _("by a former name"),
    Bears.BESIDES: _("by a name they are also known as"),
}
SAME_WORDS = {
    "phone": (_("same phone"), _("phone differs by a digit"), _("another phone")),
    "email": (_("same e-mail"), _("e-mail almost the same"), _("another e-mail")),
    "line": (_("same address"), _("address almost the same"), _("another address")),
    "identifier": (_("same number"), _("number differs by a digit"), _("another number")),
}


def reasons(compared: Comparison) -> Reasons:
    """What agrees and what differs, what says most first."""
    agrees: list[Any]
    if compared.names_swapped:
        agrees = [_("given and family name changed places")]
    else:
        agrees = [GIVEN_WORDS.get(compared.given), FAMILY_WORDS.get(compared.family)]
    agrees = [BORN_WORDS.get(compared.born), *agrees, NAME_WORDS.get(compared.name)]
    differs: list[Any] = [
        compared.born in (Born.DIFFERS, Born.HARDLY) and _("another date of birth"),
        not compared.names_swapped and compared.given == Name.DIFFERS and _("another given name"),
        not compared.names_swapped and compared.family == Name.DIFFERS and _("another family name"),
        compared.suffix == Other.DIFFERS and _("Junior and Senior"),
        compared.sex == Other.DIFFERS and _("another sex"),
    ]
    for name, (same, near, other) in SAME_WORDS.items():
        level = getattr(compared, name)
        agrees += [same] if level == Other.SAME else [near] if level == Other.NEAR else []
        differs += [other] if level == Other.DIFFERS else []
    return Reasons([words for words in agrees if words], [words for words in differs if words])
