"""Pairs of registrations, invented: one person told twice, with what goes wrong at desks, or two who only seem one."""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from patients.rules.matching import Person, forms_of
from patients.synthetic.copying import Keys
from patients.synthetic.plan import words

WOMEN = words(
    """Maria Elizabeth Patricia Jennifer Linda Susan Margaret Dorothy Catherine Deborah Rebecca Sandra Christina
    Victoria Theresa Amanda Kimberly Melissa Stephanie Jacqueline Abigail Josefina Guadalupe Zoë Renée Chloé
    Anaïs Małgorzata Željka Søren Ingeborg Thuỳ Fatima Aisha Priya Mei Olena Yuki Siobhán Inés Beatriz
    Franziska Agnieszka Charlotte Eleanor Gabriela Valentina Ximena Latoya Precious Kehinde"""
)
MEN = words(
    """Robert William James Richard Michael Thomas Charles Christopher Daniel Matthew Anthony Joseph Edward
    Alexander Benjamin Nicholas Timothy Jonathan Lawrence Gregory Samuel Patrick Frederick Kenneth Andrew
    José François Jürgen Łukasz Søren Björn Håkon Mustafa Rahul Dmitri Nguyên Kwame Hiroshi Seán Raúl Andrés
    Günther Stanisław Muhammad Tyrone Jamal Zachary Leonard Theodore Walter Vincent Emmanuel"""
)
FAMILIES = words(
    """Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson White Harris
    Thompson Clark Lewis Robinson Walker Young King Wright Hill Scott Green Baker Nelson Carter Mitchell
    Roberts García Rodríguez Martínez Hernández López González Pérez Sánchez Ramírez Núñez Peña Müller
    Schröder Weiß Gößling Kowalski Wiśniewski Dąbrowski Nowak Nguyễn Trần Phạm Kim Park Chen Wang Patel Singh
    Sharma Khan Hussain O'Brien O'Connor McDonald MacLeod D'Angelo Di-Stefano Østergård Ångström Björklund
    Çelik Yılmaz Čapek Dvořák Novák Petrović Popescu Ionescu Silva Santos Araújo Oliveira Ferreira Achebe
    Okafor Mensah Diallo Haddad Khoury Cohen Goldberg Rossi Esposito Fitzgerald Featherstonhaugh Abernathy
    Blankenship Castellanos Delacroix Eisenhower Fairweather Grzybowski Hollingsworth"""
)
STREETS = words("Elm_Street Maple_Avenue Mill_Road Pine_Street Grove_Lane Orchard_Drive Highland_Street Park_Avenue")
ZIPS = words("01608 01702 01545 01520 01501 01760 01757 01752 01453 01420 01440 01581")
NEARBY = {
    "a": "sqz",
    "e": "wrd",
    "i": "uok",
    "o": "ipl",
    "n": "bm",
    "r": "et",
    "s": "ad",
    "t": "ry",
    "l": "k",
    "m": "n",
}
Change = Callable[[Keys, Person], Person]


# == What goes wrong with one person ==
def slip(chance: Keys, word: str) -> str:
    """A letter left out, doubled, hit beside, or changed with its neighbour; the first is seldom wrong."""
    if len(word) < 4:
        return word + word[-1]
    place = chance.randrange(1, len(word) - 1)
    here, after = word[place], word[place + 1]
    wrong = (after + here, "", here + here, chance.choice(NEARBY.get(here.lower(), "xv")))
    kind = chance.randrange(4)
    rest = word[place + 2 :] if kind == 0 else word[place + 1 :]
    return word[:place] + wrong[kind] + rest


def typed_given(chance: Keys, person: Person) -> Person:
    return replace(person, given_name=slip(chance, person.given_name))


def typed_family(chance: Keys, person: Person) -> Person:
    return replace(person, family_name=slip(chance, person.family_name))


def swapped_day_and_month(chance: Keys, person: Person) -> Person:
    born = person.birth_date or date(1970, 5, 3)
    return replace(person, birth_date=born.replace(day=born.month, month=born.day) if born.day <= 12 else born)


