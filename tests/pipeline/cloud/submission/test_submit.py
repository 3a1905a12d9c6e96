"""Submissions through the real clients, to servers that speak Vertex AI's and Kubeflow's API."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from google.cloud import storage

from components import tables
from models.common.errors import DataError, ProjectError, RunError
from pipeline.cli import main
from pipeline.cloud import targets
from pipeline.cloud.job import tasks_of
from pipeline.cloud.platforms.kfp import KubeflowPipelines
from pipeline.cloud.platforms.vertex import VertexAI
from pipeline.cloud.submission import submit
from pipeline.config import project
from pipeline.record import provenance
from tests.helpers import bad_servers
from tests.pipeline.cloud.kubeflow.kubeflow_server import KubeflowServer
from tests.pipeline.cloud.vertex_server import VertexServer

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

IMAGE = "registry.example.com/pipeline:3f2c9a1b"
VERTEX = {
    "project": "p",
    "region": "r",
    "bucket": "gs://b",
    "data": "gs://b/datasets",
    "image": IMAGE,
    "service_account": "pipeline@p.iam.gserviceaccount.com",
}
KFP = {"bucket": "gs://b", "data": "gs://b/datasets", "image": IMAGE, "service_account": "runner"}


@pytest.fixture(autouse=True)
def where(monkeypatch: pytest.MonkeyPatch) -> None:
    """The targets, without a file in the project's root."""
    content = {
        "vertex": VertexAI.model_validate(VERTEX),
        "kfp": KubeflowPipelines.model_validate(KFP),
    }
    monkeypatch.setattr(targets, "read", lambda root: content)
    monkeypatch.delenv(targets.IMAGE, raising=False)


def uploaded(bucket: storage.Bucket) -> set[str]:
    return {blob.name for blob in bucket.list_blobs()}


