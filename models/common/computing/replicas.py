"""Training on all GPUs of a machine: each has a copy of the weights and a part of each batch.

References:
    TensorFlow, Distributed training, https://www.tensorflow.org/guide/distributed_training:
    `MirroredStrategy` adds the copies' gradients before each step, so all take the same one.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from models.common.errors import DataError
from models.common.plan import Plan


@contextlib.contextmanager
def applied(plan: Plan) -> Iterator[None]:
    """Has a network that is built inside learn on as many devices as the plan says."""
    with _mirrored().scope() if plan.strategy else contextlib.nullcontext():
        yield


def adapt(model: keras.Model, plan: Plan) -> None:
    """Has a network not be compiled by XLA where it has copies, which XLA cannot do."""
    if plan.strategy:
        model.jit_compile = False


def number(plan: Plan) -> int:
    """How many devices have a copy of the network."""
    return int(_mirrored().num_replicas_in_sync) if plan.strategy else 1


def batch_size(rows: int, plan: Plan) -> int:
    """So many rows, or the next number that all copies can share."""
    copies = number(plan)
    return -(-rows // copies) * copies


def shared_rows(rows: int, copies: int, files: Sequence[str]) -> int:
    """So many of the rows that each copy gets as many as any other.

    Keras cannot begin with a batch that does not divide, and a copy without a row has the loss NaN.

    Args:
        rows: How many there are.
        copies: How many devices have a copy of the network.
        files: What the rows are of.

    Raises:
        DataError: There are fewer rows than copies.
    """
    if rows < copies:
        raise DataError(
            f"training has {copies} devices, and a split too few rows for them: {rows}",
            f"Expected: at least {copies} rows, as training.strategy is set, in "
            f"{files[0].rpartition('/')[0] if files else 'the data'}.",
            "Provide more rows, a larger share in splits, or remove training.strategy.",
        )
    return rows - rows % copies


def evenly(rows: tf.data.Dataset, number: int, batch_size: int) -> tf.data.Dataset:
    """Rows in batches, of which each device is given as many as any other.

    Args:
        rows: They are tuples.
        number: How many there are. Of a dataset of which it does not know that, Keras has several
            devices begin one batch too many.
        batch_size: Rows of each batch but the last.
    """

    @tf.autograph.experimental.do_not_convert
    def unchanged(*batch: Any) -> Any:
        return batch

    # Where TensorFlow sees how large batches are, one device gets most of the last one.
    batches = rows.batch(batch_size).map(unchanged)
    return batches.apply(tf.data.experimental.assert_cardinality(-(-number // batch_size)))


@functools.lru_cache(maxsize=1)
def _mirrored() -> tf.distribute.MirroredStrategy:
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])
