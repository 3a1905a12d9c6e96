"""What training needs to know of a model's configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Plan:
    """The part of a model's configuration that Tuner and Trainer act on.

    It travels as JSON in the nodes' `custom_config`, so a changed value is a changed cache key.
    """

    model: str
    label: str
    label_columns: tuple[str, ...]
    inputs: tuple[str, ...]
    """Raw columns that a prediction request may carry."""
    epochs: int
    batch_size: int
    steps_per_epoch: int | None = None
    early_stopping_patience: int | None = None
    known_answers: int = 8
    """Rows whose predictions are stored with the model."""

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """The plan back from JSON values."""
        tuples: dict[str, Any] = {
            name: tuple(value) for name, value in values.items() if isinstance(value, list)
        }
        return cls(**{**values, **tuples})
