"""Where a log is, and what the server left out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import yaml

from monitoring.core.errors import MonitoringError

SETTINGS = "request_log.yaml"
"""In the serving folder; docs/operating.md describes it."""
_FOLDER = ".request_log"
SQLITE, PARQUET = ".sqlite", ".parquet"


def refuse(error: MonitoringError) -> NoReturn:
    """What is done with a file or version that is no use, unless a caller goes on without it."""
    raise error


class LogSource(NamedTuple):
    """A request log: SQLite files or Parquet exports, in a folder at any depth, or one file."""

    path: Path
    sampled: float = 1.0
    """The share of the model's requests that is logged."""
    redacted: tuple[str, ...] = ()
    """Features whose values are left out."""
    tell: Callable[[MonitoringError], None] = refuse
    """Gets what is wrong with a file, or with a version that cannot be compared. Where it comes
    back, reading goes on without that file or version."""
    why_missing: str = ""
    """What may be the reason why there is no log."""

    def files(self) -> list[Path]:
        """The log's files, in the order of their names; none where there is no log."""
        if self.path.is_file():
            return [self.path]
        found = [
            path
            for pattern in ("requests-*.sqlite", "**/*.parquet")
            for path in self.path.glob(pattern)
            if not path.name.startswith(".") and path.is_file()
        ]
        return sorted(found)

    def check(self) -> None:
        """Checks that there is a log.

        Raises:
            MonitoringError: There is none.
        """
        if not self.files():
            there = "a folder without files of a log" if self.path.is_dir() else "no such folder"
            raise MonitoringError(
                f"{self.path}: there is no request log",
                f"Received: {there}. Expected: requests-*.sqlite, or Parquet exports. "
                f"{self.why_missing}".strip(),
                "Serve the model: python -m serving up. Or name another log: --log PATH",
            )


def log_source(
    models: Path,
    model: str,
    path: Path | None = None,
    tell: Callable[[MonitoringError], None] = refuse,
) -> LogSource:
    """A model's log, as the serving folder's settings have it.

    Args:
        models: The serving folder.
        model: The model.
        path: Another log, such as an export.
        tell: See `LogSource`.

    Raises:
        MonitoringError: `request_log.yaml` is no use.
    """
    file = models / SETTINGS
    content = _settings(file)
    own = _mapping(file, "models", content.get("models")).get(model)
    own = _mapping(file, f"models.{model}", own)
    share = own.get("sample")
    key = f"models.{model}.sample"
    if share is None:
        key, share = "sample", content.get("sample", 1.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise _unusable(file, key, share, "a share from 0 to 1")
    redacted = {
        *_names(file, "redact", content.get("redact")),
        *_names(file, f"models.{model}.redact", own.get("redact")),
    }
    folder = content.get("folder", _FOLDER)
    if not isinstance(folder, str):
        raise _unusable(file, "folder", folder, "a folder's name")
    why = f"{file} has `enabled: false`." if content.get("enabled") is False else ""
    if share == 0:
        why = f"{file} has `{key}: 0`."
    return LogSource(path or models / folder, share, tuple(sorted(redacted)), tell, why)


def _settings(file: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MonitoringError(
            f"{file} cannot be read", f"Received: {error}.", "Correct the file."
        ) from error
    return _mapping(file, "the file", content)


def _mapping(file: Path, key: str, value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _unusable(file, key, value, "keys with values")
    return value


def _names(file: Path, key: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _unusable(file, key, value, "a list of features")
    return value


def _unusable(file: Path, key: str, value: Any, expected: str) -> MonitoringError:
    return MonitoringError(
        f"{file}: `{key}` cannot be used",
        f"Expected {expected}. Received: {value!r}.",
        "Correct the key; docs/operating.md describes it.",
    )
