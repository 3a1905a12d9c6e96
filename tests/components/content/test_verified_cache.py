"""TFX's cache uses an artifact only if it holds what was written, and pushed versions likewise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tfx.orchestration.portable import cache_utils
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput
from tfx.types import Artifact, artifact_utils, standard_artifacts

from components import pusher
from components.content import artifact, files, verified_cache

pytestmark = pytest.mark.tfx


@pytest.fixture(autouse=True)
def applied(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(artifact_utils, "verify_artifacts", artifact_utils.verify_artifacts)
    monkeypatch.setattr(verified_cache, "damages", {})
    verified_cache.apply()
    yield


def published(made: Artifact) -> Artifact:
    """The artifact as it is once its node has run."""
    output = ExecutorOutput()
    output.output_artifacts["it"].artifacts.append(made.mlmd_artifact)
    verified_cache.seal(output)
    [found] = output.output_artifacts["it"].artifacts
    made.set_mlmd_artifact(found)
    return made


@pytest.fixture
def examples(tmp_path: Path) -> Artifact:
    made = standard_artifacts.Examples()
    made.uri = str(tmp_path / "ExampleGen" / "examples" / "1")
    for split in ("train", "eval"):
        (Path(made.uri) / f"Split-{split}").mkdir(parents=True)
        (Path(made.uri) / f"Split-{split}" / "data.gz").write_text(split)
    return published(made)


@pytest.fixture
def pushed(tmp_path: Path) -> Artifact:
    made = standard_artifacts.PushedModel()
    made.uri = str(tmp_path / "Pusher" / "pushed_model" / "13")
    Path(made.uri).mkdir(parents=True)
    (Path(made.uri) / "saved_model.pb").write_text("graph")
    version = pusher.push(Path(made.uri), tmp_path / "serving_models" / "taxi")
    made.set_string_custom_property("pushed_destination", str(version))
    return published(made)


def cached(one: Artifact) -> bool:
    """Whether TFX's cache would use it."""
    assert cache_utils.artifact_utils is artifact_utils
    try:
        artifact_utils.verify_artifacts({"it": [one]})
    except RuntimeError:
        return False
    return True


def test_an_artifact_is_used_until_it_is_damaged(examples: Artifact) -> None:
    assert cached(examples) and verified_cache.damages == {}
    (Path(examples.uri) / "Split-eval" / "data.gz").unlink()
    assert not cached(examples)
    told = "ExampleGen/examples/1/Split-eval/data.gz is missing"
    assert verified_cache.damages == {examples.uri: told}


def test_one_without_a_hash_is_used_where_it_is_there(examples: Artifact) -> None:
    del examples.mlmd_artifact.custom_properties[artifact.HASH]
    (Path(examples.uri) / "Split-eval" / "data.gz").unlink()
    assert cached(examples)
    examples.uri += "-gone"
    assert not cached(examples)


def test_what_looks_untouched_is_read_where_that_was_asked_for(
    examples: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(examples.uri) / "Split-eval" / "data.gz"
    states = {str(path): files.state(str(path)) for path in Path(examples.uri).rglob("*.gz")}
    file.write_text("EVAL")
    monkeypatch.setattr(files, "state", lambda path: states[path])
    assert cached(examples)
    verified_cache.apply(thorough=True)
    assert not cached(examples)


def test_a_bucket_is_left_alone() -> None:
    made = standard_artifacts.Examples()
    made.uri = "gs://bucket/examples/1"
    assert not published(made).has_custom_property(artifact.HASH)


def test_a_pushed_version_is_compared_with_what_was_pushed(pushed: Artifact) -> None:
    version = Path(pushed.get_string_custom_property("pushed_destination"))
    assert cached(pushed)
    (version / "saved_model.pb").write_text("other")
    assert not cached(pushed)
    assert verified_cache.damages[pushed.uri].startswith(f"serving_models/taxi/{version.name}")
    (version / "saved_model.pb").unlink()
    version.rmdir()
    assert cached(pushed), "what somebody has deleted is brought back as it was"
