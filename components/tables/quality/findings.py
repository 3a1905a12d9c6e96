"""What a person is told of what examples, statistics or a vocabulary do not hold exactly."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from components.tables.columns import Column, ColumnType, TableSummary
from components.tables.quality.account import Loss, Tally

FILE = "findings.json"
"""The file beside the examples that has the findings."""


@dataclass(frozen=True)
class Finding:
    """One thing to tell of a column."""

    column: str
    headline: str
    """What was found: a predicate, such as `has 3 infinite values among 400, such as inf`."""
    remedy: str
    """What follows from it, and what to do."""
    stops: bool = False
    """Whether no model can be trained that reads the column."""


def find(summary: TableSummary, hints: Mapping[str, ColumnType] | None = None) -> list[Finding]:
    """All there is to tell of a table, what stops first.

    Args:
        summary: What a scan of the table found.
        hints: As for `TableSummary.types`.
    """
    types = summary.types(hints)
    found = [
        finding
        for column in summary.columns
        for finding in _of_column(
            column, types.get(column.name), summary, (hints or {}).get(column.name)
        )
    ]
    return sorted(found, key=lambda finding: not finding.stops)


def to_json(findings: list[Finding]) -> str:
    """Findings as text."""
    return json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2)


def from_json(text: str) -> list[Finding]:
    """The findings that `to_json` wrote."""
    return [Finding(**values) for values in json.loads(text)]


def _of_column(
    column: Column, kind: ColumnType | None, summary: TableSummary, hint: ColumnType | None
) -> Iterator[Finding]:
    if column.unreadable is not None:
        yield Finding(
            column.name,
            f"has a type that an example cannot hold: {column.unreadable}",
            "It is passed over. To read it, convert it when writing the file: a time to a number "
            "or text, a record to a column for each field, lists of lists to one list, values of "
            "several types to one type.",
            stops=True,
        )
        return
    for loss, tell in _TELL.items():
        tally = column.losses.get(loss)
        if tally and (finding := tell(column, kind, tally, summary.rows)):
            yield finding
    other = column.losses.get("other")
    present = summary.rows - column.missing
    mixed = other is not None and 0 < 2 * other.count < present and not column.is_list
    if other and mixed and kind == "STRING" and hint != "STRING":
        yield _mixed(column, other, present)


def _mixed(column: Column, other: Tally, present: int) -> Finding:
    same = len(other.examples) == 1
    what = f"are `{other.examples[0]}`" if same else "are not numbers"
    return Finding(
        column.name,
        f"is text because {other.count:,} of {present:,} cells {what}"
        + ("" if same else f", such as {_quoted(other)}"),
        "Where these stand for missing values, name them in config.yaml, and the column is one of "
        f"numbers: data.missing: {_key(other)}.",
    )


def _such(tally: Tally, rows: int, of: str = "values") -> str:
    return f"{tally.count:,} {of} in {rows:,} rows"


def _nan(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding:
    return Finding(
        column.name,
        f"has NaN for {_such(tally, rows)}",
        "They count as missing, as in a request.",
    )


def _smallest(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding:
    return Finding(
        column.name,
        f"has the smallest 64-bit integer, {-(2**63)}, for {_such(tally, rows)}",
        "They count as missing, as in a request.",
    )


def _empty(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding:
    return Finding(
        column.name,
        f"has empty text for {_such(tally, rows)}",
        "They count as missing, as in a request.",
    )


def _elements(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding:
    fewest, most = column.lengths or (0, 0)
    fixed = fewest == most
    return Finding(
        column.name,
        f"has {_such(tally, rows, 'lists')} with missing elements, such as {tally.examples[0]}",
        f"Without them the others of the {most} would move up. Write a number for each."
        if fixed
        else "These elements are left out.",
        stops=fixed,
    )


def _infinite(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding:
    return Finding(
        column.name,
        f"has infinity for {_such(tally, rows)}, such as {_quoted(tally)}",
        "Neither statistics nor a network can use it. Correct them; or, where they stand for "
        f"missing values, name them in config.yaml: data.missing: {_key(tally)}.",
        stops=True,
    )


def _large(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding:
    return Finding(
        column.name,
        f"has {_such(tally, rows)} that are infinity as a 32-bit float, such as {_quoted(tally)}",
        "Examples hold floats of 32 bits, up to 3.4e38. Write the column in another unit, or its "
        "logarithm.",
        stops=True,
    )


def _tiny(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding:
    return Finding(
        column.name,
        f"has {_such(tally, rows)} that are 0 as a 32-bit float, such as {_quoted(tally)}",
        "Examples hold floats of 32 bits, from 1.4e-45. Write the column in another unit, or its "
        "logarithm.",
    )


def _rounded(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding | None:
    if kind != "FLOAT":
        return None
    return Finding(
        column.name,
        f"has {_such(tally, rows, 'whole numbers')} that a 32-bit float does not hold exactly, "
        f"such as {_quoted(tally)}",
        "Their last digits are lost. Where they identify something, write all as whole numbers of "
        "64 bits or as text; in a frozen schema, type: BYTES reads them as text.",
    )


def _alike(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding | None:
    if kind != "FLOAT" or "rounded" in column.losses:
        return None
    return Finding(
        column.name,
        f"has {_such(tally, rows)} that become equal to others as 32-bit floats, such as "
        f"{_quoted(tally)}",
        "Examples hold about 7 digits. Where more matter, write the difference from a fixed value, "
        "or two columns.",
    )


def _zeros(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding | None:
    if kind == "STRING":
        return None
    return Finding(
        column.name,
        f"has {_such(tally, rows, 'numbers')} with leading zeros, such as {_quoted(tally)}",
        "The zeros are lost. Where they are codes, freeze the schema and set the column's type to "
        "BYTES, and they are read as text.",
    )


def _breaks(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding:
    return Finding(
        column.name,
        f"has {_such(tally, rows, 'texts')} with line breaks, which a vocabulary cannot keep, such "
        f"as {_quoted(tally)}",
        "tft.vocabulary and what is built on it leave them out. Where preprocessing makes a "
        "vocabulary of the column, replace the breaks first: "
        r'tf.strings.regex_replace(text, r"[\r\n]+", " ").',
    )


def _encoding(column: Column, kind: ColumnType | None, tally: Tally, rows: int) -> Finding | None:
    present = column.losses.get("other", Tally()).count
    if 2 * tally.count > present:
        return None  # It is of images or the like.
    return Finding(
        column.name,
        f"has {_such(tally, rows, 'texts')} that are not UTF-8, such as {_quoted(tally)}",
        "Statistics, slices and requests show them as bytes. Write the text in UTF-8.",
    )


_TELL: dict[Loss, Callable[[Column, ColumnType | None, Tally, int], Finding | None]] = {
    "nan": _nan,
    "smallest": _smallest,
    "empty": _empty,
    "elements": _elements,
    "infinite": _infinite,
    "large": _large,
    "tiny": _tiny,
    "rounded": _rounded,
    "alike": _alike,
    "zeros": _zeros,
    "breaks": _breaks,
    "encoding": _encoding,
}


def _quoted(tally: Tally) -> str:
    return ", ".join(f"`{example}`" for example in tally.examples)


def _key(tally: Tally) -> str:
    """The examples as a list in YAML."""
    return f"[{', '.join(json.dumps(example, ensure_ascii=False) for example in tally.examples)}]"
