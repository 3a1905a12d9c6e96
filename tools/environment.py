"""Makes the project's environment what `uv.lock` says; says nothing if it is already.

`make setup` calls it. The Python is the one that `PYTHON`, `UV_PYTHON` or `.python-version` asks
for; the folder is `.venv`, or what `UV_PROJECT_ENVIRONMENT` says.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Mapping, Sequence

from tools import bootstrap, platform_check
from tools.errors import SetupError, report

ROOT = Path(__file__).resolve().parent.parent

# What another environment may have left behind, and what would break or slow this one.
_INHERITED = (
    "CONDA_PREFIX", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV",
)  # fmt: skip

# What uv says if there is no such Python on the machine and none could be downloaded.
_NO_PYTHON = ("No interpreter found", "Failed to install cpython", "python-build-standalone")

# What else uv says when a set-up fails, and what a person can do about it; the first that matches.
_REMEDIES = (
    (("No space left",), "Free some space: the environment takes about 4 GB."),
    (("needs to be updated",), "pyproject.toml has changed: run uv lock and commit uv.lock."),
    (("Permission denied", "Read-only"), "Make the project's folder writable."),
    (
        ("error sending request", "Failed to fetch", "Failed to download", "timed out"),
        "Check the network, a proxy (HTTPS_PROXY) and certificates (SSL_CERT_FILE).",
    ),
)


def uv_environment(
    inherited: Mapping[str, str], python: str, own_uv: bool, root: Path = ROOT
) -> dict[str, str]:
    """The variables that uv runs with.

    Args:
        inherited: The variables that this process has.
        python: The Python asked for.
        own_uv: Whether uv is the project's own. Then a Python that it downloads stays in the
            project as well; the user's uv keeps its settings.
        root: The project's root.
    """
    variables = {name: value for name, value in inherited.items() if name not in _INHERITED}
    variables["UV_PYTHON"] = python
    if own_uv:
        variables.setdefault("UV_PYTHON_INSTALL_DIR", str(root / ".tools" / "python"))
        variables.setdefault("UV_PYTHON_INSTALL_BIN", "0")
    return variables


def pyenv_python(python: str, home: Path) -> Path | None:
    """A Python that pyenv has, but that its shims hide because another version is selected."""
    found = {
        bootstrap.version_number(path.parent.parent.name): path
        for path in home.glob("versions/*/bin/python")
        if f"{path.parent.parent.name}.".startswith(f"{python}.")
    }
    return found[max(found)] if found else None


def explain(output: str, python: str, others: Sequence[str] = ()) -> SetupError:
    """Turns what uv said into an error with a remedy.

    Args:
        output: What uv said.
        python: The Python asked for.
        others: Pythons on this machine that would do as well.
    """
    if any(sign in output for sign in _NO_PYTHON):
        here = "".join(f"\nOr use Python {other}: make run PYTHON={other}" for other in others)
        return SetupError(
            f"Python {python} is not on this machine, and could not be downloaded",
            output.strip(),
            "Install it (by the system's packages, pyenv or uv) so that it is on the PATH, or let "
            f"uv reach github.com, where it gets it from.{here}",
        )
    remedies = (remedy for signs, remedy in _REMEDIES if any(sign in output for sign in signs))
    remedy = next(remedies, "Correct that, and run again.")
    return SetupError("The environment could not be set up", output.strip(), remedy)


def sync(uv: Path, variables: dict[str, str]) -> None:
    """Installs what is missing.

    Raises:
        SetupError: uv could not.
    """
    command = [str(uv), "sync", "--locked", "--quiet"]
    if _succeeds([*command, "--check"], variables):
        return
    find = [str(uv), "python", "find", "--quiet", "--system", "--no-python-downloads"]
    python = variables["UV_PYTHON"]
    if not _succeeds([*find, python], variables):
        home = Path(variables.get("PYENV_ROOT") or Path.home() / ".pyenv")
        variables["UV_PYTHON"] = str(pyenv_python(python, home) or python)
    status, output = _run_visibly(
        command, variables, "Setting up the environment (first time: a minute or two) ..."
    )
    if status:
        usable = map(platform_check.dotted, platform_check.usable(platform_check.this_host()))
        others = [other for other in usable if _succeeds([*find, other], variables)]
        raise explain(output, python, others)


def _succeeds(command: list[str], variables: Mapping[str, str]) -> bool:
    done = subprocess.run(
        command, cwd=str(ROOT), env=dict(variables), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return done.returncode == 0


def _run_visibly(command: list[str], variables: Mapping[str, str], message: str) -> tuple[int, str]:
    """Runs a command that takes a while; on a terminal, shows for how long it has been running."""
    on_terminal = sys.stderr.isatty()
    start = time.monotonic()
    print(message, end="" if on_terminal else "\n", file=sys.stderr, flush=True)
    process = subprocess.Popen(
        command, cwd=str(ROOT), env=dict(variables), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        while True:
            try:
                output = process.communicate(timeout=1)[1]
                break
            except subprocess.TimeoutExpired:
                if on_terminal:
                    minutes, seconds = divmod(int(time.monotonic() - start), 60)
                    clock = f"\r{message} {minutes}:{seconds:02}"
                    print(clock, end="", file=sys.stderr, flush=True)
    finally:
        if on_terminal:
            print(file=sys.stderr)
        process.terminate()
    return process.returncode, output.decode(errors="replace")


def main() -> None:
    """Checks the machine, finds or gets uv, and installs what is missing."""
    request = platform_check.requested(os.environ, ROOT)
    version = platform_check.version_of(request.python)
    platform_check.check(version, request, platform_check.this_host())
    uv = bootstrap.find_uv()
    if uv is None:
        print("Getting uv into .tools ...", file=sys.stderr, flush=True)
        uv = bootstrap.fetch_uv()
    variables = uv_environment(os.environ, request.python, uv == bootstrap.own_uv())
    sync(uv, variables)


if __name__ == "__main__":
    raise SystemExit(report(main))
