"""What each Beam runner needs to be told, checked before anything runs.

Beam itself ignores an option that it does not know, and finds out what is missing when the first
data node has long begun.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.common.errors import ConfigError, did_you_mean

IN_PROCESS = ("FnApiRunner", "DirectRunner", "BundleBasedDirectRunner")
"""Runners whose workers are this process or its children."""
_MODES = ("in_memory", "multi_threading", "multi_processing")
_ENVIRONMENTS = ("DOCKER", "EXTERNAL", "LOOPBACK", "PROCESS")
_EMBEDDED = re.compile(r"\[.*\]|local(\[.*\])?")
"""The address of an engine that the job server has in itself."""
_BEAMS_IMAGE = re.compile(r"(?:.*/)?beam_python(3\.\d+)_sdk(?::(.+))?")
_SPARKS_PHASES = "pack_combiners,lift_combiners,expand_sdf"


@dataclass(frozen=True)
class _Runner:
    required: Mapping[str, str]
    """Options that it cannot do without, each with an example."""
    remote: bool = False
    """Whether its workers have to be told where they get the project's code."""


_RUNNERS = {
    **dict.fromkeys(IN_PROCESS, _Runner({})),
    "PortableRunner": _Runner({"job_endpoint": "localhost:8099"}, remote=True),
    # Beam takes its newest Flink where none is named, which is seldom the cluster's.
    "FlinkRunner": _Runner({"flink_master": "flink:8081", "flink_version": "1.19"}, remote=True),
    "SparkRunner": _Runner({"spark_master_url": "spark://spark:7077"}, remote=True),
    "DataflowRunner": _Runner(
        {
            "project": "my-project",
            "region": "europe-west4",
            "temp_location": "gs://my-bucket/temp",
            "sdk_container_image": "registry/pipeline:3f2c9a1b",
        }
    ),
}


def runner(args: Sequence[str]) -> str:
    """The runner that the arguments name."""
    return options(args).get("runner", "DirectRunner")


def runs_here(args: Sequence[str]) -> bool:
    """Whether the workers are on this machine, and so see its disk."""
    return runner(args) in IN_PROCESS or options(args).get("environment_type") == "LOOPBACK"


def options(args: Sequence[str]) -> dict[str, str]:
    """The options by name, of those that are given several times the last; a flag is empty."""
    pairs = (arg.removeprefix("--").partition("=") for arg in args)
    return {name: value for name, _, value in pairs}


def environment(args: Sequence[str]) -> str:
    """Where a runner that is not in the process has its workers."""
    return options(args).get("environment_type", "DOCKER")


def has_containers(args: Sequence[str]) -> bool:
    """Whether the workers are in containers, and so see neither a disk nor packages of ours."""
    name = runner(args)
    return name == "DataflowRunner" or (name not in IN_PROCESS and environment(args) == "DOCKER")


def engine_address(args: Sequence[str]) -> str | None:
    """Where the job server or the cluster is that the arguments name; None: it is started here."""
    names = {
        "PortableRunner": "job_endpoint",
        "FlinkRunner": "flink_master",
        "SparkRunner": "spark_master_url",
    }
    address = options(args).get(names.get(runner(args), ""), "")
    return None if _EMBEDDED.fullmatch(address) or address in ("", "embed") else address


def check_spark(args: Sequence[str], where: str) -> None:
    """Refuses what makes Spark read each file on one partition, whatever its size.

    Raises:
        ConfigError: `expand_sdf` is not among the phases of `pre_optimize`.
    """
    experiments = [arg.partition("=")[2] for arg in args if arg.startswith("--experiments=")]
    found = [one.partition("=")[2] for one in experiments if one.startswith("pre_optimize=")]
    phases = found[0] if found else ""
    if not {"expand_sdf", "all_except_fusion"} & set(phases.split(",")):
        raise ConfigError(
            f"{where}: Spark would read all rows on one partition",
            f"Received: pre_optimize={phases}. Expected: expand_sdf in it.",
            f"Add --experiments=pre_optimize={_SPARKS_PHASES}.",
        )


