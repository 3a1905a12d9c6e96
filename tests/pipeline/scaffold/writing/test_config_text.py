"""`config.yaml`: read back, it says what was found."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.settings import read_settings
from pipeline.config.loading import load
from pipeline.config.model_config import ModelConfig, Monitoring
from pipeline.scaffold.reading.location import locate
from pipeline.scaffold.writing import budget, config_text, files
from tests.pipeline.scaffold import tables

N = 600
_DRAW = random.Random(13)
X = [_DRAW.gauss(0, 1) for _ in range(N)]


def written(
    root: Path, columns: dict[str, Any], *labels: str, said: list[str] | None = None
) -> str:
    found = tables.proposal(root, columns, *labels, said=said or [])
    location = locate("t.csv", {}, root, root)
    label = files.label_name(found)
    text = config_text.config("m", label, found, location, budget.for_rows(found.rows))
    folder = root / "models" / "m"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(text)
    return text


def config(root: Path, columns: dict[str, Any], *labels: str, **options: Any) -> ModelConfig:
    written(root, columns, *labels, **options)
    return load("m", root=root)


def test_a_label_of_two_classes(tmp_path: Path) -> None:
    label = [("no", "yes")[x + _DRAW.gauss(0, 1) > 0] for x in X]
    columns = {"x": ["NA" if n == 3 else x for n, x in enumerate(X)], "y": label}
    found = config(tmp_path, columns, "y")
    assert found.data.path == "t.csv" and found.data.missing == ("NA",)
    assert found.label.classes == ("no", "yes") and found.label.columns == ("y",)
    assert found.splits.shares == {"train": 6, "eval": 2, "test": 2}
    auc = found.evaluation.metrics["AUC"]
    assert auc.at_least is not None and 0.6 < auc.at_least < 0.9
    assert auc.max_regression is not None and 0 < auc.max_regression < 0.2
    assert found.evaluation.metrics["AUCPrecisionRecall"].at_least is not None
    assert found.training.class_weights is None


@pytest.mark.parametrize(
    ("label", "said", "monitor", "direction"),
    [
        ([int(x > 0) for x in X], ["splits.time=day"], "val_auc", "max"),
        ([int(x > 0) for x in X], ["splits=rows"], "val_loss", "min"),
        ([3 * x for x in X], ["splits.time=day"], "val_loss", "min"),
    ],
)
def test_of_two_classes_at_later_times_the_order_is_learnt(
    tmp_path: Path, label: list[Any], said: list[str], monitor: str, direction: str
) -> None:
    days = [f"2024-{1 + n // 50:02}-{1 + n % 28:02}" for n in range(N)]
    found = config(tmp_path, {"x": X, "day": days, "y": label}, "y", said=said).training
    assert (found.early_stopping_monitor, found.early_stopping_direction) == (monitor, direction)


def test_a_rare_class_is_weighted_and_its_accuracy_shown(tmp_path: Path) -> None:
    columns = {"x": X, "y": [int(x > 1.5) for x in X]}
    text = written(tmp_path, columns, "y")
    found = load("m", root=tmp_path)
    assert found.training.class_weights == "balanced" and "of the class 1" in text
    assert found.evaluation.metrics["BinaryAccuracy"].at_least is None
    assert found.evaluation.metrics["AUCPrecisionRecall"].at_least is not None


@pytest.mark.parametrize(
    ("label", "metric"),
    [
        ([3 * x for x in X], "RootMeanSquaredError"),
        ([round(2.718 ** (8 + 2 * x)) for x in X], "MeanSquaredLogarithmicError"),
        ([int(_DRAW.expovariate(0.3)) for _ in X], "RootMeanSquaredError"),
    ],
)
def test_quantities(tmp_path: Path, label: list[Any], metric: str) -> None:
    found = config(tmp_path, {"x": X, "y": label}, "y")
    assert found.evaluation.metrics[metric].at_most is not None
    assert found.evaluation.metrics["MeanAbsoluteError"].at_most is None
    assert found.evaluation.metrics[metric].direction == "lower"


def test_several_labels_have_a_bound_each(tmp_path: Path) -> None:
    columns = {"x": X, "a b": [int(x > 0) for x in X], "c": [("no", "yes")[x > 1] for x in X]}
    found = config(tmp_path, columns, "a b", "c")
    assert found.label.name == "labels" and found.label.columns == ("a b", "c")
    metric = found.evaluation.metrics["AUC_c"]
    assert metric.metric == "AUC" and metric.options == {"class_id": 1} and metric.at_least


@pytest.mark.parametrize("way", ["by", "time", "rows"])
def test_splits(tmp_path: Path, way: str) -> None:
    columns = {
        "x": X,
        "who: 'is' it": [f"u{n % 99}" for n in range(N)],
        "day": [f"{1 + n % 28:02}.{1 + n // 50:02}.2024" for n in range(N)],
        "y": [n % 2 for n in range(N)],
    }
    said = {"by": "splits.by=who: 'is' it", "time": "splits.time=day", "rows": "splits=rows"}[way]
    options = ["who: 'is' it=group", said]
    found = config(tmp_path, columns, "y", said=options).splits
    assert found.by == (("who: 'is' it",) if way == "by" else ())
    assert (found.time is not None) == (way == "time")
    if found.time:
        assert (found.time.column, found.time.format) == ("day", "%d.%m.%Y")


def test_few_rows_have_a_bound_too(tmp_path: Path) -> None:
    found = config(tmp_path, {"x": [1.5, 2.5, 3.5] * 4, "y": list(range(12))}, "y")
    assert any(one.at_most or one.at_least for one in found.evaluation.metrics.values())


def test_what_is_served_is_watched_and_nothing_is_started(tmp_path: Path) -> None:
    text = written(tmp_path, {"x": X, "y": [3 * x for x in X]}, "y")
    found = load("m", root=tmp_path).monitoring
    assert "\nmonitoring:\n" in text
    assert found == Monitoring() and found.on_alarm == "notify"
    assert read_settings(tmp_path / "models", "m").on_alarm == "notify"
