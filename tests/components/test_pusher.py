"""A pushed version is there whole or not at all, and once, however often a push is killed."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts
from tfx.types.experimental.simple_artifacts import File
from tfx.utils import proto_utils

from components import pusher
from models.common import progress
from models.common.errors import RunError, ServingError
from models.common.files import manifest

pytestmark = pytest.mark.tfx

FILES = {"saved_model.pb": "graph", "variables/variables.index": "index", "assets/words": "a b"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model" / "Format-Serving"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def serving(tmp_path: Path) -> Path:
    return tmp_path / "serving" / "taxi"


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def killed(act: Callable[[], None]) -> bool:
    """Acts in a process of its own, and returns whether that was killed."""
    child = os.fork()
    if not child:
        try:
            act()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def kill(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_version_holds_the_model(model: Path, serving: Path) -> None:
    version = pusher.push(model, serving)
    assert version.parent == serving and version.name.isdigit()
    assert content(version) == FILES
    assert names(serving) == [version.name]


def test_another_model_is_a_later_version(model: Path, serving: Path) -> None:
    first = pusher.push(model, serving)
    (model / "saved_model.pb").write_text("other")
    second = pusher.push(model, serving)
    assert int(second.name) > int(first.name)
    assert content(first) == FILES and content(second)["saved_model.pb"] == "other"


def test_the_latest_version_is_not_pushed_again(model: Path, serving: Path) -> None:
    first = pusher.push(model, serving)
    assert pusher.push(model, serving) == first
    (model / "variables" / "more").write_text("")
    assert pusher.push(model, serving) != first
    (model / "variables" / "more").unlink()
    assert pusher.push(model, serving) != first, "it is no longer the latest"
    assert len(names(serving)) == 3


def test_a_push_that_is_killed_while_copying_leaves_no_version(
    model: Path, serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []

    def copy_one(source: str, target: str) -> None:
        if copied:
            kill()
        copied.append(shutil.copy2(source, target))

    def push() -> None:
        real = shutil.copytree
        monkeypatch.setattr(
            shutil, "copytree", lambda one, other, *_, **__: real(one, other, False, None, copy_one)
        )
        pusher.push(model, serving)

    assert killed(push)
    [left] = names(serving)
    assert not left.isdigit() and len(content(serving / left)) == 1
    version = pusher.push(model, serving)
    assert names(serving) == [version.name] and content(version) == FILES


def test_a_push_that_is_killed_before_its_name_leaves_no_version(
    model: Path, serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def push() -> None:
        monkeypatch.setattr(Path, "rename", kill)
        pusher.push(model, serving)

    assert killed(push)
    assert not any(name.isdigit() for name in names(serving))
    version = pusher.push(model, serving)
    assert names(serving) == [version.name] and content(version) == FILES


def test_a_push_that_is_killed_before_it_is_recorded_is_not_pushed_twice(
    model: Path, serving: Path
) -> None:
    def push() -> None:
        pusher.push(model, serving)
        kill()

    assert killed(push)
    [version] = names(serving)
    assert pusher.push(model, serving).name == version
    assert names(serving) == [version]


@pytest.mark.parametrize(("blessed", "checked"), [(1, 1), (0, 1), (1, 0)])
def test_only_what_both_blessings_allow_is_pushed(
    model: Path, serving: Path, tmp_path: Path, blessed: int, checked: int
) -> None:
    trained = standard_artifacts.Model()
    trained.uri = str(model.parent)
    blessing = standard_artifacts.ModelBlessing()
    blessing.set_int_custom_property("blessed", blessed)
    infra = standard_artifacts.InfraBlessing()
    infra.set_string_custom_property("blessing_status", "INFRA_BLESSED" if checked else "NO")
    infra.set_int_custom_property("blessed", checked)
    pushed = standard_artifacts.PushedModel()
    pushed.uri = str(tmp_path / "pushed")
    filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=str(serving))
    destination = proto_utils.proto_to_json(pusher_pb2.PushDestination(filesystem=filesystem))
    pusher.Executor().Do(
        {"model": [trained], "model_blessing": [blessing], "infra_blessing": [infra]},
        {"pushed_model": [pushed]},
        {"push_destination": destination, "custom_config": "null"},
    )
    assert pushed.get_int_custom_property("pushed") == int(blessed and checked)
    assert serving.exists() == bool(blessed and checked)
    if serving.exists():
        [version] = names(serving)
        assert pushed.get_string_custom_property("pushed_version") == version
        assert pushed.get_string_custom_property("pushed_destination") == str(serving / version)
        assert content(Path(pushed.uri)) == content(serving / version) == FILES


@pytest.mark.parametrize("with_manifest", [True, False])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_version_is_found_and_pushed_again(
    model: Path, serving: Path, name: str, with_manifest: bool
) -> None:
    if with_manifest:
        manifest.write(str(model))
    version = pusher.push(model, serving)
    assert pusher.damage(str(model), str(version)) is None
    (version / name).write_text("x" * len(FILES[name]))
    found = str(pusher.damage(str(model), str(version)))
    assert found.startswith(f"serving/taxi/{version.name}")
    assert name in found or not with_manifest
    again = pusher.push(model, serving)
    assert again != version and pusher.damage(str(model), str(again)) is None


def test_a_damaged_model_is_not_pushed(model: Path, serving: Path) -> None:
    manifest.write(str(model))
    (model / "assets" / "words").write_text("a c")
    with pytest.raises(ServingError, match="damaged, so that it is not pushed") as caught:
        pusher.push(model, serving)
    assert "assets/words has other content" in caught.value.detail
    assert not serving.exists()


def test_a_copy_that_is_not_the_model_is_no_version(
    model: Path, serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest.write(str(model))
    real = shutil.copytree

    def copy_badly(source: Path, target: Path) -> None:
        with monkeypatch.context() as whole:
            whole.setattr(shutil, "copytree", real)  # It calls itself for folders.
            real(source, target)
        (target / "saved_model.pb").write_text("grap")

    monkeypatch.setattr(shutil, "copytree", copy_badly)
    with pytest.raises(ServingError):
        pusher.push(model, serving)
    assert names(serving) == []


def test_a_deleted_version_is_brought_back(model: Path, serving: Path) -> None:
    serving.mkdir(parents=True)
    pusher.restore(model, serving / "17")
    assert content(serving / "17") == FILES and names(serving) == ["17"]
    (serving / "17" / "saved_model.pb").write_text("as it is")
    pusher.restore(model, serving / "17")
    assert (serving / "17" / "saved_model.pb").read_text() == "as it is"


def test_who_listens_is_told_of_the_folder_before_it_is_there(model: Path, serving: Path) -> None:
    told: list[tuple[str, bool]] = []

    def note(event: progress.Event) -> None:
        assert isinstance(event, progress.Pushing)
        told.append((event.folder, Path(event.folder).exists()))

    serving.mkdir(parents=True)
    with progress.listening(note):
        version = pusher.push(model, serving)
        assert pusher.push(model, serving) == version
    assert told == [(str(version), False), (str(version), True)]


@pytest.mark.parametrize("clock", [0, 1_000, 2**40])
def test_versions_grow_whatever_the_clock_says(
    model: Path, serving: Path, monkeypatch: pytest.MonkeyPatch, clock: int
) -> None:
    serving.mkdir(parents=True)
    pushed = []
    for number, time in enumerate([2_000_000_000, clock, 1_900_000_000, clock + 1]):
        monkeypatch.setattr("components.pusher.time.time", lambda time=time: time)
        (model / "assets/words").write_text(str(number))
        pushed.append(int(pusher.push(model, serving).name))
    assert pushed == sorted(set(pushed))


def test_the_number_of_a_version_that_is_gone_is_not_given_again(
    model: Path, serving: Path
) -> None:
    serving.mkdir(parents=True)
    (serving / "4000000000.json").touch()  # What the server's commands knew of it.
    assert pusher.push(model, serving).name == "4000000001"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "Received: No space left on device."),
        (
            shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]),
            "Received: No space left on device: 'b'.",
        ),
        (shutil.Error([("a", "b", "why"), ("c", "d", "why")]), "Received: why."),
        (shutil.Error("same file"), "Received: same file."),
    ],
)
def test_what_hinders_a_copy_is_told_in_words(
    error: OSError, told: str, model: Path, serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copytree(_: Path, to: Path) -> None:
        to.mkdir(parents=True)
        (to / "saved_model.pb").write_text("half of")
        raise error

    monkeypatch.setattr(shutil, "copytree", copytree)
    with pytest.raises(RunError) as caught:
        pusher.push(model, serving)
    assert caught.value.headline.startswith(f"The model cannot be copied to {serving}")
    assert caught.value.detail == told
    assert names(serving) == [], "nothing is left of it"


def test_a_file_where_versions_should_be_is_told(model: Path, serving: Path) -> None:
    serving.parent.mkdir()
    serving.write_text("")
    with pytest.raises(RunError, match="The model cannot be copied to"):
        pusher.push(model, serving)


PROFILE = "assets.extra/reference_profile.json"


def test_a_version_comes_with_its_profile(model: Path, serving: Path) -> None:
    version = pusher.push(model, serving, b"one")
    assert content(version) == {**FILES, PROFILE: "one"}
    assert content(model) == FILES, "what was exported stays as it is"


@pytest.mark.parametrize("with_manifest", [True, False])
def test_the_same_model_gets_a_new_profile_and_no_new_version(
    model: Path, serving: Path, with_manifest: bool
) -> None:
    if with_manifest:
        manifest.write(str(model))
    version = pusher.push(model, serving, b"one")
    assert pusher.push(model, serving, b"other") == version
    assert (version / PROFILE).read_text() == "other"
    assert pusher.push(model, serving) == version
    assert (version / PROFILE).read_text() == "other", "what there is stays"
    assert names(serving) == [version.name]
    assert pusher.damage(str(model), str(version)) is None


def test_a_version_of_before_there_were_profiles_gets_one(model: Path, serving: Path) -> None:
    version = pusher.push(model, serving)
    assert pusher.push(model, serving, b"one") == version
    assert content(version) == {**FILES, PROFILE: "one"}


def test_a_profile_that_is_killed_while_it_is_written_is_no_half_one(
    model: Path, serving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = pusher.push(model, serving, b"one")

    def push() -> None:
        monkeypatch.setattr(Path, "replace", kill)
        pusher.push(model, serving, b"other")

    assert killed(push)
    assert (version / PROFILE).read_text() == "one"
    assert pusher.push(model, serving, b"other") == version
    assert content(version) == {**FILES, PROFILE: "other"}


def test_a_deleted_profile_comes_back_from_what_was_pushed(
    model: Path, serving: Path, tmp_path: Path
) -> None:
    version = pusher.push(model, serving, b"one")
    archive = tmp_path / "archive"
    shutil.copytree(version, archive)
    for change in (Path.unlink, lambda path: path.write_text("damaged")):
        change(version / PROFILE)
        assert pusher.damage(str(archive), str(version)) is None, "the model is whole"
        pusher.restore(archive, version)
        assert (version / PROFILE).read_text() == "one"
    shutil.rmtree(version)
    pusher.restore(archive, version)
    assert content(version) == {**FILES, PROFILE: "one"}


def test_a_profile_that_cannot_be_written_is_told(model: Path, serving: Path) -> None:
    version = pusher.push(model, serving)
    (version / "assets.extra").write_text("a file")
    with pytest.raises(RunError, match="cannot be written") as caught:
        pusher.write_profile(version, b"one")
    assert "free some space" in caught.value.remedy
    assert (version / "assets.extra").read_text() == "a file"


@pytest.mark.parametrize("executor", [pusher.Executor, pusher.BucketExecutor])
@pytest.mark.parametrize("blessed", [1, 0])
@pytest.mark.parametrize("made", [True, False])
def test_the_node_pushes_the_profile_that_another_made(
    model: Path, serving: Path, tmp_path: Path, executor: type, blessed: int, made: bool
) -> None:
    inputs = {
        "model": standard_artifacts.Model(),
        "model_blessing": standard_artifacts.ModelBlessing(),
        "profile": File(),
    }
    inputs["model"].uri = str(model.parent)
    inputs["model_blessing"].set_int_custom_property("blessed", blessed)
    inputs["profile"].uri = str(tmp_path / "profile")
    (tmp_path / "profile").mkdir()
    if made:
        (tmp_path / "profile" / "reference_profile.json").write_text("one")
    pushed = standard_artifacts.PushedModel()
    pushed.uri = str(tmp_path / "pushed")
    filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=str(serving))
    destination = proto_utils.proto_to_json(pusher_pb2.PushDestination(filesystem=filesystem))
    executor().Do(
        {name: [one] for name, one in inputs.items()},
        {"pushed_model": [pushed]},
        {"push_destination": destination, "custom_config": "null"},
    )
    assert pushed.get_int_custom_property("pushed") == blessed
    assert serving.exists() == bool(blessed)
    if blessed:
        [version] = names(serving)
        expected = {**FILES, PROFILE: "one"} if made else FILES
        assert content(serving / version) == content(Path(pushed.uri)) == expected
        assert pushed.get_string_custom_property("pushed_version") == version
        assert pushed.get_string_custom_property("pushed_destination") == str(serving / version)
