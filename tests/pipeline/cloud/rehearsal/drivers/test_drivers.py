"""Every platform's driver is found by the name of its module."""

from __future__ import annotations

import pytest

from pipeline.cloud import platforms
from pipeline.cloud.rehearsal import drivers
from pipeline.cloud.rehearsal.drivers.base import Driver
from pipeline.config import platform_names


@pytest.mark.parametrize("name", platform_names.names())
def test_each_platform_has_a_driver(name: str) -> None:
    found = drivers.find(platforms.find(name).driver)
    assert issubclass(found, Driver) and found is not Driver
