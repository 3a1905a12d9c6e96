"""Tables that are written as CSV and read as `new` reads them."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.tables import TableSource
from pipeline.scaffold.inference.proposal import Proposal, propose
from pipeline.scaffold.inference.settings import parse
from pipeline.scaffold.reading import profile
from pipeline.scaffold.reading.profile import ColumnProfile, TableProfile

ROWS = 200


def write(folder: Path, columns: Mapping[str, Any], name: str = "t.csv") -> Path:
    """Writes a table, None as an empty cell."""
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(zip(*columns.values(), strict=True))
    return path


def read(folder: Path, columns: Mapping[str, Any], *labels: str) -> TableProfile:
    """Writes a table and reads it."""
    return profile.read(TableSource(str(write(folder, columns))), labels)


def column(folder: Path, name: str, values: Sequence[object]) -> ColumnProfile:
    """One column of a table, beside another of which no row lacks a value."""
    return read(folder, {name: values, "row": [f"r{row}" for row in range(len(values))]}).columns[
        name
    ]


def proposal(
    folder: Path, columns: Mapping[str, Any], *labels: str, said: Sequence[str] = ()
) -> Proposal:
    """What is proposed for a table."""
    return propose(read(folder, columns, *labels), labels, parse(said))


def mixed(rows: int = ROWS) -> dict[str, list[object]]:
    """A table with a column of most kinds, and a label that two of them tell together."""
    draw = random.Random(5)
    size = [round(draw.uniform(1, 90), 2) for _ in range(rows)]
    colour = [draw.choice(["red", "green", "blue"]) for _ in range(rows)]
    noise = [draw.gauss(0, 12) for _ in range(rows)]
    return {
        "number of row": list(range(1, rows + 1)),
        "size (cm)": [None if row % 17 == 0 else one for row, one in enumerate(size)],
        "colour": list(colour),
        "rooms": [draw.randint(1, 5) for _ in range(rows)],
        "sold": [draw.choice(["yes", "no"]) for _ in range(rows)],
        "day": [f"{draw.randint(1, 28):02}.{draw.randint(1, 12):02}.2024" for _ in range(rows)],
        "advert": [
            " ".join(draw.choice(["flat", "with", "a", "view", "of", "sea"]) for _ in range(8))
            for _ in range(rows)
        ],
        "country": ["NL"] * rows,
        "dear": [
            "high" if one + 30 * (hue == "red") + off > 55 else "low"
            for one, hue, off in zip(size, colour, noise, strict=True)
        ],
    }
