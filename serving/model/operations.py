"""Operations that TensorFlow itself has not: registered from the packages that have them.

TensorFlow Serving's image has those of TensorFlow Text and of TensorFlow Decision Forests built in.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any, NamedTuple

from tensorflow.python.framework import op_def_registry
from tensorflow.python.saved_model import loader_impl

from serving.core.errors import Code, ServingError


class _Package(NamedTuple):
    module: str
    called: str
    operations: re.Pattern[str]
    remedy: str


_PACKAGES = (
    _Package(
        "tensorflow_text",
        "TensorFlow Text",
        re.compile(
            r"TFText>.*|Sentencepiece.*|.*(Tokeniz|Detokeniz).*|CaseFoldUTF8|NormalizeUTF8.*"
            r"|RegexSplitWithOffsets|FastBertNormalize|FindSourceOffsets|SentenceFragments.*"
            r"|ConstrainedSequence|MaxSpanningTree|RougeL"
        ),
        "Install it where the server runs: uv sync --group tensorflow-ops.",
    ),
    _Package(
        "tensorflow_decision_forests",
        "TensorFlow Decision Forests",
        re.compile(r"SimpleML.*"),
        "Install tensorflow-decision-forests, in the version for this TensorFlow, where the server "
        "runs.",
    ),
)


def register(path: Path) -> None:
    """Registers the operations that a SavedModel needs beside TensorFlow's own.

    Args:
        path: The folder with `saved_model.pb`.

    Raises:
        ServingError: A package that has some is not installed, or none is known to.
    """
    unknown = _unknown(_operations(path))
    for package in _PACKAGES:
        needed = [name for name in unknown if package.operations.fullmatch(name)]
        if not needed:
            continue
        try:
            importlib.import_module(package.module)
        except Exception as error:  # of another TensorFlow, it fails in its library
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"{path} needs {package.called}, which cannot be imported here: {_some(needed)}",
                f"{type(error).__name__}: {error}".splitlines()[0],
                package.remedy,
            ) from error
    if unknown := _unknown(unknown):
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"{path} needs operations that this TensorFlow has not: {_some(unknown)}",
            "",
            "Export it with operations of TensorFlow, of TensorFlow Text or of Decision Forests.",
        )


def _operations(path: Path) -> set[str]:
    """The operations of a SavedModel's graphs; none where it cannot be read, as the loader says."""
    try:
        graphs = loader_impl.parse_saved_model(str(path)).meta_graphs
    except Exception:  # what protobuf and files raise
        return set()
    found: set[str] = set()
    for graph in graphs:
        listed = graph.meta_info_def.stripped_op_list.op
        found.update(op.name for op in listed) if listed else found.update(_of(graph.graph_def))
    return found


def _of(graph: Any) -> set[str]:
    functions = {function.signature.name for function in graph.library.function}
    nodes = [*graph.node, *(n for function in graph.library.function for n in function.node_def)]
    return {node.op for node in nodes} - functions


def _unknown(names: set[str]) -> set[str]:
    return {name for name in names if op_def_registry.get(name) is None}


def _some(names: Any) -> str:
    listed = sorted(names)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
