"""Mistakes in a model's code are told with the file and line where they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from models.common import model_folder
from models.common.errors import DataError, ModelCodeError

WriteModel = Callable[..., None]

RAISES = """\
def helper(value):
    return 1 / value


def build_model(value):
    return helper(value)
"""


def refused(module: str = "model", name: str = "build_model") -> ModelCodeError:
    with pytest.raises(ModelCodeError) as caught:
        model_folder.function("broken", module, name)
    return caught.value


def test_a_function_is_found(write_model: WriteModel) -> None:
    write_model("works", model="def build_model():\n    return 7\n")
    assert model_folder.function("works", "model", "build_model")() == 7


@pytest.mark.parametrize(
    ("text", "headline", "detail"),
    [
        ("x = 1\ndef build_model(:\n", "models/broken/model.py:2: importing .* SyntaxError", ""),
        ("x = 1\n\nx.y\n", "models/broken/model.py:3: importing .* AttributeError", "'y'"),
        (
            "import os\nimport not_there\n",
            "models/broken/model.py:2: importing .* ModuleNotFoundError",
            "not_there",
        ),
        (
            "from models.broken.other import x\n",
            "models/broken/model.py:1: importing .* ModuleNotFoundError",
            "models.broken.other",
        ),
        ("def build_modle():\n    pass\n", "models/broken/model.py has no function", "calls"),
        ("build_model = 3\n", "models/broken/model.py has no function 'build_model'", ""),
        ("", "models/broken/model.py has no function 'build_model'", ""),
    ],
)
def test_a_module_that_is_of_no_use(
    write_model: WriteModel, text: str, headline: str, detail: str
) -> None:
    write_model("broken", model=text)
    error = refused()
    assert re.search(headline, error.headline), error.headline
    assert detail in error.detail and error.remedy


def test_a_file_that_is_not_there(write_model: WriteModel) -> None:
    write_model("broken")
    error = refused("search_space", "search_space")
    assert "models/broken" in error.headline and "search_space.py" in error.headline
    assert "ModuleNotFoundError" in error.headline


def test_a_syntax_error_in_another_file_of_the_folder_names_that_file(
    write_model: WriteModel,
) -> None:
    write_model("broken", model="from models.broken import features\n", features="A = (\n")
    assert refused().headline.startswith("models/broken/features.py:1: ")


def test_an_error_in_a_call_names_the_deepest_line_of_the_model(write_model: WriteModel) -> None:
    write_model("broken", model=RAISES)
    function = model_folder.function("broken", "model", "build_model")
    with pytest.raises(ModelCodeError) as caught, model_folder.errors_of("broken", "build_model"):
        function(0)
    assert caught.value.headline == (
        "models/broken/model.py:2: build_model failed with ZeroDivisionError"
    )
    assert caught.value.detail == "division by zero"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_error_from_elsewhere_names_the_model() -> None:
    with pytest.raises(ModelCodeError) as caught, model_folder.errors_of("taxi", "training"):
        raise ValueError("bad")
    assert caught.value.headline == "models/taxi: training failed with ValueError"


def test_an_error_that_is_clear_already_passes() -> None:
    with pytest.raises(DataError, match=r"^as it was$"), model_folder.errors_of("taxi", "reading"):
        raise DataError("as it was")


def test_an_interrupt_passes() -> None:
    with pytest.raises(KeyboardInterrupt), model_folder.errors_of("taxi", "training"):
        raise KeyboardInterrupt


ENDS = {
    "sys.exit()": "import sys; sys.exit()",
    "sys.exit(0)": "import sys; sys.exit(0)",
    "sys.exit(2)": "import sys; sys.exit(2)",
    "sys.exit(text)": "import sys; sys.exit('done')",
    "exit": "raise SystemExit",
    "os._exit(0)": "import os; os._exit(0)",
    "os._exit(3)": "from os import _exit; _exit(3)",
    "GeneratorExit": "raise GeneratorExit",
    "StopIteration": "raise StopIteration",
    "cancelled": "import asyncio; raise asyncio.CancelledError",
    "an exception of its own": "class Own(BaseException): pass\n    raise Own",
}
"""What ends a program without being an error, or without any `except Exception` seeing it."""


@pytest.mark.parametrize("kind", ENDS)
@pytest.mark.parametrize("where", ["import", "call"])
def test_what_would_end_the_process_is_an_error(
    write_model: WriteModel, kind: str, where: str
) -> None:
    text = f"def build_model():\n    {ENDS[kind]}\n"
    write_model("broken", model=text + ("build_model()\n" if where == "import" else ""))
    with pytest.raises(ModelCodeError, match=r"models/broken/model\.py:"):
        function = model_folder.function("broken", "model", "build_model")
        with model_folder.errors_of("broken", "build_model"):
            function()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_of_a_model_does_not_end_the_process(write_model: WriteModel) -> None:
    text = "import os, threading\n\n\ndef end():\n    os._exit(0)\n\n\ndef build_model():\n"
    text += "    thread = threading.Thread(target=end)\n    thread.start()\n    thread.join()\n"
    write_model("broken", model=text)
    with model_folder.errors_of("broken", "build_model"):
        model_folder.function("broken", "model", "build_model")()


def test_other_code_and_forked_processes_end_as_ever(write_model: WriteModel) -> None:
    text = "import os\n\n\ndef build_model():\n    if not (child := os.fork()):\n"
    text += "        os._exit(7)\n    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
    write_model("broken", model=text)
    with model_folder.errors_of("broken", "build_model"):
        assert model_folder.function("broken", "model", "build_model")() == 7


READERS: dict[str, tuple[Callable[[dict[str, Any]], Any], list[str]]] = {
    # what: (how a model looks at {"a": 1, "b": 2}, what it has not looked at)
    "nothing": (lambda given: None, ["a", "b"]),
    "its length": (lambda given: len(given), ["a", "b"]),
    "whether it is there": (lambda given: "a" in given, ["a", "b"]),
    "by name": (lambda given: given["a"], ["b"]),
    "by get": (lambda given: given.get("a", 3), ["b"]),
    "by get of another": (lambda given: given.get("c", 3), ["a", "b"]),
    "by pop": (lambda given: given.pop("a"), ["b"]),
    "as arguments": (lambda given: dict(**given), []),
    "in a loop": (lambda given: list(given), []),
    "items": (lambda given: list(given.items()), []),
    "values": (lambda given: sum(given.values()), []),
    "a copy": (lambda given: given.copy(), []),
    "unpacked": (lambda given: {**given, "c": 3}, []),
}


@pytest.mark.parametrize("what", READERS)
def test_what_a_model_has_not_looked_at_is_known(what: str) -> None:
    read, unread = READERS[what]
    given = model_folder.Hyperparameters({"a": 1, "b": 2})
    read(given)
    assert given.unread() == unread
    assert isinstance(given, dict)
