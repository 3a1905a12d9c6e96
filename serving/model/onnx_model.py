"""A version in ONNX's format in memory, run by ONNX Runtime."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from serving.core.errors import Code, ServingError
from serving.model import manifest, onnx_files, signatures
from serving.model.loaded_model import Cancelled, LoadedModel
from serving.model.signatures import DEFAULT, PREDICT, Signature
from serving.model.version_folders import ONNX_FILE

# ONNX Runtime's names of types; those that neither JSON nor a client of gRPC could send are not in.
_TYPES = {
    "tensor(bool)": tf.bool, "tensor(string)": tf.string,
    "tensor(float16)": tf.float16, "tensor(float)": tf.float32, "tensor(double)": tf.float64,
    "tensor(int8)": tf.int8, "tensor(int16)": tf.int16, "tensor(int32)": tf.int32,
    "tensor(int64)": tf.int64, "tensor(uint8)": tf.uint8, "tensor(uint16)": tf.uint16,
    "tensor(uint32)": tf.uint32, "tensor(uint64)": tf.uint64,
}  # fmt: skip


class OnnxModel(LoadedModel):
    """A model in a session of ONNX Runtime's, with the one signature `serving_default`.

    Args:
        path: The folder with `model.onnx`.

    Raises:
        ServingError: ONNX Runtime is not installed or refuses the model, or it is not what was
            exported.
    """

    platform = "onnx_onnxv1"

    def __init__(self, path: Path) -> None:
        self.path = path
        manifest.check(path)
        onnx_files.external(path / ONNX_FILE)
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.log_severity_level = 4  # What goes wrong comes as exceptions.
        # A thread that waits for work must not take the time of those that have some.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        try:
            self._onnx = runtime.InferenceSession(
                str(path / ONNX_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's exceptions have no class in common
            raise ServingError(Code.INVALID_ARGUMENT, f"{path} does not load: {error}") from error
        self._run_options = runtime.RunOptions
        self._running: set[Any] = set()
        self._lock = threading.Lock()
        self.signatures = signatures.read({DEFAULT: _definition(self._onnx)})

    def run(self, signature: Signature, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs the signature; `arrays` holds each of its inputs.

        Raises:
            Cancelled: `cancel` was called meanwhile.
            ServingError: ONNX Runtime fails.
        """
        fed = {name: _as_text(array, name) for name, array in arrays.items()}
        options = self._run_options()
        with self._lock:
            self._running.add(options)
        try:
            outputs = self._onnx.run(list(signature.outputs), fed, options)
        except Exception as error:  # ONNX Runtime's exceptions have no class in common
            if options.terminate:
                raise Cancelled from error
            misfit = signature.misfit(arrays)
            code = Code.INVALID_ARGUMENT if misfit or _blames(error) else Code.INTERNAL
            raise ServingError(code, f"{f'{misfit}. ' if misfit else ''}{error}") from error
        finally:
            with self._lock:
                self._running.discard(options)
        return {
            info.name: _as_bytes(output) if info.dtype.kind == "O" else np.asarray(output)
            for info, output in zip(signature.outputs.values(), outputs, strict=True)
        }

    def cancel(self) -> None:
        """Ends all runs that are under way, between two operations; called on any thread."""
        with self._lock:
            for options in self._running:
                options.terminate = True

    def close(self) -> None:
        """Releases the session's memory."""
        del self._onnx


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            "A model in ONNX's format needs the package onnxruntime, which is not installed",
            str(error),
            "Install it: uv sync --group onnx",
        ) from error
    return onnxruntime


def _blames(error: Exception) -> bool:
    """Whether ONNX Runtime says that the request is at fault."""
    return type(error).__name__ == "InvalidArgument"


def _definition(session: Any) -> Any:
    """The model's inputs and outputs as a `SignatureDef`, for metadata."""
    definition = meta_graph_pb2.SignatureDef(method_name=PREDICT)
    for told, infos in (
        (session.get_inputs(), definition.inputs),
        (session.get_outputs(), definition.outputs),
    ):
        for one in told:
            if one.type not in _TYPES:
                remedy = "Export it with tensors alone (scikit-learn: options={'zipmap': False})."
                raise ServingError(
                    Code.UNIMPLEMENTED, f"'{one.name}' is of type {one.type}, which is no tensor",
                    "", remedy,
                )  # fmt: skip
            info = infos[one.name]
            info.name, info.dtype = one.name, _TYPES[one.type].as_datatype_enum
            info.tensor_shape.SetInParent()
            # What has a name, such as a batch's size, may be any.
            for size in one.shape or ():
                info.tensor_shape.dim.add(size=size if isinstance(size, int) else -1)
    return definition


def _as_text(array: np.ndarray, name: str) -> np.ndarray:
    """An input as ONNX Runtime takes it: strings are text there."""
    if array.dtype.kind != "O":
        return np.ascontiguousarray(array) if array.ndim else array
    made = np.empty(array.size, dtype=object)
    try:
        made[:] = [value.decode() for value in array.ravel()]
    except UnicodeDecodeError:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"Input '{name}': strings must be UTF-8 for a model in ONNX"
        ) from None
    return made.reshape(array.shape)


def _as_bytes(output: Any) -> np.ndarray:
    array = np.asarray(output, dtype=object)
    made = np.empty(array.size, dtype=object)
    made[:] = [str(value).encode() for value in array.ravel()]
    return made.reshape(array.shape)
