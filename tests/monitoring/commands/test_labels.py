"""`python -m monitoring labels` and `export-labelled`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitoring.commands.main import command_line
from monitoring.core.errors import MonitoringError
from monitoring.profile.reference_profile import FILE
from tests.monitoring.logged import entry
from tests.monitoring.trip_profile import profile


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with a served model, its log and its training table."""
    from serving.request_log.database import Database

    monkeypatch.chdir(tmp_path)
    path = tmp_path / "serving_models" / "trips" / "1" / FILE
    path.parent.mkdir(parents=True)
    metrics = {"accuracy": {"metric": "BinaryAccuracy", "value": 0.9, "lower": 0.8}}
    path.write_text(profile(metrics=metrics).model_dump_json())
    database = Database(tmp_path / "serving_models" / ".request_log", "process")
    database.add([entry(number, answers=[0.9 if number % 2 else 0.1]) for number in range(400)])
    database.close()
    config = tmp_path / "models" / "trips" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(
        "data: {path: data/trips/*.csv}\n"
        "monitoring: {label: tips > 0.2 * fare, export_labelled: data/trips}\n"
    )
    (tmp_path / "data" / "trips").mkdir(parents=True)
    (tmp_path / "data" / "trips" / "trips.csv").write_text("company,fare,tips\nA,1.0,0.5\n")
    return tmp_path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command_line(), arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def truth(project: Path, wrong: bool) -> Path:
    """Tips of 300 trips, and of one that nobody asked for."""
    path = project / "truth.csv"
    lines = ["request_id,tips", "nobody,1"]
    lines += [f"request-{n},{n if (n % 2 == 1) != wrong else 0}" for n in range(300)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_labels_are_joined_judged_and_exported(project: Path) -> None:
    file = truth(project, wrong=True)
    found = json.loads(run("labels", "trips", "--file", str(file), "--json"))
    assert found["labels"]["joined"] == 300
    assert found["labels"]["not_in_the_log_examples"] == ["nobody"]
    of_all = [one for one in found["versions"]["1"] if not one["slice"]]
    (judged,) = [one for one in of_all if one["name"] == "accuracy"]
    assert (judged["verdict"], judged["rows"]) == ("differs", 300)
    text = run("labels", "trips", "--file", str(file))
    assert "repeated: 301" in text
    assert "below its bound, at least 0.8." in text
    assert "labelled-1-300.csv: 300 rows" in run("export-labelled", "trips")
    lines = (project / "data" / "trips" / "labelled-1-300.csv").read_text().splitlines()
    assert lines[0] == "company,fare,tips"
    assert lines[2] == "A,1.0,0"
    assert len(lines) == 301
    assert json.loads(run("export-labelled", "trips", "--json")) == []


def test_without_a_file_what_waits_is_joined(project: Path) -> None:
    run("labels", "trips", "--file", str(truth(project, wrong=False)))
    assert "joined now: 0" in run("labels", "trips")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["labels", "taxi"], "there is no model 'taxi'"),
        (["labels", "trips", "--file", "nothing.csv"], "nothing.csv cannot be read"),
        (["labels", "trips", "--file", "truth.csv", "--id", "id"], "'id' is not there"),
        (["labels", "trips", "--file", "truth.csv", "--label", "tip"], "needs a column"),
        (["labels", "trips", "--file", "truth.csv", "--row", "n"], "'n' is not there"),
        (["labels", "trips", "--log", "nowhere"], "there is no request log"),
        (["export-labelled", "trips", "--source", "nowhere"], "no folder to write"),
    ],
)
def test_mistakes_are_told_in_words(project: Path, arguments: list[str], told: str) -> None:
    truth(project, wrong=False)
    with pytest.raises(MonitoringError, match=told) as error:
        CliRunner().invoke(command_line(), arguments, catch_exceptions=False)
    assert error.value.remedy
