"""Vertex AI: an endpoint for each model, with this project's server on it.

An endpoint has one address, at which no version can be named: so a version is asked when it is
staged, by the loader that the server has, and by each server before it gives it to anybody.
"""

from __future__ import annotations

import hashlib
import json

import commands

from pipeline.delivery import names

_MACHINE = "n1-standard-2"
_PORT = "8080"


def deploy(server: str, labels: dict[str, str], folder: str, source: str) -> tuple[str, str]:
    """Has the server on the endpoint, without traffic where another one has it.

    Returns:
        The endpoint's name, and the deployed server that has the traffic; that is empty where it is
        the right one, or where there was none.
    """
    image = commands.setting("SERVING_IMAGE")
    model = commands.setting("MODEL")
    up = ("up", "--host", "0.0.0.0", "--models", "/tmp/models", "--bucket", folder)
    name = "server-" + hashlib.sha256("\0".join((image, *up)).encode()).hexdigest()[:32]
    endpoint = _endpoint()
    if not endpoint:
        commands.run(*_gcloud("endpoints", "create"), f"--display-name={_service()}")
        endpoint = _endpoint()
    before = _with_traffic(endpoint)
    if before.get("displayName") == name:
        return endpoint["name"], ""
    uploaded = commands.run(
        *_gcloud("models", "upload"), f"--display-name={_service()}",
        f"--container-image-uri={image}", f"--container-args={','.join(up)}",
        f"--container-ports={_PORT}", f"--container-predict-route=/v1/models/{model}:predict",
        "--container-health-route=/readyz", "--format=value(model)",
    )  # fmt: skip
    split = f"0=0,{before['id']}=100" if before else "0=100"
    commands.run(
        *_gcloud("endpoints", "deploy-model", endpoint["name"]), f"--model={uploaded}",
        f"--display-name={name}", f"--machine-type={_MACHINE}", f"--traffic-split={split}",
        f"--service-account={commands.setting('SERVING_SERVICE_ACCOUNT')}",
    )  # fmt: skip
    return endpoint["name"], before.get("id", "")


def give_traffic() -> str:
    """Gives all traffic to the server that was deployed last; the endpoint's name."""
    endpoint = _endpoint()
    newest = max(endpoint["deployedModels"], key=lambda each: each["createTime"])
    _split(endpoint["name"], newest["id"])
    return endpoint["name"]


def take_traffic(previous: str) -> None:
    """Gives the traffic back to the server that had it before."""
    _split(_endpoint()["name"], previous)


def smoke(model: str, version: str) -> None:
    """Says that nothing more is asked."""
    print(f"::notice::Version {version} of {model} was asked when it was staged.")


def _split(endpoint: str, deployed: str) -> None:
    commands.run(*_gcloud("endpoints", "update", endpoint), f"--traffic-split={deployed}=100")


def _endpoint() -> dict:
    """The endpoint as Vertex AI has it; empty where there is none."""
    asked = _gcloud("endpoints", "list")
    found = json.loads(
        commands.run(*asked, f"--filter=displayName={_service()}", "--format=json") or "[]"
    )
    if len(found) > 1:
        commands.fail(f"There are {len(found)} endpoints called {_service()}: delete all but one.")
    return found[0] if found else {}


def _with_traffic(endpoint: dict) -> dict:
    split = endpoint.get("trafficSplit") or {}
    most = max(split, key=lambda each: split[each], default="")
    return next((each for each in endpoint.get("deployedModels", ()) if each["id"] == most), {})


def _service() -> str:
    return names.service(commands.setting("SERVICE"))


def _gcloud(*arguments: str) -> list[str]:
    place = [f"--{name}={commands.setting(name.upper())}" for name in ("project", "region")]
    return ["gcloud", "ai", *arguments, *place, "--quiet"]
