"""A folder of this machine with run folders, and what every source of runs is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol


class Source(Protocol):
    """A place with run folders."""

    @property
    def address(self) -> str:
        """As a person names it."""

    @property
    def folder(self) -> Path:
        """The folder of this machine that has the run folders, or copies of them."""

    def start(self) -> None:
        """Begins to follow what changes elsewhere, if anything does."""

    def stop(self) -> None:
        """Ends that."""

    def fetch(self, run: str) -> None:
        """Sees to it that a run's files are here, as far as they can be had now."""

    def publish_notes(self, run: str) -> None:
        """Brings a run's notes, which were written here, to where the run is.

        Raises:
            DashboardError: It cannot be written there.
        """

    def state(self) -> dict[str, Any]:
        """What a page says of it: `address`, whether it can be `reached`, when it last was
        (`since`, in seconds since 1970), and the `problem` in words."""


class FolderSource:
    """A folder of this machine: all is here.

    Args:
        folder: It may come into being later.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        """Its path."""
        return str(self._folder)

    @property
    def folder(self) -> Path:
        """Itself."""
        return self._folder

    def start(self) -> None:
        """Nothing is elsewhere."""

    def stop(self) -> None:
        """Nothing is elsewhere."""

    def fetch(self, run: str) -> None:
        """All is here."""

    def publish_notes(self, run: str) -> None:
        """They are where the run is."""

    def state(self) -> dict[str, Any]:
        """It can always be read, as far as a folder can be."""
        return {"address": self.address, "reached": True, "since": None, "problem": ""}
