"""Hive partitions: a folder called `year=2025` is a column `year` of the files below it.

Keys and values are percent-encoded, as pyarrow and Spark write them. As in pyarrow
(`pyarrow.dataset.HivePartitioning`), a column is whole numbers if all of its values are, else text.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

import pyarrow as pa

from components.tables.columns import ARROW_TYPE, Column, ColumnType

_MISSING = "__HIVE_DEFAULT_PARTITION__"
"""What Hive calls the folder of rows without a value."""
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def values(path: str, root: str = "") -> dict[str, str | None]:
    """What the folders of a file say of its rows, by column; None: no value.

    Args:
        path: The file's path.
        root: A folder that it is in; what is above says nothing.
    """
    below = path.removeprefix(f"{root}/")
    found: dict[str, str | None] = {}
    for folder in posixpath.dirname(below).split("/"):
        key, equals, value = folder.partition("=")
        if key and equals:
            found[unquote(key)] = None if value == _MISSING else unquote(value)
    return found


def column(name: str, value: str | None, rows: int) -> Column:
    """Describes a column that has one value in all rows of a file."""
    if value is None:
        return Column(name, None, missing=rows, of_folders=True)
    kind = _type_of(value)
    known = (int(value) if kind == "INT" else value,) if rows else ()
    return Column(name, kind, values=known, of_folders=True)


def array(value: str | None, kind: ColumnType, rows: int) -> pa.Array:
    """The rows of such a column, as `column` or a wider type says.

    Raises:
        pyarrow.ArrowInvalid: The value is not of this type.
    """
    if value is None:
        return pa.nulls(rows, ARROW_TYPE[kind])
    return pa.array([value]).cast(ARROW_TYPE[kind]).take(pa.array([0] * rows, pa.int64()))


def _type_of(value: str) -> ColumnType:
    return "INT" if _WHOLE.fullmatch(value) else "STRING"
