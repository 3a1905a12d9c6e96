"""TensorFlow's status codes, and the HTTP statuses that stand for them."""

from __future__ import annotations

import pickle

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import Code, ServingError


def test_the_codes_are_grpcs() -> None:
    named = {status.value[0]: status.name for status in grpc.StatusCode if status.value[0]}
    assert {int(code): code.name for code in Code} == named


@pytest.mark.parametrize("code", Code)
def test_a_status_is_read_as_a_code_that_is_answered_with_it(code: Code) -> None:
    read = Code.of_http(code.http)
    assert read is not None and read.http == code.http


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (200, None), (204, None), (100, "UNKNOWN"), (302, "UNKNOWN"), (600, "UNKNOWN"),
        (400, "INVALID_ARGUMENT"), (401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"), (408, "DEADLINE_EXCEEDED"), (409, "ABORTED"),
        (412, "FAILED_PRECONDITION"), (413, "INVALID_ARGUMENT"), (415, "INVALID_ARGUMENT"),
        (416, "OUT_OF_RANGE"), (429, "RESOURCE_EXHAUSTED"), (431, "INVALID_ARGUMENT"),
        (499, "CANCELLED"), (500, "INTERNAL"), (501, "UNIMPLEMENTED"), (502, "UNAVAILABLE"),
        (503, "UNAVAILABLE"), (504, "DEADLINE_EXCEEDED"), (520, "INTERNAL"),
    ],
)  # fmt: skip
def test_the_code_behind_an_http_status(status: int, name: str | None) -> None:
    code = Code.of_http(status)
    assert (code.name if code else None) == name


@given(st.integers(-1000, 2000))
def test_whatever_a_server_answers_is_success_or_has_a_code(status: int) -> None:
    assert (Code.of_http(status) is None) == (200 <= status < 300)


def test_an_error_says_all_it_knows_and_can_be_sent_to_another_process() -> None:
    error = ServingError(Code.NOT_FOUND, "No such model", "Received: a.", "Name one.", 410)
    assert str(error) == "No such model\nReceived: a.\nName one."
    assert error.http_status == 410
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)
    assert ServingError(Code.NOT_FOUND, "x").http_status == 404
