"""A rehearsal hands tasks what Kubeflow's own driver does, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.cloud.rehearsal.drivers import kubeflow
from tests.pipeline.cloud.rehearsal.tasks import Project, constant, container, task

MAKE = (
    "open(place('x') + '/file', 'w').write('hello')\n"
    "made['x']['artifacts'][0]['metadata'] = {'split_names': '[\"train\"]', 'blessed': 1.0}"
)
TASKS = {
    "Make": task(container(MAKE), "x", cached=True, parameters={"p": constant("1")}),
    "Use": task(container(), "y", artifacts={"given": ("Make", "x")}),
}


@pytest.fixture
def cluster(project: Project) -> Project:
    project.driver = "kubeflow"
    return project


def test_outputs_are_named_by_key_beside_the_log(cluster: Project) -> None:
    cluster.walk(TASKS)
    given = cluster.given("Make")
    folder = given["outputs"]["artifacts"]["x"]["artifacts"][0]["uri"].removesuffix("/x")
    assert folder.startswith("gs://bucket/runs/p/job1/Make/")
    local = f"{cluster.folder}/tasks-1/Make/local-copies/{folder.replace('gs://', 'gcs/')}"
    assert given == {
        "inputs": {"parameterValues": {"p": "1"}},
        "outputs": {
            "artifacts": {
                "x": {
                    "artifacts": [
                        {
                            "name": "x",
                            "type": {"instanceSchema": "title: tfx.Model\n"},
                            "uri": f"{folder}/x",
                        }
                    ]
                },
                "executor-logs": {
                    "artifacts": [
                        {
                            "name": "executor-logs",
                            "type": {"schemaTitle": "system.Artifact"},
                            "uri": f"{folder}/executor-logs",
                        }
                    ]
                },
            },
            "outputFile": f"{local}/output_metadata.json",
        },
    }
    assert (cluster.content(f"{folder}/x") / "file").read_text() == "hello"
    assert cluster.content(f"{folder}/executor-logs").is_file()


def test_inputs_are_numbers_without_a_type(cluster: Project) -> None:
    results = cluster.walk(TASKS)
    [made] = results.artifacts["Make"]["x"]
    [artifact] = cluster.given("Use")["inputs"]["artifacts"]["given"]["artifacts"]
    assert artifact["name"].isdecimal() and artifact["name"] == made["name"]
    assert artifact["type"] == {"instanceSchema": ""}
    assert artifact["uri"] == made["uri"]
    assert artifact["metadata"] == {
        "split_names": '["train"]',
        "blessed": 1.0,
        "display_name": "x",
        "store_session_info": '{"Provider": "gs", "Params": {"fromEnv": "true"}}',
    }


def key_of(parts: dict[str, Any], cluster: Project) -> str:
    spec = cluster.read({"Make": parts})
    driver = kubeflow.KubeflowDriver(spec, None, "job")  # type: ignore[arg-type]
    given = {
        "inputs": {"parameterValues": {"p": "1"}},
        "outputs": {"artifacts": {"x": {"artifacts": [{"name": "x", "uri": str(len(spec.root))}]}}},
    }
    return driver.fingerprint(spec.tasks["Make"], given)


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"args": ["{{$}}", "--pipeline_code=other"]}, True),
        ({"command": ["python", "-c", "other"]}, True),
        ({"image": "i@2"}, True),
        ({"env": [{"name": "PIPELINE_CODE", "value": "other"}]}, False),
        ({"resources": {"cpuLimit": 8.0}}, False),
    ],
)
def test_the_cache_sees_arguments_and_image_but_no_environment(
    cluster: Project, change: dict[str, Any], seen: bool
) -> None:
    parts = {one: task(container(**more), "x") for one, more in {"a": {}, "b": change}.items()}
    assert (key_of(parts["a"], cluster) != key_of(parts["b"], cluster)) == seen


def test_an_input_that_is_made_anew_is_another(cluster: Project) -> None:
    use = task(container("place('y')"), "y", artifacts={"given": ("Make", "x")}, cached=True)
    tasks = {**TASKS, "Use": use}
    cluster.walk(tasks)
    cluster.walk(tasks)
    assert cluster.events[1::2] == ["Make cached", "Use cached"]
    tasks["Make"] = task(container(MAKE), "x", parameters={"p": constant("1")})
    cluster.walk(tasks)
    assert cluster.events[1::2] == ["Make done", "Use done"]
