"""What an image installs: from a small lock, and from this project's own."""

from __future__ import annotations

import platform
import re
from importlib import metadata

import pytest

from pipeline.delivery import locked_packages
from pipeline.delivery.image_tag import DOCKERFILE, SERVING_DOCKERFILE
from pipeline.delivery.locked_packages import Sync
from tests.helpers.paths import ROOT

DOCKER = "FROM python:3.12.14-slim\nCOPY pyproject.toml uv.lock ./\n"
SYNC = "RUN uv sync --locked --no-default-groups --group pipeline --python python3\n"
LOCK = """\
version = 1

[[package]]
name = "project"
version = "0.1.0"
source = { virtual = "." }
default-groups = ["dev", "pipeline"]
dependencies = [
    { name = "base" },
]

[package.dev-dependencies]
dev = [
    { name = "linter" },
]
pipeline = [
    { name = "train", version = "1", marker = "python_full_version < '3.11'" },
    { name = "train", version = "2", marker = "python_full_version >= '3.11'" },
    { name = "store", extra = ["s3"] },
]

[package.metadata]
requires-dist = [{ name = "base" }]

[[package]]
name = "base"
version = "1"
source = { registry = "r" }
sdist = { url = "u", hash = "sha256:base", size = 1 }
wheels = [
    { url = "u", hash = "sha256:wheel", size = 1 },
]

[[package]]
name = "linter"
version = "1"
source = { registry = "r" }

[[package]]
name = "train"
version = "1"
source = { registry = "r" }

[[package]]
name = "train"
version = "2"
source = { registry = "r" }
dependencies = [
    { name = "deep", marker = "sys_platform == 'win32'" },
    { name = "odd", marker = "platform_release == '5'" },
]

[[package]]
name = "deep"
version = "1"
source = { registry = "r" }

[[package]]
name = "odd"
version = "1"
source = { registry = "r" }

[[package]]
name = "store"
version = "1"
source = { registry = "r" }

[package.optional-dependencies]
s3 = [
    { name = "s3client" },
]

[[package]]
name = "s3client"
version = "1"
source = { registry = "r" }
"""
PROJECT = (
    "[tool.ruff]\nline-length = 100\n\n[tool.uv]\npackage = false # so\n\n[tool.mypy]\nx = 1\n"
)


def digest(docker: str = DOCKER + SYNC, lock: str = LOCK, project: str = PROJECT) -> str | None:
    files = {"uv.lock": lock, "pyproject.toml": project}
    return locked_packages.digest(docker, files.get)


def test_the_packages_of_a_sync() -> None:
    (sync,) = locked_packages.syncs(DOCKER + SYNC)
    assert sync == Sync(frozenset({"pipeline"}), True, "3.12.14")
    found = locked_packages.resolved(LOCK, sync)
    assert found is not None
    named = [(one.name, one.version) for one in found]
    # `odd` has a condition that nobody here can tell, so it counts.
    assert named == [("base", "1"), ("odd", "1"), ("s3client", "1"), ("store", "1"), ("train", "2")]
    assert {one.name for one in found if one.has_wheel} == {"base"}
    assert found[0].files == ["sha256:base", "sha256:wheel"]


