"""The classes of metrics that a config may name, without importing what they are from.

That takes many seconds; their names stand in the sources of the installed packages: TFMA registers
each of its classes, and Keras exports its own. What a name and its options are good for is found
where the graph is built, by `pipeline.graph.metric_probe`.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

from models.common.errors import ConfigError, did_you_mean
from models.common.files import regular_file

_REGISTERED = re.compile(rb"^metric_types\.register_metric\((\w+)\)", re.MULTILINE)
_EXAMPLES = "AUC, BinaryAccuracy, MeanSquaredError"
_PACKAGES = {
    "keras": ("keras/api/metrics/__init__.py", "keras/metrics/__init__.py"),
    "tf_keras": ("tf_keras/api/_v2/keras/metrics/__init__.py", "tf_keras/metrics/__init__.py"),
}
"""Where versions of Keras export their metrics, of each the first that is there."""


def check(model: str, classes: Iterable[str], file: Path) -> None:
    """Refuses a metric that no package and no code of the model has.

    Args:
        model: The model's name.
        classes: The classes that its config asks for.
        file: Its `metrics.py`, which it need not have.

    Raises:
        ConfigError: There is no such metric.
    """
    known, own = installed(), _own(file)
    if not known or own is None:  # Then the run's own process finds out.
        return
    for class_name in classes:
        if class_name not in known | own:
            raise unknown(model, class_name, known | own, own)


def unknown(model: str, class_name: str, known: set[str], own: set[str]) -> ConfigError:
    """What to tell of a metric that there is not.

    Args:
        model: The model's name.
        class_name: What its config asks for.
        known: The classes that there are.
        own: Those of them that are of the model's `metrics.py`.
    """
    return ConfigError(
        f"models/{model}/config.yaml: evaluation.metrics has an unknown metric '{class_name}'"
        f"{did_you_mean(class_name, sorted(known))}",
        f"Expected: the class of a metric of TFMA or Keras, such as {_EXAMPLES}, "
        f"or of models/{model}/metrics.py, which has: {', '.join(sorted(own)) or 'none'}.",
        "https://www.tensorflow.org/tfx/model_analysis/metrics lists them. A metric with a "
        "name of its own has its class under `metric`.",
    )


@functools.cache
def installed() -> set[str]:
    """The classes of TFMA and of both generations of Keras; empty where one is not installed."""
    found = [_tfma(), *(_exported(package, files) for package, files in _PACKAGES.items())]
    return set().union(*found) if all(found) else set()


def _tfma() -> set[str]:
    folder = _folder("tensorflow_model_analysis")
    files = folder.glob("tensorflow_model_analysis/metrics/*.py") if folder else ()
    return {name.decode() for file in files for name in _REGISTERED.findall(file.read_bytes())}


def _exported(package: str, files: tuple[str, ...]) -> set[str]:
    """The names that a package's room of metrics has and that are classes'."""
    folder = _folder(package)
    there = [folder / file for file in files if folder and (folder / file).is_file()]
    if not there:
        return set()
    tree = ast.parse(there[0].read_bytes())
    # Short names, such as MSE, are of functions.
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name[:1].isupper()
    }


def _folder(package: str) -> Path | None:
    """The folder that an installed package is in, which is not imported for it."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent.parent if spec and spec.origin else None


def _own(file: Path) -> set[str] | None:
    """The names that a model's `metrics.py` has; None where only running it tells."""
    try:
        tree = ast.parse(regular_file.read(file, 2**20))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, SyntaxError):
        return None
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            if any(alias.name == "*" for alias in node.names):
                return None
            found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            found.update(name.id for name in node.targets if isinstance(name, ast.Name))
    return found
