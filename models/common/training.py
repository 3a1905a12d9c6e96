"""The training loop that every model shares."""

from __future__ import annotations

import dataclasses
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from models.common import callbacks as training_callbacks
from models.common import examples, export, known_answers, model_folder, outputs
from models.common.computing import precision, replicas
from models.common.errors import ModelCodeError, NotFiniteError
from models.common.files import manifest
from models.common.labels import checks, encoding, loss_range, suspicious_inputs, unused_inputs
from models.common.plan import SINGLE_PRECISION, Plan
from models.common.tracking import collecting

SUMMARY = "training.json"


def train_and_export(
    plan: Plan,
    hyperparameters: Mapping[str, Any],
    *,
    train_files: Sequence[str],
    eval_files: Sequence[str],
    transform_path: str,
    export_path: str,
    summary_path: str,
    test_files: Sequence[str] = (),
) -> None:
    """Trains a model on raw examples and exports it with its preprocessing.

    Args:
        plan: What the configuration says of training.
        hyperparameters: Values for the names in the model's search space.
        train_files: TFRecord files of raw examples to learn from.
        eval_files: The same for validation after each epoch.
        transform_path: The fitted preprocessing.
        export_path: The folder for the SavedModel.
        summary_path: The folder for `training.json`: the network's type and number of parameters,
            the names of the label's classes, what is to be warned of, the history, each metric's
            value after each epoch, and what the model's code has logged of its own.
        test_files: Those that the model will be judged on; nothing but the label is looked at.

    Raises:
        ModelCodeError: The model's code raised, or the network gives NaN.
    """
    transform = tft.TFTransformOutput(transform_path)
    label = checks.check(plan, transform, train_files, eval_files, test_files)
    keras.utils.set_random_seed(plan.seed)
    chosen = model_folder.Hyperparameters(hyperparameters)
    with collecting.collecting("training") as collector:
        model = build(plan, chosen, transform, label.limits)
        class_weights = checks.weights_by_class(plan, label)
        data = datasets(plan, transform, train_files, eval_files, class_weights)
        history = fit(model, plan, *data, callbacks=[training_callbacks.ReportEpochs()])
    served = _to_serve(model, plan, chosen, transform)
    export.export(
        served,
        transform,
        labels=plan.labels,
        label_columns=plan.label_columns,
        inputs=plan.inputs,
        path=export_path,
        classes=label.classes,
        judged=plan.label_output,
    )
    known_answers.write(served, transform, plan, eval_files, export_path)
    manifest.write(export_path)
    found = {
        "type": type(model).__name__,
        "parameters": model.count_params(),
        "classes": label.classes,
        "warnings": [
            *_unread(plan.model, chosen.unread()),
            *unused_inputs.findings(plan.model, export_path),
            *suspicious_inputs.findings(plan, transform, train_files, eval_files, label),
        ],
        "history": history,
        "logged": collector.as_json(),
    }
    tf.io.gfile.makedirs(summary_path)
    with tf.io.gfile.GFile(f"{summary_path}/{SUMMARY}", "w") as file:
        json.dump(found, file, indent=2)


def _to_serve(
    model: keras.Model,
    plan: Plan,
    hyperparameters: Mapping[str, Any],
    transform: tft.TFTransformOutput,
) -> keras.Model:
    """A network with the same weights, in single precision and on one device."""
    plain = dataclasses.replace(plan, precision=SINGLE_PRECISION, strategy=None)
    if plan == plain:
        return model
    served = build(plain, hyperparameters, transform)
    with model_folder.errors_of(plan.model, "build_model, called a second time"):
        served.set_weights(model.get_weights())
    return served


def _unread(model: str, names: Sequence[str]) -> list[dict[str, str]]:
    """What to warn of where hyperparameters make no difference."""
    return [
        {
            "headline": f"build_model never reads the hyperparameter '{name}'",
            "detail": f"models/{model}/search_space.py or hyperparameters.json has it, so trials "
            f"differ by what changes nothing. Use it in models/{model}/model.py, or remove it.",
        }
        for name in names
    ]


def build(
    plan: Plan,
    hyperparameters: Mapping[str, Any],
    transform: tft.TFTransformOutput,
    limits: tuple[float, float] | None = None,
) -> keras.Model:
    """Builds the model's compiled network for what its preprocessing returns.

    Args:
        plan: What the configuration says of training.
        hyperparameters: Values for the names in the model's search space.
        transform: The fitted preprocessing.
        limits: The smallest and the largest number of the label; None: its loss is not looked at.

    Raises:
        ModelCodeError: The model's code raised, returned no compiled model, or one that does not
            fit the label.
    """
    with precision.applied(plan), replicas.applied(plan):
        return _build(plan, hyperparameters, transform, limits)


