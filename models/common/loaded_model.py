"""An exported model as the server loads it: by TensorFlow's v1 loader, run through a `Session`.

Python's own `tf.saved_model.load` restores variables by another path, so it accepts exports that
fail every request in a server.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from models.common.errors import ServingError
from models.common.raw_inputs import MISSING


class LoadedModel:
    """A SavedModel in a session of its own; a context manager that releases it.

    Args:
        path: The folder with `saved_model.pb`.

    Raises:
        ServingError: TensorFlow's loader refuses the model.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        try:
            with self._session.graph.as_default():
                graph = tf.compat.v1.saved_model.load(self._session, ["serve"], path)
        except (tf.errors.OpError, OSError, ValueError) as error:
            self._session.close()
            raise ServingError(
                f"{path} does not load in TensorFlow's v1 loader",
                str(error),
                "Export with models.common.export, which writes what the loader can read.",
            ) from error
        self._signatures = graph.signature_def

    def __enter__(self) -> LoadedModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    @property
    def signatures(self) -> list[str]:
        """The signatures' names, without TensorFlow's internal one."""
        return sorted(name for name in self._signatures if not name.startswith("__"))

    def signature(self, name: str) -> meta_graph_pb2.SignatureDef:
        """A signature's inputs and outputs, as the file has them.

        Raises:
            ServingError: There is no such signature.
        """
        # Looking an unknown name up would add it, empty.
        if name not in self._signatures:
            raise ServingError(
                f"{self._path} has no signature '{name}'",
                f"It has: {', '.join(self.signatures)}.",
                "Export with models.common.export.",
            )
        return self._signatures[name]

    def call(self, signature: str, tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Runs a signature; an input that is left out takes the signature's default.

        Raises:
            ServingError: There is no such signature, a required input is missing, an unknown one is
                given, or TensorFlow fails.
        """
        return self.call_several({signature: None}, tensors)[signature]

    def call_several(
        self, outputs: Mapping[str, Collection[str] | None], tensors: Mapping[str, Any]
    ) -> dict[str, dict[str, np.ndarray]]:
        """Runs signatures of the same inputs in one go, for which TensorFlow prepares once.

        Args:
            outputs: For each signature those of its outputs that are computed; None: all.
            tensors: The inputs.

        Raises:
            ServingError: As of `call`.
        """
        feeds, fetches = {}, {}
        for signature, wanted in outputs.items():
            definition = self.signature(signature)
            feeds.update(self._feeds(signature, definition, tensors))
            fetches[signature] = {
                name: info.name
                for name, info in definition.outputs.items()
                if wanted is None or name in wanted
            }
        try:
            found: dict[str, dict[str, np.ndarray]] = self._session.run(fetches, feeds)
        except (tf.errors.OpError, ValueError, TypeError) as error:
            raise ServingError(
                f"The signature '{', '.join(outputs)}' of {self._path} fails",
                str(error),
                "See whether the model's layers keep state that the export does not hold.",
            ) from error
        return found

    def _feeds(
        self, name: str, definition: meta_graph_pb2.SignatureDef, tensors: Mapping[str, Any]
    ) -> dict[str, Any]:
        missing = set(definition.inputs) - set(tensors) - set(definition.defaults)
        unknown = set(tensors) - set(definition.inputs)
        if missing or unknown:
            raise ServingError(
                f"The inputs do not fit the signature '{name}' of {self._path}",
                f"Missing: {sorted(missing)}. Unknown: {sorted(unknown)}.",
                f"Inputs: {sorted(definition.inputs)}.",
            )
        return {
            info.name: tensors[key] if key in tensors else tf.make_ndarray(definition.defaults[key])
            for key, info in definition.inputs.items()
        }

    def predict_rows(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
        """Asks `serving_default` a batch of JSON rows; a row may lack optional features.

        Raises:
            ServingError: A row lacks a required feature or has a value that does not fit it.
        """
        definition = self.signature("serving_default")
        tensors = {}
        for name, info in definition.inputs.items():
            values = [row.get(name) for row in rows]
            given = [value is not None for value in values]
            # What is left out takes the signature's default; without one it is refused.
            if all(given) or (any(given) and name in definition.defaults):
                try:
                    tensors[name] = _batch(values, info)
                except (ArithmeticError, KeyError, TypeError, ValueError) as error:
                    raise ServingError(
                        f"A value of '{name}' does not fit the signature 'serving_default' "
                        f"of {self._path}",
                        f"Expected: {tf.as_dtype(info.dtype).name}. Received: {values}. {error}",
                        "Send values of the type that the signature names.",
                    ) from error
        return self.call("serving_default", tensors)


_kept: dict[tuple[str, int, int], LoadedModel] = {}


def kept(path: str) -> LoadedModel:
    """A model that stays loaded until this is called for another one.

    The nodes that ask an export follow each other, and to load one of thousands of inputs takes
    longer than its answers.

    Args:
        path: The folder with `saved_model.pb`.

    Raises:
        ServingError: TensorFlow's loader refuses the model.
    """
    try:
        found = tf.io.gfile.stat(f"{path}/saved_model.pb")
    except tf.errors.OpError:
        return LoadedModel(path)  # Which tells what is wrong with it.
    key = path, found.mtime_nsec, found.length
    if key not in _kept:
        while _kept:
            _kept.popitem()[1].__exit__(None, None, None)
        _kept[key] = LoadedModel(path)
    return _kept[key]


def _batch(values: Sequence[Any], info: meta_graph_pb2.TensorInfo) -> np.ndarray:
    """One input of a batch; lists are padded to the longest with the marker of a missing value."""
    dtype = tf.as_dtype(info.dtype)
    cells = [MISSING[dtype] if value is None else _bytes(value) for value in values]
    if [dimension.size for dimension in info.tensor_shape.dim[1:]] == [-1]:
        lists = [cell if isinstance(cell, list) else [cell] for cell in cells]
        longest = max(map(len, lists), default=0)
        cells = [items + [MISSING[dtype]] * (longest - len(items)) for items in lists]
    return np.array(cells, dtype=object if dtype == tf.string else dtype.as_numpy_dtype)


def _bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [_bytes(item) for item in value]
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value
