"""What `--set` says: a column's kind, the task, the splits, and how the data is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import get_args

from models.common.errors import ConfigError, did_you_mean
from pipeline.scaffold.inference.kinds import Kind
from pipeline.scaffold.inference.splitting import Way
from pipeline.scaffold.inference.task import TASKS, TaskName

KINDS: tuple[Kind, ...] = get_args(Kind)
DATA = ("data.format", "data.delimiter", "data.encoding")
_EXPECTED = (
    f"COLUMN=KIND, of which KIND is one of {', '.join(KINDS)}; task=TASK, one of "
    f"{', '.join(TASKS)}; splits=rows, splits.by=COLUMN or splits.time=COLUMN; "
    f"{', '.join(f'{key}=...' for key in DATA)}"
)


@dataclass(frozen=True)
class Settings:
    """What somebody said of a table."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    task: TaskName | None = None
    split: tuple[Way, str] | None = None
    """How rows are split, and by which column."""
    data: dict[str, str] = field(default_factory=dict)
    """`format`, `delimiter` and `encoding`."""


def parse(given: Sequence[str]) -> Settings:
    """Reads `--set` options.

    The name of a column may have `=` in it. A kind is never a task's name, so a column may be
    called `task`, too.

    Raises:
        ConfigError: One says nothing that is known.
    """
    kinds: dict[str, Kind] = {}
    data: dict[str, str] = {}
    task: TaskName | None = None
    split: tuple[Way, str] | None = None
    for setting in given:
        column, equals, last = setting.rpartition("=")
        key, _, value = setting.partition("=")
        known = {kind.replace(" ", "-"): kind for kind in KINDS} | {kind: kind for kind in KINDS}
        if equals and last in known and column:
            kinds[column] = known[last]
        elif key == "task" and value in TASKS:
            task = TASKS[TASKS.index(value)]
        elif key in DATA and value:
            data[key.removeprefix("data.")] = value
        elif setting == "splits=rows":
            split = ("rows", "")
        elif key in ("splits.by", "splits.time") and value:
            split = ("by" if key == "splits.by" else "time", value)
        else:
            raise _unknown(setting, key, value)
    return Settings(kinds, task, split, data)


def check_columns(settings: Settings, columns: Collection[str], labels: Sequence[str]) -> None:
    """Refuses names that no column has.

    Raises:
        ConfigError: There is no such column, or it is a label.
    """
    named = [
        *settings.kinds,
        *([settings.split[1]] if settings.split and settings.split[1] else []),
    ]
    for name in named:
        if name not in columns:
            raise ConfigError(
                f"--set: the data has no column '{name}'{did_you_mean(name, columns)}",
                f"Its columns: {', '.join(list(columns)[:40])}.",
                "Name one of them.",
            )
    for name in named:
        if name in labels:
            raise ConfigError(
                f"--set: '{name}' is the label",
                "Expected: a column that the model reads, or that rows are split by.",
                "Say task=... for what is learnt of the label.",
            )


def _unknown(setting: str, key: str, value: str) -> ConfigError:
    if key == "task":
        close, known = did_you_mean(value, TASKS), ", ".join(TASKS)
    elif key.startswith(("training.", "tuning.", "evaluation.", "label.", "serving.", "data.")):
        close, known = "", "keys of config.yaml are for its file, once it is written"
    else:
        close, known = did_you_mean(value, KINDS), _EXPECTED
    return ConfigError(
        f"--set {setting}: not known{close}",
        f"Received: {setting!r}. Expected: {known}.",
        "Correct it; docs/scaffold.md lists what can be set.",
    )
