"""The record of a look."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from monitoring.look.look import Distribution, Finding, Look
from tests.monitoring.sampled import NOW


def test_the_smallest_look_is_read_as_it_was_written() -> None:
    found = Look(
        model="taxi", version=1, time=NOW, first=None, last=None, requests=0, rows=0, refused=0,
        failed=0, sampled=1.0, verdict="too early", headline="No request was logged.", findings=(),
        features={"fare": Distribution(labels=("a",), reference=(1.0,), served=(1.0,))},
    )  # fmt: skip
    assert Look.model_validate_json(found.model_dump_json()) == found
    assert found.format == 1


def test_a_verdict_of_another_name_is_refused() -> None:
    with pytest.raises(ValidationError, match="verdict"):
        Finding.model_validate(
            {
                "subject": "feature", "name": "fare", "test": "tail", "against": "training",
                "statistic": "share", "effect": 0.1, "rows": 5, "verdict": "maybe", "words": "",
            }
        )  # fmt: skip
