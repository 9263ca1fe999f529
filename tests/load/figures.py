"""What was measured, as figures: exact percentiles of all samples, processor time a request, budgets held or missed."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.load.driver import Sample, Taken


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the samples does not exceed (nearest rank); 0.0 of none."""
    if not ordered:
        return 0.0
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


@dataclass
class Kind:
    """Times are milliseconds; `kb` is kilobytes on the wire per answer, compressed where the server compresses."""

    requests: int
    p50: float
    p95: float
    p99: float
    slowest: float
    first_byte_p95: float
    kb: float

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "Kind":
        """Of the samples without an error."""
        good = [sample for sample in samples if not sample.error]
        whole = sorted(1000 * sample.seconds for sample in good)
        first = sorted(1000 * sample.first_byte for sample in good)
        return cls(
            requests=len(good),
            p50=round(percentile(whole, 0.50), 2),
            p95=round(percentile(whole, 0.95), 2),
            p99=round(percentile(whole, 0.99), 2),
            slowest=round(whole[-1], 2) if whole else 0.0,
            first_byte_p95=round(percentile(first, 0.95), 2),
            kb=round(sum(sample.size for sample in good) / len(good) / 1000, 1) if good else 0.0,
        )


@dataclass
class Run:
    """One load on one thing. `cpu` is milliseconds of processor time per good answer, by part of the system; the part
    `elsewhere` is what else ran on this machine, in cores."""

    what: str
    clients: int
    seconds: float
    warm_up: float
    rate: float
    total: Kind
    errors: dict[str, int]
    cpu: dict[str, float]
    elsewhere: float
    kinds: dict[str, Kind] = field(default_factory=dict)

    @property
    def error_count(self) -> int:
        return sum(self.errors.values())

    @classmethod
    def of(cls, what: str, clients: int, warm_up: float, taken: Taken, used: dict[str, float]) -> "Run":
        """`used` is seconds of processor time between warm-up and end."""
        total = Kind.of(taken.samples)
        names = sorted({sample.kind for sample in taken.samples if sample.kind})
        machine = used.pop("machine", 0.0)
        return cls(
            what=what,
            clients=clients,
            seconds=round(taken.seconds, 1),
            warm_up=round(warm_up, 1),
            rate=round(taken.in_time / taken.seconds, 1),
            total=total,
            errors=dict(Counter(_cause(sample) for sample in taken.samples if sample.error)),
            cpu={part: round(1000 * value / max(total.requests, 1), 3) for part, value in used.items()},
            elsewhere=round(max(machine - sum(used.values()), 0.0) / taken.seconds, 2),
            kinds={name: Kind.of([sample for sample in taken.samples if sample.kind == name]) for name in names},
        )


def _cause(sample: Sample) -> str:
    return f"{sample.kind} {sample.error}".strip()


@dataclass
class Budget:
    """What DESIGN.md allows, and what was measured. `at_least` where more is better."""

    what: str
    measured: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def held(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def line(self) -> str:
        word, bound = "held  " if self.held else "MISSED", "at least" if self.at_least else "at most"
        return f"{word}  {self.what}: {self.measured:g}{self.unit}, {bound} {self.limit:g}{self.unit}"


@dataclass
class Report:
    """All that one script found out; the first run is the one its name stands for."""

    name: str
    title: str
    machine: dict[str, Any]
    data: dict[str, int]
    runs: list[Run] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(budget.held for budget in self.budgets)

    def as_json(self) -> dict[str, Any]:
        """Rate and percentiles of the first run stand on top, in answers a second and milliseconds."""
        top: dict[str, Any] = {"name": self.name, "title": self.title}
        if self.runs:
            first = self.runs[0]
            top |= {"clients": first.clients, "seconds": first.seconds, "rate": first.rate}
            top |= {"p50": first.total.p50, "p95": first.total.p95, "p99": first.total.p99}
            top |= {"requests": first.total.requests, "cpu_ms": first.cpu}
        top["errors"] = sum(run.error_count for run in self.runs)
        top["runs"] = [asdict(run) for run in self.runs]
        top["budgets"] = [asdict(budget) | {"held": budget.held} for budget in self.budgets]
        return top | {"facts": self.facts, "passed": self.passed, "machine": self.machine, "data": self.data}

    def lines(self) -> Iterable[str]:
        yield f"{self.name}: {self.title}"
        for run in self.runs:
            yield from run_lines(run)
        for name, value in self.facts.items():
            yield f"  {name}: {value}"
        for budget in self.budgets:
            yield f"  {budget.line()}"
        machine = self.machine
        yield (
            f"  machine: {machine['cores']} cores, {machine['cpu']}, {machine['memory_gb']} GB,"
            f" PostgreSQL {machine['postgresql']}, Python {machine['python']}, commit {machine['commit']}"
        )
        yield f"  data: {', '.join(f'{count:,} {name}' for name, count in self.data.items())}"


def run_lines(run: Run) -> Iterable[str]:
    yield (f"  {run.what}: {run.clients} clients for {run.seconds:g} s after {run.warm_up:g} s of warm-up, not counted")
    yield f"    rate {run.rate:g}/s   {_times(run.total)}   {run.total.kb:g} kB"
    for name, kind in run.kinds.items():
        if len(run.kinds) > 1:
            yield f"      {name:<16} {kind.requests:>6}   {_times(kind)}   {kind.kb:g} kB"
    yield f"    errors: {', '.join(f'{count} × {cause}' for cause, count in run.errors.items()) or 'none'}"
    used = ", ".join(f"{part} {value:g} ms" for part, value in run.cpu.items())
    yield f"    processor time a request: {used}; elsewhere on this machine {run.elsewhere:g} cores"


def _times(kind: Kind) -> str:
    return f"p50 {kind.p50:g}   p95 {kind.p95:g}   p99 {kind.p99:g}   max {kind.slowest:g} ms"


# == The table of docs/performance.md ==
def table(reports: Iterable[dict[str, Any]]) -> str:
    """Markdown, one line a budget, from what `bench --json` wrote."""
    lines = ["| Bench | Budget | Measured | Held | Data, machine |", "|--|--|--|--|--|"]
    for report in reports:
        machine = report["machine"]
        where = f"{report['data'].get('patients', 0):,} patients; {machine['cores']} cores, {machine['commit']}"
        for budget in report["budgets"]:
            bound = "≥" if budget["at_least"] else "≤"
            limit, measured = (f"{budget[key]:g}{budget['unit']}" for key in ("limit", "measured"))
            held = "yes" if budget["held"] else "**no**"
            lines.append(f"| {report['name']} | {budget['what']} {bound} {limit} | {measured} | {held} | {where} |")
    return "\n".join(lines)
