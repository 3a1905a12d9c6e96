"""Asks an exported model a few rows, loaded as a server would load it, before it may be pushed.

TFX's InfraValidator does the same in a container, and so needs Docker or Kubernetes.
"""

import json

import numpy as np
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from models.common import known_answers, loaded_model
from models.common.errors import ServingError

SIGNATURES = {"serving_default", "serving_examples", "transform_features"}


@component
def ServingCheck(  # noqa: N802
    model: InputArtifact[standard_artifacts.Model],
    code: Parameter[str],
    blessing: OutputArtifact[standard_artifacts.InfraBlessing],
) -> None:
    """Gives its blessing to a model that answers as training computed.

    Args:
        model: The exported model.
        code: JSON object: hashes of this check's own files by path, for the cache to see an edit.
        blessing: What the Pusher waits for.

    Raises:
        ServingError: The model does not load, does not answer, or answers something else.
    """
    check(path_utils.serving_model_path(model.uri))
    blessing.set_int_custom_property("blessed", 1)


def check(path: str) -> None:
    """Compares the answers of the exported model at this path with those stored beside it.

    Raises:
        ServingError: The model does not load, does not answer, or answers something else.
    """
    with fileio.open(f"{path}/{known_answers.PATH}") as file:
        known = json.load(file)
    model = loaded_model.kept(path)
    missing = SIGNATURES - set(model.signatures)
    if missing:
        raise ServingError(
            f"The exported model lacks the signature {', '.join(sorted(missing))}",
            f"It has: {', '.join(model.signatures)}.",
            "Export with models.common.export.",
        )
    examples = [known_answers.decode(example) for example in known["examples"]]
    answers = {
        "serving_default, all rows": model.predict_rows(known["rows"]),
        "serving_default, row by row": _concatenate(
            [model.predict_rows([row]) for row in known["rows"]]
        ),
        "serving_examples": model.call(
            "serving_examples", {"inputs": np.array(examples, dtype=object)}
        ),
    }
    for how, outputs in answers.items():
        _compare(how, outputs, known["outputs"])


def _concatenate(outputs: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([output[name] for output in outputs]) for name in outputs[0]}


def _compare(
    how: str, outputs: dict[str, np.ndarray], expected: dict[str, list[list[float]]]
) -> None:
    if set(outputs) != set(expected):
        raise ServingError(
            f"The exported model answers with other names ({how})",
            f"Expected: {sorted(expected)}. Received: {sorted(outputs)}.",
            "Let the network return the same outputs in training and in serving.",
        )
    for name, values in expected.items():
        answer, wanted = outputs[name], np.array(values)
        if answer.shape != wanted.shape:
            raise ServingError(
                f"The exported model's '{name}' has another shape ({how})",
                f"Expected: {wanted.shape}. Received: {answer.shape}.",
                "Let the network keep one answer a row.",
            )
        if answer.dtype.kind == "f" and not np.isfinite(answer).all():
            raise ServingError(
                f"The exported model answers NaN or infinity for '{name}' ({how})",
                f"Received: {answer.tolist()}.",
                "Look for features that can be missing and are not filled in preprocessing_fn.",
            )
        same = (
            np.allclose(answer, wanted, rtol=1e-3, atol=1e-5)
            if answer.dtype.kind in "fiub"
            else np.array_equal(np.char.decode(answer.astype(bytes)), wanted)
        )
        if not same:
            raise ServingError(
                f"The exported model's '{name}' differs from what training computed ({how})",
                f"Expected: {wanted.tolist()}. Received: {answer.tolist()}.",
                "See whether preprocessing depends on the batch, or the network on training mode.",
            )
