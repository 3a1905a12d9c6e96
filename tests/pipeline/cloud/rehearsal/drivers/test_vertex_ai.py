"""A rehearsal hands tasks what Vertex AI does."""

from __future__ import annotations

from tests.pipeline.cloud.rehearsal.tasks import Project, container, task


def test_artifacts_have_their_types_and_stay_in_the_bucket(project: Project) -> None:
    project.walk(
        {
            "Make": task(container("place('x')"), "x"),
            "Use": task(container(), "y", artifacts={"given": ("Make", "x")}),
        }
    )
    given = project.given("Use")
    [made] = given["inputs"]["artifacts"]["given"]["artifacts"]
    bucket = f"{project.folder}/buckets/bucket/runs/p/0/job1"
    store = "projects/0/locations/rehearsal/metadataStores/default/artifacts"
    assert made == {
        "name": f"{store}/job1-Make-x",
        "type": {"instanceSchema": "title: tfx.Model\n"},
        "uri": f"{bucket}/Make_0/x",
        "metadata": {},
    }
    assert list(given["outputs"]["artifacts"]) == ["y"]
    assert given["outputs"]["outputFile"] == f"{bucket}/Use_0/executor_output.json"
