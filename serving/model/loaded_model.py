"""A version of a model in memory: loaded by TensorFlow's C++ loader, run through a v1 `Session`.

That is how TensorFlow Serving loads, so that an export that fails there fails here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from serving.core.errors import Code, ServingError
from serving.model import manifest, signatures
from serving.model.signatures import Signature

# Operations run on the thread that asks: for networks of the size that a row of a table needs, a
# thread for each operation costs more than it brings. Large operations still use all cores.
_CONFIG = tf.compat.v1.ConfigProto(inter_op_parallelism_threads=-1)


class LoadedModel:
    """A SavedModel in a session of its own.

    Args:
        path: The folder with `saved_model.pb`.

    Raises:
        ServingError: TensorFlow's loader refuses the model, or it is not what was exported.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        manifest.check(path)
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=_CONFIG)
        try:
            with self._session.graph.as_default():
                graph = tf.compat.v1.saved_model.load(self._session, ["serve"], str(path))
        except Exception as error:  # the loader raises what Python's protobuf and files do, too
            self._session.close()
            raise _failed(error, f"{path} does not load: ") from error
        self.signatures = signatures.read(graph.signature_def)
        self._callables: dict[str, Callable[..., list[np.ndarray]]] = {
            name: self._callable(signature) for name, signature in self.signatures.items()
        }

    def signature(self, name: str) -> Signature:
        """A signature by name.

        Raises:
            ServingError: The model has none of that name.
        """
        if name not in self.signatures:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f'Serving signature name: "{name}" not found in signature def',
            )
        return self.signatures[name]

    def run(self, signature: Signature, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature; `arrays` holds each of its inputs.

        Raises:
            ServingError: TensorFlow fails.
        """
        try:
            outputs = self._callables[signature.name](*[arrays[name] for name in signature.inputs])
        except (tf.errors.OpError, OverflowError, RuntimeError, TypeError, ValueError) as error:
            # A model may take other shapes than it declares; where it fails, that is likely why.
            misfit = signature.misfit(arrays)
            raise _failed(error, f"{misfit}. " if misfit else "") from error
        return {
            # Tensors without dimensions come as plain values.
            info.name: np.asarray(output, dtype=info.dtype)
            for info, output in zip(signature.outputs.values(), outputs, strict=True)
        }

    def _callable(self, signature: Signature) -> Callable[..., list[np.ndarray]]:
        # What Keras used as well. The public `make_callable` ends in `Session.run`, which takes a
        # third of the time of a small model, and refuses shapes that TensorFlow Serving takes.
        return self._session._make_callable_from_options(
            config_pb2.CallableOptions(
                feed=[info.tensor for info in signature.inputs.values()],
                fetch=[info.tensor for info in signature.outputs.values()],
            )
        )

    def close(self) -> None:
        """Releases the session's memory."""
        self._callables.clear()
        self._session.close()


def _failed(error: Exception, prefix: str = "") -> ServingError:
    if isinstance(error, tf.errors.OpError):
        code = Code(error.error_code)
        text = error.message
    else:
        code = Code.NOT_FOUND if isinstance(error, OSError) else Code.INTERNAL
        text = str(error) or type(error).__name__
    return ServingError(code, f"{prefix}{text}")
