"""Logged requests and answers as rows: one for each instance, with what was answered.

Bodies are those of TensorFlow Serving's REST API, whatever protocol a client used: the server logs
the others in this form.
"""

from __future__ import annotations

import itertools
import json
import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from monitoring.summary.rows import Column

DEFAULT = "serving_default"
_NOTHING = object()

Row = dict[str, Any]


class Names(NamedTuple):
    """A version's inputs and outputs, by which values without a name are known."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Answered(NamedTuple):
    """The rows of a request."""

    inputs: list[Row]
    outputs: list[Row] | None
    """None: of another signature, whose outputs are not those that are compared."""


def loads(text: bytes | str) -> Any:
    """A JSON value, in which NaN and Infinity may be numbers; None where it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # Python's own parser takes the rest, at a tenth of the speed.
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None


def answered(request: bytes | str, response: bytes | str, names: Names) -> Answered:
    """The rows of a request that was answered.

    Requests of another signature count where all their inputs are the version's.

    Args:
        request: Its body.
        response: The answer's body.
        names: The version's.
    """
    asked, told = _object(loads(request)), _object(loads(response))
    if usual := _usual(asked, told, names.outputs):
        return usual
    inputs = _instances(asked, names.inputs)
    signature = asked.get("signature_name") or DEFAULT
    other = signature != DEFAULT
    if other and not all(row and row.keys() <= set(names.inputs) for row in inputs):
        return Answered([], None)
    predictions = told.get("predictions")
    if predictions is None:
        predictions = told.get("results")
    if predictions is None:
        predictions = _transposed(told.get("outputs"), names.outputs)
    if not isinstance(predictions, list) or (other and not _all_named(predictions, names)):
        return Answered(inputs, None)
    # What lacks an answer has none; what is answered beyond the instances belongs to no row.
    some = predictions[: len(inputs)]
    some += [None] * (len(inputs) - len(some))
    return Answered(inputs, [_answer(one, names.outputs) for one in some])


class Plain(NamedTuple):
    """Requests as most are: all rows have the same names, and a number was answered for each."""

    inputs: dict[str, list[Any]]
    outputs: dict[str, list[Any]]
    sizes: list[int]
    """[requests]: how many rows each has."""

    def rows(self, requests: np.ndarray) -> Plain:
        """Those of some requests, ascending."""
        if len(requests) == len(self.sizes):
            return self
        sizes = np.array(self.sizes, dtype=np.int64)
        chosen = np.repeat(np.isin(np.arange(len(sizes)), requests), sizes).tolist()

        def some(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
            return {name: list(itertools.compress(all_, chosen)) for name, all_ in columns.items()}

        return Plain(some(self.inputs), some(self.outputs), sizes[requests].tolist())


def plain(
    requests: Sequence[bytes | str], responses: Sequence[bytes | str], names: Names
) -> Plain | None:
    """What `answered` says of each, as columns, in a third of the time; None: some are otherwise.

    A row's values are taken at once, and what JSON made is let go: kept, it would not stay near the
    processor.
    """
    rows: list[tuple[Any, ...]] = []
    answers: list[Any] = []
    sizes: list[int] = []
    try:
        first = tuple(orjson.loads(requests[0])["instances"][0])
        if len(first) < 2:
            return None
        values = operator.itemgetter(*first)
        for request, response in zip(requests, responses, strict=True):
            asked, predictions = orjson.loads(request), orjson.loads(response)["predictions"]
            instances = asked["instances"]
            if len(asked) > 1 or len(instances) != len(predictions):
                return None
            for row in instances:
                rows.append(values(row))
                if len(row) != len(first):
                    return None
            answers += predictions
            sizes.append(len(instances))
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    if set(map(type, answers)) != {float}:
        return None
    columns = map(list, zip(*rows, strict=True))
    output = names.outputs[0] if len(names.outputs) == 1 else "value"
    return Plain(dict(zip(first, columns, strict=True)), {output: answers}, sizes)


def as_columns(rows: Sequence[Row]) -> Mapping[str, Column]:
    """Rows as columns; None where a row lacks a name."""
    names = dict.fromkeys(itertools.chain.from_iterable(rows))
    return {name: [row.get(name) for row in rows] for name in names}


def _usual(asked: Row, told: Row, outputs: Sequence[str]) -> Answered | None:
    """Rows with names and a number for each, as most requests are; others take twice the time."""
    rows, answers = asked.get("instances"), told.get("predictions")
    if len(asked) > 1 or type(rows) is not list or type(answers) is not list:
        return None
    if len(rows) != len(answers) or set(map(type, answers)) != {float}:
        return None
    if set(map(type, rows)) != {dict} or min(map(len, rows)) < 2:
        return None
    name = outputs[0] if len(outputs) == 1 else "value"
    return Answered(rows, [{name: answer} for answer in answers])


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _instances(asked: Row, names: Sequence[str]) -> list[Row]:
    instances = asked.get("instances")
    if instances is None and isinstance(asked.get("examples"), list):
        context = _object(asked.get("context"))
        instances = [
            {**context, **row} if isinstance(row, dict) else row for row in asked["examples"]
        ]
    if instances is None:
        instances = _transposed(asked.get("inputs"), names)
    if not isinstance(instances, list):
        return []
    return [_named(instance, names) for instance in instances]


def _transposed(columns: Any, names: Sequence[str]) -> list[Any] | None:
    """Rows from columns; what is the same for all rows stays with the first."""
    if isinstance(columns, list) and len(names) == 1:
        return columns
    if not isinstance(columns, dict) or not columns:
        return None
    lists = {name: v if isinstance(v, list) else [v] for name, v in columns.items()}
    return [
        {name: value for name, value in zip(lists, row, strict=True) if value is not _NOTHING}
        for row in itertools.zip_longest(*lists.values(), fillvalue=_NOTHING)
    ]


def _named(value: Any, names: Sequence[str]) -> Row:
    """A row by names; where there is one input alone, its value has none."""
    if value is None:
        return {}
    if isinstance(value, dict) and not (len(value) == 1 and "b64" in value):
        return value
    return {names[0] if len(names) == 1 else "value": value}


def _answer(value: Any, names: Sequence[str]) -> Row:
    if (
        type(value) is list and value and all(map(_is_pair, value))
    ):  # Of `classify`: each class with its score.
        return {"classes": [one[0] for one in value], "scores": [one[1] for one in value]}
    return _named(value, names)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _all_named(predictions: list[Any], names: Names) -> bool:
    return all(isinstance(one, dict) and one.keys() <= set(names.outputs) for one in predictions)
