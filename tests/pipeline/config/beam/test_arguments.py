"""What each Beam runner needs, and how it is told when it is missing."""

from __future__ import annotations

import re

import pytest

from models.common.errors import ConfigError
from pipeline.config.beam import arguments as beam_arguments

FLINK = "--runner=FlinkRunner --flink_master=f:8081 --flink_version=1.19 "
SPARK = "--runner=SparkRunner --spark_master_url=spark://s:7077 "
EXPAND = "--experiments=pre_optimize=pack_combiners,lift_combiners,expand_sdf "
STAGING = "--artifacts_dir=gs://b/staging "
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
        FLINK + "--environment_type=EXTERNAL --environment_config=localhost:50000",
        FLINK + STAGING + IMAGE,
        FLINK + "--artifacts_dir=/mnt/staging " + IMAGE,
        FLINK.replace("f:8081", "[local]") + IMAGE,
        SPARK + EXPAND + STAGING + IMAGE,
        SPARK + "--experiments=beam_fn_api " + EXPAND + "--environment_type=LOOPBACK",
        SPARK + "--experiments=pre_optimize=all_except_fusion --environment_type=LOOPBACK",
        SPARK.replace("spark://s:7077", "local[4]") + EXPAND + IMAGE,
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
        (FLINK.replace("--flink_version=1.19", IMAGE), "such as --flink_version=1.19"),
        (FLINK + IMAGE, "the workers would not see what FlinkRunner stages"),
        (FLINK + "--artifacts_dir=/tmp/staging " + IMAGE, "such as --artifacts_dir=gs://"),
        (FLINK + "--artifacts_dir=staging " + IMAGE, "Received: --artifacts_dir=staging"),
        (SPARK + EXPAND + IMAGE, "the workers would not see what SparkRunner stages"),
        (SPARK + STAGING + IMAGE, "Spark would read all rows on one partition"),
        (
            SPARK + STAGING + IMAGE + " --experiments=pre_optimize=lift_combiners",
            "Received: pre_optimize=lift_combiners. Expected: expand_sdf",
        ),
        (
            FLINK + STAGING + "--sdk_container_image=apache/beam_python3.11_sdk:2.70.0",
            "It is Beam 2.70.0 with Python 3.11 alone",
        ),
        (
            DATAFLOW.replace("r/i:1", "docker.io/apache/beam_python3.9_sdk"),
            "has neither the project's code nor its packages",
        ),
        ("--runner=SparkRunner " + IMAGE, "SparkRunner needs --spark_master_url"),
        (FLINK, "would not have the project's code"),
        (
            FLINK + "--environment_type=LOOBACK",
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


@pytest.mark.parametrize(
    ("args", "address"),
    [
        ("--runner=FnApiRunner", None),
        ("--runner=PortableRunner --job_endpoint=j:8099", "j:8099"),
        ("--runner=PortableRunner --job_endpoint=embed", None),
        (FLINK, "f:8081"),
        (FLINK.replace("f:8081", "[auto]"), None),
        (SPARK, "spark://s:7077"),
        (SPARK.replace("spark://s:7077", "local[2]"), None),
        (DATAFLOW, None),
    ],
)
def test_the_engines_address(args: str, address: str | None) -> None:
    assert beam_arguments.engine_address(args.split()) == address
