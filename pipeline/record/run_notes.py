"""`runs/<run id>/notes.json`: what people say of a run on the dashboard, which writes it."""

from __future__ import annotations

import json
from pathlib import Path

from models.common.files import regular_file
from pipeline.config import project
from pipeline.record import run_folder

FILE = "notes.json"


def is_archived(run_id: str, runs: Path = project.RUNS) -> bool:
    """Whether lists leave the run out; not so where its notes cannot be read."""
    try:
        content = json.loads(regular_file.read(run_folder.path(run_id, runs) / FILE))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("archived") is True
