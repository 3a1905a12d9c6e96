"""A run's record and details, out of what its tasks say and what they have made."""

from __future__ import annotations

import json
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components import object_store
from pipeline import nodes
from pipeline.cloud.recording import account, live, store
from pipeline.cloud.recording.account import Account
from pipeline.cloud.recording.final_status import FinalStatus
from pipeline.cloud.recording.plan import Plan
from pipeline.record import run_folder, run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import Anomaly, Dataset, Failure, RunRecord
from pipeline.results.record_results import record_results

_TOLD = ("curves", "trials", "logged", "logged_in_trials")
_UNKNOWN = "How it failed is not known: its container did not say."


@dataclass(frozen=True)
class Collection:
    """What is read for one run's record."""

    plan: Plan
    final: FinalStatus
    runs: str
    """The folder of all runs; in a rehearsal another than the plan's."""
    run_id: str
    job: str

    @property
    def folder(self) -> str:
        """The run's folder."""
        return f"{self.runs}/{self.run_id}"

    def collect(self, earlier: Path) -> tuple[RunRecord, RunDetails]:
        """Reads all accounts and the artifacts that they name.

        Args:
            earlier: A folder with the run folders with which this one is compared.
        """
        accounts = account.read_all(self.folder)
        started = min((one.started for one in accounts.values()), default=None)
        record = self.plan.begin(
            self.run_id,
            self.job,
            datetime.fromisoformat(started) if started else run_record.now(),
        )
        details = self._told_so_far()
        executions = self._executions(record, accounts)
        for node in record.nodes:
            if node.name in executions and node.status in ("done", "cached"):
                self._read(record, details, executions[node.name], earlier)
        self._end(record, accounts)
        ends = [datetime.fromisoformat(one.finished) for one in accounts.values() if one.finished]
        if ends:
            record.finished = max(ends)
        if record.cloud is not None and self.plan.hourly:
            hours = {node.name: (node.seconds or 0.0) / 3600 for node in record.nodes}
            record.cloud.cost = round(
                sum(hours[name] * price for name, price in self.plan.hourly.items()), 4
            )
        return record, details

    def _told_so_far(self) -> RunDetails:
        """What training has told that may have come to no end."""
        content = store.read(f"{self.folder}/{run_folder.DETAILS}")
        try:
            tree = json.loads(content or b"{}")
            told = {key: tree[key] for key in _TOLD if key in tree}
            return RunDetails.model_validate({"run": self.run_id, **told})
        except ValueError:
            return RunDetails(run=self.run_id)

    def _executions(self, record: RunRecord, accounts: Mapping[str, Account]) -> dict[str, Account]:
        """The execution that each node's result is of; the nodes' states are set by the way."""
        entries = [node.model_dump() for node in record.nodes]
        over = live.passed(entries, accounts)
        found: dict[str, Account] = {}
        for name, task in self.plan.tasks.items():
            node = record.node(task.node)
            own = accounts.get(name)
            if own is not None:
                node.status = "done" if own.status == "done" else "running"
                node.started = datetime.fromisoformat(own.started)
                node.seconds = own.seconds
                found[task.node] = own
            elif task.node in over or self.final.is_success:
                node.status = "done" if task.is_resolver else "cached"
                before = account.result(self.runs, task.recipe) if task.recipe else None
                if before is not None:
                    found[task.node] = before
                elif nodes.SPECS[task.node].results and not task.is_resolver:
                    what = f"What {task.node} found is not known"
                    why = "The cache stands for it, and no run before has kept its account."
                    record.warn(task.node, [(what, why)])
        return found

    def _read(
        self, record: RunRecord, details: RunDetails, execution: Account, earlier: Path
    ) -> None:
        """Takes over what a node has found; what cannot be read is told, and stops nothing."""
        name = self.plan.tasks[execution.task].node
        if name == nodes.EXAMPLE_GEN:
            path = record.config.data.path
            record.data = Dataset(path=path, hash=self.plan.data_hash)
        with tempfile.TemporaryDirectory() as copies:
            try:
                outputs = {
                    key: self._artifact(name, found, Path(copies, key))
                    for key, found in execution.outputs.items()
                }
                record_results(record, details, name, outputs, earlier)
            except Exception as error:
                traceback.print_exc()
                what = f"What {name} found cannot be read"
                record.warn(name, [(what, f"{type(error).__name__}: {error}")])

    def _artifact(
        self, node: str, found: Mapping[str, Any], copy: Path
    ) -> metadata_store_pb2.Artifact:
        """An artifact as ML Metadata has it, where TensorFlow can read it."""
        uri = str(found["uri"]).replace(self.plan.runs, self.runs, 1)
        if nodes.SPECS[node].results and object_store.knows(uri):
            _copy(uri, copy, top_only=node == nodes.EXAMPLE_GEN)
            uri = str(copy)
        return artifact(uri, found.get("metadata", {}))

    def _end(self, record: RunRecord, accounts: Mapping[str, Account]) -> None:
        """Gives the record its end."""
        self._tell_of_optional(record, accounts)
        bad = self._failed(record, accounts)
        if bad is not None and bad.status == "stopped":
            record.anomalies = [Anomaly.model_validate(one) for one in bad.anomalies]
        required = [node for node in record.nodes if not nodes.SPECS[node.name].is_optional]
        over = all(node.status in ("done", "cached") for node in required)
        if bad is not None:
            failure = Failure(node=self.plan.tasks[bad.task].node, **bad.failure)
            record.break_off("stopped" if bad.status == "stopped" else "failed", failure)
            if failure.node:
                record.node(failure.node).seconds = bad.seconds
        elif self.final.is_cancelled:
            record.break_off("interrupted")
        elif over:
            record.complete()
        else:
            record.break_off("failed", self._unexplained(record))

    def _tell_of_optional(self, record: RunRecord, accounts: Mapping[str, Account]) -> None:
        """Warns of a failure in a node that no end of a run depends on."""
        for name, one in accounts.items():
            node = self.plan.tasks[name].node if name in self.plan.tasks else ""
            if node and nodes.SPECS[node].is_optional and one.status in ("failed", "stopped"):
                record.node(node).status = "failed"
                record.warn(node, [(one.failure["headline"], one.failure.get("detail", ""))])

    def _failed(self, record: RunRecord, accounts: Mapping[str, Account]) -> Account | None:
        """The account of the failure that ended the run, the first one."""
        found = [
            one
            for name, one in accounts.items()
            if one.status in ("failed", "stopped")
            and name in self.plan.tasks
            and not nodes.SPECS[self.plan.tasks[name].node].is_optional
        ]
        return min(found, key=lambda one: one.finished or "", default=None)

    def _unexplained(self, record: RunRecord) -> Failure:
        """The failure of a run whose tasks say nothing of one: a container was killed, say."""
        named = [task for task in self.final.failed_tasks if task in self.plan.tasks]
        node = self.plan.tasks[named[0]].node if named else record.running_node
        if node is not None and record.node(node).status == "queued":
            record.node(node).status = "running"
        page = record.cloud.page if record.cloud else None
        return Failure(
            node=node,
            headline=f"{node} ended without a word"
            if node
            else "The pipeline ended without a word",
            detail=self.final.message or _UNKNOWN,
            remedy="Its container was killed, as where memory runs out, or never started. "
            f"Its log: {page or 'on the page of the platform'}.",
        )


def artifact(uri: str, metadata: Mapping[str, Any]) -> metadata_store_pb2.Artifact:
    """An artifact as ML Metadata has it, which tells properties that a type has from others.

    Args:
        uri: Where it is.
        metadata: Its properties, texts and numbers.
    """
    result = metadata_store_pb2.Artifact(uri=uri)
    for key, value in metadata.items():
        for properties in (result.properties, result.custom_properties):
            if isinstance(value, str):
                properties[key].string_value = value
            elif isinstance(value, int | float):
                properties[key].int_value = int(value)
    return result


def _copy(uri: str, folder: Path, *, top_only: bool) -> None:
    """Copies an artifact to this machine, or its files without its folders."""
    folder.mkdir(parents=True)
    if not top_only:
        io_utils.copy_dir(uri, str(folder))
        return
    for name in fileio.listdir(uri):
        if not fileio.isdir(f"{uri}/{name}"):
            fileio.copy(f"{uri}/{name}", str(folder / name))
