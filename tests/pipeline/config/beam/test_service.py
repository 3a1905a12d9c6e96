"""What a run's own machine is asked for, before any node: job servers, pools, folders."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest

from models.common.errors import ConfigError
from pipeline.config.beam import service as beam_service

EXPAND = "--experiments=pre_optimize=pack_combiners,lift_combiners,expand_sdf"
FLINK = "--runner=FlinkRunner --flink_version=1.19 --flink_master="
IN_PROCESS = ("", "--runner=FnApiRunner", "--runner=DirectRunner")


@pytest.fixture
def listening() -> Iterator[str]:
    """The address of a server that says nothing, such as a cluster's or a pool's."""
    with socket.create_server(("localhost", 0)) as server:
        yield f"localhost:{server.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """An address on which nothing listens."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return f"localhost:{one.getsockname()[1]}"


@pytest.fixture
def job_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """A job server that knows the options which the parameter names."""
    answer = getattr(request, "param", b"flink_master")
    server = grpc.server(futures.ThreadPoolExecutor(1))
    handlers = {"DescribePipelineOptions": grpc.unary_unary_rpc_method_handler(lambda *_: answer)}
    service = "org.apache.beam.model.job_management.v1.JobService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield f"localhost:{port}"
    server.stop(None)


def portable(address: str, *more: str) -> list[str]:
    return ["--runner=PortableRunner", f"--job_endpoint={address}", *more]


def external(pool: str) -> list[str]:
    return ["--environment_type=EXTERNAL", f"--environment_config={pool}"]


def refused(args: list[str], expected: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(expected)) as told:
        beam_service.check(args, "here")
    assert told.value.headline.startswith("here: ") and told.value.detail and told.value.remedy


@pytest.mark.parametrize("args", IN_PROCESS)
def test_the_process_itself_needs_nothing(args: str) -> None:
    beam_service.check(args.split(), "here")


def test_job_servers_that_answer_are_good(job_server: str, listening: str) -> None:
    beam_service.check(portable(job_server, "--environment_type=LOOPBACK"), "here")
    beam_service.check(portable(job_server, *external(listening)), "here")


@pytest.mark.parametrize("job_server", [b"\x0a\x0cspark_master"], indirect=True)
def test_a_job_server_on_spark_wants_what_the_runner_wants(job_server: str) -> None:
    args = portable(job_server, "--environment_type=LOOPBACK")
    refused(args, "Spark would read all rows on one partition")
    beam_service.check([*args, EXPAND], "here")


def test_a_job_server_that_is_not_there(closed: str) -> None:
    args = portable(closed, "--environment_type=LOOPBACK")
    refused(args, f"the job server at {closed} does not answer")


def test_a_server_of_another_kind(listening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beam_service, "_SECONDS", 0.5)
    args = portable(listening, "--environment_type=LOOPBACK")
    refused(args, f"the job server at {listening} does not answer")


def test_a_pool_that_is_not_there(job_server: str, closed: str) -> None:
    refused(portable(job_server, *external(closed)), f"the pool of workers at {closed}")


@pytest.mark.parametrize("pool", ["localhost", "localhost:", "http://"])
def test_a_pool_without_an_address(job_server: str, pool: str) -> None:
    refused(portable(job_server, *external(pool)), "not an address of the form host:port")


@pytest.mark.skipif(not shutil.which("java"), reason="no Java")
def test_clusters(listening: str, closed: str) -> None:
    here = "--environment_type=LOOPBACK"
    beam_service.check([*(FLINK + listening).split(), here], "here")
    refused([*(FLINK + closed).split(), here], f"FlinkRunner's cluster at {closed}")


def test_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused([*(FLINK + "[local]").split(), "--environment_type=LOOPBACK"], "which needs Java")


def test_workers_in_the_run_are_on_its_machine() -> None:
    # An address of a network for documentation: no machine has it.
    args = portable("192.0.2.1:8099", "--environment_type=LOOPBACK")
    refused(args, "192.0.2.1:8099 would look for on its own machine")


@pytest.mark.parametrize(
    "args",
    [
        "--runner=DataflowRunner",
        "--runner=PortableRunner --job_endpoint=j:8099 --sdk_container_image=i",
        FLINK + "f:8081 --sdk_container_image=i --artifacts_dir=gs://b",
    ],
)
def test_containers_do_not_see_a_runs_artifacts(args: str) -> None:
    refused(args.split(), "would not see what the nodes write")
