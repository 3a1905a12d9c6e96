"""What a server takes over from a bucket, and what it tells there."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.model import models_config
from serving.release import endings, follow
from serving.release.follow import Follower
from serving.release.store import Store
from serving.routing import observations
from tests.serving.release.test_folder import serve


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(follow, "SECONDS", 0.02)
    made = Store(str(tmp_path / "bucket"))
    serve(made, {"stable": 1, "canary": 2})
    return made


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def labels(folder: Path) -> dict[str, int]:
    return dict(models_config.read(folder / models_config.FILE)["taxi"].labels)


def test_a_rollback_is_everywhere_and_told_by_one_server(store: Store, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    servers = [Follower(store, folder) for folder in folders]
    told: list[str] = []
    for name, server in zip(("one", "two"), servers, strict=False):
        server.rolled_back("taxi", 2, "slow", functools.partial(told.append, name))
        until(lambda: endings.read(store))
    until(lambda: all(labels(folder) == {"stable": 1} for folder in folders))
    for server in servers:
        server.close()
    assert told == ["one"]
    (made,) = endings.read(store)
    assert (made.by, made.why, made.told) == ("automatic", "slow", True)


def test_observations_of_servers_with_one_name_are_kept_apart(store: Store, tmp_path: Path) -> None:
    for name in ("one", "two"):
        server = Follower(store, tmp_path / name)
        place = tmp_path / name / observations.FOLDER / "localhost-1.json"
        place.parent.mkdir()
        place.write_text(json.dumps({"of": name}))
        server.close()
    found = store.names(observations.FOLDER)
    assert len(found) == 2
    contents = {json.loads(store.read(each) or b"")["of"] for each in found}
    assert contents == {"one", "two"}


def test_a_bucket_that_fails_is_told_once_and_what_is_served_stays(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = Follower(store, tmp_path / "one")
    read, calls = store.read, []

    def fail(name: str) -> bytes | None:
        calls.append(name)
        raise OSError("the bucket is out of order")

    monkeypatch.setattr(store, "read", fail)
    until(lambda: len(calls) > 5)
    assert labels(tmp_path / "one") == {"stable": 1, "canary": 2}
    monkeypatch.setattr(store, "read", read)
    serve(store, {"stable": 2})
    until(lambda: labels(tmp_path / "one") == {"stable": 2})
    server.close()
    assert capsys.readouterr().err.count("the bucket is out of order") == 1


def test_an_address_with_nothing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Follower(Store(str(tmp_path / "typo")), tmp_path / "one").close()
    assert "nothing released" in capsys.readouterr().err


def test_a_server_does_not_start_on_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "models.config").write_text("{")
    with pytest.raises(ServingError):
        Follower(Store(str(tmp_path)), tmp_path / "one")
