"""The paths of TensorFlow Serving's REST API."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import unquote

from serving.core.errors import Code, ServingError
from serving.core.model_spec import ModelSpec

_MODEL = r"/v1/models(?:/([^/:]+))?(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?"
_POST = re.compile(rf"{_MODEL}:(classify|regress|predict)", re.IGNORECASE | re.ASCII)
_GET = re.compile(rf"{_MODEL}(?:/(metadata|predict))?", re.IGNORECASE | re.ASCII)
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Route:
    """What a request asks for."""

    spec: ModelSpec
    resource: str
    """`predict`, `classify`, `regress`; `form` for predict by query; `metadata` or `status`."""

    @property
    def method(self) -> str:
        """The method of inference."""
        return "predict" if self.resource == "form" else self.resource

    def with_key(self, key: bytes) -> ModelSpec:
        """The servable that is asked for, with the key that makes routing sticky."""
        return replace(self.spec, routing_key=key.decode("latin-1")) if key else self.spec


# Only what is found is kept, so a client that makes paths up does not empty the cache for others
# more than the size allows.
@lru_cache(maxsize=1024)
def parse(method: str, path: str) -> Route:
    """Reads a path under `/v1/`.

    Args:
        method: HTTP's.
        path: Percent-encoded, without the query.

    Raises:
        ServingError: TensorFlow Serving has no such path, or none for this method.
    """
    pattern = {"POST": _POST, "GET": _GET, "HEAD": _GET}.get(method)
    match = pattern.fullmatch(path) if pattern else None
    malformed = ServingError(Code.INVALID_ARGUMENT, f"Malformed request: {method} {path}")
    if match is None:
        raise malformed
    name, version, label, resource = match.groups()
    if name is None:
        if method == "POST" or version or label:
            raise malformed
        raise ServingError(Code.INVALID_ARGUMENT, "Missing model name in request.")
    if method == "POST" and resource != resource.lower():
        raise malformed
    if version and int(version[:20]) > _LARGEST:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"Failed to convert version: {version} to numeric."
        )
    spec = ModelSpec(
        unquote(name), int(version) if version else None, unquote(label) if label else None
    )
    resource = (resource or "status").lower()
    return Route(spec, "form" if method != "POST" and resource == "predict" else resource)
