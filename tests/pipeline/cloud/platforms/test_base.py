"""What all platforms share: the keys of their sections, and what the graph gets of them."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from pipeline.cloud.job import Accepted, Job
from pipeline.cloud.platforms import base
from pipeline.cloud.platforms.base import Platform
from pipeline.config.target_schema import Accelerator, Beam, Machine


class Small(Platform):
    """A platform with no more than it has to have."""

    title = "Small"

    @classmethod
    def placeholder(cls) -> Small:
        return cls(bucket="gs://rehearsal")

    def submit(self, job: Job) -> Accepted:
        return Accepted(f"submitted {job.name}")


def test_a_platform_has_to_submit() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Platform(bucket="gs://b")  # type: ignore[abstract]


@pytest.mark.parametrize("folder", ["gs://b", "s3://b/folder", "hdfs://host:8020/a/b"])
def test_folders_are_uris(folder: str) -> None:
    small = Small(bucket=f"{folder}/", data=folder)
    assert (small.bucket, small.data) == (folder, folder)
    assert small.modules == f"{folder}/modules"


@pytest.mark.parametrize("folder", ["", "b", "/b", "gs://", "gs:/b", "gs://b//c", "gs://b c"])
@pytest.mark.parametrize("key", ["bucket", "data"])
def test_what_is_no_uri_is_refused(key: str, folder: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        Small.model_validate({"bucket": "gs://b", key: folder})


@pytest.mark.parametrize(
    ("model", "name"), [("taxi", "taxi"), ("My_Model2", "my-model2"), ("_tips_", "tips")]
)
def test_pipelines_have_names_that_kubernetes_allows(model: str, name: str) -> None:
    assert base.pipeline_name(model) == name


def test_a_rehearsal_reads_and_writes_buckets_in_its_own_process() -> None:
    small = Small(bucket="gs://b", beam=Beam(args=("--runner=FlinkRunner",)))
    rehearsed = small.for_rehearsal()
    assert (rehearsed.data, rehearsed.beam) == ("gs://b", Beam())
    assert small.model_copy(update={"data": "gs://d"}).for_rehearsal().data == "gs://d"


@pytest.mark.tfx
@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({}, None),
        ({"cpus": 2}, (2, 0, "", 0)),
        ({"memory_gb": 7.5}, (0, 7.5, "", 0)),
        ({"accelerator": {"type": "T4", "count": 2}}, (0, 0, "T4", 2)),
    ],
)
def test_the_machine_that_trains(machine: dict[str, Any], expected: tuple[Any, ...] | None) -> None:
    small = Small(bucket="gs://b", training=Machine.model_validate(machine))
    training = small.graph_target(None).training
    found = training and (
        training.cpu_limit,
        training.memory_limit,
        training.accelerator.type,
        training.accelerator.count,
    )
    assert found == expected
    assert Accelerator(type="T4").count == 1


@pytest.mark.tfx
def test_the_graph_is_told_when_nobody_has_looked_at_the_data() -> None:
    small = Small(bucket="gs://b")
    assert small.graph_target(None).data_hash == base.UNKNOWN
    assert small.graph_target("abc").data_hash == "abc"
