"""One project for all, and choices that SEED repeats."""

from __future__ import annotations

import os
import random

import pytest

from tests.chaos.lab import Lab

SEED = os.environ.get("SEED") or str(random.SystemRandom().randrange(10**6))


def pytest_report_header() -> str:
    return f"chaos: SEED={SEED} repeats it"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chaos" in item.path.parts:
            item.add_marker(pytest.mark.chaos)


@pytest.fixture(scope="session")
def one_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("chaos"))


@pytest.fixture
def lab(one_lab: Lab) -> Lab:
    """The project, as after one undisturbed run."""
    one_lab.restore()
    return one_lab


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """What a test chooses by: the same for the same seed, whatever other tests run."""
    print(f"SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")
