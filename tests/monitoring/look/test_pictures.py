"""The numbers of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.look.pictures import of_features, of_outputs
from tests.monitoring.sampled import profile, window


def test_numbers_and_values_have_few_bins_whose_shares_add_up() -> None:
    generator = np.random.default_rng(0)
    columns = {
        "fare": generator.lognormal(0, 2, 3_000),
        "constant": np.full(3_000, 7.0),
        "place": np.array([f"p{i}" for i in generator.zipf(1.3, 3_000)], dtype=object),
    }
    trained = profile(columns, {"score": generator.random(3_000)})
    served = {name: values[:400].copy() for name, values in columns.items()}
    served["place"][:200] = "new"
    seen = window(trained, served, {"score": generator.random(400)})
    found = of_features(trained, seen, seen) | of_outputs(trained, seen, None)
    assert set(found) == {"fare", "constant", "place", "score"}
    for name, each in found.items():
        assert len(each.labels) <= 20
        assert len(each.labels) == len(each.reference) == len(each.served)
        assert sum(each.reference) == pytest.approx(1)
        assert sum(each.served) == pytest.approx(1)
        assert each.last_window == (None if name == "score" else each.served)
    place = found["place"]
    assert place.served[place.labels.index("new")] == 0.5
    assert place.reference[place.labels.index("new")] == 0
    assert found["constant"].labels == ("up to 7", "above 7")


def test_a_window_without_values_has_empty_bars() -> None:
    trained = profile({"fare": np.arange(100.0)})
    seen = window(trained, {"fare": np.full(5, np.nan)})
    [picture] = of_features(trained, seen, None).values()
    assert sum(picture.served) == 0
    assert of_features(trained, window(trained, {}), None) == {}
