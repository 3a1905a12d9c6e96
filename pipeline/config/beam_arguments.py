"""What each Beam runner needs to be told, checked before anything runs.

Beam itself ignores an option that it does not know, and finds out what is missing when the first
data node has long begun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.common.errors import ConfigError, did_you_mean

IN_PROCESS = ("FnApiRunner", "DirectRunner", "BundleBasedDirectRunner")
"""Runners whose workers are this process or its children."""
_MODES = ("in_memory", "multi_threading", "multi_processing")
_ENVIRONMENTS = ("DOCKER", "EXTERNAL", "LOOPBACK", "PROCESS")


@dataclass(frozen=True)
class _Runner:
    required: Mapping[str, str]
    """Options that it cannot do without, each with an example."""
    remote: bool = False
    """Whether its workers have to be told where they get the project's code."""


_RUNNERS = {
    **dict.fromkeys(IN_PROCESS, _Runner({})),
    "PortableRunner": _Runner({"job_endpoint": "localhost:8099"}, remote=True),
    "FlinkRunner": _Runner({"flink_master": "flink:8081"}, remote=True),
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
    return _options(args).get("runner", "DirectRunner")


def runs_here(args: Sequence[str]) -> bool:
    """Whether the workers are on this machine, and so see its disk."""
    return runner(args) in IN_PROCESS or _options(args).get("environment_type") == "LOOPBACK"


def completed(args: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments, with what a target knows of the options that their runner requires."""
    given, needed = _options(args), _RUNNERS.get(runner(args), _Runner({}))
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
    options, name = _options(args), runner(args)
    if name not in _RUNNERS:
        raise ConfigError(
            f"{where}: unknown runner '{name}'{did_you_mean(name, _RUNNERS)}",
            f"Expected: one of {', '.join(_RUNNERS)}.",
        )
    needed = _RUNNERS[name]
    for option, example in needed.required.items():
        if not options.get(option):
            raise ConfigError(
                f"{where}: {name} needs --{option}{did_you_mean(option, options)}",
                f"Received: {' '.join(args)}.",
                f"Add it, such as --{option}={example}.",
            )
    temporary = options.get("temp_location", "gs://")
    if name == "DataflowRunner" and not temporary.startswith("gs://"):
        raise ConfigError(
            f"{where}: --temp_location is not in Google Cloud Storage",
            f"Received: {temporary}. Expected: gs://..., which Dataflow's workers can write to.",
        )
    if needed.remote:
        _check_environment(options, name, where)
    if name in IN_PROCESS:
        _check_workers(options, where)


def _check_environment(options: Mapping[str, str], name: str, where: str) -> None:
    environment = options.get("environment_type", "DOCKER")
    if environment not in _ENVIRONMENTS:
        raise ConfigError(
            f"{where}: unknown --environment_type '{environment}'"
            f"{did_you_mean(environment, _ENVIRONMENTS)}",
            f"Expected: one of {', '.join(_ENVIRONMENTS)}.",
        )
    image = options.get("sdk_container_image") or options.get("environment_config")
    if environment != "LOOPBACK" and not image:
        raise ConfigError(
            f"{where}: the workers of {name} would not have the project's code",
            f"Expected with the environment {environment}: --sdk_container_image or "
            "--environment_config.",
            "Add --sdk_container_image=<the pipeline's image>; or, where workers can reach this "
            "process, --environment_type=LOOPBACK.",
        )


def _check_workers(options: Mapping[str, str], where: str) -> None:
    workers, mode = options.get("direct_num_workers", "1"), options.get("direct_running_mode")
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


def _options(args: Sequence[str]) -> dict[str, str]:
    """The options by name; a flag without a value is empty."""
    pairs = (arg.removeprefix("--").partition("=") for arg in args)
    return {name: value for name, _, value in pairs}
