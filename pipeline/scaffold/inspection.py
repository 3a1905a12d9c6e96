"""What is to be known of a model's data before anything trains: `check`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.tables.reading import Reader
from models.common.errors import DataError
from pipeline.config import loading, model_files, preflight, project, split_check
from pipeline.config.model_config import ModelConfig
from pipeline.scaffold.inference import kinds, suspects
from pipeline.scaffold.inference import task as tasks
from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.reading import profile
from pipeline.scaffold.reading.profile import ColumnProfile, TableProfile

_MOSTLY_MISSING = 0.5


@dataclass(frozen=True)
class InspectedColumn:
    """One column of a model's data."""

    name: str
    type: str
    """`INT`, `FLOAT` or `STRING`, as examples have it; empty: no value, or one that none holds."""
    role: str
    """`input`, `label`, `weight`, `split` or, where nothing reads it, empty."""
    looks_like: str
    """What it would be taken for in a new model."""
    missing: int
    """Rows without a value."""
    distinct: int
    """Different values; an estimate where there are thousands."""
    example: str
    suspicions: tuple[str, ...]
    """What may make a model look better than it is, or fail."""


@dataclass(frozen=True)
class Inspection:
    """A model's data, and how it will be split."""

    model: str
    rows: int
    without_label: int
    columns: tuple[InspectedColumn, ...]
    splits: Mapping[str, int]
    """The rows of each split."""
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values; documented in docs/scaffold.md."""
        return dataclasses.asdict(self)


def inspect(
    model: str, reader_of: Callable[[str], Reader | None], root: Path = project.ROOT
) -> Inspection:
    """Checks a model as a run does before it starts, and looks at its data closely.

    Args:
        model: The model's name.
        reader_of: What reads files of a format; None: what the project has for it.
        root: The project's root.

    Raises:
        ConfigError: The model's folder is not valid.
        DataError: The data cannot be read, or no model can be trained on it.
        ModelCodeError: The model's code cannot be imported.
    """
    config = loading.load(model, root=root)
    inputs = preflight.check_folder(model, config, root)
    summary = preflight.check(model, config, root)
    source = model_files.table_source(config, root)
    if "://" in source.location and source.format != "bigquery":
        raise DataError(
            f"models/{model}/config.yaml: data.path: {source.location} is not on this machine",
            "Expected: files to look at. The folder itself is in order.",
            f"Run it: what is wrong with the data is told by its first nodes, by run {model}.",
        )
    reader = reader_of(source.format)
    known = list(config.label.columns)
    table = profile.read(source, known, reader)
    table = dataclasses.replace(
        table, columns={name: one.settled(()) for name, one in table.columns.items()}
    )
    choices = {name: kinds.choose(one) for name, one in table.columns.items()}
    found = _suspicions(config, inputs, table, choices)
    plain = summary or table.summary  # With marks of missing values as the text that they are.
    types = plain.types(model_files.column_types(model, root))
    columns = tuple(
        _inspected(one, types.get(name), _role(name, config, inputs), choices[name], found[name])
        for name, one in table.columns.items()
    )
    return Inspection(
        model,
        table.rows,
        0 if config.label.missing == "keep" else table.without_label,
        columns,
        split_check.count(model, config, source, plain, root, reader),
        tuple(preflight.notices(model, summary, root)) + (summary.notices if summary else ()),
    )


def _inspected(
    column: ColumnProfile, kind: str | None, role: str, choice: Choice, found: list[str]
) -> InspectedColumn:
    example = str(column.counts[0][0])[:60] if column.counts else ""
    return InspectedColumn(
        column.name,
        kind or "",
        role,
        choice.kind,
        column.missing,
        column.distinct,
        example,
        tuple(found),
    )


def _role(name: str, config: ModelConfig, inputs: tuple[str, ...]) -> str:
    if name in inputs:
        return "input"
    if name in config.label.columns:
        return "label"
    if name == config.label.weight:
        return "weight"
    time = config.splits.time
    return "split" if name in config.splits.by or (time and time.column == name) else ""


def _suspicions(
    config: ModelConfig,
    inputs: tuple[str, ...],
    table: TableProfile,
    choices: Mapping[str, Choice],
) -> dict[str, list[str]]:
    """What is suspicious of each column."""
    telling = _telling(config, inputs, table, choices)
    return {
        name: [
            *(_of_input(one, table, choices[name]) if name in inputs else ()),
            *([telling[name]] if name in telling else []),
            *_of_marks(one),
        ]
        for name, one in table.columns.items()
    }


def _of_input(column: ColumnProfile, table: TableProfile, choice: Choice) -> Iterator[str]:
    if choice.kind in ("identifier", "group", "constant"):
        yield f"{choice.kind}: {choice.why}"
    share = column.missing / max(column.rows, 1)
    if why := suspects.missing_with_label(column, table):
        yield why
    elif share > _MOSTLY_MISSING:
        yield f"missing in {share:.1%} of the rows"


def _of_marks(column: ColumnProfile) -> Iterator[str]:
    """What may stand for a missing value and is none by the configuration."""
    for mark, count in column.marks.items():
        numbers = [value for value, _ in column.counts if value != mark]
        if numbers and all(_is_number(value) for value in numbers):
            yield f"text because of '{mark}' in {count:,} rows: name it in data.missing"


def _is_number(value: object) -> bool:
    try:
        return bool(np.isfinite(float(str(value))))
    except ValueError:
        return False


def _telling(
    config: ModelConfig,
    inputs: tuple[str, ...],
    table: TableProfile,
    choices: Mapping[str, Choice],
) -> dict[str, str]:
    """Inputs that tell the label alone, by the figure; none where it is made of several columns."""
    if len(config.label.columns) > 1:
        return {}
    [name] = config.label.columns
    try:
        task = tasks.find(table, [name])
    except DataError:
        return {}  # A label that preprocessing makes of what is none yet.
    label = tasks.values(task, table)
    read = {
        one: dataclasses.replace(choices[one], kind="category")
        if not choices[one].is_input
        else choices[one]
        for one in inputs
        if one in choices and not table.columns[one].column.is_list
    }
    found = suspects.telling(read, table, task, label)
    return {one: told.in_words(name) for one, told in found.items() if told.is_strong}
