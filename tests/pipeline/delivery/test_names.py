"""Names that jobs, services and archives do not take are told, each kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cloud import job
from pipeline.delivery import names


@pytest.mark.parametrize(
    ("model", "others", "words"),
    [
        ("größe", [], "jobs and services cannot be called gr\\u00f6\\u00dfe"),
        ("_taxi", [], "cannot be called -taxi"),
        ("taxi_", [], "cannot be called taxi-"),
        ("1taxi", [], "cannot be called 1taxi"),
        ("t" * 35, [], "34 at most"),
        ("Big_Taxi", ["big_taxi"], "would both be called 'big-taxi'"),
        ("taxi", ["taxi_pre_production"], "would both be called 'taxi-pre-production'"),
        ("taxi_pre_production", ["taxi"], "would both be called 'taxi-pre-production'"),
    ],
)
def test_a_model_that_cannot_be_shipped_under_its_name(
    model: str, others: list[str], words: str
) -> None:
    (told,) = names.problems([model], [model, *others], [])
    assert words in told and "Rename" in told


def test_models_that_are_not_shipped_hinder_nobody() -> None:
    assert names.problems(["taxi"], ["taxi", "größe", "Big", "big", "t" * 40], []) == []


def test_a_file_whose_name_is_no_text_is_told() -> None:
    bad = b"models/taxi/n\xff.csv".decode(errors="surrogateescape")
    good = ["models/taxi/größe\n.csv", "data/taxi/'\".csv"]
    (told,) = names.problems(["taxi"], ["taxi"], [*good, bad])
    assert told.startswith("models/taxi/n\\udcff.csv: the name is not UTF-8")


@given(st.text(st.sampled_from("aZ09_-ö "), max_size=40))
def test_what_passes_is_a_job_s_name_too(model: str) -> None:
    if not names.problems([model], [model], []):
        assert job.name(model, "0123456789ab-12345678901-1").startswith(names.service(model))
        assert len(names.service(model) + names.PRE_PRODUCTION) <= 49
