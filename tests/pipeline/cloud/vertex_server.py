"""A server that answers as Vertex AI does, and keeps what it is asked for."""

from __future__ import annotations

import re
from typing import Any

from tests.helpers.cloud_server import Request, Server

PARENT = "/v1/projects/p/locations/r"
_STATES = {"pause": "PAUSED", "resume": "ACTIVE"}


class VertexServer(Server):
    """One that has nothing at first."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.schedules: dict[str, dict[str, Any]] = {}

    def otherwise(self, request: Request) -> tuple[int, Any]:
        path = request.path.removeprefix(PARENT)
        match request.method, re.split(r"[/:]", path.strip("/")):
            case "GET", ["pipelineJobs"]:
                if "filter" in request.query:
                    return 200, {"pipelineJobs": [*self.jobs.values()][::-1]}
                return 200, {"pipelineJobs": [*self.jobs.values()][:1]}
            case "POST", ["pipelineJobs"]:
                return self._create_job(request)
            case "GET", ["pipelineJobs", name] if name in self.jobs:
                return 200, self.jobs[name]
            case "GET", ["schedules"]:
                return 200, {"schedules": [*self.schedules.values()]}
            case "POST", ["schedules"]:
                return self._create_schedule(request)
            case "PATCH", ["schedules", number] if number in self.schedules:
                self.schedules[number] |= {**request.body, "name": self.schedules[number]["name"]}
                return 200, self.schedules[number]
            case "GET", ["schedules", number] if number in self.schedules:
                return 200, self.schedules[number]
            case "POST", ["schedules", number, command] if number in self.schedules:
                self.schedules[number]["state"] = _STATES[command]
                return 200, {}
        message = f"nothing at {request.path}"
        return 404, {"error": {"code": 404, "message": message, "status": "NOT_FOUND"}}

    def _create_job(self, request: Request) -> tuple[int, Any]:
        name = request.query["pipelineJobId"]
        if name in self.jobs:
            message = f"{name} already exists"
            return 409, {"error": {"code": 409, "message": message, "status": "ALREADY_EXISTS"}}
        self.jobs[name] = {
            "name": f"projects/1/locations/r/pipelineJobs/{name}",
            "state": "PIPELINE_STATE_PENDING",
            "displayName": request.body["displayName"],
        }
        return 200, self.jobs[name]

    def _create_schedule(self, request: Request) -> tuple[int, Any]:
        number = str(len(self.schedules) + 1)
        self.schedules[number] = {
            **request.body,
            "name": f"projects/1/locations/r/schedules/{number}",
            "state": "ACTIVE",
            "createTime": f"2026-11-26T13:00:0{number}Z",
        }
        return 200, self.schedules[number]
