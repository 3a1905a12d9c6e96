"""The model that a candidate has to beat is the latest blessed one, and never itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.types import Artifact, standard_artifacts

from components.evaluation import DROPPED
from components.evaluation.latest_blessed import CANDIDATE, LatestOtherBlessedModel

pytestmark = pytest.mark.tfx


class Shelf:
    """ML Metadata in memory, with models and what the Evaluator said of them."""

    def __init__(self) -> None:
        config = metadata_store_pb2.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = MetadataStore(config)
        self.models: list[Artifact] = []
        self.blessings: list[Artifact] = []

    def model(self, number: int) -> Artifact:
        model = standard_artifacts.Model()
        model.id, model.uri = number, f"model-{number}"
        self.models.append(model)
        return model

    def judged(self, number: int, *, blessed: bool) -> Artifact:
        model = self.model(number)
        blessing = standard_artifacts.ModelBlessing()
        blessing.id, blessing.uri = 1000 + number, f"blessing-{number}"
        blessing.set_int_custom_property("blessed", int(blessed))
        blessing.set_int_custom_property("current_model_id", number)
        blessing.set_string_custom_property("current_model", model.uri)
        self.blessings.append(blessing)
        return model

    def baseline(self, candidate: Artifact) -> int | None:
        found = LatestOtherBlessedModel().resolve_artifacts(
            self.store,
            {"model": self.models, "model_blessing": self.blessings, CANDIDATE: [candidate]},
        )
        assert found is not None and found[CANDIDATE] == [candidate]
        if not found["model"]:
            assert not found["model_blessing"]
            return None
        [model], [blessing] = found["model"], found["model_blessing"]
        assert blessing.get_int_custom_property("current_model_id") == model.id
        return model.id


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    yield Shelf()


def test_the_first_model_has_none(shelf: Shelf) -> None:
    assert shelf.baseline(shelf.model(1)) is None


def test_the_latest_blessed_model_is_taken(shelf: Shelf) -> None:
    shelf.judged(1, blessed=True)
    shelf.judged(2, blessed=True)
    shelf.judged(3, blessed=False)
    assert shelf.baseline(shelf.model(4)) == 2


def test_a_model_that_was_refused_is_none(shelf: Shelf) -> None:
    shelf.judged(1, blessed=False)
    assert shelf.baseline(shelf.model(2)) is None


def test_a_candidate_from_the_cache_is_not_its_own_baseline(shelf: Shelf) -> None:
    shelf.judged(1, blessed=True)
    candidate = shelf.judged(2, blessed=True)
    assert shelf.baseline(candidate) == 1


def test_a_candidate_that_is_the_only_blessed_model_has_none(shelf: Shelf) -> None:
    assert shelf.baseline(shelf.judged(1, blessed=True)) is None


def test_a_model_that_was_dropped_is_none_and_later_ones_are(shelf: Shelf) -> None:
    for number in (1, 2):
        shelf.judged(number, blessed=True)
        shelf.blessings[-1].set_int_custom_property(DROPPED, 1)
    assert shelf.baseline(shelf.model(3)) is None
    shelf.judged(4, blessed=True)
    assert shelf.baseline(shelf.model(5)) == 4


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=6), st.data())
def test_any_history(history: list[bool], data: st.DataObject) -> None:
    shelf = Shelf()
    for number, blessed in enumerate(history, start=1):
        shelf.judged(number, blessed=blessed)
    chosen = data.draw(st.integers(1, len(history)))
    others = [n for n, blessed in enumerate(history, start=1) if blessed and n != chosen]
    assert shelf.baseline(shelf.models[chosen - 1]) == max(others, default=None)
