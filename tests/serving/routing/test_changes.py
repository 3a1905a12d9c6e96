"""Labels and shares change together, in files that both servers can read."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.model import models_config
from serving.routing import changes, state


def served(folder: Path, model: str = "taxi") -> models_config.ServedModel:
    return models_config.read(folder / models_config.FILE)[model]


def route(folder: Path) -> state.Route:
    return state.read(folder).of("taxi")


def test_a_canary_gets_a_share_beside_the_highest_other_version(folder: Path) -> None:
    event = changes.canary(folder, "taxi", None, 0.1, 0.5, "ann", "new data")
    assert served(folder).labels == {"stable": 2, "canary": 3}
    assert served(folder).versions == (2, 3)
    assert (route(folder).canary_share, route(folder).mirror_share) == (0.1, 0.5)
    assert route(folder).since == event.time
    assert state.read(folder).events == (event,)


def test_the_first_change_leaves_other_models_served(folder: Path) -> None:
    changes.promote(folder, "taxi", 2, "ann", "")
    assert served(folder, "other").latest == 1


def test_promoting_takes_the_canary_and_keeps_the_old_version_loaded(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 0.1, 0, "ann", "")
    changes.promote(folder, "taxi", None, "ann", "")
    assert served(folder).labels == {"stable": 3}
    assert served(folder).versions == (2, 3)
    assert route(folder).canary_share == 0


def test_rolling_back_takes_the_canary_out_and_then_goes_to_the_version_before(
    folder: Path,
) -> None:
    changes.promote(folder, "taxi", 1, "ann", "")
    changes.promote(folder, "taxi", 2, "ann", "")
    changes.canary(folder, "taxi", 3, 0.2, 0.2, "ann", "")
    changes.rollback(folder, "taxi", "ann", "slow")
    assert served(folder).labels == {"stable": 2}
    assert (route(folder).canary_share, route(folder).mirror_share) == (0, 0)
    changes.rollback(folder, "taxi", "ann", "")
    assert served(folder).labels == {"stable": 1}
    assert served(folder).versions == (1, 2), "the version that was stable stays loaded"
    assert [event.action for event in state.read(folder).events] == [
        "promote", "promote", "canary", "rollback", "rollback",
    ]  # fmt: skip
    with pytest.raises(ServingError, match="no version was stable before"):
        changes.rollback(folder, "taxi", "ann", "")


def test_promoting_takes_the_canary_and_not_the_highest(folder: Path) -> None:
    changes.promote(folder, "taxi", 1, "ann", "")
    changes.canary(folder, "taxi", 2, 0.1, 0, "ann", "")
    assert changes.promote(folder, "taxi", None, "ann", "").version == 2


def test_a_version_that_is_gone_is_nothing_to_go_back_to(folder: Path) -> None:
    changes.promote(folder, "taxi", 1, "ann", "")
    changes.promote(folder, "taxi", 2, "ann", "")
    shutil.rmtree(folder / "taxi" / "1")
    with pytest.raises(ServingError, match="no version was stable before"):
        changes.rollback(folder, "taxi", "ann", "")


def test_what_another_model_was_before_does_not_matter(folder: Path) -> None:
    for version in ("1", "2"):
        shutil.copytree(folder / "taxi" / version, folder / "other" / version)
        changes.promote(folder, "other", int(version), "ann", "")
    changes.promote(folder, "taxi", 2, "ann", "")
    with pytest.raises(ServingError, match="no version was stable before"):
        changes.rollback(folder, "taxi", "ann", "")


def test_the_latest_changes_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_EVENTS_KEPT", 2)
    for version in (1, 2, 3):
        changes.promote(folder, "taxi", version, "ann", "")
    assert [event.version for event in state.read(folder).events] == [2, 3]


def test_labels_that_somebody_else_set_stay(folder: Path) -> None:
    with models_config.edit(folder / models_config.FILE) as models:
        models["taxi"] = models_config.ServedModel("taxi", versions=(1,), labels={"audit": 1})
    changes.canary(folder, "taxi", 3, 0.1, 0, "ann", "")
    assert served(folder).labels == {"audit": 1, "stable": 2, "canary": 3}
    assert served(folder).versions == (1, 2, 3)


def test_routes_keep_what_is_not_changed(folder: Path) -> None:
    changes.canary(folder, "taxi", 3, 0.1, 0.2, "ann", "")
    wanted = {"canary_share": 0.5, "rollback": {"min_requests": 500}}
    changes.route(folder, "taxi", wanted, "ann", "")
    now = route(folder)
    assert (now.canary_share, now.mirror_share) == (0.5, 0.2)
    assert (now.rollback.min_requests, now.rollback.latency_ratio) == (500, 2.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: changes.promote(f, "taxi", 9, "a", ""), "no version 9\nThere is: 1, 2, 3"),
        (lambda f: changes.promote(f, "taxy", 1, "a", ""), "did you mean 'taxi'"),
        (lambda f: changes.canary(f, "other", 7, 0.1, 0, "a", ""), "the only one"),
        (lambda f: changes.route(f, "taxi", {"canary_share": 0.1}, "a", ""), "no canary"),
        (lambda f: changes.rollback(f, "taxi", "a", "", only_canary=3), "no canary now"),
        (lambda f: changes.promote(f / "none", "taxi", 1, "a", ""), "no serving folder"),
    ],
)
def test_a_mistake_changes_nothing(folder: Path, change: object, said: str) -> None:
    changes.promote(folder, "taxi", 2, "ann", "")
    before = [(folder / name).read_text() for name in (models_config.FILE, state.FILE)]
    with pytest.raises(ServingError) as caught:
        change(folder)  # type: ignore[operator]
    assert said in str(caught.value)
    assert before == [(folder / name).read_text() for name in (models_config.FILE, state.FILE)]


@pytest.mark.parametrize("fault", ["the disk", "the folder"])
@pytest.mark.parametrize("action", ["canary", "promote", "rollback", "route"])
def test_a_folder_that_cannot_be_written_is_told_of_and_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, action: str, fault: str
) -> None:
    changes.promote(folder, "taxi", 1, "ann", "")
    changes.promote(folder, "taxi", 2, "ann", "")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_text" if fault == "the disk" else "os.open", fails)
        with pytest.raises(ServingError, match="cannot be") as refused:
            if action == "canary":
                changes.canary(folder, "taxi", 3, 0.1, 0, "ann", "")
            elif action == "promote":
                changes.promote(folder, "taxi", 3, "ann", "")
            elif action == "rollback":
                changes.rollback(folder, "taxi", "ann", "")
            else:
                changes.route(folder, "taxi", {"sticky": True}, "ann", "")
    assert "Read-only file system" in str(refused.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
