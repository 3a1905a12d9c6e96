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
NO_LABELS = ("revisions describe", 0, '{"metadata": {}}', "")
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


REFS = "repos/owner/project/git/refs"
TESTS = "uv run --no-sync python -m pytest tests/models tests/data -m not e2e"


def moved(tag: str, sha: str, force: bool = True) -> str:
    return f"gh api -X PATCH {REFS}/tags/{tag} -f sha={sha} -F force={str(force).lower()}"


def removed(model: str) -> str:
    return f"gh api -X DELETE {REFS}/tags/submitted/{model}/1"


def test_a_changed_model_is_submitted_with_the_image_that_is_there(repository: Repository) -> None:
    repository.answers = [FOUND, NOT_BLESSED]
    sha = repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    each = f".github/scripts/each_model.py compile submit --models taxi --image {IMAGE}:TAG"
    called = programs(result)
    # Its tests come before its submission, whatever else is looked up meanwhile.
    assert sorted(called[:2]) == sorted([LOOK, TESTS])
    assert called[2:] == [
        f"uv run --no-sync python {each} --run RUN --cached true",
        f"python -m pipeline compile taxi {TARGET} --output taxi.json",
        f"python -m pipeline submit taxi {TARGET} --run RUN",
        moved("submitted/taxi/1", sha),
        "uv run --no-sync python .github/scripts/pushed_model.py",
        "python -m pipeline pushed taxi-RUN",
        removed("taxi"),
    ]
    # Nothing is installed but what the lock says, and nothing unblessed is deployed.
    only = "uv sync --locked --no-default-groups --group pipeline"
    assert result.calling("uv sync") == ["uv sync --locked", only, only]
    assert "was not blessed, so nothing is deployed" in result.log


