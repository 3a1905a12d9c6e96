"""Imports TFX and its packages without what they import and a run does not use.

They import drawing, notebooks' and clouds' clients and natural language tools: a fifth of the time.
Such a module is there at once, and its code runs when somebody first asks it for something. That of
`importlib.util.LazyLoader` runs when it is imported a second time, as most of these are.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.metadata
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType
from typing import Any

DEFERRED = frozenset(
    {
        "google.cloud.bigquery",
        "google.cloud.bigquery_storage_v1",
        "google.cloud.pubsub",
        "googleapiclient.discovery",
        "keras.wrappers",
        "matplotlib.pyplot",
        "nltk",
        "nltk.stem",
        "nltk.stem.porter",
        "rouge_score.rouge_scorer",
        "rouge_score.tokenize",
        "tfx.components.infra_validator.model_server_runners.kubernetes_runner",
    }
)
"""Modules that are asked for nothing while TFX is imported."""

_running = threading.RLock()


@contextlib.contextmanager
def quick_imports(deferred: Collection[str] = DEFERRED) -> Iterator[None]:
    """Defers these modules, where they are imported meanwhile.

    Nor does what is imported meanwhile look up which package a module is of: four of Google's read
    the metadata of all that is installed, each anew, to name themselves in a warning.

    Args:
        deferred: Full names. A package's other modules are still imported after the package itself.
    """
    finder = _Finder(deferred)
    sys.meta_path.insert(0, finder)
    look_up = importlib.metadata.packages_distributions
    importlib.metadata.packages_distributions = dict
    try:
        yield
    finally:
        importlib.metadata.packages_distributions = look_up
        sys.meta_path.remove(finder)


class _Deferred(ModuleType):
    """A module whose code has not run."""

    def __getattr__(self, name: str) -> Any:
        assert self.__spec__
        if f"{self.__name__}.{name}" in self.__spec__.loader_state:
            # Python asks so whether a module has still to be imported, and sets it then.
            raise AttributeError(name)
        _run(self)
        return getattr(self, name)


def _run(module: ModuleType) -> None:
    """Runs a deferred module's code, and that of the packages that it is in before."""
    with _running:
        if type(module) is not _Deferred:  # Another thread was faster.
            return
        package, _, _ = module.__name__.rpartition(".")
        if type(sys.modules.get(package)) is _Deferred:
            _run(sys.modules[package])
        assert module.__spec__ and module.__spec__.loader
        object.__setattr__(module, "__class__", ModuleType)
        try:
            module.__spec__.loader.exec_module(module)
        except BaseException:
            object.__setattr__(module, "__class__", _Deferred)
            raise


class _Finder(MetaPathFinder):
    """Finds the modules to defer."""

    def __init__(self, deferred: Collection[str]) -> None:
        self._deferred = deferred

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """None, for a module of another name: it is left to the other finders."""
        if name not in self._deferred:
            package = sys.modules.get(name.rpartition(".")[0])
            if type(package) is _Deferred:
                _run(package)
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            spec.loader = _DeferringLoader(spec.loader)
            spec.loader_state = self._deferred
        return spec


class _DeferringLoader(Loader):
    """Makes a module and leaves its code for later."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__
        module.__spec__.loader = module.__loader__ = self._loader
        module.__class__ = _Deferred
