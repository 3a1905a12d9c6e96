"""`--version`."""

from __future__ import annotations

import importlib.metadata
import platform

import pytest

from pipeline.cli import main, version


def test_it_names_the_project_and_what_results_depend_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(["--version"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    tfx = importlib.metadata.version("tfx")
    expected = f"tfx-production-pipeline 0.1.0 (Python {platform.python_version()}, TFX {tfx}, "
    assert said.startswith(expected) and said.count("\n") == 1


def test_a_package_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "_NAMED", {"TFX": "no-such-package"})
    assert version.text().endswith(", no TFX)")
