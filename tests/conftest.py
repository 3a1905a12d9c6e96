"""Settings for every test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.helpers.s3 import S3

# A busy machine makes any test slow now and then; what is too slow altogether, pytest-timeout ends.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# At the desk every run tries other examples. Continuous integration tries more of them, the same
# in each run, so that a push is not blamed for what another one brought.
settings.register_profile("quick", settings.get_profile("unhurried"), max_examples=40)
settings.register_profile("ci", settings.get_profile("unhurried"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "quick")


_BY_NAME = ("chaos", "cluster")
"""Folders whose tests need much of a machine."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves those folders out, whatever else is asked for, unless they are asked for by name."""
    asked = str(config.option.markexpr)
    unasked = [Path(__file__).parent / name for name in _BY_NAME if name not in asked]
    return True if collection_path in unasked else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Has the longest files run first, so that at the end no worker waits for another's last."""
    files: dict[Path, int] = {}
    for item in items:
        rank = 0 if item.get_closest_marker("e2e") else 1 if item.get_closest_marker("slow") else 2
        files[item.path] = min(rank, files.get(item.path, rank))
    items.sort(key=lambda item: files[item.path])


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A store that speaks S3, by its address."""
    from tests.helpers import s3

    with s3.running() as endpoint:
        yield endpoint


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> S3:
    """An empty bucket, of which this process' variables tell."""
    import s3fs

    from tests.helpers.s3 import S3

    # One that an earlier test has made goes to the address that the variables had then.
    s3fs.S3FileSystem.clear_instance_cache()
    found = S3(s3_server)
    for name, value in found.variables.items():
        monkeypatch.setenv(name, value)
    return found


def pytest_collection_finish() -> None:
    """Spares the garbage collector what all of the imports have made, which stays anyway."""
    gc.freeze()
