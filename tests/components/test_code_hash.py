"""A node's code hashes change with the files that the node uses, and with nothing else."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.code_hash import file_hashes, model_files, package_versions
from models.common.errors import ModelCodeError

FILES = {
    "models/__init__.py": "",
    "models/common/__init__.py": "",
    "models/common/helpers.py": "from . import deeper\n",
    "models/common/deeper.py": "import math\n",
    "models/common/unused.py": "",
    "models/one/__init__.py": "",
    "models/one/preprocessing.py": "import json\n",
    "models/one/features.py": "A = 1\n",
    "models/one/model.py": "",
    "models/one/config.yaml": "",
    "models/one/tables/__init__.py": "",
    "models/one/tables/table.py": "",
    "models/two/__init__.py": "",
    "models/two/preprocessing.py": "",
}

EDITED = "models/one/preprocessing.py"

# How preprocessing.py may import features.py.
IMPORTS = [
    "import models.one.features",
    "import models.one.features as f",
    "import os, models.one.features",
    "from models.one import features",
    "from models.one import features as f, model",
    "from models.one.features import A",
    "from models.one.features import *",
    "from . import features",
    "from .features import A",
    "from ..one import features",
    "from ..one.features import A",
    "def later():\n    from models.one.features import A",
    "try:\n    import models.one.features\nexcept ImportError:\n    pass",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path)


def project(root: Path) -> Path:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def hashed(root: Path) -> dict[str, str]:
    return file_hashes("models.one.preprocessing", root=root)


def changed_by(root: Path, name: str) -> bool:
    """Whether editing a file changes the hash."""
    before, path = hashed(root), root / name
    text = path.read_text()
    path.write_text(f"{text}\n# edited\n")
    after = hashed(root)
    path.write_text(text)
    assert hashed(root) == before
    return before != after


def test_each_file_has_its_own_hash(root: Path) -> None:
    before = hashed(root)
    assert list(before) == ["models/__init__.py", "models/one/__init__.py", EDITED]
    assert all(len(digits) == 32 and int(digits, 16) for digits in before.values())
    (root / EDITED).write_text("edited = 1")
    after = hashed(root)
    assert {path for path in after if before[path] != after[path]} == {EDITED}


def test_the_file_itself_and_its_packages_count(root: Path) -> None:
    assert changed_by(root, "models/one/preprocessing.py")
    assert changed_by(root, "models/one/__init__.py")
    assert changed_by(root, "models/__init__.py")


@pytest.mark.parametrize("statement", IMPORTS)
def test_what_it_imports_counts(root: Path, statement: str) -> None:
    assert not changed_by(root, "models/one/features.py")
    (root / "models/one/preprocessing.py").write_text(statement)
    assert changed_by(root, "models/one/features.py")
    assert not changed_by(root, "models/two/preprocessing.py")


def test_what_the_imported_files_import_counts(root: Path) -> None:
    (root / "models/one/preprocessing.py").write_text("from models.common.helpers import x\n")
    for name in ("helpers.py", "deeper.py", "__init__.py"):
        assert changed_by(root, f"models/common/{name}"), name
    assert not changed_by(root, "models/common/unused.py")


def test_what_the_packages_of_an_import_import_counts(root: Path) -> None:
    (root / "models/one/preprocessing.py").write_text("from models.one.tables import table\n")
    (root / "models/one/tables/__init__.py").write_text("from models.one import features\n")
    for name in ("tables/__init__.py", "tables/table.py", "features.py"):
        assert changed_by(root, f"models/one/{name}"), name


def test_what_the_models_own_package_imports_counts(root: Path) -> None:
    (root / "models/one/__init__.py").write_text("from .features import A\n")
    assert changed_by(root, "models/one/features.py")


def test_files_that_import_each_other_end(root: Path) -> None:
    (root / "models/one/preprocessing.py").write_text("from models.one import features\n")
    (root / "models/one/features.py").write_text("from models.one import preprocessing\n")
    assert changed_by(root, "models/one/features.py")


@pytest.mark.parametrize(
    "name",
    ["models/one/model.py", "models/one/config.yaml", "models/two/preprocessing.py"],
)
def test_other_files_do_not_count(root: Path, name: str) -> None:
    assert not changed_by(root, name)


def test_new_files_touched_files_and_other_places_do_not_count(root: Path, tmp_path: Path) -> None:
    before = hashed(root)
    (root / "models/one/notes.py").write_text("x = 1")
    os.utime(root / "models/one/preprocessing.py", (1, 1))
    assert hashed(root) == before
    copy = tmp_path / "elsewhere"
    shutil.copytree(root / "models", copy / "models")
    assert hashed(copy) == before


def test_a_renamed_file_counts(root: Path) -> None:
    """Even where it keeps its place among the files, so that only its name differs."""
    (root / "models/one/preprocessing.py").write_text("from . import aa, ab\n")
    (root / "models/one/aa.py").write_text("a = 1")
    before = hashed(root)
    (root / "models/one/aa.py").rename(root / "models/one/ab.py")
    assert hashed(root) != before


def test_an_added_module_that_was_only_a_name_before_counts(root: Path) -> None:
    (root / "models/one/preprocessing.py").write_text("from models.one import later\n")
    before = hashed(root)
    (root / "models/one/later.py").write_text("")
    assert hashed(root) != before


def test_several_modules_are_hashed_together(root: Path) -> None:
    both = file_hashes("models.one.preprocessing", "models.one.model", root=root)
    assert both == file_hashes("models.one.model", "models.one.preprocessing", root=root)
    assert both != hashed(root)
    (root / "models/one/model.py").write_text("edited = 1")
    assert both != file_hashes("models.one.preprocessing", "models.one.model", root=root)


def test_a_file_with_a_mistake_is_left_for_its_import_to_tell(root: Path) -> None:
    before = hashed(root)
    (root / "models/one/preprocessing.py").write_text("def preprocessing_fn(:\n")
    assert hashed(root) != before


@settings(max_examples=25, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12),
    edited=st.integers(0, 5),
)
def test_exactly_what_can_be_reached_counts(
    tmp_path_factory: pytest.TempPathFactory, edges: list[tuple[int, int]], edited: int
) -> None:
    root = tmp_path_factory.mktemp("project")
    folder = root / "models" / "m"
    folder.mkdir(parents=True)
    for module in range(6):
        targets = [target for source, target in edges if source == module]
        lines = [f"from models.m import m{target}" for target in targets]
        (folder / f"m{module}.py").write_text("\n".join(lines))
    reached, waiting = set(), [0]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += [target for source, target in edges if source == module]
    before = file_hashes("models.m.m0", root=root)
    with (folder / f"m{edited}.py").open("a") as file:
        file.write("\n# edited")
    assert (file_hashes("models.m.m0", root=root) != before) == (edited in reached)


def test_the_shipped_models_preprocessing_depends_on_what_it_should() -> None:
    assert set(file_hashes("models.taxi.preprocessing")) == {
        "models/__init__.py",
        "models/common/__init__.py",
        "models/common/preprocessing.py",
        "models/taxi/__init__.py",
        "models/taxi/features.py",
        "models/taxi/preprocessing.py",
    }


def test_data_files_of_the_model_count(root: Path) -> None:
    before = hashed(root)
    (root / "models/two/words.txt").write_text("a")
    (root / "models/one/notes.md").write_text("a")
    (root / "models/one/.hidden").write_text("a")
    assert hashed(root) == before
    (root / "models/one/tables/words.txt").write_text("a")
    assert hashed(root) != before
    assert changed_by(root, "models/one/tables/words.txt")


def test_a_component_needs_what_it_imports_of_models(root: Path) -> None:
    (root / "components").mkdir()
    (root / "components/__init__.py").write_text("import models\n")
    (root / "components/check.py").write_text("from components import helper\n")
    (root / "components/helper.py").write_text("from models.common import helpers\n")
    names = [
        path.relative_to(root).as_posix() for path in model_files("components.check", root=root)
    ]
    assert names == [
        "models/__init__.py",
        "models/common/__init__.py",
        "models/common/deeper.py",
        "models/common/helpers.py",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "import importlib\nimportlib.import_module('models.two.' + name)",
        "__import__(name)",
        "from importlib import resources",
        "exec(text)",
    ],
)
def test_all_of_models_counts_where_a_file_may_import_anything(root: Path, text: str) -> None:
    (root / "models/two/words.txt").write_text("a")
    assert not changed_by(root, "models/two/preprocessing.py")
    (root / EDITED).write_text(text)
    for name in ("models/two/preprocessing.py", "models/common/unused.py", "models/two/words.txt"):
        assert changed_by(root, name), name


@pytest.mark.parametrize("suffix", [".so", ".abi3.so", ".pyc"])
def test_compiled_modules_count(root: Path, suffix: str) -> None:
    (root / EDITED).write_text("from models.common import fast\n")
    (root / f"models/common/fast{suffix}").write_bytes(b"\x7fELF")
    assert f"models/common/fast{suffix}" in hashed(root)


def test_a_folder_without_init_is_a_package(root: Path) -> None:
    (root / "models/one/bare").mkdir()
    (root / "models/one/bare/deep.py").write_text("from ..tables import table\n")
    (root / EDITED).write_text("from models.one.bare import deep\n")
    assert changed_by(root, "models/one/bare/deep.py")
    assert changed_by(root, "models/one/tables/table.py")


def test_what_links_lead_to_counts(root: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "lists").mkdir(parents=True)
    (shared / "helper.py").write_text("x = 1")
    (shared / "lists" / "words.txt").write_text("a")
    (shared / "lists" / "back").symlink_to(shared / "lists")
    (root / "models/one/helper.py").symlink_to(shared / "helper.py")
    (root / "models/one/lists").symlink_to(shared / "lists")
    (root / EDITED).write_text("from models.one import helper\n")
    assert changed_by(root, "models/one/helper.py")
    assert changed_by(root, "models/one/lists/words.txt")
    assert "models/one/lists/words.txt" in hashed(root)


def test_code_outside_of_models_is_refused(root: Path) -> None:
    (root / "lib").mkdir()
    (root / "lib/numbers.py").write_text("")
    (root / EDITED).write_text("from lib import numbers\n")
    with pytest.raises(ModelCodeError, match=re.escape(f"{EDITED}:1 imports 'lib")):
        hashed(root)
    with pytest.raises(ModelCodeError, match=re.escape(f"{EDITED}:1 imports 'lib")):
        model_files("models.one.preprocessing", root=root)


def test_versions_are_of_what_is_imported() -> None:
    found = package_versions("models.taxi.search_space")
    assert {"keras-tuner", "tensorflow", "tfx"} <= set(found)
