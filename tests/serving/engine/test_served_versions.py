"""Which versions are served and labelled, look by look; `test_versions.py` asks a real server."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import small_model

pytestmark = pytest.mark.tfx

MODEL = "half_plus_two"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def push(conformance_models: Path, models: Path) -> Callable[..., Path]:
    """Copies a version, or makes one that does not load."""

    def copy(number: int, model: str = MODEL, broken: bool = False) -> Path:
        folder = models / model / str(number)
        if broken:
            folder.mkdir(parents=True)
            (folder / "saved_model.pb").write_bytes(b"not a model")
        else:
            shutil.copytree(conformance_models / MODEL / "123", folder)
        return folder

    return copy


@pytest.fixture
def versions(models: Path) -> Iterator[Any]:
    """Versions that look when they are told to."""
    from serving.core.metrics import Metrics
    from serving.core.settings import Limits
    from serving.engine.versions import Versions

    made = Versions(models, Limits(), Metrics())
    yield made
    for served in made.snapshot.values():
        for version in served.versions.values():
            version.batcher.close()


def configure(models: Path, *served: Any) -> None:
    from serving.model import models_config

    models_config.write(models / models_config.FILE, {one.name: one for one in served})


def look(versions: Any, times: int = 2) -> None:
    """As the server does; a folder that is new is taken at the second look."""
    for _ in range(times):
        versions.scan()
        versions.scanned.set()


def served(versions: Any, model: str = MODEL) -> list[int]:
    return sorted(versions.snapshot[model].versions) if model in versions.snapshot else []


def states(versions: Any, model: str = MODEL) -> dict[int, str]:
    return {n: status.state.name for n, status in versions.statuses.get(model, {}).items()}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, [10]),
        ({"latest": 2}, [9, 10]),
        ({"latest": 0}, [8, 9, 10]),
        ({"latest": 7}, [8, 9, 10]),
        ({"versions": (8, 10)}, [8, 10]),
        ({"versions": (9, 77)}, [9]),
        ({"versions": (77,)}, []),
    ],
)
def test_the_policy_says_which(
    models: Path, push: Any, versions: Any, policy: dict[str, Any], expected: list[int]
) -> None:
    from serving.model.models_config import ServedModel

    for number in (8, 9, 10):
        push(number)
    if policy:
        configure(models, ServedModel(MODEL, **policy))
    look(versions, 1)
    assert served(versions) == expected
    latest = versions.snapshot[MODEL].latest.number if expected else None
    assert latest == (max(expected) if expected else None)


def test_a_new_folder_is_taken_when_it_is_the_same_twice(push: Any, versions: Any) -> None:
    push(1)
    look(versions, 1)
    folder = push(2)
    look(versions, 1)
    assert served(versions) == [1]
    (folder / "more").write_text("still copying")
    look(versions, 1)
    assert served(versions) == [1]
    look(versions, 1)
    assert (served(versions), states(versions)) == ([2], {1: "END", 2: "AVAILABLE"})


def test_what_does_not_load_is_tried_again_when_it_changes(push: Any, versions: Any) -> None:
    push(1)
    broken = push(2, broken=True)
    attempts = f'load_attempt_count{{model_path="{MODEL}/2",status="fail"}}'
    look(versions, 3)
    assert (served(versions), states(versions)) == ([], {2: "END"})
    assert f"{attempts} 1" in versions._metrics.text(), "the same is not tried again"
    error = versions.statuses[MODEL][2].error
    assert f"{MODEL}/2" in str(error) and str(versions.root) not in str(error)
    assert versions.unready() == [f"No version of '{MODEL}' is available."]
    (broken / "saved_model.pb").write_bytes(b"another")
    look(versions, 2)
    assert f"{attempts} 2" in versions._metrics.text()
    shutil.rmtree(broken)
    push(2)
    look(versions)
    assert (served(versions), versions.unready()) == ([2], [])


def test_a_successor_that_fails_leaves_the_running_one(push: Any, versions: Any) -> None:
    push(1)
    look(versions, 1)
    push(2, broken=True)
    look(versions)
    assert (served(versions), states(versions)) == ([1], {1: "AVAILABLE", 2: "END"})


def test_labels_move_to_versions_that_are_there(models: Path, push: Any, versions: Any) -> None:
    from serving.model.models_config import ServedModel

    for number in (1, 2):
        push(number)
    push(3, broken=True)

    def labelled(numbers: tuple[int, ...], **labels: int) -> dict[str, int]:
        configure(models, ServedModel(MODEL, versions=numbers, labels=labels))
        look(versions)
        return dict(versions.snapshot[MODEL].labels)

    assert labelled((1, 2), stable=1, canary=2) == {"stable": 1, "canary": 2}
    # One that does not load leaves the label, and what it names, where they were.
    assert labelled((2, 3), stable=3, canary=2) == {"stable": 1, "canary": 2}
    assert served(versions) == [1, 2]
    assert labelled((2, 3), canary=3) == {"canary": 2}
    assert labelled((2,)) == {}
    assert served(versions) == [2]
    # A label keeps what the policy alone would unload.
    push(4)
    configure(models, ServedModel(MODEL, labels={"stable": 2}))
    look(versions)
    assert served(versions) == [2, 4]


def test_a_folder_can_be_served_by_another_name(models: Path, push: Any, versions: Any) -> None:
    from serving.model.models_config import ServedModel

    push(1)
    push(1, model="other")
    configure(models, ServedModel("renamed", f"/models/{MODEL}"))
    look(versions)
    assert sorted(versions.snapshot) == ["other", "renamed"]


@pytest.mark.parametrize("configured", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_a_folder_that_vanishes_for_a_moment_is_kept(
    models: Path, push: Any, versions: Any, configured: bool, whole: bool
) -> None:
    """As storage over a network does: a model's folder, or that of all models."""
    from serving.model.models_config import ServedModel

    push(1)
    if configured:
        configure(models, ServedModel(MODEL, versions=(1,), labels={"stable": 1}))
    look(versions)
    gone = models if whole else models / MODEL
    gone.rename(gone.with_name("away"))
    look(versions, 3)
    assert (served(versions), states(versions)) == ([1], {1: "AVAILABLE"})
    gone.with_name("away").rename(gone)
    look(versions, 3)
    assert (served(versions), versions.unready()) == ([1], [])


