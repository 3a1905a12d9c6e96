"""Requests that a version must answer before it becomes available.

They make TensorFlow prepare what it would otherwise prepare at a client's expense, and show that
the version answers at all. A model folder may hold either or both:

* `assets.extra/known_answers.json`: rows with the answers that training computed;
* `assets.extra/tf_serving_warmup_requests`: TensorFlow Serving's own, `PredictionLog`s.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving import predict_json
from serving.errors import Code, ServingError
from serving.loaded_model import LoadedModel
from serving.signatures import DEFAULT
from serving.warm_up_files import KNOWN_ANSWERS, REQUESTS

# Other processors round otherwise; an export that lost a variable is off by more.
_TOLERANCE = 0.01


def warm_up(model: LoadedModel) -> int:
    """Asks what there is to ask; returns how many requests that were.

    Raises:
        ServingError: The version fails, or answers otherwise than training did.
    """
    return _known_answers(model) + _recorded_requests(model)


def known_answers(path: Path) -> dict[str, Any] | None:
    """The content of a version's file of known answers, if there is one that can be used."""
    try:
        content = json.loads((path / KNOWN_ANSWERS).read_bytes())
        return content if content["rows"] and content["outputs"] else None
    except (KeyError, OSError, TypeError, ValueError):
        return None


def _known_answers(model: LoadedModel) -> int:
    known = known_answers(model.path)
    if known is None or DEFAULT not in model.signatures:
        return 0
    signature = model.signature(DEFAULT)
    outputs = model.run(signature, predict_json.inputs({"instances": known["rows"]}, signature))
    for name, expected in known["outputs"].items():
        computed = np.asarray(expected, dtype=np.float64)
        if name not in outputs or not np.allclose(
            outputs[name], computed, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True
        ):
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"{model.path} answers otherwise than training did",
                f"Output '{name}' of the rows in {KNOWN_ANSWERS}: {outputs.get(name)}, "
                f"where training computed {expected}.",
                "Export the model again.",
            )
    return 1


def _recorded_requests(model: LoadedModel) -> int:
    path = model.path / REQUESTS
    if not path.exists():
        return 0
    count = 0
    for record in tf.compat.v1.io.tf_record_iterator(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record)
        if log.WhichOneof("log_type") == "predict_log":
            request = log.predict_log.request
            signature = model.signature(request.model_spec.signature_name or DEFAULT)
            arrays = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            defaults = {name: info.default for name, info in signature.inputs.items()}
            model.run(signature, {**defaults, **arrays})
            count += 1
    return count
