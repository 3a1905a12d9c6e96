"""A transform graph with a label alone, and rows for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.options.pipeline_options import PipelineOptions

from models.common import examples
from models.common.labels import encoding
from pipeline.local import beam_tuning
from tests.models import tiny_sample
from tests.models.tiny_sample import plan


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
        return encoding.encode({"x_xf": inputs["x"], "y": label}, "y", classes)

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
