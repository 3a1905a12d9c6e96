"""One rehearsal: compiles, puts into the stand-in bucket what a submit would, and walks."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2

from components import code_bundle, example_gen, tables
from models.common.errors import ProjectError
from pipeline.cloud import compile, spec_check, targets
from pipeline.cloud.platforms.base import Platform
from pipeline.cloud.rehearsal import drivers, process, specification
from pipeline.cloud.rehearsal.bucket import StandIn
from pipeline.cloud.rehearsal.history import Artifact, History, Outputs
from pipeline.cloud.rehearsal.specification import Specification
from pipeline.cloud.rehearsal.walk import Walk
from pipeline.config import model_files, project
from pipeline.record import run_folder, run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import Failure, RunRecord
from pipeline.results.record_results import record_results

SPECIFICATION = "specification.json"


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
    )
    for bundle in bundles.values():
        code_bundle.upload(bundle, bucket.local(platform.modules))
    files = tables.resolve(source)
    if batch := record.config.batch_prediction:
        files += tables.resolve(model_files.source_of(batch))
    _copy_data(files, platform, bucket)
    compiled = specification.read(folder / SPECIFICATION)
    with tempfile.TemporaryDirectory() as image:
        Walk(
            drivers.find(platform.driver)(compiled, bucket, record.id),
            History(runs / "history.jsonl", compiled.name, bucket),
            process.build_image(Path(image)),
            folder / "tasks",
        ).run(_Recorder(record, compiled, bucket, runs))


def _copy_data(files: list[str], platform: Platform, bucket: StandIn) -> None:
    """Puts the data where the specification says that it is."""
    for name in files:
        place = bucket.path(f"{platform.data}/{Path(name).relative_to(project.ROOT)}")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(name, place)


class _Recorder:
    """Keeps the record true: a node is what its tasks are, of which a resolver has two."""

    def __init__(
        self, record: RunRecord, specification: Specification, bucket: StandIn, runs: Path
    ) -> None:
        self._record = record
        self._bucket = bucket
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
        details = RunDetails(run=self._record.id)
        record_results(self._record, details, node, _as_in_metadata(self._bucket.local(outputs)))
        run_record.write(self._record, self._runs)


def _as_in_metadata(outputs: Outputs) -> Mapping[str, metadata_store_pb2.Artifact]:
    """Artifacts as ML Metadata has them, which tells properties that a type has from others."""
    return {key: _artifact(found[0]) for key, found in outputs.items() if found}


def _artifact(artifact: Artifact) -> metadata_store_pb2.Artifact:
    result = metadata_store_pb2.Artifact(uri=artifact["uri"])
    for key, value in artifact["metadata"].items():
        for properties in (result.properties, result.custom_properties):
            if isinstance(value, str):
                properties[key].string_value = value
            elif isinstance(value, int | float):
                properties[key].int_value = int(value)
    return result
