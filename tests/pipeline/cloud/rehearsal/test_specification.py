"""A compiled specification, read as a graph of tasks."""

from __future__ import annotations

import json

import pytest
import yaml

from pipeline.cloud.rehearsal import specification
from tests.pipeline.cloud.rehearsal.tasks import Project, constant, container, task


def test_what_a_task_waits_for(project: Project) -> None:
    of_a_task = {"taskOutputParameter": {"producerTask": "C", "outputParameterKey": "n"}}
    read = project.read(
        {
            "A": task(container(), "x"),
            "B": task(container()),
            "C": task(container(), cached=True),
            "D": task(
                container(),
                artifacts={"y": ("A", "x")},
                parameters={"n": of_a_task, "m": constant(1)},
                after=("B",),
            ),
        }
    )
    assert read.tasks["D"].dependencies == {"A", "B", "C"}
    assert not read.tasks["A"].dependencies
    assert set(read.tasks["A"].outputs) == {"x"}
    assert [name for name, one in read.tasks.items() if one.may_be_cached] == ["C"]


def test_a_job_gives_values_to_the_pipelines_parameters(project: Project) -> None:
    read = project.read(
        {"A": task(container())},
        inputDefinitions={"parameters": {"rate": {"defaultValue": 0.5}, "name": {}}},
    )
    assert read.parameters == {"rate": 0.5, "name": None}
    path = project.folder / "job.json"
    spec = yaml.safe_load((project.folder / "specification.yaml").read_text())
    values = {"name": "x"}
    path.write_text(
        json.dumps({"pipelineSpec": spec, "runtimeConfig": {"parameterValues": values}})
    )
    assert specification.read(path).parameters == {"rate": 0.5, "name": "x"}


@pytest.mark.parametrize(
    ("artifact_type", "title"),
    [
        ({"schemaTitle": "system.Artifact"}, "system.Artifact"),
        ({"instanceSchema": "title: tfx.Model\ntype: object\n"}, "tfx.Model"),
    ],
)
def test_the_title_of_a_type(artifact_type: dict[str, str], title: str) -> None:
    assert specification.title(artifact_type) == title
