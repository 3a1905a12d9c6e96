"""Arguments and options that several commands have, on a command that prints what it gets."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.options import Model, ModelOrTaxi, Run, Settings

app = typer.Typer()


@app.command()
def one(model: Model, settings: Settings = None) -> None:
    print(json.dumps([model, settings]))


@app.command()
def some(model: ModelOrTaxi = "taxi", run: Run = "") -> None:
    print(json.dumps([model, run]))


@pytest.mark.parametrize(
    ("typed", "received"),
    [
        ("one rents", ["rents", None]),
        ("one rents --set a.b=1 --set c=[1,2]", ["rents", ["a.b=1", "c=[1,2]"]]),
        ("some", ["taxi", ""]),
        ("some rents 4f2a", ["rents", "4f2a"]),
    ],
)
def test_what_a_command_gets(typed: str, received: list[object]) -> None:
    answer = CliRunner().invoke(app, typed.split())
    assert answer.exit_code == 0 and json.loads(answer.stdout) == received


@pytest.mark.parametrize("typed", ["one", "one rents --set"])
def test_what_is_missing_is_a_mistake(typed: str) -> None:
    assert CliRunner().invoke(app, typed.split()).exit_code == 2
