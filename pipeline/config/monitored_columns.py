"""Whether the columns that `monitoring` names are there."""

from __future__ import annotations

from collections.abc import Sequence

from components.profile import formula
from models.common.errors import ConfigError, did_you_mean
from pipeline.config.model_config import ModelConfig


def check(model: str, config: ModelConfig, inputs: Sequence[str]) -> None:
    """Refuses columns that neither a request nor a file of true labels carries.

    Args:
        model: The model's name.
        config: Its configuration.
        inputs: The columns that a request may carry.

    Raises:
        ConfigError: A column is not among them.
    """
    text = config.monitoring.label
    in_formula = formula.parse(text).columns if text else ()
    known = [*config.label.columns, *inputs]
    _check(model, "label", in_formula, known, "label.columns, or of INPUTS in features.py")
    _check(model, "ignore", config.monitoring.ignore, inputs, "INPUTS in features.py")


def _check(model: str, key: str, named: Sequence[str], known: Sequence[str], which: str) -> None:
    for name in named:
        if name not in known:
            raise ConfigError(
                f"models/{model}/config.yaml: monitoring.{key}: there is no column '{name}'"
                f"{did_you_mean(name, known)}",
                f"Expected: a column of {which}: {', '.join(known)}.",
                "Correct the name.",
            )
