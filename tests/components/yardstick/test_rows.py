"""Rows as the yardstick sees them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from tfx.types import standard_artifacts

from components.yardstick import rows
from components.yardstick.rows import Wanted
from tests.components.yardstick.conftest import TRAIN
from tests.models import tiny_sample
from tests.models.tiny_rows import rows as tiny_rows

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

INPUTS = ("miles", "payment", "position", "latitude", "company", "stops")


def read(transform: str, raw: standard_artifacts.Examples, most: int = 10_000) -> rows.Rows:
    wanted = Wanted(INPUTS, tiny_sample.LABEL, "hour", (("payment",), ("area",)))
    files = [f"{raw.uri}/Split-train/rows.gz"]
    return rows.read(files, tft.TFTransformOutput(transform), wanted, most)


def test_each_column_is_as_the_table_has_it(
    transform_graph: str, raw: standard_artifacts.Examples
) -> None:
    found, expected = read(transform_graph, raw), tiny_rows(TRAIN)
    assert (len(found.label), found.of) == (TRAIN, TRAIN)
    miles = [[row["miles"]] for row in expected]
    np.testing.assert_allclose(found.columns["miles"], miles, rtol=1e-6)
    np.testing.assert_array_equal(found.label, [row["tips"] > 2 for row in expected])
    np.testing.assert_array_equal(found.weight, [row["hour"] for row in expected])
    assert found.columns["position"].shape == (TRAIN, 2)
    latitude = [row.get("latitude", np.nan) for row in expected]
    np.testing.assert_allclose(found.columns["latitude"][:, 0], latitude, rtol=1e-6)
    company = [row["company"].encode() if "company" in row else None for row in expected]
    assert found.columns["company"].tolist() == company
    for row, stops in zip(expected, found.columns["stops"], strict=True):
        listed = row.get("stops", [])
        wanted = [len(listed), np.mean(listed), min(listed), max(listed)] if listed else [0]
        np.testing.assert_allclose(stops[: len(wanted)], wanted)
    payments = [row["payment"].tolist() for row in found.features]
    assert payments == [[row["payment"].encode()] for row in expected]
    assert [len(row["area"]) for row in found.features] == ["area" in row for row in expected]


def test_of_many_rows_a_random_sample_is_held_always_the_same(
    transform_graph: str, raw: standard_artifacts.Examples
) -> None:
    once, again = (read(transform_graph, raw, 50) for _ in "ab")
    assert (len(once.label), once.of) == (50, TRAIN)
    np.testing.assert_array_equal(once.columns["miles"], again.columns["miles"])
    every = [row["miles"] for row in tiny_rows(TRAIN)]
    place = [int(np.argmin(np.abs(np.array(every) - miles))) for miles in once.columns["miles"]]
    assert len(set(place)) == 50 and max(place) > TRAIN * 0.8


def test_memory_is_bounded_by_cells_and_bytes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    path = f"{tmp_path}/rows.gz"
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for number in range(1_000):
            writer.write(b"%1000d" % number)
    monkeypatch.setattr(rows, "MOST_BYTES", 10_000)
    kept, seen = rows._sample([path], 100_000)
    assert (len(kept), seen) == (10, 1_000) and max(int(record) for record in kept) > 100
