"""`release.yaml`: what serves, where, and how long a canary is watched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from serving.core.errors import Code, ServingError
from serving.core.files import settings_file

SERVERS = {
    "cloud-run": ("embedded", "router", "tensorflow-serving"),
    "kubernetes": ("embedded", "router"),
    "vertex": ("embedded",),
}
"""What can serve on each platform: a container of Vertex AI is one program."""

Share = Annotated[float, Field(gt=0, lt=1)]


class Canary(settings_file.Section):
    """A version that was approved and has a share of the requests of production."""

    share: Share = 0.1
    """The share of the requests that name neither version nor label."""
    requests: Annotated[int, Field(ge=30)] = 1000
    """After how many of its requests it is promoted, however soon."""
    hours: Annotated[float, Field(gt=0)] = 24
    """After how many hours it is promoted, if both versions have 30 requests by then."""
    other_answers: Literal["promote", "roll back"] = "promote"
    """What becomes of one whose answers differ: of a model that was trained again they mostly do.
    One with more errors, or a slower one, is rolled back always."""

    @property
    def time(self) -> timedelta:
        """`hours` as an interval."""
        return timedelta(hours=self.hours)


class Kubernetes(settings_file.Section):
    """The cluster of platform `kubernetes`."""

    cluster: str | None = None
    """A cluster of Google Kubernetes Engine; null: whatever `kubectl` asks."""
    namespace: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")] = "models"
    """Where the servers are."""


class ReleaseSettings(settings_file.Section):
    """The whole file; every key has a default."""

    version: Literal[1] = 1
    """The version of this file's format."""
    platform: Literal["cloud-run", "vertex", "kubernetes"] = "cloud-run"
    """Where models are served."""
    server: Literal["embedded", "router", "tensorflow-serving"] = "embedded"
    """What serves: this project's server, its router in front of TensorFlow Serving, or TensorFlow
    Serving alone, which has no request log, so that nothing can be compared: no canary, then."""
    kubernetes: Kubernetes = Kubernetes()
    """Where the cluster is."""
    canary: Canary = Canary()
    """How a version gets from approval to all of the traffic."""


def read(path: Path) -> ReleaseSettings:
    """Reads the settings; a file that is missing means the defaults.

    Raises:
        ServingError: The file is there and is not usable, or names what there is not.
    """
    found = settings_file.read(path, ReleaseSettings)
    possible = SERVERS[found.platform]
    if found.server not in possible:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{path} has a mistake",
            f"server: Received: '{found.server}'. Expected with platform '{found.platform}': "
            f"{' or '.join(repr(each) for each in possible)}.",
            "Name one of these, or another platform; docs/operating.md says what each is.",
        )
    return found
