"""What is known of a run when its pipeline is compiled: a zip file that the exit handler reads.

It has `plan.json` and the model's files under `code/`, with secrets hidden, and no time of day: the
same commit compiles to the same plan.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from models.common.errors import RunError
from pipeline.cloud.recording import store
from pipeline.record import run_folder
from pipeline.record.run_record import Cloud, RunRecord

_FILE = "plan.json"
_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file knows."""
JOB = "{job}"
"""Stands for the job's name in the address of its page."""


@dataclass(frozen=True)
class Task:
    """A task of the compiled pipeline."""

    node: str
    recipe: str = ""
    """See `account`."""
    is_resolver: bool = False
    """Whether the platform itself runs it, without a container."""


@dataclass(frozen=True)
class Plan:
    """What is known beforehand of each run of a compiled pipeline."""

    runs: str
    """The folder of all runs, as the compiled pipeline names it."""
    record: dict[str, Any]
    """`run.json` of a run that has not started, without an id and a time."""
    tasks: dict[str, Task]
    data_hash: str | None = None
    """The hash of the data's content; None where nobody has looked at it."""
    hourly: dict[str, float] = field(default_factory=dict)
    """What an hour of each node's machine costs, where the target says it."""
    neptune: dict[str, str] = field(default_factory=dict)
    """Environment variables of the process that writes the Neptune record."""
    code: dict[str, bytes] = field(default_factory=dict)
    """The model's files, by their paths below the project's root."""

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.record["model"])

    def packed(self) -> bytes:
        """The plan as a zip file, the same bytes for the same plan."""
        tree = {**asdict(self), "code": sorted(self.code)}
        files = {_FILE: json.dumps(tree, indent=1, sort_keys=True).encode()}
        files |= {f"{run_folder.CODE}/{path}": content for path, content in self.code.items()}
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            for path, text in sorted(files.items()):
                archive.writestr(zipfile.ZipInfo(path, _NO_TIME), text)
        return content.getvalue()

    def begin(self, run_id: str, job: str, started: datetime) -> RunRecord:
        """The record of a run that starts now.

        Args:
            run_id: Its id.
            job: What the platform calls it.
            started: In UTC.
        """
        tree = {**self.record, "id": run_id, "started": started.isoformat()}
        record = RunRecord.model_validate(tree)
        if record.cloud is not None:
            record.cloud.job = job
            record.cloud.page = record.cloud.page and record.cloud.page.replace(JOB, job)
            record.cloud.seen = started
        return record


def name_of(packed: bytes) -> str:
    """`<hash>.zip`, by the content."""
    return f"{hashlib.sha256(packed).hexdigest()[:32]}.zip"


def unpacked(packed: bytes) -> Plan:
    """The plan in a zip file."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        tree = json.loads(archive.read(_FILE))
        code = {path: archive.read(f"{run_folder.CODE}/{path}") for path in tree["code"]}
    tasks = {name: Task(**task) for name, task in tree["tasks"].items()}
    return Plan(**{**tree, "tasks": tasks, "code": code})


def fetch(address: str) -> Plan:
    """The plan at an address.

    Raises:
        RunError: There is none, or it is not what its name says.
    """
    content = store.read(address)
    if content is None or name_of(content) != address.rpartition("/")[2]:
        raise RunError(
            "The run's plan is not there",
            f"Looked for {address}. Received: {'nothing' if content is None else 'another file'}.",
            "Submit the pipeline again, which uploads it anew.",
        )
    return unpacked(content)


def cloud(
    platform: str, page: str | None, image: str, machines: Mapping[str, str], silence: float | None
) -> Cloud:
    """Where runs of a compiled pipeline are; the workflow is that of GitHub, where one compiles."""
    given = [os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    server, repository, number = given
    workflow = f"{server}/{repository}/actions/runs/{number}" if all(given) else None
    return Cloud(
        platform=platform,
        page=page,
        workflow=workflow,
        image=image,
        machines=dict(machines),
        silence_minutes=silence,
    )
