"""Policies to be tried: files with the keys of `monitoring:` in a model's `config.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings


def read(paths: Sequence[Path]) -> dict[str, Settings]:
    """Reads policies, by the names of their files.

    Raises:
        MonitoringError: A file or a value is no use, or two files have the same name.
    """
    found: dict[str, Settings] = {}
    for path in paths:
        name = path.stem if path.stem not in found else str(path)
        if name in found:
            raise MonitoringError(
                f"The policy {path} was named twice", remedy="Name each policy once."
            )
        found[name] = _read(path)
    return found


def _read(path: Path) -> Settings:
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MonitoringError(
            f"The policy {path} cannot be read",
            f"Received: {getattr(error, 'strerror', None) or error}.",
            "Write a file with the keys of `monitoring:`, such as `window_rows: 2000`.",
        ) from error
    if isinstance(content, dict) and isinstance(content.get("monitoring"), dict):
        content = content["monitoring"]  # A whole config.yaml has them there.
    try:
        return Settings.model_validate({} if content is None else content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"] if part != "[key]") or "the file"
        raise MonitoringError(
            f"The policy {path}: `{key}` cannot be used",
            f"Received: {first['input']!r}. {first['msg']}.",
            "Correct it; docs/configuration.md describes the keys of `monitoring`.",
        ) from error
