"""What an exported model answers for the rows of a split, and which label they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tensorflow.core.framework import types_pb2

from components.profile.features import Input
from components.profile.reading import batches
from models.common import loaded_model
from models.common.labels import encoding

_ANSWERS, _TRANSFORMED = "serving_examples", "transform_features"
_ROWS = 1024
"""That are asked at once."""


@dataclass(frozen=True)
class Answers:
    """Answers and labels of some rows."""

    outputs: dict[str, np.ndarray]
    """Each output of the model, [rows, ...]."""
    label: np.ndarray
    """As the Evaluator judges by it: numbers, [rows] or [rows, values]."""


class Asked:
    """An exported model that is asked.

    Args:
        path: The folder with `saved_model.pb`.

    Raises:
        ServingError: It does not load, or a signature fails.
    """

    def __init__(self, path: str) -> None:
        self._model = loaded_model.kept(path)

    def inputs(self) -> dict[str, Input]:
        """What a request carries, by name."""
        found = self._model.signature("serving_default").inputs
        return {
            name: Input(
                types_pb2.DataType.Name(info.dtype),
                all(dimension.size >= 0 for dimension in info.tensor_shape.dim[1:]),
            )
            for name, info in sorted(found.items())
        }

    def transformed(self) -> set[str]:
        """What preprocessing returns, by name: the Evaluator slices by these first."""
        return set(self._model.signature(_TRANSFORMED).outputs)

    def answers(self, serialized: Sequence[bytes], label: str) -> Answers:
        """Asks rows, with a bounded number of them at a time.

        Args:
            serialized: The rows, as `tf.Example`s with their labels.
            label: The label among the outputs of preprocessing.
        """
        number = f"{label}{encoding.NUMBER}"
        wanted = {_ANSWERS: None, _TRANSFORMED: [number]}
        outputs: dict[str, list[np.ndarray]] = {}
        labels = []
        for batch in batches(serialized, _ROWS):
            asked = self._model.call_several(wanted, {"inputs": np.array(batch, dtype=object)})
            for name, values in asked[_ANSWERS].items():
                outputs.setdefault(name, []).append(_as_numbers(values))
            labels.append(asked[_TRANSFORMED][number])
        found = np.concatenate(labels) if labels else np.empty(0)
        return Answers(
            {name: np.concatenate(parts) for name, parts in outputs.items()},
            found.reshape(len(found)) if found.ndim == 2 and found.shape[1] == 1 else found,
        )


def _as_numbers(values: np.ndarray) -> np.ndarray:
    return values.astype(np.int64) if values.dtype.kind == "b" else values
