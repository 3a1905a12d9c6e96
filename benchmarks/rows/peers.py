"""Run by an interpreter that has duckdb, polars and scikit-learn: seconds of what each does.

python peers.py TABLE

DuckDB describes each column (`SUMMARIZE`, which has approximate quantiles), as StatisticsGen does.
Polars finds what Transform does for the taxi model: two vocabularies, the limits of ten buckets of
four columns, mean and deviation of three. scikit-learn's gradient boosting learns from the columns
that the taxi model has, in memory, in as many rounds as its defaults give.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import polars
from sklearn.ensemble import HistGradientBoostingClassifier

NUMERIC = ("trip_miles", "fare", "trip_seconds")
BUCKETED = ("pickup_latitude", "pickup_longitude", "dropoff_latitude", "dropoff_longitude")
WHOLE = ("trip_start_hour", "trip_start_day", "trip_start_month")
AREAS = ("pickup_community_area", "dropoff_community_area")
TEXT = ("payment_type", "company")
VOCABULARY = 50
BUCKETS = 10


def main(path: str) -> None:
    """Prints seconds as JSON."""
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        before = time.monotonic()
        yield
        seconds[name] = time.monotonic() - before

    scan: Callable[[str], polars.LazyFrame] = (
        polars.scan_parquet if path.endswith(".parquet") else polars.scan_csv
    )
    with timed("DuckDB SUMMARIZE"):
        duckdb.sql(f"SUMMARIZE FROM '{path}'").fetchall()
    with timed("polars, Transform"):
        _fitted(scan(path))
    with timed("polars, reading"):
        table = scan(path).select(*map(polars.col, (*NUMERIC, *BUCKETED, *WHOLE, *AREAS, *TEXT)),
            (polars.col("tips") > 0.2 * polars.col("fare")).alias("label"),
        ).collect(engine="streaming")  # fmt: skip
    numbers = table.select(
        *map(polars.col, (*NUMERIC, *BUCKETED, *WHOLE, *AREAS)),
        *(polars.col(name).cast(polars.Categorical).to_physical() for name in TEXT),
    ).to_numpy()
    label = table["label"].fill_null(False).to_numpy()
    with timed("scikit-learn"):
        HistGradientBoostingClassifier().fit(numbers, label)
    print(json.dumps(seconds))


def _fitted(table: polars.LazyFrame) -> Any:
    quantiles = [number / BUCKETS for number in range(1, BUCKETS)]
    numbers = [polars.col(name).clip(0, None).log1p() for name in NUMERIC]
    wanted = [
        *(one.mean().name.suffix("_mean") for one in numbers),
        *(one.std().name.suffix("_deviation") for one in numbers),
        *(
            polars.col(name).quantile(share).alias(f"{name}_{share}")
            for name in BUCKETED
            for share in quantiles
        ),
    ]
    counts = [
        table.group_by(name).len().sort("len", descending=True).head(VOCABULARY) for name in TEXT
    ]
    return polars.collect_all([table.select(wanted), *counts], engine="streaming")


if __name__ == "__main__":
    main(sys.argv[1])
