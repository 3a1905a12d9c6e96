"""What a change needs: a table of paths, and real git repositories."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipeline.cli import main
from pipeline.config import project
from pipeline.delivery import changes, image_tag
from pipeline.delivery.change_class import IMAGE, MODULES, NONE, SERVING
from tests.helpers.paths import ROOT

FILES = {
    "Dockerfile": "FROM scratch\nCOPY uv.lock models/common/errors.py pipeline /opt/\n",
    ".dockerignore": "",
    "deploy/serving.Dockerfile": "FROM scratch\nCOPY serving /opt/serving\n",
    "serving/cli.py": "",
    "uv.lock": "",
    "pipeline/cli/main.py": "",
    "models/common/errors.py": "",
    "models/common/training.py": "",
    "models/taxi/config.yaml": "data: {path: data/trips/*.csv}",
    "models/taxi/model.py": "from models.rents import features",
    "models/rents/config.yaml": "data: {path: data/rents.csv}",
    "models/rents/features.py": "",
    "data/trips/one.csv": "",
    "docs/page.md": "",
}


class Repository:
    """A git repository of a small project."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "gc.auto=0"]
        command = ["git", "-C", str(self.root), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "m")
        return self.git("rev-parse", "HEAD")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repository = Repository(tmp_path_factory.mktemp("project"))
    for path, text in FILES.items():
        repository.write(path, text)
    return repository.root


@pytest.fixture(scope="module")
def committed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    repository = Repository(tmp_path_factory.mktemp("committed") / "repository")
    shutil.copytree(root, repository.root)
    repository.git("init", "--quiet", "--initial-branch", "main")
    repository.commit()
    return repository.root


@pytest.fixture
def repository(committed: Path, tmp_path: Path) -> Repository:
    shutil.copytree(committed, tmp_path / "repository")
    return Repository(tmp_path / "repository")


@pytest.mark.parametrize(
    ("path", "kind", "models", "reason"),
    [
        ("uv.lock", IMAGE, ["rents", "taxi"], "uv.lock is part of the image"),
        ("targets.yaml", IMAGE, ["rents", "taxi"], "targets.yaml says where models ship"),
        ("models/taxi/model.py", MODULES, ["taxi"], "is code or data of models alone"),
        ("models/gone/model.py", NONE, [], "belongs to no model that is left"),
        ("serving/cli.py", SERVING, [], "is part of the model server's image alone"),
        (".editorconfig", NONE, [], "no image holds what has changed, and no model uses it"),
    ],
)
def test_one_changed_file(root: Path, path: str, kind: str, models: list[str], reason: str) -> None:
    found = changes.classify([path], root)
    assert (found.kind, found.models, found.files) == (
        kind,
        models,
        {path: MODULES if "gone" in path else kind},
    )
    assert found.reason.endswith(reason)


@pytest.mark.parametrize(
    ("paths", "kind"),
    [
        ([], NONE),
        (["docs/page.md", "models/taxi/model.py"], MODULES),
        (["models/taxi/model.py", "pipeline/cli/main.py", "docs/page.md"], IMAGE),
        (["tests/test.py", "README.md"], NONE),
        (["docs/page.md", "serving/cli.py"], SERVING),
        (["models/taxi/model.py", "serving/cli.py"], MODULES),
        (["models/gone/model.py", "serving/cli.py"], SERVING),
        (["serving/cli.py", "uv.lock"], IMAGE),
    ],
)
def test_the_most_that_any_file_needs_counts(root: Path, paths: list[str], kind: str) -> None:
    assert changes.classify(paths, root).kind == kind


def test_the_taxi_model_and_its_data_need_no_image() -> None:
    found = changes.classify(["models/taxi/model.py", "data/taxi/trips.csv"])
    assert (found.kind, found.models) == (MODULES, ["taxi"])


def edit(path: str) -> Callable[[Repository], None]:
    return lambda repository: repository.write(path, "changed")


