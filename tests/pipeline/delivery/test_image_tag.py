"""The image's tag follows the Dockerfile's inputs, each of them and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.config import project
from pipeline.delivery import image_tag

pytestmark = pytest.mark.slow

LEFT_OUT = shutil.ignore_patterns("__pycache__")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image is made of, and beside it what it is not."""
    root = tmp_path_factory.mktemp("project")
    for name in image_tag.inputs():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project.ROOT / name, root / name)
    shutil.copytree(project.ROOT / "models" / "taxi", root / "models" / "taxi", ignore=LEFT_OUT)
    return root


def test_each_input_gives_another_tag(copy: Path) -> None:
    tags = {image_tag.tag(copy)}
    for name in image_tag.inputs(copy):
        path = copy / name
        content = path.read_bytes()
        # Of what names packages, what is installed counts: here the first package's version.
        edited = content.replace(b'\nversion = "', b'\nversion = "1', 1)
        settings = content.replace(b"[tool.uv]\n", b"[tool.uv]\nno-cache = true\n")
        changed = {"uv.lock": edited, "pyproject.toml": settings}
        path.write_bytes(changed.get(name, content + b"\n"))
        tags.add(image_tag.tag(copy))
        path.write_bytes(content)
    assert len(tags) == 1 + len(image_tag.inputs(copy))
    assert image_tag.tag(copy) == image_tag.tag()


@pytest.mark.parametrize(
    "name",
    [
        "models/taxi/model.py",
        "models/taxi/config.yaml",
        "models/common/training.py",
        "models/new/config.yaml",
        "data/taxi/more.csv",
        "docs/page.md",
        "tests/test_more.py",
        "README.md",
        "pipeline/__pycache__/cli.cpython-312.pyc",
        "cloudbuild.yaml",
    ],
)
def test_other_files_leave_the_tag_as_it_is(copy: Path, name: str) -> None:
    before = image_tag.tag(copy)
    path = copy / name
    content = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("changed", encoding="utf-8")
    assert image_tag.tag(copy) == before
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def test_a_new_a_renamed_and_a_removed_file_and_its_permissions_count(copy: Path) -> None:
    tags = [image_tag.tag(copy)]
    new = copy / "pipeline" / "new.py"
    new.touch()
    tags.append(image_tag.tag(copy))
    renamed = new.rename(copy / "pipeline" / "newer.py")
    tags.append(image_tag.tag(copy))
    renamed.chmod(0o755)
    tags.append(image_tag.tag(copy))
    assert len(set(tags)) == 4
    renamed.unlink()
    assert image_tag.tag(copy) == tags[0]


def test_a_file_that_the_dockerfile_copies_and_that_is_missing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY nothing.txt /\n")
    (tmp_path / ".dockerignore").touch()
    with pytest.raises(FileNotFoundError):
        image_tag.tag(tmp_path)


@pytest.mark.parametrize(
    ("dockerfile", "expected"),
    [
        ("COPY a b /opt/", ["a", "b"]),
        ("COPY --chown=1:1 a/ /opt/", ["a"]),
        ("COPY --from=uv /uv /bin/uv", []),
        ("ADD a \\\n  b \\\n  /opt/", ["a", "b"]),
        ("# COPY a b\nRUN COPY", []),
        ("copy a b", ["a"]),
        ("COPY ./a/./b /a /opt/", ["a/b", "a"]),
        ("COPY *.toml . /opt/", ["*.toml", "."]),
        ('COPY --chown=1 ["a b", "c", "/opt/"]', ["a b", "c"]),
        ("COPY <<END /etc/motd", []),
        ("ADD https://example.com/a.tgz b /opt/", ["b"]),
        ("RUN --mount=type=cache,target=/root/.cache a b", []),
        ("RUN --mount=type=bind,source=uv.lock,target=uv.lock uv sync", ["uv.lock"]),
        ("RUN --mount=target=a,type=bind --mount=type=bind,src=b,target=b make", [".", "b"]),
        ("RUN --mount=type=bind,from=uv,source=/uv,target=/uv /uv sync", []),
    ],
)
def test_sources_of_a_dockerfile(tmp_path: Path, dockerfile: str, expected: list[str]) -> None:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    assert image_tag.sources(tmp_path) == expected


@pytest.mark.parametrize(
    ("source", "path", "expected"),
    [
        ("pipeline", "pipeline/cli/main.py", True),
        ("pipeline", "pipelines/main.py", False),
        ("pipeline/cli", "pipeline/main.py", False),
        ("*.toml", "pyproject.toml", True),
        ("*/errors.py", "models/errors.py", True),
        ("pipe*", "pipeline/cli/main.py", True),
        (".", "any/path.txt", True),
    ],
)
@pytest.mark.parametrize("dockerfile", [image_tag.DOCKERFILE, image_tag.SERVING_DOCKERFILE])
def test_whether_a_file_is_in_an_image(
    tmp_path: Path, dockerfile: str, source: str, path: str, expected: bool
) -> None:
    (tmp_path / dockerfile).parent.mkdir(exist_ok=True)
    (tmp_path / dockerfile).write_text(f"FROM scratch\nCOPY {source} /opt/\n")
    assert image_tag.is_input(path, tmp_path, dockerfile) is expected
    assert image_tag.is_input(dockerfile, tmp_path, dockerfile)
    assert image_tag.is_input(f"{dockerfile}{image_tag.IGNORE}", tmp_path, dockerfile)


def test_a_pattern_of_the_dockerfile_counts_with_all_that_it_matches(tmp_path: Path) -> None:
    for name in ("Dockerfile", ".dockerignore", "a.toml", "b.toml", "c.txt"):
        (tmp_path / name).touch()
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY *.toml /opt/\n")
    expected = [".dockerignore", "Dockerfile", "a.toml", "b.toml"]
    assert image_tag.inputs(tmp_path) == expected


def test_the_ignore_file_lets_through_exactly_what_is_copied() -> None:
    lines = (project.ROOT / image_tag.IGNORE).read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    assert rules[0] == "**"
    assert sorted(allowed) == sorted(image_tag.sources())
    assert rules[-2:] == ["**/__pycache__", "**/*.pyc"]


@pytest.mark.slow
@pytest.mark.tfx
def test_the_image_holds_of_models_exactly_what_comes_before_a_bundle() -> None:
    """All else comes from the bundle; an image with more would be built again for no reason."""
    program = """
import sys
from components import code_bundle
from pipeline.cloud import container
from pipeline.cloud.recording import task
from pipeline.cloud.task import artifact_types, staging
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "models"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    needed = {_file(name) for name in done.stdout.split()}
    held = {name for name in image_tag.inputs() if name.startswith("models/")}
    assert needed == held


def _file(module: str) -> str:
    path = project.ROOT.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return source.relative_to(project.ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.tfx
def test_the_entry_point_starts_with_what_the_image_holds_and_no_more(
    copy: Path, tmp_path: Path
) -> None:
    """What the Dockerfile runs at the end of its build, with this environment's packages."""
    image = tmp_path / "image"
    for name in image_tag.inputs(copy):
        (image / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(copy / name, image / name)
    elsewhere = tmp_path / "home"
    elsewhere.mkdir()
    dockerfile = (project.ROOT / image_tag.DOCKERFILE).read_text(encoding="utf-8")
    assert "RUN python -m pipeline.cloud.container --help" in dockerfile
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cloud.container", "--help"],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(image)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "--executor_class_path" in done.stdout


def test_the_command_prints_the_tag(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["pipeline", "image-tag"])
    with pytest.raises(SystemExit):
        main.main()
    assert capsys.readouterr().out.strip() == image_tag.tag()
