"""In what two runs differ: for the terminal, and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.record.liveness import status
from pipeline.record.metric_direction import badness
from pipeline.record.run_record import OVERALL, RunRecord
from pipeline.show import formatting
from pipeline.show.outcomes import OUTCOMES

_SHOWN = 0.00005
"""Differences of metrics below this cannot be seen in four decimals."""
MOST_SLICES = 12
"""Metrics of slices that the terminal lists, those first that became worse by the most."""


class Difference(BaseModel):
    """One value that two runs do not share."""

    part: Literal["run", "data", "code", "hyperparameters", "config", "environment", "metrics"]
    name: str
    """Such as `training.epochs`, or of a metric `AUC`, and of a slice's `AUC payment_type=Cash`."""
    before: Any = None
    """The first run's value; None where it has none."""
    after: Any = None
    change: float | None = None
    """Of a metric that both have: the second's less the first's."""
    verdict: Literal["better", "worse"] | None = None
    """Which of these a metric's change is, by the second run's config; None: neither, or it cannot
    be seen in four decimals."""


def differences(before: RunRecord, after: RunRecord, runs: Path) -> list[Difference]:
    """Everything that is not the same, part by part; metrics of all rows first, then slices."""
    return [
        *_of("run", _facts(before, runs), _facts(after, runs)),
        *_of("data", _data(before), _data(after)),
        *_of("code", _code(before), _code(after)),
        *_of("hyperparameters", before.hyperparameters, after.hyperparameters),
        *_of("config", _config(before), _config(after)),
        *_of("environment", before.environment, after.environment),
        *_metrics(before, after),
    ]


def diff_table(
    before: RunRecord, after: RunRecord, console: Console, runs: Path
) -> list[RenderableType]:
    """The differences as a table with a part for each kind; of many slices the worst."""
    found = differences(before, after, runs)
    if not found:
        return [Text(f"{before.id} and {after.id} differ in nothing but their time.")]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column("", overflow="fold", ratio=3)
    table.add_column(before.id, overflow="fold", ratio=3)
    table.add_column(after.id, overflow="fold", ratio=3)
    table.add_column("Change", no_wrap=True)
    sliced = [one for one in found if one.part == "metrics" and " " in one.name]
    shown = [one for one in found if one not in sliced] + _worst(sliced)[:MOST_SLICES]
    part = ""
    for one in shown:
        if one.part != part:
            table.add_row(*([Text()] if part else []), end_section=False)
            table.add_row(Text(one.part, "bold"))
            part = one.part
        style = {"better": "green", "worse": "red"}.get(one.verdict or "", "")
        said = f"{_signed(one)} {one.verdict or ''}".strip()
        table.add_row(
            Text(f"  {one.name}"), _cell(one, one.before), _cell(one, one.after), Text(said, style)
        )
    parts: list[RenderableType] = [table]
    if len(sliced) > MOST_SLICES:
        parts.append(Text(f"and {len(sliced) - MOST_SLICES} more metrics of slices", "dim"))
    return parts


def _of(part: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Difference(part=part, name=name, before=before.get(name), after=after.get(name))


def _facts(record: RunRecord, runs: Path) -> dict[str, Any]:
    return {
        "model": record.model,
        "status": OUTCOMES[status(record, runs)].label,
        "version": record.pushed_version,
        "overrides": ", ".join(record.overrides) or None,
    }


def _data(record: RunRecord) -> dict[str, Any]:
    found = record.data.model_dump(mode="json") if record.data else {}
    return found | {f"{split} rows": count for split, count in record.rows.items()}


def _code(record: RunRecord) -> dict[str, Any]:
    return {"commit": record.code.commit, "dirty": record.code.dirty, **record.code.files}


def _config(record: RunRecord) -> dict[str, Any]:
    return dict(_flat(record.config.model_dump(mode="json")))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _metrics(before: RunRecord, after: RunRecord) -> Iterator[Difference]:
    values = [
        {(one.slice, one.metric): one.value for one in run.metrics} for run in (before, after)
    ]
    first, second = values
    keys = list(dict.fromkeys([*second, *first]))
    for key in sorted(keys, key=lambda key: key[0] != OVERALL):
        if first.get(key) == second.get(key):
            continue
        where, metric = key
        name = metric if where == OVERALL else f"{metric} {where}"
        one = Difference(part="metrics", name=name, before=first.get(key), after=second.get(key))
        if one.before is not None and one.after is not None:
            one.change = one.after - one.before
            one.verdict = _verdict(after, metric, one.before, one.after)
        yield one


def _verdict(
    record: RunRecord, metric: str, before: float, after: float
) -> Literal["better", "worse"] | None:
    was, now = (badness(record.config, metric, value) for value in (before, after))
    if was is None or now is None or abs(now - was) < _SHOWN:
        return None
    return "worse" if now > was else "better"


def _worst(sliced: list[Difference]) -> list[Difference]:
    order = {"worse": 0, None: 1, "better": 2}
    return sorted(sliced, key=lambda one: (order[one.verdict], -abs(one.change or 0)))


def _cell(one: Difference, value: Any) -> Text:
    if value is None:
        return Text("none", "dim")
    if one.part == "metrics":
        return Text(formatting.metric(value, one.name.split()[0]))
    text = formatting.plain(value)
    # A hash stands for a file's content: its beginning tells it from another.
    return Text(text[:12] if one.part == "code" and one.name not in ("commit", "dirty") else text)


def _signed(one: Difference) -> str:
    if one.part != "metrics" or one.change is None:
        return ""
    return formatting.change(one.after, one.before, one.name.split()[0])
