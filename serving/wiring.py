"""What is plugged into a server that `python -m serving up` starts."""

from __future__ import annotations

from pathlib import Path

from serving.hooks import Hooks


def hooks(models: Path) -> Hooks:
    """The hooks for the serving folder `models`."""
    return Hooks()