def test_the_first_push_has_the_image_built_and_then_submits_every_model(
    repository: Repository,
) -> None:
    repository.answers = [MISSING, NOT_BLESSED]
    repository.git("tag", "--delete", "released/rents", "released/taxi")
    sha = repository.commit("docs/page.md", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    builder = act.VARIABLES["BUILD_SERVICE_ACCOUNT"]
    found = re.search(r"_TAG=([0-9a-f]{32})", "\n".join(result.calls))
    assert found
    substitutions = f"_BUILDER={builder},_COMMIT={sha},_IMAGE={IMAGE},_TAG={found[1]}"
    built = (
        "gcloud builds submit source.tgz --config=cloudbuild.yaml --project=project "
        "--region=europe-west4 --gcs-source-staging-dir=gs://bucket/source "
        f"--substitutions={substitutions} --suppress-logs"
    )
    called = programs(result)
    first = called.index(f"python -m pipeline submit rents {TARGET} --run RUN")
    assert called.index(LOOK) < called.index(built) < first
    assert called.index(TESTS) < first
    assert submitted(result) == ["rents", "taxi"]
    assert len(result.calling("python -m pipeline pushed")) == 2


def test_what_is_no_model_s_does_nothing(repository: Repository) -> None:
    for path in (
        "docs/page.md",
        "serving/cli.py",
        ".gitignore",
        ".github/workflows/ship.yml",
        "uv.lock",
    ):
        file = repository.root / path
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        repository.commit(path, f"{text}# a comment\n")
    result = repository.run("ship.yml", "push")
    assert (result.status, programs(result)) == (0, [])
    assert result.calling("action google-github-actions/auth") == []


def test_the_image_the_tag_and_the_run_before_may_be_gone(repository: Repository) -> None:
    """A changed model's image is missing, its tag was never there, and a run before was lost."""
    nothing = ("PATCH", 1, '{"message":"Reference does not exist"}', "gh: HTTP 422")
    ended = ("actions/runs/77", 0, "completed", "")
    repository.answers = [MISSING, ended, NOT_BLESSED, nothing]
    sha = repository.commit("models/taxi/model.py", "edited")
    repository.git("tag", "submitted/taxi/77")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    assert f"gh api -X POST {REFS} -f ref=refs/tags/submitted/taxi/1 -f sha={sha}" in result.calls
    assert len(result.calling("builds submit")) == 1
    assert "so the image is built" in result.log
    assert submitted(result) == ["taxi"]


def test_a_missing_variable_stops_all(repository: Repository) -> None:
    missing = "WORKLOAD_IDENTITY_PROVIDER"
    repository.commit("pipeline/new.py", "")
    variables = {name: value for name, value in act.VARIABLES.items() if name != missing}
    result = repository.run("ship.yml", "push", variables=variables)
    assert (result.status, result.calls) == (1, [])
    assert f"These variables of the repository are not set: {missing}." in result.log


FAILURES = {
    "the registry does not answer": ([FORBIDDEN], ["builds", "submit", "PATCH", "pushed"]),
    "the build": (
        [MISSING, ("builds submit", 1, "", "failed")],
        ["pipeline submit", "PATCH", "pushed"],
    ),
    "the models' tests": ([FOUND, ("pytest", 1, "", "no")], ["pipeline submit", "PATCH", "pushed"]),
    "a model does not compile": (
        [FOUND, ("compile taxi", 2, "", "mistake")],
        ["pipeline submit", "PATCH", "pushed"],
    ),
    "recording": ([FOUND, ("PATCH", 1, "", "HTTP 403")], ["POST", "pushed"]),
    "the pipeline": ([FOUND, ("pipeline pushed", 2, "", "failed")], ["PATCH released"]),
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
    repository.answers = [FOUND, PUSHED, NO_LABELS, RUNNING]
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
            f"--labels=commit={sha},model=taxi,version=17 "
            "--add-custom-audiences=prediction-service "
            "--no-allow-unauthenticated --tag=candidate --no-traffic"
        )
        describe = f"gcloud run services describe {service} {PLACE} --format=json"
        update = f"gcloud run services update-traffic {service} {PLACE}"
        return [
            describe,
            f"gcloud run revisions describe taxi-00001 {PLACE} --format=json",
            "gcloud storage cp gs://bucket/serving_models/taxi/17/assets.extra/known_answers.json "
            "known_answers.json",
            deploy,
            describe,
            f"{smoke} https://candidate --model taxi {answers}",
            f"{update} --to-tags=candidate=100",
            describe,
            f"{smoke} https://service --model taxi {answers}",
        ]

    assert released[start:] == [
        *release("taxi-pre-production"),
        *release("taxi"),
        moved("released/taxi", sha, force=False),
        removed("taxi"),
    ]


def test_the_first_revision_of_a_service_gets_no_traffic_where_its_test_fails(
    repository: Repository,
) -> None:
    absent = ("describe taxi-pre-production .*--format=json #1", 1, "", "Cannot find service [x]")
    smoke = ("smoke", 1, "", "nulls")
    repository.answers = [FOUND, PUSHED, absent, NO_LABELS, RUNNING, smoke]
    repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 1
    first, second = result.calling("gcloud run deploy")
    assert "cloudrun/container/hello" in first and "--no-traffic" not in first
    assert "tensorflow/serving" in second and second.endswith("--no-traffic")
    (update,) = result.calling("update-traffic")
    assert "--to-revisions=taxi-00001=100 --remove-tags=candidate" in update
    assert result.calling("PATCH", "released") == result.calling("run deploy taxi ") == []


def served(commit: str, version: int) -> tuple[str, int, str, str]:
    labels = {"commit": commit, "version": str(version)}
    return "revisions describe", 0, json.dumps({"metadata": {"labels": labels}}), ""


def test_what_a_schedule_has_pushed_of_an_older_commit_is_refused_once(
    repository: Repository,
) -> None:
    own = repository.commit("models/taxi/model.py", "edited")
    newer = repository.commit("docs/page.md", "edited")
    repository.git("branch", "newer")
    repository.git("reset", "--quiet", "--hard", own)
    repository.git("tag", "scheduled/taxi/taxi-8")
    jobs = [
        ("pipeline scheduled taxi", 0, f"taxi-9 {own}\n", ""),
        ("pipeline scheduled", 3, "", "none"),
    ]
    repository.answers = [*jobs, PUSHED, served(newer, 3), RUNNING]
    result = repository.run("scheduled.yml", "schedule")
    assert result.status == 1
    assert "is older than what taxi-pre-production serves" in result.log
    assert result.calling("run deploy") == result.calling("PATCH", "released/taxi") == []
    ended = [
        moved("scheduled/taxi/taxi-9", own),
        f"gh api -X DELETE {REFS}/tags/scheduled/taxi/taxi-8",
    ]
    assert programs(result)[-3:] == [removed("taxi"), *ended]
    repository.git("tag", "scheduled/taxi/taxi-9")
    result = repository.run("scheduled.yml", "schedule")
    assert result.status == 0, result.log
    assert result.calling("pipeline pushed") == []


def test_the_workflow_of_an_older_commit_is_refused(repository: Repository) -> None:
    own = repository.commit("models/taxi/model.py", "edited")
    repository.commit("models/taxi/model.py", "edited again")
    repository.git("tag", "--force", "released/taxi")
    repository.git("reset", "--quiet", "--hard", own)
    result = repository.run("ship.yml", "push")
    assert (result.status, programs(result)) == (1, [])
    assert "Nothing is submitted. error: HEAD is older than" in result.log


def test_of_two_submissions_one_fails_and_the_other_is_released(repository: Repository) -> None:
    repository.answers = [FOUND, ("pipeline submit rents", 2, "", "no"), NOT_BLESSED]
    repository.commit("pipeline/new.py", "an image that is there, as after a revert")
    result = repository.run("ship.yml", "push")
    assert result.status == 1
    assert result.calling("builds submit") == []
    assert submitted(result) == ["rents", "taxi"]
    assert len(result.calling("python -m pipeline pushed taxi-")) == 1
    assert result.calling("python -m pipeline pushed rents-") == []
    assert [call.split("tags/")[1].split()[0] for call in result.calling("PATCH")] == [
        "submitted/taxi/1"
    ]


def test_a_failed_smoke_test_of_what_users_get_gives_the_traffic_back(
    repository: Repository,
) -> None:
    fails = ("smoke https://service", 1, "", "nulls")
    repository.answers = [FOUND, PUSHED, NO_LABELS, RUNNING, fails]
    repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 1
    updates = [call.replace(f" {PLACE}", "") for call in result.calling("update-traffic")]
    changed = [re.sub(r"=.*", "", call.split("update-traffic ")[1]) for call in updates]
    assert changed == ["taxi-pre-production --to-tags", "taxi-pre-production --to-revisions"]
    assert "--to-revisions=taxi-00001=100 --remove-tags=candidate" in updates[-1]
    assert result.calling("run deploy taxi ") == []


@pytest.mark.parametrize(
    ("event", "payload", "models"),
    [
        ("workflow_dispatch", {"inputs": {"model": "taxi"}}, ["taxi"]),
        ("repository_dispatch", {"client_payload": {"model": "rents"}}, ["rents"]),
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
    assert len(result.calling("builds submit")) == 1
    assert submitted(result) == ["rents", "taxi"]
    assert all("--no-cache" in call for call in result.calling("python -m pipeline submit"))


def test_a_hostile_name_of_a_model_is_refused(repository: Repository, tmp_path: Path) -> None:
    hostile = f"$(touch {tmp_path}/owned)\n'; touch {tmp_path}/owned; \""
    payload = {"client_payload": {"model": hostile}}
    result = repository.run("ship.yml", "repository_dispatch", payload)
    assert (result.status, result.calls) == (1, [])
    assert "there is no model" in result.log
    assert not (tmp_path / "owned").exists()
