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


_OPEN_INFERENCE = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?(?:/(ready|infer))?")


def parse_open_inference(method: str, path: str) -> Route:
    """Reads a path under `/v2` of the Open Inference Protocol.

    Its versions are names: a number is a version, anything else a label.

    Args:
        method: HTTP's.
        path: Percent-encoded, without the query.

    Returns:
        A route whose resource is `server`, `metadata`, `ready` or `infer`.

    Raises:
        ServingError: The protocol has no such path, or none for this method.
    """
    if path in ("/v2", "/v2/"):
        route = Route(ModelSpec(""), "server")
    else:
        match = _OPEN_INFERENCE.fullmatch(path.removesuffix("/"))
        if match is None:
            raise ServingError(Code.NOT_FOUND, f"Not found: {path}")
        name, version, resource = match.groups()
        spec = model_version(unquote(name), unquote(version or ""))
        route = Route(spec, resource or "metadata")
    if method not in (("POST",) if route.resource == "infer" else ("GET", "HEAD")):
        raise ServingError(
            Code.INVALID_ARGUMENT, f"Malformed request: {method} {path}", http_status=405
        )
    return route


def model_version(name: str, version: str, routing_key: str | None = None) -> ModelSpec:
    """The servable that the Open Inference Protocol means by a model's name and a version's.

    Raises:
        ServingError: The version is a number beyond those that there can be.
    """
    if not (version.isascii() and version.isdigit()):
        return ModelSpec(name, None, version or None, routing_key)
    if int(version[:20]) > _LARGEST:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"Failed to convert version: {version} to numeric."
        )
    return ModelSpec(name, int(version), None, routing_key)
