"""Settings of Beam, and of what reads examples for it, that no pipeline option reaches.

On small data most of a Beam node's time is not work. The worker's state cache measures each entry
by walking all that it refers to, down to whole modules; and each bundle inspects the signatures of
every DoFn again. Both are of no use in one process: state is a dictionary there, and signatures do
not change. And for a metric that nobody reads, the size of the first elements of each collection is
measured by pickling them, which takes long where one holds thousands of columns.
`benchmarks/beam_tuning.py` measures the difference.

And whoever looks at a pipeline's options as those of one kind, hundreds of times for each node, has
all options of that kind declared and the command line parsed anew. Here each is parsed once.

And TFX's readers hand on batches of 1, 2, 4 rows and so on, to find out by the clock how many are
best. What is done for each column of each batch takes most of the time where there are thousands of
columns. Here a batch is as many rows as are about 20 MB, and at most 8,192.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from absl import flags
from apache_beam.coders import coder_impl, coders
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.transforms import core
from tfx_bsl.coders import batch_util  # noqa: F401  (defines the flag)

BATCHES_BY_BYTES = "tfxio_use_byte_size_batching"

Arguments = tuple[list[str], list[Any]]


def tune() -> None:
    """Applies the settings to this process; a second call changes nothing."""
    worker_handlers.STATE_CACHE_SIZE_MB = 0
    if not hasattr(core.get_function_args_defaults, "__wrapped__"):
        core.get_function_args_defaults = _caching(core.get_function_args_defaults)
    if not hasattr(coders.PickleCoder._create_impl, "__wrapped__"):
        coders.PickleCoder._create_impl = _unmeasured(coders.PickleCoder._create_impl)
    if not hasattr(PipelineOptions.view_as, "__wrapped__"):
        PipelineOptions.view_as = _parsing_once(PipelineOptions.view_as)
        PipelineOptions._visible_option_list = _names_of_options
    if BATCHES_BY_BYTES in flags.FLAGS:
        flags.FLAGS.set_default(BATCHES_BY_BYTES, True)


class _Unmeasured(coder_impl.CallbackCoderImpl):
    """A coder that does not encode where bytes are only counted."""

    def encode_to_stream(self, value: Any, stream: Any, nested: bool) -> None:
        """Writes a value, unless the stream keeps nothing of it."""
        if not isinstance(stream, coder_impl.ByteCountingOutputStream):
            super().encode_to_stream(value, stream, nested)


def _unmeasured(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What makes a coder's implementation, so that it measures nothing."""

    @functools.wraps(create)
    def created(coder: Any) -> _Unmeasured:
        made = create(coder)
        return _Unmeasured(made.encode, made.decode)

    return created


def _caching(inspect: Callable[[Any], Arguments]) -> Callable[[Any], Arguments]:
    """The inspection of a function's arguments, done once for each function."""

    cache: dict[Any, Arguments] = {}

    @functools.wraps(inspect)
    def arguments(function: Any) -> Arguments:
        # Bound methods of different instances share their function, and so their arguments.
        key = (getattr(function, "__func__", function), hasattr(function, "__self__"))
        if key not in cache:
            cache[key] = inspect(function)
        args, defaults = cache[key]
        # The caller may change its lists.
        return list(args), list(defaults)

    return arguments


def _parsing_once(view_as: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """How options are seen as those of a class, with one parsing of equal command lines."""

    parsed: dict[Any, Any] = {}

    @functools.wraps(view_as)
    def seen(self: Any, cls: Any) -> Any:
        if self._flags is None or cls.__init__ is not PipelineOptions.__init__:
            return view_as(self, cls)
        key = cls, tuple(self._flags)
        if key not in parsed:
            view = view_as(self, cls)
            # Lists among the values are changed by whoever adds an option.
            parsed[key] = copy.deepcopy(view._visible_options)
            return view
        view = object.__new__(cls)
        view._flags, view._visible_options = self._flags, copy.deepcopy(parsed[key])
        for name in view._visible_option_list():
            self._all_options.setdefault(name, getattr(view._visible_options, name))
        view._all_options = self._all_options
        return view

    return seen


def _names_of_options(self: Any) -> list[str]:
    return sorted(name for name in vars(self._visible_options) if not name.startswith("_"))
