"""The server answers each case of the conformance table, and the runner sees what is wrong."""

import pytest
import requests
from model_server import Running

from serving.conformance import runner
from serving.conformance.runner import Case


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
