"""Whatever an earlier model cannot read of today is told in words, with the column's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.evaluation import baseline_trial

pytestmark = pytest.mark.tfx

INT, FLOAT, TEXT = schema_pb2.INT, schema_pb2.FLOAT, schema_pb2.BYTES
TODAY = {"a": FLOAT, "b": INT, "c": TEXT, "y": INT}


def schema(types: dict[str, Any]) -> schema_pb2.Schema:
    return schema_pb2.Schema(
        feature=[schema_pb2.Feature(name=name, type=kind) for name, kind in types.items()]
    )


def row(**values: Any) -> bytes:
    def feature(value: Any) -> tf.train.Feature:
        if isinstance(value, float):
            return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))

    features = {name: feature(value) for name, value in values.items()}
    made = tf.train.Example(features=tf.train.Features(feature=features))
    return bytes(made.SerializeToString())


ROWS = [row(a=0.5, b=2, c="x", y=1)] * 3


def save(folder: Path, *, width: int = 1, label: str = "label", scale: float = 1.0) -> str:
    """A model of `a` and `b` as the project exports one, without a network."""
    spec = {
        "a": tf.io.FixedLenFeature([], tf.float32),
        "b": tf.io.FixedLenFeature([], tf.int64),
    }
    text = tf.TensorSpec([None], tf.string)

    class Model(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], tf.int64)]
        )
        def serving_default(self, a: Any, b: Any) -> Any:
            return {"outputs": a + tf.cast(b, tf.float32)}

        @tf.function(input_signature=[text])
        def serving_examples(self, inputs: Any) -> Any:
            parsed = tf.io.parse_example(inputs, spec)
            return {"outputs": tf.tile(scale * parsed["a"][:, tf.newaxis], [1, width])}

        @tf.function(input_signature=[text])
        def transform_features(self, inputs: Any) -> Any:
            parsed = tf.io.parse_example(inputs, spec | {"y": tf.io.FixedLenFeature([], tf.int64)})
            return {"a": parsed["a"], label: parsed["y"]}

    model = Model()
    names = ("serving_default", "serving_examples", "transform_features")
    signatures = {name: getattr(model, name) for name in names}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return str(folder)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save(tmp_path_factory.mktemp("baseline") / "1")


def asked(baseline: str, candidate: str, rows: list[bytes], types: Any) -> str | None:
    return baseline_trial.unreadable(baseline, candidate, rows, schema(types), "label")


def test_a_model_that_reads_todays_rows_can_be_asked(saved: str) -> None:
    assert asked(saved, saved, ROWS, TODAY) is None
    assert asked(saved, saved, ROWS, TODAY | {"new": TEXT}) is None
    assert asked(saved, saved, [], TODAY) is None


@pytest.mark.parametrize(
    ("types", "reason"),
    [
        ({"a": FLOAT, "c": TEXT, "y": INT}, "the column 'b', which the data no longer has"),
        (TODAY | {"b": FLOAT}, "whole numbers in the column 'b', where the data now has fractions"),
        (TODAY | {"b": TEXT}, "whole numbers in the column 'b', where the data now has text"),
        (TODAY | {"a": INT}, "fractions in the column 'a', where the data now has whole numbers"),
    ],
)
def test_a_column_that_went_or_changed_is_named(saved: str, types: Any, reason: str) -> None:
    assert reason in (asked(saved, saved, ROWS, types) or "")


@pytest.mark.parametrize(
    ("values", "column"), [({"a": 0.5, "b": 2}, "y"), ({"a": 1, "b": 2, "y": 1}, "a")]
)
def test_what_no_schema_tells_the_rows_do(saved: str, values: Any, column: str) -> None:
    found = asked(saved, saved, [row(**values)], TODAY) or ""
    assert f"cannot read the column '{column}' of today's rows" in found


def test_another_label_or_output_is_told(saved: str, tmp_path: Path) -> None:
    renamed = save(tmp_path / "renamed", label="before")
    assert "its preprocessing gives no 'label'" in (asked(renamed, saved, ROWS, TODAY) or "")
    wide = save(tmp_path / "wide", width=3)
    told = asked(saved, wide, ROWS, TODAY)
    assert told == "predicts [1] as 'outputs' of a row, and the candidate [3] as 'outputs'"
    endless = save(tmp_path / "endless", scale=float("inf"))
    assert "not finite" in (asked(endless, saved, ROWS, TODAY) or "")


def test_damaged_and_foreign_models_are_told(saved: str, tmp_path: Path) -> None:
    assert "cannot be loaded" in (asked(str(tmp_path / "none"), saved, ROWS, TODAY) or "")
    damaged = Path(save(tmp_path / "damaged"))
    (damaged / "saved_model.pb").write_bytes(b"\xff no model")
    assert "cannot be loaded" in (asked(str(damaged), saved, ROWS, TODAY) or "")
    tf.saved_model.save(tf.Module(), str(tmp_path / "foreign"))
    assert asked(str(tmp_path / "foreign"), saved, ROWS, TODAY) == (
        "has no signature 'serving_examples'"
    )


@pytest.mark.parametrize("name", ["rows.gz", "rows"])
def test_the_first_rows_of_several_files_are_taken(tmp_path: Path, name: str) -> None:
    files = []
    for number, count in enumerate((0, 2, 5)):
        files.append(f"{tmp_path}/{number}-{name}")
        options = tf.io.TFRecordOptions("GZIP" if name.endswith(".gz") else "")
        with tf.io.TFRecordWriter(files[-1], options) as writer:
            for place in range(count):
                writer.write(f"{number}{place}")
    assert baseline_trial.first_rows(files, 4) == [b"10", b"11", b"20", b"21"]
    assert len(baseline_trial.first_rows(files)) == 7
