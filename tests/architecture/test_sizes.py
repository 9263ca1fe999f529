"""Files, functions and templates that a person can hold in the head."""

import ast

from tests.architecture.tree import JOURNEY, PACKAGES, ROOT, files, functions, name, parsed, sources

FILE, FUNCTION, TEMPLATE = 400, 50, 120
GROUND_SHARE = 0.35  # of what runs in production; held to once all eight packages have verbs
TESTS_TO_CODE = 1.4


def lines(path) -> int:
    return path.read_text().count("\n") + 1


def test_no_file_is_over_400_lines():
    kept = [*sources(migrations=True), *sources("tests"), *files("static", suffix=".js"), ROOT / "manage.py"]
    long = {name(path): lines(path) for path in kept if lines(path) > FILE and "vendor" not in path.parts}
    assert not long, f"Make each a package of the same name, split by noun: {long}"


def test_no_function_is_over_50_lines():
    long = {
        f"{name(path)}:{node.lineno} {node.name}": length
        for path in [*sources(), *sources("tests")]
        for node in functions(parsed(path))
        if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION
    }
    assert not long, f"Split by what each part is for: {long}"


def test_no_template_is_over_120_lines():
    long = {name(path): lines(path) for path in files("templates", suffix=".html") if lines(path) > TEMPLATE}
    assert not long, f"Make named components of its parts: {long}"


def code(*folders: str) -> int:
    return sum(written(path) for path in sources(*folders))


def written(path) -> int:
    """Lines that are neither empty nor a comment."""
    return sum(1 for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#"))


def runs_in_production(path) -> bool:
    return "devservices" not in path.parts


def has_verbs(package: str) -> bool:
    found = [ROOT / package / "actions.py", *(ROOT / package).glob("actions/*.py")]
    return any(list(functions(parsed(path))) for path in found if path.exists())


def test_the_ground_floor_stays_a_floor(say):
    """Python and templates, as docs/decisions/0017 says: a slice is made of both."""
    product = {path: written(path) for path in [*sources(), *files("templates", suffix=".html")]}
    installed = {path: length for path, length in product.items() if runs_in_production(path)}
    slices = [ROOT / place / app for app in JOURNEY for place in ("", "templates")]
    ground = sum(
        length for path, length in installed.items() if not any(path.is_relative_to(slice_) for slice_ in slices)
    )
    share = ground / sum(installed.values())
    say(f"The ground floor holds {ground} of {sum(installed.values())} lines that run in production: {share:.1%}")
    if all(has_verbs(package) for package in JOURNEY):
        assert share <= GROUND_SHARE, "Clinical models and rules have crept into healthcare/, or too much else."


def test_tests_and_code_stand_in_proportion(say):
    ratio = code("tests") / code(*PACKAGES)
    say(f"tests : code = {ratio:.2f} : 1 (aim {TESTS_TO_CODE})")
    assert ratio > 0, "There are no tests."


def test_functions_are_short_on_the_whole(say):
    spans = sorted((node.end_lineno or 0) - node.lineno + 1 for path in sources() for node in functions(parsed(path)))
    middle = spans[len(spans) // 2]
    say(f"{len(spans)} functions, median {middle} lines")
    assert middle <= 12, "The median function aims at 7 lines."


def test_every_file_can_be_parsed():
    assert all(isinstance(parsed(path), ast.Module) for path in sources(migrations=True))
