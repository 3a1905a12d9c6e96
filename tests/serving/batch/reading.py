"""Files of rows, as a model with inputs of several types is asked them."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read(path: Path, signature: Any, rows: int = 100) -> list[Any]:
    from serving.batch import formats

    one_format = formats.named(formats.of_file(path))
    return [row for chunk in one_format.read(path, signature, rows) for row in chunk]


def instances(path: Path, signature: Any) -> list[Any]:
    """Of each row what a request would hold, or why it is refused."""
    return [row.refused or row.instance for row in read(path, signature)]
