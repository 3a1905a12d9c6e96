"""The search for hyperparameters that every model shares."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import tensorflow as tf
import tensorflow_transform as tft

from models.common import model_folder, progress, training
from models.common.errors import ModelCodeError, NotFiniteError
from models.common.labels import checks
from models.common.plan import Plan
from models.common.tracking import collecting


@dataclass(frozen=True)
class Search:
    """What the configuration says of tuning."""

    trials: int
    epochs: int
    objective: str
    direction: str

    def to_dict(self) -> dict[str, Any]:
        """The search as JSON values."""
        return dataclasses.asdict(self)


class _Tuner(keras_tuner.RandomSearch):
    """Runs each trial through the training loop of the final training."""

    def __init__(
        self,
        plan: Plan,
        data: Sequence[tf.data.Dataset],
        build: Callable[[Mapping[str, Any]], keras.Model],
        **options: Any,
    ) -> None:
        self._plan = plan
        self._data = data
        self._network = build
        self._failures: list[str] = []
        self._collector: collecting.Collector
        super().__init__(**options)

    def run_trial(self, trial: Any, *_: Any, **__: Any) -> float:
        """Trains one model and returns the objective after its best epoch.

        Raises:
            FailedTrialError: These hyperparameters give no usable model; others may.
            FatalError: The model's code does not work, whatever the hyperparameters.
        """
        began, score = time.monotonic(), None
        self._collector.trial = int(trial.trial_id) + 1
        try:
            score = self._objective_of(trial)
            return score
        except ModelCodeError as error:
            if _fails_alone(error):
                self._failures.append(" ".join(str(error.__cause__ or error.headline).split()))
                raise keras_tuner.errors.FailedTrialError(str(error)) from error
            # After any other kind Keras Tuner goes on with the next trial.
            raise keras_tuner.errors.FatalError(error.headline) from error
        finally:
            self._collector.tell()
            progress.notify(
                progress.TrialEnded(
                    number=int(trial.trial_id) + 1,
                    hyperparameters=dict(trial.hyperparameters.values),
                    objective=self.oracle.objective.name,
                    score=score,
                    seconds=round(time.monotonic() - began, 3),
                )
            )

    def _objective_of(self, trial: Any) -> float:
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        model = self._network(trial.hyperparameters.values)
        history = training.fit(model, self._plan, *self._data)
        objective = self.oracle.objective
        if objective.name not in history:
            raise ModelCodeError(
                f"models/{self._plan.model}/model.py has no metric '{objective.name}'",
                f"The config's tuning.objective is '{objective.name}'; "
                f"training gives: {', '.join(history)}.",
                "Correct tuning.objective, or name the metric so in compile().",
            )
        best = max if objective.direction == "max" else min
        return best(history[objective.name])

    def search(self, *arguments: Any, **options: Any) -> None:
        """Runs the trials.

        Raises:
            ModelCodeError: Every trial failed, or the model's code raised.
        """
        try:
            with collecting.collecting("tuning") as self._collector:
                super().search(*arguments, **options)
        except keras_tuner.errors.FatalError as error:
            if isinstance(error.__cause__, ModelCodeError):
                raise error.__cause__ from None
            raise
        except RuntimeError as error:
            if not self._failures:
                raise
            raise self._nothing_found() from error
        # A search space with few values is through before the trials are.
        if not any(trial.status == "COMPLETED" for trial in self.oracle.trials.values()):
            raise self._nothing_found()

    def _nothing_found(self) -> ModelCodeError:
        reasons = Counter(self._failures)
        return ModelCodeError(
            f"models/{self._plan.model}: no trial of the search gave a usable model",
            "\n".join(f"{number} x {reason}" for reason, number in reasons.most_common(3))
            or "search_space.py has no values to try.",
            "Narrow search_space.py to values that train.",
        )


def _fails_alone(error: ModelCodeError) -> bool:
    """Whether an error is of one trial's hyperparameters, so that the search goes on.

    It gave NaN, the model's code said so by raising Keras Tuner's `FailedTrialError`, or there was
    not enough memory for a network so large.
    """
    signals = keras_tuner.errors.FailedTrialError, tf.errors.ResourceExhaustedError, MemoryError
    return isinstance(error, NotFiniteError) or isinstance(error.__cause__, signals)


def tuner(
    plan: Plan,
    search: Search,
    *,
    train_files: Sequence[str],
    eval_files: Sequence[str],
    transform_path: str,
    working_dir: str,
    test_files: Sequence[str] = (),
) -> keras_tuner.Tuner:
    """A random search over the model's search space, ready for its `search()`.

    Raises:
        ModelCodeError: The search space's code raised, or the label cannot be learnt.
    """
    transform = tft.TFTransformOutput(transform_path)
    label = checks.check(plan, transform, train_files, eval_files, test_files)
    class_weights = checks.weights_by_class(plan, label)
    space = search_space(plan.model)
    return _Tuner(
        plan,
        training.datasets(plan, transform, train_files, eval_files, class_weights),
        build=lambda chosen: training.build(plan, chosen, transform, label.limits),
        # Keras Tuner builds it for the defaults, to see what hyperparameters there are. The search
        # space says that, and the defaults may be values for which a trial fails.
        hypermodel=lambda _: None,
        objective=keras_tuner.Objective(search.objective, search.direction),
        max_trials=search.trials,
        max_retries_per_trial=0,
        max_consecutive_failed_trials=search.trials,
        hyperparameters=space,
        seed=1,  # Keras Tuner takes 0 for no seed.
        directory=working_dir,
        project_name=plan.model,
        overwrite=True,
    )


def search_space(model: str) -> keras_tuner.HyperParameters:
    """The model's search space, each hyperparameter with its default.

    Raises:
        ModelCodeError: The model's code raised, or returned something else.
    """
    define = model_folder.function(model, "search_space", "search_space")
    with model_folder.errors_of(model, "search_space"):
        space = define()
    if not isinstance(space, keras_tuner.HyperParameters):
        raise ModelCodeError(
            f"models/{model}/search_space.py: search_space returns no search space",
            f"Expected: keras_tuner.HyperParameters. Received: {_shown(space)}.",
            "End it with `return space`."
            if space is None
            else "Make one by keras_tuner.HyperParameters(), add to it, and return it.",
        )
    return space


def _shown(value: Any) -> str:
    return "nothing (None)" if value is None else type(value).__name__