def test_a_job_on_vertex(
    bucket: storage.Bucket, google: VertexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(provenance.COMMIT, "c0ffee")
    options = submit.Options(run="abc-1", settings=("training.epochs=3",))
    first = submit.submit("taxi", "vertex", options)
    second = submit.submit("taxi", "vertex", submit.Options(run="abc-2", cached=False))

    assert first.name == "taxi-abc-1"
    assert first.where.endswith("/locations/r/runs/taxi-abc-1?project=p")
    sent, uncached = (r for r in google.requests if r.method == "POST")
    assert sent.query["pipelineJobId"] == "taxi-abc-1"
    assert sent.body["serviceAccount"] == VERTEX["service_account"]
    assert sent.body["runtimeConfig"]["gcsOutputDirectory"] == "gs://b/runs/taxi"
    labels = sent.body["labels"]
    assert (labels["commit"], labels["model"], len(labels["data"])) == ("c0ffee", "taxi", 32)

    specification = sent.body["pipelineSpec"]
    tasks = tasks_of(specification)
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
    assert not any(
        "cachingOptions" in task for task in tasks_of(uncached.body["pipelineSpec"]).values()
    )
    # Its record is there from the start.
    record = json.loads(bucket.blob("runs/taxi-abc-1/run.json").download_as_bytes())
    assert (record["status"], record["cloud"]["job"]) == ("running", "taxi-abc-1")
    assert record["cloud"]["page"] == first.where
    assert "Its record is in gs://b/runs/taxi-abc-1." in first.notes
    # What the specification names is what was uploaded: code by its hash, data by its hash.
    text = json.dumps([specification, uncached.body["pipelineSpec"]])
    names = {name for name in uploaded(bucket) if not name.startswith("runs/")}
    assert all(f"gs://b/{name}" in text for name in names if name.startswith("modules/"))
    assert f"gs://b/datasets/{labels['data']}" in text
    # Of the second, with another number of epochs, the plan of its records alone is new.
    [plan] = second.uploaded
    assert {address.removeprefix("gs://b/") for address in [*first.uploaded, plan]} == names
    assert plan.startswith("gs://b/modules/")


def test_data_that_changes_while_it_is_read_is_not_submitted(
    bucket: storage.Bucket, google: VertexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = iter(("before", "after"))
    monkeypatch.setattr(tables, "content_hash", lambda source: next(hashes))
    with pytest.raises(DataError, match=r"data/taxi/\S+ changed while it was read"):
        submit.submit("taxi", "vertex", submit.Options())
    assert not google.jobs
    assert not any(name.startswith("datasets/") for name in uploaded(bucket))


def test_nothing_is_submitted_where_the_bucket_cannot_be_written_to(
    bucket: storage.Bucket, google: VertexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = VERTEX | {"bucket": "gs://nowhere"}
    content = {"vertex": VertexAI.model_validate(elsewhere)}
    monkeypatch.setattr(targets, "read", lambda root: content)
    with pytest.raises(RunError, match="gs://nowhere/modules cannot be written to"):
        submit.submit("taxi", "vertex", submit.Options())
    assert not google.jobs


def test_a_run_on_kubeflow(bucket: storage.Bucket, kubeflow: KubeflowServer) -> None:
    done = submit.submit("taxi", "kfp", submit.Options(run="abc-1"))
    [run], [version] = kubeflow.items["runs"], kubeflow.items["versions"]
    assert (done.name, done.where.split(",")[0]) == ("taxi-abc-1", run["run_id"])
    assert run["display_name"] == "taxi-abc-1"
    assert run["service_account"] == "runner"
    assert f"image: {IMAGE}" in run["description"]
    assert version["pipeline_spec"]["pipeline_spec"]["pipelineInfo"]["name"] == "taxi"
    tasks = tasks_of(version["pipeline_spec"]["pipeline_spec"])
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
    root = version["pipeline_spec"]["pipeline_spec"]["defaultPipelineRoot"]
    assert f"{run['runtime_config']['pipeline_root']}/taxi" == root
    assert uploaded(bucket)
    # The same again is a run of the same version; without the cache, of another.
    submit.submit("taxi", "kfp", submit.Options(run="abc-2"))
    submit.submit("taxi", "kfp", submit.Options(run="abc-3", cached=False))
    assert len(kubeflow.items["versions"]) == 2
    used = [
        each["pipeline_version_reference"]["pipeline_version_id"] for each in kubeflow.items["runs"]
    ]
    assert used[0] == used[1] != used[2]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been done that takes long, in its order."""
    from pipeline.cloud import compile
    from pipeline.cloud.submission import uploads

    did: list[str] = []

    def compiled(*arguments: object) -> dict[str, object]:
        did.append("compile")
        return {}

    def put(*arguments: object) -> list[str]:
        did.append("upload")
        return []

    monkeypatch.setattr(compile, "compile_to", compiled)
    monkeypatch.setattr(uploads, "put", put)
    return did


@pytest.mark.parametrize(
    ("target", "options", "told"),
    [
        ("kfp", submit.Options(cron="61 4 * * 1"), "minute: received 61"),
        ("vertex", submit.Options(cron="@daily"), "Expected: five fields, here: 0 0"),
        ("kfp", submit.Options(cron="0 4 * * 1", run="x"), "--cron goes without --run"),
        ("kfp", submit.Options(run="Ä"), "cannot be a job's name"),
        ("kfp", submit.Options(settings=("training.epoch=3",)), "training.epoch"),
        ("kfp", submit.Options(image="r/p:latest"), "Received: r/p:latest"),
        ("kfp", submit.Options(), "The Kubeflow cluster is not named"),
    ],
)
def test_what_costs_nothing_is_looked_at_first(
    done: list[str],
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    options: submit.Options,
    told: str,
) -> None:
    monkeypatch.delenv("KF_PIPELINES_ENDPOINT", raising=False)
    with pytest.raises(ProjectError) as error:
        submit.submit("taxi", target, options)
    assert told in str(error.value)
    assert not done


@pytest.mark.parametrize("cron", [None, "0 4 * * 1"])
@pytest.mark.parametrize("kind", ["a web page", "401", "nobody"])
@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_nothing_is_done_for_a_server_that_would_refuse(
    done: list[str],
    as_google: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    kind: str,
    cron: str | None,
) -> None:
    with bad_servers.SERVERS[kind]() as address:
        monkeypatch.setenv("KF_PIPELINES_ENDPOINT", address)
        as_google(address)
        with pytest.raises(RunError):
            submit.submit("taxi", target, submit.Options(cron=cron))
    assert not done


def test_the_commands(
    bucket: storage.Bucket, google: VertexServer, capfd: pytest.CaptureFixture[str]
) -> None:
    def command(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            main.main([*arguments])
        answer = capfd.readouterr()
        return int(end.value.code or 0), answer.out + answer.err

    status, said = command("submit", "taxi", "--run", "c1", "--image", f"{IMAGE}0")
    assert status == 0
    assert "Submitted taxi-c1: https://console.cloud.google.com/" in said
    assert f"{IMAGE}0" in json.dumps(google.bodies("POST", "/pipelineJobs"))
    status, said = command("submit", "taxi", "--run", "c1")
    assert (status, "There is a job taxi-c1 already" in said) == (2, True)
    google.jobs["taxi-c1"]["state"] = "PIPELINE_STATE_SUCCEEDED"
    status, said = command("pushed", "taxi-c1")
    assert (status, "not blessed" in said) == (3, True)
    assert command("schedules", "taxi") == (0, "taxi has no schedule on Vertex AI.\n")
    for cron in ("0 4 * * 1", "0 5 * * 1"):
        status, said = command("submit", "taxi", "--cron", cron)
        assert (status, "Scheduled taxi: https://console" in said) == (0, True)
    assert "It was there before (0 4 * * 1), and is updated.\n" in said
    status, said = command("schedules", "taxi")
    assert [line.split()[0] for line in said.splitlines()] == ["enabled"]
    assert not (project.ROOT / "targets.yaml").exists()


@pytest.mark.parametrize(("other", "refused"), [("Taxi", True), ("taxis", False)])
def test_a_model_that_another_would_be_taken_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, done: list[str], other: str, refused: bool
) -> None:
    monkeypatch.setattr(project, "model_names", lambda root=None: ["taxi", other])
    if refused:
        with pytest.raises(ProjectError, match="Several models would be called 'taxi' as jobs"):
            submit.submit("taxi", "vertex", submit.Options())
        assert not done
    else:
        submit._check_names("taxi", project.ROOT)
