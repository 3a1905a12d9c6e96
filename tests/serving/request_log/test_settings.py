"""`request_log.yaml`: its defaults, what models have of their own, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.request_log import settings
from serving.request_log.settings import LogSettings, ModelSettings


def test_without_a_file_everything_is_logged(tmp_path: Path) -> None:
    read = settings.read(tmp_path)
    assert read == LogSettings() and read.enabled
    assert (read.sample_of("taxi"), read.redact_of("taxi")) == (1.0, frozenset())
    assert settings.log_folder(tmp_path, read) == tmp_path / ".request_log"


def test_a_model_has_its_own_share_and_more_that_is_left_out(tmp_path: Path) -> None:
    read = LogSettings(
        sample=0.5, redact=("name",), folder="/logs",
        models={"taxi": ModelSettings(sample=0.0, redact=("fare",)), "iris": ModelSettings()},
    )  # fmt: skip
    assert [read.sample_of(name) for name in ("taxi", "iris", "other")] == [0.0, 0.5, 0.5]
    assert read.redact_of("taxi") == {"name", "fare"}
    assert read.redact_of("other") == {"name"}
    assert settings.log_folder(tmp_path, read) == Path("/logs")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample: 1.5", "sample"), ("wait_ms: -1", "wait_ms"), ("queue: 0", "queue"),
        ("keep_day: 1", "did you mean 'keep_days'"), ("durability: disk", "durability"),
        ("models: {taxi: {sampel: 1}}", "did you mean 'sample'"), ("[", "cannot be read"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_its_key(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / settings.FILE).write_text(text)
    with pytest.raises(ServingError) as refused:
        settings.read(tmp_path)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("redact: [fare, y]", []),
        ("redact: [faer]", ["redact: no model has a feature 'faer'; did you mean 'fare'?"]),
        ("models: {taxi: {redact: [fare]}}", []),
        (
            "models: {taxi: {redact: [name, tips]}}",
            ["models.taxi.redact: the model has no feature 'name'",
             "models.taxi.redact: the model has no feature 'tips'; did you mean 'trips'?"],
        ),
        ("models: {taxy: {}}", ["models: there is no model 'taxy'; did you mean 'taxi'?"]),
        ("sample: 0.5", []),
    ],
)  # fmt: skip
def test_names_that_no_model_has_are_told(tmp_path: Path, content: str, told: list[str]) -> None:
    (tmp_path / settings.FILE).write_text(content)
    known = {"taxi": frozenset({"fare", "trips", "y"}), "other": frozenset({"name"})}
    assert settings.read(tmp_path).unknown_names(known) == told


def test_nothing_is_told_of_features_while_no_model_answers(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).write_text("redact: [fare]")
    assert settings.read(tmp_path).unknown_names({}) == []
