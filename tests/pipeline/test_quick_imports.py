"""`quick_imports`: a deferred module is as any other, but that its code runs when it is asked."""

from __future__ import annotations

import importlib
import importlib.metadata
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.quick_imports import DEFERRED, quick_imports

FILES = {
    "deferred_pkg/__init__.py": "import deferred_log; deferred_log.ran.append('pkg'); X = 1",
    "deferred_pkg/sub.py": "import deferred_log; deferred_log.ran.append('sub'); Y = 2",
    "deferred_pkg/other.py": "import deferred_log; deferred_log.ran.append('other'); Z = 3",
    "deferred_alone.py": "import deferred_log; deferred_log.ran.append('alone'); A = 4",
    "deferred_broken.py": "import deferred_log; deferred_log.ran.append('broken'); 1 / 0",
    "deferred_log.py": "ran = []",
}
NAMES = ("deferred_pkg", "deferred_pkg.sub", "deferred_alone", "deferred_broken", "deferred_none")


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The modules whose code has run, in that order."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("deferred_log").ran
    for name in [name for name in sys.modules if name.startswith("deferred_")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("statement", "at_once", "asked", "after"),
    [
        ("import deferred_alone as m", [], "m.A == 4", ["alone"]),
        ("import deferred_pkg as m", [], "m.X == 1", ["pkg"]),
        ("from deferred_pkg import sub as m", [], "m.Y == 2", ["pkg", "sub"]),
        ("import deferred_pkg.sub as m", [], "m.Y == 2", ["pkg", "sub"]),
        ("from deferred_pkg.sub import Y as m", ["pkg", "sub"], "m == 2", ["pkg", "sub"]),
        ("from deferred_pkg import X as m", ["pkg"], "m == 1", ["pkg"]),
        ("from deferred_pkg import *; m = X", ["pkg"], "m == 1", ["pkg"]),
        # One that is not deferred is imported after the package that it is in.
        ("from deferred_pkg import other as m", ["pkg", "other"], "m.Z == 3", ["pkg", "other"]),
        ("import deferred_pkg.other as m", ["pkg", "other"], "m.Z == 3", ["pkg", "other"]),
        ("import deferred_pkg.sub, deferred_pkg as m", [], "m.sub.Y == 2", ["pkg", "sub"]),
    ],
)
def test_the_code_runs_when_the_module_is_asked(
    ran: list[str], statement: str, at_once: list[str], asked: str, after: list[str]
) -> None:
    names: dict[str, object] = {}
    with quick_imports(NAMES):
        exec(statement, names)
        assert ran == at_once
    assert eval(asked, names)
    assert sorted(ran) == sorted(after)
    assert ran.count("pkg") <= 1
    imported = [sys.modules[name] for name in NAMES if name in sys.modules]
    assert all(module.__name__ in str(module.__spec__) for module in imported)


def test_what_every_module_has_is_there_before_its_code_runs(ran: list[str]) -> None:
    with quick_imports(NAMES):
        module = importlib.import_module("deferred_alone")
    assert isinstance(module, types.ModuleType) and module.__name__ == "deferred_alone"
    assert str(module.__file__).endswith("deferred_alone.py")
    assert "deferred_alone" in str(module.__spec__)
    assert ran == []
    assert not hasattr(module, "nothing") and ran == ["alone"]


def test_a_module_that_is_not_there_or_fails_does_so_with_the_error_that_it_has_otherwise(
    ran: list[str],
) -> None:
    with quick_imports(NAMES):
        with pytest.raises(ModuleNotFoundError, match="deferred_none"):
            importlib.import_module("deferred_none")
        broken = importlib.import_module("deferred_broken")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            broken.anything  # noqa: B018
    assert ran == ["broken", "broken"]


def test_nothing_is_deferred_afterwards(ran: list[str]) -> None:
    look_up = importlib.metadata.packages_distributions
    with pytest.raises(KeyError), quick_imports(NAMES):
        raise KeyError
    importlib.import_module("deferred_alone")
    assert ran == ["alone"]
    assert importlib.metadata.packages_distributions is look_up


@pytest.mark.slow
def test_what_is_deferred_is_imported_by_tfx_and_not_used() -> None:
    """A module that TFX asks at once, or no longer imports, is to leave the list."""
    program = """
import sys
from pipeline.quick_imports import DEFERRED, _Deferred, quick_imports
with quick_imports():
    import pipeline.graph.pipeline
    import pipeline.local.runner
print(*sorted(name for name in DEFERRED if type(sys.modules.get(name)) is _Deferred), sep="\\n")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == DEFERRED
