"""What differs between the engines that Beam's data nodes can run on."""

from __future__ import annotations

from typing import NamedTuple, Sequence

_PACKAGES = ("java.nio", "sun.nio.ch", "java.lang", "java.util", "java.lang.invoke")
_OPENED = (*_PACKAGES, "sun.security.action")


class Engine(NamedTuple):
    """One of them."""

    name: str
    """Its folder in `deploy/beam`."""
    server: str
    """The class of Beam's job server for it."""
    master_option: str
    """The option of that server which says where the cluster is."""
    embedded: str
    """The cluster that the server has in itself."""
    java: tuple[str, ...] = ()
    """Options of Java."""
    beam: tuple[str, ...] = ()
    """Options of Beam that it cannot do without."""


ENGINES = {
    engine.name: engine
    for engine in (
        Engine(
            "flink",
            "org.apache.beam.runners.flink.FlinkJobServerDriver",
            "--flink-master",
            "[local]",
            ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",),
        ),
        Engine(
            "spark",
            "org.apache.beam.runners.spark.SparkJobServerDriver",
            "--spark-master-url",
            "local[*]",
            # Spark reaches into Java's own packages, which Java 17 does not allow by itself.
            tuple(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
            # Without expand_sdf Spark reads every file on one partition.
            ("--experiments=pre_optimize=pack_combiners,lift_combiners,expand_sdf",),
        ),
    )
}


def beam_args(
    engine: Engine, job_server: str, pool: str | None = None, more: Sequence[str] = ()
) -> list[str]:
    """Beam's options for a run on a job server.

    Args:
        engine: What it runs on.
        job_server: The address of its job server.
        pool: The address of a pool of workers; None: the run itself has them.
        more: Further options.
    """
    where = ["--environment_type=LOOPBACK"]
    if pool:
        where = ["--environment_type=EXTERNAL", f"--environment_config={pool}"]
    endpoint = f"--job_endpoint={job_server}"
    return ["--runner=PortableRunner", endpoint, *where, *engine.beam, *more]
