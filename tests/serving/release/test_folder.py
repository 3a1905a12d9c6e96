"""A copy of a serving folder: what is new, in an order in which a server can live with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.model import models_config
from serving.model.models_config import ServedModel
from serving.release import endings
from serving.release.folder import Copy
from serving.release.store import Store
from serving.routing import state
from serving.routing.state import Route, Routing


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "bucket"))


def serve(store: Store, labels: dict[str, int], share: float = 0.3) -> None:
    """Puts versions, labels and a share into the serving folder."""
    assert store.local is not None
    for version in set(labels.values()):
        store.write(f"taxi/{version}/saved_model.pb", b"")
    served = ServedModel("taxi", versions=tuple(sorted(set(labels.values()))), labels=labels)
    models_config.write(store.local / models_config.FILE, {"taxi": served})
    state.write(store.local, Routing(models={"taxi": Route(canary_share=share)}))


def versions(copy: Copy) -> list[str]:
    return sorted(path.name for path in (copy.folder / "taxi").iterdir())


def labels(copy: Copy) -> dict[str, int]:
    return dict(models_config.read(copy.folder / models_config.FILE)["taxi"].labels)


def test_nothing_is_there_before_the_first_release(store: Store, tmp_path: Path) -> None:
    copy = Copy(store, tmp_path / "copy")
    assert copy.pull() and not copy.pull()
    assert list(copy.folder.iterdir()) == []


def test_what_is_new_is_taken_over_and_what_is_not_named_goes(store: Store, tmp_path: Path) -> None:
    copy = Copy(store, tmp_path / "copy")
    serve(store, {"stable": 1, "canary": 2})
    assert copy.pull() and versions(copy) == ["1", "2"]
    assert state.read(copy.folder).of("taxi").canary_share == 0.3
    assert not copy.pull()
    serve(store, {"stable": 2, "canary": 3})
    assert copy.pull() and versions(copy) == ["1", "2", "3"], "1 is being unloaded"
    serve(store, {"stable": 3})
    assert copy.pull() and versions(copy) == ["2", "3"]


@pytest.mark.parametrize("own", [True, False])
def test_an_ending_takes_effect_whoever_knows_of_it(
    store: Store, tmp_path: Path, own: bool
) -> None:
    serve(store, {"stable": 1, "canary": 2})
    copy = Copy(store, tmp_path / "copy")
    copy.pull()
    made = endings.ending("taxi", 2, "rolled back", "automatic", "slow")
    if own:
        copy.own.append(made)
    else:
        endings.add(store, made)
    assert copy.pull() and labels(copy) == {"stable": 1}
    assert state.read(copy.folder).of("taxi").canary_share == 0
    assert state.read(copy.folder).events[-1].by == "automatic"


@pytest.mark.parametrize("broken", [b"model_config_list {", b"\xff\xfe"])
def test_what_is_not_usable_is_told_and_nothing_is_changed(
    store: Store, tmp_path: Path, broken: bytes
) -> None:
    serve(store, {"stable": 1})
    copy = Copy(store, tmp_path / "copy")
    copy.pull()
    store.write(models_config.FILE, broken)
    for _ in range(2):
        with pytest.raises(ServingError, match=f"{store.address}/models.config is not usable"):
            copy.pull()
    assert labels(copy) == {"stable": 1}
    assert store.local is not None
    (store.local / models_config.FILE).unlink()
    serve(store, {"stable": 2})
    assert copy.pull() and labels(copy) == {"stable": 2}


def test_a_version_that_is_missing_changes_nothing(store: Store, tmp_path: Path) -> None:
    serve(store, {"stable": 1})
    copy = Copy(store, tmp_path / "copy")
    copy.pull()
    serve(store, {"stable": 2})
    assert store.local is not None
    (store.local / "taxi" / "2" / "saved_model.pb").unlink()
    with pytest.raises(ServingError, match="There is nothing in"):
        copy.pull()
    assert labels(copy) == {"stable": 1}
