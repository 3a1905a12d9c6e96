"""How tables of BigQuery and what is read of them are named; the standard library alone."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import dataclass
from urllib.parse import quote, unquote

SCHEME = "bigquery://"
QUERY = ".sql"
"""What the name of a file with a query ends in."""

_PROJECT = r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*"  # A domain may stand before: example.com:project.
_DATASET = r"\w+"
_TABLE = r"\w[\w\- ]*"
_WHOLE = re.compile(f"({_PROJECT})\\.({_DATASET})\\.({_TABLE})")
_IN_DATASET = re.compile(f"({_PROJECT})\\.({_DATASET})")


@dataclass(frozen=True)
class Table:
    """A table of BigQuery by its three names."""

    project: str
    dataset: str
    name: str

    def __str__(self) -> str:
        return f"{self.project}.{self.dataset}.{self.name}"

    @property
    def resource(self) -> str:
        """Its name in the Storage Read API."""
        return f"projects/{self.project}/datasets/{self.dataset}/tables/{self.name}"


def table(name: str) -> Table:
    """The table that `project.dataset.table` names.

    Raises:
        ValueError: It names none; the message says what is wrong.
    """
    found = _WHOLE.fullmatch(name)
    if found is None:
        raise ValueError(_mistake(name))
    return Table(*found.groups())


def dataset(name: str) -> str:
    """The data set that `project.dataset` names, as it is given.

    Raises:
        ValueError: It names none.
    """
    if _IN_DATASET.fullmatch(name) is None:
        raise ValueError("with splits.given, expected project.dataset, whose tables they name")
    return name


def is_query(path: str) -> bool:
    """Whether a `data.path` is of a file with a query, and not of a table."""
    return path.endswith(QUERY)


def part(name: str, stream: str, schema: bytes) -> str:
    """The path of one stream of a table or query, as the readers of files have paths.

    Args:
        name: What people call it: the table's name, or the query's file.
        stream: The stream's resource name.
        schema: Arrow's schema of its rows, serialized: a stream without rows does not tell it.
    """
    packed = base64.urlsafe_b64encode(zlib.compress(schema)).decode().rstrip("=")
    return f"{whole(name)}#{quote(stream, safe='')}#{packed}"


def whole(name: str) -> str:
    """The path of a whole table or query, by what people call it."""
    return SCHEME + quote(name, safe="/")  # What has `=` would be taken for a partition's folder.


def name_of(path: str) -> str:
    """What people call the table or query that a path is of."""
    return unquote(path.removeprefix(SCHEME).partition("#")[0])


def of_part(path: str) -> tuple[str, str, bytes]:
    """The name, stream and schema that `part` made a path of."""
    _, stream, packed = path.split("#")
    padded = packed + "=" * (-len(packed) % 4)
    return name_of(path), unquote(stream), zlib.decompress(base64.urlsafe_b64decode(padded))


def _mistake(name: str) -> str:
    if "`" in name:
        return "expected the name without backquotes"
    if "*" in name or "{" in name:
        return "one table is read: write a query, in a file *.sql, where there are several"
    if "$" in name or "@" in name:
        return "no partition or moment can be chosen: write a query, in a file *.sql"
    legacy = re.fullmatch(r"([a-z][a-z0-9-]*):(\w+)\.(.+)", name)
    if legacy:
        return f"expected dots between the names: {'.'.join(legacy.groups())}"
    return "expected a table as project.dataset.table, or a file *.sql with a query"
