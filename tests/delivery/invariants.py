"""What must hold of the files that ship, whatever they say in detail.

Each check is for a kind of mistake that leaves everything green: a test that cannot fail, a step
that never runs, what is installed without the lock. `test_invariants.py` seeds such mistakes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from models.common.errors import ConfigError
from pipeline.cloud import cron

IMAGES = ("Dockerfile", "deploy/serving.Dockerfile")
BUILD = "cloudbuild.yaml"
PAGE = "docs/ship.md"
WORKFLOWS = ".github/workflows/"
SERVES = ".github/scripts/cloud_run.py"
_SWALLOWED = re.compile(r"\|\|\s*(?:true|:|exit 0|echo)|;\s*(?:true|exit 0)\b|set \+e")
_NOT_RUN = re.compile(r"--(?:collect-only|co|setup-plan|help|deselect|ignore)\b|\s-k\b")
_NEVER = re.compile(r"^(?:\$\{\{\s*)?(?:false|''|0|1 == 2)\s*(?:\}\})?$", re.IGNORECASE)
_AT_LEAST = {"release.wait": 300, "submit.test": 30, "pull-request.test": 45}
"""Minutes of jobs that wait for what takes long: a whole pipeline, or suites of tests."""


@functools.cache
def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def problems(files: Mapping[str, str]) -> list[str]:
    """The mistakes in the files, by path from the root; empty where there are none."""
    checks = (images, commands, cloud_build, workflows, triggers)
    return [problem for check in checks for problem in check(files)]


def images(files: Mapping[str, str]) -> Iterator[str]:
    bases = set()
    for name in IMAGES:
        text = re.sub(r"^#.*\n", "", files[name], flags=re.MULTILINE).replace("\\\n", " ")
        lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
        found = [(key.upper(), rest[0] if rest else "") for key, *rest in lines]
        last = max(i for i, (key, _) in enumerate(found) if key == "FROM")
        stage = found[last:]
        kinds = {key for key, _ in stage}
        for needed in ("USER", "ENTRYPOINT", "WORKDIR", "ENV", "RUN"):
            if needed not in kinds:
                yield f"{name}: the image has no {needed}"
        users = [rest for key, rest in stage if key == "USER"]
        if not users or users[-1] in ("root", "0", "0:0"):
            yield f"{name}: the image runs as root"
        variables = " ".join(rest for key, rest in stage if key == "ENV")
        if "/.venv/bin:$PATH" not in variables:
            yield f"{name}: the packages are not on the PATH"
        code = {rest.split()[-1].rpartition("/")[0] for key, rest in stage if key == "COPY"}
        workdir = next((rest for key, rest in stage if key == "WORKDIR"), "")
        if workdir not in code and not any(
            f"PYTHONPATH={each}" in variables for each in code if each
        ):
            yield f"{name}: the code is on no path"
        checked = [rest for key, rest in stage if key == "RUN" and rest.startswith("python ")]
        last_run = max((i for i, (key, _) in enumerate(stage) if key == "RUN"), default=-1)
        if not checked or ("USER", "1000") not in stage[: last_run + 1]:
            yield f"{name}: nothing shows in the build that it starts as its user"
        bases |= {rest.split()[0] for key, rest in found if key == "FROM" and "python" in rest}
        if any(
            "/" in rest or ":" in rest for key, rest in found if key == "FROM" and "@" not in rest
        ):
            yield f"{name}: a base is not named by its content"
    if len(bases) != 1:
        yield f"the images have several bases: {sorted(bases)}"
    verify = _parsed(files[BUILD])["steps"][0]["name"]
    if verify not in bases:
        yield f"{BUILD} runs on another base: {verify}"


def commands(files: Mapping[str, str]) -> Iterator[str]:
    texts = dict(_scripts(files))
    texts |= {name: re.sub(r"^#.*\n", "", files[name], flags=re.MULTILINE) for name in IMAGES}
    for where, text in texts.items():
        if _SWALLOWED.search(text):
            yield f"{where}: a failure is swallowed"
        for line in re.findall(r"pytest[^\n]*", text):
            if _NOT_RUN.search(line):
                yield f"{where}: tests are collected or left out, not run"
        for sync in re.findall(r"uv sync[^\n&]*(?:\\\n[^\n&]*)*", text):
            if "--locked" not in sync:
                yield f"{where}: what is installed is not what the lock says"
        for install in re.findall(r"pip install([^\n]*)", text):
            if "==" not in install:
                yield f"{where}: pip installs any version"
        if re.search(r"\buv run\b(?! --no-sync)", text):
            yield f"{where}: uv run installs before it runs"


def _scripts(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for step in _parsed(files[BUILD])["steps"]:
        yield f"{BUILD}: {step['id']}", "\n".join(map(str, step.get("args", [])))
    for flow, name, job in _jobs(files):
        for step in job.get("steps", []):
            yield (
                f"{flow}.{name}: {step.get('name', step.get('id'))}: {id(step)}",
                step.get("run", ""),
            )


def cloud_build(files: Mapping[str, str]) -> Iterator[str]:
    build = _parsed(files[BUILD])
    steps = {step["id"]: step for step in build["steps"]}

    def before(name: str) -> set[str]:
        direct = set(steps[name].get("waitFor", ["-"])) & set(steps)
        return direct.union(*(before(each) for each in direct))

    push = [name for name, step in steps.items() if "push" in step.get("args", [])[:1]]
    tests = [name for name, step in steps.items() if "-m pytest" in str(step.get("args"))]
    if not push or not tests or not {"verify", *tests} <= before(push[0]):
        yield f"{BUILD}: what is pushed was not verified and tested"
    for name, step in steps.items():
        if step.get("allowFailure") or step.get("allowExitCodes"):
            yield f"{BUILD}: {name} may fail"
        if name != "push" and push and name not in before(push[0]):
            yield f"{BUILD}: nothing waits for {name}"
    for name in tests:
        args = steps[name]["args"]
        if "${_IMAGE}:${_TAG}" not in args or "--env=UV_PYTHON=/usr/local/bin/python3" not in args:
            yield f"{BUILD}: another image, or another Python, is tested"
        if "-euc" not in args:
            yield f"{BUILD}: {name} goes on after a failure"
    seconds = int(build["timeout"].rstrip("s"))
    if sum(int(step["timeout"].rstrip("s")) for step in steps.values()) > seconds:
        yield f"{BUILD}: it ends before its steps may"
    for flow, name, job in _jobs(files):
        if "build_image.py" in str(job) and job["timeout-minutes"] * 60 < seconds:
            yield f"{flow}.{name}: it ends before the build may"


def workflows(files: Mapping[str, str]) -> Iterator[str]:
    audience = re.search(r'^AUDIENCE = "(.+)"$', files[SERVES], re.MULTILINE)
    for flow, name, job in _jobs(files):
        where = f"{flow}.{name}"
        if "strategy" in job and job["strategy"].get("fail-fast") is not False:
            yield f"{where}: one that fails ends the others"
        lenient = job.get("continue-on-error", False)
        if lenient and lenient != "${{ matrix.side == 'main' }}":
            yield f"{where}: it may fail"
        if job.get("timeout-minutes", 360) < _AT_LEAST.get(where, 1):
            yield f"{where}: it ends before what it waits for may"
        if _NEVER.match(str(job.get("if", "x"))):
            yield f"{where}: it never runs"
        for step in job.get("steps", []):
            if "if" in step and _NEVER.match(str(step["if"])):
                yield f"{where}: a step never runs"
            if step.get("continue-on-error"):
                yield f"{where}: a step may fail"
            given = step.get("with", {}).get("id_token_audience")
            if given is not None and (audience is None or given != audience[1]):
                yield f"{where}: its token is for {given}"
            script = str(step.get("run", ""))
            submits = "each_model.py" in script and "submit" in script
            if submits and step.get("env", {}).get("PIPELINE_COMMIT") != "${{ github.sha }}":
                yield f"{where}: jobs do not say of which commit they are"
        for uses in re.findall(r"SERVING_TOKEN': '([^']*)'", str(job)):
            if "id_token" not in uses:
                yield f"{where}: the smoke test has no token"
    jobs = {f"{flow}.{name}": job for flow, name, job in _jobs(files)}
    passed = jobs["pull-request.passed"]
    others = {name.partition(".")[2] for name in jobs if name.startswith("pull-request.")}
    if set(passed["needs"]) != others - {"passed"} or "always()" not in str(passed.get("if")):
        yield "pull-request.passed: it does not look at every job"


def triggers(files: Mapping[str, str]) -> Iterator[str]:
    for path, text in files.items():
        if not path.startswith(WORKFLOWS):
            continue
        on = _parsed(text)[True]
        for entry in (on.get("schedule") or []) if isinstance(on, dict) else []:
            try:
                cron.check(entry["cron"], cron.UNIX, "GitHub")
            except ConfigError as error:
                yield f"{path}: {error}"
    ship = _parsed(files[f"{WORKFLOWS}ship.yml"])[True]
    sent = set(re.findall(r"event_type=(\w+)", files[PAGE]))
    if set(ship["repository_dispatch"]["types"]) != sent:
        yield "ship.yml: it waits for another event than docs/ship.md sends"
    if ship["push"] != {"branches": ["main"]}:
        yield "ship.yml: it is not main that ships"


def _jobs(files: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, text in files.items():
        if path.startswith(WORKFLOWS):
            flow = path.removeprefix(WORKFLOWS).removesuffix(".yml")
            for name, job in _parsed(text)["jobs"].items():
                yield flow, name, job
