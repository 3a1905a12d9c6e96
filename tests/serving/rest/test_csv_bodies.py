"""`text/csv` to and from a model that is loaded in the test's own process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from serving.http.messages import Request, Response
from tests.serving.rest.small_app import Log, running

pytestmark = pytest.mark.tfx

PREDICT = "/v1/models/small:predict"
CSV = "text/csv"


@pytest.fixture(scope="module")
def log() -> Log:
    return Log()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, log: Log) -> Iterator[Any]:
    with running(tmp_path_factory.mktemp("models"), log) as app:
        yield app


def ask(app: Any, body: str, sent: str = CSV, accept: str = CSV, query: str = "",
        path: str = PREDICT) -> Response:  # fmt: skip
    headers = {b"content-type": sent.encode(), b"accept": accept.encode()}
    request = Request("POST", path, query.encode(), headers, body.encode())
    answer: Response = asyncio.run(app(request))
    return answer


def test_csv_is_answered_by_csv_and_logged_as_json(app: Any, log: Log) -> None:
    answer = ask(app, "x,name,tags\n1,a,\n20,,[1;2]".replace(";", ",").replace("[1,2]", "3"))
    assert answer.status == 200
    assert dict(answer.headers)[b"content-type"] == b"text/csv; charset=utf-8; header=present"
    assert answer.body == b'both,kind,y\r\n"[3.0,0.0]",small,3.0\r\n"[40.0,3.0]",large,40.0\r\n'
    entry = log.entries[-1]
    assert json.loads(entry.request) == {
        "signature_name": "serving_default",
        "instances": [{"x": 1.0, "name": "a"}, {"x": 20.0, "tags": [3]}],
    }
    assert json.loads(entry.response)["predictions"][1]["kind"] == "large"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", b"application/json"),
        ("*/*", b"application/json"),
        ("application/json, text/csv", b"application/json"),
        ("text/csv;q=0.5, application/json", b"application/json"),
        ("text/csv;q=x", b"application/json"),
        ("text/csv;q=0", b"application/json"),
        ("TEXT/CSV, */*;q=0.1", b"text/csv"),
        ("text/csv, application/json;q=0.9", b"text/csv"),
    ],
)
def test_the_answer_is_what_is_accepted(app: Any, accept: str, kind: bytes) -> None:
    answer = ask(app, "x\n1", accept=accept)
    assert dict(answer.headers)[b"content-type"].partition(b";")[0] == kind
    if kind == b"application/json":
        assert list(json.loads(answer.body)) == ["predictions"]


@pytest.mark.parametrize("body", ['{"instances": [{"x": 1}]}', '{"inputs": {"x": [1]}}'])
def test_json_may_be_answered_by_csv(app: Any, log: Log, body: str) -> None:
    answer = ask(app, body, "application/json", "text/csv; header=absent")
    assert answer.body == b'"[2.0,0.0]",small,2.0\r\n'
    assert log.entries[-1].request == body.encode()


def test_a_signature_is_named_in_the_query(app: Any) -> None:
    answer = ask(app, "a", query="signature_name=none")
    assert (answer.status, b'\\"none\\" not found' in answer.body) == (400, True)


@pytest.mark.parametrize(
    ("body", "sent", "path", "status", "told"),
    [
        ("x\na", CSV, PREDICT, 400, b"Line 2, column 1 (x)"),
        ("x\n13", CSV, PREDICT, 400, b"13 is out of luck"),
        ("x\n1", "text/csv; charset=latin-1", PREDICT, 415, b"charset=latin-1 is not supported"),
        ("x\n1", "text/csv; header=maybe", PREDICT, 415, b"header=maybe"),
        ("x\n1", CSV, "/v1/models/small:classify", 415, b"by :predict alone, not by :classify"),
        ("x\n1", CSV, "/v1/models/none:predict", 404, b"Latest(none)"),
        ("1,a", "text/csv; header=present", PREDICT, 400, b"no input '1'"),
    ],
)
def test_what_is_refused_is_json_and_logged_as_json(
    app: Any, log: Log, body: str, sent: str, path: str, status: int, told: bytes
) -> None:
    answer = ask(app, body, sent, path=path)
    assert answer.status == status
    assert dict(answer.headers)[b"content-type"] == b"application/json"
    assert told in answer.body
    assert json.loads(log.entries[-1].request) == {"inputs": body}


def test_a_long_body_is_read_elsewhere(app: Any, log: Log) -> None:
    rows = [f"{number + 20},{'n' * 40}" for number in range(4000)]
    answer = ask(app, "x,name\n" + "\n".join(rows))
    assert answer.body.count(b"\r\n") == 4001
    assert len(json.loads(log.entries[-1].request)["instances"]) == 4000
