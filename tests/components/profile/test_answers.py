"""An exported model is asked all rows, with their labels."""

from __future__ import annotations

import numpy as np
import pytest

from components.profile import answers
from components.profile.answers import Asked
from components.profile.features import Input
from models.common import examples
from models.common.errors import ServingError
from models.common.loaded_model import LoadedModel
from tests.models import tiny_sample
from tests.models.tiny_sample import LABEL, Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The same model as the tests of models have."""
    return tiny_sample.make(tmp_path_factory.getbasetemp() / "tiny")


def test_every_row_is_asked_in_order(tiny: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_ROWS", 7)
    rows = list(examples.records(tiny.eval_files).as_numpy_iterator())
    model = Asked(tiny.export_path)
    found = model.answers(rows, LABEL)
    inputs, transformed = model.inputs(), model.transformed()
    tips = [row["tips"] for row in tiny_sample.rows(60, seed=1)]
    assert found.label.tolist() == [int(tip > 2) for tip in tips]
    with LoadedModel(tiny.export_path) as loaded:
        one_by_one = loaded.call("serving_examples", {"inputs": np.array(rows, dtype=object)})
    assert found.outputs.keys() == one_by_one.keys()
    for name, values in found.outputs.items():
        np.testing.assert_allclose(values, one_by_one[name], rtol=1e-5)
    assert inputs["miles"] == Input("DT_FLOAT", True)
    assert inputs["stops"] == Input("DT_INT64", False)
    assert "tips" not in inputs and "miles_xf" in transformed and LABEL in transformed


def test_what_is_no_export_is_refused(tmp_path: object) -> None:
    with pytest.raises(ServingError):
        Asked(str(tmp_path))
