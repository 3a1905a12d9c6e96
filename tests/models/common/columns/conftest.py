"""A table with a column of each kind, and the functions of `columns` fitted to it once."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

import models  # isort: skip  (settings that TensorFlow reads when it is imported)

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from models.common.columns.booleans import booleans
from models.common.columns.categories import categories
from models.common.columns.dates import dates
from models.common.columns.numbers import numbers, quantile_ranks
from models.common.columns.texts import words
from models.common.columns.vectors import vectors
from models.common.preprocessing import fill_missing

assert models

Row = dict[str, Any]
Transformed = Callable[[Sequence[Row]], dict[str, np.ndarray]]

TYPES = {
    "size (m²)": tf.float32,
    "count": tf.int64,
    "price": tf.string,
    "empty": tf.float32,
    "paid": tf.string,
    "colour": tf.string,
    "code": tf.int64,
    "level": tf.float32,
    "day": tf.string,
    "at": tf.int64,
    "seen": tf.int64,
    "note": tf.string,
    "remark": tf.string,
    "p1": tf.int64,
    "p2": tf.float32,
}
NUMBERS = ("count", "size (m²)", "price", "empty")
CATEGORIES = ("colour", "code", "level")
RARE = 4
DATES = {"day": ("%Y-%m-%d", "%d.%m.%Y"), "at": ("%H%M",), "seen": ("epoch_s",)}
TEXTS = ("note", "remark")
MOST_WORDS = 4
VECTORS = {"list": ("list",), "p": ("p1", "p2")}
NOTHING: Row = dict.fromkeys(TYPES) | {"list": [0.0, 0.0, 0.0]}
"""A row without values, but for the list, which has to be there."""


def _row(number: int) -> Row:
    values: dict[str, Any] = {
        "size (m²)": random.lognormvariate(3, 2),
        "count": random.choice([0, 0, 0, 1, 2, 50]),
        "price": random.choice(["$1,250.50", " 99 ", "12 %", "+3e2", "n/a"]),
        "paid": random.choice(["yes", "No", "TRUE", "f", "perhaps"]),
        "colour": random.choice(["red", "blue ", "blue", "green"]),
        "code": random.choice([1, 2, -7]),
        "level": random.choice([1.0, 1.5]),
        "day": random.choice(["2024-01-15", "31.12.2024", "soon"]),
        "at": random.choice([5, 905, 2359]),
        "seen": 1_700_000_000 + number * 3600,
        "note": random.choice(["Good, good work!", "bad work", "gut — größer", ""]),
        "remark": random.choice(["work", "bad"]),
        "p1": random.randrange(256),
        "p2": random.random() * 255,
    }
    absent = [name for name in values if random.random() < 0.15]
    rare = {"colour": "mauve"} if number < RARE - 1 else {}
    return NOTHING | values | dict.fromkeys(absent) | rare | {"list": [number, 1.0, 2.0]}


random.seed(3)
ROWS: Sequence[Row] = [_row(number) for number in range(150)]


def preprocessing_fn(inputs: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """Every function of `columns`, each by itself."""
    return {
        "numbers": numbers(inputs, NUMBERS),
        "ranks": quantile_ranks(numbers(inputs, NUMBERS)),
        "booleans": booleans(inputs, ("paid", "count")),
        "categories": categories(inputs, CATEGORIES, RARE),
        "dates": dates(inputs, DATES),
        "words": words(inputs, TEXTS, MOST_WORDS),
        "vectors": vectors(inputs, VECTORS),
        "row": fill_missing(inputs["seen"]),
    }


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    """The functions, fitted to ROWS as Transform does it."""
    folder = tmp_path_factory.mktemp("columns")
    spec: dict[str, Any] = {name: tf.io.VarLenFeature(dtype) for name, dtype in TYPES.items()}
    spec["list"] = tf.io.FixedLenFeature([3], tf.float32)
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    instances = [
        {name: value if name == "list" else [value] * (value is not None) for name, value in row}
        for row in map(dict.items, ROWS)
    ]
    options = PipelineOptions(["--runner=FnApiRunner", "--no_pipeline_type_check"])
    with beam.Pipeline(options=options) as pipeline, tft_beam.Context(f"{folder}/temporary"):
        raw = pipeline | beam.Create(instances)
        found = (raw, metadata) | tft_beam.AnalyzeDataset(preprocessing_fn)
        _ = found | tft_beam.WriteTransformFn(f"{folder}/transform")
        _ = metadata | tft_beam.WriteMetadata(f"{folder}/transform/metadata", pipeline)
    return tft.TFTransformOutput(f"{folder}/transform")


def raw_columns(rows: Sequence[Row]) -> dict[str, tf.Tensor | tf.SparseTensor]:
    """Rows as what `preprocessing_fn` gets: sparse columns, and a dense one of lists."""
    found: dict[str, Any] = {"list": tf.constant([row["list"] for row in rows], tf.float32)}
    for name, dtype in TYPES.items():
        given = [(number, row[name]) for number, row in enumerate(rows) if row[name] is not None]
        found[name] = tf.SparseTensor(
            np.array([[number, 0] for number, _ in given], np.int64).reshape(-1, 2),
            tf.constant([value for _, value in given], dtype),
            [len(rows), int(bool(given))],
        )
    return found


@pytest.fixture(scope="session")
def transformed(fitted: tft.TFTransformOutput) -> Transformed:
    """What the fitted graph makes of rows, in training and in serving alike."""
    layer = fitted.transform_features_layer()

    def of_rows(rows: Sequence[Row]) -> dict[str, np.ndarray]:
        return {name: tensor.numpy() for name, tensor in layer(raw_columns(rows)).items()}

    return of_rows
