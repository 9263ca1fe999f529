"""The command that measures the search for duplicates, on pairs made up and on those of others."""

import csv
import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from patients.synthetic.pairs import OTHERS, SAME, pairs
from tests.factories import PatientFactory
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
HEAD = ["given", "family", "birth_date", "sex", "phone", "email", "line", "postal_code", "identifier"]


def measured(**options: Any) -> dict[str, float]:
    out = StringIO()
    call_command("match_quality", json=True, stdout=out, **options)
    answer: dict[str, float] = json.loads(out.getvalue())
    return answer


def written(path: Path, *lines: tuple[dict[str, str], dict[str, str], str]) -> Path:
    file = path / "pairs.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as opened:
        writer = csv.DictWriter(opened, [f"{side}_{name}" for side in "ab" for name in HEAD] + ["label"])
        writer.writeheader()
        for one, other, label in lines:
            values = {f"a_{name}": value for name, value in one.items()}
            values |= {f"b_{name}": value for name, value in other.items()}
            writer.writerow(values | {"label": label})
    return file


@pytest.mark.parametrize("seed", [1, 7])
def test_two_thousand_pairs_hold_recall_and_precision(seed: int) -> None:
    found = measured(seed=seed)
    assert found["pairs"] == 2000
    assert found["recall"] >= 0.98
    assert found["precision"] >= 0.90


def test_the_pairs_are_the_same_for_one_seed_and_of_every_kind() -> None:
    assert list(pairs(100, 3)) == list(pairs(100, 3)) != list(pairs(100, 4))
    assert [same for *_people, same in pairs(100, 3)].count(True) == 50
    assert {kind.__name__ for kind in SAME} >= {"swapped_day_and_month", "married", "nicknamed", "without_accents"}
    assert {kind.__name__ for kind in OTHERS} >= {"twin", "parent", "namesake"}


ROSA = {"given": "Rosa", "family": "Delgado", "birth_date": "1968-03-12", "sex": "F", "phone": "(508) 555-0142"}
BOB = {"given": "Bob", "family": "Hollis", "birth_date": "3/4/1951", "sex": "M", "postal_code": "01608-1234"}


def test_pairs_of_others_are_judged_as_they_are_written(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        (ROSA, ROSA | {"given": "ROSA", "birth_date": "Mar 12, 1968", "sex": "female", "phone": "5085550142"}, "1"),
        (BOB, BOB | {"given": "Robert", "birth_date": "Mar 4 1951"}, "match"),
        (BOB, BOB | {"given": "Robert", "birth_date": "1951", "postal_code": "01608", "phone": ""}, "0"),
        (ROSA, BOB, "False"),
    )
    assert measured(pairs=file) == {"pairs": 4, "recall": 1.0, "precision": 1.0}


def test_what_was_judged_wrongly_is_named_with_the_reasons(tmp_path: Path) -> None:
    file = written(tmp_path, (ROSA, BOB, "1"), (ROSA, ROSA, "0"))
    out, told = StringIO(), StringIO()
    call_command("match_quality", pairs=file, wrong=True, stdout=out, stderr=told)
    assert out.getvalue() == "2 pairs: recall 0.0%, precision 0.0%.\n"
    missed, taken = told.getvalue().splitlines()
    assert missed.startswith("line 2: missed")
    assert "another given name" in missed
    assert taken.startswith("line 3: taken for one")
    assert "same date of birth" in taken


def test_without_any_of_one_person_nothing_was_missed(tmp_path: Path) -> None:
    assert measured(pairs=written(tmp_path, (ROSA, BOB, "no"))) == {"pairs": 1, "recall": 1.0, "precision": 1.0}


def test_a_date_that_nobody_can_read_is_none(tmp_path: Path) -> None:
    file = written(tmp_path, (ROSA | {"birth_date": "spring"}, ROSA, "1"))
    assert measured(pairs=file)["recall"] == 1.0


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="line 2: the label is neither"):
        measured(pairs=written(tmp_path, (ROSA, ROSA, "maybe")))
    with pytest.raises(CommandError, match="cannot be read"):
        measured(pairs=tmp_path / "nowhere.csv")
    with pytest.raises(CommandError, match="no pairs"):
        measured(pairs=written(tmp_path))


def test_registrations_told_again_are_found_among_the_others() -> None:
    for number, family in enumerate(("Delgado", "Hollis", "Osei", "Fontaine", "Baptiste", "Abernathy")):
        PatientFactory(
            given_name=("Rosa", "Edmund", "Ama", "Elise", "Claire", "Walter")[number],
            family_name=family,
            birth_date=date(1950 + 7 * number, 3, 4 + number),
            phone=f"+1508555014{number}",
        )
    with taking_role("worker"):
        found = measured(hidden=6, seed=2)
        out = StringIO()
        call_command("match_quality", hidden=3, stdout=out)
    assert (found["searched"], found["found"]) == (6, 1.0)
    assert found["shown"] <= 3
    assert out.getvalue().startswith("3 searched: 100.0% found")


def test_without_patients_there_is_nobody_to_search_for() -> None:
    with taking_role("worker"), pytest.raises(CommandError, match="no patients"):
        measured(hidden=5)
