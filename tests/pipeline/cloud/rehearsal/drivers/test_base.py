"""What a task is told: parameters, artifacts, what resolvers and importers find."""

from __future__ import annotations

from typing import Any

import pytest

from models.common.errors import RunError
from tests.pipeline.cloud.rehearsal.tasks import Project, constant, container, task

BLESSING = 'schema_title="tfx.ModelBlessing" AND state=LIVE AND metadata.blessed.number_value=1'
MODEL = (
    'schema_title="tfx.Model" AND state=LIVE AND '
    "name=\"{{$.inputs.artifacts['input'].metadata['current_model_id']}}\""
)


def resolving(blessed: int) -> dict[str, Any]:
    """A pipeline that looks for the latest blessed model, then makes and judges one."""
    judged = (
        "model = given['inputs']['artifacts']['model']['artifacts'][0]\n"
        "made['b']['artifacts'][0]['metadata'] = "
        f"{{'blessed': {blessed}, 'current_model_id': model['name']}}"
    )
    seen = "parameters['n'] = len(given['inputs']['artifacts']['baseline']['artifacts'])"

    def query(key: str, text: str) -> dict[str, Any]:
        return {"resolver": {"outputArtifactQueries": {key: {"filter": text}}}}

    return {
        "FindBlessing": task(query("found", BLESSING), "found"),
        "FindModel": task(
            query("model", MODEL), "model", artifacts={"input": ("FindBlessing", "found")}
        ),
        "Train": task(container(), "m", after=("FindModel",)),
        "Judge": task(container(judged), "b", "tfx.ModelBlessing", {"model": ("Train", "m")}),
        "Compare": task(container(seen), artifacts={"baseline": ("FindModel", "model")}),
    }


def test_parameters_come_from_where_the_specification_says(project: Project) -> None:
    results = project.walk(
        {
            "A": task(container("parameters['n'] = 3")),
            "B": task(
                container("parameters.update(given['inputs']['parameterValues'])"),
                parameters={
                    "constant": constant("gs://bucket/data/*.csv and https://example.com"),
                    "of_the_pipeline": {"componentInputParameter": "rate"},
                    "of_a_task": {
                        "taskOutputParameter": {"producerTask": "A", "outputParameterKey": "n"}
                    },
                },
            ),
        },
        inputDefinitions={"parameters": {"rate": {"defaultValue": 0.5}}},
    )
    assert results.parameters["B"] == {
        "constant": f"{project.folder}/buckets/bucket/data/*.csv and https://example.com",
        "of_the_pipeline": 0.5,
        "of_a_task": 3,
    }


def test_a_resolver_finds_the_latest_that_was_blessed(project: Project) -> None:
    assert project.walk(resolving(1)).parameters["Compare"] == {"n": 0}
    assert project.walk(resolving(0)).parameters["Compare"] == {"n": 1}
    third = project.walk(resolving(1))
    [found] = third.artifacts["FindModel"]["model"]
    assert (
        found["name"]
        == "projects/0/locations/rehearsal/metadataStores/default/artifacts/job1-Train-m"
    )


def test_an_unknown_query_is_refused(project: Project) -> None:
    query = {"resolver": {"outputArtifactQueries": {"x": {"filter": "uri LIKE 'a%'"}}}}
    with pytest.raises(RunError, match="query is not known"):
        project.walk({"A": task(query, "x")})


def test_an_importer_gives_what_is_there(project: Project) -> None:
    importer = {"importer": {"artifactUri": {"constant": "gs://bucket/x"}, "metadata": {"a": 1}}}
    with pytest.raises(RunError, match="A imports what is not there"):
        project.walk({"A": task(importer, "x")})
    (project.folder / "buckets" / "bucket" / "x").mkdir(parents=True)
    [artifact] = project.walk({"A": task(importer, "x")}).artifacts["A"]["x"]
    assert artifact["uri"] == "gs://bucket/x"
    assert artifact["metadata"] == {"a": 1}


def test_a_placeholder_that_is_not_known_is_refused(project: Project) -> None:
    executor = container()
    executor["container"]["args"].append("{{$.pipeline_job_name}}")
    with pytest.raises(RunError, match="placeholder"):
        project.walk({"A": task(executor)})
