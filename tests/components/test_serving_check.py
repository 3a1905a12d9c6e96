"""Only an export that answers as training computed gets the serving check's blessing."""

from __future__ import annotations

import base64
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components import serving_check
from components.serving_check import ServingCheck
from models.common import known_answers
from models.common.errors import ServingError
from tests.models import tiny_sample
from tests.models.tiny_sample import Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The same model as the tests of models have."""
    return tiny_sample.make(tmp_path_factory.getbasetemp() / "tiny")


@pytest.fixture
def export(tiny: Sample, tmp_path: Path) -> Path:
    """A copy of a good export, where TFX's Trainer puts it."""
    path = tmp_path / "Format-Serving"
    shutil.copytree(tiny.export_path, path)
    return path


def edit(export: Path, change: Edit) -> None:
    path = export / known_answers.PATH
    known = json.loads(path.read_text())
    change(known)
    path.write_text(json.dumps(known))


def refused(export: Path) -> ServingError:
    with pytest.raises(ServingError) as caught:
        serving_check.check(str(export))
    return caught.value


def run(folder: Path) -> standard_artifacts.InfraBlessing:
    model, blessing = standard_artifacts.Model(), standard_artifacts.InfraBlessing()
    model.uri, blessing.uri = str(folder), str(folder / "blessing")
    ServingCheck.EXECUTOR_SPEC.executor_class._FUNCTION(model=model, code="{}", blessing=blessing)
    return blessing


def test_a_good_export_is_blessed(export: Path) -> None:
    assert run(export.parent).get_int_custom_property("blessed") == 1


def test_no_blessing_without_answers(export: Path) -> None:
    edit(export, lambda known: known["outputs"]["outputs"][0].__setitem__(0, 7.0))
    with pytest.raises(ServingError):
        run(export.parent)


def other_value(known: dict[str, Any]) -> None:
    known["outputs"]["outputs"][3][0] += 0.01


def other_name(known: dict[str, Any]) -> None:
    known["outputs"]["chances"] = known["outputs"].pop("outputs")


def other_shape(known: dict[str, Any]) -> None:
    known["outputs"]["outputs"] = [value for [value] in known["outputs"]["outputs"]]


def fewer_rows(known: dict[str, Any]) -> None:
    known["outputs"]["outputs"].pop()


def other_row(known: dict[str, Any]) -> None:
    known["rows"][0]["miles"] += 30.0


def other_example(known: dict[str, Any]) -> None:
    known["examples"][0] = known["examples"][1]


def row_without_a_feature(known: dict[str, Any]) -> None:
    del known["rows"][0]["miles"]


def not_an_example(known: dict[str, Any]) -> None:
    known["examples"][0] = "AAAA"


@pytest.mark.parametrize(
    ("change", "headline", "detail"),
    [
        (other_value, "'outputs' differs from what training computed", "Received: "),
        (other_name, "answers with other names", "Expected: ['chances']. Received: ['outputs']"),
        (other_shape, "'outputs' has another shape", "Expected: (8,). Received: (8, 1)"),
        (fewer_rows, "'outputs' has another shape", "Expected: (7, 1). Received: (8, 1)"),
        (other_row, "computed (serving_default, all rows)", ""),
        (other_example, "computed (serving_examples)", ""),
        (row_without_a_feature, "do not fit the signature 'serving_default'", "['miles']"),
        (not_an_example, "'serving_examples' of ", "parse"),
    ],
)
def test_what_differs_is_named(export: Path, change: Edit, headline: str, detail: str) -> None:
    edit(export, change)
    error = refused(export)
    assert headline in error.headline and detail in error.detail and error.remedy


def test_rounding_is_no_difference(export: Path) -> None:
    edit(export, lambda known: known["outputs"]["outputs"][0].__setitem__(0, nudged(known)))
    serving_check.check(str(export))


def nudged(known: dict[str, Any]) -> float:
    return known["outputs"]["outputs"][0][0] * (1 + 1e-5)


def test_a_damaged_model_is_refused(export: Path) -> None:
    (export / "saved_model.pb").write_bytes(b"\x0a\x02")
    assert "does not load" in refused(export).headline


class Model(tf.Module):
    """A model of one number, whose answer to the last row is as told."""

    def __init__(self, last: float) -> None:
        super().__init__()
        self.last = tf.Variable(last)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def serving_default(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"outputs": tf.where(x > 2, self.last, x)[:, None]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def serving_examples(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {"x": tf.io.FixedLenFeature([], tf.float32)}
        return self.serving_default(tf.io.parse_example(inputs, spec)["x"])


def write(folder: Path, last: float, *signatures: str) -> None:
    """Exports the model of one number with its known answers."""
    model = Model(last)
    functions = {
        name: model.serving_default if name == "serving_default" else model.serving_examples
        for name in signatures
    }
    tf.saved_model.save(model, str(folder), signatures=functions)
    rows: list[dict[str, Any]] = [{"x": 1.0}, {"x": 2.0}, {"x": 3.0}]
    known = {
        "rows": rows,
        "examples": [base64.b64encode(tiny_sample.example(r)).decode() for r in rows],
        "outputs": {"outputs": [[1.0], [2.0], [3.0]]},
    }
    path = folder / known_answers.PATH
    path.parent.mkdir()
    path.write_text(json.dumps(known))


ALL = ("serving_default", "serving_examples", "transform_features")


def test_any_export_with_these_signatures_may_pass(tmp_path: Path) -> None:
    write(tmp_path, 3.0, *ALL)
    serving_check.check(str(tmp_path))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_an_answer_that_is_not_finite_is_refused(tmp_path: Path, bad: float) -> None:
    write(tmp_path, bad, *ALL)
    error = refused(tmp_path)
    assert "answers NaN or infinity for 'outputs' (serving_default, all rows)" in error.headline
    assert str(bad) in error.detail and "fill" in error.remedy


@pytest.mark.parametrize("missing", ALL)
def test_a_missing_signature_is_named(tmp_path: Path, missing: str) -> None:
    write(tmp_path, 3.0, *[name for name in ALL if name != missing])
    error = refused(tmp_path)
    assert error.headline == f"The exported model lacks the signature {missing}"
    assert all(name in error.detail for name in ALL if name != missing)


@pytest.mark.parametrize(
    ("answer", "known", "same"),
    [
        (np.array([b"a", "é".encode()], object), ["a", "é"], True),
        (np.array([b"a", b"b"], object), ["a", "c"], False),
        (np.array([1, 2]), [1, 2], True),
        (np.array([1, 2]), [1, 3], False),
        (np.array([True, False]), [True, False], True),
    ],
)
def test_outputs_of_other_types(answer: Any, known: list[Any], same: bool) -> None:
    if same:
        serving_check._compare("here", {"y": answer}, {"y": known})
    else:
        with pytest.raises(ServingError, match="differs from what training computed"):
            serving_check._compare("here", {"y": answer}, {"y": known})
