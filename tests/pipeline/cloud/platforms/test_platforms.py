"""The folder of platforms as their registry."""

from __future__ import annotations

import subprocess
import sys

import pytest

from models.common.errors import ConfigError
from pipeline.cloud import platforms
from pipeline.cloud.platforms.base import Platform
from pipeline.config import platform_names
from tests.helpers.paths import ROOT


@pytest.mark.parametrize("name", platform_names.names())
def test_each_module_has_a_platform(name: str) -> None:
    platform = platforms.find(name)
    assert issubclass(platform, Platform)
    assert platform.title and platform.__doc__
    assert platform.specification_suffix in (".json", ".yaml")
    assert isinstance(platform.placeholder(), platform)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vertx", "There is no target 'vertx'; did you mean 'vertex'?"),
        ("kpf", "There is no target 'kpf'; did you mean 'kfp'?"),
        ("base", "There is no target 'base'"),
        ("__init__", "There is no target '__init__'"),
        ("os", "There is no target 'os'"),
        ("", "There is no target ''"),
    ],
)
def test_what_is_none_is_told(name: str, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        platforms.find(name)
    assert error.value.headline == expected
    assert error.value.detail == "Expected: vertex or kfp."


def test_reading_targets_imports_neither_tfx_nor_a_client() -> None:
    code = (
        "import sys; from pipeline.cloud import targets; targets.schema();"
        "from pipeline.cloud import platforms;"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.split())
    heavy = {
        "apache_beam",
        "google.auth",
        "google.cloud.aiplatform_v1",
        "google.protobuf",
        "kfp",
        "kfp_server_api",
        "numpy",
        "requests",
        "tensorflow",
        "tfx",
    }
    assert "pipeline.cloud.platforms.vertex" in imported
    assert not imported & heavy
