"""An export answers as its network does, by all signatures, in TensorFlow Serving's loader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.saved_model import loader_impl

from models.common import examples, export, raw_inputs, training, tuning
from models.common import outputs as network_outputs
from models.common.errors import ServingError
from models.common.labels import encoding
from models.common.loaded_model import LoadedModel
from models.common.raw_inputs import MISSING
from tests.models import tiny_sample
from tests.models.tiny_sample import LABEL, OPTIONAL, Row, Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

FULL: Row = {
    "miles": 12.5,
    "hour": 7,
    "payment": "Cash",
    "position": [41.5, -87.25],
    "latitude": 41.75,
    "area": 5,
    "company": "Blue",
    "stops": [3, 4],
    "tips": 0.5,
}

floats = st.floats(-1000, 1000, width=32, allow_subnormal=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
raw_rows = st.fixed_dictionaries(
    {
        "miles": floats,
        "hour": st.integers(-100, 100),
        "payment": texts,
        "position": st.lists(floats, min_size=2, max_size=2),
        "tips": floats,
    },
    optional={
        "latitude": floats,
        "area": st.integers(-(2**63) + 1, 2**63 - 1),
        "company": st.sampled_from(["Blue", "Yellow", "Flash"]) | texts.filter(bool),
        "stops": st.lists(st.integers(0, 20), min_size=1, max_size=4),
    },
)


@dataclass
class Exported:
    """A network, and its export as a server loads it."""

    network: keras.Model
    model: LoadedModel
    path: Path

    def signature(self, name: str = "serving_default") -> meta_graph_pb2.SignatureDef:
        """A signature as the file describes it."""
        saved = loader_impl.parse_saved_model(str(self.path))
        return saved.meta_graphs[0].signature_def[name]

    def inputs(self, name: str = "serving_default") -> dict[str, tf.DType]:
        """The type of each of a signature's inputs."""
        tensors = self.signature(name).inputs.items()
        return {key: tf.as_dtype(tensor.dtype) for key, tensor in tensors}

    def answers(self, rows: list[Row]) -> dict[str, dict[str, np.ndarray]]:
        """What each way to ask answers."""
        serialized = np.array([tiny_sample.example(row) for row in rows], object)
        transformed = self.model.call("transform_features", {"inputs": serialized})
        inputs = examples.model_inputs(
            {name: tf.constant(values) for name, values in transformed.items()}, LABEL, NUMBER
        )
        network = self.network(inputs, training=False)
        if not isinstance(network, dict):
            network = {"outputs": network}
        return {
            "serving_default": self.model.predict_rows(rows),
            "serving_examples": self.model.call("serving_examples", {"inputs": serialized}),
            "transform_features, then the network": {
                name: tensor.numpy() for name, tensor in network.items()
            },
        }


NUMBER = f"{LABEL}{encoding.NUMBER}"


def check_same(answers: dict[str, dict[str, np.ndarray]], count: int) -> None:
    expected = answers.pop("serving_default")
    assert all(len(values) == count for values in expected.values())
    for how, outputs in answers.items():
        assert outputs.keys() == expected.keys(), how
        for name, values in expected.items():
            np.testing.assert_allclose(outputs[name], values, 1e-5, 1e-7, err_msg=how)


