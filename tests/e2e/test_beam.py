"""The data nodes on a Beam job service, over its job API; and Beam as the orchestrator."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf
from apache_beam.runners.portability import local_job_service
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import standard_artifacts

from components import example_gen
from components.tables import TableSource
from pipeline.config.beam import arguments as beam_arguments
from tests.e2e.project_copy import TINY_ROWS, Project, copy_with_tiny

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def job_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Beam's own job service, which other processes and machines reach in the same way."""
    service = local_job_service.LocalJobServicer(str(tmp_path_factory.mktemp("staging")))
    port = service.start_grpc_server(0)
    yield f"localhost:{port}"
    service.stop()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_with_tiny(tmp_path_factory.mktemp("beam"))


def split_rows(project: Project, folder: Path, args: list[str]) -> dict[str, list[bytes]]:
    """The rows of each split that ExampleGen writes, as sorted examples."""
    beam_arguments.check(args, "here")
    examples = standard_artifacts.Examples()
    examples.uri = str(folder / "examples")
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=[*args, "--no_pipeline_type_check", "--sdk_container_image=none"],
        tmp_dir=str(folder / "temporary"),
        unique_id="1",
    )
    data = TableSource(str(project.root / "data" / "tiny" / "rows.parquet"), "parquet")
    properties = {
        "source": data.to_json(),
        "hints": "{}",
        "splits": json.dumps({"a": 3, "b": 1}),
        "required": "[]",
        "data_hash": example_gen.fingerprint(data),
    }
    example_gen.Executor(context).Do({}, {"examples": [examples]}, properties)
    found = {}
    for split in ("a", "b"):
        files = [str(path) for path in (folder / "examples" / f"Split-{split}").iterdir()]
        records = tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
        parsed = (tf.train.Example.FromString(record) for record in records)
        found[split] = sorted(one.SerializeToString(deterministic=True) for one in parsed)
    return found


def test_a_data_node_runs_on_a_job_service(
    project: Project, job_endpoint: str, tmp_path: Path
) -> None:
    portable = [
        "--runner=PortableRunner",
        f"--job_endpoint={job_endpoint}",
        "--environment_type=LOOPBACK",
    ]
    remote = split_rows(project, tmp_path / "remote", portable)
    here = split_rows(project, tmp_path / "here", ["--runner=FnApiRunner"])
    assert remote == here
    assert sum(map(len, here.values())) == TINY_ROWS


def test_several_workers_write_the_same(project: Project, tmp_path: Path) -> None:
    workers = [
        "--runner=FnApiRunner",
        "--direct_num_workers=2",
        "--direct_running_mode=multi_threading",
    ]
    several = split_rows(project, tmp_path / "several", workers)
    assert several == split_rows(project, tmp_path / "one", ["--runner=FnApiRunner"])


def test_beam_orchestrates_the_pipeline(project: Project) -> None:
    shutil.rmtree(project.root / "serving_models", ignore_errors=True)
    ran = project.command(sys.executable, "pipeline/beam_runner.py", PIPELINE_MODEL="tiny")
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-5000:]
    [version] = project.versions("tiny")
    assert (version / "saved_model.pb").is_file()
    [record] = project.records()
    assert record["status"] == "pushed" and record["pushed_version"] == int(version.name)
    assert {node["status"] for node in record["nodes"]} == {"done"}
    assert (
        sum(record["rows"].values()) == TINY_ROWS and record["metrics"] and record["data"]["hash"]
    )
    details = json.loads((project.root / "runs" / record["id"] / "details.json").read_text())
    assert details["features"] and details["curves"] and details["trials"]
    # Both runners keep the same metadata, so what one has done the other need not do again.
    again = project.run("tiny")
    assert again.status == 0
    assert {name for name, status in again.nodes().items() if status == "done"} == {"Resolver"}


def test_a_mistake_is_told_without_a_traceback(project: Project) -> None:
    ran = project.command(sys.executable, "pipeline/beam_runner.py", PIPELINE_MODEL="tniy")
    assert ran.returncode != 0
    assert "did you mean 'tiny'?" in ran.stderr
    assert "Traceback" not in ran.stderr
