"""How often drift is told apart from noise: samples of the same data, and of shifted data.

python -m benchmarks.drift_noise

For each kind of data and number of rows, the share of pairs of samples whose drift is above what
`drift` expects of the same data (it should be near 5 % or below), and the same where the
second sample is shifted. Quantiles are TFDV's own, from its in-memory statistics.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl

from pipeline.record.run_details import Feature
from pipeline.results import data_profile, drift

ROWS = (50, 200, 1_000, 5_000)
PAIRS = 200

Sampler = Callable[[np.random.Generator, int, float], Any]


def _with_missing(values: Any, generator: np.random.Generator) -> list[list[float]]:
    return [[] if generator.random() < 0.1 else [float(value)] for value in values]


KINDS: dict[str, Sampler] = {
    "normal": lambda g, n, s: g.normal(s, 1, n)[:, None].tolist(),
    "lognormal": lambda g, n, s: g.lognormal(s, 2, n)[:, None].tolist(),
    "hours": lambda g, n, s: (g.binomial(23, 0.4 + s / 10, n))[:, None].tolist(),
    "half zeros": lambda g, n, s: (g.exponential(1 + s, n) * (g.random(n) < 0.5))[:, None].tolist(),
    "with missing": lambda g, n, s: _with_missing(g.normal(s, 1, n), g),
    "5 words": lambda g, n, s: _words(g, n, s, 5),
    "1,000 words": lambda g, n, s: _words(g, n, s, 1_000),
}


def _words(generator: np.random.Generator, n: int, shift: float, number: int) -> Any:
    weights = 1 / np.arange(1, number + 1) ** (1 + shift / 2)
    chosen = generator.choice(number, n, p=weights / weights.sum())
    return np.char.add("w", chosen.astype(str))[:, None].tolist()


def profile(rows: Any, folder: Path) -> tuple[list[Feature], Any]:
    """The features that a run would record of these rows, and their fine quantiles."""
    kind = pa.large_string() if any(row and isinstance(row[0], str) for row in rows) else None
    array = pa.array(rows, pa.list_(kind or pa.float32()))
    batch = pa.RecordBatch.from_arrays([array], ["x"])
    options = tfdv.StatsOptions(num_quantiles_histogram_buckets=data_profile.QUANTILES)
    found = stats_impl.generate_statistics_in_memory(batch, options)
    path = folder / "Split-train" / "FeatureStats.pb"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(found.SerializeToString())
    uri = str(folder)
    return data_profile.features(uri, ["train"]), data_profile.fine_quantiles(uri, "train")


def above(kind: str, rows: int, shift: float) -> tuple[float, float, float]:
    """The share of pairs above what is expected, their 95th percentile, and what was expected."""
    generator = np.random.default_rng(len(kind) * rows)
    values, expected = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(PAIRS):
            previous, _ = profile(KINDS[kind](generator, rows, 0.0), Path(folder))
            current, fine = profile(KINDS[kind](generator, rows, shift), Path(folder))
            drift.fill(current, previous, fine)
            found = current[0].drift
            assert found is not None
            values.append(found.value)
            expected.append(found.expected)
    share = float(np.mean(np.array(values) > np.array(expected)))
    return share, float(np.quantile(values, 0.95)), float(np.mean(expected))


def main() -> None:
    """Prints a row for each kind of data and number of rows."""
    print(f"{'data':14} {'rows':>7} {'95th':>8} {'expected':>9} {'above':>6} {'shifted':>8}")
    for kind in KINDS:
        for rows in ROWS:
            share, percentile, expected = above(kind, rows, 0.0)
            shifted, _, _ = above(kind, rows, 0.3)
            print(
                f"{kind:14} {rows:7,} {percentile:8.4f} {expected:9.4f} {share:6.1%} {shifted:8.1%}"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
