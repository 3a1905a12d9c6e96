"""`notes.json` in a run folder: tags, a note, and whether the run is archived."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.errors import DashboardError
from dashboard.records.fields import Fields
from dashboard.records.json_files import UnreadableError, read_object

FILE = "notes.json"
MAX_BYTES = 256 * 2**10
MAX_TAGS = 30
MAX_TAG = 60
MAX_TEXT = 20_000


@dataclass(frozen=True)
class Notes:
    """What people say about a run."""

    tags: tuple[str, ...] = ()
    text: str = ""
    archived: bool = False
    """Whether lists leave the run out."""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The notes as a page receives them, and as the file holds them."""
        archived = {"archived": True} if self.archived else {}
        return {"tags": list(self.tags), "note": self.text, **archived}


def read(folder: Path) -> Notes:
    """A run's notes; none if there is no file, and a problem if it is damaged."""
    try:
        content = Fields(read_object(folder / FILE, MAX_BYTES))
    except FileNotFoundError:
        return Notes()
    except UnreadableError as error:
        return Notes(problem=str(error))
    tags = tuple(tag for tag in content.items("tags") if isinstance(tag, str))
    archived = content.truth("archived") is True
    return Notes(tags, content.text("note"), archived, "; ".join(content.problems[:1]))


def parse(content: Any, *, archived: bool = False) -> Notes:
    """The notes that a request wants written.

    Args:
        content: What was sent.
        archived: Whether the run is archived where that does not say so.

    Raises:
        DashboardError: They are not notes, or too long.
    """
    given = content if isinstance(content, dict) else {}
    tags, text = given.get("tags"), given.get("note")
    archived = given.get("archived", archived)
    if not (isinstance(tags, list) and isinstance(text, str) and isinstance(archived, bool)):
        expected = 'Expected {"tags": [...], "note": "..."}, and perhaps "archived": true or false.'
        raise DashboardError("These are not notes", expected)
    if not all(isinstance(tag, str) for tag in tags):
        raise DashboardError("A tag is not a text", f"Received: {tags!r:.100}.")
    cleaned = tuple(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.strip()))
    if len(cleaned) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in cleaned):
        raise DashboardError(
            "Too many or too long tags",
            f"A run has at most {MAX_TAGS} tags of at most {MAX_TAG} characters.",
        )
    if len(text) > MAX_TEXT:
        raise DashboardError("The note is too long", f"It has at most {MAX_TEXT:,} characters.")
    return Notes(cleaned, text, archived)


def write(folder: Path, notes: Notes) -> None:
    """Writes the file so that a reader sees the old content or the new, never a part.

    Raises:
        DashboardError: The folder is not writable.
    """
    partial = folder / f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        # Lone surrogates have no UTF-8, so characters beyond ASCII are escaped.
        partial.write_text(json.dumps(notes.as_json(), indent=2) + "\n", encoding="ascii")
        partial.replace(folder / FILE)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DashboardError(
            "The notes cannot be written",
            f"{folder / FILE}: {error.strerror}.",
            "Make the run's folder writable, or free some space.",
            status=500,
        ) from error
