"""The code in a model's folder: finding it, and telling its author when it fails."""

from __future__ import annotations

import contextlib
import importlib
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from models.common.errors import ModelCodeError, ProjectError

MODELS = Path(__file__).resolve().parent.parent


def function(model: str, module: str, name: str) -> Callable[..., Any]:
    """The function of this name in `models/<model>/<module>.py`.

    Raises:
        ModelCodeError: The module cannot be imported or has no such function.
    """
    with errors_of(model, f"importing models/{model}/{module}.py"):
        found = getattr(importlib.import_module(f"models.{model}.{module}"), name, None)
    if not callable(found):
        raise ModelCodeError(
            f"models/{model}/{module}.py has no function '{name}'",
            f"The pipeline calls {name} in models/{model}/{module}.py.",
            f"Define it; models/taxi/{module}.py is an example.",
        )
    return found


@contextlib.contextmanager
def errors_of(model: str, doing: str) -> Iterator[None]:
    """Turns whatever a model's code raises into an error that names its file and line.

    Args:
        model: The model's name.
        doing: What was being done, such as `preprocessing_fn`.

    Raises:
        ModelCodeError: The code inside of the block raised.
    """
    try:
        yield
    except ProjectError:
        raise
    except Exception as error:
        place = _place(error, MODELS / model)
        raise ModelCodeError(
            f"{place or f'models/{model}'}: {doing} failed with {type(error).__name__}",
            str(error).strip(),
            "Correct the model's code and run again.",
        ) from error


def _place(error: Exception, folder: Path) -> str | None:
    """The last line of the model's own code that the error passed, as `file:line`."""
    if isinstance(error, SyntaxError) and error.filename:
        path, line = Path(error.filename), error.lineno
        return f"{path.relative_to(MODELS.parent)}:{line}" if path.is_relative_to(MODELS) else None
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(folder):
            return f"{path.relative_to(MODELS.parent)}:{frame.lineno}"
    return None


class Hyperparameters(dict[str, Any]):
    """Values by name, that know which of them a model's code has looked at."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._read: set[str] = set()

    def unread(self) -> list[str]:
        """The names that nobody has looked at, sorted."""
        return sorted(super().keys() - self._read)

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        self._read.update(super().keys())
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        """The value of this name, or the default."""
        return self[name] if name in self else default  # noqa: SIM401  (this is get itself)

    def pop(self, name: str, *default: Any) -> Any:
        """The value of this name, which is taken out."""
        self._read.add(name)
        return super().pop(name, *default)

    def keys(self) -> Any:
        """All names; who asks for them looks at all."""
        self._read.update(super().keys())
        return super().keys()

    def values(self) -> Any:
        """All values."""
        self._read.update(super().keys())
        return super().values()

    def items(self) -> Any:
        """All names with their values."""
        self._read.update(super().keys())
        return super().items()

    def copy(self) -> Any:
        """A dict of all of them."""
        return dict(self.items())
