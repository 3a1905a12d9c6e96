"""Whether frozen hyperparameters are values of the model's search space.

A name that the space does not have would be passed over, and the model trained at its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras_tuner

from models.common.errors import ConfigError, did_you_mean
from pipeline.config.model_files import HYPERPARAMETERS


def check(model: str, values: Mapping[str, Any], space: keras_tuner.HyperParameters) -> None:
    """Compares the values of `hyperparameters.json` with the search space.

    Args:
        model: The model's name.
        values: By name; what is left out stands at the space's default.
        space: The model's search space.

    Raises:
        ConfigError: A name is unknown, or a value is of another type or outside of the range.
    """
    file = f"models/{model}/{HYPERPARAMETERS}"
    ranges: dict[str, list[Any]] = {}
    for one in space.space:  # A name may stand there several times, each under a condition.
        ranges.setdefault(one.name, []).append(one)
    for name, value in values.items():
        if name not in ranges:
            raise ConfigError(
                f"{file}: there is no hyperparameter '{name}'{did_you_mean(name, ranges)}",
                f"models/{model}/search_space.py has: {', '.join(sorted(ranges)) or 'none'}.",
                "Correct the name, or add it to search_space.py.",
            )
        expected = [_expected(one) for one in ranges[name] if not _fits(value, one)]
        if len(expected) == len(ranges[name]):
            raise ConfigError(
                f"{file}: {name} has a value that the search space does not have",
                f"Expected: {' or '.join(dict.fromkeys(expected))}, by models/{model}/"
                f"search_space.py. Received: {value!r:.80}.",
                "Correct the value, or widen search_space.py.",
            )


def _fits(value: Any, parameter: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return any(type(one) is type(value) and one == value for one in _values(parameter) or ())
    values = _values(parameter)
    if values is not None:
        return any(not isinstance(one, bool) and one == value for one in values)
    whole = isinstance(parameter, keras_tuner.engine.hyperparameters.Int)
    return not (whole and isinstance(value, float)) and (
        parameter.min_value <= value <= parameter.max_value
    )


def _values(parameter: Any) -> list[Any] | None:
    """All values of a parameter; None: a range."""
    return None if hasattr(parameter, "min_value") else list(parameter.values)


def _expected(parameter: Any) -> str:
    values = _values(parameter)
    if values is not None:
        return f"one of {values!r:.200}" if len(values) > 1 else f"{values[0]!r}"
    kind = type(parameter).__name__.replace("Int", "a whole number").replace("Float", "a number")
    return f"{kind} from {parameter.min_value:g} to {parameter.max_value:g}"
