"""Freezing: what the latest run found out, completed by what only the config knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl

from models.common.errors import ConfigError, RunError
from pipeline.cli import freeze

pytestmark = pytest.mark.tfx

CONFIG = """\
data: {path: trips.csv}
label: {name: big, columns: [tips]}
evaluation: {metrics: {AUC: {at_least: 0.5}}}
"""
COLUMNS: dict[str, tuple[Any, list[Any]]] = {
    "fare": (pa.float32(), [1.5] * 20),
    "tips": (pa.float32(), [0.5] * 20),
    "company": (pa.string(), ["Blue"] * 15 + [None] * 5),
    "area": (pa.int64(), [3] + [None] * 19),
    "nothing": (pa.float32(), [None] * 20),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one model, `m`."""
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    return tmp_path


def ran(root: Path, execution: int, columns: dict[str, Any] | None = None) -> None:
    """Leaves what SchemaGen and StatisticsGen leave of a run."""
    columns = columns or COLUMNS
    arrays = [
        pa.array([[] if cell is None else [cell] for cell in cells], pa.list_(kind))
        for kind, cells in columns.values()
    ]
    batch = pa.RecordBatch.from_arrays(arrays, list(columns))
    statistics = stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())
    schema = tfdv.infer_schema(statistics, infer_feature_shape=True)
    runs = root / "runs" / "m"
    path = runs / "StatisticsGen" / "statistics" / str(execution) / "Split-train"
    path.mkdir(parents=True)
    (path / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
    path = runs / "SchemaGen" / "schema" / str(execution + 1)
    path.mkdir(parents=True)
    tfdv.write_schema_text(schema, str(path / "schema.pbtxt"))


def frozen(root: Path) -> dict[str, Any]:
    path = freeze.schema("m", root)
    assert path == root / "models" / "m" / "schema.pbtxt"
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []
    schema = tfdv.load_schema_text(str(path))
    assert list(schema.default_environment) == ["TRAINING", "SERVING"]
    return {feature.name: feature for feature in schema.feature}


def test_requests_carry_no_label(root: Path) -> None:
    ran(root, 3)
    features = frozen(root)
    assert list(features["tips"].not_in_environment) == ["SERVING"]
    assert not features["fare"].not_in_environment


def test_optional_features_need_nearly_as_many_values_as_there_were(root: Path) -> None:
    ran(root, 3)
    features = frozen(root)
    assert {name: feature.presence.min_fraction for name, feature in features.items()} == {
        "fare": 1.0,
        "tips": 1.0,
        "company": pytest.approx(0.65, abs=0.011),
        "area": 0.0,
        "nothing": 0.0,
    }
    assert features["fare"].HasField("shape") and not features["company"].HasField("shape")
    assert features["company"].presence.min_fraction <= 0.65


def test_the_latest_schema_is_frozen(root: Path) -> None:
    ran(root, 9, {name: COLUMNS[name] for name in ("fare", "tips")})
    ran(root, 100, {name: COLUMNS[name] for name in ("fare", "tips", "area")})
    (root / "runs" / "m" / "SchemaGen" / "schema" / "999").mkdir()  # Without a schema in it.
    assert frozen(root).keys() == {"fare", "tips", "area"}


def test_freezing_again_replaces(root: Path) -> None:
    ran(root, 3)
    assert frozen(root).keys() == COLUMNS.keys()
    ran(root, 5, {"tips": COLUMNS["tips"]})
    assert frozen(root).keys() == {"tips"}


def test_without_a_run_there_is_nothing_to_freeze(root: Path) -> None:
    with pytest.raises(RunError, match="No run of 'm' has a result of SchemaGen") as caught:
        freeze.schema("m", root)
    assert "python -m pipeline run m" in caught.value.remedy
    with pytest.raises(RunError, match="No run of 'm' has a result of Tuner") as caught:
        freeze.hyperparameters("m", root)
    assert "tuning.mode=always" in caught.value.remedy
    assert not list((root / "models" / "m").glob("*.pbtxt"))


def test_an_unknown_model(root: Path) -> None:
    for function in (freeze.schema, freeze.hyperparameters):
        with pytest.raises(ConfigError, match="no model 'mm'"):
            function("mm", root)


@pytest.mark.parametrize("config", [CONFIG, "data: [", None])
def test_the_latest_hyperparameters_are_frozen_whatever_the_config_says(
    root: Path, config: str | None
) -> None:
    (root / "models" / "m" / "config.yaml").unlink()
    if config:
        (root / "models" / "m" / "config.yaml").write_text(config)
    for execution, units in (("8", 16), ("12", 32)):
        path = root / "runs" / "m" / "Tuner" / "best_hyperparameters" / execution
        path.mkdir(parents=True)
        content = {"space": [], "values": {"units": units, "rate": 0.1}}
        (path / "best_hyperparameters.txt").write_text(json.dumps(content))
    path = freeze.hyperparameters("m", root)
    assert path == root / "models" / "m" / "hyperparameters.json"
    assert json.loads(path.read_text()) == {"units": 32, "rate": 0.1}
    assert path.read_text().endswith("}\n")
