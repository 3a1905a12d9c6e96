"""Whatever is done to an artifact's files is seen, and named; what leaves them alone is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from components.content import artifact, files

FILES = {
    "Split-train/data-0.gz": "train",
    "Split-eval/data-0.gz": "eval",
    "assets/words": "a b",
    "findings.json": "[]",
}
WORDS = "assets/words"


@pytest.fixture
def uri(tmp_path: Path) -> Path:
    folder = tmp_path / "Transform" / "transform_graph" / "7"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def flip(folder: Path, name: str = WORDS) -> None:
    """Changes a byte and nothing that `ls -l` shows."""
    status = (folder / name).stat()
    (folder / name).write_bytes(bytes([(folder / name).read_bytes()[0] ^ 1]) + b" b")
    os.utime(folder / name, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_folder(folder: Path) -> None:
    (folder / WORDS).unlink()
    (folder / WORDS).mkdir()


def replace_by_pipe(folder: Path) -> None:
    (folder / WORDS).unlink()
    os.mkfifo(folder / WORDS)


def replace_by_link_to_nothing(folder: Path) -> None:
    (folder / WORDS).unlink()
    (folder / WORDS).symlink_to("gone")


def replace_by_link_to_other(folder: Path) -> None:
    (folder / WORDS).unlink()
    (folder / WORDS).symlink_to("../findings.json")


def exchange(folder: Path) -> None:
    one, other = folder / "Split-train/data-0.gz", folder / "Split-eval/data-0.gz"
    one.rename(folder / "x")
    other.rename(one)
    (folder / "x").rename(other)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "flipped byte": (flip, "assets/words has other content than was written"),
    "emptied": (lambda f: (f / WORDS).write_text(""), "assets/words has other content"),
    "more": (lambda f: (f / WORDS).write_text("a b c"), "assets/words has other content"),
    "missing": (lambda f: (f / WORDS).unlink(), "assets/words is missing"),
    "split": (lambda f: shutil.rmtree(f / "Split-eval"), "Split-eval/data-0.gz is missing"),
    "emptied split": (lambda f: (f / "Split-eval/data-0.gz").unlink(), "Split-eval/data-0.gz"),
    "renamed": (lambda f: (f / WORDS).rename(f / "assets/Words"), "assets/words is missing"),
    "added": (lambda f: (f / "Split-eval/data-1.gz").write_text(""), "data-1.gz was added"),
    "all": (lambda f: shutil.rmtree(f), "is missing"),
    "exchanged": (exchange, "has other content"),
    "folder": (replace_by_folder, "assets/words is missing"),
    "pipe": (replace_by_pipe, "assets/words cannot be read"),
    "link to nothing": (replace_by_link_to_nothing, "assets/words cannot be read"),
    "link to other": (replace_by_link_to_other, "assets/words has other content"),
}


@pytest.mark.parametrize("manifest", [True, False], ids=["noted", "as a whole"])
@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_seen_and_the_file_is_named(uri: Path, name: str, manifest: bool) -> None:
    do, told = DAMAGES[name]
    expected = artifact.seal(str(uri))
    assert artifact.damage(str(uri), expected) is None
    if not manifest:
        shutil.rmtree(uri.parents[1] / artifact.FOLDER)
    do(uri)
    found = artifact.damage(str(uri), expected)
    assert found and found.startswith("Transform/transform_graph/7")
    assert told in found or not manifest
    assert artifact.damage(str(uri), expected) == found, "it stays damaged"


def copy(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("copy"))
    shutil.rmtree(folder)
    folder.with_name("copy").rename(folder)


def move_and_link(folder: Path) -> None:
    elsewhere = folder.parents[2] / "other disk"
    shutil.move(folder / "Split-train", elsewhere)
    (folder / "Split-train").symlink_to(elsewhere)


def loop(folder: Path) -> None:
    (folder / "Split-train" / "again").symlink_to(folder)


HARMLESS: dict[str, Callable[[Path], object]] = {
    "touch": lambda f: os.utime(f / WORDS, (1, 1)),
    "chmod": lambda f: (f / WORDS).chmod(0o600),
    "copy": copy,
    "write the same": lambda f: (f / WORDS).write_text(FILES[WORDS]),
    "empty folder": lambda f: (f / "empty").mkdir(),
    "split on another disk": move_and_link,
    "loop": loop,
    "broken note": lambda f: next((f.parents[1] / artifact.FOLDER).iterdir()).write_text('{"a'),
    "note of another": lambda f: next((f.parents[1] / artifact.FOLDER).iterdir()).write_text("{}"),
    "odd note": lambda f: next((f.parents[1] / artifact.FOLDER).iterdir()).write_text('{"a": 1}'),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_leaves_the_content_alone_is_no_damage(
    uri: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = artifact.seal(str(uri))
    HARMLESS[name](uri)
    assert artifact.damage(str(uri), expected) is None
    monkeypatch.setattr(files, "sha256", lambda *_, **__: pytest.fail("it is read once more"))
    assert artifact.damage(str(uri), expected) is None


def test_a_byte_that_nothing_shows_is_found_when_all_is_read(
    uri: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = artifact.seal(str(uri))
    states = {path: files.state(str(uri / path)) for path in FILES}
    flip(uri)
    monkeypatch.setattr(files, "state", lambda path: states[os.path.relpath(path, uri)])
    assert artifact.damage(str(uri), expected) is None
    found = artifact.damage(str(uri), expected, thorough=True)
    assert found and found.endswith("assets/words has other content than was written")


def test_where_nothing_can_be_noted_all_is_compared(uri: Path) -> None:
    (uri.parents[1] / ".system").write_text("in the way")
    expected = artifact.seal(str(uri))
    assert artifact.damage(str(uri), expected) is None
    (uri / WORDS).write_text("other")
    assert artifact.damage(str(uri), expected)


def test_an_artifact_may_be_a_file(tmp_path: Path) -> None:
    value = tmp_path / "Node" / "number" / "3" / "value"
    value.parent.mkdir(parents=True)
    value.write_text("17")
    expected = artifact.seal(str(value))
    assert artifact.damage(str(value), expected) is None
    value.write_text("18")
    assert artifact.damage(str(value), expected) == (
        "number/3/value has other content than was written"
    )
