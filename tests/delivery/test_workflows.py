"""The workflow files: valid, pinned, with no more rights than needed, and naming what exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from pipeline.cli import main
from tests.delivery import workflow_files
from tests.delivery.workflow_files import Step
from tests.helpers.paths import ROOT

BIN = Path(sys.executable).parent
STEPS = workflow_files.steps()
JOBS = [(f"{flow}.{name}", job) for flow, name, job in workflow_files.jobs()]
READ = {"contents": "read"}
DEPLOYING = {"contents": "read", "id-token": "write"}
WRITING = {"contents": "write"}
RIGHTS = {
    "audit.audit": READ,
    "comment.comment": {"actions": "read", "contents": "read", "pull-requests": "write"},
    **{f"pull-request.{name}": READ for name in ("compile", "plan", "rehearse", "report")},
    **{f"pull-request.{name}": READ for name in ("test", "train")},
    "pull-request.passed": {},
    "release.ask": READ,
    "release.wait": DEPLOYING,
    "release.pre-production": DEPLOYING,
    "release.production": DEPLOYING,
    "release.end": WRITING,
    "release.watch": {"contents": "write", "id-token": "write"},
    "scheduled.find": DEPLOYING,
    "scheduled.release": {"contents": "write", "id-token": "write"},
    "scheduled.watch": {"contents": "write", "id-token": "write"},
    "ship.release": {"contents": "write", "id-token": "write"},
    "ship.submit": {"actions": "read", "contents": "write", "id-token": "write"},
    "ship.not-submitted": READ,
    "submit.plan": {"actions": "read", "contents": "read"},
    "submit.test": READ,
    "submit.find": DEPLOYING,
    "submit.image": DEPLOYING,
    "submit.submit": DEPLOYING,
    "submit.record": WRITING,
    "watch.watch": DEPLOYING,
    "watch.end": WRITING,
}
"""Each job's rights, all of them."""
AFTER = {
    ("submit", "test"): {"plan"},
    ("submit", "find"): {"plan"},
    ("submit", "image"): {"plan", "find"},
    ("submit", "submit"): {"plan", "test", "find", "image"},
    ("submit", "record"): {"plan", "test", "find", "image", "submit"},
    ("scheduled", "release"): {"find"},
    ("ship", "release"): {"submit"},
    ("ship", "not-submitted"): {"submit"},
    ("release", "pre-production"): {"wait"},
    ("release", "production"): {"wait", "pre-production"},
    ("release", "ask"): {"wait", "pre-production"},
    ("release", "end"): {"wait", "pre-production", "production"},
    # What is watched is recorded as that before, or else a lost machine leaves it to nobody.
    ("release", "watch"): {"wait", "pre-production", "production", "end"},
    ("scheduled", "watch"): {"find"},
    ("watch", "end"): {"watch"},
    ("pull-request", "train"): {"plan"},
    ("pull-request", "rehearse"): {"plan"},
    ("pull-request", "report"): {"plan", "train"},
    ("pull-request", "passed"): {"test", "plan", "train", "rehearse", "compile", "report"},
}
"""The jobs that may not start before others have ended."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True
    )


def uses(step: Step) -> str:
    return str(step.content.get("uses", ""))


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", [f".github/workflows/{n}.yml" for n in workflow_files.names()]),
        ("vendor.dependabot", [".github/dependabot.yml"]),
        ("vendor.cloudbuild", ["cloudbuild.yaml"]),
    ],
)
def test_the_files_follow_their_schemas(schema: str, files: list[str]) -> None:
    validator = jsonschema.Draft7Validator(get_builtin_schema(schema))
    for file in files:
        content = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
        if True in content:  # YAML takes GitHub's key `on` for a truth.
            content["on"] = content.pop(True)
        errors = [f"{file}: {error.message:.300}" for error in validator.iter_errors(content)]
        assert not errors


def test_no_audit_finds_anything_above_low() -> None:
    done = run("zizmor", "--offline", "--no-progress", "--min-severity", "medium", ".")
    assert done.returncode == 0, done.stdout
    # One finding is set aside, beside the line that it is about.
    ignored = [
        line
        for path in workflow_files.names()
        for line in workflow_files.text(path).splitlines()
        if "zizmor: ignore" in line
    ]
    assert len(ignored) == 1
    assert "workflow_run:" in ignored[0]


def test_the_dockerfile_has_no_lint() -> None:
    done = run("hadolint", "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_each_job_has_the_rights_it_needs_and_no_more() -> None:
    assert {name: job.get("permissions") for name, job in JOBS} == RIGHTS
    assert all(workflow_files.load(name)["permissions"] == {} for name in workflow_files.names())


def test_no_pull_request_gets_a_login() -> None:
    triggers = {name: set(workflow_files.load(name)["on"]) for name in workflow_files.names()}
    assert triggers == {
        "audit": {"schedule", "pull_request", "workflow_dispatch"},
        "comment": {"workflow_run"},
        "pull-request": {"pull_request"},
        "release": {"workflow_call"},
        "scheduled": {"schedule", "workflow_dispatch"},
        "ship": {"push", "schedule", "workflow_dispatch", "repository_dispatch"},
        "submit": {"workflow_call"},
        "watch": {"workflow_call"},
    }
    assert workflow_files.load("ship")["on"]["push"] == {"branches": ["main"]}
    for name in ("comment", "pull-request"):
        text = workflow_files.text(name)
        assert not re.search(r"id-token|vars\.|environment:|google-github-actions", text), name


def test_there_are_no_keys() -> None:
    for name in workflow_files.names():
        text = workflow_files.text(name)
        assert "credentials_json" not in text and "secrets: inherit" not in text, name
        # A webhook's address is no key to anything, and secret all the same.
        assert set(re.findall(r"secrets\.(\w+)", text)) <= {"NOTIFICATION_URL"}, name
    for step in STEPS:
        if uses(step).startswith("google-github-actions/auth@"):
            assert step.content["with"]["workload_identity_provider"], str(step)


def test_actions_are_pinned_to_one_commit_each() -> None:
    pins: dict[str, set[str]] = {}
    for name in workflow_files.names():
        for line in workflow_files.text(name).splitlines():
            if "uses: " in line and "uses: ./" not in line:
                found = re.search(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$", line)
                assert found, f"{name}: {line.strip()}"
                pins.setdefault(found[1], set()).add(f"{found[2]} {found[3]}")
    assert pins
    assert all(len(commits) == 1 for commits in pins.values()), pins


def test_jobs_end_and_run_where_tfx_does() -> None:
    for name, job in JOBS:
        if "uses" not in job:
            assert 0 < job.get("timeout-minutes", 0) <= 350, name
            # TFX 1.21 needs the C library of this one.
            assert job["runs-on"] == "ubuntu-24.04", name


def test_no_text_from_outside_gets_into_a_script() -> None:
    for step in STEPS:
        assert "${{" not in str(step.content.get("run", "")), str(step)


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [step for step in STEPS if uses(step).startswith("actions/checkout@")]
    # All but those that have no right at all, and only look at how others ended.
    assert len(checkouts) == sum("steps" in job and job["permissions"] != {} for _, job in JOBS)
    for step in checkouts:
        assert step.content["with"]["persist-credentials"] is False, str(step)


def test_what_is_installed_is_what_the_lock_says() -> None:
    syncs = [step for step in STEPS if "uv sync" in str(step.content.get("run", ""))]
    assert syncs
    for step in STEPS:
        script = str(step.content.get("run", ""))
        assert not re.search(r"\bpip install\b|\bnpx?\b|curl ", script), str(step)
        assert "uv sync" not in script or "--locked" in script, str(step)
        assert "uv run" not in script or "--no-sync" in script, str(step)


def test_what_deploys_takes_nothing_from_a_shared_cache() -> None:
    for step in STEPS:
        if uses(step).startswith("astral-sh/setup-uv@"):
            cached = step.workflow == "pull-request"
            assert step.content["with"]["enable-cache"] is cached, str(step)


@pytest.mark.parametrize(("workflow", "job"), AFTER)
def test_no_job_starts_too_early(workflow: str, job: str) -> None:
    assert workflow_files.all_needs(workflow, job) == AFTER[workflow, job]


def test_what_jobs_and_steps_refer_to_exists() -> None:
    """GitHub takes an output that nobody sets for an empty text, and says nothing."""
    for workflow, name, job in workflow_files.jobs():
        jobs = workflow_files.load(workflow)["jobs"]
        text = str(job)
        direct = job.get("needs", [])
        for needed, output in re.findall(r"needs\.([\w-]+)\.outputs\.([\w-]+)", text):
            assert needed in direct, f"{workflow}.{name}: {needed}"
            called = str(jobs[needed].get("uses", "")).removeprefix("./")
            outputs = called_outputs(called) if called else jobs[needed].get("outputs", {})
            assert output in outputs, f"{workflow}.{name}: {needed}.{output}"
        ids = {step.get("id") for step in job.get("steps", [])}
        assert set(re.findall(r"steps\.([\w-]+)\.", text)) <= ids, f"{workflow}.{name}"


def test_workflows_that_are_called_get_the_inputs_that_they_declare() -> None:
    calls = [job for _, job in JOBS if "uses" in job]
    for job in calls:
        declared = workflow_files.load(Path(job["uses"]).stem)["on"]["workflow_call"]["inputs"]
        needed = {name for name, one in declared.items() if one.get("required")}
        assert needed <= set(job["with"]) <= set(declared)
        assert re.fullmatch(r"\$\{\{ .+ \}\}", job["with"][next(iter(declared))])


def called_outputs(path: str) -> set[str]:
    return set(workflow_files.load(Path(path).stem)["on"]["workflow_call"]["outputs"])


def test_deploys_wait_for_each_other_and_a_waiting_approval_holds_none() -> None:
    for name, job in JOBS:
        # Who waits for approval gives way to a newer model; all else is let end.
        if "concurrency" in job:
            waits = job.get("environment") == "production"
            assert job["concurrency"]["cancel-in-progress"] is waits, name
    groups = [job["concurrency"]["group"] for name, job in JOBS if "concurrency" in job]
    assert len(groups) == len(set(groups)) == 5
    for workflow in ("ship", "submit", "release", "scheduled"):
        assert "concurrency" not in workflow_files.load(workflow)


def test_only_what_was_blessed_gets_to_production_and_only_approved() -> None:
    release = workflow_files.load("release")["jobs"]
    for name in ("pre-production", "production"):
        job = release[name]
        assert job["if"] == "needs.wait.outputs.address != ''"
        assert job["environment"] == name
        assert job["env"]["PUSHED"] == "${{ needs.wait.outputs.address }}"
    assert release["wait"]["outputs"]["address"] == "${{ steps.pushed.outputs.address }}"
    pushed = next(step for step in release["wait"]["steps"] if step.get("id") == "pushed")
    assert pushed["run"].endswith(".github/scripts/pushed_model.py")


def test_both_environments_deploy_in_the_same_way() -> None:
    """What was tried is what is done: only names differ."""
    jobs = workflow_files.load("release")["jobs"]
    assert jobs["pre-production"]["steps"] == jobs["production"]["steps"]
    ran = [step["run"] for step in jobs["production"]["steps"] if "run" in step][1:]
    script = "uv run --no-sync python .github/scripts/serve.py"
    steps = ("stage", "deploy", "smoke", "begin", "smoke", "roll-back")
    assert ran == [f"{script} {step}" for step in steps]
    differs = {
        name: (before, jobs["production"]["env"][name])
        for name, before in jobs["pre-production"]["env"].items()
        if before != jobs["production"]["env"][name]
    }
    services = ("${{ inputs.model }}-pre-production", "${{ inputs.model }}")
    assert differs == {"CANARY": ("false", "true"), "SERVICE": services}
    conditions = {
        step.get("name"): step["if"] for step in jobs["production"]["steps"] if "if" in step
    }
    assert conditions == {
        "Roll back": "(failure() || cancelled()) && steps.stage.outputs.version != ''"
    }


def test_who_watches_cannot_approve() -> None:
    """What ends a canary has an environment of its own, whose account may not name one."""
    jobs = workflow_files.load("watch")["jobs"]
    assert jobs["watch"]["environment"] == "production-watch"
    scripts = [step["run"] for step in jobs["watch"]["steps"] if "run" in step]
    assert scripts == [
        "uv sync --locked --only-group serving",
        "uv run --no-sync python .github/scripts/serve.py watch",
    ]
    assert workflow_files.load("release")["jobs"]["watch"]["if"] == (
        "needs.production.outputs.outcome == 'canary'"
    )


def test_whatever_happens_is_told_and_nothing_waits_for_it() -> None:
    told = {str(step) for step in STEPS if "notify.py" in str(step.content.get("run", ""))}
    assert {step.split(": ")[0] + "." + step.split(": ")[1] for step in told} == {
        "release.ask", "release.end", "ship.not-submitted", "watch.end",
    }  # fmt: skip
    jobs = {f"{flow}.{name}": job for flow, name, job in workflow_files.jobs()}
    assert all("ask" not in job.get("needs", []) for job in jobs.values())
    for name in ("release.end", "watch.end"):
        (step,) = [s for s in jobs[name]["steps"] if "notify.py" in str(s.get("run"))]
        assert "always()" in step["if"]


def test_conditions_of_the_submission() -> None:
    jobs = workflow_files.load("submit")["jobs"]
    assert {name: job.get("if") for name, job in jobs.items()} == {
        "plan": None,
        "test": "needs.plan.outputs.models != '[]'",
        "find": "needs.plan.outputs.models != '[]'",
        "image": "needs.find.outputs.exists == 'false'",
        "submit": "${{ !cancelled() && needs.test.result == 'success' && "
        "(needs.find.outputs.exists == 'true' || needs.image.result == 'success') }}",
        "record": "${{ !cancelled() && needs.submit.result == 'success' }}",
    }
    checkout = jobs["plan"]["steps"][0]
    assert checkout["with"]["fetch-depth"] == 0


def test_the_comment_runs_nothing_of_the_pull_request() -> None:
    steps = [step for step in STEPS if step.workflow == "comment"]
    checkout, download = steps[0].content, steps[1].content
    assert set(checkout["with"]) == {"persist-credentials"}
    assert download["with"]["path"].startswith("${{ runner.temp }}")
    for step in steps[2:]:
        assert step.content["run"].startswith("python3 .github/scripts/"), str(step)
    trigger = workflow_files.load("comment")["on"]["workflow_run"]
    assert trigger["workflows"] == [workflow_files.load("pull-request")["name"]]


def test_both_pairs_of_versions_are_tested() -> None:
    test = workflow_files.load("pull-request")["jobs"]["test"]
    assert test["strategy"]["matrix"]["python"] == ["3.10", "3.13"]
    assert {'make static PYTHON="$PYTHON"', 'make test PYTHON="$PYTHON"'} <= {
        step.get("run") for step in test["steps"]
    }


def commands() -> list[str]:
    return [str(step.content["run"]) for step in STEPS if "run" in step.content]


def test_scripts_that_are_named_exist_and_all_are_named() -> None:
    build = (ROOT / "cloudbuild.yaml").read_text(encoding="utf-8")
    named = {
        path
        for text in [*commands(), build]
        for path in re.findall(r"\.github/scripts/\w+\.py", text)
    }
    libraries = {".github/scripts/commands.py"}
    there = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / ".github" / "scripts").glob("*.py")
    }
    assert named == there - libraries


def test_commands_that_are_named_exist() -> None:
    program: Any = typer.main.get_command(main.app)
    folder = ROOT / ".github" / "scripts"
    scripts = " ".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r"-m pipeline (\w[\w-]*)", " ".join(commands())))
    named |= set(re.findall(r'(?:\*pipeline|"-m", "pipeline"), "([\w-]+)"', scripts))
    assert {"run", "compile", "submit", "pushed", "rehearse"} <= named
    assert named <= set(program.commands)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake (\w+)", " ".join(commands())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_smoke_test_takes_what_it_is_given() -> None:
    command = [sys.executable, "-m", "serving", "smoke", "--help"]
    wide = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=ROOT, env=wide, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("--model", "--answers", "SERVING_TOKEN"))


def test_updates_cover_what_is_pinned() -> None:
    content = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    assert {update["package-ecosystem"] for update in content["updates"]} == {
        "github-actions",
        "docker",
        "uv",
    }
