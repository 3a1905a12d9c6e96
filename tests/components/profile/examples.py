"""Rows as `tf.Example`s, in files as ExampleGen writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components.profile.reading import Column


def example(row: Mapping[str, Any]) -> bytes:
    """A row; a value is text, a number, or a list of these."""
    found = tf.train.Example()
    for name, value in row.items():
        feature = found.features.feature[name]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str | bytes):
                data = item if isinstance(item, bytes) else item.encode()
                feature.bytes_list.value.append(data)
            elif isinstance(item, int):
                feature.int64_list.value.append(item)
            else:
                feature.float_list.value.append(item)
    return found.SerializeToString()


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> str:
    """A file of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for row in rows:
            writer.write(example(row))
    return str(path)


def column(values: Iterable[Any]) -> Column:
    """A column of a value, None or a list in each row."""
    lists = [[] if v is None else v if isinstance(v, list) else [v] for v in values]
    flat = [item.encode() if isinstance(item, str) else item for one in lists for item in one]
    kind: Any = object if flat and isinstance(flat[0], bytes) else None
    if flat and isinstance(flat[0], float):
        kind = np.float32
    found = np.array(flat, dtype=kind) if flat else np.empty(0, np.float32)
    return Column(found, np.array([len(one) for one in lists], dtype=np.int64))
