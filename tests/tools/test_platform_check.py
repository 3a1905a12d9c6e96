"""Which machines and Pythons are refused before anything is installed, and with what words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT
from tools.errors import SetupError
from tools.platform_check import (
    GLIBC_NEEDED,
    Host,
    Request,
    Version,
    check,
    glibc_version,
    requested,
    version_of,
)

DEBIAN_12 = Host("Linux", "x86_64", (2, 36))
DEBIAN_13 = Host("Linux", "x86_64", (2, 41))
UBUNTU_24 = Host("Linux", "x86_64", (2, 39))
CENTOS_7 = Host("Linux", "x86_64", (2, 17))
CENTOS_6 = Host("Linux", "x86_64", (2, 12))
ALPINE = Host("Linux", "x86_64", None)
MAC = Host("Darwin", "arm64", None)
ARM = Host("Linux", "aarch64", (2, 41))


@pytest.mark.parametrize(
    ("version", "host"),
    [
        ((3, 10), CENTOS_7),
        ((3, 10), DEBIAN_12),
        ((3, 10), DEBIAN_13),
        ((3, 11), UBUNTU_24),
        ((3, 12), UBUNTU_24),
        ((3, 13), DEBIAN_13),
    ],
)
def test_runs(version: Version, host: Host) -> None:
    check(version, Request("", ""), host)


@pytest.mark.parametrize(
    ("version", "host", "headline", "remedy"),
    [
        (
            (3, 13),
            DEBIAN_12,
            "TFX on Python 3.13 needs glibc 2.39 or later, and this system has 2.36",
            "Use Python 3.10, as in: make run PYTHON=3.10",
        ),
        (
            (3, 11),
            CENTOS_7,
            "TFX on Python 3.11 needs glibc 2.39 or later, and this system has 2.17",
            "Use Python 3.10, as in: make run PYTHON=3.10",
        ),
        (
            (3, 10),
            CENTOS_6,
            "TFX on Python 3.10 needs glibc 2.17 or later, and this system has 2.12",
            "Use Linux on x86_64 with glibc 2.17 or later",
        ),
        ((3, 9), DEBIAN_12, "TFX does not run on Python 3.9", "make run PYTHON=3.10"),
        ((3, 14), DEBIAN_13, "TFX does not run on Python 3.14", "make run PYTHON=3.13"),
        ((2, 7), DEBIAN_12, "TFX does not run on Python 2.7", "make run PYTHON=3.10"),
        (None, DEBIAN_12, "'asked' is not a version of Python", "make run PYTHON=3.10"),
        ((3, 10), ALPINE, "TFX needs the C library glibc", "Use Linux on x86_64 with glibc"),
        ((3, 10), MAC, "TFX runs on Linux, and this is Darwin", "Use Linux on x86_64 with glibc"),
        (
            (3, 10),
            ARM,
            "TFX is built for x86_64, and this machine is aarch64",
            "Use Linux on x86_64",
        ),
    ],
)
def test_is_refused(version: Version | None, host: Host, headline: str, remedy: str) -> None:
    with pytest.raises(SetupError) as caught:
        check(version, Request("asked", "the variable PYTHON"), host)
    assert caught.value.headline.startswith(headline)
    assert remedy in caught.value.remedy
    if host.glibc and host.machine == "x86_64":
        assert "'asked' was asked for by the variable PYTHON." in caught.value.detail


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.10", (3, 10)),
        ("3.13.0", (3, 13)),
        ("python3.11", (3, 11)),
        ("cpython@3.12", (3, 12)),
        ("cpython-3.12.1", (3, 12)),
        (sys.executable, sys.version_info[:2]),
        ("/no/such/python3.10", None),
        ("/bin/sh", None),
        ("3", None),
        ("latest", None),
        ("", None),
    ],
)
def test_version_of_a_request(text: str, version: Version | None) -> None:
    assert version_of(text) == version


@pytest.mark.parametrize(
    ("text", "version"), [("glibc 2.36", (2, 36)), ("musl 1.2", None), ("", None), (None, None)]
)
def test_glibc_version(text: str | None, version: Version | None) -> None:
    assert glibc_version(text) == version


def test_the_request_is_the_first_that_is_set(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("3.10\n")
    both = {"PYTHON": "3.13", "UV_PYTHON": "3.12"}
    assert requested(both, tmp_path) == ("3.13", "the variable PYTHON")
    assert requested({"PYTHON": "", "UV_PYTHON": "3.12"}, tmp_path).python == "3.12"
    assert requested({}, tmp_path) == ("3.10", "the file .python-version")


def test_the_project_s_own_choice_runs_everywhere() -> None:
    version = version_of(requested({}, ROOT).python)
    assert version and GLIBC_NEEDED[version] == min(GLIBC_NEEDED.values())
