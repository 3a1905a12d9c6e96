"""What a run on each engine is told, which is what preflight asks for."""

from __future__ import annotations

import pytest

from pipeline.config.beam import arguments as beam_arguments
from tools.beam import engines


@pytest.mark.parametrize("pool", [None, "localhost:50000"])
@pytest.mark.parametrize("name", engines.ENGINES)
def test_arguments_are_good(name: str, pool: str | None) -> None:
    args = engines.beam_args(engines.ENGINES[name], "localhost:8099", pool, ["--parallelism=2"])
    beam_arguments.check(args, "here")
    given = beam_arguments.options(args)
    assert given["job_endpoint"] == "localhost:8099" and given["parallelism"] == "2"
    assert given["environment_type"] == ("EXTERNAL" if pool else "LOOPBACK")
    assert given.get("environment_config") == pool


def test_spark_reads_on_several_partitions() -> None:
    beam_arguments.check_spark(engines.beam_args(engines.ENGINES["spark"], "s:8099"), "here")
