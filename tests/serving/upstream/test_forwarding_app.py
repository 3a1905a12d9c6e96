"""Which version of another server a request is sent to, and what becomes of its answer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import Code, ServingError
from serving.core.hooks import Hooks
from serving.core.metrics import Metrics
from serving.core.settings import Settings
from serving.http.messages import Request, Response
from serving.routing import changes
from serving.upstream.client import Client, Reply
from serving.upstream.forwarding_app import ForwardingApp, first_row

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A serving folder with a stable version 1 and a canary, version 2, that gets no share."""
    for version in ("1", "2"):
        (tmp_path / "taxi" / version).mkdir(parents=True)
        (tmp_path / "taxi" / version / "saved_model.pb").touch()
    changes.canary(tmp_path, "taxi", 2, 0.0, 0.0, "ann", "")
    return tmp_path


def forward(
    models: Path, path: str, loaded: set[str], status: bytes = b"{}"
) -> tuple[Any, list[str]]:
    """The answer to a request, and the paths that the other server was asked.

    Args:
        models: The serving folder.
        path: The request's.
        loaded: The versions that the other server has.
        status: What it says of the model.
    """
    from serving.commands import hooks as folder_hooks
    from serving.rest.paths import parse

    asked: list[str] = []

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.split()[1])
        body = status if head.startswith("GET") else b"{}"
        known = "/versions/" not in asked[-1] or asked[-1].split("/")[5][0] in loaded
        code = 200 if known else 404
        writer.write(b"HTTP/1.1 %d X\r\nConnection: close\r\n\r\n%b" % (code, body))
        writer.close()

    async def run() -> Any:
        server = await asyncio.start_server(upstream, "127.0.0.1", 0)
        client = Client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 5, 1000)
        hooks = folder_hooks.of_folder(models)
        found = parse("POST", path)
        forwarder = ForwardingApp(hooks, Metrics(), Settings(models), client)
        answer = await forwarder._infer(
            found, found.spec, Request("POST", path, b"", {}, b"{}"), b"{}"
        )
        hooks.close()
        server.close()
        return answer

    return asyncio.run(run()), asked


@pytest.mark.parametrize(
    ("path", "loaded", "asked", "version", "label"),
    [
        ("/v1/models/taxi:predict", {"1"}, ["/v1/models/taxi/versions/1:predict"], 1, "stable"),
        # What is not loaded there must not fail a request that did not name it.
        (
            "/v1/models/taxi:predict",
            {"2"},
            ["/v1/models/taxi/versions/1:predict", "/v1/models/taxi:predict"],
            None,
            None,
        ),
        (
            "/v1/models/taxi/versions/2:predict",
            {"2"},
            ["/v1/models/taxi/versions/2:predict"],
            2,
            None,
        ),
    ],
)
def test_who_is_asked(
    models: Path, path: str, loaded: set[str], asked: list[str], version: Any, label: Any
) -> None:
    answer, paths = forward(models, path, loaded)
    assert (answer.status, answer.body, paths) == (200, b"{}", asked)
    assert (answer.version, answer.label) == (version, label)


@pytest.mark.parametrize(
    ("status", "version"),
    [
        (
            b'{"model_version_status": [{"version": "3", "state": "AVAILABLE"}, '
            b'{"version": "2", "state": "AVAILABLE"}, {"version": "4", "state": "END"}]}',
            3,
        ),
        (b"{}", None),
        (b"[]", None),
        (b"no JSON", None),
        (b'{"model_version_status": 1}', None),
        (b'{"model_version_status": [1]}', None),
        (b'{"model_version_status": [{"version": "x", "state": "AVAILABLE"}]}', None),
        (b'{"model_version_status": [{"state": "AVAILABLE"}]}', None),
    ],
)
def test_the_version_behind_a_label_is_asked_for(
    models: Path, status: bytes, version: int | None
) -> None:
    path = "/v1/models/taxi/labels/stable:predict"
    answer, asked = forward(models, path, set(), status)
    assert (answer.status, answer.version, answer.label) == (200, version, "stable")
    assert asked == [path, "/v1/models/taxi/labels/stable"]


class Scripted(Client):
    """Answers each request with the next status, or raises the next error."""

    def __init__(self, *answers: int | ServingError) -> None:
        super().__init__("http://127.0.0.1:1", 1, 1000)
        self._answers = iter(answers)

    async def ask(
        self, method: str, path: str, body: bytes = b"", authorization: bytes = b""
    ) -> Reply:
        if method == "GET":
            return Reply(200, b"application/json", b"{}")
        answer = next(self._answers)
        if isinstance(answer, ServingError):
            raise answer
        return Reply(answer, b"application/json", b"{}")


