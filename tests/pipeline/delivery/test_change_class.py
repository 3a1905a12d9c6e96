"""A changed file's class: a table of paths, every file of this repository, and any path at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.config import project
from pipeline.delivery import change_class, image_tag
from pipeline.delivery.change_class import CLASSES, IMAGE, MODULES, NONE, SERVING
from tests.helpers.paths import ROOT

BOTH = {"rents", "taxi"}
FILES = {
    "Dockerfile": "FROM scratch\nCOPY uv.lock models/common/errors.py pipeline /opt/\n",
    "deploy/serving.Dockerfile": "FROM scratch\nCOPY uv.lock ./\nCOPY serving /opt/serving\n",
    "models/common/training.py": "",
    "models/taxi/config.yaml": "data: {path: data/trips/*.csv, format: csv}",
    "models/taxi/model.py": "from models.rents import features",
    "models/rents/config.yaml": "# As docs/page.md says.\ndata:\n  path: data/rents.csv  # rents\n"
    "batch_prediction:\n  path: './samples/new rents'\n",
    "models/rents/features.py": "",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        # What the pipeline's image holds, and what says how models ship.
        ("pipeline/cli/main.py", IMAGE),
        ("pipeline/README.md", IMAGE),
        ("uv.lock", IMAGE),
        ("Dockerfile", IMAGE),
        (".dockerignore", IMAGE),
        ("models/common/errors.py", IMAGE),
        ("targets.yaml", IMAGE),
        # What the model server's image holds and no other does.
        ("serving/cli.py", SERVING),
        ("serving/rest/page/page.js", SERVING),
        ("deploy/serving.Dockerfile", SERVING),
        ("deploy/serving.Dockerfile.dockerignore", SERVING),
        # What a model uses.
        ("models/taxi/model.py", MODULES),
        ("models/new.py", MODULES),
        ("data/trips/two.csv", MODULES),
        ("samples/new rents", MODULES),
        ("samples/new rents/january/rents.csv", MODULES),
        # How models ship changes no model.
        ("cloudbuild.yaml", NONE),
        (".github/workflows/release.yml", NONE),
        (".github/scripts/cloud_run.py", NONE),
        # All else.
        (".editorconfig", NONE),
        (".gitignore", NONE),
        (".github/workflows/pull-request.yml", NONE),
        (".github/scripts/quality_report.py", NONE),
        (".github/dependabot.yml", NONE),
        ("benchmarks/serving.py", NONE),
        ("dashboard/web/app.py", NONE),
        ("deploy/compose.yaml", NONE),
        ("deploy/kubernetes/serving.yaml", NONE),
        ("docs/page.md", NONE),
        ("docs/pipeline/page.md", NONE),
        ("samples/new rents.md", NONE),
        ("samples/old.csv", NONE),
        ("tests/pipeline/test_cli.py", NONE),
        ("tools/bootstrap.py", NONE),
        ("Makefile", NONE),
        ("README.md", NONE),
        ("LICENSE", NONE),
        ("pipelines.py", NONE),
        ("serving.md", NONE),
        ("models/taxi/README.md", NONE),
        ("data/trips/README.md", NONE),
    ],
)
def test_the_class_of_a_file(root: Path, path: str, kind: str) -> None:
    assert change_class.class_of(path, root) == kind


RULES = {
    IMAGE: (
        *("Dockerfile", ".dockerignore", "pyproject.toml", "uv.lock", "pipeline/", "components/"),
        *("models/__init__.py", "models/common/__init__.py", "models/common/errors.py"),
        "targets.yaml",
    ),
    MODULES: ("models/", "data/"),
    SERVING: ("serving/", "deploy/serving.Dockerfile", "deploy/serving.Dockerfile.dockerignore"),
    NONE: ("",),
}
"""The rule as a table, in the order in which it counts; a page under models/ or data/ is none."""


def ruled(path: str) -> str:
    """The class that the table gives a file."""

    def named(names: tuple[str, ...]) -> bool:
        return any(path == name or (name[-1:] in "/" and path.startswith(name)) for name in names)

    kind = next(kind for kind, names in RULES.items() if named(names))
    return NONE if kind == MODULES and path.endswith(".md") else kind


def tracked() -> list[str]:
    done = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True)
    if done.returncode:
        pytest.skip("this copy of the project is no git repository")
    return done.stdout.decode().strip("\0").split("\0")


def test_every_file_of_this_repository_has_the_class_that_the_rule_says() -> None:
    found = {path: change_class.class_of(path, ROOT) for path in tracked()}
    assert found == {path: ruled(path) for path in found}
    assert set(found.values()) == set(CLASSES)


FOLDERS = ["docs", "models", "data", "serving", "deploy", "pipeline", ".github"]
_NAME = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=12)
_SEGMENT = _NAME.filter(lambda name: name not in (".", ".."))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(FOLDERS) | _SEGMENT, min_size=1, max_size=4))
def test_a_path_that_may_come_has_the_class_that_the_rule_says(segments: list[str]) -> None:
    path = "/".join(segments)
    assume(path not in FOLDERS)  # No file has a folder's name.
    assert change_class.class_of(path, ROOT) == ruled(path)


def test_each_input_of_the_image_needs_one() -> None:
    assert {change_class.class_of(path, ROOT) for path in image_tag.inputs()} == {IMAGE}


@pytest.mark.parametrize("path", ["pyproject.toml", "uv.lock"])
@pytest.mark.parametrize(
    ("same", "kind"),
    [
        ((), IMAGE),
        (("deploy/serving.Dockerfile",), IMAGE),
        (("Dockerfile",), SERVING),
        (("Dockerfile", "deploy/serving.Dockerfile"), NONE),
    ],
)
def test_of_what_names_packages_only_what_an_image_installs_counts(
    path: str, same: tuple[str, ...], kind: str
) -> None:
    assert change_class.class_of(path, ROOT, same) == kind


@pytest.mark.parametrize(
    ("path", "models"),
    [
        # What is not there any more is part of those that name it.
        ("data/gone/one.csv", set()),
        ("data/gone.csv", set()),
        ("data/trips/two.csv", {"taxi"}),
        ("data/rents.csv", {"rents"}),
        ("models/new.py", set()),
        ("models/gone/model.py", set()),
        ("models/taxi/old.py", {"taxi"}),
        ("models/common/training.py", BOTH),
        ("models/rents/features.py", BOTH),
    ],
)
def test_the_models_that_a_removed_file_was_part_of(
    root: Path, path: str, models: set[str]
) -> None:
    assert change_class.affected_models(path, root, removed=True) == models


@pytest.mark.parametrize(
    ("path", "models"),
    [
        ("models/taxi/model.py", {"taxi"}),
        ("models/taxi/deep/words.txt", {"taxi"}),
        ("models/rents/features.py", BOTH),  # taxi imports it
        ("models/common/training.py", BOTH),
        ("models/new.py", BOTH),
        ("models/gone/model.py", set()),
        ("data/trips/two.csv", {"taxi"}),
        ("data/trips/deep/two.csv", {"taxi"}),
        ("data/rents.csv", BOTH),
        ("data/elsewhere/one.csv", BOTH),
        ("samples/new rents/one.csv", {"rents"}),
    ],
)
def test_the_models_that_a_file_may_be_part_of(root: Path, path: str, models: set[str]) -> None:
    assert change_class.affected_models(path, root) == models


@pytest.mark.parametrize(
    "config",
    [
        "data: {path: samples/*.csv}",
        "data: {path: samples/*.csv, format: csv}",
        'data: {"path": "samples/*.csv"}',
        "data:\n  path: ./samples/one.csv",
        "data:\n  path: samples/one.csv # the first",
        "data:\n  path: 'samples/one.csv'",
        "data:\n  path:\n    samples/\n",
        "data: {path: data/x.csv}\nbatch_prediction: {path: samples}",
        "data:\n  path: samples/[a-z]*.csv",
        "data:\n  path: sam*s/one.csv",
        "data:\n  path: samples/on{SPAN}.csv",
    ],
)
def test_data_is_a_model_s_wherever_it_lies(tmp_path: Path, config: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    model = tmp_path / "models" / "taxi"
    model.mkdir(parents=True)
    (model / "config.yaml").write_text(config, encoding="utf-8")
    assert change_class.class_of("samples/one.csv", tmp_path) == MODULES
    assert change_class.affected_models("samples/one.csv", tmp_path) == {"taxi"}
    assert change_class.class_of("examples/one.csv", tmp_path) == NONE


def test_models_are_those_of_the_project() -> None:
    assert change_class.models(ROOT) == project.model_names()
