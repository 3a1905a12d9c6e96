"""JSON documents with a versioned format: written whole, checked when they are read."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from monitoring.core.errors import MonitoringError


class Record(BaseModel):
    """A part of a document. Keys of a later release are left alone; NaN is no number."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


_Document = TypeVar("_Document", bound=Record)


def read(path: Path, kind: type[_Document], what: str, remedy: str) -> _Document:
    """Reads a document.

    Args:
        path: Its file.
        kind: Its format.
        what: What it is called in an error.
        remedy: What to do if it cannot be read.

    Raises:
        MonitoringError: It cannot be read, or is of another format.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        received = error.strerror or str(error)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "the document"
        received = f"{key}: {first['msg']}"
    raise MonitoringError(f"{what} {path} cannot be read", f"Received: {received}.", remedy)


def write(path: Path, document: Record) -> None:
    """Writes a document so that a reader sees the old content or the new, never a part.

    Raises:
        MonitoringError: The file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(document.model_dump_json(), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # Where nothing can be written, nothing was.
            part.unlink()
        raise MonitoringError(
            f"{path} cannot be written",
            f"Received: {error.strerror or error}.",
            "Make the folder writable, or free some space.",
        ) from error
