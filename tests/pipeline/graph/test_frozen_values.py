"""Frozen hyperparameters are held against the search space before any node runs."""

from __future__ import annotations

from typing import Any

import pytest

from models.common.errors import ConfigError

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def space() -> Any:
    import keras_tuner

    made = keras_tuner.HyperParameters()
    made.Int("units", 8, 64, step=8)
    made.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    made.Choice("activation", ["relu", "gelu"])
    made.Choice("layers", [1, 2, 3])
    made.Boolean("norm")
    made.Fixed("seed", 7)
    with made.conditional_scope("activation", ["gelu"]):
        made.Float("slope", 0, 1)
    return made


GOOD: list[dict[str, Any]] = [
    {},
    {"units": 8, "learning_rate": 0.1, "activation": "gelu", "layers": 3, "norm": True, "seed": 7},
    {"slope": 1},
]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"unit": 8}, "there is no hyperparameter 'unit'; did you mean 'units'?"),
    ({"Learning_Rate": 0.01}, "there is no hyperparameter 'Learning_Rate'; did you mean"),
    ({"zzz": 1}, "there is no hyperparameter 'zzz'\nmodels/m/search_space.py has: activation"),
    ({"units": 4}, "Expected: a whole number from 8 to 64, by models/m/search_space.py"),
    ({"units": 16.0}, "Received: 16.0."),
    ({"units": "16"}, "Received: '16'."),
    ({"units": None}, "Received: None."),
    ({"units": True}, "Received: True."),
    ({"units": [16]}, "Received: [16]."),
    ({"learning_rate": 1}, "Expected: a number from 0.0001 to 0.1"),
    ({"learning_rate": float("nan")}, "Received: nan."),
    ({"activation": "Relu"}, "Expected: one of ['relu', 'gelu']"),
    ({"layers": 4}, "Expected: one of [1, 2, 3]"),
    ({"norm": 1}, "Expected: one of [True, False]"),
    ({"norm": "true"}, "Received: 'true'."),
    ({"seed": 8}, "Expected: 7, by"),
]


@pytest.mark.parametrize("values", GOOD)
def test_values_of_the_space_are_taken(values: dict[str, Any], space: Any) -> None:
    from pipeline.graph import frozen_values

    frozen_values.check("m", values, space)


@pytest.mark.parametrize(("values", "told"), BAD)
def test_what_the_space_does_not_have_is_refused(
    values: dict[str, Any], told: str, space: Any
) -> None:
    from pipeline.graph import frozen_values

    with pytest.raises(ConfigError) as caught:
        frozen_values.check("m", values, space)
    assert told in str(caught.value)
    assert "models/m/hyperparameters.json: " in caught.value.headline
    assert caught.value.remedy
