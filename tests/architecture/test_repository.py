"""What stands where, and what may stand nowhere."""

import ast
import re

import pytest

from tests.architecture.tree import GROUND, JOURNEY, ROOT, TEXT, files, name, parsed, sources

TOP = {
    "manage.py", "healthcare", *JOURNEY, "templates", "static", "tests", "docs", "docker-compose.yml",
    "pyproject.toml", "README.md", "requirements", "Dockerfile",
}  # fmt: skip
REQUIRED = TOP - {"Dockerfile"}
ROOMS_WITHOUT_SUBJECT = {"core", "utils", "util", "common", "helpers", "helper", "misc", "services"}
MACHINE_PATH = re.compile(r"(?<![\w.{}$<-])/(ro" r"ot|ho" r"me/\w+|wo" r"rk|Us" r"ers/\w+)/")
INDEX = re.compile(
    r"py" r"pi\.org|python" r"hosted|--index" r"-url|--extra" r"-index|--find" r"-links|artifac" r"tory", re.IGNORECASE
)
TOOLS = re.compile(r"\b(clau" r"de|anth" r"ropic|copi" r"lot|chat" r"gpt|open" r"ai)\b", re.IGNORECASE)
UNMERGED = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
UNDONE = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def readable():
    return [path for path in files() if path.suffix in TEXT and path.stat().st_size < 2_000_000]


def test_the_top_level_is_the_one_of_the_design():
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"__pycache__"}
    assert found <= TOP, f"The top level is settled in the map (docs/map.md); find a room for {sorted(found - TOP)}."
    assert found >= REQUIRED, f"Missing at the top level: {sorted(REQUIRED - found)}."


def test_the_ground_floor_has_its_packages():
    found = {path.name for path in (ROOT / "healthcare").iterdir() if (path / "__init__.py").exists()}
    assert found - {"settings"} == set(GROUND), "The ground floor's packages are settled in docs/map.md."


@pytest.mark.parametrize("package", [*JOURNEY, *(f"healthcare/{part}" for part in GROUND)])
def test_every_package_says_what_question_it_answers(package):
    docstring = ast.get_docstring(parsed(ROOT / package / "__init__.py")) or ""
    assert "?" in docstring.splitlines()[0] if docstring else False, (
        f"{package}/__init__.py begins with the question that the package answers, in about three lines."
    )
    assert len(docstring.splitlines()) <= 6, f"{package}/__init__.py says it in about three lines."


def test_no_room_is_without_a_subject():
    for path in sources("tests", *JOURNEY, "healthcare"):
        parts = set(path.relative_to(ROOT).with_suffix("").parts)
        assert not parts & ROOMS_WITHOUT_SUBJECT, f"{name(path)}: name the room after what it is about."


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        (MACHINE_PATH, "holds a path of some machine; say it relative to the repository or by a setting"),
        (INDEX, "names a package index; locks carry names and hashes alone"),
        (TOOLS, "names a tool that has no place in the product"),
        (UNMERGED, "holds both sides of a merge; choose"),
        (UNDONE, "leaves a note of unfinished work; finish it, or open an issue"),
    ],
    ids=["paths", "indexes", "tools", "unmerged", "unfinished"],
)
def test_nothing_stands_in_the_repository_that_must_not(pattern, rule):
    found = [
        f"{name(path)}:{text.count(chr(10), 0, hit.start()) + 1} {hit[0]}"
        for path in readable()
        for text in [path.read_text(errors="replace")]
        for hit in pattern.finditer(text)
    ]
    assert not found, f"A file {rule}: {found[:10]}"


def test_locks_hold_names_and_hashes_alone():
    for lock in files("requirements"):
        assert "://" not in lock.read_text(), f"{name(lock)} holds an address."


def test_log_messages_are_constant():
    """What is filled in is an id or a count and stands in `extra`; a name in a message would stay in the log."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    for path in sources():
        for node in ast.walk(parsed(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in levels):
                continue
            if ast.unparse(node.func.value).split(".")[-1] in {"logger", "log", "logging", "_logger", "requests"}:
                assert isinstance((*node.args, None)[0], ast.Constant), (
                    f"{name(path)}:{node.lineno}: a constant message, and ids in extra={{…}}."
                )


def test_every_dependency_says_why_it_is_here():
    inside = False
    for line in (ROOT / "pyproject.toml").read_text().splitlines():
        inside = (inside or line.endswith("= [")) and line != "]"
        if (
            inside
            and re.match(r'    "[a-z]', line)
            and re.search(r"[~=]=|^    \"pytest|^    \"[a-z-]+(\[.*\])?\",", line)
        ):
            assert "# " in line, f"pyproject.toml: say why this is here: {line.strip()}"


def test_one_word_finds_the_whole_slice_of_a_verb():
    """URL name, view, form, verb, fact, template and test of `register` all carry the word."""
    slice_of = {
        "URL name": (["patients/urls.py"], r'name="register"'),
        "view": (["patients/views.py", "patients/views/*.py"], r"def register\b|class Register\w*\("),
        "form": (["patients/forms.py", "patients/forms/*.py"], r"class RegisterForm\b"),
        "verb": (["patients/actions.py", "patients/actions/*.py"], r"def register_patient\b"),
        "fact": (["patients/events.py"], r"class PatientRegistered\b"),
    }
    for what, (globs, pattern) in slice_of.items():
        text = "".join(path.read_text() for glob in globs for path in ROOT.glob(glob))
        assert re.search(pattern, text), f"The {what} of the verb is not named after it: {pattern} in {globs[0]}."
    assert (ROOT / "templates/patients/register.html").exists(), "The page is templates/patients/register.html."
    assert (ROOT / "tests/patients/test_register.py").exists(), "The test is tests/patients/test_register.py."


@pytest.mark.parametrize("page", list(files("docs", suffix=".md")), ids=name)
def test_the_documents_name_files_that_exist(page):
    text = page.read_text()
    for mentioned in set(re.findall(r"`?\b((?:tests|patients|templates)/[\w/]+\.(?:py|html))\b", text)):
        assert (ROOT / mentioned).exists(), f"{name(page)} names {mentioned}, which is not there."
    for target in set(re.findall(r"\]\((?!https?:)([^)#]+)\)", text)):
        assert (page.parent / target).exists(), f"{name(page)} leads to {target}, which is not there."


def test_decisions_are_numbered_and_at_most_a_page():
    notes = sorted(files("docs/decisions", suffix=".md"))
    assert [int(note.name[:4]) for note in notes] == list(range(1, len(notes) + 1)), "Number decisions without gaps."
    assert not [name(note) for note in notes if len(note.read_text()) > 4_500], "A decision is at most a page."
