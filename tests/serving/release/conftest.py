"""A bucket on this machine, with the permissions that a test gives, and versions to release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.delivery import storage_server
from tests.delivery.storage_roles import ROLES

ALL = frozenset().union(*ROLES.values())


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[storage_server.Store]:
    """`gs://serving`, where all is allowed; `gs://read` and `gs://add`, where only that is."""
    allowed = {
        "serving": ALL,
        "read": ROLES["storage.objectViewer"],
        "add": ROLES["storage.objectViewer"] | ROLES["storage.objectCreator"],
    }
    with storage_server.running(tmp_path, allowed) as store:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", store.environment["STORAGE_EMULATOR_HOST"])
        yield store


@pytest.fixture
def push(tmp_path: Path) -> Callable[[int], str]:
    """Pushes a version of `taxi`, without a network; returns its address."""
    return pusher(tmp_path)


def pusher(tmp_path: Path) -> Callable[[int], str]:
    """See `push`."""

    def make(version: int) -> str:
        folder = tmp_path / "pushed" / "taxi" / str(version)
        (folder / "assets.extra").mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"")
        (folder / "assets.extra" / "known_answers.json").write_text("{}")
        return str(folder)

    return make
