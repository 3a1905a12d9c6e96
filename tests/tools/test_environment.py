"""With which variables uv runs, and what a failed set-up says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.environment import explain, pyenv_python, uv_environment

HARMFUL = {
    "VIRTUAL_ENV": "/v",
    "PYTHONPATH": "/p",
    "PYTHONHOME": "/h",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def test_what_another_environment_left_behind_is_dropped() -> None:
    variables = uv_environment({"HOME": "/home", **HARMFUL}, "3.10", own_uv=False)
    assert variables == {"HOME": "/home", "UV_PYTHON": "3.10"}


def test_the_project_s_own_uv_keeps_python_in_the_project(tmp_path: Path) -> None:
    variables = uv_environment({}, "3.10", own_uv=True, root=tmp_path)
    assert variables["UV_PYTHON_INSTALL_DIR"] == str(tmp_path / ".tools" / "python")


def test_the_user_s_folder_for_pythons_wins(tmp_path: Path) -> None:
    variables = uv_environment({"UV_PYTHON_INSTALL_DIR": "/opt"}, "3.10", own_uv=True)
    assert variables["UV_PYTHON_INSTALL_DIR"] == "/opt"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("3.10", "3.10.13"),
        ("3.10.2", "3.10.2"),
        ("3.1", None),
        ("3.13", None),
        ("/usr/bin/x", None),
    ],
)
def test_a_python_that_pyenv_hides(tmp_path: Path, asked: str, found: str | None) -> None:
    for release in ("3.10.2", "3.10.13", "3.10-dev", "3.100.1", "miniconda3"):
        python = tmp_path / "versions" / release / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.touch()
    expected = tmp_path / "versions" / found / "bin" / "python" if found else None
    assert pyenv_python(asked, tmp_path) == expected


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("error: Failed to fetch: `https://x`\n  cause: dns error", "Check the network"),
        ("error: failed to write: No space left on device (os error 28)", "Free some space"),
        ("error: The lockfile at `uv.lock` needs to be updated", "run uv lock"),
        ("error: Permission denied (os error 13)", "Make the project's folder writable"),
        ("error: something new", "Correct that, and run again"),
    ],
)
def test_a_failed_set_up_says_what_to_do(output: str, remedy: str) -> None:
    problem = explain(output, "3.10")
    assert problem.headline == "The environment could not be set up"
    assert problem.detail == output
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    "output",
    [
        "error: No interpreter found for Python 3.10 in managed installations or search path",
        "error: Failed to install cpython-3.10.22\n  cause: dns error",
    ],
)
def test_a_python_that_cannot_be_had(output: str) -> None:
    problem = explain(output, "3.10", others=["3.13"])
    assert problem.headline.startswith("Python 3.10 is not on this machine")
    assert problem.remedy.endswith("\nOr use Python 3.13: make run PYTHON=3.13")
