"""How an error is told: what is wrong, what was found, what to do; never a traceback."""

from __future__ import annotations

import tempfile
import traceback
from datetime import datetime
from pathlib import Path

from rich.text import Text

from models.common.errors import ProjectError, RunError
from pipeline.config import project
from pipeline.record import redaction
from pipeline.record.atomic_file import write_whole
from pipeline.record.redaction import Redactor
from pipeline.show import formatting, terminal


def tell(error: ProjectError) -> None:
    """Prints an error that a person can act on, on standard error."""
    console = terminal.console(stderr=True)
    headline = Text.assemble(("Error: ", "bold red"), (error.headline, "bold red"))
    parts = [part for part in (error.detail, error.remedy) if part]
    terminal.show(console, headline, *(Text(part) for part in parts))


def tell_bug(
    error: Exception, folder: Path = project.RUNS, redactor: Redactor | None = None
) -> None:
    """Prints one line for an error that nobody expected, and keeps its traceback in a file."""
    problem = f"{type(error).__name__}: {error}".splitlines()[0]
    kept = _keep_traceback(error, folder, redactor or redaction.redactor())
    terminal.show(
        terminal.console(stderr=True),
        Text.assemble(
            ("Error: ", "bold red"),
            (problem, "bold red"),
            f" (this is a bug; the traceback is in {formatting.path(kept)})",
        ),
    )


def _keep_traceback(error: Exception, folder: Path, redactor: Redactor) -> Path:
    """Writes the traceback beside the runs, or where temporary files go if that is impossible."""
    text = redactor.text("".join(traceback.format_exception(error)))
    name = f"bug-{datetime.now():%Y%m%d-%H%M%S}.log"
    try:
        write_whole(folder / name, text, private=True)
        return folder / name
    except RunError:
        with tempfile.NamedTemporaryFile(
            "w", prefix="pipeline-", suffix=f"-{name}", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
        return Path(file.name)
