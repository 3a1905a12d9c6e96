"""A server of the conformance models, for all tests of a session."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_server import ROOT, Running, running


@pytest.fixture(scope="session")
def conformance_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A serving folder with the models of the conformance table."""
    folder = tmp_path_factory.mktemp("conformance") / "models"
    folder.mkdir()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "serving", "conformance-models", str(folder)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def server(conformance_models: Path) -> Iterator[Running]:
    """A server of the conformance models."""
    with running(conformance_models) as started:
        yield started
