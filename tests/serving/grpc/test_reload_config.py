"""`HandleReloadConfigRequest` by the official stub: `models.config` changes, or nothing does."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.helpers.grpc_in_process import Served, model_service, serving

pytestmark = pytest.mark.tfx

MODEL = "half_plus_two"


@pytest.fixture(scope="module")
def source(conformance_models: Path) -> Path:
    return conformance_models / MODEL / "123"


@pytest.fixture
def folder(source: Path, tmp_path: Path) -> Path:
    """A serving folder with versions 1 and 2 of one model, and a model that was left elsewhere."""
    for number in ("1", "2"):
        shutil.copytree(source, tmp_path / "models" / MODEL / number)
    shutil.copytree(source, tmp_path / "elsewhere" / "1")
    return tmp_path / "models"


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with serving(folder) as started:
        yield started


def reload(served: Served, *models: dict[str, Any], **settings: Any) -> Any:
    from tensorflow_serving.apis import model_management_pb2

    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.SetInParent()
    for model in models:
        entry = request.config.model_config_list.config.add()
        entry.name = model.get("name", MODEL)
        entry.base_path = model.get("base_path", f"/models/{MODEL}")
        entry.model_platform = "tensorflow"
        entry.model_version_policy.specific.versions.extend(model.get("versions", ()))
        entry.version_labels.update(model.get("labels", {}))
    stub = model_service(served.channel)
    return stub.HandleReloadConfigRequest(request, timeout=20, **settings)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_versions_are_loaded_and_then_get_labels(served: Served, folder: Path) -> None:
    from serving.model import models_config

    versions = served.engine.versions
    assert sorted(versions.snapshot[MODEL].versions) == [2]
    response = reload(served, {"versions": [1, 2]})
    assert response.status.error_code == 0
    wait_for(lambda: sorted(versions.snapshot[MODEL].versions) == [1, 2])
    reload(served, {"versions": [1, 2], "labels": {"stable": 1, "canary": 2}})
    # Labels hold as soon as the answer is there.
    assert versions.snapshot[MODEL].labels == {"stable": 1, "canary": 2}
    (read,) = models_config.read(folder / models_config.FILE).values()
    assert (read.versions, read.labels) == ((1, 2), {"stable": 1, "canary": 2})
    reload(served, {"versions": [1]})
    wait_for(lambda: sorted(versions.snapshot[MODEL].versions) == [1])


def test_a_model_that_is_left_out_is_served_at_its_latest_version(served: Served) -> None:
    reload(served, {"versions": [1]})
    reload(served)
    wait_for(lambda: sorted(served.engine.versions.snapshot[MODEL].versions) == [2])


def test_a_folder_of_the_servers_own_config_can_be_named_again(folder: Path) -> None:
    from serving.model import models_config

    elsewhere = str(folder.parent / "elsewhere")
    config = {"other": models_config.ServedModel("other", elsewhere)}
    models_config.write(folder / models_config.FILE, config)
    with serving(folder) as served:
        reload(served, {"name": "other", "base_path": elsewhere, "labels": {"stable": 1}})
        assert served.engine.versions.snapshot["other"].labels == {"stable": 1}


@pytest.mark.parametrize(
    ("model", "code", "told"),
    [
        ({"base_path": "/models/other"}, "INVALID_ARGUMENT", "cannot get the base_path"),
        ({"base_path": "{elsewhere}"}, "INVALID_ARGUMENT", "from /models/half_plus_two"),
        ({"name": "new", "base_path": "{elsewhere}"}, "INVALID_ARGUMENT", "cannot get the base"),
        ({"name": "new"}, "INVALID_ARGUMENT", "cannot get the base_path"),
        ({"name": "../elsewhere", "base_path": ""}, "INVALID_ARGUMENT", "cannot get the base"),
        (
            {"name": "new", "base_path": ""},
            "NOT_FOUND",
            "no version yet of model new; there is: none",
        ),
        ({"versions": [1, 7]}, "NOT_FOUND", "no version 7 of .*; there is: 1, 2"),
        ({"labels": {"stable": 1}}, "FAILED_PRECONDITION", "version 1 of .* not currently avail"),
        (
            {"versions": [2], "labels": {"stable": 1}},
            "INVALID_ARGUMENT",
            "labels for versions that it does not serve",
        ),
        ({"name": ""}, "INVALID_ARGUMENT", "Received name: ''"),
    ],
)
def test_what_cannot_be_followed_changes_nothing(
    served: Served, folder: Path, model: dict[str, Any], code: str, told: str
) -> None:
    elsewhere = str(folder.parent / "elsewhere")
    model = {k: elsewhere if v == "{elsewhere}" else v for k, v in model.items()}
    before = served.engine.versions.snapshot
    with pytest.raises(grpc.RpcError, match=told) as refusal:
        reload(served, model)
    assert refusal.value.code().name == code
    assert not (folder / "models.config").exists()
    assert served.engine.versions.snapshot == before


def test_a_config_of_another_kind_is_refused(served: Served) -> None:
    from tensorflow_serving.apis import model_management_pb2

    stub = model_service(served.channel)
    with pytest.raises(grpc.RpcError, match="Only ModelConfigList is currently supported"):
        stub.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest(), timeout=20)


def test_only_who_has_the_token_may(folder: Path) -> None:
    with serving(folder, token="secret") as served:
        with pytest.raises(grpc.RpcError) as refusal:
            reload(served, {"versions": [1]})
        assert refusal.value.code().name == "UNAUTHENTICATED"
        assert not (folder / "models.config").exists()
        reload(served, {"versions": [1]}, metadata=[("authorization", "Bearer secret")])
        assert (folder / "models.config").exists()
