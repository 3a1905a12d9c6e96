"""A model from elsewhere is asked before it is a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from serving.core.errors import ServingError
from tests.helpers import small_model
from tests.serving.model import onnx_examples

pytestmark = pytest.mark.tfx


def loaded_onnx(folder: Path, model: Any) -> Any:
    from serving.model.loading import load

    onnx_examples.save(folder / "model.onnx", model)
    return load(folder)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (onnx_examples.linear(), None),
        (onnx_examples.unary("Exp"), None),
        (onnx_examples.unary("Reciprocal"), "output 'y' has numbers that are not finite for rows"),
        (onnx_examples.unary("ReduceSum"), "The model answered 1 rows of 'y' to a request of 3"),
    ],
)
def test_rows_of_zeros_are_asked(tmp_path: Path, model: Any, told: str | None) -> None:
    from serving.engine import trial

    loaded = loaded_onnx(tmp_path, model)
    if told is None:
        trial.ask(loaded, None)
        return
    with pytest.raises(ServingError) as raised:
        trial.ask(loaded, None)
    assert told in raised.value.message
    assert "--rows FILE" in raised.value.remedy


def test_rows_that_are_given_become_known_answers(tmp_path: Path) -> None:
    from serving.engine import trial
    from serving.engine.warm_up import warm_up

    loaded = loaded_onnx(tmp_path, onnx_examples.linear())
    trial.ask(loaded, [{"x": [1, 2], "name": "a"}])
    known = json.loads((tmp_path / "assets.extra" / "known_answers.json").read_text())
    assert known == {"rows": [{"x": [1, 2], "name": "a"}], "outputs": {"y": [[8.0]]}}
    assert warm_up(loaded) == 1
    reciprocal = loaded_onnx(tmp_path / "r", onnx_examples.unary("Reciprocal"))
    trial.ask(reciprocal, [{"x": [2]}])
    with pytest.raises(ServingError, match="not finite for the rows"):
        trial.ask(reciprocal, [{"x": [0]}])
    with pytest.raises(ServingError, match="does not have named input: z"):
        trial.ask(loaded, [{"z": 1}])


def test_a_saved_model_is_asked_with_its_defaults(tmp_path: Path) -> None:
    from serving.engine import trial
    from serving.model.loading import load

    small_model.write(tmp_path / "1", unlucky=0.0)
    loaded = load(tmp_path / "1")
    with pytest.raises(ServingError, match=r"fails for rows of zeros: .*0 is out of luck"):
        trial.ask(loaded, None)
    trial.ask(loaded, [{"x": 1.0}])


@pytest.mark.parametrize(
    "text", ['{"instances": [{"x": 1}]}', '[{"x": 1}]', '{"x": 1}\n\n', '\n{"x": 1}\n{"x": 2}']
)
def test_rows_are_read_from_json(tmp_path: Path, text: str) -> None:
    from serving.engine import trial

    path = tmp_path / "rows.json"
    path.write_text(text)
    if text == '{"x": 1}\n\n':  # One object is a request, and has no instances.
        with pytest.raises(ServingError, match="There are no rows"):
            trial.read_rows(path)
    else:
        assert trial.read_rows(path)[0] == {"x": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "There are no rows"), ("{", "cannot be read"), ('{"instances": 1}', "no rows"),
     ("[" * 100_000, "cannot be read")],
)  # fmt: skip
def test_what_has_no_rows_is_told(tmp_path: Path, text: str, told: str) -> None:
    from serving.engine import trial

    path = tmp_path / "rows.json"
    path.write_text(text)
    with pytest.raises(ServingError, match=told):
        trial.read_rows(path)
    with pytest.raises(ServingError, match="cannot be read"):
        trial.read_rows(tmp_path / "none")
