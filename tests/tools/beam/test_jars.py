"""The files of a job server: fetched once, and those that are pinned."""

from __future__ import annotations

import hashlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.helpers.paths import ROOT
from tools.beam import engines, jars
from tools.errors import SetupError

FILES = {"beam.jar": b"beam", "flink.jar": b"flink"}
MAVEN = """#!/bin/sh
echo "$@" >> {calls}
for argument; do case $argument in -DoutputDirectory=*) folder=${{argument#*=}};; esac; done
mkdir -p "$folder" && cp {source}/*.jar "$folder"
"""


class Machine:
    """One with a Maven that copies files, and a project that pins some."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = folder / "project"
        self.source = folder / "source"
        self.calls = folder / "calls"
        self.program = folder / "bin" / "mvn"
        self.pins = self.root / "deploy" / "beam" / "flink" / "jars.sha256"
        for path in (self.source, self.program.parent, self.pins.parent):
            path.mkdir(parents=True)
        for name, content in FILES.items():
            (self.source / name).write_bytes(content)
        pinned = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
        self.pins.write_text("".join(f"{sha256}  {name}\n" for name, sha256 in pinned.items()))
        self.maven(MAVEN.format(calls=self.calls, source=self.source))
        monkeypatch.setenv("PATH", f"{self.program.parent}:/usr/bin:/bin")

    def maven(self, script: str) -> None:
        self.program.write_text(script)
        self.program.chmod(0o755)

    @property
    def fetched(self) -> Path:
        return self.root / ".tools" / "beam" / "flink"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_fetched_once(machine: Machine) -> None:
    for _ in range(2):
        folder = jars.fetch("flink", machine.root)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    [call] = machine.calls.read_text().splitlines()
    assert "--strict-checksums" in call and "deploy/beam/flink/pom.xml" in call


@pytest.mark.parametrize("damage", ["changed", "missing", "added"])
def test_damaged_files_are_fetched_again(machine: Machine, damage: str) -> None:
    folder = jars.fetch("flink", machine.root)
    if damage == "missing":
        (folder / "beam.jar").unlink()
    else:
        (folder / ("beam.jar" if damage == "changed" else "other.jar")).write_bytes(b"bad")
    jars.fetch("flink", machine.root)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda source: (source / "beam.jar").write_bytes(b"bad"), "beam.jar: expected SHA-256"),
        (lambda source: (source / "beam.jar").unlink(), "beam.jar is missing"),
        (lambda source: (source / "evil.jar").write_bytes(b""), "evil.jar is not pinned"),
    ],
)
def test_other_files_are_refused(machine: Machine, change: object, told: str) -> None:
    assert callable(change)
    change(machine.source)
    with pytest.raises(SetupError, match=told):
        jars.fetch("flink", machine.root)
    assert not machine.fetched.exists()
    assert list(machine.fetched.parent.iterdir()) == []


def test_what_is_fetched_can_be_pinned(machine: Machine) -> None:
    (machine.source / "beam.jar").write_bytes(b"newer")
    assert jars.pin("flink", machine.root) == machine.pins
    assert (jars.fetch("flink", machine.root) / "beam.jar").read_bytes() == b"newer"


def test_maven_that_fails_is_told(machine: Machine) -> None:
    machine.maven("#!/bin/sh\necho '[ERROR] no such host'; exit 1\n")
    with pytest.raises(SetupError, match="no such host") as told:
        jars.fetch("flink", machine.root)
    assert told.value.remedy


def test_without_maven(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(machine.root))
    with pytest.raises(SetupError, match="There is no mvn") as told:
        jars.fetch("flink", machine.root)
    assert "make flink JOB_SERVER=" in told.value.remedy


@pytest.mark.parametrize("engine", engines.ENGINES)
def test_versions_are_pinned(engine: str) -> None:
    folder = ROOT / "deploy" / "beam" / engine
    namespace = "{http://maven.apache.org/POM/4.0.0}"
    tree = ElementTree.parse(folder / "pom.xml")
    versions = {
        f"{one.findtext(f'{namespace}artifactId')}-{one.findtext(f'{namespace}version')}.jar"
        for one in tree.iter(f"{namespace}dependency")
    }
    pinned = dict(line.split()[::-1] for line in (folder / "jars.sha256").read_text().splitlines())
    assert versions <= set(pinned)
    assert all(len(sha256) == 64 for sha256 in pinned.values())
