"""A server that answers as Kubeflow Pipelines' API server does, and keeps what it is asked for."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import yaml

from tests.helpers.cloud_server import Request, Server

_V2 = "/apis/v2beta1"
_LISTS = {
    "experiments": ("experiments", "experiment_id"),
    "runs": ("runs", "run_id"),
    "recurringruns": ("recurringRuns", "recurring_run_id"),
    "pipelines": ("pipelines", "pipeline_id"),
}
_FILE = re.compile(rb"\r\n\r\n(.*)\r\n--", re.DOTALL)
Item = dict[str, Any]


def refusal(status: int, code: int, message: str) -> tuple[int, Item]:
    """An error as its gateway writes it."""
    return status, {"code": code, "message": message, "details": []}


def _as_json(text: str) -> Item:
    """A specification as it is given back; with the platform's beside it, if that came too."""
    documents = [yaml.safe_load(part) for part in text.split("\n---\n")]
    if len(documents) == 1:
        return documents[0]
    return {
        "platform_spec" if "platforms" in document else "pipeline_spec": document
        for document in documents
    }


class KubeflowServer(Server):
    """One that has nothing at first."""

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, list[Item]] = {name: [] for name in [*_LISTS, "versions"]}
        self._numbers = itertools.count(1)

    def otherwise(self, request: Request) -> tuple[int, Any]:
        if not request.path.startswith(_V2):
            return refusal(404, 5, "Not Found")
        path = request.path.removeprefix(f"{_V2}/")
        match request.method, path.split("/"):
            case "GET", ["healthz"]:
                return 200, {"commit_sha": "abc", "tag_name": "2.5", "multi_user": False}
            case "GET", ["pipelines", "names", name]:
                return self._found("pipelines", "name", name)
            case "POST", ["pipelines", "upload_version"]:
                return self._upload(request)
            case "GET", ["pipelines", pipeline, "versions"]:
                found = [v for v in self.items["versions"] if v["pipeline_id"] == pipeline]
                return 200, self._page(found, "pipeline_versions", request)
            case "GET", ["pipelines", _, "versions", version]:
                return self._found("versions", "pipeline_version_id", version)
            case "GET", [kind]:
                key, _ = _LISTS[kind]
                return 200, self._page(self.items[kind], key, request)
            case "GET", [kind, identifier]:
                return self._found(kind, _LISTS[kind][1], identifier)
            case "POST", ["recurringruns", command]:
                identifier, _, what = command.partition(":")
                _, item = self._found("recurringruns", "recurring_run_id", identifier)
                item |= {"mode": what.upper(), "status": f"{what.upper()}D"}
                return 200, {}
            case "POST", [kind]:
                return self._create(kind, request.body)
        return refusal(404, 5, "Not Found")

    def _create(self, kind: str, body: Item) -> tuple[int, Item]:
        unique = kind in ("experiments", "pipelines")
        taken = [item for item in self.items[kind] if item["display_name"] == body["display_name"]]
        if unique and taken:
            return refusal(409, 6, f"Already exist error: {body['display_name']}")
        made = {**body, "created_at": f"2026-11-26T13:00:{len(self.items[kind]):02}Z"}
        if kind == "pipelines":
            made["name"] = body["display_name"]
        if kind == "recurringruns":
            made["status"] = "ENABLED"
        made[_LISTS[kind][1]] = f"{kind[0]}{next(self._numbers)}"
        self.items[kind].append(made)
        return 200, made

    def _upload(self, request: Request) -> tuple[int, Item]:
        name, pipeline = request.query["name"], request.query["pipelineid"]
        if any(v["name"] == name for v in self.items["versions"] if v["pipeline_id"] == pipeline):
            return 409, {"error_message": "Failed to create a pipeline version"}
        [content] = _FILE.findall(request.body)
        version = {
            "pipeline_id": pipeline,
            "pipeline_version_id": f"v{next(self._numbers)}",
            "name": name,
            "display_name": name,
            "description": request.query.get("description", ""),
            "pipeline_spec": _as_json(content.decode()),
        }
        self.items["versions"].append(version)
        return 200, version

    def _found(self, kind: str, key: str, value: str) -> tuple[int, Item]:
        for item in self.items[kind]:
            if item.get(key) == value:
                return 200, item
        return refusal(404, 5, f"ResourceNotFoundError: {value} not found")

    def _page(self, items: list[Item], key: str, request: Request) -> Item:
        """A page of two, so that everybody has to turn it."""
        found = items
        if "experiment_id" in request.query:
            found = [i for i in found if i.get("experiment_id") == request.query["experiment_id"]]
        if "filter" in request.query:
            [predicate] = json.loads(request.query["filter"])["predicates"]
            found = [i for i in found if i.get(predicate["key"]) == predicate["string_value"]]
        start = int(request.query.get("page_token") or 0)
        page: Item = {key: found[start : start + 2]} if found[start : start + 2] else {}
        return {**page, "next_page_token": str(start + 2)} if found[start + 2 :] else page
