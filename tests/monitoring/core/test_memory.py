"""Arrays take the memory of those that were freed."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_FAULTS = """
import resource, sys
import numpy as np
from monitoring.core.memory import keep_freed
if sys.argv[1] == "keep":
    keep_freed()
numbers = np.ones(32_768)
for number in range(220):
    if number == 20:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    twice = numbers * 2
    codes = twice.astype(np.int64)
    del twice, codes
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    program = [sys.executable, "-c", _FAULTS, how]
    return int(subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_arrays_take_no_new_pages() -> None:
    assert faults("keep") < 20 < faults("leave")
