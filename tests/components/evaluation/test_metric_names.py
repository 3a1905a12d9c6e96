"""Names of metrics, known without importing what they are from."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.evaluation import metric_names
from models.common.errors import ConfigError


def check(tmp_path: Path, *classes: str, code: str | None = None) -> None:
    file = tmp_path / "metrics.py"
    if code is not None:
        file.write_text(code)
    metric_names.check("m", ["AUC", *classes], file)


@pytest.mark.tfx
def test_they_are_those_that_the_packages_have() -> None:
    import keras
    import tf_keras

    from pipeline.graph import metric_classes

    imported = {*metric_classes._tfma()}
    imported |= metric_classes._in_keras(tf_keras) | metric_classes._in_keras(keras)
    known = metric_names.installed()
    assert imported <= known
    # Keras' bases are in its room of metrics, too; and one of TFMA's modules is imported by nobody.
    more = {*metric_classes._OURS, *metric_classes._BASES, "FixedSizeSample"}
    assert known - imported <= more


def test_a_misspelt_metric_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown metric 'BinaryAcuracy'; did you mean 'Bina"):
        check(tmp_path, "BinaryAcuracy")


@pytest.mark.parametrize(
    "code",
    [
        "class Mine: ...",
        "from models.common.somewhere import Mine",
        "from models.common.somewhere import Other as Mine",
        "Mine = object",
        "from models.common.somewhere import *",
        "this is no Python: whoever imports it is told",
    ],
)
def test_a_metric_of_the_models_own_folder_is_known(code: str, tmp_path: Path) -> None:
    check(tmp_path, "Mine", code=code)


def test_a_metric_that_the_models_own_folder_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown metric 'Mien'; did you mean 'Mine'") as caught:
        check(tmp_path, "Mien", code="class Mine: ...")
    assert "models/m/metrics.py, which has: Mine" in caught.value.detail


def test_where_a_package_is_not_installed_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_names, "installed", set)
    check(tmp_path, "Anything")
