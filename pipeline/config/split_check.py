"""What can be said of the splits before anything runs, from the very rows that will be split."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from components import tables
from components.tables import TableSource, TableSummary, spans, splits
from components.tables.reading import Reader
from components.tables.rows import to_lists, with_values
from components.tables.splits import SplitRule
from models.common.errors import DataError
from pipeline.config import model_files
from pipeline.config.model_config import ModelConfig


def check(
    model: str, config: ModelConfig, source: TableSource, summary: TableSummary, root: Path
) -> tuple[str, ...]:
    """Refuses data of which a split would be empty.

    Args:
        model: The model's name.
        config: Its configuration.
        source: Its data, on this machine.
        summary: What the data holds.
        root: The project's root.

    Returns:
        What somebody should know of the splits, in sentences.

    Raises:
        DataError: A split would have no row, or rows cannot be split as the configuration says.
    """
    found = tables.find(source)
    rule = SplitRule.of_config(config.splits.model_dump(), found.splits)
    rule.check_columns(summary)
    types = summary.types(model_files.column_types(model, root))

    # What a frozen schema knows and the data has not, the gate tells.
    required = [name for name in config.label.required if name in summary.names]

    def files() -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        return ((path, _rows(source, path, types, required)) for path in found.paths)

    notices = list(_seems_split(rule, found.paths))
    notices += [f"Spans read: {spans.in_words(list(found.spans))}."] if found.spans else []
    if rule.given is not None:
        again = splits.in_two_splits(rule, files())
        return (*notices, *(_again(split, count) for split, count in again.items()))
    if rule.needs_counts:
        rule = splits.with_cuts(
            rule, (splits.count_times(rule, batches, path) for path, batches in files())
        )
    elif rule.time is None:
        _check_enough_rows(model, config, summary)
    try:
        splits.check(rule, files())
    except DataError as error:
        lost = "".join(_lost_digits(summary, types))
        raise DataError(error.headline, error.detail + lost, error.remedy) from None
    return (*notices, *_without_group(rule, summary))


def _rows(
    source: TableSource,
    path: str,
    types: Mapping[str, tables.ColumnType | None],
    required: Sequence[str],
    read: Reader | None = None,
) -> Iterator[pa.RecordBatch]:
    """A file's rows, but for those that are left out as they have no label."""
    for batch in tables.read_file(source, path, types, read=read):
        yield with_values(batch, required)


def _seems_split(rule: SplitRule, paths: Sequence[str]) -> Iterator[str]:
    """Tells of files that are called by splits, where rows are split anew."""
    names = {re.split(r"[._-]", part)[0].lower() for path in paths for part in path.split("/")[-2:]}
    if rule.given is None and "train" in names and "test" in names:
        yield (
            "The data has files for 'train' and 'test', whose rows are put together and split "
            "anew; splits.given keeps them as they are."
        )


def _again(split: str, count: int) -> str:
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return f"{rows} of the split '{split}' are in an earlier split too, by splits.given."


def _lost_digits(
    summary: TableSummary, types: Mapping[str, tables.ColumnType | None]
) -> Iterator[str]:
    """Tells of numbers that differ in the file and perhaps no longer in an example."""
    for column in summary.columns:
        if types.get(column.name) == "FLOAT" and {"rounded", "alike"} & column.losses.keys():
            yield (
                f" In '{column.name}' numbers are equal that are not in the file: a float of 32 "
                "bits has about 7 digits of each. As text, or as whole numbers of 64 bits, they "
                "would differ."
            )


def _without_group(rule: SplitRule, summary: TableSummary) -> Iterator[str]:
    for name in rule.by:
        missing = summary.column(name).missing
        if missing:
            yield (
                f"{missing:,} of {summary.rows:,} rows have no value in '{name}', by which "
                "splits.by splits: those without any such value are split by all that they hold."
            )


def _check_enough_rows(model: str, config: ModelConfig, summary: TableSummary) -> None:
    shares = config.splits.shares
    columns = [summary.column(name) for name in config.label.required if name in summary.names]
    rows = summary.rows - max((column.missing for column in columns), default=0)
    smallest = min(shares, key=lambda name: shares[name])
    # Rows are split by hash: with fewer, the smallest split gets less than one on average.
    needed = math.ceil(sum(shares.values()) / shares[smallest])
    if rows < needed:
        share = f"{shares[smallest]} of {sum(shares.values())}"
        raise DataError(
            f"{rows} row{' is' if rows == 1 else 's are'} too few to be split",
            f"Expected: at least {needed}, so that '{smallest}' gets one ({share}). Received: "
            f"{rows} in {', '.join(map(tables.shown, summary.files[:3]))}.",
            f"Provide more rows, or change splits in models/{model}/config.yaml.",
        )


def count(
    model: str,
    config: ModelConfig,
    source: TableSource,
    summary: TableSummary,
    root: Path,
    read: Reader | None = None,
) -> dict[str, int]:
    """How many rows each split will have, those without a label left out.

    Args:
        model: The model's name.
        config: Its configuration.
        source: Its data, on this machine.
        summary: What the data holds.
        root: The project's root.
        read: What reads its files; None: what the project has for its format.

    Raises:
        DataError: Rows cannot be split as the configuration says.
    """
    found = tables.find(source)
    rule = SplitRule.of_config(config.splits.model_dump(), found.splits)
    types = summary.types(model_files.column_types(model, root))
    required = [name for name in config.label.required if name in summary.names]

    def files() -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        return ((path, _rows(source, path, types, required, read)) for path in found.paths)

    if rule.needs_counts:
        rule = splits.with_cuts(
            rule, (splits.count_times(rule, batches, path) for path, batches in files())
        )
    counts = dict.fromkeys(rule.shares, 0)
    for path, batches in files():
        for batch in batches:
            for split in rule.split_rows(batch, to_lists(batch), path):
                counts[split] += 1
    return counts
