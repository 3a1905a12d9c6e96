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
NOTHING_SERVED = ("serving release status", 0, '{"stable": null, "canary": null}', "")
CANARY = ("serving release canary", 3, "Version 17 is a canary.\n", "")
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
            call = re.sub(r"[ @]/\S+/(source.tgz|\w+\.json|comment\.md)", r" \1", call)
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


READ = "uv run --no-sync python .github/scripts/release_report.py read"


def told(sha: str, words: str) -> list[str]:
    """The comment on the commit; the bucket, which is no real one, has no record of the run."""
    comment = f"### taxi: no record\n\n{words}\n"
    return [
        f"gh api -X POST repos/owner/project/commits/{sha}/comments -F body= comment.md",
        comment,
    ]


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
        READ,
        removed("taxi"),
        *told(sha, "Nothing was deployed; production serves what it served before."),
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


def released(service: str, begin: str, sha: str) -> list[str]:
    """What a release calls, up to the version's share."""
    folder = f"--bucket gs://serving/{service}"
    smoke = "--model taxi --answers known_answers.json --version 17 --wait 300"
    image = act.VARIABLES["SERVING_IMAGE"]
    args = (
        f"--args=up,--host,0.0.0.0,--grace,3,--bucket,gs://serving/{service},--models,/tmp/models"
    )
    deploy = (
        f"gcloud run deploy {service} {PLACE} --execution-environment=gen2 "
        "--add-custom-audiences=prediction-service --no-allow-unauthenticated "
        f"--service-account={act.VARIABLES['SERVING_SERVICE_ACCOUNT']} "
        f"--labels=model=taxi,server=DIGEST --tag=candidate --no-traffic --image={image} "
        f"--port=8501 --cpu=2 --memory=4Gi {args} --no-cpu-throttling --min-instances=1"
    )
    describe = f"gcloud run services describe {service} {PLACE} --format=json"
    script = "uv run --no-sync python .github/scripts/serve.py"
    return [
        f"{script} stage",
        f"python -m serving release status taxi {folder}",
        "gcloud storage cp gs://bucket/serving_models/taxi/17/assets.extra/known_answers.json "
        "known_answers.json",
        f"python -m serving release stage taxi gs://bucket/serving_models/taxi/17 --commit {sha} "
        f"{folder}",
        f"{script} deploy",
        describe,
        f"gcloud run revisions describe taxi-00001 {PLACE} --format=json",
        deploy,
        describe,
        f"{script} smoke",
        f"python -m serving smoke https://candidate {smoke}",
        f"{script} begin",
        f"gcloud run services update-traffic {service} {PLACE} --to-tags=candidate=100",
        describe,
        f"python -m serving release {begin} taxi 17 {folder}",
        f"{script} smoke",
        f"python -m serving smoke https://service {smoke}",
    ]


def digests_out(calls: list[str]) -> list[str]:
    return [re.sub(r"server=[0-9a-f]{32}", "server=DIGEST", call) for call in calls]


def test_a_blessed_model_is_released_through_a_canary_and_an_older_one_is_refused(
    repository: Repository,
) -> None:
    promoted = ("serving release watch", 0, "Version 17 is promoted.\n", "")
    repository.answers = [FOUND, PUSHED, NO_LABELS, RUNNING, NOTHING_SERVED, CANARY, promoted]
    own = repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 0, result.log
    called = digests_out(programs(result))
    start = called.index("python -m pipeline pushed taxi-RUN") + 1
    assert called[start:] == [
        READ,
        *released("taxi-pre-production", "promote", own),
        *released("taxi", "canary", own),
        moved("canary/taxi/17", own),
        removed("taxi"),
        *told(own, "Version 17 is a canary in production, and is watched."),
        "uv run --no-sync python .github/scripts/serve.py watch",
        "python -m serving release watch taxi 17 --minutes 20 --bucket gs://serving/taxi",
        moved("released/taxi", own, force=False),
        f"gh api -X DELETE {REFS}/tags/canary/taxi/17",
    ]
    # A second one, of a commit that is older than what production has: as a canary, even.
    newer = repository.commit("docs/page.md", "edited")
    repository.git("branch", "newer")
    repository.git("reset", "--quiet", "--hard", own)
    stable = {"version": 3, "commit": own}
    status = json.dumps({"stable": stable, "canary": {"version": 4, "commit": newer}})
    repository.answers = [FOUND, PUSHED, ("release status .*serving/taxi$", 0, status, "")]
    repository.answers += [NO_LABELS, RUNNING, NOTHING_SERVED]
    result = repository.run("ship.yml", "push")
    assert result.status == 1
    assert "is older than what taxi serves: version 4" in result.log
    assert result.calling("release stage", "serving/taxi ") == []
    assert result.calling("run deploy taxi ") == result.calling("released/taxi") == []
    assert removed("taxi") in result.calls