def mistyped_birth(chance: Keys, person: Person) -> Person:
    """One digit of the date, another that there is."""
    born = person.birth_date or date(1970, 5, 3)
    text = f"{born:%Y%m%d}"
    while True:
        place = chance.choice((3, 3, 5, 6, 7, 7))
        wrong = text[:place] + str(chance.randrange(10)) + text[place + 1 :]
        try:
            found = date(int(wrong[:4]), int(wrong[4:6]), int(wrong[6:]))
        except ValueError:
            continue
        if found != born:
            return replace(person, birth_date=found)


def married(chance: Keys, person: Person) -> Person:
    """Another family name, and often another home."""
    person = replace(person, family_name=chance.choice([name for name in FAMILIES if name != person.family_name]))
    return moved(chance, person) if chance.random() < 0.4 else person


def hyphenated(chance: Keys, person: Person) -> Person:
    return replace(person, family_name=f"{person.family_name}{chance.choice('- ')}{chance.choice(FAMILIES)}")


def nicknamed(chance: Keys, person: Person) -> Person:
    first = person.given_name.split()[0]
    forms = [form for form in forms_of([plain(first).casefold()]) if form != plain(first).casefold()]
    return replace(person, given_name=chance.choice(forms).title()) if forms else typed_given(chance, person)


def without_accents(chance: Keys, person: Person) -> Person:
    return replace(person, given_name=plain(person.given_name), family_name=plain(person.family_name))


def plain(text: str) -> str:
    text = text.replace("ß", "ss").translate(str.maketrans("łŁøØıđ", "lLoOid"))
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def in_german(chance: Keys, person: Person) -> Person:
    table = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "Ø": "Oe", "Å": "Aa"})
    return replace(
        person, given_name=person.given_name.translate(table), family_name=person.family_name.translate(table)
    )


def names_changed_places(chance: Keys, person: Person) -> Person:
    return replace(person, given_name=person.family_name, family_name=person.given_name)


def with_middle_name(chance: Keys, person: Person) -> Person:
    middle = chance.choice(WOMEN if person.sex == "female" else MEN)
    return replace(person, given_name=f"{person.given_name} {chance.choice((middle, middle[0], middle[0] + '.'))}")


def by_initial(chance: Keys, person: Person) -> Person:
    return replace(person, given_name=person.given_name[0])


def in_capitals(chance: Keys, person: Person) -> Person:
    return replace(person, given_name=person.given_name.upper(), family_name=person.family_name.upper())


def moved(chance: Keys, person: Person) -> Person:
    return replace(person, line=a_line(chance), postal_code=chance.choice(ZIPS))


def new_phone(chance: Keys, person: Person) -> Person:
    return replace(person, phone=a_phone(chance))


def sparse(chance: Keys, person: Person) -> Person:
    """A second desk asked for less."""
    left_out = chance.sample(("phone", "email", "line", "postal_code", "sex", "identifier"), chance.randrange(2, 6))
    nothing: dict[str, Any] = dict.fromkeys(left_out, "")
    return replace(person, **nothing)


SAME: tuple[Change, ...] = (
    *(typed_given, typed_family, typed_family, swapped_day_and_month, mistyped_birth, married, hyphenated, nicknamed),
    *(without_accents, in_german, names_changed_places, with_middle_name, by_initial, in_capitals, moved, new_phone),
)


# == Two who only seem one ==
def twin(chance: Keys, person: Person) -> Person:
    return relative(chance, person, born=person.birth_date)


def parent(chance: Keys, person: Person) -> Person:
    """The same name, a generation apart, under one roof; sometimes the same birthday."""
    born = person.birth_date or date(1970, 5, 3)
    years = chance.randrange(18, 41)
    day = born.day if born.day < 29 else 28
    earlier = (
        born.replace(year=born.year - years, day=day) if chance.random() < 0.2 else born - DAY * int(years * 365.3)
    )
    named = chance.random()
    return replace(
        person,
        given_name=person.given_name + (" Sr" if named < 0.3 else ""),
        birth_date=earlier,
        identifier=a_number(chance),
        email=an_email(chance, person) if chance.random() < 0.7 else person.email,
    )


