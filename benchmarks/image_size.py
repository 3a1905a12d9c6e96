"""Computes the size of the pipeline image's packages, by installing them into a folder.

    python -m benchmarks.image_size

It needs uv, a Python 3.12, the network, and about 7 GB of disk.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.config import project

PYTHON = "3.12"
"""The Dockerfile's."""
PLATFORM = "x86_64-manylinux_2_40"


def megabytes(folder: Path) -> int:
    """The size of all files below a folder, in MiB."""
    return round(sum(file.lstat().st_size for file in folder.rglob("*")) / 2**20)


def main() -> None:
    """Prints the size without and with compiled bytecode, and the largest packages."""
    with tempfile.TemporaryDirectory() as temporary:
        requirements, folder = Path(temporary, "requirements.txt"), Path(temporary, "packages")
        groups = ("--no-default-groups", "--group", "pipeline")
        _uv("export", "--locked", *groups, "--python", PYTHON, "--output-file", str(requirements))
        install = ("pip", "install", "--target", str(folder), "--no-deps", "--python", PYTHON)
        platform = ("--python-platform", PLATFORM, "--no-compile-bytecode")
        _uv(*install, *platform, "--requirements", str(requirements))
        plain = megabytes(folder)
        sizes = sorted((megabytes(path), path.name) for path in folder.iterdir() if path.is_dir())
        _uv(
            "run",
            "--no-project",
            "--python",
            PYTHON,
            "python",
            "-m",
            "compileall",
            "-q",
            str(folder),
        )
        print(f"Packages: {plain} MiB; with bytecode: {megabytes(folder)} MiB")
        for size, name in sizes[:-6:-1]:
            print(f"{size:6} MiB {name}")


def _uv(*arguments: str) -> None:
    command: Sequence[str] = ("uv", *arguments)
    # Some packages have files for Pythons other than this one, which do not compile.
    done = subprocess.run(command, cwd=project.ROOT, stdout=subprocess.DEVNULL)
    if done.returncode and "compileall" not in command:
        sys.exit(f"{' '.join(command)} failed")


if __name__ == "__main__":
    main()
