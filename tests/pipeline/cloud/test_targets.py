"""Reading `targets.yaml`, and what is refused before anything is compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.common.errors import ConfigError
from pipeline.cloud import targets
from pipeline.cloud.platforms.base import Platform
from pipeline.cloud.platforms.vertex import VertexAI
from pipeline.config import loading
from pipeline.config.target_schema import Beam

DIGEST = f"registry.example.com/pipeline@sha256:{'0' * 64}"
MODEL = """
data: {path: data/m.csv}
label: y
evaluation: {metrics: {AUC: {at_least: 0.5}}}
"""
VERTEX = f"""
vertex:
  project: p
  region: r
  bucket: gs://b
  data: gs://b
  image: {DIGEST}
"""


@pytest.fixture(autouse=True)
def no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(targets.IMAGE, raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "models" / "m").mkdir(parents=True)
    return tmp_path


def load(root: Path, text: str | None, *, model: str = "", image: str | None = None) -> Platform:
    (root / "models" / "m" / "config.yaml").write_text(MODEL + model)
    if text is not None:
        (root / "targets.yaml").write_text(text)
    return targets.load("vertex", "m", loading.load("m", root=root), image, root)


def message(root: Path, text: str | None, model: str = "", image: str | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        load(root, text, model=model, image=image)
    return str(error.value)


def test_a_target_is_read(root: Path) -> None:
    target = load(root, VERTEX + "  training: {cpus: 4}\n")
    assert isinstance(target, VertexAI)
    assert (target.bucket, target.image, target.training.cpus) == ("gs://b", DIGEST, 4)
    assert target.beam == Beam()


def test_a_models_own_keys_win(root: Path) -> None:
    machine = "  training: {cpus: 4, memory_gb: 8}\n"
    own = "targets: {vertex: {training: {cpus: 16}, beam: {args: [--direct_num_workers=1]}}}"
    target = load(root, VERTEX + machine, model=own)
    assert (target.training.cpus, target.training.memory_gb) == (16, None)
    assert target.beam == Beam(args=("--direct_num_workers=1",))
    other = "targets: {kfp: {training: {cpus: 16}}}"
    assert load(root, VERTEX + machine, model=other).training.cpus == 4


def test_the_image_is_named_by_option_then_environment_then_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(root, VERTEX).image == DIGEST
    monkeypatch.setenv(targets.IMAGE, "registry/from:environment")
    assert load(root, VERTEX).image == "registry/from:environment"
    assert load(root, VERTEX, image="registry/from:option").image == "registry/from:option"


WITHOUT_IMAGE = VERTEX.replace(f"  image: {DIGEST}\n", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "targets.yaml does not exist"),
        ("kfp: {bucket: 's3://b'}", "targets.yaml has no section 'vertex'"),
        ("vertx: {}", "targets.yaml:1: vertx: unknown key; did you mean 'vertex'?"),
        (VERTEX + "  regoin: x\n", "unknown key; did you mean 'region'?"),
        (VERTEX.replace("region: r", ""), "vertex.region: missing, but required. The region"),
        (VERTEX.replace("bucket: gs://b", "bucket: b"), "expected the URI of a bucket"),
        (VERTEX.replace("bucket: gs://b", "bucket: s3://b"), "Google Cloud Storage, gs://"),
        (VERTEX.replace(DIGEST, "r/p:latest"), "vertex.image: expected a digest"),
        (VERTEX + "  training: {cpu: 4}\n", "did you mean 'cpus'?"),
        (VERTEX + "  training: {cpus: 0}\n", "expected a number above 0. Received: 0"),
        (VERTEX + "  training: {accelerator: {count: 2}}\n", "accelerator.type: missing"),
        (VERTEX + "  endpoint: {name: e, image: r/p}\n", "endpoint.image: expected a digest"),
        (VERTEX.replace("  data: gs://b\n", ""), "a container in the cloud cannot read data.path"),
        (WITHOUT_IMAGE, "Looked for: --image, PIPELINE_IMAGE, targets.yaml: vertex.image."),
    ],
)
def test_bad_file(root: Path, text: str | None, expected: str) -> None:
    assert expected in message(root, text)


def test_a_bad_image_names_where_it_was_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert message(root, WITHOUT_IMAGE, image="r/p:latest").startswith("--image: expected a digest")
    monkeypatch.setenv(targets.IMAGE, "r/p")
    assert message(root, WITHOUT_IMAGE).startswith("PIPELINE_IMAGE: expected a digest")


@pytest.mark.parametrize("path", ["p.d.t", "data/query.sql"])
def test_bigquery_needs_no_folder_and_is_not_rehearsed(root: Path, path: str) -> None:
    (root / "targets.yaml").write_text(VERTEX.replace("  data: gs://b\n", ""))
    text = MODEL.replace("{path: data/m.csv}", f"{{path: {path}, format: bigquery}}")
    (root / "models" / "m" / "config.yaml").write_text(text)
    loaded = loading.load("m", root=root)
    assert targets.load("vertex", "m", loaded, root=root).data is None
    # A rehearsed task has no login of this machine's.
    with pytest.raises(ConfigError, match="A rehearsal reads files of this machine") as caught:
        targets.for_rehearsal("vertex", "m", loaded, root=root)
    assert "--set data.path=data/sample.csv --set data.format=csv." in caught.value.remedy


def test_data_at_a_uri_needs_no_folder(root: Path) -> None:
    text = VERTEX.replace("  data: gs://b\n", "")
    (root / "targets.yaml").write_text(text)
    (root / "models" / "m" / "config.yaml").write_text(MODEL.replace("data/m", "gs://b/m"))
    loaded = loading.load("m", root=root)
    assert targets.load("vertex", "m", loaded, root=root).data is None


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("targets: {vertx: {}}", "did you mean 'vertex'?"),
        ("targets: {vertex: {trainning: {}}}", "did you mean 'training'?"),
        ("targets: {vertex: {training: {accelerator: {kind: x}}}}", "Known here: type, count"),
    ],
)
def test_a_mistake_in_the_models_own_keys(root: Path, model: str, expected: str) -> None:
    assert expected in message(root, VERTEX, model)


def test_dataflow_is_told_what_the_target_knows(root: Path) -> None:
    text = VERTEX + "  beam: {args: [--runner=DataflowRunner, --region=other]}\n"
    beam = load(root, text).beam
    assert beam is not None
    assert set(beam.args) == {
        "--runner=DataflowRunner",
        "--region=other",
        "--project=p",
        "--temp_location=gs://b/temp",
        f"--sdk_container_image={DIGEST}",
    }


@pytest.mark.parametrize(
    ("text", "model", "where"),
    [
        ("  beam: {args: [--runner=FlinkRunner]}\n", "", "targets.yaml: vertex.beam.args"),
        (
            "",
            "targets: {vertex: {beam: {args: [--runner=FlinkRunner]}}}",
            "models/m/config.yaml: targets.vertex.beam.args",
        ),
        ("", "beam: {args: [--runner=FlinkRunner]}", "models/m/config.yaml: beam.args"),
    ],
)
def test_a_runner_that_lacks_something_is_told_with_its_place(
    root: Path, text: str, model: str, where: str
) -> None:
    expected = f"{where}: FlinkRunner needs --flink_master"
    assert message(root, VERTEX + text, model).startswith(expected)