@pytest.fixture(scope="module")
def exported(tiny: Sample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """An export of a network that is also at hand itself."""
    network = training.build(tiny_sample.plan(), {"learning_rate": 0.1, "units": 8}, tiny.transform)
    path = tmp_path_factory.mktemp("export")
    with written(network, tiny, path) as model:
        yield Exported(network, model, path)


def written(network: keras.Model, tiny: Sample, path: Path, **options: Any) -> LoadedModel:
    plan = tiny_sample.plan()
    export.export(
        network,
        tiny.transform,
        labels=plan.labels,
        label_columns=plan.label_columns,
        inputs=[*plan.inputs, "tips"],
        path=str(path),
        **options,
    )
    return LoadedModel(str(path))


def test_each_signature_is_traced_once(
    tiny: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = training.build(tiny_sample.plan(), {"learning_rate": 0.1, "units": 8}, tiny.transform)
    traced: list[str] = []

    def counting(module: Any, name: str) -> None:
        function = getattr(module, name)

        def counted(*given: Any) -> Any:
            traced.append(name)
            return function(*given)

        monkeypatch.setattr(module, name, counted)

    counting(raw_inputs, "to_parsed")  # serving_default
    counting(network_outputs, "answers")  # serving_default and serving_examples
    counting(encoding, "for_judging")  # transform_features
    with written(network, tiny, tmp_path) as model:
        assert len(model.signatures) == 3
    assert sorted(traced) == ["answers", "answers", "for_judging", "to_parsed"]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([[0.25], [1.0]], [[0.75, 0.25], [0.0, 1.0]]),
        ([0.25, 1.0], [[0.75, 0.25], [0.0, 1.0]]),
        ([[0.1, 0.9], [0.5, 0.5]], [[0.1, 0.9], [0.5, 0.5]]),
    ],
)
def test_each_class_has_a_score(scores: Any, expected: Any) -> None:
    found = export._classification(tf.constant(scores), ["no", "yes"])
    np.testing.assert_allclose(found["scores"], expected)
    assert found["classes"].numpy().tolist() == [[b"no", b"yes"]] * 2


def test_classes_with_names_are_answered_by_classify(tiny: Sample, tmp_path: Path) -> None:
    network = training.build(tiny_sample.plan(), {"learning_rate": 0.1, "units": 2}, tiny.transform)
    with written(network, tiny, tmp_path, classes=["no", "yes"]) as model:
        exported = Exported(network, model, tmp_path)
        assert exported.signature("classify").method_name == "tensorflow/serving/classify"
        rows = np.array([tiny_sample.example(row) for row in tiny_sample.rows(3)], object)
        found = model.call("classify", {"inputs": rows})
        [answer] = model.call("serving_examples", {"inputs": rows}).values()
    np.testing.assert_allclose(found["scores"][:, 1:], answer, 1e-6)
    assert found["classes"].tolist() == [[b"no", b"yes"]] * 3


def test_a_request_carries_named_features_but_no_label(exported: Exported) -> None:
    signatures = exported.model.signatures
    assert signatures == ["serving_default", "serving_examples", "transform_features"]
    assert exported.inputs() == {
        "miles": tf.float32,
        "hour": tf.int64,
        "payment": tf.string,
        "position": tf.float32,
        "latitude": tf.float32,
        "area": tf.int64,
        "company": tf.string,
        "stops": tf.int64,
    }
    assert sorted(exported.signature().defaults) == sorted(OPTIONAL)
    assert exported.inputs("serving_examples") == {"inputs": tf.string}
    assert exported.inputs("transform_features") == {"inputs": tf.string}


def test_the_label_is_among_the_transformed_features(exported: Exported, tiny: Sample) -> None:
    serialized = np.array([tiny_sample.example(FULL | {"tips": tip}) for tip in (0.5, 3.0)], object)
    transformed = exported.model.call("transform_features", {"inputs": serialized})
    expected = tiny.transform.transformed_feature_spec().keys() | {NUMBER}
    assert transformed.keys() == expected
    assert transformed[LABEL].tolist() == [0, 1]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(raw_rows, min_size=1, max_size=4))
def test_all_signatures_predict_the_same(exported: Exported, rows: list[Row]) -> None:
    check_same(exported.answers(rows), len(rows))


def test_a_row_is_predicted_the_same_in_any_batch(exported: Exported) -> None:
    rows = tiny_sample.rows(30, seed=2)
    together = exported.model.predict_rows(rows)["outputs"]
    alone = [exported.model.predict_rows([row])["outputs"] for row in rows]
    np.testing.assert_allclose(np.concatenate(alone), together, 1e-5, 1e-7)
    assert np.ptp(together) > 0.01


