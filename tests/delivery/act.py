"""Runs a workflow with `act` on this machine, in a copy of the repository.

What is GitHub's or Google's is stood in for: actions by small ones of the same name that write down
how they were called, programs (gcloud, gh, docker, uv) by one script on the PATH that does too, and
answers as the test says. Everything else is the real thing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.helpers.paths import ROOT

COPIED = (
    *(".github", "Dockerfile", ".dockerignore", "cloudbuild.yaml", "pyproject.toml", "uv.lock"),
    *("deploy", "release.yaml", "serving"),
)
ACT = Path(sys.executable).parent / "act"
VARIABLES = {
    "BUCKET": "bucket",
    "BUILD_SERVICE_ACCOUNT": "builder@project.iam.gserviceaccount.com",
    "DEPLOY_SERVICE_ACCOUNT": "deployer@project.iam.gserviceaccount.com",
    "IMAGE": "europe-west4-docker.pkg.dev/project/pipeline/pipeline",
    "PROJECT": "project",
    "REGION": "europe-west4",
    "SERVING_BUCKET": "serving",
    "SERVING_IMAGE": "europe-west4-docker.pkg.dev/project/pipeline/model-server:1",
    "SERVING_SERVICE_ACCOUNT": "server@project.iam.gserviceaccount.com",
    "WORKLOAD_IDENTITY_PROVIDER": "projects/1/locations/global/workloadIdentityPools/g/providers/g",
}
_USES = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40})")
_PROGRAMS = ("gcloud", "gh", "docker", "kubectl", "uv")
_STAND_IN = """#!{python} -IS
import json, os, re, sys
name, folder = os.path.basename(sys.argv[0]), {folder!r}
if name == "__main__.py":
    name = "python -m " + os.path.basename(os.path.dirname(sys.argv[0]))
line = " ".join([name, *sys.argv[1:]])
with open(os.path.join(folder, "calls"), "a") as file:
    file.write(json.dumps(line) + "\\n")
    for argument in sys.argv[1:]:
        if argument.startswith("body=@"):  # The file is gone when the job has ended.
            file.write(json.dumps(open(argument[6:]).read()) + "\\n")
for pattern, status, out, err in json.load(open(os.path.join(folder, "answers"))):
    pattern, once, _ = pattern.partition(" #1")
    calls = open(os.path.join(folder, "calls")).read().splitlines() if once else []
    if re.search(pattern, line) and sum(bool(re.search(pattern, call)) for call in calls) < 2:
        print(out, end="")
        print(err, end="", file=sys.stderr)
        sys.exit(status)
if name == "uv" and sys.argv[1:4] == ["run", "--no-sync", "python"]:
    if sys.argv[4] != "-m":
        os.execv({python!r}, [{python!r}, *sys.argv[4:]])
