"""`models.config` round trips, keeps what it does not know, and says what is wrong with it."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.config import model_server_config_pb2

from serving.core.errors import ServingError
from serving.model import models_config
from serving.model.models_config import ServedModel

NAMES = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1)
VERSIONS = st.lists(st.integers(1, 2**63 - 1), unique=True, min_size=1).map(sorted).map(tuple)


@st.composite
def served_models(draw: st.DrawFn) -> ServedModel:
    versions = draw(st.just(()) | VERSIONS)
    labelled = st.sampled_from(versions) if versions else st.integers(1, 2**63 - 1)
    return ServedModel(
        name=draw(NAMES),
        base_path="/elsewhere",
        versions=versions,
        latest=1 if versions else draw(st.integers(0, 5)),
        labels=draw(st.dictionaries(NAMES, labelled, max_size=3)),
    )


@given(models=st.lists(served_models(), unique_by=lambda model: model.name, max_size=3))
def test_what_is_written_is_read(
    models: list[ServedModel], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("config") / models_config.FILE
    by_name = {model.name: model for model in models}
    models_config.write(path, by_name)
    assert models_config.read(path) == by_name
    text_format.Parse(path.read_text(), model_server_config_pb2.ModelServerConfig())
    assert list(path.parent.iterdir()) == [path]


def test_an_edit_keeps_the_settings_that_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / models_config.FILE
    path.write_text("""
      model_config_list { config {
        name: "taxi" base_path: "/models/taxi" model_platform: "tensorflow"
        logging_config { sampling_config { sampling_rate: 0.5 } }
      } }""")
    with models_config.edit(path) as models:
        models["taxi"] = ServedModel("taxi", versions=(1, 2), labels={"stable": 1})
    config = text_format.Parse(path.read_text(), model_server_config_pb2.ModelServerConfig())
    (entry,) = config.model_config_list.config
    assert entry.logging_config.sampling_config.sampling_rate == 0.5
    assert list(entry.model_version_policy.specific.versions) == [1, 2]
    assert dict(entry.version_labels) == {"stable": 1}


def test_an_edit_can_take_labels_and_models_away(tmp_path: Path) -> None:
    path = tmp_path / models_config.FILE
    both = {name: ServedModel(name, versions=(1,), labels={"stable": 1}) for name in ("a", "b")}
    models_config.write(path, both)
    with models_config.edit(path) as models:
        del models["b"]
        models["a"] = ServedModel("a")
    (entry,) = text_format.Parse(
        path.read_text(), model_server_config_pb2.ModelServerConfig()
    ).model_config_list.config
    assert (entry.name, dict(entry.version_labels)) == ("a", {})
    # TensorFlow Serving takes no entry without these.
    assert (entry.base_path, entry.model_platform) == ("/models/a", "tensorflow")


def test_edits_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / models_config.FILE

    def add(name: str) -> None:
        with models_config.edit(path) as models:
            time.sleep(0.001)
            models[name] = ServedModel(name)

    names = [f"model-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, names))
    assert sorted(models_config.read(path)) == sorted(names)


def test_a_folder_that_cannot_be_written_is_told() -> None:
    with pytest.raises(ServingError, match=r"/proc/models.config cannot be written"):
        models_config.write(Path("/proc/models.config"), {"a": ServedModel("a")})


def test_an_edit_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / models_config.FILE
    models_config.write(path, {"a": ServedModel("a")})
    before = path.read_bytes()
    with pytest.raises(KeyError), models_config.edit(path) as models:
        del models["a"]
        raise KeyError
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model_config_list {", "Line and column 1:"),
        ("modle_config_list {}", "modle_config_list"),
        ("model_config_list { config { } }", "Received name: ''"),
        ('model_config_list { config { name: "a" } config { name: "a" } }', "name: 'a'"),
        (
            'model_config_list { config { name: "a" model_version_policy { specific { versions: 1 '
            '} } version_labels { key: "stable" value: 2 } } }',
            "{'stable': 2}",
        ),
    ],
)
def test_a_file_that_is_not_usable_is_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / models_config.FILE
    path.write_text(text)
    with pytest.raises(ServingError, match=str(path)) as refusal:
        models_config.read(path)
    assert told in refusal.value.detail


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / models_config.FILE
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ServingError, match="not usable"):
        models_config.read(path)


@pytest.mark.parametrize(
    ("base_path", "folder"),
    [("", "/served/taxi"), ("/models/other", "/served/other"), ("/data/taxi", "/data/taxi")],
)
def test_the_images_mount_is_the_serving_folder(base_path: str, folder: str) -> None:
    assert ServedModel("taxi", base_path).folder(Path("/served")) == Path(folder)