@pytest.mark.parametrize(
    ("change", "kind", "models"),
    [
        (edit("models/taxi/model.py"), MODULES, ["taxi"]),
        (edit("docs/page.md"), NONE, []),
        (edit("new folder/name with\nline \"and\" 'quotes' ü.md"), NONE, []),
        (edit("data/name with\nline \"and\" 'quotes' ü.csv"), MODULES, ["rents", "taxi"]),
        (edit("pipeline/name with\nline.py"), IMAGE, ["rents", "taxi"]),
        (edit("serving/cli.py"), SERVING, []),
        (edit("deploy/compose.yaml"), NONE, []),
        (edit(".editorconfig"), NONE, []),
        (lambda r: r.git("rm", "-q", "pipeline/cli/main.py"), IMAGE, ["rents", "taxi"]),
        (lambda r: r.git("rm", "-q", "models/rents/features.py"), MODULES, ["rents", "taxi"]),
        (lambda r: r.git("rm", "-q", "-r", "docs"), NONE, []),
        # Moved out of the image: what it was before counts too.
        (lambda r: r.git("mv", "pipeline/cli/main.py", "docs/cli.py"), IMAGE, ["rents", "taxi"]),
        (lambda r: r.git("mv", "models/taxi", "models/cabs"), MODULES, ["cabs"]),
        (lambda r: r.git("rm", "-q", "-r", "models/taxi"), NONE, []),
        (lambda r: (r.root / "docs/page.md").chmod(0o755), NONE, []),
        (lambda r: (r.root / "pipeline/cli/main.py").chmod(0o755), IMAGE, ["rents", "taxi"]),
    ],
)
def test_a_commit(
    repository: Repository, change: Callable[[Repository], object], kind: str, models: list[str]
) -> None:
    base = repository.git("rev-parse", "HEAD")
    change(repository)
    repository.commit()
    found = changes.since(base, repository.root)
    assert (found.kind, found.models) == (kind, models), found.as_text()
    assert found.reason
    assert len(found.as_text().splitlines()) == 1 + len(found.files)


def test_the_base_is_the_last_deployed_commit_not_the_push_before(repository: Repository) -> None:
    repository.git("tag", "deployed")
    repository.write("pipeline/cli/main.py", "this image's build fails")
    failed = repository.commit()
    repository.write("models/taxi/model.py", "edited")
    repository.commit()
    assert changes.since(failed, repository.root).kind == MODULES
    assert changes.since("deployed", repository.root).kind == IMAGE