@pytest.mark.parametrize("name", OPTIONAL)
def test_missing_means_the_same_however_it_is_said(exported: Exported, name: str) -> None:
    model = exported.model
    rest = {key: value for key, value in FULL.items() if key not in (name, "tips")}
    dtype = exported.inputs()[name]
    named = {
        key: np.array([value], object if isinstance(value, str) else None)
        for key, value in rest.items()
    }
    marker = np.array([MISSING[dtype]], object if dtype == tf.string else dtype.as_numpy_dtype)
    empty = tf.train.Example.FromString(tiny_sample.example(rest))
    kind = tf.train.Example.FromString(tiny_sample.example(FULL)).features.feature[name]
    # As ExampleGen writes it: a list of the column's type, without a value.
    getattr(empty.features.feature[name], str(kind.WhichOneof("kind"))).SetInParent()
    ways = {
        "left out of the request": model.call("serving_default", named),
        "a marker": model.call(
            "serving_default", named | {name: marker[None] if name == "stops" else marker}
        ),
        "left out of the row": model.predict_rows([rest]),
        "null": model.predict_rows([rest | {name: None}]),
        "null beside a row with a value": model.predict_rows([rest, FULL]),
        "absent from the example": model.call(
            "serving_examples", {"inputs": np.array([tiny_sample.example(rest)], object)}
        ),
        "an empty list in the example": model.call(
            "serving_examples", {"inputs": np.array([empty.SerializeToString()], object)}
        ),
    }
    answers = {how: float(outputs["outputs"][0, 0]) for how, outputs in ways.items()}
    assert answers == pytest.approx(dict.fromkeys(ways, answers["null"]), rel=1e-5)
    present = float(model.predict_rows([FULL])["outputs"][0, 0])
    assert abs(present - answers["null"]) > 1e-5, "the feature does not count, so nothing is shown"


def test_left_out_of_a_request_means_missing_in_every_row(exported: Exported) -> None:
    rows = [{k: v for k, v in row.items() if k not in OPTIONAL} for row in tiny_sample.rows(5)]
    check_same(exported.answers(rows), 5)


def test_outputs_with_names_keep_them(tiny: Sample, tmp_path: Path) -> None:
    network = training.build(tiny_sample.plan(), {"learning_rate": 0.1, "units": 2}, tiny.transform)
    answer = network.outputs[0]
    network = keras.Model(network.input, {"chance": answer, "percent": 100.0 * answer})
    with written(network, tiny, tmp_path) as model:
        answers = Exported(network, model, tmp_path).answers(tiny_sample.rows(4))
        assert answers["serving_default"].keys() == {"chance", "percent"}
        check_same(answers, 4)


def test_what_training_exports_answers(tiny: Sample) -> None:
    assert tuning.search_space("tiny").values == {"learning_rate": 1e-2, "units": 4}
    with LoadedModel(tiny.export_path) as model:
        rows = tiny_sample.rows(5)
        outputs = model.predict_rows(rows)["outputs"]
        serialized = np.array([tiny_sample.example(row) for row in rows], object)
        again = model.call("serving_examples", {"inputs": serialized})["outputs"]
    assert outputs.shape == (5, 1) and np.isfinite(outputs).all()
    np.testing.assert_allclose(outputs, again, 1e-5)


def test_the_loader_refuses_what_python_accepts(tmp_path: Path) -> None:
    """Why the export goes through `ExportArchive`, and the check through this loader."""
    column = keras.Input((2,), name="x")
    network = keras.Model(column, keras.layers.Dense(1)(column))
    tf.saved_model.save(network, str(tmp_path))
    row = np.ones((1, 2), np.float32)

    python = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    [answer] = python(inputs=tf.constant(row)).values()
    np.testing.assert_allclose(answer, network(row), 1e-6)

    with LoadedModel(str(tmp_path)) as model:
        with pytest.raises(ServingError) as caught:
            model.call("serving_default", {"inputs": row})
        assert "Could not find variable" in caught.value.detail
