"""What a source file says that it depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.model_code import source
from components.model_code.source import Source
from tests.helpers.paths import ROOT


def read(tmp_path: Path, text: str) -> Source:
    path = tmp_path / "model.py"
    path.write_text(text)
    return source.read(path, ("models", "one"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import a.b", ["a.b"]),
        ("from a import b, c", ["a", "a.b", "a.c"]),
        ("from . import b", ["models.one", "models.one.b"]),
        ("from ..two.b import c", ["models.two.b", "models.two.b.c"]),
        ("def later():\n    import a", ["a"]),
        ("try:\n    import a\nexcept ImportError:\n    a = None", ["a"]),
        ("__import__('a.b')", ["a.b"]),
        ("def(", []),
        ("x = '\0'", []),
    ],
)
def test_imports(tmp_path: Path, text: str, names: list[str]) -> None:
    assert [mention.what for mention in read(tmp_path, text).imports] == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import importlib\nimportlib.import_module('a.b')", "a.b"),
        ("from importlib import import_module\nimport_module('.b', __package__)", "models.one.b"),
    ],
)
def test_imports_by_a_call_are_named_too(tmp_path: Path, text: str, name: str) -> None:
    assert name in [mention.what for mention in read(tmp_path, text).imports]


@pytest.mark.parametrize(
    "text",
    [
        "import importlib",
        "import importlib as i\ni.import_module(name)",
        "from importlib import import_module as load\nload(name)",
        "from importlib.util import spec_from_file_location",
        "from importlib import resources",
        "import runpy",
        "import pkgutil",
        "load = __import__\nload(name)",
        "exec(text)",
        "eval(text)",
    ],
)
def test_what_may_import_anything_is_dynamic(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).dynamic


def test_plain_code_is_not_dynamic(tmp_path: Path) -> None:
    assert not read(tmp_path, "import re\nmodel.compile('adam')\nre.compile('a')").dynamic


@pytest.mark.parametrize(
    "text",
    [
        "import os\nx = os.environ['A']",
        "import os as o\nx = o.environ.get('A')",
        "import os\nx = os.getenv('A', '1')",
        "from os import environ\nx = environ['A']",
        "from os import getenv as g",
        "import os\nfor name in os.environ: pass",
        "import os\nx = dict(os.environ)",
        "import os\nx = os.environ.setdefault('A', '1')",
        "import os\nx = os.environb[b'A']",
        "import os\nx = os.\uff45nviron['A']",  # Python reads it as an ordinary letter.
    ],
)
def test_reading_the_environment_is_seen(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).environment


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.environ['A'] = '1'",
        "import os\nos.environ.setdefault('A', '1')",
        "import os\nos.environ.update(A='1')",
        "import os\ndel os.environ['A']",
        "import os\nos.path.join('a')",
    ],
)
def test_setting_the_environment_is_none_of_it(tmp_path: Path, text: str) -> None:
    assert not read(tmp_path, text).environment


@pytest.mark.parametrize(
    "text",
    [
        "import sys\nsys.path.insert(0, 'lib')",
        "import sys\nsys.path += ['lib']",
        "from sys import path",
        "import sys\nsys.meta_path.append(x)",
        "import site\nsite.addsitedir('lib')",
        "__path__.append('lib')",
        "import models\nmodels.__path__.append('lib')",
    ],
)
def test_changes_of_the_search_path_are_seen(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).search_path


def test_other_paths_are_none_of_it(tmp_path: Path) -> None:
    text = "import os, sys\nos.path.join(*sys.argv)\nself.path = module.path"
    assert not read(tmp_path, text).search_path


@pytest.mark.parametrize("folder", ["components/tables", "models/common"])
def test_imports_alone_are_those_of_all_that_a_file_says(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        package = path.relative_to(ROOT).parts[:-1]
        alone = source.imports(path, package)
        assert sorted(map(str, alone)) == sorted(map(str, source.read(path, package).imports)), path


@pytest.mark.parametrize(
    "text",
    [
        "if a:\n    import b\nelif c:\n    import d\nelse:\n    from e import f",
        "try:\n    import a\nexcept OSError:\n    import b\nfinally:\n    import d",
        "try:\n    import a\nexcept OSError:\n    pass\nelse:\n    import c",
        "for a in b:\n    import c\nelse:\n    import d\nwhile a:\n    import e",
        "async def a():\n    async with b:\n        from . import c",
        "async def a():\n    async for d in e:\n        import f",
        "class A:\n    import b\n    def c(self):\n        with d: import e",
        "match a:\n    case 1:\n        import b\n    case _:\n        import c",
        "import importlib\nimportlib.import_module('a.b')\nx = [__import__('c') for _ in y]",
        "x = lambda: 1\n'''import a'''\n# import b",
        "import",
        "\0",
    ],
)  # fmt: skip
def test_imports_are_found_wherever_a_statement_may_stand(tmp_path: Path, text: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(text)
    expected = source.read(path, ("models", "taxi")).imports
    assert set(source.imports(path, ("models", "taxi"))) == set(expected)
