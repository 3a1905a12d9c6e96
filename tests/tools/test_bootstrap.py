"""Finding and getting uv, against a package index made of files."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT
from tools import bootstrap
from tools.bootstrap import Wheel
from tools.errors import SetupError

NAME = bootstrap.WHEELS["x86_64", "glibc"].name


def wheel_content() -> bytes:
    """A wheel whose uv is a shell script that knows its version."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        script = f"#!/bin/sh\necho uv {bootstrap.VERSION}\n"
        archive.writestr(f"uv-{bootstrap.VERSION}.data/scripts/uv", script)
    return content.getvalue()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on a machine without uv; the index delivers the wheel that is pinned."""
    (tmp_path / "pyproject.toml").write_text('[tool.uv]\nrequired-version = ">=0.8"\n')
    monkeypatch.setattr(shutil, "which", lambda name: None)
    pin(monkeypatch, wheel_content())
    deliver(monkeypatch, wheel_content())
    return tmp_path


def pin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    wheel = Wheel(NAME, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(bootstrap, "choose_wheel", lambda machine, glibc: wheel)


def deliver(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(bootstrap, "_download_with_pip", no_pip)
    monkeypatch.setattr(bootstrap, "_download_directly", lambda wheel, folder: content)


def no_pip(wheel: Wheel, folder: Path) -> bytes:
    raise LookupError("pip said: No module named pip")


def test_uv_is_fetched_once(project: Path) -> None:
    assert bootstrap.find_uv(project) is None
    uv = bootstrap.fetch_uv(project)
    assert uv == project / ".tools" / "uv" == bootstrap.find_uv(project)
    assert [path.name for path in uv.parent.iterdir()] == ["uv"]


def test_a_user_s_uv_is_used_if_new_enough(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, found in [("0.7.22", None), ("0.8.0", "uv"), ("0.13.8", "uv"), ("1.0", "uv")]:
        uv = tmp_path / "uv"
        uv.write_text(f"#!/bin/sh\necho uv {version}\n")
        uv.chmod(0o755)
        monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / name))
        assert bootstrap.find_uv(project) == (found and uv)


def test_a_uv_that_does_not_run_is_none(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "uv"
    shim.write_text("#!/bin/sh\necho 'pyenv: uv: command not found' >&2; exit 127\n")
    shim.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(shim))
    assert bootstrap.find_uv(project) is None


def test_other_content_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(monkeypatch, b"something else")
    with pytest.raises(SetupError, match=f"{NAME} is not the file that was published") as caught:
        bootstrap.fetch_uv(project)
    assert "Expected: " in caught.value.detail
    assert not list((project / ".tools").iterdir())


def test_no_network_names_every_way_that_failed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(wheel: Wheel, folder: Path) -> bytes:
        raise LookupError("https://pypi.org/simple/uv/: Name or service not known")

    monkeypatch.setattr(bootstrap, "_download_directly", offline)
    with pytest.raises(SetupError, match="could not be downloaded") as caught:
        bootstrap.fetch_uv(project)
    assert "No module named pip\nhttps://pypi.org" in caught.value.detail
    assert "Check the network" in caught.value.remedy


def test_a_folder_that_cannot_be_written(project: Path) -> None:
    (project / ".tools").write_text("in the way")
    with pytest.raises(SetupError, match="cannot be written") as caught:
        bootstrap.fetch_uv(project)
    assert str(project / ".tools") in caught.value.detail


@pytest.mark.parametrize(
    ("machine", "glibc", "part"),
    [
        ("x86_64", True, "manylinux_2_17_x86_64"),
        ("x86_64", False, "musllinux_1_1_x86_64"),
        ("aarch64", True, "_aarch64"),
        ("aarch64", False, "musllinux_1_1_aarch64"),
    ],
)
def test_the_wheel_fits_the_machine(machine: str, glibc: bool, part: str) -> None:
    assert part in bootstrap.choose_wheel(machine, glibc).name


def test_another_machine_has_no_wheel() -> None:
    with pytest.raises(SetupError, match="No uv is known here for Linux on mips"):
        bootstrap.choose_wheel("mips", True)


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "https://pypi.org/simple"),
        ({"PIP_INDEX_URL": "https://a/simple"}, "https://a/simple"),
        ({"PIP_INDEX_URL": "https://a", "UV_DEFAULT_INDEX": "https://b"}, "https://b"),
        ({"UV_DEFAULT_INDEX": "mirror=https://b/simple"}, "https://b/simple"),
        ({"UV_DEFAULT_INDEX": "", "UV_INDEX_URL": "https://c"}, "https://c"),
    ],
)
def test_the_index_is_the_user_s(environment: dict[str, str], url: str) -> None:
    assert bootstrap.index_url(environment) == url


PAGE = "https://index/simple/uv/"
JSON = json.dumps({"files": [{"filename": NAME, "url": f"https://files/{NAME}", "hashes": {}}]})


@pytest.mark.parametrize(
    ("page", "content_type", "url"),
    [
        (JSON, "application/vnd.pypi.simple.v1+json", f"https://files/{NAME}"),
        (f'<a href="../../f/{NAME}#sha256=1">x</a>', "text/html", f"https://index/f/{NAME}"),
        (f'<A href="https://files/{NAME}">x</A>', "text/html; x", f"https://files/{NAME}"),
        ("<a name='x'>", "text/html", None),
        ("{}", "application/json", None),
    ],
)
def test_an_index_page_in_json_or_html(page: str, content_type: str, url: str | None) -> None:
    assert bootstrap.file_url(page, content_type, PAGE, NAME) == url


def test_a_direct_download_asks_the_index_for_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = {PAGE: (JSON.encode(), "application/json"), f"https://files/{NAME}": (b"content", "")}
    monkeypatch.setattr(bootstrap, "_get", lambda url, accept: web[url])
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://index/simple/")
    assert bootstrap._download_directly(Wheel(NAME, ""), tmp_path) == b"content"
    with pytest.raises(LookupError, match="https://index/simple/uv/ does not list uv-9"):
        bootstrap._download_directly(Wheel("uv-9.whl", ""), tmp_path)


@pytest.mark.parametrize("tool", ["bootstrap", "environment", "platform_check"])
def test_the_tools_need_the_standard_library_only(tool: str) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import tools.{tool}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
