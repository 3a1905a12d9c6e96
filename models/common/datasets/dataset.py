"""What a model's `dataset.py` says of the public data set that the model is meant for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set, as its publisher has it."""

    url: str
    sha256: str = ""
    """Its checksum; one of the two is there."""
    md5: str = ""
    """Its checksum, where the publisher states no other."""

    def __post_init__(self) -> None:
        if not (self.sha256 or self.md5):
            raise ValueError(f"{self.url} has no checksum: give its sha256 or md5")

    @property
    def name(self) -> str:
        """What it is called in the folder that it is fetched into."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Dataset:
    """A public data set, which `python -m pipeline data MODEL` fetches."""

    title: str
    origin: str
    """Who publishes it, and the page that says so."""
    licence: str
    """In a sentence, for a person who is about to use it."""
    files: tuple[RemoteFile, ...]
    write_tables: Callable[[Path, Path], None]
    """Takes the folder with the fetched files and a new one, and writes the tables into that. They
    have the columns of the sample that the model's config.yaml names."""
