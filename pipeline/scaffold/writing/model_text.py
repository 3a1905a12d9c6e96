"""The text of `model.py` and `search_space.py`: a network by the task and the kinds of columns."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.scaffold.inference.task import Task, TaskName
from pipeline.scaffold.writing.budget import Budget

_LAST: dict[TaskName, tuple[str, ...]] = {
    "binary": ('answers = MemberDense(1, activation="sigmoid")(hidden)',),
    "multi-class": (
        'answers = MemberDense(len(class_names(transform)), activation="softmax")(hidden)',
    ),
    "multi-label": ('answers = MemberDense(len(features.LABELS), activation="sigmoid")(hidden)',),
    "regression": (
        "answers = MemberDense(1)(hidden)",
        "answers = keras.layers.Rescaling(features.LABEL_STD, features.LABEL_MEAN)(answers)",
    ),
    "log": (
        "answers = MemberDense(1)(hidden)",
        "answers = keras.layers.Rescaling(features.LABEL_STD, features.LABEL_MEAN)(answers)",
        "answers = keras.ops.expm1(answers)",
    ),
    "count": (
        "start = keras.initializers.Constant(math.log(features.LABEL_MEAN))",
        'answers = MemberDense(1, activation="exponential", bias_initializer=start)(hidden)',
    ),
}
_LOSS: dict[TaskName, tuple[str, ...]] = {
    "binary": ('loss="binary_crossentropy",',),
    "multi-class": ('loss="sparse_categorical_crossentropy",',),
    "multi-label": ('loss="binary_crossentropy",',),
    "regression": ('loss="mean_squared_error",', "loss_weights=1 / features.LABEL_STD**2,"),
    "log": (
        'loss="mean_squared_logarithmic_error",',
        "loss_weights=1 / features.LABEL_STD**2,",
    ),
    "count": ('loss="poisson",',),
}
_METRICS: dict[TaskName, tuple[str, ...]] = {
    "binary": (
        'keras.metrics.AUC(name="auc"),',
        'keras.metrics.AUC(curve="PR", name="auc_pr"),',
        'keras.metrics.BinaryAccuracy(name="accuracy"),',
    ),
    "multi-class": ('keras.metrics.SparseCategoricalAccuracy(name="accuracy"),',),
    "multi-label": ('keras.metrics.BinaryAccuracy(name="accuracy"),',),
    "regression": ('keras.metrics.RootMeanSquaredError(name="rmse"),',),
    "log": ('keras.metrics.MeanAbsoluteError(name="mae"),',),
    "count": ('keras.metrics.RootMeanSquaredError(name="rmse"),',),
}
_ANSWER: dict[TaskName, str] = {
    "binary": "the probability of the second class, [batch, 1]",
    "multi-class": "the probability of each class, [batch, classes]",
    "multi-label": "the probability of each label, [batch, labels]",
    "regression": "the label in its unit, [batch, 1]",
    "log": "the label in its unit, [batch, 1]",
    "count": "the expected number, [batch, 1]",
}
_PARTS: dict[str, tuple[tuple[str, ...], str]] = {
    "numbers": (
        ('numbers = PiecewiseLinearEmbedding(BINS, WIDTH)(inputs["numbers_xf"])',),
        "keras.layers.Flatten()(numbers)",
    ),
    "categories": (
        (
            "size = category_count(transform, features.CATEGORIES)",
            'categories = keras.layers.Embedding(size, WIDTH)(inputs["categories_xf"])',
        ),
        "keras.layers.Flatten()(categories)",
    ),
    "words": (
        ('words = WordEmbedding(word_count(transform), TEXT_WIDTH)(inputs["words_xf"])',),
        "keras.layers.Flatten()(words)",
    ),
    "vectors": ((), 'inputs["vectors_xf"]'),
}
"""Of each output of preprocessing: the lines before, and what is a part of a row."""


def model(name: str, label: str, task: Task, tuples: Sequence[str], budget: Budget) -> str:
    """The text of `model.py`.

    Args:
        name: The model's name.
        label: The label, as a docstring has it.
        task: What is learnt.
        tuples: The tuples of `features.py`.
        budget: The network's size.
    """
    parts = [_PARTS[part] for part in _outputs(tuples)]
    lines = [line for before, _ in parts for line in before]
    if len(parts) == 1:
        lines.append(f"row = {parts[0][1]}")
    else:
        lines += ["parts = [", *(f"    {part}," for _, part in parts), "]"]
        lines.append("row = keras.layers.Concatenate()(parts)")
    lines += [
        "",
        "hidden = Ensemble(MEMBERS)(row)",
        "for _ in range(LAYERS):",
        '    hidden = SharedDense(hyperparameters["units"], activation="relu")(hidden)',
        '    hidden = keras.layers.Dropout(hyperparameters["dropout"])(hidden)',
        *_LAST[task.name],
        "",
        "# Each member learns by itself; the served answer is their mean.",
        "model = EnsembleModel(dict(inputs), answers)",
        "model.compile(",
        "    keras.optimizers.AdamW(",
        '        hyperparameters["learning_rate"],',
        "        weight_decay=3e-4,",
        "        # What is validated and served are the weights' averages over the last steps.",
        "        use_ema=True,",
        f"        ema_momentum={budget.momentum},",
        "    ),",
        *(f"    {line}" for line in _LOSS[task.name]),
        "    metrics=[",
        *(f"        {line}" for line in _METRICS[task.name]),
        "    ],",
        "    # XLA compiles a small network for longer than it saves, and Python between two steps",
        "    # takes longer than a step.",
        "    jit_compile=False,",
        "    steps_per_execution=32,",
        ")",
        "return model",
    ]
    body = "\n".join(f"    {line}" if line else "" for line in lines)
    return _MODEL.format(
        label=label,
        answer=_ANSWER[task.name],
        imports=_imports(name, body),
        math="import math\n" if "math." in body else "",
        constants=_constants(tuples, budget),
        body=body,
    )


_MODEL = '''\
"""A network that tells {label}.

