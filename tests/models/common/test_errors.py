"""Every error travels whole: between processes, and to the person who reads it."""

from __future__ import annotations

import pickle

import pytest

from models.common import errors
from models.common.errors import AnomalyError, ProjectError


def subclasses(kind: type[ProjectError]) -> list[type[ProjectError]]:
    return [kind, *(deeper for below in kind.__subclasses__() for deeper in subclasses(below))]


KINDS = [kind for kind in subclasses(ProjectError) if kind.__module__ == errors.__name__]
ANOMALIES = [{"feature": "fare", "split": "train", "severity": "error", "headline": "h"}]


def raised(kind: type[ProjectError]) -> ProjectError:
    extra = [ANOMALIES] if issubclass(kind, AnomalyError) else []
    return kind("the headline", "the\ndetail", "the remedy", *extra)


def test_every_kind_is_known_here() -> None:
    assert len(KINDS) >= 8 and AnomalyError in KINDS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling(kind: type[ProjectError]) -> None:
    error = raised(kind)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind and vars(copy) == vars(error) and str(copy) == str(error)


def test_the_text_is_headline_detail_and_remedy() -> None:
    assert str(ProjectError("the headline", "the\ndetail", "the remedy")) == (
        "the headline\nthe\ndetail\nthe remedy"
    )
    assert str(ProjectError("the headline", remedy="the remedy")) == "the headline\nthe remedy"


def test_a_name_whose_accents_are_written_otherwise_is_told() -> None:
    meant = errors.did_you_mean("gro\u0308sse", ["grosse", "gr\xf6sse"])
    assert meant == (r"; did you mean 'gr\xf6sse'? Received: 'gro\u0308sse', which looks the same")
    assert errors.did_you_mean("siez", ["size"]) == "; did you mean 'size'?"
