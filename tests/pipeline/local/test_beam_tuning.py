"""The tuned inspection of functions says what Beam's own says."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam
import pytest
from absl import flags
from apache_beam.coders import coders
from apache_beam.options.pipeline_options import DebugOptions, PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import worker_handlers
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms import core
from tfx_bsl.coders import batch_util

from pipeline.local import beam_tuning

pytestmark = pytest.mark.tfx

NAMES = PipelineOptions._visible_option_list
"""Beam's own: no other test of this process tunes it before this file is imported."""


@pytest.fixture(autouse=True)
def untuned(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Beam as it comes, whatever ran before in this process."""
    inspect = core.get_function_args_defaults
    monkeypatch.setattr(
        core, "get_function_args_defaults", getattr(inspect, "__wrapped__", inspect)
    )
    monkeypatch.setattr(worker_handlers, "STATE_CACHE_SIZE_MB", 100)
    create = coders.PickleCoder._create_impl
    monkeypatch.setattr(coders.PickleCoder, "_create_impl", getattr(create, "__wrapped__", create))
    view_as = PipelineOptions.view_as
    monkeypatch.setattr(PipelineOptions, "view_as", getattr(view_as, "__wrapped__", view_as))
    monkeypatch.setattr(PipelineOptions, "_visible_option_list", NAMES)
    yield
    flags.FLAGS.set_default(beam_tuning.BATCHES_BY_BYTES, False)


class One(beam.DoFn):
    def process(self, element: int, factor: int = 2) -> Iterator[int]:
        yield element * factor

    def setup(self) -> None:
        pass


class Two(beam.DoFn):
    def process(self, element: int, window: Any = beam.DoFn.WindowParam, *more: int) -> Any:
        yield element + 1

    def start_bundle(self) -> None:
        pass


class Three(Two):
    """Inherits `process` and changes `start_bundle`."""

    def start_bundle(self, extra: int = 5) -> None:
        pass


def equal_names() -> list[Callable[..., Any]]:
    def make(number: int) -> Callable[..., Any]:
        if number:

            def process(element: int, other: int = number) -> int:
                return element
        else:

            def process(element: int) -> int:  # type: ignore[misc]
                return element

        return process

    return [make(number) for number in range(3)]


FUNCTIONS: dict[str, Any] = {
    "a method": One().process,
    "the same of another instance": One().process,
    "the method unbound": One.process,
    "another class's": Two().process,
    "an inherited one": Three().process,
    "a changed one": Three().start_bundle,
    "the one that it changed": Two().start_bundle,
    "no arguments": One().setup,
    "a lambda": lambda element: element,
    "a lambda with a default": lambda element, default=3: element,
    "a partial": functools.partial(lambda a, b, c=1: a, 1),
    "a builtin": str.upper,
    "a class": dict,
    **{f"equal name {number}": function for number, function in enumerate(equal_names())},
}


@pytest.mark.parametrize("order", [1, -1])
def test_it_says_what_beam_says_of_every_function(order: int) -> None:
    expected = {name: core.get_function_args_defaults(f) for name, f in FUNCTIONS.items()}
    beam_tuning.tune()
    for _ in range(2):
        for name in list(FUNCTIONS)[::order]:
            assert core.get_function_args_defaults(FUNCTIONS[name]) == expected[name], name


def test_a_caller_may_change_what_it_gets() -> None:
    before = core.get_function_args_defaults(One().process)
    beam_tuning.tune()
    args, defaults = core.get_function_args_defaults(One().process)
    args.append("more")
    defaults.clear()
    assert core.get_function_args_defaults(One().process) == before


def test_a_function_is_inspected_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    def inspect(function: Any) -> tuple[list[str], list[Any]]:
        calls.append(function)
        return ["element"], []

    monkeypatch.setattr(core, "get_function_args_defaults", inspect)
    beam_tuning.tune()
    for _ in range(3):
        core.get_function_args_defaults(One().process)
        core.get_function_args_defaults(Two().process)
    assert len(calls) == 2


def test_tuning_twice_changes_nothing() -> None:
    beam_tuning.tune()
    once = core.get_function_args_defaults
    beam_tuning.tune()
    assert core.get_function_args_defaults is once
    assert worker_handlers.STATE_CACHE_SIZE_MB == 0


def test_a_tuned_pipeline_gives_the_same() -> None:
    beam_tuning.tune()
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        numbers = pipeline | beam.Create([1, 2, 3])
        assert_that(
            numbers | beam.ParDo(One()) | "3" >> beam.ParDo(One(), 3), equal_to([6, 12, 18])
        )
        total = numbers | beam.CombineGlobally(sum)
        scaled = numbers | beam.Map(lambda x, by: x * by, by=beam.pvalue.AsSingleton(total))
        assert_that(scaled, equal_to([6, 12, 18]), label="side input")


class Thing:
    """Something that only pickle can encode; it counts how often that was done."""

    pickled = 0

    def __getstate__(self) -> dict[str, Any]:
        Thing.pickled += 1
        return {"x": 1}


def test_what_is_only_measured_is_not_pickled() -> None:
    Thing.pickled = 0
    coder = coders.FastPrimitivesCoder(coders.PickleCoder())
    coder.get_impl().get_estimated_size_and_observables(Thing())
    assert Thing.pickled == 1
    beam_tuning.tune()
    beam_tuning.tune()
    tuned = coders.FastPrimitivesCoder(coders.PickleCoder())
    tuned.get_impl().get_estimated_size_and_observables(Thing())
    assert Thing.pickled == 1
    assert tuned.decode(tuned.encode(Thing())).x == 1 and Thing.pickled == 2


def test_batches_are_as_large_as_their_bytes_say() -> None:
    """Not as the clock says, which begins with batches of single rows."""
    flags.FLAGS.set_default(beam_tuning.BATCHES_BY_BYTES, False)
    assert batch_util.GetBatchElementsKwargs(None)["min_batch_size"] == 1
    beam_tuning.tune()
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        rows = pipeline | beam.Create([b"x" * 100] * 500)
        sizes = rows | beam.BatchElements(**batch_util.GetBatchElementsKwargs(None)) | beam.Map(len)
        assert_that(sizes | beam.combiners.ToList() | beam.Map(min), equal_to([500]))
    large = batch_util.GetBatchElementsKwargs(None)
    assert large["max_batch_size"] // large["element_size_fn"](b"x" * 10_000_000) == 2


KINDS = sorted(PipelineOptions.__subclasses__(), key=lambda kind: kind.__name__)
LINES = [
    [],
    ["--runner=DirectRunner", "--direct_num_workers=2", "--streaming"],
    ["--experiments=one", "--experiments=two", "--project=p", "--labels=a=b", "--unknown=1"],
]


def values(options: PipelineOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options._visible_option_list()}


@pytest.mark.parametrize("line", LINES)
def test_options_are_those_that_beam_sees(line: list[str]) -> None:
    def seen() -> list[Any]:
        found: list[Any] = []
        for turn in range(2):
            options = PipelineOptions(line, save_main_session=True)
            for kind in KINDS:
                view = options.view_as(kind)
                found.append((type(view), values(view), sorted(dir(view)), str(view)))
            debug = options.view_as(DebugOptions)
            debug.add_experiment(f"added {turn}")
            options.view_as(StandardOptions).runner = f"Other{turn}"
            found.append((values(options.view_as(DebugOptions)), debug.lookup_experiment("one")))
            found.append(values(debug.view_as(StandardOptions)))
            found.append(options.get_all_options())
            found.append(pickle.loads(pickle.dumps(options)).get_all_options())
        return found

    expected = seen()
    beam_tuning.tune()
    assert seen() == expected
    assert seen() == expected


def test_options_with_a_beginning_of_their_own_are_left_alone() -> None:
    class Own(PipelineOptions):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.__dict__["own"] = True

    beam_tuning.tune()
    for _ in range(2):
        assert PipelineOptions([]).view_as(Own).__dict__["own"]
