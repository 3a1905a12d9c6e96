"""The paths of TensorFlow Serving's REST API."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import Code, ServingError
from serving.core.model_spec import ModelSpec
from serving.rest.paths import parse


@pytest.mark.parametrize(
    ("method", "path", "spec", "resource"),
    [
        ("POST", "/v1/models/a:predict", ModelSpec("a"), "predict"),
        ("POST", "/v1/models/a/versions/7:classify", ModelSpec("a", 7), "classify"),
        ("POST", "/v1/models/a/labels/new:regress", ModelSpec("a", label="new"), "regress"),
        ("POST", "/V1/MODELS/a%20b%2Fc:predict", ModelSpec("a b/c"), "predict"),
        ("GET", "/v1/models/a", ModelSpec("a"), "status"),
        ("HEAD", "/v1/models/a/versions/0", ModelSpec("a", 0), "status"),
        ("GET", "/v1/models/a/metadata", ModelSpec("a"), "metadata"),
        ("GET", "/v1/models/a/labels/x/predict", ModelSpec("a", label="x"), "form"),
    ],
)
def test_what_a_path_asks_for(method: str, path: str, spec: ModelSpec, resource: str) -> None:
    route = parse(method, path)
    assert (route.spec, route.resource) == (spec, resource)
    assert route.method == ("predict" if resource == "form" else resource)


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("POST", "/v1/models/a", "Malformed request: POST /v1/models/a"),
        ("POST", "/v1/models/a:PREDICT", "Malformed request"),
        ("POST", "/v1/models:predict", "Malformed request"),
        ("GET", "/v1/models/a:predict", "Malformed request"),
        ("GET", "/v1/models/a/versions/x", "Malformed request"),
        ("GET", "/v1/models/a/versions/1/labels/b", "Malformed request"),
        ("DELETE", "/v1/models/a", "Malformed request: DELETE"),
        ("GET", "/v1/models", "Missing model name"),
        ("GET", f"/v1/models/a/versions/{2**63}", "Failed to convert version"),
    ],
)
def test_what_is_no_path(method: str, path: str, message: str) -> None:
    with pytest.raises(ServingError, match=message) as refused:
        parse(method, path)
    assert refused.value.code == Code.INVALID_ARGUMENT


@given(st.sampled_from(["GET", "POST", "PUT"]), st.text(max_size=30))
def test_any_path_is_read_or_refused(method: str, rest: str) -> None:
    try:
        route = parse(method, f"/v1/models{rest}")
    except ServingError as error:
        assert error.code == Code.INVALID_ARGUMENT
    else:
        assert route.spec.name


def test_a_routing_key_goes_with_the_servable() -> None:
    route = parse("POST", "/v1/models/a:predict")
    assert route.with_key(b"") is route.spec
    assert route.with_key(b"\xe9") == ModelSpec("a", routing_key="é")
