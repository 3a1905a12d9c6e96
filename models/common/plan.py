"""What training needs to know of a model's configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SINGLE_PRECISION = "float32"


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
    early_stopping_monitor: str = "val_loss"
    early_stopping_direction: str = "min"
    learning_rate_decay: str | None = None
    """How the optimizer's learning rate falls over the epochs: `cosine`; None: not at all."""
    precision: str = SINGLE_PRECISION
    """In which layers compute: Keras' name of a policy."""
    strategy: str | None = None
    """On which devices: `mirrored` on all GPUs of the machine; None: on one."""
    seed: int = 0
    """Of everything in the final training that is by chance."""
    known_answers: int = 8
    """Rows whose predictions are stored with the model."""
    label_output: str | None = None
    """The network's output that is judged by the label; None: it has one output alone."""
    other_labels: Mapping[str, str] = field(default_factory=dict)
    """The labels of the network's other outputs, by output."""
    weight: str | None = None
    """The raw column that says how much a row counts; None: all rows count alike."""
    class_weights: str | Mapping[str, float] | None = None
    """How much the rows of each class count in training; `balanced`: each class as much as any
    other; None: all rows count alike."""
    split_by_row: bool = False
    """Whether each row is in a split by itself, by the hash of its content."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Everything among the transformed features that the network does not take."""
        return (self.label, *self.other_labels.values())

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