def test_the_first_revision_of_a_service_gets_no_traffic_where_its_test_fails(
    repository: Repository,
) -> None:
    absent = ("describe taxi-pre-production .*--format=json #1", 1, "", "Cannot find service [x]")
    smoke = ("serving smoke", 1, "", "nulls")
    repository.answers = [FOUND, PUSHED, absent, NO_LABELS, RUNNING, smoke, NOTHING_SERVED]
    repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 1
    first, second = result.calling("gcloud run deploy")
    assert "cloudrun/container/hello" in first and "--no-traffic" not in first
    assert "model-server:1" in second and "--no-traffic" in second
    (update,) = result.calling("update-traffic")
    assert "--to-revisions=taxi-00001=100 --remove-tags=candidate" in update
    assert len(result.calling("release roll-back taxi 17", "serving/taxi-pre-production")) == 1
    assert result.calling("PATCH", "released") == result.calling("run deploy taxi ") == []


def test_what_a_schedule_has_pushed_of_an_older_commit_is_refused_once_and_canaries_are_looked_at(
    repository: Repository,
) -> None:
    own = repository.commit("models/taxi/model.py", "edited")
    newer = repository.commit("docs/page.md", "edited")
    repository.git("branch", "newer")
    repository.git("reset", "--quiet", "--hard", own)
    repository.git("tag", "scheduled/taxi/taxi-8")
    repository.git("tag", "canary/rents/5", own)
    jobs = [
        ("pipeline scheduled taxi", 0, f"taxi-9 {own}\n", ""),
        ("pipeline scheduled", 3, "", "none"),
    ]
    stable = json.dumps({"stable": {"version": 3, "commit": newer}, "canary": None})
    worse = ("release watch rents 5", 1, "rolled back: It has 4 % errors.\n", "")
    repository.answers = [*jobs, PUSHED, ("release status", 0, stable, ""), worse]
    result = repository.run("scheduled.yml", "schedule")
    assert result.status == 1
    assert "is older than what taxi-pre-production serves" in result.log
    assert result.calling("run deploy") == result.calling("PATCH", "released/taxi") == []
    ended = [
        moved("scheduled/taxi/taxi-9", own),
        f"gh api -X DELETE {REFS}/tags/scheduled/taxi/taxi-8",
    ]
    called = programs(result)
    place = called.index(removed("taxi"))
    assert called[place + 1 : place + 3] == ended
    # The canary of an earlier release, which has ended badly.
    assert len(result.calling("release watch rents 5 --minutes 0", "gs://serving/rents")) == 1
    assert len(result.calling("DELETE", "canary/rents/5")) == 1
    assert "Version 5 of rents was rolled back. rolled back: It has 4 % errors." in result.log
    repository.git("tag", "scheduled/taxi/taxi-9")
    repository.git("tag", "--delete", "canary/rents/5")
    result = repository.run("scheduled.yml", "schedule")
    assert result.status == 0, result.log
    assert result.calling("pipeline pushed") == result.calling("release watch") == []


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
    repository.answers = [FOUND, PUSHED, NO_LABELS, RUNNING, fails, NOTHING_SERVED]
    repository.commit("models/taxi/model.py", "edited")
    result = repository.run("ship.yml", "push")
    assert result.status == 1
    updates = [call.replace(f" {PLACE}", "") for call in result.calling("update-traffic")]
    changed = [re.sub(r"=.*", "", call.split("update-traffic ")[1]) for call in updates]
    assert changed == ["taxi-pre-production --to-tags", "taxi-pre-production --to-revisions"]
    assert "--to-revisions=taxi-00001=100 --remove-tags=candidate" in updates[-1]
    assert len(result.calling("release roll-back taxi 17", "serving/taxi-pre-production")) == 1
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
