"""A key of a YAML file that holds settings, every one of which has a default."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from monitoring.core.errors import MonitoringError

_Section = TypeVar("_Section", bound=BaseModel)


def read_section(path: Path, key: str, kind: type[_Section], described: str) -> _Section:
    """The settings under a key; the defaults where the file or the key is missing.

    Args:
        path: The file.
        key: The key, such as `monitoring`.
        kind: What it may hold.
        described: The page of the documentation that describes the key.

    Raises:
        MonitoringError: The file or a value is no use.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return kind()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MonitoringError(
            f"{path} cannot be read", f"Received: {error}.", "Correct the file."
        ) from error
    given = content.get(key) if isinstance(content, dict) else None
    try:
        return kind.model_validate(given if given is not None else {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join([key, *(str(part) for part in first["loc"] if part != "[key]")])
        value = first["input"]
        shown = "NaN" if isinstance(value, float) and math.isnan(value) else repr(value)
        raise MonitoringError(
            f"{path}: `{place}` cannot be used",
            f"Received: {shown}. {first['msg']}.",
            f"Correct the key; {described} describes it.",
        ) from error
