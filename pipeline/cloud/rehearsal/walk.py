"""Walks a specification's graph: each task as soon as those before it are done."""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from models.common.errors import RunError
from pipeline.cloud.rehearsal import process
from pipeline.cloud.rehearsal.drivers.base import Driver, Results, input_artifacts
from pipeline.cloud.rehearsal.history import History, Outputs
from pipeline.cloud.rehearsal.specification import Task


class Watcher(Protocol):
    """What is told how the tasks come along, always from the thread that walks."""

    def started(self, task: str) -> None:
        """A task begins."""

    def finished(self, task: str, outputs: Outputs, cached: bool) -> None:
        """A task is done; cached: an earlier execution stands for it."""


@dataclass(frozen=True)
class Walk:
    """One rehearsal of a specification."""

    driver: Driver
    """Makes the tasks' inputs."""
    history: History
    image: Path
    """The folder that stands in for the image."""
    folder: Path
    """For the tasks' logs and their own files."""

    def run(self, watcher: Watcher) -> Results:
        """Runs every task, as many at once as there are processors.

        Raises:
            TaskError: A task failed; no other was started after it.
            RunError: The specification asks for something that is not known here.
        """
        results = Results()
        waiting = dict(self.driver.specification.tasks)
        running: dict[Future[_Ended], Task] = {}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            while waiting or running:
                done = results.artifacts.keys()
                for name in [n for n, task in waiting.items() if task.dependencies <= done]:
                    task = waiting.pop(name)
                    watcher.started(name)
                    running[pool.submit(self._run, task, results)] = task
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    ended = future.result()
                    results.artifacts[task.name] = ended.outputs
                    results.parameters[task.name] = ended.parameters or {}
                    watcher.finished(task.name, ended.outputs, ended.cached)
        return results

    def finish(self, state: str, message: str = "") -> None:
        """Runs the exit handler, if the specification has one.

        Args:
            state: How the tasks have ended, as the platform says it.
            message: What has failed, if something has.

        Raises:
            TaskError: The exit handler failed.
        """
        task = self.driver.specification.exit_handler
        if task is not None:
            self._execute(task, Results(state=state, message=message))

    def _run(self, task: Task, results: Results) -> _Ended:
        if "resolver" in task.executor:
            return self._resolve(task, results)
        if "importer" in task.executor:
            return self._import(task, results)
        return self._execute(task, results)

    def _execute(self, task: Task, results: Results) -> _Ended:
        folder = self.folder / task.name
        given = self.driver.executor_input(task, results, folder)
        fingerprint = self.driver.fingerprint(task, given)
        cached = self.history.cached(fingerprint) if task.may_be_cached else None
        if cached is not None:
            return _Ended(cached, cached=True)
        arguments = self.driver.arguments(task, given)
        variables = task.executor["container"].get("env", ())
        self.driver.before(task, given, results)
        process.run(
            task.name,
            arguments,
            {one["name"]: self.driver.bucket.local(one["value"]) for one in variables},
            given,
            self.image,
            folder,
        )
        try:
            outputs, parameters = self.driver.outputs(task, given)
        except (OSError, ValueError, KeyError) as error:
            raise process.silent(task.name, list(task.outputs), given, error, folder) from error
        self.driver.after(task, given, folder / process.LOG)
        self.history.add(task.name, fingerprint, outputs)
        return _Ended(outputs, parameters)

    def _resolve(self, task: Task, results: Results) -> _Ended:
        queries = task.executor["resolver"]["outputArtifactQueries"]
        inputs = input_artifacts(task, results)
        found = {
            key: self.history.resolve(query["filter"], inputs) for key, query in queries.items()
        }
        return _Ended(found)

    def _import(self, task: Task, results: Results) -> _Ended:
        importer = task.executor["importer"]
        source = importer["artifactUri"]
        given = self.driver.parameters(task, results)
        uri = source.get("constant") or given[source["runtimeParameter"]]
        path = self.driver.bucket.path(uri)
        if not path.exists():
            raise RunError(
                f"{task.name} imports what is not there",
                f"Expected: something at {uri}, in a rehearsal {path}.",
                "Put it there.",
            )
        [(key, [artifact])] = self.driver.planned(task).items()
        imported = {**artifact, "uri": uri, "metadata": importer.get("metadata", {})}
        return _Ended({key: [imported]})


@dataclass(frozen=True)
class _Ended:
    outputs: Outputs
    parameters: dict[str, Any] | None = None
    cached: bool = False
