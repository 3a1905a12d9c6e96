"""Requests that a version must answer before it becomes available.

They make TensorFlow prepare what it would otherwise prepare at a client's expense, and show that
the version answers at all. A model folder may hold either or both:

* `assets.extra/known_answers.json`: rows with the answers that training computed;
* `assets.extra/tf_serving_warmup_requests`: TensorFlow Serving's own, a TFRecord of
  `PredictionLog`s. What makes it refuse a version does so here: a record that is damaged, fails
  or is of `SessionRun`, and more than 1,000 of them. Other kinds are skipped, as there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from serving.codec import grpc_requests, inference, predict_json
from serving.core import logs
from serving.core.errors import Code, ServingError
from serving.core.files import regular_file
from serving.model.loaded_model import LoadedModel
from serving.model.signatures import CLASSIFY, DEFAULT, REGRESS
from serving.model.version_folders import KNOWN_ANSWERS, WARM_UP_REQUESTS

# Other processors round otherwise; an export that lost a variable is off by more.
_TOLERANCE = 0.01
_ROUNDING = 1e-9
_MOST_RECORDS = 1000
# Who writes a version's folder may have it take what a client may not.
_MOST_BYTES = 2**31
_MOST_ROWS = 2**20


def warm_up(model: LoadedModel) -> int:
    """Asks what there is to ask; returns how many requests that were.

    Raises:
        ServingError: The version fails, or answers otherwise than training did.
    """
    return _known_answers(model) + _recorded_requests(model)


def known_answers(path: Path) -> dict[str, Any] | None:
    """The content of a version's file of known answers, if there is one that can be used."""
    try:
        content = json.loads(regular_file.read(path / KNOWN_ANSWERS))
        return content if content["rows"] and content["outputs"] else None
    except (KeyError, OSError, RecursionError, TypeError, ValueError):
        return None


def agree(answers: np.ndarray, expected: np.ndarray) -> bool:
    """Whether answers are those that were expected, within 1 %.

    Of the answer, or of the spread of all of them where that is more: their median distance from
    their median. So what is near zero is judged by how near the others are.

    Args:
        answers: Any shape.
        expected: The same shape, for it to agree.
    """
    if answers.shape != expected.shape or answers.dtype.kind not in "fiub":
        return False
    finite = expected[np.isfinite(expected)]
    spread = float(np.median(np.abs(finite - np.median(finite)))) if finite.size else 0.0
    least = max(_TOLERANCE * spread, _ROUNDING)
    return np.allclose(answers, expected, rtol=_TOLERANCE, atol=least, equal_nan=True)


def _known_answers(model: LoadedModel) -> int:
    known = known_answers(model.path)
    if known is None or DEFAULT not in model.signatures:
        return 0
    signature = model.signature(DEFAULT)
    outputs = model.run(signature, predict_json.inputs({"instances": known["rows"]}, signature))
    for name, expected in known["outputs"].items():
        if name not in outputs or not agree(outputs[name], np.asarray(expected, dtype=np.float64)):
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"{model.path} answers otherwise than training did",
                f"Output '{name}' of the rows in {KNOWN_ANSWERS}: {outputs.get(name)}, "
                f"where training computed {expected}.",
                "Export the model again.",
            )
    return 1


def _recorded_requests(model: LoadedModel) -> int:
    path = model.path / WARM_UP_REQUESTS
    if not path.exists():
        return 0
    kinds: Counter[str] = Counter()
    for number, record in enumerate(_records(path), start=1):
        if number > _MOST_RECORDS:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"Number of warmup records exceeds the maximum ({_MOST_RECORDS}) at {path}",
            )
        try:
            kinds[_ask(record, model)] += 1
        except ServingError as error:
            raise ServingError(
                error.code, f"Warmup record {number} of {path}: {error.message}"
            ) from error
    skipped = {kind: count for kind, count in kinds.items() if kind not in _KINDS}
    if skipped:
        logs.event("warm-up skipped", "warning", file=str(path), records=skipped)
    return kinds.total() - sum(skipped.values())


def _ask(record: bytes, model: LoadedModel) -> str:
    """Asks what a record holds, if it is of a kind that can be asked; returns the kind."""
    log = prediction_log_pb2.PredictionLog()
    try:
        log.ParseFromString(record)
    except DecodeError:
        raise ServingError(Code.INVALID_ARGUMENT, "Failed to parse warmup record") from None
    kind = log.WhichOneof("log_type") or "none"
    if kind == "session_run_log":
        raise ServingError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
    if kind in _KINDS:
        _KINDS[kind](getattr(log, kind).request, model)
    return kind


def _records(path: Path) -> Iterator[bytes]:
    try:
        yield from tf.compat.v1.io.tf_record_iterator(str(path))
    except tf.errors.OpError as error:
        raise ServingError(
            Code.DATA_LOSS,
            f"{path}: {error.message}. Please verify your warmup data is in TFRecord format.",
        ) from error


def _predict(request: Any, model: LoadedModel) -> None:
    model.run(*grpc_requests.predict(request, model, _MOST_BYTES))


def _classify(request: Any, model: LoadedModel) -> None:
    _infer(request.model_spec, request.input, CLASSIFY, model)


def _regress(request: Any, model: LoadedModel) -> None:
    _infer(request.model_spec, request.input, REGRESS, model)


def _multi_inference(request: Any, model: LoadedModel) -> None:
    grpc_requests.check_tasks(request.tasks, model)
    for task in request.tasks:
        _infer(task.model_spec, request.input, task.method_name, model)


def _infer(spec: Any, request_input: Any, method: str, model: LoadedModel) -> None:
    serialized = grpc_requests.examples(request_input, _MOST_ROWS)
    outputs = model.run(*grpc_requests.infer(spec, serialized, method, model))
    meaning = inference.classifications if method == CLASSIFY else inference.regressions
    meaning(outputs, len(serialized))


_KINDS: dict[str, Callable[[Any, LoadedModel], None]] = {
    "predict_log": _predict,
    "classify_log": _classify,
    "regress_log": _regress,
    "multi_inference_log": _multi_inference,
}
