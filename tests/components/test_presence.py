"""The share of rows with a value, as the rows themselves say it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import statistics_pb2

from components import presence

pytestmark = pytest.mark.tfx

TYPES = {"int": pa.int64(), "float": pa.float32(), "text": pa.string()}
VALUES: dict[str, Any] = {"int": 3, "float": 2.5, "text": "x"}


def statistics(columns: dict[str, tuple[str, list[Any]]]) -> Any:
    """TFDV's statistics of columns of lists; each has a type and its rows."""
    arrays = [pa.array(rows, pa.list_(TYPES[kind])) for kind, rows in columns.values()]
    batch = pa.RecordBatch.from_arrays(arrays, list(columns))
    found = stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())
    return found.datasets[0]


def share(kind: str, rows: list[Any]) -> float:
    described = statistics({"x": (kind, rows)})
    [feature] = described.features
    assert presence.name_of(feature) == "x"
    return presence.share_with_value(feature, described.num_examples)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1, 1, 1], 1.0),
        ([1, 0, 0, 1], 0.5),
        ([0, 0, 0, 0], 0.0),
        ([None, None, 1, 1], 0.5),
        ([None, 0, 1, 1], 0.5),
        ([3, 0, 1, 0], 0.5),
        ([2, 2, 2, 0], 0.75),
        ([None, 0, 2, 5], 0.5),
    ],
)
def test_cases(kind: str, values: list[int | None], expected: float) -> None:
    """Each number is how many values a row has; None is a row without even a list."""
    rows = [None if count is None else [VALUES[kind]] * count for count in values]
    assert share(kind, rows) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(TYPES)),
    counts=st.lists(st.none() | st.integers(0, 40), min_size=1, max_size=60),
)
def test_any_lists(kind: str, counts: list[int | None]) -> None:
    rows = [None if count is None else [VALUES[kind]] * count for count in counts]
    true = sum(bool(count) for count in counts) / len(counts)
    found = share(kind, rows)
    if max(count or 0 for count in counts) <= 1 or 0 not in counts:
        assert found == pytest.approx(true)
    else:  # TFDV keeps ten buckets of the lists' lengths; one of them may be partly of empty ones.
        assert true - 1e-6 <= found <= true + 0.1 + 1 / len(counts)


def test_no_rows() -> None:
    assert presence.share_with_value(statistics_pb2.FeatureNameStatistics(), 0) == 0.0


def test_the_name_may_be_a_path() -> None:
    feature = statistics_pb2.FeatureNameStatistics()
    feature.path.step.extend(["trip", "fare"])
    assert presence.name_of(feature) == "trip.fare"
    assert presence.name_of(statistics_pb2.FeatureNameStatistics(name="fare")) == "fare"
