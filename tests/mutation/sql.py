"""Mutants of SQL: each member of a conjunction becomes true, each of a disjunction false."""

import re
from collections.abc import Iterator

CONNECTIVE = re.compile(r"\b(AND|OR)\b")
#: What ends or begins an operand that has no parentheses of its own.
EDGE = re.compile(
    r"\b(?:AND|OR|WHERE|ON|UNION|GROUP|ORDER|OFFSET|LIMIT|JOIN|LEFT|CROSS|SELECT|FROM|THEN|ELSE|WHEN|CASE|END|RETURNING)\b|;|\$\$"
)
NEUTRAL = {"AND": "true", "OR": "false"}
SHORTER = (
    (re.compile(r"\( SELECT (app\.\w+\([^()]*\)) AS \w+\)"), r"\1"),
    (
        re.compile(
            r"\(+EXISTS \( SELECT 1 FROM patients_usergrant g WHERE (?:(?!EXISTS).)*OFFSET 0\)\)"
            r" OR \(EXISTS \( SELECT 1 FROM patients_groupgrant g WHERE (?:(?!EXISTS).)*"
            r"app\.scope_permission\('(\w+)'::text\)(?:(?!EXISTS).)*OFFSET 0\)\)\)"
        ),
        r"granted(\1)",
    ),
    (re.compile(r"(EXISTS \( SELECT 1 FROM patients_(?:user|group)grant g) WHERE .*OFFSET 0\)"), r"\1 …)"),
    (re.compile(r"::(?:text|uuid|integer)\b(?:\[\])?|::character varying\b(?:\[\])?"), ""),
)


def mutants_of(statement: str) -> Iterator[tuple[str, str]]:
    """What is left out, and the statement without it; each once."""
    seen = set()
    for found in CONNECTIVE.finditer(statement):
        neutral = NEUTRAL[found[1]]
        for start, end in (left_of(statement, found.start()), right_of(statement, found.end())):
            operand = statement[start:end].strip()
            if operand and (start, end) not in seen and operand != neutral:
                seen.add((start, end))
                yield in_short(operand, statement[:start]), f"{statement[:start]} {neutral} {statement[end:]}"


def in_short(operand: str, before: str) -> str:
    """The condition as people write it: without what PostgreSQL adds, and with the table that its `g` stands for."""
    text = " ".join(operand.split())
    for pattern, by in SHORTER:
        text = pattern.sub(by, text)
    tables = re.findall(r"FROM (\w+) g\b", before)
    return f"{text} of {tables[-1]}" if tables and re.match(r"\(*g\.", text) else text


def right_of(text: str, start: int) -> tuple[int, int]:
    depth = 0
    for place in range(start, len(text)):
        if text[place] == "(":
            depth += 1
        elif text[place] == ")":
            depth -= 1
            if depth < 0:
                return start, place
        elif depth == 0 and place > start and is_edge(text, place):
            return start, place
    return start, len(text)


def left_of(text: str, end: int) -> tuple[int, int]:
    depth = 0
    for place in range(end - 1, -1, -1):
        if text[place] == ")":
            depth += 1
        elif text[place] == "(":
            depth -= 1
            if depth < 0:
                return place + 1, end
        elif depth == 0 and (found := is_edge(text, place)):
            return found.end(), end
    return 0, end


def is_edge(text: str, place: int) -> re.Match[str] | None:
    """A word only where it begins; a sign anywhere."""
    found = EDGE.match(text, place)
    return found if found and (not found[0].isalpha() or place == 0 or not text[place - 1].isalnum()) else None