def sibling(chance: Keys, person: Person) -> Person:
    born = person.birth_date or date(1970, 5, 3)
    return relative(chance, person, born=born + DAY * chance.choice((-1, 1)) * chance.randrange(330, 2500))


def relative(chance: Keys, person: Person, *, born: date | None) -> Person:
    sex = chance.choice(("female", "male"))
    names = [name for name in (WOMEN if sex == "female" else MEN) if name != person.given_name]
    email = chance.choice((person.email, "", an_email(chance, person)))
    given = chance.choice(names)
    return replace(person, given_name=given, sex=sex, birth_date=born, identifier=a_number(chance), email=email)


def spouse(chance: Keys, person: Person) -> Person:
    born = (person.birth_date or date(1970, 5, 3)) + DAY * chance.randrange(-2500, 2500)
    return relative(chance, person, born=born)


def namesake(chance: Keys, person: Person) -> Person:
    """The same name, another person altogether."""
    other = somebody(chance)
    return replace(other, given_name=person.given_name, family_name=person.family_name, sex=person.sex)


def born_the_same_day(chance: Keys, person: Person) -> Person:
    """Another person of the same birthday, half of them with the family name too."""
    other = replace(somebody(chance), birth_date=person.birth_date)
    return replace(other, family_name=person.family_name) if chance.random() < 0.5 else other


def twice_the_same(chance: Keys, person: Person) -> Person:
    """Name and birthday the same, and nothing else: it happens with names that thousands bear."""
    return replace(namesake(chance, person), birth_date=person.birth_date)


OTHERS: tuple[Change, ...] = (twin, twin, parent, parent, sibling, spouse, namesake, born_the_same_day)
DAY = timedelta(days=1)


# == People ==
def somebody(chance: Keys) -> Person:
    sex = chance.choice(("female", "male"))
    person = Person(
        given_name=chance.choice(WOMEN if sex == "female" else MEN),
        family_name=chance.choice(FAMILIES),
        birth_date=date(1930, 1, 1) + DAY * chance.randrange(34_000),
        sex=sex,
        phone=a_phone(chance),
        line=a_line(chance),
        postal_code=chance.choice(ZIPS),
        identifier=a_number(chance) if chance.random() < 0.5 else "",
    )
    return replace(person, email=an_email(chance, person) if chance.random() < 0.7 else "")


def a_phone(chance: Keys) -> str:
    return f"+1508{chance.randrange(200, 999)}{chance.randrange(10_000):04}"


def a_line(chance: Keys) -> str:
    return f"{chance.randrange(1, 900)} {chance.choice(STREETS).replace('_', ' ')}"


def a_number(chance: Keys) -> str:
    return f"{chance.choice('ABCDEFGH')}{chance.randrange(10_000_000, 99_999_999)}"


def an_email(chance: Keys, person: Person) -> str:
    name = plain(f"{person.given_name}.{person.family_name}").lower().replace(" ", "").replace("'", "")
    return f"{name}{chance.randrange(1000)}@mail.example"


def told_again(chance: Keys, person: Person) -> Person:
    """The same person at another desk: one thing wrong, often two, sometimes much left out."""
    again = chance.choice(SAME)(chance, person)
    if chance.random() < 0.4:
        again = chance.choice((new_phone, moved, typed_family, in_capitals, mistyped_birth))(chance, again)
    return sparse(chance, again) if chance.random() < 0.2 else again


def pairs(count: int, seed: int) -> Iterator[tuple[Person, Person, bool]]:
    """So many pairs, half of them one person; the same for one seed. Every fiftieth stranger agrees by chance alone."""
    chance = Keys(f"{seed}:pairs")
    for number in range(count):
        person = somebody(chance)
        if number % 2 == 0:
            yield person, told_again(chance, person), True
        elif number % 50 == 1:
            yield person, twice_the_same(chance, person), False
        else:
            yield person, chance.choice(OTHERS)(chance, person), False
