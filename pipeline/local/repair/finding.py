"""Something that is not in order, with what would be done about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.local.repair.set_aside import SetAside


@dataclass(frozen=True)
class Place:
    """Where a model's state is."""

    model: str
    runs: Path
    """The folder of all runs."""
    serving: Path
    """The folder of the model's pushed versions."""

    @property
    def artifacts(self) -> Path:
        """The folder with a folder for each node, and `metadata.db`."""
        return self.runs / self.model


@dataclass(frozen=True)
class Finding:
    """Something that is not in order."""

    problem: str
    """What is wrong, in a line that begins with the file or folder."""
    remedy: str
    """What a repair does about it, and what is lost, as a sentence."""
    apply: Callable[[SetAside], object] = field(compare=False)
    """Does it. What it returns, if that is a text, is told."""
