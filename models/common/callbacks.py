"""What happens between the epochs of a training: when it ends, and how fast it learns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras

from models.common import model_folder, progress
from models.common.errors import ModelCodeError
from models.common.plan import Plan
from models.common.tracking import collecting


def of(plan: Plan) -> list[keras.callbacks.Callback]:
    """The callbacks that a plan asks for: an end at NaN, early stopping, and the rate's decay.

    Where the optimizer keeps an average of the weights, all else looks at that.
    """
    found: list[keras.callbacks.Callback] = [_AveragedWeights(), keras.callbacks.TerminateOnNaN()]
    if plan.early_stopping_patience:
        found.append(_EarlyStopping(plan))
    if plan.learning_rate_decay == "cosine":
        found.append(_CosineDecay(plan))
    return found


def of_model(model: str) -> list[keras.callbacks.Callback]:
    """The callbacks that `callbacks()` of a model's `model.py` returns; none where it has none.

    Raises:
        ModelCodeError: It raised, or returned something else.
    """
    own = model_folder.function_if_any(model, "model", "callbacks")
    if own is None:
        return []
    with model_folder.errors_of(model, "callbacks"):
        found = own()
    known = isinstance(found, list | tuple)
    wrong = [one for one in found if not isinstance(one, keras.callbacks.Callback)] if known else []
    if not known or wrong:
        raise ModelCodeError(
            f"models/{model}/model.py: callbacks() returned something else than Keras callbacks",
            "Expected: a list of keras.callbacks.Callback. "
            f"Received: {f'a {type(wrong[0]).__name__} in it' if wrong else type(found).__name__}.",
            "Return a list, such as [NormOfGradients()].",
        )
    return list(found)


class _AveragedWeights(keras.callbacks.Callback):
    """Gives the network the averages of its weights whenever it is looked at, not trained.

    They are what an optimizer with `use_ema=True` leaves at the end. Keras' own `SwapEMAWeights`
    leaves the last step's weights instead where training ends early.
    """

    def __init__(self) -> None:
        super().__init__()
        self._trained: list[Any] = []
        """The last step's weights, while the network has the averages."""

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Before the validation."""
        optimizer = self.model.optimizer
        keeps = getattr(getattr(optimizer, "inner_optimizer", optimizer), "use_ema", False)
        if keeps and not self._trained:
            weights = self.model.trainable_variables
            self._trained = [weight.numpy() for weight in weights]
            optimizer.finalize_variable_values(weights)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Before what keeps the best epoch's weights; there may have been no validation."""
        self.on_test_begin()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Training goes on from where it was."""
        if self._trained:
            for weight, value in zip(self.model.trainable_variables, self._trained, strict=True):
                weight.assign(value)
            self._trained = []


class _EarlyStopping(keras.callbacks.EarlyStopping):
    """Ends training where a metric no longer gets better, and keeps the best epoch's weights.

    Raises:
        ModelCodeError: There is no such metric. (Keras would warn, and never stop.)
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            monitor=plan.early_stopping_monitor,
            mode=plan.early_stopping_direction,
            patience=plan.early_stopping_patience,
            restore_best_weights=True,
        )
        self._name = plan.model

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self.monitor not in (logs or {}):
            raise ModelCodeError(
                f"models/{self._name}/model.py has no metric '{self.monitor}'",
                f"The config's training.early_stopping_monitor is '{self.monitor}'; "
                f"training gives: {', '.join(logs or {})}.",
                "Correct training.early_stopping_monitor, or name the metric so in compile().",
            )
        super().on_epoch_end(epoch, logs)


class _CosineDecay(keras.callbacks.Callback):
    """Lowers the learning rate from epoch to epoch, from the optimizer's own to nearly 0.

    Half a cosine over all of the epochs (Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent
    with Warm Restarts", 2016, arXiv:1608.03983, without the restarts).

    Raises:
        ModelCodeError: The network has no optimizer with a rate that is a number.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._name, self._epochs = plan.model, plan.epochs
        self._start = 0.0

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Takes the rate that the optimizer starts with."""
        optimizer = self.model.optimizer
        rate = getattr(optimizer, "_learning_rate", None)
        if rate is None or isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            raise ModelCodeError(
                f"models/{self._name}/model.py: its learning rate cannot be lowered by "
                "training.learning_rate_decay",
                f"Expected: an optimizer whose learning rate is a number. Received: "
                f"{type(optimizer).__name__ if rate is None else type(rate).__name__}.",
                "Give the optimizer a number, or set training.learning_rate_decay to null.",
            )
        self._start = float(optimizer.learning_rate)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Lowers the rate."""
        share = epoch / self._epochs
        self.model.optimizer.learning_rate = self._start * (1 + math.cos(math.pi * share)) / 2


class ReportEpochs(keras.callbacks.Callback):
    """Reports each epoch's metrics as soon as it is over."""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Tells whoever listens."""
        collecting.tell()
        progress.notify(
            progress.EpochEnded({name: float(value) for name, value in (logs or {}).items()})
        )
