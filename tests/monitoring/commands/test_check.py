"""`python -m monitoring check`, over a log that the server's own writer wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from monitoring.commands import check
from monitoring.commands.app import app
from monitoring.core.errors import MonitoringError
from monitoring.core.record import write
from monitoring.profile.reference_profile import FILE
from tests.monitoring.logged import entry, refused
from tests.monitoring.sampled import profile

GENERATOR = np.random.default_rng(0)
FARES = GENERATOR.lognormal(2, 1, 3_000)
COMPANIES = np.array(["A", "B"], dtype=object)[GENERATOR.integers(0, 2, 3_000)]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A serving folder with one version and its profile."""
    answered = {"probability": GENERATOR.beta(2, 5, 2_000)}
    of = profile({"fare": FARES, "company": COMPANIES}, answered, sample=300)
    write(tmp_path / "serving_models" / "trips" / "1" / FILE, of)
    return tmp_path / "serving_models"


def serve(models: Path, *entries: Any) -> None:
    from serving.request_log.database import Database

    database = Database(models / ".request_log", "process")
    database.add(list(entries))
    database.close()


def served(rows: int, fare: float = 1.0, seed: int = 1, first: int = 0) -> list[Any]:
    generator = np.random.default_rng(seed)
    return [
        entry(
            first + number,
            rows=[{"fare": float(fare * generator.lognormal(2, 1)), "company": "AB"[number % 2]}],
            answers=[float(generator.beta(2, 5))],
        )
        for number in range(rows)
    ]


def run(models: Path, *options: str, model: str = "trips") -> Result:
    given = ["check", model, "--models", str(models), "--source", str(models), "--json", *options]
    return CliRunner().invoke(app, given)


def mistake(models: Path, *options: str, model: str = "trips") -> MonitoringError:
    found = run(models, *options, model=model).exception
    assert isinstance(found, MonitoringError)
    return found


@pytest.mark.parametrize(
    ("rows", "fare", "status", "verdict"),
    [(600, 1.0, 0, "nothing"), (600, 2.0, 1, "alarm"), (20, 2.0, 3, "too early")],
)
def test_the_exit_status_is_the_verdict(
    models: Path, rows: int, fare: float, status: int, verdict: str
) -> None:
    serve(models, *served(rows, fare))
    found = run(models)
    look = json.loads(found.stdout)
    assert (found.exit_code, look["verdict"], look["rows"]) == (status, verdict, rows)
    assert look["version"] == 1
    if verdict == "alarm":
        assert look["headline"].startswith("`fare`: ")


def test_nothing_is_written(models: Path) -> None:
    serve(models, *served(50))
    before = sorted(models.rglob("*"))
    run(models)
    assert sorted(models.rglob("*")) == before


def test_since_leaves_earlier_requests_alone(models: Path) -> None:
    serve(models, *served(400, 3.0), *served(400, first=1_000, seed=2))
    assert run(models).exit_code == 1
    # 1970-01-01T00:33:20 is the time of the second part's first request.
    assert run(models, "--since", "1970-01-01T00:33:20Z").exit_code == 0
    assert run(models, "--since", "1970-01-02").exit_code == 3


def test_only_refused_requests(models: Path) -> None:
    serve(models, entry(0), *(refused(number) for number in range(1, 100)))
    found = run(models)
    assert found.exit_code == 1
    assert "99.0 % of requests were refused" in found.stdout


@pytest.mark.parametrize(
    ("options", "model", "said"),
    [
        (["--since", "yesterday"], "trips", "`--since` names no time"),
        (["--version", "7"], "trips", "there is no version 7"),
        ([], "trip", "there is no pushed version"),
        (["--log", "/nowhere"], "trips", "/nowhere: there is no request log"),
    ],
)
def test_mistakes(models: Path, options: list[str], model: str, said: str) -> None:
    serve(models, *served(5))
    error = mistake(models, *options, model=model)
    assert said in error.headline
    assert "Received: " in error.detail
    assert error.remedy


def test_a_version_without_a_profile(models: Path) -> None:
    serve(models, *served(5))
    (models / "trips" / "1" / FILE).unlink()
    assert "reference_profile.json cannot be read" in mistake(models).headline


def test_a_floor_of_no_statistic(models: Path) -> None:
    serve(models, *served(5))
    (models / "trips" / "config.yaml").write_text("monitoring: {matters_from: {psi: 1}}")
    assert "matters_from.psi" in mistake(models).headline


def test_a_log_without_a_request_of_the_model_is_too_early(models: Path) -> None:
    serve(models, *(entry(number, model="other") for number in range(9)))
    found = run(models)
    assert found.exit_code == 3
    assert json.loads(found.stdout)["headline"] == "No request was logged."


def test_a_page_that_cannot_be_written(models: Path, tmp_path: Path) -> None:
    with pytest.raises(MonitoringError, match="cannot be written"):
        check._write(tmp_path / "missing" / "look.html", "")
