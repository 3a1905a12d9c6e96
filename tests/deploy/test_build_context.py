"""What a Dockerfile needs is there when it is built: the files it copies, and a compiler."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT


def copied(dockerfile: Path) -> list[str]:
    """The sources of its COPY lines, save those from other stages."""
    text = dockerfile.read_text().replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line.startswith("COPY ")]
    return [
        source
        for line in lines
        if not any(word.startswith("--from=") for word in line)
        for source in line[1:-1]
    ]


def is_sent(path: str, patterns: list[str]) -> bool:
    """Whether a path is sent to the builder: the last pattern that fits decides."""
    sent = True
    for pattern in patterns:
        name = pattern.removeprefix("!")
        if fnmatch(path, name) or path.startswith(f"{name}/"):
            sent = pattern.startswith("!")
    return sent


@pytest.mark.parametrize(
    "name", ["Dockerfile", "deploy/serving.Dockerfile", "deploy/dashboard.Dockerfile"]
)
def test_all_that_is_copied_is_sent(name: str) -> None:
    own = ROOT / f"{name}.dockerignore"
    ignore = own if own.exists() else ROOT / ".dockerignore"
    lines = [line.strip() for line in ignore.read_text().splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    sources = copied(ROOT / name)
    assert {"pyproject.toml", "uv.lock"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists() and is_sent(source, patterns), source
    assert not is_sent("data", patterns)


def test_what_has_no_wheel_can_be_built() -> None:
    blocks = (ROOT / "uv.lock").read_text().split("[[package]]")
    from_source = {
        found[1]
        for block in blocks
        if "\nsdist = " in block
        and "\nwheels = " not in block
        and (found := re.search(r'^name = "([^"]+)"', block, re.MULTILINE))
    }
    pure = {"google-apitools", "kfp", "kfp-server-api", "rouge-score"}
    # One more is to be looked at: does the image's build have what it takes?
    assert from_source - pure == {"pyfarmhash"}
    assert "install --yes --no-install-recommends g++" in (ROOT / "Dockerfile").read_text()
