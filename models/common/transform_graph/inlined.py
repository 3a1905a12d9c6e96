"""Fitted preprocessing of many columns, as operations of the graph that asks for it.

TFT's layer calls the fitted graph as a function with an argument for each column. TensorFlow goes
through the arguments of a call, and through the operations that `preprocessing_fn` has for each
column, in each of some twenty passes over each graph that is made ready to run; and with thousands
of columns there are many graphs in a run, and in a server that starts. So here the fitted
operations are copied instead of called, and columns that are put side by side one by one are put
side by side at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

Columns: TypeAlias = Mapping[str, Any]
"""Tensors by name, dense or sparse."""

FEWEST_COLUMNS = 200
"""With fewer columns a call costs no more than a copy."""
_WITHOUT_EFFECT = {"LookupTableFindV2", "LookupTableSizeV2"}
"""Operations that TensorFlow calls stateful, but that change nothing."""


def layer(transform: tft.TFTransformOutput) -> Callable[[Columns], dict[str, Any]]:
    """What applies fitted preprocessing to raw columns.

    Args:
        transform: The fitted preprocessing.

    Returns:
        A function of raw columns by name, of any or all that preprocessing was fitted to. As TFT's
        own layer it returns the transformed features that follow from these.
    """
    theirs = transform.transform_features_layer()
    if len(transform.raw_feature_spec()) < FEWEST_COLUMNS:
        return lambda columns: dict(theirs(dict(columns)))
    fitted = _Fitted(theirs._saved_model_loader)

    def applied(columns: Columns) -> dict[str, Any]:
        if not tf.executing_eagerly() and fitted.can_be_copied(columns):
            return fitted.copied(columns)
        return dict(theirs(dict(columns)))

    return applied


class _Stack(NamedTuple):
    """Columns that a graph puts side by side."""

    columns: Sequence[str]
    """Their placeholders, [batch, 1] each."""
    dtype: tf.DType
    """What each is cast to, if it is of another type."""


class _Fitted:
    """The graph of fitted preprocessing.

    Args:
        loader: TFT's `SavedModelLoader`, which has loaded it.
    """

    def __init__(self, loader: Any) -> None:
        self._graph: tf.Graph = loader._func_graph
        self._inputs: Columns = loader._structured_inputs
        self._outputs: Columns = loader._structured_outputs
        self._definition = self._graph.as_graph_def()
        self._nodes = {node.name: node for node in self._definition.node}
        self._stacks = dict(self._find_stacks())

    def can_be_copied(self, columns: Collection[str]) -> bool:
        """Whether what follows from these columns has no effects, whose order a call keeps."""
        names = self._before(self._following(columns).values())
        return all(self._is_plain(name) for name in names)

    def copied(self, columns: Columns) -> dict[str, Any]:
        """Adds what follows from these columns to the current graph.

        Raises:
            ValueError: A column has another type or shape than preprocessing was fitted to.
        """
        outputs = self._following(columns)
        known = {
            inner.op.name: tf.compat.v1.get_default_graph().capture(outer)
            for outer, inner in self._graph.captures
        }
        for name, column in columns.items():
            for wanted, given in zip(_parts(self._inputs[name]), _parts(column), strict=True):
                wanted.shape.assert_is_compatible_with(given.shape)
                known[wanted.op.name] = given
        needed = self._before(outputs.values())
        for name in sorted(needed & set(self._stacks)):
            known[name] = _stacked(self._stacks[name], known)
        copy = tf.compat.v1.GraphDef(versions=self._definition.versions)
        # In the order in which they were made, as what they are called depends on it.
        copy.node.extend(
            node for name, node in self._nodes.items() if name in needed and name not in known
        )
        used = {one for node in copy.node for one in node.input}
        tensors = _parts(outputs)
        used.update(tensor.name.removesuffix(":0") for tensor in tensors)
        found = tf.graph_util.import_graph_def(
            copy,
            input_map={f"{name}:0": tensor for name, tensor in known.items() if name in used},
            return_elements=[tensor.name for tensor in tensors],
            name="transform",
        )
        for tensor, original in zip(found, tensors, strict=True):
            tensor.set_shape(original.shape)
        packed: dict[str, Any] = tf.nest.pack_sequence_as(outputs, found, expand_composites=True)
        return packed

    def _following(self, columns: Collection[str]) -> dict[str, Any]:
        """The outputs that depend on none but these columns."""
        absent = {
            part.op.name
            for name, column in self._inputs.items()
            if name not in columns
            for part in _parts(column)
        }
        return {
            name: output
            for name, output in self._outputs.items()
            if absent.isdisjoint(self._before([output]))
        }

    def _before(self, outputs: Iterable[Any]) -> set[str]:
        """The operations whose values make these outputs; before a stack of columns the columns."""
        waiting = [part.op.name for output in outputs for part in _parts(output)]
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                stack = self._stacks.get(name)
                values = [one for one in self._nodes[name].input if not one.startswith("^")]
                waiting += stack.columns if stack else map(_operation, values)
        return found

    def _is_plain(self, name: str) -> bool:
        operation, node = self._graph.get_operation_by_name(name), self._nodes[name]
        has_effect = operation.op_def.is_stateful and operation.type not in _WITHOUT_EFFECT
        calls = any(value.HasField("func") for value in node.attr.values())
        return not (has_effect or calls or any(one.startswith("^") for one in node.input))

    def _find_stacks(self) -> Iterator[tuple[str, _Stack]]:
        """Every `tf.stack(..., axis=1)` of columns as `fill_missing` gives them, cast or not."""
        columns = {
            column.op.name
            for column in self._inputs.values()
            if isinstance(column, tf.Tensor) and column.shape.as_list()[1:] == [1]
        }
        for node in self._nodes.values():
            if node.op == "Pack" and node.attr["axis"].i == 1:
                found = [self._column(name, columns) for name in node.input]
                stacked = [name for name in found if name is not None]
                if len(stacked) == len(found):
                    yield node.name, _Stack(stacked, tf.as_dtype(node.attr["T"].type))

    def _column(self, tensor: str, columns: Collection[str]) -> str | None:
        """The column that a tensor has the values of, [batch]; None: it is something else."""
        node = self._nodes[_operation(tensor)]
        if node.op == "Cast" and not node.attr["Truncate"].b:
            node = self._nodes[_operation(node.input[0])]
        if node.op != "Squeeze" or list(node.attr["squeeze_dims"].list.i) != [1]:
            return None
        name = _operation(node.input[0])
        if self._nodes[name].op == "Identity":  # TFT's copy of an input.
            name = _operation(self._nodes[name].input[0])
        return name if name in columns else None


def _stacked(stack: _Stack, tensors: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """The columns side by side, [batch, columns], by an operation or two for each type."""
    places: dict[tf.DType, list[int]] = {}
    for place, name in enumerate(stack.columns):
        places.setdefault(tensors[name].dtype, []).append(place)
    parts = [
        tf.cast(tf.concat([_of_one(tensors[stack.columns[one]]) for one in some], 1), stack.dtype)
        for some in places.values()
    ]
    if len(parts) == 1:
        return parts[0]
    order = np.argsort([place for some in places.values() for place in some])
    return tf.gather(tf.concat(parts, 1), order, axis=1)


def _of_one(column: tf.Tensor) -> tf.Tensor:
    """A column, in which each row is known to have one value."""
    return column if column.shape.as_list()[1:] == [1] else tf.ensure_shape(column, [None, 1])


def _parts(value: Any) -> list[tf.Tensor]:
    """The tensors that dense, sparse or ragged ones consist of, a dict's by the order of names."""
    parts: list[tf.Tensor] = tf.nest.flatten(value, expand_composites=True)
    return parts


def _operation(tensor: str) -> str:
    """The name of the operation whose output a tensor is, as a graph's definition names it."""
    return tensor.partition(":")[0]
