"""The taxi trips of the demonstration: some to train on, some to ask, and a world that moves."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Trip = Mapping[str, str]
"""A line of the table; an empty text is a missing value."""

TEXT = ("payment_type", "company")
INPUTS = (
    "trip_miles", "fare", "trip_seconds", "pickup_latitude", "pickup_longitude",
    "dropoff_latitude", "dropoff_longitude", "trip_start_hour", "trip_start_day",
    "trip_start_month", "pickup_community_area", "dropoff_community_area", *TEXT,
)  # fmt: skip
"""What the model is asked with."""
LOCATIONS = tuple(name for name in INPUTS if name.startswith(("pickup_", "dropoff_")))
DEARER = 1.6
"""By how much fares, and tips with them, rise."""
NEW_PAYMENT = "Mobile"
_EVERY = 5


def read(path: Path) -> list[Trip]:
    """The trips of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: Path, trips: Sequence[Trip]) -> None:
    """Writes a table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(trips[0]))
        writer.writeheader()
        writer.writerows(trips)


def kept_back(trips: Sequence[Trip]) -> tuple[list[Trip], list[Trip]]:
    """Divides trips: those to train on, and every fifth, with which the model is asked.

    They are shuffled first, always the same way: the table is in an order of its own, and a part of
    it differs from the rest.
    """
    shuffled = list(trips)
    random.Random(1).shuffle(shuffled)
    train = [trip for number, trip in enumerate(shuffled) if number % _EVERY]
    return train, shuffled[::_EVERY]


def moved(trips: Iterable[Trip]) -> list[Trip]:
    """What the trips would be after a change of the world: fares rise, half of the card payments
    are made by telephone, and a new device does not say where a third of the trips were.

    Whether somebody tips more than a fifth of the fare is what it was, but for rounding.
    """
    made: list[Trip] = []
    for number, trip in enumerate(trips):
        new = dict(trip)
        for name in ("fare", "tips"):
            new[name] = f"{float(trip[name] or 0) * DEARER:.2f}"
        if trip["payment_type"] == "Credit Card" and number % 2:
            new["payment_type"] = NEW_PAYMENT
        if number % 3 == 0:
            new.update(dict.fromkeys(LOCATIONS, ""))
        made.append(new)
    return made


def instance(trip: Trip) -> dict[str, float | str | None]:
    """A trip as a request has it."""
    return {name: _value(name, trip[name]) for name in INPUTS if trip[name] != ""}


def tips_much(trip: Trip) -> bool:
    """The truth that comes late."""
    return float(trip["tips"] or 0) > 0.2 * float(trip["fare"] or 0)


def _value(name: str, text: str) -> float | str:
    if name in TEXT:
        return text
    number = float(text)
    return int(number) if number.is_integer() else number
