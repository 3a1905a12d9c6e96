"""A folder that stands in for every bucket: `gs://bucket/x` is `<folder>/bucket/x`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

from pipeline.config import project

# Addresses of the web are left alone.
_SCHEME = re.compile(r"\b(?!https?:)[a-z][a-z0-9+.-]*://")

_T = TypeVar("_T")


class StandIn:
    """Translates URIs of buckets to paths in a folder."""

    def __init__(self, folder: Path) -> None:
        # Tasks find examples by globs below it.
        self._folder = Path(project.without_glob(str(folder.resolve())))

    def path(self, uri: str) -> Path:
        """Where the content of a URI is."""
        return Path(self.local(uri))

    def local(self, value: _T) -> _T:
        """A JSON value with a path for each URI of a bucket in its texts."""
        if isinstance(value, str):
            return _SCHEME.sub(f"{self._folder}/", value)  # type: ignore[return-value]
        if isinstance(value, dict):
            return {key: self.local(below) for key, below in value.items()}  # type: ignore[return-value]
        if isinstance(value, list):
            return [self.local(below) for below in value]  # type: ignore[return-value]
        return value
