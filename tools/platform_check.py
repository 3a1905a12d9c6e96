"""Tells, before anything is installed, whether this machine runs TFX on the Python asked for.

The bounds are those of TFX's own native wheels: the table under "Platforms" in the README.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Mapping, NamedTuple, Tuple

from tools.errors import SetupError, report

Version = Tuple[int, int]

# The oldest glibc for each Python: TFX 1.16.0 on the first, TFX 1.21.0 on the others.
GLIBC_NEEDED = {(3, 10): (2, 17), (3, 11): (2, 39), (3, 12): (2, 39), (3, 13): (2, 39)}
MACHINE = "x86_64"
_OTHER_SYSTEM = "Use Linux on x86_64 with glibc 2.17 or later, in a virtual machine or a container."


class Host(NamedTuple):
    """What matters of a machine."""

    system: str
    machine: str
    glibc: Version | None
    """None: another C library."""


class Request(NamedTuple):
    """The Python asked for, and where it was asked for."""

    python: str
    source: str


def check(version: Version | None, request: Request, host: Host) -> None:
    """Raises a SetupError if this machine cannot run TFX on this Python.

    Args:
        version: The version of the Python asked for; None: not known.
        request: How and where it was asked for.
        host: The machine.
    """
    asked = f"Python {request.python!r} was asked for by {request.source}."
    if host.system != "Linux":
        raise SetupError(f"TFX runs on Linux, and this is {host.system}", "", _OTHER_SYSTEM)
    if host.machine != MACHINE:
        raise SetupError(
            f"TFX is built for {MACHINE}, and this machine is {host.machine}", "", _OTHER_SYSTEM
        )
    if host.glibc is None:
        raise SetupError(
            "TFX needs the C library glibc, which this system does not have",
            "Alpine Linux and other systems with musl cannot run it.",
            _OTHER_SYSTEM,
        )
    if version is None:
        raise SetupError(
            f"'{request.python}' is not a version of Python",
            f"{asked} Expected: {_listed()}, or the path of such a Python.",
            "Say for example: make run PYTHON=3.10",
        )
    if version not in GLIBC_NEEDED:
        suggestion = dotted(max(usable(host), default=min(GLIBC_NEEDED)))
        raise SetupError(
            f"TFX does not run on Python {dotted(version)}",
            f"{asked} Expected: {_listed()}.",
            f"Use Python {suggestion} here, as in: make run PYTHON={suggestion}",
        )
    needed = GLIBC_NEEDED[version]
    if host.glibc < needed:
        oldest = min(GLIBC_NEEDED)
        fits = host.glibc >= GLIBC_NEEDED[oldest]
        raise SetupError(
            f"TFX on Python {dotted(version)} needs glibc {dotted(needed)} or later, and this "
            f"system has {dotted(host.glibc)}",
            asked,
            f"Use Python {dotted(oldest)}, as in: make run PYTHON={dotted(oldest)}"
            if fits
            else _OTHER_SYSTEM,
        )


def requested(environment: Mapping[str, str], root: Path) -> Request:
    """Which Python is asked for, in the order in which `make` and `uv` look."""
    for variable in ("PYTHON", "UV_PYTHON"):
        if environment.get(variable):
            return Request(environment[variable], f"the variable {variable}")
    return Request((root / ".python-version").read_text().strip(), "the file .python-version")


def version_of(python: str) -> Version | None:
    """The version in a request such as `3.13`, `3.13.1` or `cpython@3.13`, or of a program."""
    match = re.fullmatch(r"(?:cpython|python)?[-@]?(\d+)\.(\d+)(?:\.\d+)?", python)
    if match:
        return (int(match[1]), int(match[2]))
    program = shutil.which(python)
    return _version_at(program) if program else None


def glibc_version(text: str | None) -> Version | None:
    """The version in what the C library says of itself, such as `glibc 2.36`."""
    match = re.match(r"glibc (\d+)\.(\d+)", text or "")
    return (int(match[1]), int(match[2])) if match else None


def this_host() -> Host:
    """The machine that this runs on."""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, OSError, ValueError):  # Not Linux, or not glibc.
        libc = None
    return Host(platform.system(), platform.machine(), glibc_version(libc))


def _version_at(path: str) -> Version | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([path, "-c", code], stdout=subprocess.PIPE, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return version_of(answer.stdout.decode().strip())


def usable(host: Host) -> list[Version]:
    """The Pythons with which TFX runs on a machine."""
    return [version for version, needed in GLIBC_NEEDED.items() if (host.glibc or (0, 0)) >= needed]


def dotted(version: Version) -> str:
    """The version as people write it."""
    return ".".join(map(str, version))


def _listed() -> str:
    versions = [dotted(version) for version in sorted(GLIBC_NEEDED)]
    return f"{', '.join(versions[:-1])} or {versions[-1]}"


def main() -> None:
    """Checks this machine for the Python that the environment or `.python-version` asks for."""
    request = requested(os.environ, Path(__file__).resolve().parent.parent)
    check(version_of(request.python), request, this_host())


if __name__ == "__main__":
    raise SystemExit(report(main))
