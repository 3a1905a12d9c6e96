"""How a pipeline has ended, as its platform says: a KFP `PipelineTaskFinalStatus`.

Kubeflow's driver hands on the state that ML Metadata has of the tasks before
(backend/src/v2/driver/resolve.go), which may still be `RUNNING`: what the tasks say of themselves
counts for more.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_CANCELLED = re.compile(r"CANCEL", re.IGNORECASE)
_SUCCEEDED = {"SUCCEEDED", "COMPLETE", "CACHED", "SKIPPED"}
_TASKS = re.compile(r"failed tasks are: \[([^\]]*)\]", re.IGNORECASE)


@dataclass(frozen=True)
class FinalStatus:
    """How a pipeline has ended."""

    state: str
    message: str = ""
    """What the platform says of a failure."""

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody ended it."""
        return bool(_CANCELLED.search(self.state))

    @property
    def is_success(self) -> bool:
        """Whether every task has succeeded."""
        return self.state.upper() in _SUCCEEDED

    @property
    def failed_tasks(self) -> list[str]:
        """The tasks that the message names, as that of Vertex AI does."""
        found = _TASKS.search(self.message)
        return [name.strip(" '\"") for name in found[1].split(",")] if found else []


def parse(value: Any) -> FinalStatus:
    """The status in the value of the parameter, a JSON object or the text of one.

    What cannot be read is a status of which nothing is known.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return FinalStatus("UNKNOWN", value)
    if not isinstance(value, dict):
        return FinalStatus("UNKNOWN")
    error = value.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return FinalStatus(str(value.get("state") or "UNKNOWN"), str(message or ""))
