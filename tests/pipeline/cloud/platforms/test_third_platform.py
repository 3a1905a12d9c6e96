"""A third platform is one file, and nothing but the files of platforms knows any by name."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud import storage

from models.common.errors import ConfigError
from pipeline.cli import main
from pipeline.cloud import platforms, targets
from pipeline.config import loading, platform_names, project

pytestmark = pytest.mark.slow

NIMBUS = '''
"""A cloud that the project has never heard of."""

import json
from pathlib import Path

from pipeline.cloud.job import Accepted, Job
from pipeline.cloud.platforms.base import Platform


class Nimbus(Platform):
    """A cloud."""

    title = "Nimbus"
    specification_suffix = ".json"

    tenant: str
    """Who pays."""

    @classmethod
    def placeholder(cls):
        return cls(bucket="gs://rehearsal", tenant="nobody")

    def submit(self, job: Job) -> Accepted:
        Path(self.tenant).write_text(job.specification.read_text())
        return Accepted(f"nimbus:{job.name}")

    def pushed(self, job: str, seconds: float) -> str | None:
        return f"{self.bucket}/{job}/5"
'''
TARGETS = """
nimbus:
  bucket: gs://b
  data: gs://b/data
  image: r/p:1
  tenant: {tenant}
  training: {{cpus: 2}}
"""
MORE_CPUS = "targets.nimbus.training.cpus=3"


@pytest.fixture
def nimbus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A third module in the folder of platforms."""
    folder = tmp_path / "platforms"
    folder.mkdir()
    for name in ("base", *platform_names.names()):
        (folder / f"{name}.py").touch()  # The modules that are there are found first.
    (folder / "nimbus.py").write_text(NIMBUS)
    monkeypatch.setattr(platform_names, "FOLDER", folder)
    monkeypatch.setattr(platforms, "__path__", [*platforms.__path__, str(folder)])
    yield
    sys.modules.pop(f"{platforms.__name__}.nimbus", None)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with a `targets.yaml`."""
    found = tmp_path / "project"
    found.mkdir()
    for name in ("models", "data"):
        (found / name).symlink_to(project.ROOT / name)
    (found / "targets.yaml").write_text(TARGETS.format(tenant=tmp_path / "submitted"))
    monkeypatch.setattr(project, "ROOT", found)
    monkeypatch.delenv(targets.IMAGE, raising=False)
    return found


def test_it_is_a_section_of_both_files(nimbus: None, root: Path) -> None:
    config = loading.load("taxi", [MORE_CPUS], root)
    target = targets.load("nimbus", "taxi", config, root=root)
    assert (type(target).__name__, target.training.cpus) == ("Nimbus", 3)
    rehearsed = targets.for_rehearsal("nimbus", "taxi", config, root)
    assert (rehearsed.bucket, rehearsed.training.cpus) == ("gs://b", 3)
    (root / "targets.yaml").unlink()
    assert targets.for_rehearsal("nimbus", "taxi", config, root).bucket == "gs://rehearsal"


def test_slips_in_its_name_are_told(nimbus: None, root: Path) -> None:
    with pytest.raises(
        ConfigError, match="expected 'vertex' or 'kfp' or 'nimbus'; did you mean 'ni"
    ):
        loading.load("taxi", ["targets.nimbos={}"], root)
    (root / "targets.yaml").write_text("nimbos: {}")
    with pytest.raises(ConfigError, match=r"targets.yaml:1: nimbos: .* did you mean 'nimbus'\?"):
        targets.read(root)
    with pytest.raises(ConfigError, match=r"'nimbos'; did you mean 'nimbus'\?"):
        targets.section("nimbos", root)


@pytest.mark.tfx
def test_the_commands_take_it(
    nimbus: None, root: Path, bucket: storage.Bucket, capfd: pytest.CaptureFixture[str]
) -> None:
    def command(*arguments: str) -> str:
        with pytest.raises(SystemExit) as end:
            main.main([*arguments, "--target", "nimbus"])
        answer = capfd.readouterr()
        assert end.value.code == 0, answer.err
        return answer.out

    written = root / "taxi.json"
    command("compile", "taxi", "--output", str(written), "--set", MORE_CPUS)
    job = json.loads(written.read_text())
    executors = job["pipelineSpec"]["deploymentSpec"]["executors"]
    assert executors["Trainer_executor"]["container"]["resources"]["cpuLimit"] == 3.0
    assert "Submitted taxi-c1: nimbus:taxi-c1" in command("submit", "taxi", "--run", "c1")
    submitted = json.loads((root.parent / "submitted").read_text())
    assert submitted["pipelineSpec"]["pipelineInfo"]["name"] == "taxi"
    assert list(bucket.list_blobs())
    assert command("pushed", "taxi-c1").strip() == "gs://b/taxi-c1/5"


def docstrings(tree: ast.AST) -> set[int]:
    """The ids of the nodes that stand alone, as docstrings do."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def words(tree: ast.AST) -> Iterator[str]:
    """What code calls by name: identifiers, modules, and texts of one word."""
    prose = docstrings(tree)
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "asname", "module", "arg"):
            found = getattr(node, field, None)
            if isinstance(found, str):
                yield found
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and id(node) not in prose and " " not in text.strip():
            yield text


def named(code: str) -> list[str]:
    """The words of code that hold a platform's name or are the name of its class."""
    names = platform_names.names()
    classes = {platforms.find(name).__name__ for name in names}
    return [
        word
        for word in words(ast.parse(code))
        if word in classes or any(name in word.lower() for name in names)
    ]


@pytest.mark.parametrize(
    "code",
    [
        "if target == 'vertex': pass",
        "suffix = {'kfp': '.yaml'}",
        "from pipeline.cloud.platforms import vertex",
        "from pipeline.cloud.platforms.kfp import *",
        "import kfp.client as client",
        "isinstance(target, VertexAI)",
        "settings.vertex.project",
        "def submit_to_kfp(): pass",
        "run('--target=vertex')",
        "call(vertex=1)",
    ],
)
def test_names_of_platforms_are_found(code: str) -> None:
    assert named(code)


@pytest.mark.parametrize(
    "code", ["'''Vertex AI.'''", "help = 'FILE.json for Vertex AI'", "x: int\n'''For kfp.'''"]
)
def test_prose_may_speak_of_them(code: str) -> None:
    assert not named(code)


def test_nothing_else_knows_a_platform_by_name() -> None:
    package = project.ROOT / "pipeline"
    # What hands tasks their inputs there is a file of a platform's too, which names it.
    drivers = package / "cloud" / "rehearsal" / "drivers"
    found = {
        path.relative_to(package).as_posix(): names
        for path in sorted(package.rglob("*.py"))
        if not {platform_names.FOLDER, drivers} & set(path.parents)
        and (names := named(path.read_text(encoding="utf-8")) + named(f"{path.stem} = 0"))
    }
    assert found == {"config/platform_names.py": [platform_names.DEFAULT]}
