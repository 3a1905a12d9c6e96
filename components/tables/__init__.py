"""Tables of examples: what they hold, and their rows in batches of bounded memory.

CSV, Parquet, Avro and BigQuery are read here without TensorFlow, so that data can be checked before
a run starts. Every problem with the data is a `DataError`.
"""

import pyarrow

if tuple(map(int, pyarrow.__version__.split(".")[:3])) < (14, 0, 1):
    # Else a file runs code: these versions unpickle what it says of its types (CVE-2023-47248).
    import pyarrow_hotfix  # noqa: F401

from components.tables.columns import Column, ColumnType, TableSummary
from components.tables.reading import merge, read_file, scan, scan_file
from components.tables.source import Files, Found, TableSource, content_hash, find, resolve, shown

__all__ = [
    "Column", "ColumnType", "Files", "Found", "TableSource", "TableSummary", "content_hash", "find",
    "merge", "read_file", "resolve", "scan", "scan_file", "shown",
]  # fmt: skip
