"""Events of a run that goes on, most of its training, for listeners in the same process.

Training knows nothing of run records; the runner that keeps one listens. Nobody listens in a
container of a cluster, and then nothing happens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class EpochEnded:
    """An epoch of the final training is over."""

    metrics: Mapping[str, float]
    """Value by metric's name; those of the validation data begin with `val_`."""


@dataclass(frozen=True)
class TrialEnded:
    """The Tuner is done with one set of hyperparameters."""

    number: int
    """From 1."""
    hyperparameters: Mapping[str, Any]
    objective: str
    score: float | None
    """The objective's best value over the epochs; None where the trial failed."""
    seconds: float


@dataclass(frozen=True)
class Pushing:
    """A model is about to be put where servers look."""

    folder: str
    """The version's folder, which is there, whole, once it is pushed."""


@dataclass(frozen=True)
class ValuesLogged:
    """The model's code has logged values or images of its own."""

    during: Literal["training", "tuning"]
    logged: Mapping[str, Any]
    """All that it has logged since its beginning, as `run_details.Logged` of the pipeline."""


Event = EpochEnded | TrialEnded | Pushing | ValuesLogged
_listeners: list[Callable[[Event], None]] = []


def notify(event: Event) -> None:
    """Calls every listener with the event."""
    for listener in _listeners:
        listener(event)


@contextlib.contextmanager
def listening(listener: Callable[[Event], None]) -> Iterator[None]:
    """Has the listener called with each event, while the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