It is an ensemble of networks that share their weights (TabM, arXiv:2410.24210) on embeddings of
numbers that are linear in pieces (arXiv:2203.05556).
"""

from __future__ import annotations

{math}from collections.abc import Mapping
from typing import Any

import keras
import tensorflow_transform as tft

{imports}

{constants}


def build_model(
    hyperparameters: Mapping[str, Any],
    inputs: Mapping[str, keras.KerasTensor],
    transform: tft.TFTransformOutput,
) -> keras.Model:
    """Builds the compiled network.

    Args:
        hyperparameters: Values for the names in `search_space.py`.
        inputs: A Keras input for each feature that preprocessing returns.
        transform: The fitted preprocessing, which knows vocabularies and classes.

    Returns:
        A model from the inputs to {answer}.
    """
{body}
'''


def search_space(budget: Budget, task: Task) -> str:
    """The text of `search_space.py`."""
    # Quantities are learnt worse with dropout, which trials of a few epochs do not show.
    dropout = 'space.Fixed("dropout", 0.0)'
    if task.is_classes:
        dropout = f'space.Float("dropout", 0.0, 0.3, step=0.1, default={budget.dropout})'
    return f'''\
"""Which hyperparameters the Tuner may try."""

from __future__ import annotations

import keras_tuner


def search_space() -> keras_tuner.HyperParameters:
    """The search space; its defaults are what is used where nothing was searched."""
    space = keras_tuner.HyperParameters()
    space.Float("learning_rate", 1e-3, 6e-3, sampling="log", default=3e-3)
    space.Int("units", 64, 256, step=64, default={budget.units})
    {dropout}
    return space
'''


def _outputs(tuples: Sequence[str]) -> list[str]:
    """What preprocessing returns for these tuples of `features.py`."""
    found = {
        "numbers": {"NUMBERS", "BOOLEANS", "DATES"},
        "categories": {"CATEGORIES"},
        "words": {"TEXTS"},
        "vectors": {"VECTORS"},
    }
    return [output for output, names in found.items() if names & set(tuples)]


def _constants(tuples: Sequence[str], budget: Budget) -> str:
    lines = [f"MEMBERS = {budget.members}", f"LAYERS = {budget.layers}"]
    outputs = _outputs(tuples)
    if "numbers" in outputs:
        lines.append(f"BINS = {budget.bins}")
    if {"numbers", "categories"} & set(outputs):
        lines.append(f"WIDTH = {budget.width}")
    if "words" in outputs:
        lines.append("TEXT_WIDTH = 2")
    return "\n".join(lines)


def _imports(name: str, body: str) -> str:
    """The imports of what the code calls, sorted as the linter wants them."""
    modules = {
        "models.common.columns.categories": ("category_count",),
        "models.common.columns.texts": ("word_count",),
        "models.common.labels.encoding": ("class_names",),
        "models.common.layers.ensemble": (
            "Ensemble",
            "EnsembleModel",
            "MemberDense",
            "SharedDense",
        ),
        "models.common.layers.piecewise_linear": ("PiecewiseLinearEmbedding",),
        "models.common.layers.words": ("WordEmbedding",),
    }
    lines = {f"models.{name}": f"from models.{name} import features"}
    if "features." not in body:
        lines = {}
    for module, functions in modules.items():
        used = [one for one in functions if f"{one}(" in body]
        if used:
            lines[module] = f"from {module} import {', '.join(used)}"
    return "\n".join(lines[module] for module in sorted(lines, key=str.lower))
