"""Inputs that no prediction depends on: what INPUTS promises to read and the network does not.

Nobody sees it by the metrics: a column that `preprocessing_fn` leaves out, or that `build_model`
forgets to connect, is asked of each request and changes nothing. So the exported graph is followed
from its answers back to the columns. That is done where serialized examples are parsed: the tensors
of a request pass together through the operations that check them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

REQUEST, EXAMPLES = "serving_default", "serving_examples"
_PARSER = "ParseExampleV2"
_VALUE = "value"
"""The attribute of a constant that has its value."""
_SHAPES_ALONE = {"OnesLike", "Rank", "Shape", "ShapeN", "Size", "ZerosLike"}
"""Operations whose result is the same whatever the values are."""
_PARSED = (
    *("sparse_indices", "sparse_values", "sparse_shapes"),
    *("dense_values", "ragged_values", "ragged_row_splits"),
)
"""What the parser of examples calls its kinds of outputs, in their order."""
_Sources = Sequence[int]
"""For each of a node's outputs, a bit for each column that it depends on, and one beyond these for
each of the inputs of the function that it is in; the last one stands for all beyond."""


def findings(model: str, export_path: str) -> list[dict[str, str]]:
    """A `headline` and a `detail` for each input that no answer of the model depends on.

    Args:
        model: The model's name.
        export_path: The exported SavedModel.
    """
    file = f"models/{model}/features.py"
    return [
        {
            "headline": f"The model does not look at its input '{name}'",
            "detail": f"{file} has it in INPUTS, and no path leads from it to an answer. Use it in "
            "preprocessing_fn and build_model, or remove it from INPUTS.",
        }
        for name in unused(export_path)
    ]


def unused(export_path: str) -> list[str]:
    """The inputs of the signature `serving_default` that no answer depends on, sorted."""
    with tf.io.gfile.GFile(f"{export_path}/saved_model.pb", "rb") as file:
        saved = saved_model_pb2.SavedModel.FromString(file.read())
    meta = saved.meta_graphs[0]
    columns = {name: n for n, name in enumerate(sorted(meta.signature_def[REQUEST].inputs))}
    functions = {one.signature.name: one for one in meta.graph_def.library.function}
    [argument] = meta.signature_def[EXAMPLES].inputs.values()
    graph = _Graph(meta.graph_def.node, [_node_of(argument.name)], columns, functions, {})
    used = 0
    for info in meta.signature_def[EXAMPLES].outputs.values():
        used |= graph.sources(info.name)
    return [name for name, number in columns.items() if not used >> number & 1]


class _Graph:
    """A graph, or a function's body, and what each of its tensors depends on.

    Args:
        nodes: Its nodes.
        inputs: The names of its inputs.
        columns: Numbers of the columns that a parser of examples may give, by name.
        functions: The functions that its nodes may call.
        known: What is known of functions already; added to.
    """

    def __init__(
        self,
        nodes: Iterable[Any],
        inputs: Sequence[str],
        columns: Mapping[str, int],
        functions: Mapping[str, Any],
        known: dict[str, _Sources],
    ) -> None:
        self._nodes = {node.name: node for node in nodes}
        self._columns, self._functions, self._known = columns, functions, known
        self._keys_of: dict[str, list[list[str]]] = {}
        self._found: dict[str, _Sources] = {
            name: [1 << len(columns) + number] for number, name in enumerate(inputs)
        }

    def sources(self, tensor: str) -> int:
        """The bits of what a tensor depends on.

        Args:
            tensor: Such as `call:3` in a graph, `call:output:3` in a function, or a name alone.
        """
        name, *output, index = tensor.split(":") if ":" in tensor else (tensor, "0")
        self._follow(name)
        of_node, number = self._found[name], int(index)
        if output and name in self._nodes and self._nodes[name].op == _PARSER:
            number += sum(map(len, self._keys(self._nodes[name])[: _PARSED.index(output[0])]))
        return of_node[min(number, len(of_node) - 1)]

    def _follow(self, wanted: str) -> None:
        """Finds out about a node, those before it first; graphs are deeper than Python's stack."""
        waiting, entered = [wanted], set[str]()
        while waiting:
            name = waiting[-1]
            if name in self._found:
                waiting.pop()
                continue
            node = self._nodes[name]
            before = (
                [] if node.op in _SHAPES_ALONE else [one for one in node.input if one[0] != "^"]
            )
            missing = [one for one in map(_node_of, before) if one not in self._found]
            if name not in entered:
                entered.add(name)
                # What is entered and not found stands further down: a loop of TensorFlow 1.
                waiting += [one for one in missing if one not in entered]
                continue
            given = [0 if _node_of(one) in missing else self.sources(one) for one in before]
            self._found[name] = self._of_node(node, given)
            waiting.pop()

    def _of_node(self, node: Any, given: Sequence[int]) -> _Sources:
        if node.op == _PARSER:
            return [
                1 << self._columns[key] if key in self._columns else 0
                for keys in self._keys(node)
                for key in keys
            ]
        called = node.attr["f"].func.name if node.op.endswith("PartitionedCall") else ""
        together = 0
        for one in given:
            together |= one
        if called not in self._functions:
            return [together]
        beyond = len(self._columns)
        return [_through(one, given, beyond) for one in self._of_function(called)] or [together]

    def _keys(self, parser: Any) -> list[list[str]]:
        """The columns of each of a parser's kinds of outputs, as `_PARSED` lists them."""
        if parser.name not in self._keys_of:
            sparse, dense, ragged = (
                [key.decode() for key in tf.make_ndarray(constant.attr[_VALUE].tensor).tolist()]
                for constant in (self._nodes[_node_of(name)] for name in parser.input[2:5])
            )
            self._keys_of[parser.name] = [sparse, sparse, sparse, dense, ragged, ragged]
        return self._keys_of[parser.name]

    def _of_function(self, name: str) -> _Sources:
        if name not in self._known:
            function = self._functions[name]
            inputs = [argument.name for argument in function.signature.input_arg]
            body = _Graph(function.node_def, inputs, self._columns, self._functions, self._known)
            self._known[name] = [
                body.sources(function.ret[output.name]) for output in function.signature.output_arg
            ]
        return self._known[name]


def _node_of(tensor: str) -> str:
    return tensor.partition(":")[0]


def _through(of_output: int, given: Sequence[int], beyond: int) -> int:
    """What a function's output depends on, in terms of what the function is given."""
    found = of_output & (1 << beyond) - 1
    for number, sources in enumerate(given, start=beyond):
        if of_output >> number & 1:
            found |= sources
    return found
