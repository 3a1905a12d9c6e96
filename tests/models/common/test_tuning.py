"""The search: it finds the best trial, survives a bad one, and says when none is any good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from models.common import progress, tracking, training, tuning
from models.common.errors import ModelCodeError
from models.common.tuning import Search
from tests.models import tiny_sample
from tests.models.tiny_sample import Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

WriteModel = Callable[..., None]

# A network whose `score` is the hyperparameter `value`; its loss is NaN where that is negative.
MODEL = """\
import keras
import keras_tuner
import tensorflow as tf

class Score(keras.metrics.Metric):
    def __init__(self, value):
        super().__init__(name="score")
        self.value = value

    def update_state(self, *_, **__):
        pass

    def result(self):
        return keras.ops.convert_to_tensor(float(self.value))

def build_model(hyperparameters, inputs, transform):
    value = hyperparameters["value"]
    columns = [keras.ops.cast(column, "float32") for column in inputs.values()]
    answer = keras.layers.Dense(1)(keras.layers.Concatenate()(columns))
    if value > 16:
        raise {"signal"}
    if value > 8:
        raise ValueError("too wide")
    if value < 0:
        answer = answer * float("nan")
    model = keras.Model(dict(inputs), answer)
    model.compile("sgd", "mse", metrics=[Score(value)], jit_compile=False)
    return model
"""
SEARCH_SPACE = """\
import keras_tuner

def search_space():
    space = keras_tuner.HyperParameters()
    space.Choice("value", {values})
    return space
