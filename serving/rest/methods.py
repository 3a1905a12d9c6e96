"""`:predict`, `:classify` and `:regress`: from a body to a body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import parse_qsl

import numpy as np

from serving.codec import examples_json, inference, long_json, predict_json, typed_json
from serving.core import background, json_text
from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer
from serving.core.model_spec import ModelSpec
from serving.engine.batcher import wrong_rows
from serving.engine.engine import Engine, Result
from serving.engine.versions import Version
from serving.model.signatures import CLASSIFY, DEFAULT, REGRESS, Arrays, Signature, TensorInfo


async def predict(engine: Engine, spec: ModelSpec, body: bytes) -> Answer:
    """`:predict`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    long = len(body) > background.LONG
    count: int | None = None
    """Of the rows; None of columns."""

    def prepare(version: Version) -> tuple[Signature, Arrays]:
        nonlocal count
        most = engine.versions.limits.rows
        if long:
            signature, arrays, count = long_json.predict(body, version.loaded.signature, most)
            return signature, arrays
        usual = version.loaded.signatures.get(DEFAULT)
        typed = typed_json.arrays(body, usual) if usual else None
        if usual and typed:
            count = len(next(iter(typed.values())))
            return usual, typed
        request = json_text.parse(body)
        signature = version.loaded.signature(predict_json.signature_name(request))
        count = len(request["instances"]) if predict_json.in_rows(request) else None
        if count is not None and count > most:
            raise long_json.too_many(count, most)
        return signature, predict_json.inputs(request, signature)

    result = await engine.run(spec, prepare, long)
    rows = count is not None
    wrong = wrong_rows(result.outputs, count) if count is not None else None
    if wrong is not None:
        raise wrong
    answer = partial(predict_json.answer, result.outputs, result.signature.outputs, rows)
    text = await background.run(answer) if predict_json.is_long(result.outputs) else answer()
    return Answer(text, version=result.version, label=result.label)


async def classify(engine: Engine, spec: ModelSpec, body: bytes) -> Answer:
    """`:classify`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    result, count = await _run_examples(engine, spec, body, CLASSIFY)
    rows = inference.classifications(result.outputs, count)
    values = [
        [[label.decode(errors="replace"), json_text.shortest(score)] for label, score in row]
        for row in rows
    ]
    return Answer(_results(values), version=result.version, label=result.label)


async def regress(engine: Engine, spec: ModelSpec, body: bytes) -> Answer:
    """`:regress`.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    result, count = await _run_examples(engine, spec, body, REGRESS)
    numbers = inference.regressions(result.outputs, count)
    values = [json_text.shortest(number) for number in numbers]
    return Answer(_results(values), version=result.version, label=result.label)


METHODS: dict[str, Callable[[Engine, ModelSpec, bytes], Awaitable[Answer]]] = {
    "predict": predict,
    "classify": classify,
    "regress": regress,
    "form": predict,
}


def form_request(query: bytes, version: Version) -> bytes:
    """A query such as `x=25&y=a` as the JSON of a request with one row.

    Raises:
        ServingError: A value is not of its input's type.
    """
    inputs = version.loaded.signature(DEFAULT).inputs
    row: dict[str, object] = {}
    try:
        pairs = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        raise ServingError(Code.INVALID_ARGUMENT, f"The query cannot be read: {error}") from None
    for name, text in pairs:
        # An unknown name is refused with the row, in words that name the known ones.
        row[name] = _value(text, inputs[name]) if name in inputs else text
    return json_text.dump_special({"instances": [row]})


def _value(text: str, info: TensorInfo) -> object:
    kind = info.dtype.kind
    try:
        if kind == "b":
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        value = {"f": float, "i": int, "u": int}.get(kind, str)(text)
    except (KeyError, ValueError):
        raise ServingError(
            Code.INVALID_ARGUMENT, f"{info.name}={text} is not of expected type: {info.type_name}"
        ) from None
    # A list of any length takes a single value as a list of one.
    return [value] if info.shape is not None and len(info.shape) == 2 else value


async def _run_examples(
    engine: Engine, spec: ModelSpec, body: bytes, method: str
) -> tuple[Result, int]:
    most = engine.versions.limits.rows
    if len(body) > background.LONG:
        name, examples = await background.run(partial(long_json.examples, body, most))
    else:
        request = json_text.parse(body)
        name = predict_json.signature_name(request)
        if isinstance(request.get("examples"), list) and len(request["examples"]) > most:
            raise long_json.too_many(len(request["examples"]), most)
        examples = examples_json.serialized(request)

    def prepare(version: Version) -> tuple[Signature, Arrays]:
        return inference.signature_and_inputs(name, examples, method, version.loaded.signatures)

    result = await engine.run(spec, prepare)
    engine.metrics.examples.observe(len(examples), spec.name)
    return result, len(examples)


def _results(values: list[object] | list[list[list[object]]] | list[float]) -> bytes:
    finite = all(np.isfinite(number) for number in values if isinstance(number, float))
    dump = json_text.dump if finite else json_text.dump_special
    return dump({"results": values})
