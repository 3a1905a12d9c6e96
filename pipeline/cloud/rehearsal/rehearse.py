"""One rehearsal: compiles, puts into the stand-in bucket what a submit would, and walks."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from pathlib import Path

from components import code_bundle, example_gen, tables
from models.common.errors import ProjectError
from pipeline.cloud import compile, spec_check, targets
from pipeline.cloud.platforms.base import Platform
from pipeline.cloud.recording import exit_handler, store
from pipeline.cloud.recording import plan as plans
from pipeline.cloud.rehearsal import drivers, process, specification
from pipeline.cloud.rehearsal.bucket import StandIn
from pipeline.cloud.rehearsal.history import History, Outputs
from pipeline.cloud.rehearsal.specification import Specification
from pipeline.cloud.rehearsal.walk import Walk
from pipeline.config import model_files, project
from pipeline.record import run_folder, run_record
from pipeline.record.run_record import Failure, RunRecord

SPECIFICATION = "specification.json"
_OF_ARTIFACTS = (
    *("data", "rows", "anomalies", "warnings", "hyperparameters", "trained", "metrics"),
    *("baseline", "yardstick", "blessed", "refusals", "pushed_version", "pushed_to"),
    *("environment", "cloud"),
)
"""What the exit handler's record says that no walk sees."""


def rehearse(record: RunRecord, target: str, runs: Path) -> None:
    """Rehearses a model's pipeline; failures end up in the record, not as exceptions.

    Args:
        record: Of the rehearsal; its status is the result.
        target: The section of `targets.yaml` whose specification is rehearsed.
        runs: The folder of all rehearsals, where the stand-in bucket is kept too.
    """
    try:
        _walk(record, target, runs)
    except KeyboardInterrupt:
        record.fail("interrupted")
    except process.TaskError as error:
        failure = Failure.of(error, spec_check.node_of(error.task))
        record.fail("stopped" if error.stopped else "failed", failure)
    except ProjectError as error:
        record.fail("failed", Failure.of(error))
    except Exception as error:
        traceback.print_exc()
        record.fail("failed", Failure(node=None, headline=f"{type(error).__name__}: {error}"))
    else:
        record.finish("pushed" if record.pushed_version is not None else "not_blessed")
    run_record.write(record, runs)


def _walk(record: RunRecord, target: str, runs: Path) -> None:
    folder = run_folder.path(record.id, runs)
    bucket = StandIn(runs / "buckets")
    platform = targets.for_rehearsal(target, record.model, record.config)
    source = model_files.table_source(record.config)
    bundles = compile.compile_to(
        folder / SPECIFICATION,
        record.model,
        record.config,
        platform,
        example_gen.fingerprint(source),
        record.overrides,
    )
    for bundle in bundles.values():
        code_bundle.upload(bundle, bucket.local(platform.modules))
    files = tables.resolve(source)
    if batch := record.config.batch_prediction:
        files += tables.resolve(model_files.source_of(batch))
    _copy_data(files, platform, bucket)
    compiled = specification.read(folder / SPECIFICATION)
    plan = plans.unpacked(bundles[compile.PLAN].content)
    here = bucket.local(platform.runs)
    for path, content in exit_handler.begin(plan, record.id, record.started).items():
        store.write(f"{here}/{path}", content)
    with tempfile.TemporaryDirectory() as image:
        walk = Walk(
            drivers.find(platform.driver)(compiled, bucket, record.id),
            History(runs / "history.jsonl", compiled.name, bucket),
            process.build_image(Path(image)),
            folder / "tasks",
        )
        try:
            walk.run(_Recorder(record, compiled, runs))
        except process.TaskError as error:
            told = f"Some tasks failed. The failed tasks are: [{error.task}]."
            _finish(walk, record, Path(here), runs, "FAILED", told)
            raise
        _finish(walk, record, Path(here), runs, "SUCCEEDED")


def _finish(
    walk: Walk, record: RunRecord, bucket: Path, runs: Path, state: str, message: str = ""
) -> None:
    """Runs the exit handler, and takes over the run's folder that it has made."""
    walk.finish(state, message)
    made = bucket / record.id
    shutil.copytree(made, run_folder.path(record.id, runs), dirs_exist_ok=True)
    found = run_record.read(record.id, runs)
    for name in _OF_ARTIFACTS:
        setattr(record, name, getattr(found, name))


def _copy_data(files: list[str], platform: Platform, bucket: StandIn) -> None:
    """Puts the data where the specification says that it is."""
    for name in files:
        place = bucket.path(f"{platform.data}/{Path(name).relative_to(project.ROOT)}")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(name, place)


class _Recorder:
    """Keeps the record true: a node is what its tasks are, of which a resolver has two."""

    def __init__(self, record: RunRecord, specification: Specification, runs: Path) -> None:
        self._record = record
        self._left = dict[str, set[str]]()
        for task in specification.tasks:
            self._left.setdefault(spec_check.node_of(task), set()).add(task)
        self._runs = runs

    def started(self, task: str) -> None:
        entry = self._record.node(spec_check.node_of(task))
        entry.status = "running"
        entry.started = entry.started or run_record.now()
        run_record.write(self._record, self._runs)

    def finished(self, task: str, outputs: Outputs, cached: bool) -> None:
        node = spec_check.node_of(task)
        self._left[node].remove(task)
        if self._left[node]:
            return
        entry = self._record.node(node)
        entry.status = "cached" if cached else "done"
        if entry.started is not None:
            entry.seconds = (run_record.now() - entry.started).total_seconds()
        run_record.write(self._record, self._runs)
