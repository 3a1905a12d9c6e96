"""Labels of every type become numbers, classes keep their names, and what cannot be is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from models.common import examples, labels
from models.common.errors import ModelCodeError
from pipeline.local import beam_tuning
from tests.models import tiny_sample
from tests.models.tiny_sample import LABEL, Sample, plan

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

TYPES = {tf.string: str, tf.int64: int, tf.float32: float}


def fit(
    folder: Path, values: Sequence[Any], classes: Sequence[str] = (), dtype: Any = tf.string
) -> tft.TFTransformOutput:
    """A transform graph of a column `x` and the label `y`, fitted on the values."""
    spec = {
        "x": tf.io.FixedLenFeature([], tf.float32),
        "y": tf.io.FixedLenFeature([], tf.int64 if dtype.is_bool else dtype),
    }
    rows = [{"x": float(index), "y": value} for index, value in enumerate(values)]
    beam_tuning.tune()
    options = PipelineOptions(["--runner=FnApiRunner", "--no_pipeline_type_check"])

    def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
        label = inputs["y"] > 0 if dtype.is_bool else inputs["y"]
        return labels.encode({"x_xf": inputs["x"], "y": label}, "y", classes)

    with (
        beam.Pipeline(options=options) as pipeline,
        tft_beam.Context(str(folder / "temporary")),
    ):
        metadata = tft.DatasetMetadata.from_feature_spec(spec)
        data = (pipeline | beam.Create(rows), metadata)
        fitted = data | tft_beam.AnalyzeDataset(preprocessing_fn)
        _ = fitted | tft_beam.WriteTransformFn(str(folder / "transform"))
        written = f"{folder}/transform/metadata"
        _ = metadata | tft_beam.WriteMetadata(written, pipeline)
    return tft.TFTransformOutput(str(folder / "transform"))


def files(folder: Path, values: Sequence[Any], name: str = "rows.gz") -> list[str]:
    rows = [{"x": float(index), "y": value} for index, value in enumerate(values)]
    return tiny_sample.write_examples(str(folder / name), rows)


def encoded(folder: Path, transform: tft.TFTransformOutput, values: Sequence[Any]) -> list[float]:
    found = examples.values(files(folder, values, "encoded.gz"), transform, "y")
    return [value for batch in found for value in batch.tolist()]


Y = plan(label="y", label_columns=("y",), inputs=("x",))


def test_text_becomes_the_numbers_of_its_sorted_classes(tmp_path: Path) -> None:
    transform = fit(tmp_path, ["yes", "no", "müde", "yes", "no"])
    assert labels.class_names(transform) == ["müde", "no", "yes"]
    assert encoded(tmp_path, transform, ["no", "yes", "müde"]) == [1, 2, 0]
    found = labels.check(Y, transform, files(tmp_path, ["yes", "no", "no"]))
    assert found == labels.LabelValues(3, ["müde", "no", "yes"], {1: 2, 2: 1})  # type: ignore[arg-type]


def test_classes_of_the_config_keep_their_order(tmp_path: Path) -> None:
    transform = fit(tmp_path, ["low", "high", "low"], ["low", "medium", "high"])
    assert labels.class_names(transform) == ["low", "medium", "high"]
    assert encoded(tmp_path, transform, ["high", "low"]) == [2, 0]


@pytest.mark.parametrize("classes", [(), ("no", "yes")])
@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_class_that_is_not_known_is_named(tmp_path: Path, classes: Any, split: str) -> None:
    transform = fit(tmp_path, ["yes", "no"], classes)
    good, bad = files(tmp_path, ["yes", "no"]), files(tmp_path, ["yes", "maybe"], "bad.gz")
    of = {"train": (bad, good), "eval": (good, bad)}[split]
    with pytest.raises(ModelCodeError, match=f"'y' has the value 'maybe' in the {split} split"):
        labels.check(Y, transform, *of)


def test_a_request_needs_no_label(tmp_path: Path) -> None:
    layer = fit(tmp_path, ["yes", "no"]).transform_features_layer()
    assert layer({"x": tf.constant([7.0])})["x_xf"].numpy() == [7.0]


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        (tf.bool, [0, 1, 1], [0, 1, 1]),
        (tf.int64, [3, -1, 3], [3, -1, 3]),
        (tf.float32, [0.5, 2.0, 0.5], [0.5, 2.0, 0.5]),
    ],
)
def test_other_types_are_numbers(
    tmp_path: Path, dtype: Any, values: list[float], expected: list[float]
) -> None:
    transform = fit(tmp_path, values, dtype=dtype)
    assert labels.class_names(transform) == []
    assert encoded(tmp_path, transform, values) == expected
    assert labels.check(Y, transform, files(tmp_path, values)).rows == 3


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_label_that_is_no_number_is_counted(tmp_path: Path, value: float, split: str) -> None:
    transform = fit(tmp_path, [1.0, 2.0], dtype=tf.float32)
    good = files(tmp_path, [1.0, 2.0, 3.0])
    bad = files(tmp_path, [1.0, value, 2.0], "bad.gz")
    of = {"train": (bad, good), "eval": (good, bad)}[split]
    with pytest.raises(ModelCodeError, match=f"no finite number in 1 of 3 rows of the {split}"):
        labels.check(Y, transform, *of)


def test_text_with_as_many_values_as_rows_is_no_class(tmp_path: Path) -> None:
    values = [f"{number},5" for number in range(30)]
    transform = fit(tmp_path, values)
    with pytest.raises(ModelCodeError, match="is text with 30 different values in 30 rows"):
        labels.check(Y, transform, files(tmp_path, values))


def test_a_label_of_two_values_is_good(tiny: Sample) -> None:
    found = labels.check(plan(), tiny.transform, tiny.train_files, tiny.eval_files)
    assert found.rows == 240 and found.counts is not None
    assert found.counts.keys() == {0, 1} and found.counts.total() == 240


def test_a_label_that_preprocessing_does_not_return(tiny: Sample) -> None:
    with pytest.raises(ModelCodeError, match="returns no 'generosity'") as caught:
        labels.check(plan(label="generosity"), tiny.transform, tiny.train_files)
    assert "area_xf, company_xf, generous" in caught.value.detail


@pytest.mark.parametrize(("tips", "value"), [(0.0, "0"), (9.0, "1")])
def test_a_constant_label(tiny: Sample, tmp_path: Path, tips: float, value: str) -> None:
    rows = [row | {"tips": tips} for row in tiny_sample.rows(20)]
    constant = tiny_sample.write_examples(str(tmp_path / "constant.gz"), rows)
    with pytest.raises(ModelCodeError, match=f"'{LABEL}' is {value} in every row"):
        labels.check(plan(), tiny.transform, constant)


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ('name: "y" type: FLOAT', "'y' is a sparse tensor"),
        (
            'name: "y" type: FLOAT presence { min_fraction: 1 } '
            "shape { dim { size: 2 } dim { size: 3 } }",
            r"'y' has the shape \['batch', 2, 3\]",
        ),
    ],
)
def test_a_label_of_a_shape_that_no_network_learns(
    tmp_path: Path, feature: str, message: str
) -> None:
    path = tmp_path / tft.TFTransformOutput.TRANSFORMED_METADATA_DIR / "schema.pbtxt"
    path.parent.mkdir()
    schema = text_format.Parse(f"feature {{ {feature} }}", schema_pb2.Schema())
    path.write_text(text_format.MessageToString(schema))
    with pytest.raises(ModelCodeError, match=message) as caught:
        labels.check(Y, tft.TFTransformOutput(str(tmp_path)), [])
    assert caught.value.remedy


NUMBERS = labels.LabelValues(100, [], Counter({0: 90, 1: 10}))
NAMES = labels.LabelValues(100, ["no", "yes"], Counter({0: 90, 1: 10}))


def test_balanced_classes_count_alike() -> None:
    for label in (NUMBERS, NAMES):
        weights = labels.weights_by_class(plan(class_weights="balanced"), label)
        assert np.isclose(90 * weights[0], 10 * weights[1]) and np.isclose(
            90 * weights[0] + 10 * weights[1], 100
        )


def test_weights_are_by_the_class_as_the_config_names_it() -> None:
    assert labels.weights_by_class(plan(), NAMES) == {}
    assert labels.weights_by_class(plan(class_weights={"yes": 9}), NAMES) == {1: 9}
    assert labels.weights_by_class(plan(class_weights={"0": 2, "1": 3}), NUMBERS) == {0: 2, 1: 3}


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (NAMES, "the label 'generous' has no class 'ja'"),
        (NUMBERS, "the label 'generous' has no class 'ja'"),
        (labels.LabelValues(100, [], None), "the label 'generous' has no classes"),
        (
            labels.LabelValues(500, [], Counter({x / 7: 1 for x in range(500)})),
            "the label 'generous' has no classes",
        ),
    ],
)
def test_weights_that_fit_no_class_are_refused(label: labels.LabelValues, message: str) -> None:
    with pytest.raises(ModelCodeError, match=message) as caught:
        labels.weights_by_class(plan(class_weights={"ja": 2}), label)
    assert "training.class_weights" in caught.value.headline
