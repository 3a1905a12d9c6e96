"""Whether what Beam's arguments name is there, asked before a run on this machine starts.

Beam asks for the first time when the first data node has begun, and then waits for a minute. And a
run's artifacts are files here, which not all workers see.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from models.common.errors import ConfigError
from pipeline.config.beam import arguments as beam_arguments

_SECONDS = 10
_ENGINES = {"flink_master": "Flink", "spark_master": "Spark"}
"""Options by which a job server tells what it runs on."""


def check(args: Sequence[str], where: str) -> None:
    """Refuses arguments with which no data node of a run on this machine could run.

    Args:
        args: Beam pipeline options that `beam_arguments.check` has nothing against.
        where: The file and key that they come from.

    Raises:
        ConfigError: The workers would not see this machine's files, or what is to run the nodes
            does not answer.
    """
    runner = beam_arguments.runner(args)
    if runner in beam_arguments.IN_PROCESS:
        return
    _check_workers_see_files(args, where)
    address = beam_arguments.engine_address(args)
    if runner != "PortableRunner":
        _check_java(runner, where)
    if address:
        _check_loopback(args, address, where)
        if runner == "PortableRunner":
            if _engine(address, where) == "Spark":
                beam_arguments.check_spark(args, where)
        else:
            _check_answers(address, f"{runner}'s cluster", where)
    pool = beam_arguments.options(args).get("environment_config", "")
    if beam_arguments.environment(args) == "EXTERNAL" and (not address or _is_here(address)):
        _check_answers(pool, "the pool of workers", where)


def _check_workers_see_files(args: Sequence[str], where: str) -> None:
    runner = beam_arguments.runner(args)
    if beam_arguments.has_containers(args):
        raise ConfigError(
            f"{where}: the workers of {runner} would not see what the nodes write",
            "A run on this machine keeps its artifacts in runs/, which is not in the workers' "
            "containers. Expected: workers that see this machine's files.",
            "Add --environment_type=LOOPBACK, or EXTERNAL with a pool of workers (docs/scale.md); "
            "or submit the pipeline to a target, whose artifacts are in a bucket.",
        )


def _check_java(runner: str, where: str) -> None:
    if not shutil.which("java"):
        raise ConfigError(
            f"{where}: {runner} starts a job server, which needs Java",
            "There is no java on the PATH.",
            "Install Java 11 or 17; or use the PortableRunner with --job_endpoint.",
        )


def _check_loopback(args: Sequence[str], address: str, where: str) -> None:
    if beam_arguments.environment(args) == "LOOPBACK" and not _is_here(address):
        raise ConfigError(
            f"{where}: with LOOPBACK the workers are in the run itself, which {address} would look "
            "for on its own machine",
            f"Received: --environment_type=LOOPBACK and {address}, which is another machine.",
            "Add --environment_type=EXTERNAL and --environment_config=<host:port of a pool of "
            "workers>, which see this project's folder at the same place (docs/scale.md).",
        )


def _engine(address: str, where: str) -> str:
    """What a job server runs on; empty where it does not tell.

    Raises:
        ConfigError: It does not answer, or is another server.
    """
    import grpc

    with grpc.insecure_channel(address) as channel:
        # An empty request has no fields, and of the answer the names of options are enough: Beam's
        # own classes for them take a second to import.
        describe = channel.unary_unary(
            "/org.apache.beam.model.job_management.v1.JobService/DescribePipelineOptions"
        )
        try:
            answer: bytes = describe(b"", timeout=_SECONDS)
        except grpc.RpcError as error:
            code, details = error.code().name, error.details()
            raise _silent(address, "the job server", f"{code}: {details}", where) from None
    names = (name for name in _ENGINES if name.encode() in answer)
    return next((_ENGINES[name] for name in names), "")


def _check_answers(address: str, what: str, where: str) -> None:
    try:
        with socket.create_connection(_host_and_port(address), _SECONDS):
            return
    except (OSError, ValueError) as error:
        raise _silent(address, what, str(error), where) from None


def _silent(address: str, what: str, found: str, where: str) -> ConfigError:
    return ConfigError(
        f"{where}: {what} at {address} does not answer",
        f"Received: {found}. Expected: an answer within {_SECONDS} seconds.",
        "Start it, or correct the address; make flink and make spark start a job server of their "
        "own (docs/scale.md).",
    )


def _is_here(address: str) -> bool:
    """Whether an address is one of this machine, by whether it could be listened on."""
    try:
        host, _ = _host_and_port(address)
        [(family, _, _, _, found), *_] = socket.getaddrinfo(host, 0)
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.bind(found)
    except (OSError, ValueError):
        return False
    return True


def _host_and_port(address: str) -> tuple[str, int]:
    """The parts of `host:port`, with any scheme before it.

    Raises:
        ValueError: It has not both.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    if not parts.hostname or not parts.port:
        raise ValueError("not an address of the form host:port")
    return parts.hostname, parts.port
