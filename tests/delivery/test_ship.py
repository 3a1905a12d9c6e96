"""The workflow that ships, run by `act`: what each kind of push calls, and what a failure stops."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.delivery import act
from tests.delivery.act import Repository, Result

pytestmark = pytest.mark.slow

IMAGE = act.VARIABLES["IMAGE"]
FOUND = ("artifacts docker images describe", 0, "{}", "")
MISSING = ("artifacts docker images describe", 1, "", "ERROR: (gcloud) NOT_FOUND: no such image")
FORBIDDEN = ("artifacts docker images describe", 1, "", "ERROR: (gcloud) PERMISSION_DENIED")
NOT_BLESSED = ("pipeline pushed", 3, "", "not blessed")
PUSHED = ("pipeline pushed", 0, "gs://bucket/serving_models/taxi/17\n", "")
SERVICE = json.dumps(
    {
        "status": {
            "url": "https://service",
            "traffic": [
                {"revisionName": "taxi-00001", "percent": 100},
                {"revisionName": "taxi-00002", "tag": "candidate", "url": "https://candidate"},
            ],
        }
    }
)
RUNNING = ("run services describe", 0, SERVICE, "")
PLACE = "--project=project --region=europe-west4 --quiet"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return act.repository(tmp_path)


def programs(result: Result) -> list[str]:
    """The calls of programs, with what differs from run to run left out."""
    shown = []
    for call in result.calls:
        if not call.startswith(("action ", "uv sync")):
            call = re.sub(r"\b[0-9a-f]{12}-1-1\b", "RUN", call)
            call = re.sub(r" /\S+/(source.tgz|\w+\.json)", r" \1", call)
            shown.append(re.sub(r":[0-9a-f]{32}\b", ":TAG", call))
    return shown


def submitted(result: Result) -> list[str]:
    return [call.split()[4] for call in result.calling("python -m pipeline submit")]


LOOK = f"gcloud artifacts docker images describe {IMAGE}:TAG --project=project --format=json"
TARGET = f"--target vertex --image {IMAGE}:TAG"


def moved(sha: str) -> str:
    reference = "repos/owner/project/git/refs/tags/deployed"
    return f"gh api -X PATCH {reference} -f sha={sha} -F force=true"


def test_a_changed_model_is_submitted_with_the_image_that_is_there(repository: Repository) -> None:
    repository.answers = [FOUND, NOT_BLESSED]
    sha = repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    each = f".github/scripts/each_model.py compile submit --models taxi --image {IMAGE}:TAG"
    assert programs(result) == [
        LOOK,
        f"uv run --no-sync python {each} --run RUN --cached true",
        f"python -m pipeline compile taxi {TARGET} --output taxi.json",
        f"python -m pipeline submit taxi {TARGET} --run RUN",
        moved(sha),
        "uv run --no-sync python .github/scripts/pushed_model.py",
        "python -m pipeline pushed taxi-RUN",
    ]
    # Nothing is installed but what the lock says, and nothing unblessed is deployed.
    assert (
        result.calling("uv sync") == ["uv sync --locked --no-default-groups --group pipeline"] * 2
    )
    assert "was not blessed, so nothing is deployed" in result.log


def test_a_changed_pipeline_has_its_image_built_first(repository: Repository) -> None:
    repository.answers = [MISSING, NOT_BLESSED]
    sha = repository.commit("pipeline/new.py", "")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    builder = act.VARIABLES["BUILD_SERVICE_ACCOUNT"]
    found = re.search(r"_TAG=([0-9a-f]{32})", "\n".join(result.calls))
    assert found
    substitutions = (
        f"_BUILDER={builder},_CACHED=true,_COMMIT={sha},_IMAGE={IMAGE},_MODELS=rents taxi,"
        f"_RUN=RUN,_TAG={found[1]}"
    )
    assert programs(result)[:3] == [
        LOOK,
        "gcloud builds submit source.tgz --config=cloudbuild.yaml --project=project "
        "--region=europe-west4 --gcs-source-staging-dir=gs://bucket/source "
        f"--substitutions={substitutions} --suppress-logs",
        moved(sha),
    ]
    assert submitted(result) == []  # The build does that.
    assert len(result.calling("python -m pipeline pushed")) == 2


def test_a_revert_finds_its_old_image(repository: Repository) -> None:
    repository.answers = [FOUND, NOT_BLESSED]
    repository.commit("pipeline/new.py", "")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    assert result.calling("builds submit") == []
    assert submitted(result) == ["rents", "taxi"]


@pytest.mark.parametrize("path", ["docs/page.md", "serving/cli.py", ".editorconfig"])
def test_what_is_no_model_s_does_nothing(repository: Repository, path: str) -> None:
    repository.commit(path, "edited")
    result = repository.run("ship.yml", "push")
    assert (result.status, programs(result)) == (0, [])
    assert result.calling("action google-github-actions/auth") == []


def test_a_change_of_how_models_ship_takes_every_model_through_it(repository: Repository) -> None:
    repository.answers = [FOUND, NOT_BLESSED]
    repository.commit("targets.yaml", "vertex: {region: elsewhere}\n")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    assert result.calling("builds submit") == []
    assert submitted(result) == ["rents", "taxi"]


@pytest.mark.parametrize("answer", [FOUND, MISSING])
def test_an_unknown_base_needs_all(
    repository: Repository, answer: tuple[str, int, str, str]
) -> None:
    repository.answers = [answer, NOT_BLESSED]
    repository.git("tag", "--delete", "deployed")
    repository.commit("docs/page.md", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    built = result.calling("builds submit")
    assert bool(built) == (answer == MISSING)
    assert built or submitted(result) == ["rents", "taxi"]


def test_a_model_whose_image_is_missing_has_it_built(repository: Repository) -> None:
    repository.answers = [MISSING, NOT_BLESSED]
    repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    assert "_MODELS=taxi," in result.calling("builds submit")[0]
    assert "so the image is built" in result.log


def test_the_tag_is_made_where_there_is_none(repository: Repository) -> None:
    nothing = ("PATCH", 1, '{"message":"Reference does not exist"}', "gh: HTTP 422")
    repository.answers = [FOUND, NOT_BLESSED, nothing]
    sha = repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    made = f"gh api -X POST repos/owner/project/git/refs -f ref=refs/tags/deployed -f sha={sha}"
    assert made in result.calls


def test_a_missing_variable_stops_all(repository: Repository) -> None:
    missing = "WORKLOAD_IDENTITY_PROVIDER"
    repository.commit("pipeline/new.py", "")
    variables = {name: value for name, value in act.VARIABLES.items() if name != missing}
    result = repository.run("ship.yml", "push", variables=variables)
    assert (result.status, result.calls) == (1, [])
    assert f"These variables of the repository are not set: {missing}." in result.log


FAILURES = {
    "the registry does not answer": ([FORBIDDEN], ["builds", "submit", "PATCH", "pushed"]),
    "the build": ([MISSING, ("builds submit", 1, "", "failed")], ["PATCH", "pushed", "run deploy"]),
    "a model does not compile": (
        [FOUND, ("compile taxi", 2, "", "mistake")],
        ["pipeline submit", "PATCH", "pushed"],
    ),
    "a submission": ([FOUND, ("pipeline submit taxi", 2, "", "no")], ["PATCH", "pushed"]),
    "recording": ([FOUND, ("PATCH", 1, "", "HTTP 403")], ["POST", "pushed", "run deploy"]),
    "the pipeline": ([FOUND, ("pipeline pushed", 2, "", "failed")], ["run deploy"]),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_stops_what_follows(repository: Repository, name: str) -> None:
    repository.answers, never = FAILURES[name]
    repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 1
    for call in programs(result):
        assert not call.startswith("gcloud run"), call
        if not call.startswith("uv run"):
            assert not any(f" {words}" in call for words in never), call


def test_a_blessed_model_goes_through_pre_production_to_production(repository: Repository) -> None:
    repository.answers = [FOUND, PUSHED, RUNNING]
    sha = repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    released = programs(result)
    start = released.index("python -m pipeline pushed taxi-RUN") + 1

    def release(service: str) -> list[str]:
        smoke = "uv run --no-sync python -m serving smoke"
        answers = "--answers known_answers.json"
        deploy = (
            f"gcloud run deploy {service} {PLACE} --image=tensorflow/serving:2.19.1 "
            f"--service-account={act.VARIABLES['SERVING_SERVICE_ACCOUNT']} "
            "--execution-environment=gen2 --port=8501 --cpu=2 --memory=2Gi "
            "--set-env-vars=MODEL_NAME=taxi --clear-volumes --clear-volume-mounts "
            "--add-volume=name=model,type=cloud-storage,bucket=bucket,readonly=true,"
            "mount-options=only-dir=serving_models/taxi/17 "
            "--add-volume-mount=volume=model,mount-path=/models/taxi/17 "
            f"--labels=commit={sha},version=17 --add-custom-audiences=prediction-service "
            "--no-allow-unauthenticated --tag=candidate --no-traffic"
        )
        describe = f"gcloud run services describe {service} {PLACE} --format=json"
        update = f"gcloud run services update-traffic {service} {PLACE}"
        return [
            "gcloud storage cp gs://bucket/serving_models/taxi/17/assets.extra/known_answers.json "
            "known_answers.json",
            describe,
            deploy,
            describe,
            f"{smoke} https://candidate --model taxi {answers}",
            f"{update} --to-tags=candidate=100",
            describe,
            f"{smoke} https://service --model taxi {answers}",
        ]

    assert released[start:] == [*release("taxi-pre-production"), *release("taxi")]


def test_a_service_that_is_new_takes_the_traffic_at_once(repository: Repository) -> None:
    absent = ("describe taxi-pre-production", 1, "", "ERROR: Cannot find service [taxi]")
    repository.answers = [FOUND, PUSHED, absent]
    repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    (deployed,) = result.calling("gcloud run deploy")
    assert "--no-traffic" not in deployed
    # It is still not there after that, which is an error; and there is nothing to go back to.
    assert result.status == 1
    assert result.calling("update-traffic") == []


SMOKE_FAILURES = {
    # Which smoke test fails, and the services whose traffic then changes, in order.
    "https://candidate": ["taxi-pre-production --to-revisions"],
    "https://service": ["taxi-pre-production --to-tags", "taxi-pre-production --to-revisions"],
}


@pytest.mark.parametrize("url", SMOKE_FAILURES)
def test_a_failed_smoke_test_rolls_back_and_stops(repository: Repository, url: str) -> None:
    repository.answers = [FOUND, PUSHED, RUNNING, (f"smoke {url}", 1, "", "nulls")]
    repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 1
    updates = [call.replace(f" {PLACE}", "") for call in result.calling("update-traffic")]
    changed = [re.sub(r"=.*", "", call.split("update-traffic ")[1]) for call in updates]
    assert changed == SMOKE_FAILURES[url]
    assert "--to-revisions=taxi-00001=100 --remove-tags=candidate" in updates[-1]
    assert result.calling("run deploy taxi ") == []


@pytest.mark.parametrize(
    ("event", "payload", "models"),
    [
        ("schedule", {}, ["rents", "taxi"]),
        ("workflow_dispatch", {"inputs": {"model": "taxi"}}, ["taxi"]),
        ("repository_dispatch", {"client_payload": {"model": "rents"}}, ["rents"]),
        ("repository_dispatch", {"client_payload": {}}, ["rents", "taxi"]),
    ],
)
def test_retraining_needs_no_change(
    repository: Repository, event: str, payload: dict[str, object], models: list[str]
) -> None:
    repository.answers = [FOUND, NOT_BLESSED]
    result = repository.run("ship.yml", event, payload)
    assert result.status == 0, result.log
    assert submitted(result) == models
    assert all("--no-cache" in call for call in result.calling("python -m pipeline submit"))


def test_retraining_ships_what_was_not_deployed_yet(repository: Repository) -> None:
    repository.answers = [MISSING, NOT_BLESSED]
    repository.commit("pipeline/new.py", "its build failed, say")
    result = repository.run("ship.yml", "schedule")
    assert result.status == 0, result.log
    assert "_CACHED=false" in result.calling("builds submit")[0]


def test_a_hostile_name_of_a_model_is_refused(repository: Repository, tmp_path: Path) -> None:
    hostile = f"$(touch {tmp_path}/owned)\n'; touch {tmp_path}/owned; \""
    payload = {"client_payload": {"model": hostile}}
    result = repository.run("ship.yml", "repository_dispatch", payload)
    assert (result.status, result.calls) == (1, [])
    assert "there is no model" in result.log
    assert not (tmp_path / "owned").exists()
