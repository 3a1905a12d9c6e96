"""The model that was pushed last becomes the baseline of a new ML Metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx.orchestration import metadata
from tfx.types import standard_artifacts
from tfx.utils import path_utils

from pipeline.local import metadata_db
from pipeline.local.repair import baseline
from pipeline.local.repair.finding import Place

pytestmark = pytest.mark.tfx


def test_tfx_takes_the_types_for_its_own(place: Place, tmp_path: Path) -> None:
    config = metadata_db.connection(tmp_path / "new.db")
    store = metadata_db.opened(tmp_path / "new.db")
    pushed = baseline.last_pushed(place)
    assert pushed and pushed.name == "18"
    baseline.register(store, place, pushed)
    with metadata.Metadata(config) as handle:
        for kind in (standard_artifacts.Model, standard_artifacts.ModelBlessing):
            own = kind().artifact_type
            [there] = [one for one in handle.store.get_artifact_types() if one.name == own.name]
            assert there.base_type == own.base_type
            assert handle.store.put_artifact_type(own) == there.id
    [model] = store.get_artifacts_by_type("Model")
    assert Path(path_utils.serving_model_path(model.uri), "saved_model.pb").is_file()
