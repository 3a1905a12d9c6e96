"""Requests of the demonstration."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.demo.traffic import ask
from monitoring.demo.trips import INPUTS
from tests.monitoring.servers import Answer, answering

TRIP = {**dict.fromkeys(INPUTS, ""), "fare": "12.5", "trip_start_hour": "15", "company": "A",
        "tips": "1"}  # fmt: skip


@pytest.mark.parametrize("prediction", [0.25, [0.25], {"outputs": 0.25}, {"outputs": [0.25]}])
def test_each_trip_is_a_request_with_an_id(prediction: object) -> None:
    answer = Answer(200, {"predictions": [prediction]}, (("X-Request-Id", "abc"),))
    with answering(answer) as (url, received):
        found = ask(urlsplit(url).port or 0, [TRIP, TRIP])
    assert [each.request for each in found] == ["abc", "abc"]
    assert found[0].probability == 0.25
    assert received[0].path == "/v1/models/taxi:predict"
    assert received[0].body == {"instances": [{"fare": 12.5, "trip_start_hour": 15,
                                               "company": "A"}]}  # fmt: skip


@pytest.mark.parametrize("answer", [Answer(400, {"error": "no"}), Answer(200, {}), Answer(200, 3)])
def test_a_server_that_does_not_answer_is_told(answer: Answer) -> None:
    with answering(answer) as (url, _), pytest.raises(MonitoringError, match="does not answer"):
        ask(urlsplit(url).port or 0, [TRIP])


def test_nobody_is_told() -> None:
    with pytest.raises(MonitoringError, match="ConnectionRefused"):
        ask(1, [TRIP])
