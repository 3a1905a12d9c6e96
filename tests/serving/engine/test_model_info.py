"""What the server tells about its models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serving.core.errors import Code, ServingError
from serving.core.metrics import Metrics

pytestmark = pytest.mark.tfx


@pytest.fixture
def versions() -> Any:
    from serving.core.settings import Limits
    from serving.engine.versions import State, Status, Versions

    made = Versions(Path(), Limits(), Metrics())
    error = ServingError(Code.NOT_FOUND, "no variables")
    made.statuses = {"taxi": {1: Status(State.AVAILABLE), 2: Status(State.END, error)}}
    return made


def test_states_come_highest_version_first_with_their_errors(versions: Any) -> None:
    from serving.engine import model_info

    told = model_info.status_json(versions, model_info.statuses(versions, "taxi", None))
    assert told["model_version_status"] == [
        {
            "version": "2", "state": "END",
            "status": {"error_code": "NOT_FOUND", "error_message": "no variables"},
        },
        {
            "version": "1", "state": "AVAILABLE",
            "status": {"error_code": "OK", "error_message": ""},
        },
    ]  # fmt: skip
    assert list(model_info.statuses(versions, "taxi", 1)) == [1]


@pytest.mark.parametrize(
    ("model", "number", "message"),
    [("taxi", 3, "version 3 of model taxi"), ("other", None, "any versions of model other")],
)
def test_what_is_not_there_is_not_found(
    versions: Any, model: str, number: int | None, message: str
) -> None:
    from serving.engine import model_info

    with pytest.raises(ServingError, match=message) as refused:
        model_info.statuses(versions, model, number)
    assert refused.value.code == Code.NOT_FOUND


def test_the_overview_names_inputs_and_whether_they_may_be_left_out(tmp_path: Path) -> None:
    from serving.core.settings import Limits
    from serving.engine import model_info
    from serving.engine.versions import Versions
    from tests.helpers import small_model

    small_model.write(tmp_path / "small" / "1")
    served = Versions(tmp_path, Limits(), Metrics(), interval=0.05)
    served.start()
    try:
        assert served.scanned.wait(60)
        (model,) = model_info.overview(served)["models"]
        spec = model_info.metadata_json(served.snapshot["small"].versions[1])
    finally:
        served.stop()
    assert (model["name"], model["versions"], model["labels"]) == ("small", [1], {})
    assert model["inputs"] == [
        {"name": "name", "type": "string", "optional": True, "scalar": True},
        {"name": "tags", "type": "int64", "optional": True, "scalar": False},
        {"name": "x", "type": "float", "optional": False, "scalar": True},
    ]
    assert spec["model_spec"] == {"name": "small", "signature_name": "", "version": "1"}
    definitions = spec["metadata"]["signature_def"]["signature_def"]
    assert definitions["serving_default"]["inputs"]["x"]["dtype"] == "DT_FLOAT"
