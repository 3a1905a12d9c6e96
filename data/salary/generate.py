"""Makes the sample up: salaries that grow by the same amount each year, and vary by chance.

python data/salary/generate.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

SEED = 7
ROWS = 1500
START, A_YEAR, VARIES = 52_000, 2_150, 5_000
"""Dollars: without experience, more for each year, and the standard deviation of the rest."""


def main() -> None:
    """Writes `data/salary/sample/salaries.csv`, the same each time."""
    path = Path(__file__).parent / "sample" / "salaries.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["x", "y"])
        table.writerows(rows())


def rows() -> list[tuple[float, int]]:
    """Years of experience and dollars a year."""
    random = np.random.RandomState(SEED)
    years = np.round(random.uniform(0, 40, ROWS), 1)
    salaries = START + A_YEAR * years + VARIES * random.standard_normal(ROWS)
    return [(float(x), int(round(y, -2))) for x, y in zip(years, salaries, strict=True)]


if __name__ == "__main__":
    main()
