"""The domain classifier."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.look import classifier
from monitoring.look.classifier import of_rows
from monitoring.profile.reference_profile import ReferenceProfile
from tests.monitoring.sampled import profile, window


def columns(generator: np.random.Generator, rows: int, turn: float = 0) -> dict[str, np.ndarray]:
    """Two numbers that hang together; `turn` breaks that and leaves each as it is."""
    a = generator.normal(size=rows)
    b = (1 - turn) * a + turn * generator.normal(size=rows) * np.sqrt(max(0, 2 / max(turn, 1) - 1))
    text = np.array(["x", "y", None], dtype=object)[generator.choice(3, rows)]
    return {"a": a, "b": b, "text": text}


@pytest.fixture(scope="module")
def trained() -> ReferenceProfile:
    return profile(columns(np.random.default_rng(0), 1_000), sample=1_000)


def told(trained: ReferenceProfile, rows: int, turn: float, seed: int = 1) -> tuple[float, float]:
    seen = window(trained, columns(np.random.default_rng(seed), rows, turn), sample=rows)
    found = of_rows(trained, seen, ())
    assert found is not None
    return found.comparison.p_value, found.comparison.effect or 0.0


@pytest.mark.slow
def test_rows_of_the_same_data_cannot_be_told(trained: ReferenceProfile) -> None:
    found = [told(trained, 300, 0, seed) for seed in range(8)]
    assert min(p_value for p_value, _ in found) > 0.005
    assert all(0.42 < auc < 0.58 for _, auc in found)


def test_what_no_single_feature_shows_is_found(trained: ReferenceProfile) -> None:
    p_value, auc = told(trained, 1_000, 1)
    assert p_value < 1e-20
    assert auc > 0.8


def test_the_features_that_it_used_come_first(trained: ReferenceProfile) -> None:
    changed = columns(np.random.default_rng(2), 800)
    changed["text"][:600] = "z"
    found = of_rows(trained, window(trained, changed, sample=800), ())
    assert found is not None
    assert next(iter(found.used)) == "text"
    assert "most by `text`" in found.comparison.fact
    ignored = of_rows(trained, window(trained, changed, sample=800), ["text"])
    assert ignored is not None
    assert "text" not in ignored.used
    assert ignored.comparison.p_value > 0.001


def test_few_rows_and_no_common_feature_have_no_verdict(trained: ReferenceProfile) -> None:
    assert told(trained, 5, 1)[0] == 1
    assert of_rows(trained, window(trained, {}), ()) is None
    assert of_rows(trained, window(trained, columns(GENERATOR, 50), sample=50), "ab") is not None
    assert of_rows(trained, window(trained, columns(GENERATOR, 50)), ()) is None


GENERATOR = np.random.default_rng(9)


@pytest.mark.parametrize("decimals", [0, 1, 2, 9])
@pytest.mark.parametrize("turn", [0, 1])
def test_it_is_trained_on_bins_as_on_numbers(
    decimals: int, turn: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many numbers that are the same leave bins without a row, few leave fewer bins."""

    def rows(seed: int, turn: float) -> dict[str, np.ndarray]:
        found = columns(np.random.default_rng(seed), 1_500, turn)
        return {"a": found["a"].round(decimals), "b": np.exp(found["b"]), "text": found["text"]}

    trained = profile(rows(0, 0), sample=1_000)
    seen = window(trained, rows(1, turn), sample=1_500)
    binned = of_rows(trained, seen, ())
    monkeypatch.setattr(classifier, "_binned", lambda rows, *_: rows)
    plain = of_rows(trained, seen, ())
    assert binned is not None and plain is not None
    assert binned.comparison.effect == plain.comparison.effect
    assert binned.comparison.p_value == plain.comparison.p_value
    assert binned.used == plain.used
