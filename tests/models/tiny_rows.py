"""The tiny model's data."""

from __future__ import annotations

import random
from typing import Any

OPTIONAL = ("latitude", "area", "company", "stops")

Row = dict[str, Any]
"""A raw row: a value for each column that has one."""


def rows(count: int, seed: int = 0) -> list[Row]:
    """Random rows; about a third of the optional values is missing."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        row: Row = {
            "miles": chance.uniform(0, 20),
            "hour": chance.randrange(24),
            "payment": chance.choice(["Cash", "Card", "Ünknown"]),
            "position": [chance.uniform(-90, 90), chance.uniform(-180, 180)],
            "latitude": chance.uniform(41, 42),
            "area": chance.randrange(6),
            "company": chance.choice(["Blue", "Yellow", "Flash"]),
            "stops": [chance.randrange(9) for _ in range(chance.randrange(1, 5))],
        }
        row["tips"] = 4.0 * (row["miles"] > 10) + chance.random()
        for name in OPTIONAL:
            if chance.random() < 0.3:
                del row[name]
        made.append(row)
    return made


def request_rows(count: int, seed: int = 0) -> list[Row]:
    """The same rows as a client asks for them, without what the label is made from."""
    return [
        {name: value for name, value in row.items() if name != "tips"} for row in rows(count, seed)
    ]
