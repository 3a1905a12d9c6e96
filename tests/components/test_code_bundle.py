"""A bundle's name is its content, and a process that uses it imports from nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components import code_hash
from components.code_bundle import Bundle, fetch, pack, upload
from models.common.errors import RunError

pytestmark = pytest.mark.tfx

FILES = {
    "models/__init__.py": b"",
    "models/one/__init__.py": b"",
    "models/one/model.py": b"WHO = 'the bundle'\n",
    "models/one/words.txt": b"a\nb\n",
}


def tree(root: Path, files: dict[str, bytes]) -> list[Path]:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [root / name for name in files]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    root = tmp_path / "project"
    return pack(tree(root, FILES), root)


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_what_was_packed_is_fetched(bundle: Bundle, tmp_path: Path) -> None:
    address = upload(bundle, str(tmp_path / "bucket" / "modules"))
    assert address.endswith(f"/modules/{bundle.name}")
    assert content(fetch(address, tmp_path / "cache")) == FILES


def test_it_is_uploaded_once(bundle: Bundle, tmp_path: Path) -> None:
    folder = str(tmp_path / "modules")
    written = Path(upload(bundle, folder)).stat()
    time.sleep(0.01)
    again = Path(upload(bundle, folder)).stat()
    assert (again.st_ino, again.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert [path.name for path in Path(folder).iterdir()] == [bundle.name]


def test_order_times_and_places_do_not_count(bundle: Bundle, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    files = tree(root, FILES)
    for path in files:
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert pack(reversed(files), root).content == bundle.content


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(sorted(FILES)), added=st.binary(min_size=1, max_size=8))
def test_every_byte_counts(
    tmp_path_factory: pytest.TempPathFactory, name: str, added: bytes
) -> None:
    root = tmp_path_factory.mktemp("project")
    before = pack(tree(root, FILES), root)
    after = pack(tree(root, {**FILES, name: FILES[name] + added}), root)
    assert before.name != after.name


def test_a_bundle_that_is_not_there(tmp_path: Path) -> None:
    address = f"{tmp_path}/modules/{'0' * 32}.zip"
    with pytest.raises(RunError) as error:
        fetch(address, tmp_path / "cache")
    assert address in error.value.detail
    assert "No such file" in error.value.detail
    assert not (tmp_path / "cache").exists()


def test_a_storage_that_is_not_known(bundle: Bundle) -> None:
    with pytest.raises(RunError) as error:
        upload(bundle, "nowhere://bucket/modules")
    assert "nowhere://bucket/modules" in error.value.detail
    assert "not implemented" in error.value.detail


def test_a_bundle_that_is_not_what_its_name_says(bundle: Bundle, tmp_path: Path) -> None:
    address = upload(bundle, str(tmp_path / "modules"))
    Path(address).write_bytes(bundle.content[:-1])
    with pytest.raises(RunError, match="not what its name says") as error:
        fetch(address, tmp_path / "cache")
    assert address in error.value.detail
    assert not (tmp_path / "cache").exists()


def test_a_fetched_bundle_is_not_fetched_again(bundle: Bundle, tmp_path: Path) -> None:
    address = upload(bundle, str(tmp_path / "modules"))
    first = fetch(address, tmp_path / "cache")
    Path(address).unlink()
    assert fetch(address, tmp_path / "cache") == first
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [first.name]


@pytest.mark.slow
def test_a_process_that_uses_it_imports_nothing_else(bundle: Bundle, tmp_path: Path) -> None:
    address = upload(bundle, str(tmp_path / "modules"))
    program = (
        "import importlib, pathlib, subprocess, sys\n"
        "import models.common.errors, models.taxi\n"
        "from components import code_bundle\n"
        f"code_bundle.use({address!r}, pathlib.Path({str(tmp_path / 'cache')!r}))\n"
        "from models.one import model\n"
        "assert model.WHO == 'the bundle'\n"
        "assert importlib.util.find_spec('models.taxi') is None\n"
        f"import os; os.chdir({str(tmp_path)!r})\n"
        "asked = [sys.executable, '-c', 'import models.one.model as m; print(m.WHO)']\n"
        "print(subprocess.run(asked, capture_output=True, text=True).stdout)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=code_hash.ROOT,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == "the bundle", ran.stderr
