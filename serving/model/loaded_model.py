"""A version of a model in memory: loaded by TensorFlow's v1 loader, run through a `Session`.

The loader is Python's, not the one in C++ that TensorFlow Serving has. Both put the same graph into
the same kind of session and have it restore its variables, so that an export that fails there fails
here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.saved_model import loader_impl

from serving.core.errors import Code, ServingError
from serving.model import manifest, operations, signatures
from serving.model.signatures import Signature

# Operations run on the thread that asks: for networks of the size that a row of a table needs, a
# thread for each operation costs more than it brings. Large operations still use all cores.
_CONFIG = tf.compat.v1.ConfigProto(inter_op_parallelism_threads=-1)
_STORED = ("Var", "Mutable")
"""How the types of operations begin whose values are in `variables/`."""


class Cancelled(ServingError):  # noqa: N818  # as TensorFlow calls it
    """A run was cancelled, by `LoadedModel.cancel`."""

    def __init__(self) -> None:
        super().__init__(Code.CANCELLED, "The run was cancelled")

    def __reduce__(self) -> tuple[type[Cancelled], tuple[()]]:
        return type(self), ()


class LoadedModel:
    """A SavedModel in a session of its own.

    Args:
        path: The folder with `saved_model.pb`.

    Raises:
        ServingError: TensorFlow's loader refuses the model, or it is not what was exported.
    """

    platform = "tensorflow_savedmodel"
    """As the Open Inference Protocol calls it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reopening = threading.Lock()
        self._session, self.signatures = _opened(path)
        self._callables = self._all_callables()
        self._cancelled = False

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
            Cancelled: `cancel` was called meanwhile.
            ServingError: TensorFlow fails.
        """
        if self._cancelled:
            self._reopen()
        callables = self._callables
        try:
            outputs = callables[signature.name](*[arrays[name] for name in signature.inputs])
        except (tf.errors.OpError, OverflowError, RuntimeError, TypeError, ValueError) as error:
            if self._cancelled or self._callables is not callables:
                raise Cancelled from error
            # A model may take other shapes than it declares; where it fails, that is likely why.
            misfit = signature.misfit(arrays)
            raise _failed(error, f"{misfit}. " if misfit else "") from error
        return {
            # Tensors without dimensions come as plain values.
            info.name: np.asarray(output, dtype=info.dtype)
            for info, output in zip(signature.outputs.values(), outputs, strict=True)
        }

    def cancel(self) -> None:
        """Ends all runs that are under way; called on any thread.

        TensorFlow ends loops between two rounds, and what waits; not one long operation. It cannot
        end a single run without a switch of threads for each, which takes a small model twice its
        time. So the session is closed, and the next run opens another on the version's files.
        """
        if not self._cancelled:
            self._cancelled = True
            self._session.close()

    def _reopen(self) -> None:
        with self._reopening:
            if not self._cancelled:  # Another thread has done it.
                return
            # Clients are told, who need not know where models are stored.
            label = f"Version {self.path.name} of {self.path.parent.name}"
            try:
                session, found = _opened(self.path)
            except ServingError as error:
                told = f"{label}, of which a run was cancelled, cannot be opened again"
                raise ServingError(Code.UNAVAILABLE, told) from error
            if _definitions(found) != _definitions(self.signatures):
                session.close()
                raise ServingError(Code.UNAVAILABLE, f"{label} has changed since it was loaded")
            self._session = session
            self._callables = self._all_callables()
            self._cancelled = False

    def _all_callables(self) -> dict[str, Callable[..., list[np.ndarray]]]:
        return {name: self._callable(signature) for name, signature in self.signatures.items()}

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


def _opened(path: Path) -> tuple[tf.compat.v1.Session, dict[str, Signature]]:
    """A session with the model of a folder, and its signatures.

    Raises:
        ServingError: TensorFlow's loader refuses the model, or it is not what was exported.
    """
    manifest.check(path)
    operations.register(path)
    session = tf.compat.v1.Session(graph=tf.Graph(), config=_CONFIG)
    try:
        with session.graph.as_default():
            graph = _load(session, path)
    except Exception as error:  # the loader raises what Python's protobuf and files do, too
        session.close()
        raise _failed(error, f"{path} does not load: ") from error
    return session, signatures.read(graph.signature_def)


def _load(session: tf.compat.v1.Session, path: Path) -> Any:
    """Loads a model into a session; returns its `MetaGraphDef`."""
    if (path / "variables" / "variables.index").exists():
        return tf.compat.v1.saved_model.load(session, ["serve"], str(path))
    # TensorFlow Serving restores nothing then. So does this, if there is nothing to restore: of a
    # version that has lost its variables every request would fail.
    loader = loader_impl.SavedModelLoader(str(path))
    saver, _ = loader.load_graph(session.graph, ["serve"])
    if any(operation.type.startswith(_STORED) for operation in session.graph.get_operations()):
        loader.restore_variables(session, saver)
    loader.run_init_ops(session, ["serve"])
    return loader.get_meta_graph_def_from_tags(["serve"])


def _definitions(found: Mapping[str, Signature]) -> dict[str, Any]:
    return {name: signature.definition for name, signature in found.items()}


def _failed(error: Exception, prefix: str = "") -> ServingError:
    if isinstance(error, tf.errors.OpError):
        code = Code(error.error_code)
        text = error.message
    else:
        code = Code.NOT_FOUND if isinstance(error, OSError) else Code.INTERNAL
        text = str(error) or type(error).__name__
    return ServingError(code, f"{prefix}{text}")
