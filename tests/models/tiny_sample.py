"""The tiny model, fitted, trained and exported in seconds, and rows to ask it.

Importing this module makes `models.tiny` of the folder beside it.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import models  # isort: skip  (settings that TensorFlow reads when it is imported)

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata
from tfx_bsl.public.tfxio import TFExampleRecord

from models.common import model_folder, training, tuning
from models.common.loaded_model import LoadedModel
from models.common.plan import Plan
from pipeline.local import beam_tuning
from tests.models.tiny_rows import OPTIONAL, Row, request_rows, rows

HERE = Path(__file__).resolve().parent
models.__path__.append(str(HERE))

__all__ = ["LABEL", "OPTIONAL", "Row", "Sample", "rows"]

LABEL = "generous"


@dataclass(frozen=True)
class Sample:
    """Where the parts of a small trained model are."""

    folder: Path

    @property
    def train_files(self) -> list[str]:
        """Raw examples, gzipped TFRecord."""
        return [str(self.folder / "train.gz")]

    @property
    def eval_files(self) -> list[str]:
        """Raw examples, gzipped TFRecord."""
        return [str(self.folder / "eval.gz")]

    @property
    def transform_path(self) -> str:
        """The fitted preprocessing."""
        return str(self.folder / "transform")

    @property
    def export_path(self) -> str:
        """The SavedModel."""
        return str(self.folder / "export")

    @property
    def summary_path(self) -> str:
        """The training curves."""
        return str(self.folder / "history")

    @functools.cached_property
    def transform(self) -> tft.TFTransformOutput:
        """The fitted preprocessing."""
        return tft.TFTransformOutput(self.transform_path)


def schema() -> schema_pb2.Schema:
    """The tiny model's schema."""
    text = (HERE / "tiny" / "schema.pbtxt").read_text(encoding="utf-8")
    return text_format.Parse(text, schema_pb2.Schema())


def example(row: Mapping[str, Any]) -> bytes:
    """A row as a serialized tf.Example; what the row lacks is absent from it."""
    found = tf.train.Example()
    for name, value in row.items():
        feature = found.features.feature[name]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                feature.bytes_list.value.append(item.encode())
            elif isinstance(item, int):
                feature.int64_list.value.append(item)
            else:
                feature.float_list.value.append(item)
    return found.SerializeToString()


def write_examples(path: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Writes rows as ExampleGen does, gzipped TFRecord of tf.Examples; returns the files."""
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for row in rows:
            writer.write(example(row))
    return [path]


def plan(**changes: Any) -> Plan:
    """A plan that trains the tiny model for one epoch."""
    values: dict[str, Any] = {
        "model": "tiny",
        "label": LABEL,
        "label_columns": ("tips",),
        "inputs": importlib.import_module("models.tiny.features").INPUTS,
        "epochs": 1,
        "batch_size": 32,
    }
    return Plan(**{**values, **changes})


def answers(export_path: str) -> np.ndarray:
    """What an exported model answers to 50 rows that it has not seen."""
    with LoadedModel(export_path) as model:
        [found] = model.predict_rows(request_rows(50, seed=2)).values()
    return np.asarray(found)


def analyze(model: str, source: str, folder: str) -> None:
    """Fits a model's preprocessing as Transform does."""
    preprocessing_fn = model_folder.function(model, "preprocessing", "preprocessing_fn")
    beam_tuning.tune()
    options = PipelineOptions(["--runner=FnApiRunner", "--no_pipeline_type_check"])
    tfxio = TFExampleRecord(source, schema=schema())
    with beam.Pipeline(options=options) as pipeline, tft_beam.Context(f"{folder}/temporary"):
        raw = pipeline | tfxio.BeamSource()
        fitted = (raw, tfxio.TensorAdapterConfig()) | tft_beam.AnalyzeDataset(preprocessing_fn)
        _ = fitted | tft_beam.WriteTransformFn(folder)
        metadata = dataset_metadata.DatasetMetadata(schema())
        _ = metadata | tft_beam.WriteMetadata(f"{folder}/metadata", pipeline)


@functools.cache
def make(folder: Path) -> Sample:
    """Trains and exports the tiny model into a new folder, once in a process."""
    folder.mkdir()
    sample = Sample(folder)
    write_examples(sample.train_files[0], rows(240))
    write_examples(sample.eval_files[0], rows(60, seed=1))
    analyze("tiny", sample.train_files[0], sample.transform_path)
    training.train_and_export(
        plan(),
        tuning.search_space("tiny").values,
        train_files=sample.train_files,
        eval_files=sample.eval_files,
        transform_path=sample.transform_path,
        export_path=sample.export_path,
        summary_path=sample.summary_path,
    )
    return sample
