"""One look at a served version, in the few fields that a timeline shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.records.fields import Fields
from dashboard.records.json_files import UnreadableError, read_object

MAX_LOOK = 16 * 2**20
VERDICTS = ("alarm", "nothing", "too early")
UNREADABLE = "unreadable"
STATES = ("alarm", "differs", "differs little", "too early", "same")
"""What a comparison may come to, what deserves attention first."""


@dataclass(frozen=True)
class Cell:
    """The comparison of one feature or output that deserves most attention."""

    state: str
    test: str
    severity: float | None
    """Its effect, as a multiple of that from which it is an alarm."""


@dataclass(frozen=True)
class Metric:
    """A metric of what was served, by the labels that had come, or an estimate of it."""

    name: str
    slice: str
    estimate: bool
    state: str
    rows: float | None
    reference: float | None
    served: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Look:
    """A point of the timeline. Times are seconds since 1970; what is not known is None or empty."""

    file: str
    verdict: str
    problem: str = ""
    """What is wrong with the file, in words."""
    time: float | None = None
    number: float | None = None
    headline: str = ""
    rows: float | None = None
    requests: float | None = None
    refused: float | None = None
    failed: float | None = None
    alarms: tuple[str, ...] = ()
    """The names of what raised it, at most 5."""
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    """By subject and name."""
    metrics: tuple[Metric, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The point as a page receives it, without cells and metrics."""
        left_out = ("cells", "metrics")
        kept = {key: value for key, value in self.__dict__.items() if key not in left_out}
        return {**kept, "alarms": list(self.alarms)}


def read(path: Path) -> Look:
    """A look; never fails, as a file that cannot be read is a look that says so."""
    try:
        record = Fields(read_object(path, MAX_LOOK))
    except (OSError, UnreadableError) as error:
        problem = str(error) if isinstance(error, UnreadableError) else f"{path.name} is gone"
        return Look(path.name, UNREADABLE, problem)
    verdict = record.text("verdict")
    if verdict not in VERDICTS:
        record.problems.append(f"verdict: received {verdict!r:.60}")
        verdict = UNREADABLE
    findings = record.parts("findings")
    cells = _cells(findings)
    alarms = (name or subject for (subject, name), cell in cells.items() if cell.state == "alarm")
    return Look(
        file=path.name,
        verdict=verdict,
        time=record.time("time"),
        number=record.number("number"),
        headline=record.text("headline")[:500],
        rows=record.number("rows"),
        requests=record.number("requests"),
        refused=record.number("refused"),
        failed=record.number("failed"),
        alarms=tuple(alarms)[:5],
        cells=cells,
        metrics=tuple(_metric(one) for one in findings if one.text("subject") == "metric"),
        problem="; ".join(record.problems[:3]),
    )


def _cells(findings: list[Fields]) -> dict[tuple[str, str], Cell]:
    worst: dict[tuple[str, str], Cell] = {}
    for one in findings:
        effect, matters_from = one.number("effect"), one.number("matters_from")
        severity = effect / matters_from if effect is not None and matters_from else None
        cell = Cell(_state(one), one.text("test"), severity)
        key = one.text("subject"), one.text("name")
        before = worst.get(key)
        if before is None or _attention(cell) < _attention(before):
            worst[key] = cell
    return worst


def _state(finding: Fields) -> str:
    verdict = finding.text("verdict")
    if verdict == "differs" and finding.truth("counts") is not False:
        return "alarm"
    return verdict if verdict in STATES else "same"


def _attention(cell: Cell) -> tuple[int, float]:
    return STATES.index(cell.state), -(cell.severity or 0.0)


def _metric(finding: Fields) -> Metric:
    return Metric(
        name=finding.text("name"),
        slice=finding.text("slice"),
        estimate=finding.text("test") == "estimate",
        state=_state(finding),
        rows=finding.number("rows"),
        reference=finding.number("reference"),
        served=finding.number("served"),
        low=finding.number("low"),
        high=finding.number("high"),
    )
