"""The Open Inference Protocol by REST, over a model that is loaded in the test's own process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from serving.http.messages import Request, Response
from tests.serving.rest.small_app import Log, running

pytestmark = pytest.mark.tfx

INFER = "/v2/models/small/infer"
X = {"name": "x", "datatype": "FP32", "shape": [2], "data": [1.0, 2.0]}


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, log: Log) -> Iterator[Any]:
    with running(tmp_path_factory.mktemp("models"), log, "t") as app:
        yield app


def ask(app: Any, path: str, body: bytes = b"", method: str = "", **headers: str) -> Response:
    sent = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    sent.setdefault(b"authorization", b"Bearer t")
    request = Request(method or ("POST" if body else "GET"), path, b"", sent, body)
    answer: Response = asyncio.run(app(request))
    return answer


def infer(app: Any, content: Any, raw: bytes = b"", **headers: str) -> tuple[Response, Any]:
    text = json.dumps(content).encode()
    if raw:
        headers["inference_header_content_length"] = str(len(text))
    answer = ask(app, INFER, text + raw, **headers)
    length = dict(answer.headers).get(b"inference-header-content-length")
    return answer, json.loads(answer.body[: int(length) if length else None])


def test_a_request_is_answered_counted_and_logged_as_predict_would_be(app: Any, log: Log) -> None:
    answer, content = infer(app, {"id": "42", "inputs": [X], "outputs": [{"name": "y"}]})
    headers = dict(answer.headers)
    assert content == {
        "model_name": "small", "model_version": "1", "id": "42",
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [2, 1], "data": [2.0, 4.0]}],
    }  # fmt: skip
    assert headers[b"x-request-id"] == b"42"
    assert headers[b"x-model-version"] == b"1"
    assert headers[b"x-request-logged"] == b"true"
    entry = log.entries[-1]
    assert (entry.id, entry.model, entry.version, entry.status) == ("42", "small", 1, 200)
    logged = {"signature_name": "serving_default", "inputs": {"x": [1.0, 2.0]}}
    assert json.loads(entry.request) == logged
    assert json.loads(entry.response)["outputs"]["y"] == [[2.0], [4.0]]
    count = ':tensorflow:serving:request_count{model_name="small",status="OK"}'
    assert count in app._counts.text()
    assert 'API="Infer",entrypoint="REST"' in app._counts.text()


def test_tensors_may_come_and_go_as_bytes(app: Any, log: Log) -> None:
    raw = np.array([1, 2], np.float32).tobytes()
    tensor = {**X, "parameters": {"binary_data_size": len(raw)}}
    del tensor["data"]
    asked = {"inputs": [tensor], "parameters": {"binary_data_output": True}}
    answer, content = infer(app, asked, raw)
    assert dict(answer.headers)[b"content-type"] == b"application/octet-stream"
    sizes = {one["name"]: one["parameters"]["binary_data_size"] for one in content["outputs"]}
    assert sizes == {"both": 16, "kind": 18, "y": 8}
    assert answer.body.endswith(np.array([2, 4], np.float32).tobytes())
    assert json.loads(log.entries[-1].request)["inputs"] == {"x": [1.0, 2.0]}


def test_the_id_of_the_header_is_the_logs_and_that_of_the_body_the_answers(
    app: Any, log: Log
) -> None:
    answer, content = infer(app, {"id": "b", "inputs": [X]}, x_request_id="h")
    assert (content["id"], dict(answer.headers)[b"x-request-id"], log.entries[-1].id) == (
        "b", b"h", "h"
    )  # fmt: skip
    answer, _ = infer(app, {"id": "a\r\nb: c", "inputs": [X]})
    assert b"\n" not in dict(answer.headers)[b"x-request-id"]


def test_a_signature_is_named_by_a_parameter(app: Any) -> None:
    asked = {"inputs": [X], "parameters": {"signature_name": "serving_examples"}}
    answer, content = infer(app, asked)
    assert answer.status == 400
    assert content["error"] == "unexpected inference input 'x': the inputs are inputs"
    asked["parameters"] = {"signature_name": "none"}
    told = infer(app, asked)[1]["error"]
    assert "name one of serving_default, serving_examples in the parameter" in told


@pytest.mark.parametrize(
    ("path", "content", "status", "told"),
    [
        (INFER, {"inputs": []}, 400, "missing inference input: x"),
        (INFER, {"inputs": [{**X, "name": "z"}]}, 400, "the inputs are name, tags, x"),
        (INFER, {"inputs": [{**X, "datatype": "FP64"}]}, 400, "data-type is 'FP64', but the model"),
        (INFER, {"inputs": [X], "outputs": [{"name": "q"}]}, 400, "the outputs are both, kind, y"),
        (INFER, {"inputs": [{**X, "shape": [2, 1]}]}, 400, "expected shape [-1], received [2, 1]"),
        (INFER, {"inputs": [{**X, "shape": [5000]}]}, 400, "larger than maximum input batch size"),
        (INFER, {"inputs": [{**X, "data": [13, 1]}]}, 400, "13 is out of luck"),
        ("/v2/models/none/infer", {"inputs": [X]}, 404, "Latest(none)"),
        ("/v2/models/small/versions/7/infer", {"inputs": [X]}, 404, "Specific(small, 7)"),
        ("/v2/models/small/versions/x/infer", {"inputs": [X]}, 400, "version label: x"),
    ],
)
def test_what_is_refused_has_the_specifications_error(
    app: Any, log: Log, path: str, content: Any, status: int, told: str
) -> None:
    answer = ask(app, path, json.dumps(content).encode())
    assert answer.status == status
    error = json.loads(answer.body)
    assert list(error) == ["error"]
    assert told in error["error"]
    assert log.entries[-1].status == status
    assert json.loads(log.entries[-1].request) == content


def test_of_a_refused_request_with_bytes_the_json_is_logged(app: Any, log: Log) -> None:
    tensor = {"name": "x", "datatype": "FP32", "shape": [9], "parameters": {"binary_data_size": 4}}
    assert infer(app, {"inputs": [tensor]}, b"\xff" * 4)[0].status == 400
    assert json.loads(log.entries[-1].request) == {"inputs": [tensor]}


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "9" * 40, "999999"])
def test_a_wrong_length_of_the_json_is_refused(app: Any, length: str) -> None:
    answer = ask(app, INFER, b"{}", inference_header_content_length=length)
    assert answer.status == 400
    assert b"Inference-Header-Content-Length is" in answer.body


@pytest.mark.parametrize(
    ("path", "status", "content"),
    [
        ("/v2/health/live", 200, {"live": True}),
        ("/v2/health/ready", 200, {"ready": True}),
        ("/v2/models/small/ready", 200, {"name": "small", "ready": True}),
        ("/v2/models/small/versions/1/ready", 200, {"name": "small", "ready": True}),
        ("/v2/models/small/versions/2/ready", 503, {"name": "small", "ready": False}),
        ("/v2/models/none/ready", 404, {"error": "There is no model 'none'"}),
        ("/v2/models/none", 404, {"error": "Servable not found for request: Latest(none)"}),
        ("/v2/models", 404, {"error": "Not found: /v2/models"}),
    ],
)
def test_what_is_told_of_the_server_and_its_models(
    app: Any, path: str, status: int, content: Any
) -> None:
    answer = ask(app, path)
    assert (answer.status, json.loads(answer.body)) == (status, content)


def test_metadata_names_versions_and_tensors(app: Any) -> None:
    server = json.loads(ask(app, "/v2").body)
    assert {"name", "version", "extensions"} == set(server)
    model = json.loads(ask(app, "/v2/models/small/versions/1").body)
    assert (model["versions"], model["platform"]) == (["1"], "tensorflow_savedmodel")
    assert {"name": "tags", "datatype": "INT64", "shape": [-1, -1]} in model["inputs"]
    assert {"name": "kind", "datatype": "BYTES", "shape": [-1]} in model["outputs"]


def test_health_asks_for_no_token_and_says_when_the_server_stops(app: Any) -> None:
    assert ask(app, "/v2", authorization="").status == 401
    assert ask(app, INFER, b"{}", authorization="").status == 401
    assert ask(app, "/v2/health/live", authorization="").status == 200
    app.stopping = True
    try:
        assert ask(app, "/v2/health/ready", authorization="").status == 503
    finally:
        app.stopping = False


@pytest.mark.parametrize(("method", "path"), [("GET", INFER), ("POST", "/v2/models/small")])
def test_another_method_is_refused(app: Any, method: str, path: str) -> None:
    assert ask(app, path, b"{}", method=method).status == 405