"""


@dataclass
class Result:
    """What a workflow did."""

    status: int
    log: str
    calls: list[str]
    """The command lines of the stand-ins, in the order in which they were called."""
    jobs: dict[str, str]
    """The result of each job that ran, by its name."""

    def calling(self, *words: str) -> list[str]:
        """The calls that have all of these words."""
        return [call for call in self.calls if all(word in call for word in words)]


@dataclass
class Repository:
    """A copy of this repository for workflows to run in."""

    root: Path
    programs: Path
    answers: list[tuple[str, int, str, str]] = field(default_factory=list)
    """What a stand-in answers to a call that matches: status, output, and what it says on error. A
    pattern that ends with ` #1` is for the first such call alone."""

    def git(self, *arguments: str) -> str:
        """Runs git in the copy."""
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "gc.auto=0")
        command = ("git", "-C", str(self.root), *identity, *arguments)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, path: str, text: str) -> str:
        """Changes a file; returns the new commit."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", path)
        return self.git("rev-parse", "HEAD")

    def run(
        self,
        workflow: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        variables: Mapping[str, str] = VARIABLES,
    ) -> Result:
        """Runs a workflow for an event."""
        folder = self.programs
        (folder / "answers").write_text(json.dumps(self.answers))
        (folder / "calls").write_text("")
        (folder / "event.json").write_text(
            json.dumps({"ref": "refs/heads/main", **(payload or {})})
        )
        command = [str(ACT), event, "--workflows", f".github/workflows/{workflow}"]
        command += ["--eventpath", str(folder / "event.json"), "--defaultbranch", "main"]
        command += ["--platform", "ubuntu-24.04=-self-hosted", "--json", "--no-cache-server"]
        command += ["--action-cache-path", str(folder / "cache"), "--pull=false"]
        command += ["--secret", "GITHUB_TOKEN=token", "--concurrent-jobs", "1"]
        for name, value in variables.items():
            command += ["--var", f"{name}={value}"]
        for action, sha in self._actions():
            command += ["--local-repository", f"{action}@{sha}={folder / 'actions' / action}"]
        environment = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120
        )
        calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
        log = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        jobs = {str(line["job"]): str(line["jobResult"]) for line in log if line.get("jobResult")}
        text = "\n".join(str(line.get("msg", "")).rstrip() for line in log) + done.stderr
        return Result(done.returncode, text, calls, jobs)

    def _actions(self) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for path in (self.root / ".github" / "workflows").glob("*.yml"):
            found |= set(_USES.findall(path.read_text(encoding="utf-8")))
        return found


def repository(folder: Path) -> Repository:
    """A copy of this repository with one commit, which is released, and with the stand-ins."""
    root, programs = folder / "repository", folder / "programs"
    root.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "cases.yaml", "page")
            shutil.copytree(source, root / name, ignore=ignored)
        else:
            shutil.copy(source, root / name)
    shutil.copytree(ROOT / "pipeline/delivery", root / "pipeline/delivery")
    for name in (
        "pipeline/__init__.py",
        "pipeline/record/__init__.py",
        "pipeline/record/redaction.py",
        "pipeline/show/outcomes.json",
        "models/__init__.py",
        "models/common/__init__.py",
        "models/common/errors.py",
    ):
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copy(ROOT / name, root / name)
    for name in ("components/c.py", "models/taxi/config.yaml", "models/rents/config.yaml"):
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).touch()
    made = Repository(root, programs)
    _stand_ins(made)
    made.git("init", "--quiet", "--initial-branch", "main")
    made.git("remote", "add", "origin", "https://github.com/owner/project.git")
    made.commit("targets.yaml", "vertex: {}\n")
    for model in ("rents", "taxi"):
        made.git("tag", f"released/{model}")
    return made


def _stand_ins(made: Repository) -> None:
    programs = made.programs / "bin"
    programs.mkdir(parents=True)
    text = _STAND_IN.format(python=sys.executable, folder=str(made.programs))
    for name in _PROGRAMS:
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    # The pipeline itself has tests of its own; here it matters what it is told.
    for room in ("pipeline", "serving"):
        (made.root / room / "__main__.py").write_text(text)
    for action, _ in made._actions():
        folder = made.programs / "actions" / action
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "action.yml").write_text(yaml.safe_dump(_action(action, programs.parent)))


def _action(action: str, folder: Path) -> dict[str, Any]:
    """An action that writes down that it was called; `act` itself checks out."""
    script = f"echo '\"action {action}\"' >> {folder}/calls"
    if action == "actions/download-artifact":
        script += f'\nmkdir -p "$FOLDER" && cp -r {folder}/artifacts/* "$FOLDER"'
    step = {"shell": "bash", "run": script, "env": {"FOLDER": "${{ inputs.path }}"}}
    return {
        "name": action,
        "description": "stand-in",
        "inputs": {"path": {"description": "where to"}},
        "outputs": {"id_token": {"value": "identity-token"}},
        "runs": {"using": "composite", "steps": [step]},
    }