def post(
    client: Client, *models: str, token: str = "", headers: dict[bytes, bytes] | None = None
) -> tuple[list[Response], list[str]]:
    """The answers to a request for each model, and the samples of `request_count`."""
    metrics = Metrics()
    app = ForwardingApp(Hooks(), metrics, Settings(Path(), token=token), client)

    async def run() -> list[Response]:
        requests = (
            Request("POST", f"/v1/models/{model}:predict", b"", headers or {}, b"{}")
            for model in models
        )
        return [await app(request) for request in requests]

    answers = asyncio.run(run())
    name = ":tensorflow:serving:request_count{"
    return answers, [
        line.removeprefix(name) for line in metrics.text().splitlines() if line.startswith(name)
    ]


@pytest.mark.parametrize("code", Code)
def test_another_servers_errors_are_counted_in_the_words_of_this_one(code: Code) -> None:
    (_, answer), counted = post(Scripted(200, code.http), "taxi", "taxi")
    assert answer.status == code.http
    read = Code.of_http(code.http)
    assert read is not None
    assert counted == sorted(
        ['model_name="taxi",status="OK"} 1', f'model_name="taxi",status="{read.name}"}} 1']
    )


@pytest.mark.parametrize("code", Code)
def test_what_fails_on_the_way_is_counted_by_its_code(code: Code) -> None:
    error = ServingError(code, "no", "Received: x.")
    (answer,), counted = post(Scripted(error), "taxi")
    assert (answer.status, json.loads(answer.body)) == (code.http, {"error": "no\nReceived: x."})
    assert counted == [f'model_name="",status="{code.name}"}} 1']


def test_a_model_is_a_label_from_its_first_answer_on() -> None:
    _, counted = post(Scripted(404, 200, 404, 404), "taxi", "taxi", "taxi", "made-up")
    assert counted == [
        'model_name="",status="NOT_FOUND"} 2',
        'model_name="taxi",status="NOT_FOUND"} 1',
        'model_name="taxi",status="OK"} 1',
    ]


def test_a_request_that_cannot_be_read_or_has_no_token_is_counted() -> None:
    (answer,), counted = post(Scripted(), "taxi", headers={b"content-encoding": b"br"})
    assert (answer.status, counted) == (415, ['model_name="",status="INVALID_ARGUMENT"} 1'])
    (answer,), counted = post(Scripted(), "taxi", token="secret")
    assert (answer.status, counted) == (401, ['model_name="",status="UNAUTHENTICATED"} 1'])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"predictions": [[0.5], [0.25]]}, {"outputs": [[0.5]]}),
        ({"predictions": [{"a": 1, "b": [2, 3]}]}, {"a": [1], "b": [[2, 3]]}),
        ({"results": [0.5, 0.25]}, {"outputs": [0.5]}),
        ({"outputs": [[0.5], [0.25]]}, {"outputs": [[0.5]]}),
        ({"outputs": {"a": [1, 2], "b": ["x", "y"]}}, {"a": [1]}),
        ({"outputs": {"a": {"b": 1}}}, {}),
        ({"predictions": {"a": 1}}, {}),
        ({"error": "no"}, {}),
        ([1, 2], {}),
    ],
)
def test_the_numbers_of_the_first_row(answer: Any, expected: dict[str, Any]) -> None:
    found = {name: array.tolist() for name, array in first_row(json.dumps(answer).encode()).items()}
    assert found == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["predictions", "outputs", "results", "a"]), inner)
        ),
    )
)
def test_whatever_an_upstream_answers_gives_at_most_one_row_of_numbers(answer: Any) -> None:
    found = first_row(json.dumps(answer).encode())
    assert all(array.dtype == np.float64 and len(array) <= 1 for array in found.values())
    assert isinstance(answer, dict) or not found


@given(st.lists(st.dictionaries(st.sampled_from("abc"), NUMBERS, min_size=1), min_size=1))
def test_the_numbers_of_named_outputs_are_those_of_the_first_row(
    rows: list[dict[str, float]],
) -> None:
    found = first_row(json.dumps({"predictions": rows}).encode())
    assert {name: array.tolist() for name, array in found.items()} == {
        name: [value] for name, value in rows[0].items()
    }


@given(st.lists(NUMBERS, min_size=1, max_size=5), st.sampled_from(["predictions", "results"]))
def test_an_output_without_a_name_is_called_outputs(values: list[float], key: str) -> None:
    found = first_row(json.dumps({key: values}).encode())
    assert {name: array.tolist() for name, array in found.items()} == {"outputs": values[:1]}


def test_an_answer_too_long_to_look_at_gives_nothing() -> None:
    assert first_row(json.dumps({"results": [0.5] * 300_000}).encode()) == {}
