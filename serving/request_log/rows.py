"""Logged bodies as rows: one for each instance of a request, with its prediction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from serving.core.hooks import Entry

_DEFAULT = "serving_default"
_NOTHING = object()


def signature_name(entry: Entry) -> str:
    """Which signature a request called."""
    body = _object(entry.request)
    return body.get("signature_name") or _DEFAULT


def rows(
    entry: Entry, inputs: list[str], outputs: list[str]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The inputs and outputs of each instance, by name.

    Args:
        entry: The request and its answer.
        inputs: The signature's inputs: what an instance without names is a value of.
        outputs: The same for predictions.

    Yields:
        For each instance its inputs and outputs. A request that is no predict, classify or regress
        request yields nothing.
    """
    request, response = _object(entry.request), _object(entry.response)
    predictions = (
        response.get("predictions")
        or response.get("results")
        or _transposed(response.get("outputs"), outputs)
    )
    instances = request.get("instances")
    if instances is None and isinstance(request.get("examples"), list):
        context = request.get("context")
        shared = context if isinstance(context, dict) else {}
        instances = [
            {**shared, **row} if isinstance(row, dict) else row for row in request["examples"]
        ]
    if instances is None:
        instances = _transposed(request.get("inputs"), inputs)
    if not isinstance(instances, list):
        return
    answers = predictions if isinstance(predictions, list) else []
    for instance, answer in zip_longest(instances, answers[: len(instances)], fillvalue=_NOTHING):
        yield _named(instance, inputs), _named(answer, outputs)


def error(entry: Entry) -> str | None:
    """The message of an answer that is an error."""
    message = _object(entry.response).get("error")
    return message if isinstance(message, str) else None


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _transposed(columns: Any, names: list[str]) -> list[Any] | None:
    """Rows from columns; what is the same for all rows stays with the first."""
    if isinstance(columns, list) and len(names) == 1:
        return columns
    if not isinstance(columns, dict) or not columns:
        return None
    lists = {k: v if isinstance(v, list) else [v] for k, v in columns.items()}
    return [
        {name: value for name, value in zip(lists, row, strict=True) if value is not _NOTHING}
        for row in zip_longest(*lists.values(), fillvalue=_NOTHING)
    ]


def _named(value: Any, names: list[str]) -> dict[str, Any]:
    if value is _NOTHING or value is None:
        return {}
    if isinstance(value, dict) and value.keys() != {"b64"}:
        return value
    return {names[0] if len(names) == 1 else "value": value}
