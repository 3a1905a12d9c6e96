"""What the benchmark judges: predictions that are in a table, and examples for a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis.proto import config_pb2
from tfx_bsl.tfxio import tensor_adapter, tf_example_record

_BATCH = 1000
_KINDS = np.array([b"cash", b"card", b"free", b"pass", b"other"])
_METRICS = ("AUC", "BinaryAccuracy", "Calibration", "BinaryCrossEntropy", "ExampleCount")


def eval_config(
    *, intervals: bool, model: config_pb2.ModelSpec, bound: float = 0.55
) -> config_pb2.EvalConfig:
    """Five metrics, three kinds of slices, and a bound."""
    threshold = config_pb2.MetricThreshold(value_threshold={"lower_bound": {"value": bound}})
    metrics = [config_pb2.MetricConfig(class_name=name) for name in _METRICS]
    metrics[0].threshold.CopyFrom(threshold)
    method = config_pb2.ConfidenceIntervalOptions.POISSON_BOOTSTRAP
    options = config_pb2.Options()
    if intervals:
        options.compute_confidence_intervals.value = True
        options.confidence_intervals.method = method
    return config_pb2.EvalConfig(
        model_specs=[model],
        metrics_specs=[config_pb2.MetricsSpec(metrics=metrics)],
        slicing_specs=[{}, {"feature_keys": ["kind"]}, {"feature_keys": ["day"]}],
        options=options,
    )


class Source(Protocol):
    """Rows to judge."""

    def parts(self, *, intervals: bool) -> dict[str, Any]:
        """Configuration and model."""
        ...

    def read(self, rows: int) -> beam.PTransform:
        """From a pipeline to batches of so many rows."""
        ...

    def adapter(self) -> dict[str, Any]:
        """What extractors have to know of the batches."""
        ...


class Table:
    """Predictions in a table, made anew for each batch."""

    def __init__(self, folder: Path, sizes: Sequence[int]) -> None:
        pass

    def parts(self, *, intervals: bool) -> dict[str, Any]:
        """Configuration and no model."""
        spec = config_pb2.ModelSpec(label_key="y", prediction_key="score")
        config = eval_config(intervals=intervals, model=spec)
        model = tfma.EvalSharedModel(model_name="", model_type="materialized_prediction")
        return {"eval_config": config, "eval_shared_model": model}

    def read(self, rows: int) -> beam.PTransform:
        """Record batches."""
        starts = range(0, rows, _BATCH)
        return beam.Create([(at, min(_BATCH, rows - at)) for at in starts]) | beam.MapTuple(_batch)

    def adapter(self) -> dict[str, Any]:
        """Nothing."""
        return {}


def _columns(seed: int, rows: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    label = generator.random(rows) < 0.3
    score = np.clip(generator.normal(0.4 + 0.2 * label, 0.15), 0.001, 0.999)
    return {
        "y": label.astype(np.float32),
        "score": score.astype(np.float32),
        "kind": _KINDS[generator.integers(0, 5, rows)],
        "day": generator.integers(1, 8, rows),
    }


def _batch(seed: int, rows: int) -> pa.RecordBatch:
    columns = _columns(seed, rows).items()
    offsets = np.arange(rows + 1, dtype=np.int32)
    lists = {name: pa.ListArray.from_arrays(offsets, pa.array(values)) for name, values in columns}
    return pa.RecordBatch.from_arrays(list(lists.values()), list(lists))


class Model:
    """Examples in a file, and a model with the signatures of an export."""

    def __init__(self, folder: Path, sizes: Sequence[int]) -> None:
        self._folder = folder
        self._saved = str(folder / "model")
        module = _Answers()
        text = tf.TensorSpec([None], tf.string)
        tf.saved_model.save(
            module,
            self._saved,
            signatures={
                "serving_examples": module.answer.get_concrete_function(text),
                "transform_features": module.transform.get_concrete_function(text),
            },
        )
        for size in sizes:
            _write(self._file(size), size)

    def _file(self, rows: int) -> str:
        return str(self._folder / f"{rows}.tfrecord")

    def parts(self, *, intervals: bool) -> dict[str, Any]:
        """Configuration and model."""
        spec = config_pb2.ModelSpec(
            signature_name="serving_examples",
            label_key="label",
            preprocessing_function_names=["transform_features"],
        )
        config = eval_config(intervals=intervals, model=spec)
        shared = tfma.default_eval_shared_model(self._saved, eval_config=config)
        return {"eval_config": config, "eval_shared_model": shared}

    def read(self, rows: int) -> beam.PTransform:
        """Record batches of examples."""
        return self._tfxio(rows).BeamSource()

    def adapter(self) -> dict[str, Any]:
        """The schema."""
        tfxio = self._tfxio(1)
        adapter = tensor_adapter.TensorAdapterConfig(
            tfxio.ArrowSchema(), tfxio.TensorRepresentations()
        )
        return {"tensor_adapter_config": adapter}

    def _tfxio(self, rows: int) -> Any:
        kinds = {"y": "FLOAT", "score": "FLOAT", "kind": "BYTES", "day": "INT"}
        schema = schema_pb2.Schema()
        for name, kind in kinds.items():
            schema.feature.add(
                name=name,
                type=schema_pb2.FeatureType.Value(kind),
                presence={"min_fraction": 1.0},
                shape={"dim": [{"size": 1}]},
            )
        return tf_example_record.TFExampleRecord(
            self._file(rows), schema=schema, raw_record_column_name=tfma.ARROW_INPUT_COLUMN
        )


class _Answers(tf.Module):
    """Gives the score through a network of 64 units."""

    def __init__(self) -> None:
        super().__init__()
        generator = tf.random.Generator.from_seed(1)
        self._in = tf.Variable(generator.normal([8, 64]))
        self._out = tf.Variable(generator.normal([64, 1]) / 64)
        self._spec = {
            "y": tf.io.FixedLenFeature([1], tf.float32),
            "score": tf.io.FixedLenFeature([1], tf.float32),
            "day": tf.io.FixedLenFeature([1], tf.int64),
        }

    @tf.function
    def transform(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """The label among the transformed features."""
        return {"label": tf.io.parse_example(inputs, self._spec)["y"]}

    @tf.function
    def answer(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """The predictions."""
        parsed = tf.io.parse_example(inputs, self._spec)
        hidden = tf.nn.relu(tf.tile(parsed["score"], [1, 8]) @ self._in)
        noise = tf.tanh(hidden @ self._out) / 100
        return {"predictions": tf.clip_by_value(parsed["score"] + noise, 0.001, 0.999)}


def _write(path: str, rows: int) -> None:
    with tf.io.TFRecordWriter(path) as writer:
        for start in range(0, rows, _BATCH):
            columns = _columns(start, min(_BATCH, rows - start))
            for row in zip(*columns.values(), strict=True):
                features = {name: _feature(value) for name, value in zip(columns, row, strict=True)}
                example = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(example.SerializeToString())


def _feature(value: Any) -> tf.train.Feature:
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    if isinstance(value, np.floating):
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


SOURCES: dict[str, Callable[[Path, Sequence[int]], Source]] = {"metrics": Table, "model": Model}
