"""Inputs of a signature under any name that a column can have.

TensorFlow makes a function's arguments of a signature's inputs, and cannot export some names:
with parentheses, a colon or an umlaut, `self`, from Python 3.11 on `class` and other keywords, or
two that differ in case alone. A SavedModel itself has no such limit. So a signature is traced with
safe names, and the real ones are written into the exported file.

Python's `tf.saved_model.load` takes the real names too, but for two limits of its own: `self` is
not among its keywords, and it takes `a b` and `a:b` for one name. There, the safe names serve.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LONGEST = 100
_FINGERPRINT = "fingerprint.pb"
_NOT_ARGUMENTS = ("self", "args", "kwargs")
"""What TensorFlow's own functions call their arguments."""


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """A name for each that TensorFlow takes as an argument's, by the name itself.

    Names that are safe as they are stay so; no two differ in case alone.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=lambda name: (not _is_safe(name), name)):
        safe = name if _is_safe(name) else f"input_{re.sub('[^A-Za-z0-9]+', '_', name)[:_LONGEST]}"
        candidate, number = safe, 1
        while candidate.lower() in taken:
            number += 1
            candidate = f"{safe}_{number}"
        taken.add(candidate.lower())
        found[name] = candidate
    return found


def _is_safe(name: str) -> bool:
    if keyword.iskeyword(name) or name in _NOT_ARGUMENTS:
        return False
    return bool(_SAFE.fullmatch(name)) and len(name) <= _LONGEST


def rename_inputs(path: str, names: Mapping[str, Mapping[str, str]]) -> None:
    """Gives inputs of exported signatures other names, in the file.

    Args:
        path: The SavedModel's folder.
        names: For each signature the new names of its inputs, by the present ones.
    """
    if all(old == new for renamed in names.values() for old, new in renamed.items()):
        return
    file = f"{path}/{tf.saved_model.SAVED_MODEL_FILENAME_PB}"
    with tf.io.gfile.GFile(file, "rb") as opened:
        saved = saved_model_pb2.SavedModel.FromString(opened.read())
    for graph in saved.meta_graphs:
        for signature, renamed in names.items():
            definition = graph.signature_def[signature]
            _rename_keys(definition.inputs, renamed)
            _rename_keys(definition.defaults, renamed)
            _rename_keywords(graph, signature, renamed)
    with tf.io.gfile.GFile(file, "wb") as opened:
        opened.write(saved.SerializeToString(deterministic=True))
    # It tells the file's content as TensorFlow wrote it; loaders do without.
    fingerprint = f"{path}/{_FINGERPRINT}"
    if tf.io.gfile.exists(fingerprint):
        tf.io.gfile.remove(fingerprint)


def _rename_keys(messages: Any, names: Mapping[str, str]) -> None:
    """Renames keys of a map of a Protocol Buffer."""
    renamed = {names.get(key, key): type(value)() for key, value in messages.items()}
    for key, value in messages.items():
        renamed[names.get(key, key)].CopyFrom(value)
    messages.clear()
    for key, value in renamed.items():
        messages[key].CopyFrom(value)


def _rename_keywords(
    graph: meta_graph_pb2.MetaGraphDef, signature: str, names: Mapping[str, str]
) -> None:
    """Renames what Python's loader goes by."""
    nodes = graph.object_graph_def.nodes
    children = {child.local_name: child.node_id for child in nodes[0].children}
    signatures = nodes[children["signatures"]].children
    for child in signatures:
        if child.local_name == signature:
            keywords = nodes[child.node_id].bare_concrete_function.argument_keywords
            keywords[:] = [names.get(keyword, keyword) for keyword in keywords]
