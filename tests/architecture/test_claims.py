"""Claims have one way in and one way out; everything else about bookings leans on that."""

import re

import pytest

from tests.architecture.tree import PACKAGES, ROOT, files, name

WRITES = re.compile(
    r"(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|COPY)\s+\"?scheduling_(time|patient)claim", re.IGNORECASE
)
MANAGERS = re.compile(
    r"(Time|Patient)Claim(\._default_manager|\.objects)[^\n]*\.(create|bulk_create|get_or_create|update_or_create|"
    r"update|bulk_update|delete)\("
)
MADE = re.compile(r"\b(Time|Patient)Claim\([a-z_]+=")
CLAIMS = "scheduling/actions/claims.py"


def ours():
    return [path for path in files(*PACKAGES, suffix=".py") if "migrations" not in path.parts]


@pytest.mark.bug(6)
def test_one_module_alone_writes_claims():
    for path in ours():
        text = path.read_text()
        found = [pattern.search(text) for pattern in (WRITES, MANAGERS, MADE)]
        if name(path) != CLAIMS:
            assert not any(found), f"{name(path)}: claims are made by claim_times and ended by release_claims alone."


@pytest.mark.bug(6)
def test_one_function_claims_and_one_releases():
    text = (ROOT / CLAIMS).read_text()
    functions = {part.split("(")[0]: part for part in text.split("\ndef ")[1:]}
    assert [made for made, body in functions.items() if "CLAIM," in body or "CLAIM_PATIENT," in body] == ["claim_times"]
    assert [ended for ended, body in functions.items() if "release_claims(%s" in body] == ["release_claims"]
    assert len(WRITES.findall(text)) == 2
    assert text.count("ON CONFLICT DO NOTHING RETURNING id") == 2


def test_the_booking_never_asks_the_cache():
    for path in files("scheduling/actions", suffix=".py"):
        if path.name != "forgetting.py":
            text = path.read_text()
            assert "cached" not in text, f"{name(path)}: a booking asks the database alone."
            assert " free_times" not in text, f"{name(path)}: free_times reads the cache; ask time_is."


def test_this_test_sees_what_it_is_for():
    assert WRITES.search("INSERT INTO scheduling_timeclaim (id)")
    assert WRITES.search('delete from "scheduling_patientclaim"')
    assert MANAGERS.search("TimeClaim.objects.filter(pk=1).delete()")
    assert MADE.search("TimeClaim(resource=x).save()")