"""


@pytest.fixture
def tuner(
    tiny: Sample, tmp_path: Path, write_model: WriteModel
) -> Callable[..., keras_tuner.Tuner]:
    """A search over the values of the network above."""

    def make(values: list[int], **changes: Any) -> keras_tuner.Tuner:
        signal = changes.pop("signal", "keras_tuner.errors.FailedTrialError('too large')")
        code = MODEL.replace('{"signal"}', signal)
        write_model("searched", model=code, search_space=SEARCH_SPACE.format(values=values))
        settings: dict[str, Any] = {
            "trials": len(values),
            "epochs": 1,
            "objective": "score",
            "direction": "max",
        }
        return tuning.tuner(
            tiny_sample.plan(model="searched", steps_per_epoch=1),
            Search(**(settings | changes)),
            train_files=tiny.eval_files,
            eval_files=tiny.eval_files,
            transform_path=tiny.transform_path,
            working_dir=str(tmp_path),
        )

    return make


def best(tuner: keras_tuner.Tuner) -> dict[str, Any]:
    return tuner.get_best_hyperparameters()[0].values


@pytest.mark.parametrize(("direction", "expected"), [("max", 3), ("min", 1)])
def test_the_best_is_found(tuner: Any, direction: str, expected: int) -> None:
    search = tuner([1, 3], direction=direction)
    search.search()
    assert best(search) == {"value": expected}
    assert {trial.score for trial in search.oracle.trials.values()} == {1, 3}


@pytest.mark.parametrize(("direction", "expected"), [("max", 3.0), ("min", 1.0)])
def test_a_trial_counts_as_after_its_best_epoch(
    tuner: Any, monkeypatch: pytest.MonkeyPatch, direction: str, expected: float
) -> None:
    monkeypatch.setattr(training, "fit", lambda *_: {"score": [2.0, 3.0, 1.0, 2.0]})
    search = tuner([1], direction=direction)
    search.search()
    assert [trial.score for trial in search.oracle.trials.values()] == [expected]


def test_a_trial_that_gives_nan_is_skipped(tuner: Any) -> None:
    search = tuner([-1, 1])
    search.search()
    assert best(search) == {"value": 1}
    states = {
        trial.hyperparameters["value"]: trial.status for trial in search.oracle.trials.values()
    }
    assert states == {-1: "FAILED", 1: "COMPLETED"}


@pytest.mark.parametrize(
    "signal",
    [
        "keras_tuner.errors.FailedTrialError('too large')",
        "tf.errors.ResourceExhaustedError(None, None, 'too large')",
        "MemoryError('too large')",
    ],
)
def test_a_trial_that_fails_for_its_values_is_skipped(tuner: Any, signal: str) -> None:
    search = tuner([20, 1], signal=signal)
    search.search()
    assert best(search) == {"value": 1}
    states = {
        trial.hyperparameters["value"]: trial.status for trial in search.oracle.trials.values()
    }
    assert states == {20: "FAILED", 1: "COMPLETED"}


@pytest.mark.parametrize("trials", [2, 9])
def test_a_search_whose_every_trial_fails_says_why(tuner: Any, trials: int) -> None:
    with pytest.raises(ModelCodeError, match="no trial of the search gave a usable") as caught:
        tuner([20, 30], trials=trials).search()
    assert "2 x too large" in caught.value.detail


def test_a_fatal_error_of_the_model_ends_the_search_by_name(tuner: Any) -> None:
    search = tuner([20, 1], signal="keras_tuner.errors.FatalError('no such device')")
    with pytest.raises(ModelCodeError, match="build_model failed with FatalError") as caught:
        search.search()
    assert "no such device" in caught.value.detail


def test_a_search_tries_the_same_values_each_time(tuner: Any) -> None:
    first, second = (tuner([1, 2, 3]).oracle.seed for _ in range(2))
    assert first == second


def test_each_trial_is_told(tuner: Any) -> None:
    told: list[progress.Event] = []
    with progress.listening(told.append):
        tuner([-1, 1]).search()
    trials = [event for event in told if isinstance(event, progress.TrialEnded)]
    assert trials == told, "epochs of a trial are not those of the training"
    assert {trial.number for trial in trials} == {1, 2}
    assert {(trial.hyperparameters["value"], trial.score) for trial in trials} == {
        (-1, None),
        (1, 1),
    }
    assert all(trial.objective == "score" and trial.seconds > 0 for trial in trials)


def test_a_search_in_which_every_trial_gives_nan(tuner: Any) -> None:
    search = tuner([-1, -2])
    with pytest.raises(ModelCodeError, match=r"^models/searched: no trial of the search") as caught:
        search.search()
    assert "nan" in caught.value.detail and "search_space.py" in caught.value.remedy


def test_an_objective_that_the_network_does_not_have(tuner: Any) -> None:
    with pytest.raises(ModelCodeError, match="has no metric 'val_scoer'") as caught:
        tuner([1, 2], objective="val_scoer").search()
    assert "loss, score" in caught.value.detail and "tuning.objective" in caught.value.detail
    assert "compile()" in caught.value.remedy


def test_a_network_that_raises_for_the_defaults(tuner: Any) -> None:
    with pytest.raises(ModelCodeError, match=r"models/searched/model.py:23: build_model failed"):
        tuner([9]).search()


def test_a_network_that_raises_in_a_trial(tuner: Any) -> None:
    search = tuner([1, 9])
    with pytest.raises(ModelCodeError, match=r"models/searched/model.py:23: build_m") as caught:
        search.search()
    assert caught.value.detail == "too wide"


def test_a_model_without_a_search_space(write_model: WriteModel) -> None:
    write_model("searched", search_space="")
    with pytest.raises(ModelCodeError, match=r"search_space.py has no function 'search_space'"):
        tuning.search_space("searched")


def test_a_search_space_that_raises(write_model: WriteModel) -> None:
    write_model("searched", search_space="def search_space():\n    return {}['units']\n")
    with pytest.raises(ModelCodeError, match=r"models/searched/search_space.py:2: search_space"):
        tuning.search_space("searched")


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("None", "Received: nothing (None).\nEnd it with `return space`."),
        ("{'units': 3}", "Received: dict."),
        ("[]", "Received: list."),
    ],
)
def test_a_search_space_that_is_none(write_model: WriteModel, returned: str, told: str) -> None:
    write_model("searched", search_space=f"def search_space():\n    return {returned}\n")
    with pytest.raises(ModelCodeError, match="search_space returns no search space") as caught:
        tuning.search_space("searched")
    assert told in str(caught.value)


def test_the_defaults_of_a_search_space() -> None:
    assert tuning.search_space("taxi").values.keys() >= {"learning_rate", "units"}


def test_a_search_as_json() -> None:
    search = Search(trials=2, epochs=1, objective="loss", direction="min")
    assert Search(**search.to_dict()) == search


def test_what_a_trial_logs_is_told_by_trial(tuner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: Any) -> dict[str, list[float]]:
        for step in (1, 2):
            tracking.log("norm", step / 2, step)
        return {"score": [1.0]}

    monkeypatch.setattr(training, "fit", fit)
    told: list[progress.Event] = []
    with progress.listening(told.append):
        tuner([1, 3]).search()
    logged = [event for event in told if isinstance(event, progress.ValuesLogged)]
    assert {event.during for event in logged} == {"tuning"}
    series = [(one["trial"], one["points"]) for one in logged[-1].logged["series"]]
    assert series == [(trial, [(1, 0.5), (2, 1.0)]) for trial in (1, 2)]
