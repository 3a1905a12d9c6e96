"""Mistakes that would leave everything green, seeded into the files that ship: each is caught."""

from __future__ import annotations

import re

import pytest

from tests.delivery import invariants
from tests.helpers.paths import ROOT

BUILD, PAGE, WORKFLOWS = invariants.BUILD, invariants.PAGE, invariants.WORKFLOWS
DOCKER, SERVING = invariants.IMAGES
SHIP, SUBMIT, RELEASE, PULL, SCHEDULED, WATCH = (
    f"{WORKFLOWS}{name}.yml"
    for name in ("ship", "submit", "release", "pull-request", "scheduled", "watch")
)
CLOUD_RUN, STEPS = invariants.SERVES, invariants.STEPS
FILES = {
    path: (ROOT / path).read_text(encoding="utf-8")
    for path in (
        *(BUILD, PAGE, DOCKER, SERVING, CLOUD_RUN, STEPS, *invariants.MANIFESTS),
        *(f"{WORKFLOWS}{path.name}" for path in (ROOT / WORKFLOWS).glob("*.yml")),
    )
}


def test_the_files_have_no_such_mistake() -> None:
    assert invariants.problems(FILES) == []


MISTAKES = [
    # A test step that cannot fail.
    (BUILD, r"(-m 'not e2e and not slow')", r"\1 || true"),
    (BUILD, r"python -m pytest", "python -m pytest --collect-only"),
    (BUILD, r"python -m pytest", "python -m pytest -k nothing"),
    (BUILD, r"-euc(?=\n      - \|\n        apt)", "-uc"),
    (BUILD, r"  - id: test\n", "  - id: test\n    allowFailure: true\n"),
    (BUILD, r"waitFor: \[test\]", "waitFor: [build]"),
    (BUILD, r"        python -m pytest.*\n", "        true\n"),
    (BUILD, r"UV_PYTHON=/usr/local/bin/python3", "UV_PYTHON=3.10"),
    (BUILD, r"      - \$\{_IMAGE\}:\$\{_TAG\}\n      - -euc", "      - python:3.12\n      - -euc"),
    (SUBMIT, r"(-m pytest tests/models.*)", r"\1 || true"),
    (SUBMIT, r"-m pytest tests/models", "-m pytest --co tests/models"),
    (PULL, r"(- run: make test .*)", r"\1 || echo failed"),
    (PULL, r"(    name: Rehearse .*\n)", r"\1    continue-on-error: true\n"),
    (PULL, r"needs: \[test, plan, train", "needs: [plan, train"),
    # Unlocked installs.
    (DOCKER, r"uv sync --locked", "uv sync"),
    (SERVING, r"uv sync --locked", "uv sync --frozen"),
    (BUILD, r"uv sync --locked", "uv sync"),
    (BUILD, r"uv==0[\d.]+", "uv"),
    (RELEASE, r"uv sync --locked --only", "uv sync --only"),
    (SUBMIT, r"uv run --no-sync python -m pytest", "uv run python -m pytest"),
    # What jobs and images have to know.
    (SUBMIT, r"          PIPELINE_COMMIT: .*\n", ""),
    *((name, r"\nUSER 1000", "") for name in invariants.IMAGES),
    *((name, r"USER 1000", "USER root") for name in invariants.IMAGES),
    *((name, r"\nENTRYPOINT .*", "") for name in invariants.IMAGES),
    *(
        (name, r"\nWORKDIR [^\n]*(?=\n(#.*\n)?(RUN python|EXPOSE))", "")
        for name in invariants.IMAGES
    ),
    (DOCKER, r"    PYTHONPATH=.*\\\n", ""),
    *((name, r"PATH=/opt/\w+/.venv/bin:\$PATH", "X=y") for name in invariants.IMAGES),
    *((name, r"\nRUN python .*", "") for name in invariants.IMAGES),
    *((name, r"python:3\.12\.14-slim", "python:3.13.1-slim") for name in invariants.IMAGES),
    *((name, r"(python:\S+)@sha256:\w+", r"\1") for name in invariants.IMAGES),
    (BUILD, r"name: python:3.12.14", "name: python:3.11.1"),
    (RELEASE, r"id_token_audience: prediction-service", "id_token_audience: other"),
    (RELEASE, r"steps.auth.outputs.id_token", "steps.auth.outputs.access"),
    # A release that is not tried, approved, watched, recorded or told.
    (RELEASE, r"serve.py smoke", "serve.py stage"),
    (RELEASE, r"      - name: Smoke-test what users get\n(        .*\n)+", ""),
    (RELEASE, r"      - name: Smoke-test the version\n(        .*\n)+", ""),
    (RELEASE, r"serve.py begin", "serve.py deploy"),
    (RELEASE, r"(      - name: Smoke-test the version\n)", r"\1        if: success()\n"),
    (RELEASE, r"failure\(\) \|\| cancelled\(\)", "failure()"),
    (RELEASE, r"      - name: Roll back\n(        .*\n)+", ""),
    (RELEASE, r'CANARY: "true"', 'CANARY: "false"'),
    (RELEASE, r"    environment: production\n", ""),
    (RELEASE, r"environment: production\n", "environment: pre-production\n"),
    (RELEASE, r"    if: needs.wait.outputs.address != ''\n", ""),
    (RELEASE, r"cancel-in-progress: true", "cancel-in-progress: false"),
    (RELEASE, r"cancel-in-progress: false", "cancel-in-progress: true"),
    (RELEASE, r"needs.production.result == 'success' && ", ""),
    (RELEASE, r"needs: \[production, end\]", "needs: [production]"),
    (
        RELEASE,
        r"(?s)  watch:\n.*",
        "  watch:\n    needs: [production, end]\n    uses: ./x.yml\n    with: {minutes: 1}\n",
    ),
    (RELEASE, r"'20'", "'90'"),
    (RELEASE, r"    if: \$\{\{ always\(\) \}\}\n", ""),
    (
        RELEASE,
        r"      - run: python3 .github/scripts/record_release.py ended\n",
        "      - run: echo\n",
    ),
    (RELEASE, r"notify.py ended", "plan.py"),
    (RELEASE, r"secrets.NOTIFICATION_URL \}\}", "vars.NOTIFICATION_URL }}"),
    (RELEASE, r"      NOTIFICATION_URL: \$\{\{ secrets.NOTIFICATION_URL \}\}\n\Z", "      X: y\n"),
    (WATCH, r"environment: production-watch", "environment: production"),
    (WATCH, r"    environment: production-watch\n", ""),
    (WATCH, r"timeout-minutes: 60", "timeout-minutes: 15"),
    (WATCH, r"record_release.py watched", "plan.py"),
    (WATCH, r"if: \$\{\{ always\(\) && ", "if: ${{ "),
    (SCHEDULED, r"(?s)\n  watch:\n.*", "\n"),
    (SCHEDULED, r"uses: ./.github/workflows/watch.yml", "uses: ./.github/workflows/ship.yml"),
    (SHIP, r"(?s)    secrets:\n      NOT.*?\n", "    secrets: inherit\n"),
    (
        PAGE,
        r"serving_role watcher storage.objectCreator",
        "serving_role watcher storage.objectUser",
    ),
    (PAGE, r"attribute.environment/production\"", 'attribute.repository_id/$REPOSITORY_ID"'),
    (CLOUD_RUN, r', "--no-traffic"', ""),
    (CLOUD_RUN, r'"--no-cpu-throttling", ', ""),
    (CLOUD_RUN, r', "--min-instances=1"', ""),
    (CLOUD_RUN, r', "--bucket"\)', ")"),
    (CLOUD_RUN, r'    "--no-allow-unauthenticated",\n', ""),
    (CLOUD_RUN, r'        "--depends-on=router",\n', ""),
    (STEPS, r"_refuse_older\(version, served\)", "pass"),
    (STEPS, r', "--version", version\)', ")"),
    (STEPS, r'== "true" else', '== "never" else'),
    *((name, r"--bucket, ", "") for name in invariants.MANIFESTS),
    *((name, r"image: \$\{SERVING_IMAGE\}", "image: server") for name in invariants.MANIFESTS),
    *((name, r"SERVING_FOLDER\}", "SERVICE}") for name in invariants.MANIFESTS),
    *((name, r"Seconds: 60", "Seconds: 20") for name in invariants.MANIFESTS),
    *((name, r"NonRoot: true", "NonRoot: false") for name in invariants.MANIFESTS),
    *((name, r"RootFilesystem: true", "RootFilesystem: false") for name in invariants.MANIFESTS),
    *((name, r"readinessProbe:", "livenessProbe2:") for name in invariants.MANIFESTS),
    (invariants.MANIFESTS[1], r"serving:2.19.1", "serving:latest"),
    # What is waited for, and when.
    (SHIP, r"types: \[drift\]", "types: [drfit]"),
    (SHIP, r"branches: \[main\]", "branches: [master]"),
    *((name, r"fail-fast: false", "fail-fast: true") for name in (SHIP, PULL, SCHEDULED)),
    *((name, r"      fail-fast: false\n", "") for name in (SHIP, PULL, SCHEDULED)),
    (RELEASE, r"timeout-minutes: 350", "timeout-minutes: 30"),
    (SUBMIT, r"timeout-minutes: 120", "timeout-minutes: 30"),
    (BUILD, r"timeout: 7000s", "timeout: 3600s"),
    (BUILD, r"timeout: 3600s", "timeout: 7000s"),
    # Steps that never run.
    (SUBMIT, r"if: needs.find.outputs.exists == 'false'", "if: false"),
    (RELEASE, r"if: \(failure\(\).*", "if: ${{ false }}"),
    (WATCH, r"if: \$\{\{ always.*", "if: ${{ false }}"),
    (BUILD, r"(waitFor: \[)test\]", r"\1builder]"),
    # Crons that never come, or that GitHub cannot read.
    *((SHIP, r"17 4 \* \* 1", bad) for bad in ("0 0 30 2 *", "61 4 * * 1", "17 4 * *", "x")),
    (SCHEDULED, r"37 \* \* \* \*", "37 24 * * *"),
]


@pytest.mark.parametrize(("path", "old", "new"), MISTAKES)
def test_a_seeded_mistake_is_caught(path: str, old: str, new: str) -> None:
    text, count = re.subn(old, new, FILES[path], count=1)
    assert count == 1 and text != FILES[path]
    assert invariants.problems({**FILES, path: text})
