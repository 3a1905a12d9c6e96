"""NVML by its C interface, with a small library in its place: no machine of the tests has a GPU."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.tracking.nvml import Nvml

_SOURCE = """
#include <stdio.h>
typedef struct { unsigned gpu, memory; } use_t;
typedef struct { unsigned long long total, free, used; } memory_t;
static int places[2];
int nvmlInit_v2(void) { return INIT; }
int nvmlDeviceGetCount_v2(unsigned *n) { *n = COUNT; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) {
  places[i] = i; *d = &places[i]; return 0; }
int nvmlDeviceGetName(void *d, char *s, unsigned n) {
  snprintf(s, n, "GPU number %d", *(int *)d); return 0; }
int nvmlDeviceGetUtilizationRates(void *d, use_t *u) {
  if (*(int *)d == 1) return 3; u->gpu = 75; u->memory = 1; return 0; }
int nvmlDeviceGetMemoryInfo(void *d, memory_t *m) {
  m->total = 17179869184ULL; m->free = 1; m->used = 8589934592ULL + *(int *)d; return 0; }
"""


def library(folder: Path, count: int = 2, init: int = 0) -> str:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler is on the PATH")
    (folder / "nvml.c").write_text(_SOURCE)
    made = folder / "libnvidia-ml.so.1"
    defined = [f"-DCOUNT={count}", f"-DINIT={init}"]
    subprocess.run(
        [compiler, "-shared", "-fPIC", *defined, "-o", made, folder / "nvml.c"], check=True
    )
    return str(made)


def test_gpus_are_told_and_what_one_does_not_say_is_left_out(tmp_path: Path) -> None:
    found = Nvml.opened(library(tmp_path))
    assert found is not None
    assert found.found == [("GPU number 0", 2**34), ("GPU number 1", 2**34)]
    assert found.use() == [(0.75, 2**33), (None, 2**33 + 1)]


@pytest.mark.parametrize(("count", "init"), [(0, 0), (2, 9)])
def test_without_gpus_or_with_a_driver_that_fails_there_is_nothing(
    tmp_path: Path, count: int, init: int
) -> None:
    assert Nvml.opened(library(tmp_path, count, init)) is None


def test_without_the_library_there_is_nothing(tmp_path: Path) -> None:
    assert Nvml.opened(str(tmp_path / "none.so")) is None
    (tmp_path / "broken.so").write_bytes(b"no library")
    assert Nvml.opened(str(tmp_path / "broken.so")) is None