def _build(
    plan: Plan,
    hyperparameters: Mapping[str, Any],
    transform: tft.TFTransformOutput,
    limits: tuple[float, float] | None,
) -> keras.Model:
    build_model = model_folder.function(plan.model, "model", "build_model")
    inputs = {
        name: keras.Input(_row_shape(plan, name, spec), dtype=spec.dtype.name, name=name)
        for name, spec in transform.transformed_feature_spec().items()
        if name not in plan.labels
    }
    try:
        with model_folder.errors_of(plan.model, "build_model"):
            model = build_model(hyperparameters, inputs, transform)
    except ModelCodeError as error:
        raise _naming_unconnected(error, inputs) from error.__cause__
    if not isinstance(model, keras.Model) or not model.compiled:
        raise ModelCodeError(
            f"models/{plan.model}/model.py: build_model returned no compiled Keras model",
            f"Received: {type(model).__name__}.",
            "Return a keras.Model after calling its compile().",
        )
    with model_folder.errors_of(plan.model, "the network's first call"):
        # It also builds a network that has waited for it, such as a class of the model's own.
        found = outputs.answers(model, _zeros(inputs, outputs.ROWS))
    outputs.check(plan, found, encoding.class_names(transform))
    precision.check(plan, found)
    replicas.adapt(model, plan)
    if limits is not None:
        judged = found[plan.label_output or next(iter(found))]
        loss_range.check(plan, getattr(model, "loss", None), judged.shape, limits)
    # Left to the first step, the optimizer's variables would make TensorFlow trace that step twice.
    if model.optimizer is not None:
        model.optimizer.build(model.trainable_variables)
    return model


def _naming_unconnected(
    error: ModelCodeError, inputs: Mapping[str, keras.KerasTensor]
) -> ModelCodeError:
    """The error, with the names of the inputs that Keras says are connected to nothing."""
    names = [
        f"'{name}'"
        for name, tensor in inputs.items()
        if not tensor._keras_history.operation._outbound_nodes
    ]
    if "not connected" not in error.detail or not names:
        return error
    place = error.headline.partition(": ")[0]
    return ModelCodeError(
        f"{place}: the network does not use its input{'s' if len(names) > 1 else ''} "
        f"{', '.join(names)}",
        f"Expected: a path from each input of keras.Model to an output. Received: {error.detail}.",
        "Use it in build_model, or leave it out of what preprocessing_fn returns.",
    )


def _zeros(inputs: Mapping[str, keras.KerasTensor], rows: int) -> dict[str, tf.Tensor]:
    return {name: tf.zeros([rows, *one.shape[1:]], one.dtype) for name, one in inputs.items()}


def datasets(
    plan: Plan,
    transform: tft.TFTransformOutput,
    train_files: Sequence[str],
    eval_files: Sequence[str],
    class_weights: Mapping[float, float] | None = None,
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """The data for `fit`: batches to learn from, shuffled in each epoch, and for validation.

    Class weights, by the label's value, are for learning alone, as they are in Keras.
    """
    wanted: dict[str, Any] = {
        "output": plan.label_output,
        "other_labels": plan.other_labels,
        "weight": plan.weight,
        "copies": replicas.number(plan),
    }
    train = examples.batches(
        train_files,
        transform,
        plan.label,
        replicas.batch_size(plan.batch_size, plan),
        shuffle=True,
        class_weights=class_weights,
        **wanted,
    )
    rows = replicas.batch_size(1024, plan)
    validation = examples.batches(eval_files, transform, plan.label, rows, **wanted)
    return train.repeat() if plan.steps_per_epoch else train, validation


def fit(
    model: keras.Model,
    plan: Plan,
    train: tf.data.Dataset,
    validation: tf.data.Dataset,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, list[float]]:
    """Trains the model and returns each metric's value after each epoch.

    Args:
        model: A compiled network, changed in place.
        plan: How long to train.
        train: Batches to learn from.
        validation: Batches to look at after each epoch.
        callbacks: Called after those that the plan asks for, and the model's own.

    Raises:
        ModelCodeError: The model's code raised, or the network gives NaN.
    """
    own = training_callbacks.of_model(plan.model)
    with model_folder.errors_of(plan.model, "training the network"), warnings.catch_warnings():
        # How many batches there are Keras learns at the end of the first epoch, with a warning.
        warnings.filterwarnings("ignore", "Your input ran out of data", UserWarning)
        history: dict[str, list[float]] = model.fit(
            train,
            epochs=plan.epochs,
            steps_per_epoch=plan.steps_per_epoch,
            validation_data=validation,
            callbacks=[*training_callbacks.of(plan), *own, *callbacks],
            shuffle=False,  # The dataset does it; newer Kerases warn of the default.
            verbose=2,
        ).history
    _check_finite(plan, history)
    return {name: [float(value) for value in values] for name, values in history.items()}


def _row_shape(plan: Plan, name: str, spec: Any) -> tuple[int, ...]:
    if not name or "/" in name:
        raise ModelCodeError(
            f"models/{plan.model}/preprocessing.py: preprocessing_fn returns '{name}', "
            "a name that Keras does not take",
            f"Expected: a name for each input of the network, without '/'. Received: {name!r}.",
            "Return it under another name; columns of the data and the label may keep theirs.",
        )
    if not isinstance(spec, tf.io.FixedLenFeature):
        raise ModelCodeError(
            f"models/{plan.model}/preprocessing.py: '{name}' is a sparse tensor",
            "The network takes dense tensors.",
            "Make it dense with models.common.preprocessing.fill_missing.",
        )
    return tuple(spec.shape) or (1,)


def _check_finite(plan: Plan, history: Mapping[str, Sequence[float]]) -> None:
    for name, values in history.items():
        for epoch, value in enumerate(values, start=1):
            if not math.isfinite(value):
                raise NotFiniteError(
                    f"models/{plan.model}/model.py: the network gives {value} "
                    f"for {name} in epoch {epoch}",
                    "Training was stopped and nothing was exported.",
                    "Lower the learning rate, scale the inputs in preprocessing_fn, "
                    "and look for a logarithm or a division of zero.",
                )
