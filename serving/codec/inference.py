"""Classification and regression: which signatures do it, and what their outputs mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from serving.core.errors import Code, ServingError
from serving.model.signatures import CLASSIFY, REGRESS, Signature

INPUT = "inputs"
CLASSES, SCORES, VALUES = "classes", "scores", "outputs"

_KINDS = {CLASSIFY: "classification", REGRESS: "regression"}
_MOST_CONTEXT_BYTES = 64 * 2**20
"""Of a context, once each example has it: a short request must not become a long tensor."""


def with_context(context: bytes, examples: Sequence[bytes]) -> list[bytes]:
    """Serialized examples, each with the features of a serialized context.

    Raises:
        ServingError: The context is too long for so many examples.
    """
    if len(context) * len(examples) > _MOST_CONTEXT_BYTES:
        raise _refused(
            f"The context's {len(context)} bytes are too many for {len(examples)} examples: "
            f"together they may take {_MOST_CONTEXT_BYTES} bytes"
        )
    # Serialized messages of one type, one after the other, are the merged message.
    return [context + example for example in examples]


def signature_and_inputs(
    name: str, examples: Sequence[bytes], method: str, signatures: Mapping[str, Signature]
) -> tuple[Signature, dict[str, np.ndarray]]:
    """A signature by name, and the tensors that it is called with.

    Raises:
        ServingError: There is none of that name, it is for another method, or there are no
            examples.
    """
    if name not in signatures:
        raise _refused(f"No signature was found with the name: {name}")
    return signatures[name], inputs(examples, signatures[name], method)


def inputs(examples: Sequence[bytes], signature: Signature, method: str) -> dict[str, np.ndarray]:
    """The tensors of a request of serialized `tf.Example`s.

    Raises:
        ServingError: The signature's inputs or outputs are not those of the method, or there are no
            examples.
    """
    if len(signature.inputs) != 1:
        raise _refused("Expected one input Tensor.")
    outputs = signature.outputs
    if method == CLASSIFY and len(outputs) not in (1, 2):
        raise _refused(f"Expected one or two output Tensors, found {len(outputs)}")
    if method == REGRESS and len(outputs) != 1:
        raise _refused("Expected one output Tensor.")
    if INPUT not in signature.inputs:
        raise _refused(f"No {_KINDS[method]} inputs found in SignatureDef")
    if method == CLASSIFY and not outputs.keys() & {CLASSES, SCORES}:
        raise _refused(
            "Expected classification signature outputs to contain at least one of "
            f'"{CLASSES}" or "{SCORES}".'
        )
    if method == REGRESS and VALUES not in outputs:
        raise _refused("No regression outputs found in SignatureDef")
    if not examples:
        raise _refused("Input is empty.")
    batch = np.empty(len(examples), dtype=object)
    batch[:] = examples
    return {INPUT: batch}


def classifications(
    outputs: Mapping[str, np.ndarray], examples: int
) -> list[list[tuple[bytes, np.float32]]]:
    """For each example its labels with their scores; what the model does not give is empty or 0.

    Raises:
        ServingError: The model's outputs are no classification.
    """
    classes, scores = outputs.get(CLASSES), outputs.get(SCORES)
    given = [array for array in (classes, scores) if array is not None]
    for name, array, kind in ((CLASSES, classes, "O"), (SCORES, scores, "f")):
        if array is None:
            continue
        if array.ndim != 2:
            raise _refused(
                f"Expected Tensor shape: [batch_size num_classes] but got {list(array.shape)}"
            )
        if array.dtype.kind != kind:
            raise _refused(f"Expected {name} Tensor of another type. Got: {array.dtype.name}")
        if len(array) != examples:
            raise _refused(f"Expected {name} output batch size of {examples}. Got: {len(array)}")
    if len({array.shape[1] for array in given}) > 1:
        raise _refused("Tensors class and score should match in dim_size(1).")
    shape = given[0].shape
    labels = np.full(shape, b"", dtype=object) if classes is None else classes
    numbers = np.zeros(shape, np.float32) if scores is None else scores
    return [list(zip(*row, strict=True)) for row in zip(labels, numbers, strict=True)]


def regressions(outputs: Mapping[str, np.ndarray], examples: int) -> np.ndarray:
    """For each example its value, [examples] of float32.

    Raises:
        ServingError: The model's output is no regression.
    """
    values = outputs[VALUES]
    if values.ndim not in (1, 2) or values.shape[1:] not in ((), (1,)):
        raise _refused(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            f"{list(values.shape)}"
        )
    if len(values) != examples:
        raise _refused(f"Expected output batch size to be {examples}. Got: {len(values)}")
    if values.dtype != np.float32:
        raise _refused(f"Expected output Tensor of DT_FLOAT. Got: {values.dtype.name}")
    return values.reshape(-1)


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
