"""What `--set` may say."""

from __future__ import annotations

import pytest

from models.common.errors import ConfigError
from pipeline.scaffold.inference import settings


def test_all_that_can_be_said() -> None:
    found = settings.parse(
        ["age=number", "a=b=category", "c=left-out", "d=left out", "task=log", "task=code",
         "splits.by=user", "data.delimiter=;", "data.format=csv"]
    )  # fmt: skip
    assert found.kinds == {
        "age": "number", "a=b": "category", "c": "left out", "d": "left out", "task": "code"
    }  # fmt: skip
    assert found.task == "log" and found.split == ("by", "user")
    assert found.data == {"delimiter": ";", "format": "csv"}
    assert settings.parse(["splits=rows"]).split == ("rows", "")
    assert settings.parse(["splits.time=day"]).split == ("time", "day")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("age=nubmer", "did you mean 'number'"),
        ("task=binray", "did you mean 'binary'"),
        ("age", "COLUMN=KIND"),
        ("=number", "COLUMN=KIND"),
        ("training.epochs=3", "keys of config.yaml"),
        ("splits.by=", "COLUMN=KIND"),
    ],
)
def test_what_says_nothing_is_refused(said: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings.parse([said])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("aeg=number", "no column 'aeg'; did you mean 'age'"),
        ("splits.by=usr", "no column 'usr'"),
        ("y=number", "'y' is the label"),
    ],
)
def test_names_that_no_column_has_are_refused(said: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        settings.check_columns(settings.parse([said]), ["age", "user", "y"], ["y"])
