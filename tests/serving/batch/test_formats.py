"""Which format a file is in."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rows.csv", "csv"),
        ("rows.csv.gz", "csv"),
        ("rows.ndjson", "jsonl"),
        ("a.b.parquet", "parquet"),
        ("data_tfrecord.tfrecord-00000-of-00001.gz", "tfrecord"),
        ("data.tfrecords", "tfrecord"),
    ],
)
def test_a_files_name_tells_its_format(name: str, expected: str) -> None:
    from serving.batch import formats

    assert formats.of_file(Path(name)) == expected
