"""False alarms over all looks: sequences of 100 looks at windows of the data of the reference.

Reference (10,000 rows) and windows are drawn from one set of rows: a year of the US census, the
car loans and the several classes of NannyML's package, and two of river's generators. All tests of
features and outputs are made, with the history of the looks before; the domain classifier is not,
as it takes most of the time. A window's rows are counted from arrays; what is compared and judged
of it is what `watch` compares and judges, where an effect is large enough for an alarm. Each cell
has as many sequences as fit into its CPU seconds, at most 200, which with five sets are 1,000 of a
size.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import beta

from benchmarks.monitoring.coded import Coded
from benchmarks.monitoring.running import run
from benchmarks.monitoring.screened import alarms

LOOKS = 100
REFERENCE = 10_000
SIZES = (100, 1_000, 10_000, 100_000)
SEQUENCES = 200
"""Of each set and size, at most."""
SECONDS = float(os.environ.get("CELL_SECONDS", "60"))


class Counted(NamedTuple):
    """What was counted."""

    looks: int = 0
    alarms: int = 0
    sequences: int = 0
    with_alarm: int = 0

    def plus(self, alarms: int) -> Counted:
        """With another sequence."""
        return Counted(
            self.looks + LOOKS, self.alarms + alarms, self.sequences + 1,
            self.with_alarm + (alarms > 0),
        )  # fmt: skip

    def __str__(self) -> str:
        low, high = interval(self.with_alarm, self.sequences)
        return (
            f"{self.alarms} of {self.looks:,} windows; {self.with_alarm} of {self.sequences} "
            f"sequences ({low:.1%} to {high:.1%})"
        )


def interval(events: int, of: int) -> tuple[float, float]:
    """Of a share, with 95 % (Clopper and Pearson 1934)."""
    low = beta.ppf(0.025, events, of - events + 1) if events else 0.0
    high = beta.ppf(0.975, events + 1, of - events) if events < of else 1.0
    return float(low), float(high)


def measure(peers: str) -> None:
    """Prints a line for each set and size, and their sums."""
    by_size = dict.fromkeys(SIZES, Counted())
    with tempfile.TemporaryDirectory() as name:
        run(peers, "sets", name)
        for path in sorted(Path(name).glob("*.parquet")):
            table = pd.read_parquet(path)
            for rows in SIZES:
                found = _cell(table, rows)
                by_size[rows] = Counted(*map(sum, zip(by_size[rows], found, strict=True)))
                print(f"{path.stem:12} {rows:7,} rows: {found}", flush=True)
    for rows, found in by_size.items():
        print(f"{'all':12} {rows:7,} rows: {found}")
    print(f"{'all':26} {Counted(*map(sum, zip(*by_size.values(), strict=True)))}")


def _cell(table: pd.DataFrame, rows: int) -> Counted:
    found, begun = Counted(), time.process_time()
    while found.sequences < SEQUENCES and time.process_time() - begun < SECONDS:
        chance = np.random.default_rng([rows, found.sequences])
        coded = Coded(table, chance.integers(0, len(table), REFERENCE))
        windows = [coded.window(chance.integers(0, len(table), rows)) for _ in range(LOOKS)]
        found = found.plus(sum(alarms(coded.profile, windows)))
    return found
