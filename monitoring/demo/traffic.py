"""Requests to the server, one trip each, as clients send them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from typing import NamedTuple

from monitoring.core.errors import MonitoringError
from monitoring.demo.trips import Trip, instance


class Answered(NamedTuple):
    """A request that was answered."""

    request: str
    """Its id, by which labels find it."""
    trip: Trip
    probability: float


def ask(port: int, trips: Iterable[Trip]) -> list[Answered]:
    """Asks a model about trips, one after the other, on one connection.

    Args:
        port: The server's, on this machine.
        trips: What it is asked.

    Raises:
        MonitoringError: It does not answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    answered = []
    try:
        for trip in trips:
            body = json.dumps({"instances": [instance(trip)]})
            connection.request("POST", "/v1/models/taxi:predict", body)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise _refused(f"status {answer.status}: {content[:300]!r}")
            request = answer.headers.get("X-Request-Id", "")
            answered.append(Answered(request, trip, _number(json.loads(content)["predictions"][0])))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise _refused(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
    return answered


def _number(prediction: object) -> float:
    """The one number of a prediction, however it is wrapped."""
    while isinstance(prediction, dict | list):
        prediction = next(iter(prediction.values() if isinstance(prediction, dict) else prediction))
    return float(str(prediction))


def _refused(received: str) -> MonitoringError:
    return MonitoringError(
        "The server does not answer", f"Received: {received}.", "Its log is server.log."
    )
