"""Which servable a request is for: TensorFlow Serving's `ModelSpec`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelSpec:
    """A model, and perhaps which of its versions."""

    name: str
    """The model's."""
    version: int | None = None
    label: str | None = None
    """A version's label, such as `stable`."""
    routing_key: str | None = None
    """Requests with the same one go to the same version."""
