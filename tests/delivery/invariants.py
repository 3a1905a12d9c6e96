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
SERVES = ".github/scripts/platforms/cloud_run.py"
STEPS = ".github/scripts/serve.py"
MANIFESTS = tuple(f"deploy/kubernetes/released{kind}.yaml" for kind in ("", "-router"))
_SWALLOWED = re.compile(r"\|\|\s*(?:true|:|exit 0|echo)|;\s*(?:true|exit 0)\b|set \+e")
_NOT_RUN = re.compile(r"--(?:collect-only|co|setup-plan|help|deselect|ignore)\b|\s-k\b")
_NEVER = re.compile(r"^(?:\$\{\{\s*)?(?:false|''|0|1 == 2)\s*(?:\}\})?$", re.IGNORECASE)
_AT_LEAST = {"release.wait": 300, "submit.test": 30, "pull-request.test": 45, "watch.watch": 40}
"""Minutes of jobs that wait for what takes long: a whole pipeline, or suites of tests."""


@functools.cache
def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def problems(files: Mapping[str, str]) -> list[str]:
    """The mistakes in the files, by path from the root; empty where there are none."""
    checks = (images, commands, cloud_build, workflows, triggers, releases, servers)
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


def releases(files: Mapping[str, str]) -> Iterator[str]:
    """A release is tried, approved, watched, recorded and told, in this order."""
    jobs = {f"{flow}.{name}": job for flow, name, job in _jobs(files)}
    steps = [f"serve.py {step}" for step in ("stage", "deploy", "smoke", "begin", "smoke")]
    for name in ("release.pre-production", "release.production"):
        job = jobs[name]
        ran = [str(step.get("run", "")).partition("scripts/")[2] for step in job["steps"]]
        if [each for each in ran if each] != [*steps, "serve.py roll-back"]:
            yield f"{name}: a version is not staged, tried, begun and tried again"
        if [step for step in job["steps"][:-1] if "if" in step]:
            yield f"{name}: a step may be left out"
        last = job["steps"][-1].get("if", "")
        if not all(word in last for word in ("failure()", "cancelled()", "version != ''")):
            yield f"{name}: what has failed, or was cancelled, is not rolled back"
        if job["env"].get("CANARY") != str(name == "release.production").lower():
            yield f"{name}: a canary is begun elsewhere than in production"
        environment = job.get("environment", "none")
        if job.get("if") != "needs.wait.outputs.address != ''" or environment not in name:
            yield f"{name}: what was not blessed, or not approved, gets there"
        if job["concurrency"]["cancel-in-progress"] is not (name == "release.production"):
            yield f"{name}: what waits holds newer ones, or what is being deployed is cut off"
    for name, job in jobs.items():
        place = str(job.get("environment", ""))
        expected = {"release.production": "production", "watch.watch": "production-watch"}
        if place.startswith("production") and expected.get(name) != place:
            yield f"{name}: it is let into {place}"
        if name in expected and place != expected[name]:
            yield f"{name}: it is not let into {expected[name]}"
    for name in ("release.watch", "scheduled.watch"):
        job = jobs.get(name, {})
        if not str(job.get("uses")).endswith("/watch.yml") or "version" not in job.get("with", {}):
            yield f"{name}: no canary is watched"
    if "end" not in jobs.get("release.watch", {}).get("needs", []):
        yield "release.watch: it is watched before it is recorded as a canary"
    minutes = int(re.sub(r"\D", "", str(jobs["release.watch"]["with"].get("minutes", ""))) or 0)
    if jobs["watch.watch"]["timeout-minutes"] < minutes + 10:
        yield "watch.watch: it ends before it has looked for as long as it is told"
    outcome = str(jobs["release.end"].get("env", {}).get("OUTCOME"))
    if "needs.production.result == 'success' &&" not in outcome:
        yield "release.end: what has failed is recorded as released, or as a canary"
    if "always()" not in str(jobs["release.end"].get("if")):
        yield "release.end: what has failed is not recorded"
    for name in ("release.end", "watch.end"):
        told = [step for step in jobs[name]["steps"] if "notify.py" in str(step.get("run"))]
        if not told or "always()" not in str(told[0].get("if")):
            yield f"{name}: its end is not told"
        if not any("record_release.py" in str(step.get("run")) for step in jobs[name]["steps"]):
            yield f"{name}: its end is not recorded"
    for name, job in jobs.items():
        for step in job.get("steps", []):
            url = step.get("env", {}).get("NOTIFICATION_URL")
            tells = "notify.py" in str(step.get("run"))
            if tells and url != "${{ secrets.NOTIFICATION_URL }}":
                yield f"{name}: who is told is no secret, or is not said"
            if not tells and url is not None:
                yield f"{name}: a step knows a secret that it has no use for"
        calls = str(job.get("uses", "")).endswith(("release.yml", "watch.yml"))
        if calls and job.get("secrets") != {"NOTIFICATION_URL": "${{ secrets.NOTIFICATION_URL }}"}:
            yield f"{name}: what is called cannot tell anybody, or knows all secrets"
    watcher = set(re.findall(r"^(?:\w+)_role watcher (\S+)", files[PAGE], re.MULTILINE))
    if watcher != {"storage.objectViewer", "storage.objectCreator"}:
        yield f"{PAGE}: who watches may change what was approved"
    if 'production@$there" "attribute.environment/production"' not in files[PAGE]:
        yield f"{PAGE}: jobs that nobody has approved are production's account"


def servers(files: Mapping[str, str]) -> Iterator[str]:
    """What is deployed follows the serving folder, logs, and gets no traffic untried."""
    text = files[SERVES]
    for needed in ("--no-traffic", "--tag={CANDIDATE}", "--no-cpu-throttling", "--min-instances=1"):
        if needed not in text:
            yield f"{SERVES}: a server is deployed without {needed}"
    if '"--bucket")' not in text or text.count("--no-allow-unauthenticated") < 2:
        yield f"{SERVES}: servers follow no serving folder, or anybody may ask them"
    if '"--depends-on=router"' not in text:
        yield f"{SERVES}: TensorFlow Serving starts before its file is there"
    steps = files[STEPS]
    if "_refuse_older(version, served)" not in steps or '"--version", version' not in steps:
        yield f"{STEPS}: an older version is released, or another version is asked"
    if '"canary" if os.environ.get("CANARY") == "true" else "promote"' not in steps:
        yield f"{STEPS}: it does not begin as a canary"
    for name in MANIFESTS:
        manifests = list(yaml.safe_load_all(files[name]))
        (pod,) = [
            one["spec"]["template"]["spec"] for one in manifests if one["kind"] == "Deployment"
        ]
        server = pod["containers"][0]
        if server["image"] != "${SERVING_IMAGE}" or "${SERVING_FOLDER}" not in server["args"]:
            yield f"{name}: it is another server, or follows another folder"
        if "--bucket" not in server["args"] or "--drain" not in server["args"]:
            yield f"{name}: it follows no folder, or cuts off what it has accepted"
        if pod["terminationGracePeriodSeconds"] < 50 or not pod["securityContext"]["runAsNonRoot"]:
            yield f"{name}: it is killed before the log is out, or runs as root"
        for container in pod["containers"]:
            confined = container["securityContext"]
            if not confined["readOnlyRootFilesystem"] or "readinessProbe" not in container:
                yield f"{name}: {container['name']} is not confined, or gets requests too early"
            if not re.fullmatch(r"\$\{SERVING_IMAGE\}|[\w./-]+:\d+\.\d+\.\d+", container["image"]):
                yield f"{name}: {container['name']} is whatever version there is"


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
