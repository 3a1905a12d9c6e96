"""A network such as `pipeline new` writes: fitted, trained with class weights, exported, asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from components import serving_check
from models.common import training
from models.common.loaded_model import LoadedModel
from tests.models import tiny_sample
from tests.models.tiny_sample import OPTIONAL, Sample, rows

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

WriteModel = Callable[..., None]

PREPROCESSING = """\
import tensorflow as tf

from models.common.columns.booleans import booleans
from models.common.columns.categories import categories
from models.common.columns.dates import dates
from models.common.columns.numbers import numbers, quantile_ranks
from models.common.columns.texts import words
from models.common.columns.vectors import vectors

def preprocessing_fn(inputs):
    quantities = [
        numbers(inputs, ("miles", "latitude")),
        booleans(inputs, ("area",)),
        dates(inputs, {"hour": ("%H",)}),
    ]
    return {
        "numbers_xf": quantile_ranks(tf.concat(quantities, axis=1)),
        "categories_xf": categories(inputs, ("payment", "area"), 5),
        "words_xf": words(inputs, ("company",), 10),
        "vectors_xf": vectors(inputs, {"position": ("position",)}),
        "generous": tf.cast(numbers(inputs, ("tips",))[:, 0] > 2.0, tf.int64),
    }
"""
MODEL = """\
import keras

from models.common.columns.categories import category_count
from models.common.columns.texts import word_count
from models.common.layers.ensemble import Ensemble, EnsembleModel, MemberDense, SharedDense
from models.common.layers.piecewise_linear import PiecewiseLinearEmbedding
from models.common.layers.words import WordEmbedding

def build_model(hyperparameters, inputs, transform):
    size = category_count(transform, ("payment", "area"))
    parts = [
        keras.layers.Flatten()(PiecewiseLinearEmbedding(8, 4)(inputs["numbers_xf"])),
        keras.layers.Flatten()(keras.layers.Embedding(size, 4)(inputs["categories_xf"])),
        keras.layers.Flatten()(WordEmbedding(word_count(transform), 4)(inputs["words_xf"])),
        inputs["vectors_xf"],
    ]
    hidden = Ensemble(4)(keras.layers.Concatenate()(parts))
    hidden = keras.layers.Dropout(0.1)(SharedDense(16, "relu")(hidden))
    model = EnsembleModel(dict(inputs), MemberDense(1, "sigmoid")(hidden))
    model.compile(
        keras.optimizers.AdamW(0.01, weight_decay=3e-4),
        "binary_crossentropy",
        metrics=[keras.metrics.AUC(name="auc")],
        jit_compile=False,
        steps_per_execution=4,
    )
    return model
"""


def test_it_is_trained_exported_and_served(
    tiny: Sample, write_model: WriteModel, tmp_path: Path
) -> None:
    write_model("kind", preprocessing=PREPROCESSING, model=MODEL)
    transform = str(tmp_path / "transform")
    tiny_sample.analyze("kind", tiny.train_files[0], transform)
    inputs = ("miles", "hour", "payment", "position", "latitude", "area", "company")
    training.train_and_export(
        tiny_sample.plan(
            model="kind",
            inputs=inputs,
            epochs=15,
            early_stopping_patience=3,
            class_weights={"1": 2.0},
        ),
        {},
        train_files=tiny.train_files,
        eval_files=tiny.eval_files,
        transform_path=transform,
        export_path=str(tmp_path / "export"),
        summary_path=str(tmp_path),
    )
    # Loads as a server does, and answers what Keras answered.
    serving_check.check(str(tmp_path / "export"))
    summary = json.loads((tmp_path / training.SUMMARY).read_text(encoding="utf-8"))
    assert summary["type"] == "EnsembleModel"
    assert not [one for one in summary["warnings"] if "does not look at" in one["headline"]]
    assert max(summary["history"]["val_auc"]) > 0.9

    asked = [{name: row[name] for name in inputs if name in row} for row in rows(40, seed=5)]
    strange = {**asked[0], "payment": "", "miles": 1e30, "hour": 99}
    bare = {name: value for name, value in asked[1].items() if name not in OPTIONAL}
    with LoadedModel(str(tmp_path / "export")) as loaded:
        [answers] = loaded.predict_rows([*asked, strange, bare]).values()
    assert answers.shape == (42, 1)
    assert np.isfinite(answers).all()