def completed(args: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments, with what a target knows of the options that their runner requires."""
    given, needed = options(args), _RUNNERS.get(runner(args), _Runner({}))
    wanted = [*needed.required, *(["sdk_container_image"] if needed.remote else [])]
    missing = [name for name in dict.fromkeys(wanted) if name not in given and name in known]
    return (*args, *(f"--{name}={known[name]}" for name in missing))


def check(args: Sequence[str], where: str) -> None:
    """Refuses arguments with which no data node could run.

    Args:
        args: Beam pipeline options.
        where: The file and key that they come from.

    Raises:
        ConfigError: An argument is no option, the runner is unknown or lacks what it needs, or the
            workers would not find the project's code.
    """
    for arg in args:
        if not arg.startswith("--"):
            raise ConfigError(
                f"{where}: not a Beam pipeline option",
                f"Received: {arg!r}. Expected: --name=value, each option an entry of the list.",
            )
    given, name = options(args), runner(args)
    if name not in _RUNNERS:
        raise ConfigError(
            f"{where}: unknown runner '{name}'{did_you_mean(name, _RUNNERS)}",
            f"Expected: one of {', '.join(_RUNNERS)}.",
        )
    needed = _RUNNERS[name]
    for option, example in needed.required.items():
        if not given.get(option):
            raise ConfigError(
                f"{where}: {name} needs --{option}{did_you_mean(option, given)}",
                f"Received: {' '.join(args)}.",
                f"Add it, such as --{option}={example}.",
            )
    temporary = given.get("temp_location", "gs://")
    if name == "DataflowRunner" and not temporary.startswith("gs://"):
        raise ConfigError(
            f"{where}: --temp_location is not in Google Cloud Storage",
            f"Received: {temporary}. Expected: gs://..., which Dataflow's workers can write to.",
        )
    if needed.remote:
        _check_environment(given, name, where)
        _check_staging(args, where)
    _check_image(given.get("sdk_container_image", ""), where)
    if name == "SparkRunner":
        check_spark(args, where)
    if name in IN_PROCESS:
        _check_workers(given, where)


def _check_environment(given: Mapping[str, str], name: str, where: str) -> None:
    kind = given.get("environment_type", "DOCKER")
    if kind not in _ENVIRONMENTS:
        raise ConfigError(
            f"{where}: unknown --environment_type '{kind}'{did_you_mean(kind, _ENVIRONMENTS)}",
            f"Expected: one of {', '.join(_ENVIRONMENTS)}.",
        )
    image = given.get("sdk_container_image") or given.get("environment_config")
    if kind != "LOOPBACK" and not image:
        raise ConfigError(
            f"{where}: the workers of {name} would not have the project's code",
            f"Expected with the environment {kind}: --sdk_container_image or --environment_config.",
            "Add --sdk_container_image=<the pipeline's image>; or, where workers can reach this "
            "process, --environment_type=LOOPBACK.",
        )


def _check_staging(args: Sequence[str], where: str) -> None:
    """What a run stages, the workers of a cluster read from the same folder when they start."""
    folder = options(args).get("artifacts_dir", "")
    if runner(args) == "PortableRunner" or not engine_address(args):
        return
    if environment(args) in ("LOOPBACK", "EXTERNAL") or "://" in folder:
        return
    here = tempfile.gettempdir()
    if not folder.startswith("/") or f"{folder}/".startswith(f"{here}/"):
        raise ConfigError(
            f"{where}: the workers would not see what {runner(args)} stages for them",
            f"Received: --artifacts_dir={folder}, a folder of this machine alone. Expected: a "
            "bucket, or a folder that each machine of the cluster has at the same place.",
            "Add it, such as --artifacts_dir=gs://my-bucket/staging.",
        )


def _check_image(image: str, where: str) -> None:
    found = _BEAMS_IMAGE.fullmatch(image)
    if found:
        raise ConfigError(
            f"{where}: {image} has neither the project's code nor its packages",
            f"It is Beam {found[2] or 'of some version'} with Python {found[1]} alone. Expected: "
            "the pipeline's image, which has the Python and the Beam that the run has.",
            "Build it (docs/ship.md) and name it in --sdk_container_image.",
        )


def _check_workers(given: Mapping[str, str], where: str) -> None:
    workers, mode = given.get("direct_num_workers", "1"), given.get("direct_running_mode")
    if not workers.isdecimal():
        raise ConfigError(
            f"{where}: --direct_num_workers is not a number of workers",
            f"Received: {workers!r}. Expected: a whole number; 0 means one for each processor.",
        )
    if mode is not None and mode not in _MODES:
        raise ConfigError(
            f"{where}: unknown --direct_running_mode '{mode}'{did_you_mean(mode, _MODES)}",
            f"Expected: one of {', '.join(_MODES)}.",
        )
    if workers != "1" and mode in (None, "in_memory"):
        raise ConfigError(
            f"{where}: {workers} workers have no processes or threads to be in",
            f"Received: --direct_running_mode={mode or 'in_memory'}, which has one worker.",
            "Add --direct_running_mode=multi_processing.",
        )
