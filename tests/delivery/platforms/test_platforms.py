"""What a release asks of each platform: the server, its traffic, and what is asked of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from serving.commands.main import command_line
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.slow

IMAGE = "registry/model-server:1"
GIVEN = {
    "ANSWERS": "answers.json",
    "CANARY": "true",
    "COMMIT": "c0ffee",
    "MODEL": "taxi",
    "PROJECT": "p",
    "PUSHED": "gs://b/serving_models/taxi/17",
    "REGION": "r",
    "SERVICE": "taxi",
    "SERVING_BUCKET": "serving",
    "SERVING_IMAGE": IMAGE,
    "SERVING_SERVICE_ACCOUNT": "server@p",
    "URL": "https://url",
    "VERSION": "17",
}
STAND_IN = """#!{python}
import json, os, re, sys
line = " ".join([os.path.basename(sys.argv[0]), *sys.argv[1:]])
open({calls!r}, "a").write(json.dumps(line) + chr(10))
if "--filename" in line:
    open({applied!r}, "w").write(open(sys.argv[-1]).read())
for pattern, answer in json.load(open({answers!r})):
    if re.search(pattern, line):
        print(answer)
        break
"""
SERVICE = {
    "status": {
        "url": "https://service",
        "traffic": [
            {"revisionName": "taxi-1", "percent": 100},
            {"revisionName": "taxi-2", "tag": "candidate", "url": "https://candidate"},
        ],
    }
}


class Project:
    """A copy of the scripts, which read the release.yaml beside them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in (".github/scripts", "models/common", "pipeline", "serving", "deploy"):
            ignored = shutil.ignore_patterns("__pycache__", "cases.yaml", "page")
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
        shutil.copy(ROOT / "models" / "__init__.py", root / "models")
        self._bin = root / "bin"
        self._bin.mkdir()
        text = STAND_IN.format(
            python=sys.executable,
            calls=str(root / "calls"),
            applied=str(root / "applied"),
            answers=str(root / "answers"),
        )
        for name in ("gcloud", "kubectl"):
            (self._bin / name).write_text(text)
            (self._bin / name).chmod(0o755)
        (root / "serving" / "__main__.py").write_text(text.replace("os.path.basename", "str"))

    def run(
        self, step: str, settings: str, *answers: tuple[str, Any], **given: str
    ) -> tuple[int, str, list[str], dict[str, str]]:
        """A step's status, what it says, its calls and its outputs."""
        (self.root / "release.yaml").write_text(settings)
        said = [(pattern, a if isinstance(a, str) else json.dumps(a)) for pattern, a in answers]
        (self.root / "answers").write_text(json.dumps(said))
        for name in ("calls", "output"):
            (self.root / name).write_text("")
        environment = {
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "GITHUB_OUTPUT": str(self.root / "output"),
            "RUNNER_TEMP": str(self.root),
            **GIVEN,
            **given,
        }
        command = [sys.executable, str(self.root / ".github" / "scripts" / "serve.py"), step]
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr, done.stderr
        calls = [json.loads(line) for line in (self.root / "calls").read_text().splitlines()]
        outputs = dict(
            line.split("=", 1) for line in (self.root / "output").read_text().splitlines()
        )
        return done.returncode, done.stdout, calls, outputs


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


def up(words: str) -> dict[str, Any]:
    """What a container is started with, as the server's command line reads it."""
    name, *options = words.split(",")
    command = typer.main.get_command(command_line()).commands[name]  # type: ignore[attr-defined]
    return dict(command.make_context(name, options).params)


DESCRIBED = [("services describe", SERVICE), ("revisions describe", {"metadata": {}})]


def test_a_mistake_in_the_settings_is_told_in_words(project: Project) -> None:
    status, said, calls, _ = project.run("begin", "platform: vertex\nserver: router\n")
    assert (status, calls) == (1, [])
    assert "::error::" in said and "release.yaml has a mistake server: Received: 'router'." in said


def test_the_embedded_server_is_deployed_once(project: Project) -> None:
    _, _, calls, outputs = project.run("deploy", "", *DESCRIBED)
    (deploy,) = [call for call in calls if call.startswith("gcloud run deploy")]
    words = deploy.split()
    args = up(next(word for word in words if word.startswith("--args=")).partition("=")[2])
    assert args["bucket"] == "gs://serving/taxi" and args["host"] == "0.0.0.0"
    assert args["grace"] < 10 and args["upstream"] is None, "Cloud Run gives ten seconds"
    # Uploads go on between requests.
    assert {"--no-cpu-throttling", "--min-instances=1", "--no-traffic", f"--image={IMAGE}"} <= set(
        words
    )
    assert outputs == {"url": "https://candidate", "previous": "taxi-1"}
    labels = dict(pair.split("=") for pair in deploy.split("--labels=")[1].split()[0].split(","))
    answers = [DESCRIBED[0], ("revisions describe", {"metadata": {"labels": labels}})]
    _, _, calls, outputs = project.run("deploy", "", *answers)
    assert not [call for call in calls if "deploy" in call], "another version needs no new server"
    assert outputs == {"url": "https://service", "previous": ""}
    _, _, calls, _ = project.run("deploy", "", *answers, SERVING_IMAGE="registry/model-server:2")
    assert [call for call in calls if "deploy" in call]


