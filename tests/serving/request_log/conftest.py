from __future__ import annotations

from pathlib import Path

import pytest

from serving.model.registry import Record, Signature, Tensor
from tests.helpers.log_entries import entry, write


@pytest.fixture
def serving_folder(tmp_path: Path) -> Path:
    """A folder in which version 1 of `taxi` is described; its model is not there."""
    inputs = {
        "fare": Tensor(dtype="DT_FLOAT", shape=(-1,)),
        "company": Tensor(dtype="DT_STRING", shape=(-1, 1)),
        "stops": Tensor(dtype="DT_INT64", shape=(-1, -1)),
    }
    outputs = {"outputs": Tensor(dtype="DT_FLOAT", shape=(-1, 1))}
    signature = Signature(method="tensorflow/serving/predict", inputs=inputs, outputs=outputs)
    described = Record(model="taxi", number=1, size=1, signatures={"serving_default": signature})
    folder = tmp_path / "serving_models"
    (folder / "taxi").mkdir(parents=True)
    (folder / "taxi" / "1.json").write_text(described.model_dump_json())
    return folder


@pytest.fixture
def log_folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def logged(log_folder: Path) -> Path:
    """A log with three requests: two answered, one for a model that nobody has."""
    row = b'{"instances": [{"fare": 2.5, "company": "A"}, {"fare": "x", "stops": [1, 2]}]}'
    answer = b'{"predictions": [[0.25], [0.75]]}'
    columns = b'{"inputs": {"fare": [1, 2], "company": [{"b64": "Qg=="}, "C"]}}'
    write(
        log_folder,
        entry(1, request=row, response=answer, time=100.0),
        entry(2, request=columns, response=b'{"outputs": [[0.5], [1]]}', time=200.0),
        entry(3, model="../../etc", version=None, status=404, time=300.0,
              request=b"{", response=b'{"error": "Servable not found"}'),
    )  # fmt: skip
    return log_folder
