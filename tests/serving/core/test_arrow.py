"""No file of a stranger runs code in the server's tools."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.components.tables.table_files import pickle_that_writes, with_pickle
from tests.helpers.paths import ROOT

READ = """
import sys
import pyarrow.parquet as pq
import {module}
try:
    pq.ParquetFile(sys.argv[1]).read(use_threads=False)
except RuntimeError:
    pass
"""


@pytest.mark.parametrize("module", ["serving.core.arrow", "components.tables"])
def test_a_type_that_is_a_pickle_is_not_loaded(module: str, tmp_path: Path) -> None:
    """In a process of its own, as another import may have made this one safe."""
    evidence, path = tmp_path / "evidence", tmp_path / "rows.parquet"
    pq.write_table(with_pickle(pickle_that_writes(evidence)), path)
    read = READ.format(module=module)
    subprocess.run([sys.executable, "-c", read, path], cwd=ROOT, check=True)
    assert not evidence.exists()
