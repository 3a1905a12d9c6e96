"""A label that no network learns is told, and classes weigh what the config says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from models.common.errors import ModelCodeError
from models.common.labels import checks
from tests.models import tiny_sample
from tests.models.common.labels.label_rows import Y, files, fit
from tests.models.tiny_sample import LABEL, Sample, plan

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_label_that_is_no_number_is_counted(tmp_path: Path, value: float, split: str) -> None:
    transform = fit(tmp_path, [1.0, 2.0], dtype=tf.float32)
    good = files(tmp_path, [1.0, 2.0, 3.0])
    bad = files(tmp_path, [1.0, value, 2.0], "bad.gz")
    of = {"train": (bad, good), "eval": (good, bad)}[split]
    with pytest.raises(ModelCodeError, match=f"no finite number in 1 of 3 rows of the {split}"):
        checks.check(Y, transform, *of)


def test_text_with_as_many_values_as_rows_is_no_class(tmp_path: Path) -> None:
    values = [f"{number},5" for number in range(30)]
    transform = fit(tmp_path, values)
    with pytest.raises(ModelCodeError, match="is text with 30 different values in 30 rows"):
        checks.check(Y, transform, files(tmp_path, values))


def test_a_label_of_two_values_is_good(tiny: Sample) -> None:
    found = checks.check(plan(), tiny.transform, tiny.train_files, tiny.eval_files)
    assert found.rows == 240 and found.counts is not None
    assert found.counts.keys() == {0, 1} and found.counts.total() == 240


def test_a_label_that_preprocessing_does_not_return(tiny: Sample) -> None:
    with pytest.raises(ModelCodeError, match="returns no 'generosity'") as caught:
        checks.check(plan(label="generosity"), tiny.transform, tiny.train_files)
    assert "area_xf, company_xf, generous" in caught.value.detail


@pytest.mark.parametrize(("tips", "value"), [(0.0, "0"), (9.0, "1")])
def test_a_constant_label(tiny: Sample, tmp_path: Path, tips: float, value: str) -> None:
    rows = [row | {"tips": tips} for row in tiny_sample.rows(20)]
    constant = tiny_sample.write_examples(str(tmp_path / "constant.gz"), rows)
    with pytest.raises(ModelCodeError, match=f"'{LABEL}' is {value} in every row"):
        checks.check(plan(), tiny.transform, constant)


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
        checks.check(Y, tft.TFTransformOutput(str(tmp_path)), [])
    assert caught.value.remedy


NUMBERS = checks.LabelValues(100, [], Counter({0: 90, 1: 10}))
NAMES = checks.LabelValues(100, ["no", "yes"], Counter({0: 90, 1: 10}))


def test_balanced_classes_count_alike() -> None:
    for label in (NUMBERS, NAMES):
        weights = checks.weights_by_class(plan(class_weights="balanced"), label)
        assert np.isclose(90 * weights[0], 10 * weights[1]) and np.isclose(
            90 * weights[0] + 10 * weights[1], 100
        )


def test_weights_are_by_the_class_as_the_config_names_it() -> None:
    assert checks.weights_by_class(plan(), NAMES) == {}
    assert checks.weights_by_class(plan(class_weights={"yes": 9}), NAMES) == {1: 9}
    assert checks.weights_by_class(plan(class_weights={"0": 2, "1": 3}), NUMBERS) == {0: 2, 1: 3}


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (NAMES, "the label 'generous' has no class 'ja'"),
        (NUMBERS, "the label 'generous' has no class 'ja'"),
        (checks.LabelValues(100, [], None), "the label 'generous' has no classes"),
        (
            checks.LabelValues(500, [], Counter({x / 7: 1 for x in range(500)})),
            "the label 'generous' has no classes",
        ),
    ],
)
def test_weights_that_fit_no_class_are_refused(label: checks.LabelValues, message: str) -> None:
    with pytest.raises(ModelCodeError, match=message) as caught:
        checks.weights_by_class(plan(class_weights={"ja": 2}), label)
    assert "training.class_weights" in caught.value.headline
