"""The server answers each case of the conformance table, and the runner sees what is wrong."""

import math
from typing import Any

import pytest
import requests

from serving.conformance import runner
from serving.conformance.runner import Case
from tests.helpers.model_server import Running


@pytest.mark.slow
@pytest.mark.parametrize("case", runner.cases(), ids=lambda case: case.name)
def test_the_server_answers_as_documented(server: Running, case: Case) -> None:
    assert runner._problem(case, *runner.ask(server.url, case)) == ""


def test_the_table_is_as_large_as_it_claims_and_names_its_sources() -> None:
    cases = runner.cases()
    assert len(cases) >= 60
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        expected = [case.json, case.holds, case.error, case.text, case.answer_headers or None]
        assert case.source
        assert any(part is not None for part in expected) or case.status != 200


@pytest.mark.parametrize(
    ("status", "headers", "body", "told"),
    [
        (500, {}, b"{}", "status 500"),
        (200, {}, b"{", "no JSON"),
        (200, {}, b'{"predictions": [2.6]}', "[2.6]"),
        (200, {}, b'{"predictions": [2]}', "[2]"),
        (200, {}, b'{"predictions": [2.5], "more": 1}', "more"),
        (200, {}, b'{"predictions": [2.5, 1.0]}', "1.0"),
        (200, {}, b'{"predictions": [NaN]}', "NaN"),
    ],
)
def test_a_wrong_answer_is_a_problem(
    status: int, headers: dict[str, str], body: bytes, told: str
) -> None:
    case = Case("a", "b", "/v1", json={"predictions": [2.5]})
    assert told in runner._problem(case, status, headers, body)


@pytest.mark.parametrize(
    ("expected", "body", "told"),
    [
        ({"json": {"a": 1}}, b'{"a": 1}', None),
        ({"json": {"a": 1}}, b'{"a": true}', "instead of"),
        ({"json": {"a": 1}}, b'{"a": 1.0}', "instead of"),
        ({"json": {"a": 0.1}}, b'{"a": 0.10000000001}', None),
        ({"json": {"a": 0.1}}, b'{"a": 0.1001}', "instead of"),
        ({"json": {"a": math.nan}}, b'{"a": NaN}', None),
        ({"json": {"a": math.nan}}, b'{"a": 1.0}', "instead of"),
        ({"json": {"a": math.inf}}, b'{"a": Infinity}', None),
        ({"holds": {"a": {"b": 1}}}, b'{"a": {"b": 1, "c": 2}, "d": 3}', None),
        ({"holds": {"a": {"b": 1}}}, b'{"a": {"b": 2}}', "does not hold"),
        ({"holds": {"a": {"b": 1}}}, b'{"a": {}}', "does not hold"),
        ({"error": 'key "x"'}, b'{"error": "no key \\"x\\" here"}', None),
        ({"error": 'key "x"'}, b'{"error": "no key \\\\\\"x\\\\\\" here"}', None),
        ({"error": "key"}, b'{"error": "no"}', "error"),
        ({"error": "key"}, b'{"key": "no"}', "error"),
        ({"error": "key"}, b'["key"]', "error"),
        ({"text": "^count 1"}, b"count 2", "instead of ^count 1"),
        ({"answer_headers": {"content-type": "json"}}, b"{}", None),
        ({"answer_headers": {"content-type": "text"}}, b"{}", "header content-type"),
        ({"answer_headers": {"vary": "a"}}, b"{}", "header vary: None instead of a"),
    ],
)
def test_each_kind_of_expectation_is_looked_at(
    expected: dict[str, Any], body: bytes, told: str | None
) -> None:
    case = Case("a", "b", "/v1", **expected)
    problem = runner._problem(case, 200, {"content-type": "application/json"}, body)
    assert problem == "" if told is None else told in problem


@pytest.mark.slow
def test_answers_say_which_version_they_are_from(server: Running) -> None:
    answer = requests.post(
        f"{server.url}/v1/models/half_plus_two:predict",
        json={"signature_name": "serving_default", "instances": [[1.0]]},
        headers={"X-Request-Id": "mine"},
        timeout=10,
    )
    assert answer.json() == {"predictions": [[2.5]]}
    assert answer.headers["X-Model-Version"] == "123"
    assert answer.headers["X-Request-Id"] == "mine"
