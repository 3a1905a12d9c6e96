"""Writing a run's report beside its record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.show import report
from tests.pipeline.show.report.constructed import details, record, write
from tests.pipeline.show.report.html_page import Page


def test_it_is_written_beside_the_record(tmp_path: Path) -> None:
    run = record("pushed")
    write(run, details(run), tmp_path)
    path = report.write(run, tmp_path)
    assert path == tmp_path / run.id / "report.html"
    assert "moved" in Page(path.read_text(encoding="utf-8")).text


def test_secrets_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "tok<en>&1234567"
    monkeypatch.setenv("SOME_API_TOKEN", secret)
    run = record("failed")
    assert run.failure
    run.failure.detail = f"refused for {secret}"
    html = report.write(run, tmp_path).read_text(encoding="utf-8")
    assert "[hidden]" in html and "tok&lt;en" not in html and secret not in html


def test_details_that_cannot_be_read_do_not_stop_it(tmp_path: Path) -> None:
    run = record("pushed")
    write(run, details(run), tmp_path)
    (tmp_path / run.id / "details.json").write_text("{")
    assert "How well it does" in report.write(run, tmp_path).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warning = report.write_if_possible(record("pushed"), tmp_path / "file")
    assert warning and warning.startswith("The run's report could not be written: ")
    assert "\n" not in warning


def test_writing_it_imports_no_tensorflow(tmp_path: Path) -> None:
    write(record("pushed"), details(record("pushed")), tmp_path)
    code = (
        "import sys; from pathlib import Path; from pipeline.show import report;"
        "from pipeline.record import run_record;"
        f"runs = Path({str(tmp_path)!r}); [path] = runs.iterdir();"
        "report.write(run_record.read(path.name, runs), runs);"
        "sys.exit(bool({'tensorflow', 'tfx', 'apache_beam'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
