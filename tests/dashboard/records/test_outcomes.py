"""The names of a status that people use."""

from __future__ import annotations

import pytest

from dashboard.records.outcomes import FORMER, LABELS, STATUSES, status_named


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_known_by_its_name_and_its_label(status: str) -> None:
    for name in (status, LABELS[status], LABELS[status].upper()):
        assert status_named(name) == status


def test_a_former_name_means_the_present_status() -> None:
    assert FORMER["refused"] == status_named("Refused") == "not_blessed"


@pytest.mark.parametrize("name", ["", "bless", "anything", "not blessed "])
def test_what_names_no_status_stays_as_it_is(name: str) -> None:
    assert status_named(name) == name
