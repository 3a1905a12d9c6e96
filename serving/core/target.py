"""Whom a request is for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A model, and perhaps which of its versions."""

    model: str
    version: int | None = None
    label: str | None = None
    key: str | None = None
    """What makes routing sticky."""