def test_the_router_is_deployed_before_tensorflow_serving(project: Project) -> None:
    _, _, calls, _ = project.run("deploy", "server: router\n", *DESCRIBED)
    (deploy,) = [call for call in calls if call.startswith("gcloud run deploy")]
    common, router, upstream = deploy.split("--container=")
    assert router.startswith("router ") and f"--image={IMAGE}" in router
    args = up(router.split("--args=")[1].split()[0])
    assert args["upstream"] == "http://127.0.0.1:8601" and str(args["models"]) == "/models"
    assert "--port=8501" in router and "--port=8501" not in upstream
    assert "--rest_api_port=8601" in upstream and "--depends-on=router" in upstream
    assert "--model_config_file=/models/models.config" in upstream
    mounted = "--add-volume-mount=volume=models,mount-path=/models"
    assert "--add-volume=name=models,type=in-memory" in common
    assert mounted in router and mounted in upstream


def test_tensorflow_serving_alone_has_all_requests_and_no_serving_folder(project: Project) -> None:
    alone = "server: tensorflow-serving\n"
    _, _, calls, _ = project.run("deploy", alone, *DESCRIBED)
    (deploy,) = [call for call in calls if call.startswith("gcloud run deploy")]
    assert deploy.endswith(
        "--labels=commit=c0ffee,model=taxi,version=17 --tag=candidate --no-traffic "
        "--image=tensorflow/serving:2.19.1 --port=8501 --cpu=2 --memory=2Gi "
        "--set-env-vars=MODEL_NAME=taxi --clear-volumes --clear-volume-mounts "
        "--add-volume=name=model,type=cloud-storage,bucket=b,readonly=true,"
        "mount-options=only-dir=serving_models/taxi/17 "
        "--add-volume-mount=volume=model,mount-path=/models/taxi/17"
    )
    _, _, calls, outputs = project.run("begin", alone, *DESCRIBED, PREVIOUS="taxi-1")
    assert outputs == {"outcome": "promoted", "url": "https://service"}
    assert any("update-traffic taxi" in call and "candidate=100" in call for call in calls)
    assert not [call for call in calls if " release " in call]


@pytest.mark.parametrize("server", ["embedded", "router"])
def test_kubernetes_gets_a_whole_manifest_and_is_asked_from_within(
    project: Project, server: str
) -> None:
    settings = f"platform: kubernetes\nserver: {server}\nkubernetes: {{cluster: c, namespace: n}}\n"
    status, said, calls, _ = project.run("deploy", settings)
    assert status == 0, said
    assert calls[0] == "gcloud container clusters get-credentials c --project=p --region=r"
    assert calls[1].startswith("kubectl --namespace=n apply --filename")
    assert calls[2] == "kubectl --namespace=n rollout status deployment/taxi --timeout=10m"
    applied = (project.root / "applied").read_text()
    assert "${" not in applied.replace("names in ${};", "")
    (deployment,) = [
        one for one in yaml.safe_load_all(applied) if one and one["kind"] == "Deployment"
    ]
    first = deployment["spec"]["template"]["spec"]["containers"][0]
    args = up(",".join(first["args"]))
    assert args["bucket"] == "gs://serving/taxi" and first["image"] == IMAGE
    assert bool(args["upstream"]) is (server == "router")
    _, _, calls, _ = project.run("smoke", settings)
    asked = "python -m serving smoke http://127.0.0.1:8501 --model taxi --version 17"
    assert f"exec deployment/taxi --container=server -- {asked}" in calls[-1]


def test_an_endpoint_of_vertex_ai_gets_the_server_once(project: Project) -> None:
    old = {"id": "1", "displayName": "server-old", "createTime": "2026-01-01"}
    endpoint = {"name": "e", "deployedModels": [old], "trafficSplit": {"1": 100}}
    asked = [("endpoints list", [endpoint]), ("models upload", "m")]
    _, _, calls, outputs = project.run("deploy", "platform: vertex\n", *asked)
    upload, deploy = (next(c for c in calls if f" {w} " in c) for w in ("upload", "deploy-model"))
    args = up(upload.split("--container-args=")[1].split()[0])
    assert args["bucket"] == "gs://serving/taxi"
    assert "--container-predict-route=/v1/models/taxi:predict" in upload
    assert "--traffic-split=0=0,1=100" in deploy and "--model=m" in deploy
    assert outputs == {"url": "e", "previous": "1"}
    name = deploy.split("--display-name=")[1].split()[0]
    new = {"id": "2", "displayName": name, "createTime": "2026-01-02"}
    endpoint["deployedModels"] = [old, new]
    _, _, calls, _ = project.run("begin", "platform: vertex\n", *asked[:0], ("list", [endpoint]),
                                 PREVIOUS="1")  # fmt: skip
    assert any("endpoints update e" in call and "--traffic-split=2=100" in call for call in calls)
    endpoint["trafficSplit"] = {"1": 0, "2": 100}
    _, _, calls, outputs = project.run("deploy", "platform: vertex\n", ("list", [endpoint]))
    assert len(calls) == 1 and outputs == {"url": "e", "previous": ""}


def test_who_fails_gives_the_traffic_and_the_label_back(project: Project) -> None:
    _, said, calls, _ = project.run("roll-back", "", PREVIOUS="taxi-1")
    assert "--to-revisions=taxi-1=100 --remove-tags=candidate" in calls[0]
    assert "release roll-back taxi 17" in calls[1] and "::warning::Version 17" in said
