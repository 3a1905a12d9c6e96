"""What a run depends on: each change of it shows, and nothing else does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from components import code_hash
from models.common.errors import ConfigError
from pipeline import nodes
from pipeline.config import loading
from pipeline.local.unchanged import inputs
from pipeline.record import provenance

Write = Callable[[Path, bytes], None]


def of(root: Path, *overrides: str) -> dict[str, str]:
    found = inputs.of("tiny", loading.load("tiny", overrides, root), root)
    assert found is not None
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {key for key in {*before, *after} if before.get(key) != after.get(key)}


def test_every_file_that_a_node_depends_on_is_among_them(project: Path) -> None:
    every = "evaluation.yardstick=true"
    found = of(project, every)
    config = loading.load("tiny", [every], project)
    for name in nodes.of_model("tiny", config, project):
        spec = nodes.SPECS[name]
        needed = code_hash.file_hashes(*spec.imports_of("tiny"), root=project)
        assert needed.keys() <= found.keys(), name
        for file in spec.parameter_files.values():
            path = file.format(model="tiny", data="", batch="")
            assert not (project / path).is_file() or path in found, (name, path)
    assert {"models/tiny/schema.pbtxt", "pipeline/graph/data.py", "uv.lock"} <= found.keys()


FILES = (
    "models/tiny/model.py",
    "models/tiny/schema.pbtxt",
    "models/tiny/words.txt",
    "models/tiny/hyperparameters.json",
    "models/common/training.py",
    "components/serving_check.py",
    "components/example_gen.py",
    "pipeline/results/readers.py",
    "pipeline/show/report/template.html",
    "uv.lock",
)


def test_edited_new_and_removed_files_show(project: Path, write: Write) -> None:
    before = of(project)
    for file in FILES:
        path = project / file
        write(path, (path.read_bytes() if path.exists() else b"") + b"\n# edited\n")
    after = of(project)
    # Where hyperparameters are frozen there is no Tuner.
    assert changed(before, after) == {*FILES, "nodes"}
    for file in FILES:
        (project / file).unlink()
    assert changed(after, of(project)) >= set(FILES)


def test_the_data_shows_by_its_content(project: Path, write: Write) -> None:
    before, data = of(project), project / "data" / "tiny" / "rows.parquet"
    write(data, data.read_bytes() + b"\0")
    assert changed(before, of(project)) == {"data"}


def test_each_setting_shows(models_alone: Path) -> None:
    before = of(models_alone)
    for override in (
        "training.epochs=2",
        "evaluation.metrics.AUC.at_least=0.02",
        "monitoring.window_rows=7",
        "validation.stop_on=never",
        "serving.name=small",
        "label.missing=keep",
        "tuning.mode=always",
        "data.missing=[none]",
    ):
        assert "config" in changed(before, of(models_alone, override)), override


def test_the_environment_shows(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = of(project)
    monkeypatch.setattr(provenance, "packages", lambda: "keras==4.0\n")
    monkeypatch.setattr("sys.version", "4.0")
    assert changed(before, of(project)) == {"packages", "python"}


def test_another_model_that_serves_under_a_name_of_its_own_shows(
    project: Path, write: Write
) -> None:
    before = of(project)
    config = project / "models" / "taxi" / "config.yaml"
    write(config, config.read_bytes() + b"\nserving: {name: tiny}\n")
    assert changed(before, of(project)) == {"model taxi"}


def test_what_makes_no_difference_does_not_show(project: Path, write: Write) -> None:
    before = of(project)
    for path in project.rglob("*"):
        if path.is_file():
            write(path, path.read_bytes())
            os.utime(path, (1, 1))
    for name in ("models/taxi/model.py", "models/taxi/words.txt", "models/tiny/.swp"):
        write(project / name, b"edited = 1\n")
    cached = project / "models" / "tiny" / "__pycache__" / "model.pyc"
    cached.parent.mkdir(exist_ok=True)
    cached.write_bytes(b"")
    config = project / "models" / "tiny" / "config.yaml"
    write(config, b"# a comment\n" + config.read_bytes())
    assert changed(before, of(project)) == set()


def test_a_project_elsewhere_is_another(project: Path) -> None:
    before = of(project)
    moved = project.rename(project.with_name("moved"))
    assert changed(before, of(moved)) == {"project"}


@pytest.mark.parametrize(
    "override", ["data.path=gs://bucket/rows.parquet", "data.path=data/tiny/gone.parquet"]
)
def test_data_that_cannot_be_told_from_here(project: Path, override: str) -> None:
    assert inputs.of("tiny", loading.load("tiny", [override], project), project) is None


def test_code_that_escapes_its_hash_is_left_to_the_run(project: Path, write: Write) -> None:
    config = loading.load("tiny", root=project)
    write(project / "models" / "tiny" / "model.py", b"import os\nx = os.environ['X']\n")
    assert inputs.of("tiny", config, project) is None


def test_a_name_that_no_file_can_hold_is_left_to_the_run(project: Path) -> None:
    config = loading.load("tiny", root=project)
    Path(os.fsdecode(os.fsencode(project / "pipeline") + b"/\xff.txt")).write_text("")
    assert inputs.of("tiny", config, project) is None


def test_a_mistake_in_the_config_is_told_before(project: Path, write: Write) -> None:
    write(project / "models" / "tiny" / "config.yaml", b"data: [")
    with pytest.raises(ConfigError):
        of(project)
