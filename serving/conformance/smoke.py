"""Is a server that was just deployed fit to be used? Known rows, their answers, and latency.

Works on any server of TensorFlow Serving's REST API; CI/CD asks it after each deployment.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.conformance.runner import Case, ask
from serving.core.errors import Code, ServingError
from serving.core.files import regular_file
from serving.model.version_folders import KNOWN_ANSWERS

_TIMED_REQUESTS = 50


@dataclass(frozen=True)
class Expectations:
    """What a model's answers must be like."""

    rows: Sequence[Mapping[str, Any]]
    outputs: Mapping[str, Any]
    """By output name, a list with an entry for each row."""
    tolerance: float = 0.01
    smallest: float = -math.inf
    largest: float = math.inf
    latency_ms: float = 500.0
    """Of 95 of 100 requests of one row."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str


def known_answers(models: Path, model: str) -> dict[str, Any]:
    """Rows and outputs that training stored with the highest version that has them.

    Raises:
        ServingError: No version has any.
    """
    files = sorted(
        (models / model).glob(f"*/{KNOWN_ANSWERS}"), key=lambda path: path.parts[-3].zfill(20)
    )
    if not files:
        raise ServingError(
            Code.NOT_FOUND,
            f"There are no known answers for '{model}' under {models}",
            f"Looked for {models / model}/VERSION/{KNOWN_ANSWERS}.",
            "Name the file with --answers, or the serving folder with --models.",
        )
    return read_answers(files[-1])


def read_answers(path: Path) -> dict[str, Any]:
    """Reads a file of known answers.

    Raises:
        ServingError: It is not one.
    """
    try:
        content = json.loads(regular_file.read(path))
        return {"rows": content["rows"], "outputs": content["outputs"]}
    except (KeyError, OSError, RecursionError, TypeError, ValueError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{path} cannot be used",
            f"{type(error).__name__}: {error}",
            'It has to be JSON: {"rows": [{feature: value}], "outputs": {name: [value]}}.',
        ) from error


def wait_for(url: str, model: str, version: int, token: str, seconds: float) -> None:
    """Waits until a server has loaded a version; `run` says whether it has.

    Raises:
        ServingError: The server cannot be reached.
    """
    end = time.monotonic() + seconds
    case = Case("status", "", _place(model, version), method="GET")
    while time.monotonic() < end:
        status, _, body = ask(url, case, token)
        if status == 200 and b'"AVAILABLE"' in body:
            return
        time.sleep(min(2.0, max(0.0, end - time.monotonic())))


def run(
    url: str, model: str, expected: Expectations, token: str = "", version: int | None = None
) -> Iterator[Check]:
    """Asks a server.

    Args:
        url: The server's REST URL.
        model: The model.
        expected: What its answers must be like.
        token: A bearer token; empty for none.
        version: The version to ask; None for the one that requests get.

    Raises:
        ServingError: It cannot be reached.
    """
    place = _place(model, version)
    status, _, body = ask(url, Case("status", "", place, method="GET"), token)
    available = status == 200 and b'"AVAILABLE"' in body
    yield Check("a version is available", available, _shown(body))

    request = json.dumps({"signature_name": "serving_default", "instances": list(expected.rows)})
    status, _, body = ask(url, Case("predict", "", f"{place}:predict", body=request), token)
    yield Check("known rows are answered", status == 200, f"{status}: {_shown(body)}")
    if status != 200:
        return
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    predictions = answer.get("predictions") if isinstance(answer, dict) else None
    if not isinstance(predictions, list):
        # As a login page or a proxy gives, with status 200.
        yield Check("the answer is a model server's", False, _shown(body))
        return
    yield from _check_predictions(predictions, expected)

    row = json.dumps({"instances": list(expected.rows[:1])})
    times = []
    refused = 0
    for _ in range(_TIMED_REQUESTS):
        start = time.perf_counter()
        status, _, _ = ask(url, Case("predict", "", f"{place}:predict", body=row), token)
        refused += status != 200
        times.append((time.perf_counter() - start) * 1000)
    slow = sorted(times)[math.ceil(0.95 * len(times)) - 1]
    found = f"{refused} of {len(times)} were not"
    yield Check("single rows are answered", refused == 0, found)
    found = f"95 of 100 within {slow:.0f} ms, where {expected.latency_ms:.0f} ms are allowed"
    yield Check("latency", slow <= expected.latency_ms, found)


def _place(model: str, version: int | None) -> str:
    return f"/v1/models/{model}" + ("" if version is None else f"/versions/{version}")


def _check_predictions(predictions: Any, expected: Expectations) -> Iterator[Check]:
    rows = len(expected.rows)
    count = len(predictions) if isinstance(predictions, list) else 0
    yield Check("each row has a prediction", count == rows, f"{count} for {rows} rows")
    if count != rows:
        return
    columns = _columns(predictions, list(expected.outputs))
    yield Check(
        "outputs have the expected names",
        columns.keys() == expected.outputs.keys(),
        ", ".join(columns),
    )
    values = [value for column in columns.values() for value in _flat(column)]
    nulls = sum(value is None or value != value for value in values)
    yield Check("no nulls and no NaN", nulls == 0, f"{nulls} of {len(values)}")
    for name, column in columns.items():
        computed = list(_flat(expected.outputs.get(name, [])))
        served = list(_flat(column))
        wrong = sum(
            not _close(a, b, expected.tolerance) for a, b in zip(served, computed, strict=False)
        ) + abs(len(served) - len(computed))
        found = f"{wrong} of {len(computed)} differ by more than {expected.tolerance:g}"
        yield Check(f"'{name}' is what training computed", wrong == 0, found)
    numbers = [value for value in values if isinstance(value, float | int)]
    outside = sum(not expected.smallest <= number <= expected.largest for number in numbers)
    found = f"{outside} outside of {expected.smallest:g} to {expected.largest:g}"
    yield Check("predictions are in range", outside == 0, found)


def _columns(predictions: list[Any], names: list[str]) -> dict[str, list[Any]]:
    if isinstance(predictions[0], dict):
        return {
            name: [row.get(name) if isinstance(row, dict) else None for row in predictions]
            for name in predictions[0]
        }
    # A single output comes without its name.
    return {names[0] if len(names) == 1 else "": predictions}


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _close(served: Any, computed: Any, tolerance: float) -> bool:
    if isinstance(computed, str) or isinstance(served, str):
        return bool(served == computed)
    if isinstance(served, bool) != isinstance(computed, bool) or served is None:
        return False
    return math.isclose(served, computed, rel_tol=tolerance, abs_tol=tolerance)


def _shown(body: bytes) -> str:
    return body[:200].decode(errors="replace") or "an empty answer"