def test_a_folder_that_nobody_may_read_hinders_no_model(
    models: Path, push: Any, versions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(1)
    (models / "lost+found").mkdir()
    listed = Path.iterdir

    def forbidden(folder: Path) -> Any:
        if folder.name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", forbidden)
    look(versions)
    assert (served(versions), versions.unready()) == ([1], [])


@pytest.mark.parametrize(("passing", "tries"), [(True, 6), (False, 1)])
def test_a_cause_that_may_pass_is_tried_again(
    push: Any, versions: Any, monkeypatch: pytest.MonkeyPatch, passing: bool, tries: int
) -> None:
    from serving.core.errors import Code, ServingError

    monkeypatch.setattr("serving.engine.versions._SECONDS_BETWEEN_TRIES", 0)
    code = Code.PERMISSION_DENIED if passing else Code.FAILED_PRECONDITION
    seen: list[Path] = []

    def fails(path: Path) -> Any:
        seen.append(path)
        raise ServingError(code, f"{path} cannot be read")

    push(1)
    with monkeypatch.context() as patch:
        patch.setattr("serving.engine.versions.load", fails)
        look(versions, 10)
        assert len(seen) == tries
        assert states(versions) == {1: "END"}


def test_an_unload_that_does_not_end_holds_up_no_other_version(
    push: Any, versions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.engine.versions._SECONDS_FOR_AN_UNLOAD", 0.01)
    push(1)
    look(versions)
    (version,) = versions.snapshot[MODEL].versions.values()
    release, close = threading.Event(), version.batcher.close
    monkeypatch.setattr(version.batcher, "close", lambda *_: (release.wait(20), close()))
    push(2)
    look(versions)
    push(3)
    look(versions)
    assert (served(versions), states(versions)[1]) == ([3], "UNLOADING")
    release.set()


def test_what_is_gone_is_forgotten(
    push: Any, versions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = push(1)
    look(versions, 1)
    shutil.rmtree(folder.parent)
    monkeypatch.setattr("serving.engine.versions._SECONDS_MISSING", 0)
    look(versions, 1)
    assert (served(versions), states(versions)) == ([], {})
    assert versions.unready() == ["There is no model in the serving folder."]


def test_a_config_that_cannot_be_read_changes_nothing(
    models: Path, push: Any, versions: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from serving.engine import model_info
    from serving.model.models_config import ServedModel

    for number in (1, 2):
        push(number)
    configure(models, ServedModel(MODEL, versions=(1,), labels={"stable": 1}))
    look(versions, 1)
    (models / "models.config").write_text("model_config_list {")
    look(versions, 3)
    assert (served(versions), versions.snapshot[MODEL].labels) == ([1], {"stable": 1})
    assert versions.unready() == [], "what serves is as ready as before"
    (told,) = {model_info.error_message(versions, s) for s in versions.statuses[MODEL].values()}
    assert "models.config is not usable" in told and str(models) not in told
    assert "serving_config_refused 1" in versions._metrics.text()
    assert capsys.readouterr().err.count('"config refused"') == 1, "told once"


def test_a_folder_that_cannot_be_read_hinders_no_other_model(
    models: Path, push: Any, versions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.model import version_folders

    push(1, model="a")
    push(1, model="b")
    fingerprint = version_folders.fingerprint

    def fails(folder: Path) -> Any:
        if "a" in folder.parts:
            raise OSError("the disk fails")
        return fingerprint(folder)

    monkeypatch.setattr(version_folders, "fingerprint", fails)
    look(versions)
    assert sorted(versions.snapshot) == ["b"]


def with_manifest(version: Path) -> Path:
    """As the pipeline exports it."""
    files = {
        path.relative_to(version).as_posix(): {
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in version.rglob("*")
        if path.is_file()
    }
    (version / "assets.extra").mkdir(exist_ok=True)
    (version / "assets.extra" / "manifest.json").write_text(json.dumps({"files": files}))
    return version


def lose_graph(version: Path) -> None:
    (version / "saved_model.pb").unlink()


def edit_graph(version: Path) -> None:
    with (version / "saved_model.pb").open("ab") as file:
        file.write(b"\0")


@pytest.mark.parametrize("damage", [lose_graph, edit_graph])
def test_a_damaged_version_is_not_loaded_and_its_status_says_so(
    push: Any, versions: Any, damage: Any
) -> None:
    version = with_manifest(push(1))
    damage(version)
    look(versions, 2)
    assert (served(versions), states(versions)) == ([], {1: "END"})
    assert "version 1 of half_plus_two is damaged: saved_model.pb" in str(
        versions.statuses[MODEL][1].error
    )


@pytest.mark.parametrize("damage", [lose_graph, edit_graph])
def test_what_is_in_memory_goes_on_when_its_files_are_damaged(
    push: Any, versions: Any, damage: Any
) -> None:
    push(1)
    version = with_manifest(push(2))
    look(versions, 2)
    damage(version)
    look(versions, 2)
    assert (served(versions), states(versions)[2]) == ([2], "AVAILABLE")


@pytest.mark.parametrize("config", [None, "model_config_list {", "folder"])
def test_what_is_told_before_anything_is_served_has_no_place(
    models: Path, versions: Any, config: str | None
) -> None:
    """Nothing is there, or a `models.config` that cannot be followed."""
    if config == "folder":
        (models / "models.config").mkdir()
    elif config:
        (models / "models.config").write_text(config)
    look(versions)
    (told,) = versions.unready()
    assert str(models) not in told and str(models.parent) not in told
    assert ("models.config" in told) == bool(config)


def test_a_run_that_does_not_end_is_told_of(push: Any, versions: Any) -> None:
    push(1)
    look(versions)
    (version,) = versions.snapshot[MODEL].versions.values()
    version.batcher._cancelled.append([])
    assert "Version 1 of 'half_plus_two' does not end a run" in versions.unready()[0]
    version.batcher._cancelled.clear()
    assert versions.unready() == []


def test_a_warm_up_that_does_not_end_refuses_its_version_alone(
    models: Path, push: Any, versions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.engine.versions._SECONDS_TO_WARM_UP", 0.5)
    small_model.write_counting(models / "counting" / "1")
    extra = models / "counting" / "1" / "assets.extra"
    extra.mkdir(exist_ok=True)
    known = {"rows": [{"x": "Infinity"}], "outputs": {"y": [0]}}
    (extra / "known_answers.json").write_text(json.dumps(known).replace('"Infinity"', "Infinity"))
    push(1)
    look(versions, 1)
    assert (served(versions), states(versions, "counting")) == ([1], {1: "END"})
    assert "The warm-up did not end" in str(versions.statuses["counting"][1].error)
