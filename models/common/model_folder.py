"""The code in a model's folder: finding it, and telling its author when it fails."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
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


def function_if_any(model: str, module: str, name: str) -> Callable[..., Any] | None:
    """The function of this name in `models/<model>/<module>.py`; None where it defines none.

    Raises:
        ModelCodeError: The module cannot be imported, or has something else of this name.
    """
    with errors_of(model, f"importing models/{model}/{module}.py"):
        found = importlib.import_module(f"models.{model}.{module}")
    return function(model, module, name) if hasattr(found, name) else None


@contextlib.contextmanager
def errors_of(model: str, doing: str) -> Iterator[None]:
    """Turns whatever a model's code raises into an error that names its file and line.

    That holds for what would end the process, too: `sys.exit` and `os._exit`, with whatever status.

    Args:
        model: The model's name.
        doing: What was being done, such as `preprocessing_fn`.

    Raises:
        ModelCodeError: The code inside of the block raised.
    """
    _refuse_exits()
    try:
        yield
    except (ProjectError, KeyboardInterrupt):
        raise
    except BaseException as error:
        place = _place(error, MODELS / model)
        said = str(error).strip()
        if isinstance(error, SystemExit):
            said = f"It asked to end the process with status {error.code}, which no model may do."
        raise ModelCodeError(
            f"{place or f'models/{model}'}: {doing} failed with {type(error).__name__}",
            said,
            "Correct the model's code and run again.",
        ) from error


@functools.cache
def _refuse_exits() -> None:
    """Has `os._exit` raise SystemExit where a model's code calls it in this process."""
    leave, process = os._exit, os.getpid()

    def leave_unless_called_by_a_model(status: int) -> None:
        # Libraries end the processes that they have forked in this way.
        caller = sys._getframe(1)
        while os.getpid() == process and caller is not None:
            file = caller.f_code.co_filename
            of_model = file.startswith(f"{MODELS}{os.sep}")
            if of_model and not file.startswith(f"{MODELS / 'common'}{os.sep}"):
                raise SystemExit(status)
            caller = caller.f_back  # type: ignore[assignment]
        leave(status)

    os._exit = leave_unless_called_by_a_model  # type: ignore[assignment]


def _place(error: BaseException, folder: Path) -> str | None:
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
