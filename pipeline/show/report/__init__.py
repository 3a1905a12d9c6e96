"""A run's report: one page that says what was run, on what data, how well, and why it ended so.

`runs/<run id>/report.html` needs nothing beside it: charts, style and text are in the one file, and
it loads nothing. It is made of `run.json` and `details.json` alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from models.common.errors import RunError
from pipeline.config import project
from pipeline.record import redaction, run_details, run_folder, run_record
from pipeline.record.atomic_file import write_whole
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord
from pipeline.show.report.drawings import Drawings

_Model = TypeVar("_Model", bound=BaseModel)


def write(record: RunRecord, runs: Path = project.RUNS, drawings: Drawings | None = None) -> Path:
    """Writes the report of a run, whatever state it is in, and returns its path.

    Args:
        record: The run's record.
        runs: The folder of all runs.
        drawings: Gives the charts; None: all are drawn.

    Raises:
        RunError: The run folder cannot be written.
    """
    from pipeline.show.report import page  # Templates take a while to import.

    try:
        details = run_details.read(record.id, runs)
    except RunError:  # What the record has is worth a report by itself.
        details = RunDetails(run=record.id)
    redactor = run_record.redactor(record)
    text = page.render(_redacted(record, redactor), _redacted(details, redactor), runs, drawings)
    path = run_folder.path(record.id, runs) / run_folder.REPORT
    write_whole(path, text, private=True)
    return path


def write_if_possible(
    record: RunRecord, runs: Path = project.RUNS, drawings: Drawings | None = None
) -> str | None:
    """Writes the report and returns None, or what went wrong: a run never fails for its report."""
    try:
        write(record, runs, drawings)
    except Exception as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        return f"The run's report could not be written: {problem}"
    return None


def _redacted(part: _Model, redactor: redaction.Redactor) -> _Model:
    return type(part).model_validate(redactor.tree(json.loads(part.model_dump_json())))