@pytest.mark.parametrize(
    ("command", "groups", "with_project"),
    [
        ("uv sync --locked --only-group serving", {"serving"}, False),
        ("uv sync --no-default-groups --group=a --group b", {"a", "b"}, True),
        ("uv sync --locked", set(), True),
        ("X=1 \\\n  uv sync --locked \\\n  --only-group serving && rm x", {"serving"}, False),
    ],
)
def test_syncs_of_a_dockerfile(command: str, groups: set[str], with_project: bool) -> None:
    (sync,) = locked_packages.syncs(f"FROM scratch\n# uv sync\nRUN {command}\n")
    assert sync == Sync(frozenset(groups), with_project, "")


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("version = 1\n\n", "version = 1 # a comment\n\n", True),
        ('name = "linter"\nversion = "1"', 'name = "linter"\nversion = "2"', True),
        ('{ name = "linter" },', '{ name = "linter" },\n    { name = "deep" },', True),
        # A package that the image's Python does not get.
        (
            'name = "train"\nversion = "1"',
            'name = "train"\nversion = "1"\nsdist = { hash = "x" }',
            True,
        ),
        ('name = "base"\nversion = "1"', 'name = "base"\nversion = "2"', False),
        ('name = "s3client"\nversion = "1"', 'name = "s3client"\nversion = "2"', False),
        ("sha256:wheel", "sha256:other", False),
        ('    { name = "base" },\n', "", False),
        ("'win32'", "'linux'", False),
    ],
)
def test_what_is_installed_counts_and_nothing_else(old: str, new: str, same: bool) -> None:
    assert old in LOCK
    assert (digest(lock=LOCK.replace(old, new, 1)) == digest()) is same


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("100", "90", True),
        ("# so", "# or so", True),
        ("x = 1", "x = 2", True),
        ("package = false", "package = true", False),
        ("[tool.uv]\n", '[tool.uv]\nindex-url = "https://x/#y"\n', False),
    ],
)
def test_of_the_project_s_file_uv_s_settings_count(old: str, new: str, same: bool) -> None:
    assert (digest(project=PROJECT.replace(old, new)) == digest()) is same


@pytest.mark.parametrize("docker", [DOCKER, DOCKER + "RUN pip install x\n"])
def test_where_uv_installs_nothing_the_files_count_as_they_are(docker: str) -> None:
    assert digest(docker) is None


@pytest.mark.parametrize("lock", ["", "not a lock", LOCK.replace('"."', '"elsewhere"')])
def test_a_lock_that_cannot_be_read_counts_as_it_is(lock: str) -> None:
    assert digest(lock=lock) is None


@pytest.mark.parametrize(
    ("marker", "python", "holds"),
    [
        ("", "3.12", True),
        ("python_full_version < '3.11'", "3.12.1", False),
        ("python_full_version == '3.12.*'", "3.12.1", True),
        ("python_full_version != '3.12.*'", "3.12.1", False),
        ("python_full_version >= '3.12'", "3.12.1", True),
        ("python_full_version < '3.11'", "", True),
        ("(python_full_version < '3.11' and extra == 'g') or extra == 'h'", "3.12", False),
        ("extra == 'g' and extra != 'h'", "3.12", True),
        ("platform_machine != 'x86_64'", "3.12", False),
        ("__import__('os')", "3.12", True),
    ],
)
def test_conditions(marker: str, python: str, holds: bool) -> None:
    assert locked_packages.holds(marker, python, {"g"}) is holds


def test_this_project_s_lock_is_read_as_uv_reads_it() -> None:
    """The default groups of this Python are what is installed here."""
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    python = platform.python_version()
    found = locked_packages.resolved(lock, Sync(frozenset(), True, python))
    assert found is not None
    there = {
        re.sub(r"[-_.]+", "-", str(each.metadata["Name"])).lower(): each.version
        for each in metadata.distributions()
    }
    if "pyfarmhash" not in there or "ruff" not in there:
        pytest.skip("this environment was not made by uv sync")
    same = {one.name for one in found if there.get(one.name) == one.version}
    # What a keyring brings is for other desks; all else is here, in this version.
    assert len(found) - len(same) < 10


@pytest.mark.parametrize("name", [DOCKERFILE, SERVING_DOCKERFILE])
def test_each_image_of_this_project_has_one_generation_of_tensorflow(name: str) -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    (sync,) = locked_packages.syncs((ROOT / name).read_text(encoding="utf-8"))
    found = locked_packages.resolved(lock, sync)
    assert found is not None
    names = [one.name for one in found]
    assert len(names) == len(set(names))
    assert len({"tensorflow", "tensorflow-cpu"} & set(names)) == 1
