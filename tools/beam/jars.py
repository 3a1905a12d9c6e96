"""The class path of a Beam job server: what Maven fetches, each file with the hash that is pinned.

`deploy/beam/<engine>/pom.xml` names what is wanted, `jars.sha256` beside it every file that this
takes, as `sha256sum` writes it. Whoever delivers them, their content must be that.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.errors import SetupError

ROOT = Path(__file__).resolve().parents[2]
_SHOWN = 5
"""So many files or lines are told of in an error."""


def fetch(engine: str, root: Path = ROOT) -> Path:
    """The folder with the files, which are fetched if they are not all there.

    Args:
        engine: A folder of `deploy/beam`.
        root: The project's root.

    Raises:
        SetupError: They cannot be fetched, or are not those that are pinned.
    """
    folder = root / ".tools" / "beam" / engine
    if folder.is_dir() and not _differences(folder, _pinned(engine, root)):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        fetched = Path(temporary) / engine
        _fetch_with_maven(engine, root, fetched)
        if found := _differences(fetched, _pinned(engine, root)):
            raise SetupError(
                f"Maven did not fetch the files that deploy/beam/{engine}/jars.sha256 names",
                "\n".join(found[:_SHOWN]),
                "Look at where Maven gets them from (~/.m2/settings.xml). If pom.xml was changed "
                f"on purpose: python -m tools.beam {engine} --pin.",
            )
        shutil.rmtree(folder, ignore_errors=True)
        fetched.rename(folder)
    return folder


def pin(engine: str, root: Path = ROOT) -> Path:
    """Writes the hashes of what Maven fetches today; returns their file."""
    with tempfile.TemporaryDirectory() as temporary:
        fetched = Path(temporary) / engine
        _fetch_with_maven(engine, root, fetched)
        lines = [f"{_sha256(path)}  {path.name}\n" for path in sorted(fetched.glob("*.jar"))]
    file = _pins(engine, root)
    file.write_text("".join(lines), encoding="utf-8")
    return file


def _pins(engine: str, root: Path) -> Path:
    return root / "deploy" / "beam" / engine / "jars.sha256"


def _pinned(engine: str, root: Path) -> dict[str, str]:
    lines = _pins(engine, root).read_text(encoding="utf-8").splitlines()
    return {name: sha256 for sha256, name in (line.split() for line in lines)}


def _differences(folder: Path, pinned: dict[str, str]) -> list[str]:
    """In what a folder's files are not those that are pinned, a line for each."""
    present = {path.name: _sha256(path) for path in folder.glob("*.jar")}
    found = []
    for name in sorted({*present, *pinned}):
        if name not in present:
            found.append(f"{name} is missing.")
        elif name not in pinned:
            found.append(f"{name} is not pinned.")
        elif present[name] != pinned[name]:
            found.append(f"{name}: expected SHA-256 {pinned[name]}. Received: {present[name]}.")
    return found


def _fetch_with_maven(engine: str, root: Path, folder: Path) -> None:
    program = shutil.which("mvn")
    if program is None:
        raise SetupError(
            f"Maven is needed for Beam's job server on {engine.capitalize()}",
            "There is no mvn on the PATH.",
            "Install it, such as by apt-get install maven; or name a job server that is there: "
            f"make {engine} JOB_SERVER=host:8099.",
        )
    pom = root / "deploy" / "beam" / engine / "pom.xml"
    print(f"Fetching Beam's job server for {engine.capitalize()} with Maven ...", flush=True)
    done = subprocess.run(
        [
            *(program, "--batch-mode", "--quiet", "--strict-checksums", "--file", str(pom)),
            *("dependency:copy-dependencies", "-DincludeScope=runtime"),
            f"-DoutputDirectory={folder}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
        raise SetupError(
            f"Maven could not fetch Beam's job server for {engine.capitalize()}",
            "\n".join((errors or done.stdout.splitlines())[:_SHOWN]),
            "Check the network, a proxy and mirrors (~/.m2/settings.xml), and run again.",
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(2**20), b""):
            digest.update(block)
    return digest.hexdigest()