def test_a_merge_counts_with_all_that_it_brings(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    repository.git("switch", "-q", "-c", "branch")
    repository.write("models/rents/features.py", "edited")
    repository.commit()
    repository.git("switch", "-q", "main")
    repository.write("docs/page.md", "edited")
    repository.commit()
    repository.git("merge", "-q", "--no-edit", "branch")
    assert changes.since(base, repository.root).models == ["rents", "taxi"]


def link(path: str, target: str) -> Callable[[Repository], None]:
    def make(repository: Repository) -> None:
        file = repository.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.symlink_to(target)

    return make


@pytest.mark.parametrize(
    ("links", "changed", "kind", "models"),
    [
        # The model's own name for a file of another's folder, or of a folder that is no model's.
        (["models/taxi/shared.py -> ../rents/config.yaml"], "models/rents/config.yaml", MODULES, 2),
        (["models/taxi/words.txt -> ../../docs/page.md"], "docs/page.md", MODULES, ["taxi"]),
        (["data/rents.csv -> ../archive/rents.csv"], "archive/rents.csv", MODULES, 2),
        (["data/trips -> ../archive"], "archive/deep/one.csv", MODULES, ["taxi"]),
        (["data/trips/a.csv -> ../b", "data/b -> ../docs/page.md"], "docs/page.md", MODULES, 2),
        (["pipeline/page.md -> ../docs/page.md"], "docs/page.md", IMAGE, 2),
        (["docs/again -> ."], "docs/page.md", NONE, []),
        (["docs/dangling -> ../nowhere/at/all"], "docs/page.md", NONE, []),
    ],
)
def test_a_change_behind_a_link_is_one_of_the_link(
    repository: Repository, links: list[str], changed: str, kind: str, models: list[str] | int
) -> None:
    repository.write(changed, "before")
    for each in links:
        path, target = each.split(" -> ")
        if (repository.root / path).is_dir():
            shutil.rmtree(repository.root / path)
        link(path, target)(repository)
    base = repository.commit()
    repository.write(changed, "after")
    repository.commit()
    found = changes.since(base, repository.root)
    assert (found.kind, found.models) == (kind, ["rents", "taxi"] if models == 2 else models)


@pytest.mark.parametrize(
    ("path", "models"),
    [
        (b"models/rents/n\xff.py", None),
        (b"data/rents/n\xff.csv", None),
        (b"pipeline/n\xff.py", None),
        (b"docs/n\xff.md", []),
    ],
)
def test_a_name_that_is_not_utf_8_has_an_outcome(
    repository: Repository,
    path: bytes,
    models: list[str] | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    base = repository.git("rev-parse", "HEAD")
    file = repository.root / os.fsdecode(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    repository.commit()
    status = changes.main(["--base", base, "--json"], repository.root)
    said = capsys.readouterr()
    if models is None:
        assert (status, said.out) == (2, "")
        assert "the name is not UTF-8" in said.err
    else:
        assert (status, json.loads(said.out)["models"]) == (0, models)


@pytest.mark.parametrize("names", [["Taxi"], ["größe"], ["taxi_pre_production"]])
def test_models_whose_names_cannot_be_shipped_are_refused(
    repository: Repository, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    base = repository.git("rev-parse", "HEAD")
    for name in names:
        repository.write(f"models/{name}/config.yaml", "")
    repository.commit()
    assert changes.main(["--base", base], repository.root) == 2
    assert "Rename" in capsys.readouterr().err


def test_a_model_that_is_removed_with_its_data_concerns_nobody_else(repository: Repository) -> None:
    repository.write("models/cabs/config.yaml", "data: {path: data/cabs/*.csv}")
    repository.write("data/cabs/one.csv", "")
    repository.write("data/cabs.csv", "")
    base = repository.commit()
    repository.git("rm", "-q", "-r", "models/cabs", "data/cabs", "data/cabs.csv")
    repository.commit()
    found = changes.since(base, repository.root)
    assert (found.kind, found.models) == (NONE, [])


INSTALLING = "FROM python:3.12\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --only-group {}\n"
SMALL_LOCK = """
[[package]]
name = "project"
version = "1"
source = {{ virtual = "." }}

[package.dev-dependencies]
dev = [
    {{ name = "linter" }},
]
pipeline = [
    {{ name = "train" }},
]
serving = [
    {{ name = "serve" }},
]
"""


@pytest.mark.parametrize(
    ("changed", "kind"),
    [("linter", NONE), ("serve", SERVING), ("train", IMAGE), ("# comment", NONE), ("tool", NONE)],
)
def test_packages_count_for_the_image_that_installs_them(
    repository: Repository, changed: str, kind: str
) -> None:
    def packages(**versions: str) -> str:
        rows = [
            f'[[package]]\nname = "{name}"\nversion = "{versions.get(name, 1)}"\n'
            for name in ("linter", "serve", "train")
        ]
        return SMALL_LOCK.format() + "\n".join(rows)

    repository.write("Dockerfile", INSTALLING.format("pipeline"))
    repository.write("deploy/serving.Dockerfile", INSTALLING.format("serving"))
    repository.write("uv.lock", packages())
    repository.write("pyproject.toml", "[tool.ruff]\n")
    base = repository.commit()
    if changed == "tool":
        repository.write("pyproject.toml", "[tool.ruff]\nline-length = 90\n")
    elif changed.startswith("#"):
        repository.write("uv.lock", f"{changed}\n{packages()}")
    else:
        repository.write("uv.lock", packages(**{changed: "2"}))
    repository.commit()
    assert changes.since(base, repository.root).kind == kind


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("", "no last released commit"),
        ("0" * 40, "no last released commit"),
        ("deployed", "deployed does not exist"),
        ("1" * 40, "1111 does not exist"),
        ("--output=/tmp/x", "does not exist"),
        ("HEAD:docs", "does not exist"),
    ],
)
def test_a_base_that_is_not_a_commit_needs_an_image(
    repository: Repository, base: str, reason: str
) -> None:
    found = changes.since(base, repository.root)
    assert (found.kind, found.models) == (IMAGE, ["rents", "taxi"])
    assert reason in found.reason


def test_rewritten_history_needs_an_image(repository: Repository) -> None:
    repository.write("docs/page.md", "first")
    lost = repository.commit()
    repository.git("reset", "-q", "--hard", "HEAD~1")
    repository.write("docs/page.md", "second")
    repository.commit()
    found = changes.since(lost, repository.root)
    assert (found.kind, "history was rewritten" in found.reason) == (IMAGE, True)


def test_a_shallow_clone_needs_an_image(repository: Repository, tmp_path: Path) -> None:
    base = repository.git("rev-parse", "HEAD")
    for text in ("1", "2"):
        repository.write("docs/page.md", text)
        repository.commit()
    shallow = Repository(tmp_path / "shallow")
    repository.git("clone", "-q", "--depth", "1", repository.root.as_uri(), str(shallow.root))
    found = changes.since(base, shallow.root)
    assert (found.kind, "shallow clone" in found.reason) == (IMAGE, True)
    # A base that was fetched alone: its history is not there to tell.
    shallow.git("fetch", "-q", "--depth", "1", "origin", base)
    found = changes.since(base, shallow.root)
    assert (found.kind, "shallow clone" in found.reason) == (IMAGE, True)


def test_without_a_repository_or_git_an_image_is_needed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert changes.since("HEAD", root).reason.startswith("git rev-parse failed")
    monkeypatch.setenv("PATH", "")
    found = changes.since("HEAD", root)
    assert (found.kind, "git cannot be run" in found.reason) == (IMAGE, True)


@pytest.mark.parametrize(
    ("paths", "model", "kind", "models"),
    [
        ([], "all", MODULES, ["rents", "taxi"]),
        (["docs/page.md"], "taxi", MODULES, ["taxi"]),
        (["models/rents/features.py"], "rents", MODULES, ["rents", "taxi"]),
        (["uv.lock"], "taxi", IMAGE, ["rents", "taxi"]),
        (["serving/cli.py"], "taxi", MODULES, ["taxi"]),
    ],
)
def test_retraining(root: Path, paths: list[str], model: str, kind: str, models: list[str]) -> None:
    found = changes.retraining(changes.classify(paths, root), model, root)
    assert (found.kind, found.models, found.retrain) == (kind, models, True)


def test_retraining_an_unknown_model_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match=r"no model '\$\(id\)'; there are: rents, taxi"):
        changes.retraining(changes.classify([], root), "$(id)", root)


def test_it_runs_with_nothing_installed(repository: Repository) -> None:
    """As a workflow does it; `-S` and `-E` hide whatever this environment has."""
    shutil.copy(project.ROOT / "pipeline" / "__init__.py", repository.root / "pipeline")
    shutil.copytree(project.ROOT / "pipeline/delivery", repository.root / "pipeline/delivery")
    shutil.copy(project.ROOT / "models" / "__init__.py", repository.root / "models")
    base = repository.commit()
    repository.write("models/taxi/model.py", "edited")
    repository.commit()
    module = ("-m", "pipeline.delivery.changes")
    command = [sys.executable, "-S", "-E", "-s", *module, "--base", base, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=repository.root)
    assert json.loads(done.stdout) == {
        "class": "modules",
        "models": ["taxi"],
        "reason": "models/taxi/model.py is code or data of models alone",
        "files": {"models/taxi/model.py": "modules"},
        "retrain": False,
    }


def run(*arguments: str) -> None:
    """Runs a command of the program to its end, which has to be a good one."""
    with pytest.raises(SystemExit) as end:
        main.main([*arguments])
    assert not end.value.code


def test_the_command(
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(project, "ROOT", repository.root)
    run("changes", "--base", "HEAD")
    assert capsys.readouterr().out == "none: nothing has changed\n"
    run("changes", "--base", "nowhere", "--json")
    assert json.loads(capsys.readouterr().out)["class"] == "image"
    run("changes", "--json", "--base=HEAD", "--retrain", "taxi")
    found = json.loads(capsys.readouterr().out)
    assert (found["class"], found["models"], found["retrain"]) == ("modules", ["taxi"], True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--base", "HEAD", "--retrain", "buses"], "no model 'buses'; there are: rents, taxi"),
        (["--base", "HEAD", "--format", "json"], "unrecognized arguments: --format json"),
        (["--base"], "argument --base: expected one argument"),
    ],
)
def test_a_mistake_in_the_command_line_is_told(
    repository: Repository,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(project, "ROOT", repository.root)
    with pytest.raises(SystemExit) as end:
        main.main(["changes", *arguments])
    assert end.value.code == main.MISTAKE
    assert words in capsys.readouterr().err


TWINS = {"changes": changes, "image-tag": image_tag}
"""The commands of the program that exist as `python -m pipeline.<room>.<module>` too."""


def test_these_are_all_that_exist_twice() -> None:
    program: Any = typer.main.get_command(main.app)
    modules = {
        path.stem.replace("_", "-")
        for path in (ROOT / "pipeline").rglob("*.py")
        if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
    }
    assert modules & set(program.commands) == set(TWINS)


def output(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--no-such-option"]])
def test_both_say_the_same(name: str, arguments: list[str]) -> None:
    module = output(TWINS[name].__name__, *arguments)
    assert output("pipeline", name, *arguments) == module
    assert module[0] == (main.MISTAKE if arguments == ["--no-such-option"] else 0)


def test_the_help_has_every_option() -> None:
    _, text = output("pipeline", "changes", "--help")
    assert set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.MULTILINE)) == {
        "--help",
        "--base",
        "--ended",
        "--retrain",
        "--json",
    }


def test_a_module_needs_nothing_installed() -> None:
    for name, module in TWINS.items():
        command = [sys.executable, "-S", "-E", "-s", "-m", module.__name__, "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, (name, done.stderr)
