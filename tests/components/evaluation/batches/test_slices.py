"""Each row is in the slices that TFMA puts it in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tensorflow_model_analysis.api import types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.slicer import slicer_lib
from tensorflow_model_analysis.utils import util

from components.evaluation.batches import slices
from components.evaluation.batches.slices import Slices

pytestmark = pytest.mark.tfx

several = types.VarLenTensorValue.from_dense_rows
FEATURES: dict[str, Any] = {
    "kind": np.array([[b"cash"], [b"card"], [b"cash"], [b"card"]], dtype=object),
    "day": np.array([1, 2, 1, 2]),
    "rate": np.array([0.5, 0.5, 1.0, np.nan], np.float32),
    # Missing, and several values at once.
    "tags": several(
        [np.array([b"a", b"b"]), np.array([], object), np.array([b"a"]), np.array([b"b"])]
    ),
    "pair": np.array([[1, 2], [2, 2], [1, 2], [3, 1]]),
}  # fmt: skip
TRANSFORMED = {"day": np.array([[10], [20], [10], [30]])}
SPECS: list[dict[str, Any]] = [
    {},
    {"feature_keys": ["kind"]},
    {"feature_keys": ["kind", "day"]},
    {"feature_keys": ["day"], "feature_values": {"kind": "cash"}},
    {"feature_values": {"day": "10"}},
    {"feature_keys": ["tags"]},
    {"feature_keys": ["pair", "tags"]},
    {"feature_keys": ["rate"]},
    {"feature_keys": ["gone"]},
]


def expected(specs: list[dict[str, Any]], batch: dict[str, Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    kinds = [slicer_lib.SingleSliceSpec(spec=config_pb2.SlicingSpec(**spec)) for spec in specs]
    for number, row in enumerate(util.split_extracts(batch)):
        transformed = row.get("transformed_features")
        keys = slicer_lib.get_slices_for_features_dicts(
            [transformed] if transformed else [], row["features"], kinds
        )
        for key in set(keys):
            found.setdefault(str(key), []).append(number)
    return found


@pytest.mark.parametrize("transformed", [False, True])
@pytest.mark.parametrize("spec", SPECS)
def test_rows_of_slices(spec: dict[str, Any], transformed: bool) -> None:
    batch = {"features": FEATURES}
    if transformed:
        batch["transformed_features"] = TRANSFORMED
    config = config_pb2.EvalConfig(model_specs=[{}], slicing_specs=[SPECS[0], spec])
    made = Slices(config)
    for _ in range(2):  # The second time from what is remembered.
        found = {str(key): rows.tolist() for key, rows in made.rows(batch, 4).items()}
        assert found == expected([SPECS[0], spec], batch)


def test_of_two_models_both_have_transformed_features() -> None:
    batch = {"transformed_features": {"a": TRANSFORMED, "b": {"other": np.arange(4)}}}
    specs = [{"name": "a"}, {"name": "b"}]
    config = config_pb2.EvalConfig(
        model_specs=specs, slicing_specs=[{"feature_keys": ["day", "other"]}]
    )
    assert len(Slices(config).rows(batch, 4)) == 4


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_MOST_KNOWN", 3)
    made = Slices(config_pb2.EvalConfig(slicing_specs=[{"feature_keys": ["day"]}]))
    for start in range(0, 100, 10):
        found = made.rows({"features": {"day": np.arange(start, start + 10)}}, 10)
        assert len(found) == 10 and len(made._known) <= 4
