"""What each Beam runner needs, and how it is told when it is missing."""

from __future__ import annotations

import re

import pytest

from models.common.errors import ConfigError
from pipeline.config import beam_arguments

IMAGE = "--sdk_container_image=r/i:1"
DATAFLOW = "--runner=DataflowRunner --project=p --region=r --temp_location=gs://b/t " + IMAGE


@pytest.mark.parametrize(
    "args",
    [
        "",
        "--runner=FnApiRunner",
        "--runner=DirectRunner --direct_num_workers=2 --direct_running_mode=multi_processing",
        "--runner=FnApiRunner --direct_num_workers=0 --direct_running_mode=multi_threading",
        "--runner=PortableRunner --job_endpoint=localhost:8099 --environment_type=LOOPBACK",
        "--runner=PortableRunner --job_endpoint=localhost:8099 " + IMAGE,
        "--runner=FlinkRunner --flink_master=f:8081 --environment_type=EXTERNAL "
        "--environment_config=localhost:50000",
        "--runner=SparkRunner --spark_master_url=spark://s:7077 " + IMAGE,
        DATAFLOW,
        DATAFLOW + " --streaming --num_workers=4",
    ],
)
def test_good(args: str) -> None:
    beam_arguments.check(args.split(), "here")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("runner=FnApiRunner", "here: not a Beam pipeline option"),
        (
            "--runner=DataflowRuner",
            "unknown runner 'DataflowRuner'; did you mean 'DataflowRunner'?",
        ),
        (DATAFLOW.replace("--project=p ", ""), "here: DataflowRunner needs --project"),
        (DATAFLOW.replace("--region=r ", ""), "DataflowRunner needs --region"),
        (DATAFLOW.replace("temp_location", "temp_locaton"), "did you mean 'temp_locaton'?"),
        (DATAFLOW.replace("gs://b/t", "/tmp/t"), "--temp_location is not in Google Cloud Storage"),
        (DATAFLOW.replace(IMAGE, ""), "DataflowRunner needs --sdk_container_image"),
        ("--runner=PortableRunner", "PortableRunner needs --job_endpoint"),
        ("--runner=FlinkRunner " + IMAGE, "such as --flink_master=flink:8081"),
        ("--runner=SparkRunner " + IMAGE, "SparkRunner needs --spark_master_url"),
        ("--runner=FlinkRunner --flink_master=f", "would not have the project's code"),
        (
            "--runner=FlinkRunner --flink_master=f --environment_type=LOOBACK",
            "did you mean 'LOOPBACK'?",
        ),
        ("--direct_num_workers=2", "2 workers have no processes or threads"),
        ("--direct_num_workers=two", "--direct_num_workers is not a number"),
        ("--direct_running_mode=multiprocessing", "did you mean 'multi_processing'?"),
    ],
)
def test_bad(args: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(expected)):
        beam_arguments.check(args.split(), "here")


@pytest.mark.parametrize(
    ("args", "added"),
    [
        ("--runner=FnApiRunner", []),
        ("--runner=FlinkRunner --flink_master=f", ["--sdk_container_image=i"]),
        ("--runner=DataflowRunner --project=mine", ["--region=r", "--sdk_container_image=i"]),
    ],
)
def test_a_target_adds_what_is_missing(args: str, added: list[str]) -> None:
    known = {"project": "p", "region": "r", "sdk_container_image": "i"}
    assert list(beam_arguments.completed(args.split(), known)) == [*args.split(), *added]
