"""A step of a model's release, on the platform that release.yaml names.

    python serve.py stage|deploy|smoke|begin|watch|roll-back

The version's state is in the serving folder SERVING_BUCKET/SERVICE (`python -m serving release`),
so that a step that is run again goes on where it was; a platform's module has the server alone.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import commands
from platforms import cloud_run, kubernetes, vertex_endpoint

from pipeline.delivery import names, releases
from pipeline.delivery.releases import Commit
from serving.core.errors import ServingError
from serving.release import settings

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = "assets.extra/known_answers.json"
"""Where a pushed model has what training computed for some rows."""
PLATFORMS = {"cloud-run": cloud_run, "kubernetes": kubernetes, "vertex": vertex_endpoint}
STAGES = {0: "promoted", 1: "rolled back", 3: "canary"}
"""By the exit status of `python -m serving release canary` and `watch`."""
_PUSHED = re.compile(r"gs://[^/\s]+/\S+/([0-9]+)/?")
_SECONDS_TO_LOAD = "300"


def main() -> None:
    """Does what the argument names."""
    steps = {"stage": stage, "deploy": deploy, "smoke": smoke, "begin": begin, "watch": watch}
    {**steps, "roll-back": roll_back}[sys.argv[1]]()


def stage() -> None:
    """Brings the version into the serving folder, without traffic.

    Outputs: `version`; `answers`, a file with rows that the model has to answer, and the answers.
    """
    address, model, commit = (commands.setting(name) for name in ("PUSHED", "MODEL", "COMMIT"))
    found = _PUSHED.fullmatch(address)
    if found is None:
        commands.fail(f"{address} is not a pushed version: gs://bucket/folder/version.")
    address, version = address.rstrip("/"), int(found[1])
    for served in on_service(commands.setting("SERVICE")):
        _refuse_older(version, served)
    answers = str(Path(commands.setting("RUNNER_TEMP"), "known_answers.json"))
    commands.run("gcloud", "storage", "cp", f"{address}/{ANSWERS}", answers)
    if _read().server != "tensorflow-serving":
        _release("stage", model, address, "--commit", commit)
    commands.output("version", str(version))
    commands.output("answers", answers)


def deploy() -> None:
    """Has the server on the platform.

    Outputs: `url`, where it is asked; `previous`, who has the traffic, empty where it has.
    """
    model = commands.setting("MODEL")
    labels = {
        "commit": commands.setting("COMMIT"),
        "model": names.service(model),
        "version": commands.setting("VERSION"),
    }
    source = commands.setting("PUSHED").rstrip("/")
    url, previous = _platform().deploy(_read().server, labels, _folder(), source)
    commands.output("url", url)
    commands.output("previous", previous)


def smoke() -> None:
    """Asks the version rows with known answers, whatever its share of the traffic is."""
    model, version = commands.setting("MODEL"), commands.setting("VERSION")
    if _read().platform != "cloud-run":
        _platform().smoke(model, version)
        return
    line = ("--model", model, "--answers", commands.setting("ANSWERS"), "--version", version)
    asked = ("smoke", commands.setting("URL"), *line, "--wait", _SECONDS_TO_LOAD)
    commands.run(sys.executable, "-m", "serving", *asked)


def begin() -> None:
    """Gives the version its share: a canary's in production, all of it elsewhere.

    Outputs: `outcome`, `promoted` or `canary`; `url`, where users ask.
    """
    model, version, url = (commands.setting(name) for name in ("MODEL", "VERSION", "URL"))
    if os.environ.get("PREVIOUS"):
        url = _platform().give_traffic()
    outcome = "promoted"
    if _read().server != "tensorflow-serving":
        step = "canary" if os.environ.get("CANARY") == "true" else "promote"
        outcome = _outcome(step, model, version)
    if outcome == "rolled back":
        commands.fail(f"Version {version} of {model} was rolled back before.")
    commands.output("outcome", outcome)
    commands.output("url", url)


def watch() -> None:
    """Promotes the canary, or rolls it back, where that is due.

    Outputs: `outcome`, `promoted`, `rolled back` or `canary`; `reason`; `told`, whether a webhook
    knows.
    """
    model, version = commands.setting("MODEL"), commands.setting("VERSION")
    done = _release_may("watch", model, version, "--minutes", os.environ.get("MINUTES") or "0")
    outcome = STAGES.get(done.returncode)
    if outcome is None:
        commands.fail(f"How version {version} of {model} does is not known; it stays as it is.")
    reason = " ".join(done.stdout.split())
    if outcome == "canary":
        print(f"::notice::Too early: {commands.HIDE.text(reason)} The next hour looks again.")
    commands.output("outcome", outcome)
    commands.output("reason", commands.HIDE.text(reason))
    # By the server that has rolled it back.
    commands.output("told", str("The webhook was told." in reason).lower())


def roll_back() -> None:
    """Gives the traffic back."""
    model, version = commands.setting("MODEL"), commands.setting("VERSION")
    previous = os.environ.get("PREVIOUS", "")
    if previous:
        _platform().take_traffic(previous)
    if _read().server != "tensorflow-serving":
        _release("roll-back", model, version, "--why", "a step of its release failed")
    print(f"::warning::Version {version} of {model} was rolled back.")


def on_service(service: str) -> list[dict[str, str]]:
    """What a service has: `version` and `commit` of what is stable and of the canary."""
    os.environ["SERVICE"] = service
    if _read().server == "tensorflow-serving":
        labels = cloud_run.served_labels()
        return [labels] if labels.get("version") else []
    status = json.loads(_release("status", commands.setting("MODEL")))
    return [status[label] for label in ("stable", "canary") if status[label]]


def _refuse_older(version: int, served: dict[str, str]) -> None:
    """Ends the step where what is served is newer: by its commit, then by its version."""
    commit, model = commands.setting("COMMIT"), commands.setting("MODEL")
    other = served.get("commit") or ""
    newer = releases.newer([Commit(model, other)], ROOT, commit)
    if newer is not None or (other == commit and version < int(served["version"])):
        service = names.service(commands.setting("SERVICE"))
        commands.fail(
            f"Version {version}, of {commit[:12]}, is older than what {service} serves: version "
            f"{served['version']}, of {other[:12]}. It is not deployed."
        )


def _read() -> settings.ReleaseSettings:
    try:
        return settings.read(ROOT / "release.yaml")
    except ServingError as error:
        commands.fail(" ".join(str(error).split()))


def _platform() -> ModuleType:
    return PLATFORMS[_read().platform]


def _folder() -> str:
    return f"gs://{commands.setting('SERVING_BUCKET')}/{names.service(commands.setting('SERVICE'))}"


def _outcome(step: str, *arguments: str) -> str:
    done = _release_may(step, *arguments)
    if done.returncode not in STAGES:
        commands.fail(f"The step '{step}' failed; its message is above.")
    return STAGES[done.returncode]


def _release(*arguments: str) -> str:
    done = _release_may(*arguments)
    if done.returncode:
        commands.fail(f"The step '{arguments[0]}' failed; its message is above.")
    return done.stdout


def _release_may(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = ("release", *arguments, "--bucket", _folder())
    return commands.attempt(sys.executable, "-m", "serving", *line)


if __name__ == "__main__":
    main()
