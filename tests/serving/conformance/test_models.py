"""The models that the conformance table asks."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from serving.conformance import runner
from serving.model import models_config, version_folders

pytestmark = pytest.mark.tfx


def test_every_model_of_the_table_is_there_and_loads(conformance_models: Path) -> None:
    from serving.model.loaded_model import LoadedModel

    config = models_config.read(conformance_models / models_config.FILE)
    folders = {path.name: path for path in version_folders.models(conformance_models)}
    assert set(config) <= set(folders)
    asked = {
        unquote(case.path.split("/")[3].split(":")[0])
        for case in runner.cases()
        if case.status == 200
    }
    assert asked <= set(folders)
    for folder in folders.values():
        for path in version_folders.versions(folder).values():
            loaded = LoadedModel(path)
            assert loaded.signatures
            loaded.close()
