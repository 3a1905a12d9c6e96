"""Saved views of the list of runs, in `views.json` beside the run folders."""

from __future__ import annotations

import json
import os
import secrets
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dashboard.errors import DashboardError
from dashboard.records.json_files import UnreadableError, read_object

FILE = "views.json"
MAX_BYTES = 2**14
MAX_VIEWS = 200
MAX_NAME = 60
_MAX_FILE = 4 * 2**20
PARAMETERS = ("archived", "columns", "rows", "sort", "text", "where")
"""What of a list's address a view keeps."""
_writing = threading.Lock()


def read(runs: Path) -> list[dict[str, str]]:
    """The views in order of their names: `name`, and `query` as it stands in an address.

    Raises:
        DashboardError: The file cannot be read.
    """
    return [{"name": name, "query": query} for name, query in sorted(_all(runs).items())]


def write(runs: Path, name: str, content: Any) -> None:
    """Saves a view, in the place of one that has the name.

    Args:
        runs: The folder of run folders.
        name: Its name, at most 60 characters.
        content: `{"query": "where=auc+%3E+0.9&sort=-metrics.AUC"}`.

    Raises:
        DashboardError: It is no view, there are too many, or the file cannot be written.
    """
    query = content.get("query") if isinstance(content, dict) else None
    if not isinstance(query, str):
        raise DashboardError(
            "This is no view", f'Received {content!r:.100}. Expected {{"query": "..."}}.'
        )
    cleaned = " ".join(name.split())
    if not 0 < len(cleaned) <= MAX_NAME:
        raise DashboardError("This is no name of a view", f"It has 1 to {MAX_NAME} characters.")
    kept = [(key, value) for key, value in parse_qsl(query) if key in PARAMETERS]
    with _writing:
        views = _all(runs)
        if cleaned not in views and len(views) >= MAX_VIEWS:
            raise DashboardError(
                "There are too many views", f"At most {MAX_VIEWS}.", "Remove one that nobody needs."
            )
        _write(runs, {**views, cleaned: urlencode(sorted(kept))})


def remove(runs: Path, name: str) -> None:
    """Removes a view, if it is there.

    Raises:
        DashboardError: The file cannot be read or written.
    """
    with _writing:
        views = _all(runs)
        if views.pop(name, None) is not None:
            _write(runs, views)


def _all(runs: Path) -> dict[str, str]:
    try:
        content = read_object(runs / FILE, _MAX_FILE)
    except FileNotFoundError:
        return {}
    except UnreadableError as error:
        raise DashboardError(
            "The saved views cannot be read",
            f"{runs / FILE}: {error}.",
            "Mend the file, or remove it if you do not need the views.",
            status=500,
        ) from error
    return {name: query for name, query in content.items() if isinstance(query, str)}


def _write(runs: Path, views: dict[str, str]) -> None:
    """Writes the file so that a reader sees the old content or the new, never a part."""
    partial = runs / f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        # Lone surrogates have no UTF-8, so characters beyond ASCII are escaped.
        partial.write_text(json.dumps(views, indent=2) + "\n", encoding="ascii")
        partial.replace(runs / FILE)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DashboardError(
            "The view cannot be saved",
            f"{runs / FILE}: {error.strerror}.",
            "Make the folder writable, or free some space.",
            status=500,
        ) from error
