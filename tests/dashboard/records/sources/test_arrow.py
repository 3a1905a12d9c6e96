"""Arrow reads other people's files."""

from __future__ import annotations

import subprocess
import sys

from tests.helpers.paths import ROOT

CHECK = """
import sys
import dashboard.records.sources.arrow
import pyarrow
old = tuple(map(int, pyarrow.__version__.split(".")[:3])) < (14, 0, 1)
assert not old or "pyarrow_hotfix" in sys.modules
"""


def test_versions_that_run_code_from_files_are_mended() -> None:
    """In a process of its own, as another import may have mended this one."""
    subprocess.run([sys.executable, "-c", CHECK], cwd=ROOT, check=True)
