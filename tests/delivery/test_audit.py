"""Advisories that are accepted: each with a reason, and of a package that is still locked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers.paths import ROOT

ACCEPTED: list[dict[str, Any]] = json.loads(
    (ROOT / ".github" / "accepted_advisories.json").read_text(encoding="utf-8")
)
_ID = re.compile(r"(PYSEC|GHSA|CVE)-[\w-]+")


def test_each_accepted_advisory_has_a_reason() -> None:
    for one in ACCEPTED:
        assert one.keys() == {"id", "aliases", "package", "versions", "reason"}
        assert all(_ID.fullmatch(name) for name in (one["id"], *one["aliases"]))
        assert len(one["reason"].split()) >= 8, one["id"]


def test_each_is_of_a_version_that_is_locked() -> None:
    """One that is gone takes its acceptance with it, so that nothing is ignored by habit."""
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r'^\[\[package\]\]\nname = "(.+)"\nversion = "(.+)"$', text, re.M))
    assert ("pyarrow", "10.0.1") in locked
    for one in ACCEPTED:
        for version in one["versions"]:
            assert (one["package"], version) in locked, one["id"]


def test_the_reason_of_pyarrow_is_true() -> None:
    """Its fix comes with each group of packages that has pyarrow."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert project.count('"pyarrow"') == project.count('"pyarrow-hotfix; python_version') == 3
    for module in (
        "components/tables/__init__.py",
        "monitoring/core/arrow.py",
        "serving/core/arrow.py",
    ):
        assert "import pyarrow_hotfix" in (ROOT / module).read_text(encoding="utf-8")


def test_the_accepted_are_left_out_of_the_question(tmp_path: Path) -> None:
    stand_in = tmp_path / "uv"
    stand_in.write_text('#!/bin/sh\necho "$@"\nexit 3\n')
    stand_in.chmod(0o755)
    done = subprocess.run(
        [sys.executable, ROOT / ".github" / "scripts" / "audit.py"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout.startswith("audit --locked --ignore=")
    assert "--ignore=CVE-2023-47248" in done.stdout
