"""Judging by batches beside TFMA's own evaluator: rows a second of CPU time, and the same verdict.

    python -m benchmarks.evaluation [--rows N] [--tfma-rows N] [--pairs N]

Five metrics of three kinds of slices: all rows, 5 values of one feature, 7 of another. `metrics`
has the predictions in its table; `model` reads examples from a file and asks a model, twice for
each row as the Evaluator does. A pair is both ways one after the other in this process, so that a
machine that does something else slows down both. The time of a pipeline of 50 rows is taken off,
which is what setting up and loading cost whatever the rows; with it is what a run sees.
"""

from __future__ import annotations

import argparse
import math
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from apache_beam.options.pipeline_options import PipelineOptions

from benchmarks.evaluation import inputs
from components.evaluation.batches import judging

FEW = 50
"""Rows of the pipeline whose time is taken off."""
WAYS = {
    "TFMA": (tfma.default_extractors, tfma.default_evaluators),
    "batches": (judging.extractors, judging.evaluators),
}


def main() -> None:
    """Prints a line for each way of judging, and how many times as fast it is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--tfma-rows", type=int, help="fewer for TFMA, whose time is linear")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--sources", nargs="+", default=list(inputs.SOURCES))
    given = parser.parse_args()
    rows = {"TFMA": given.tfma_rows or given.rows, "batches": given.rows}
    for source in given.sources:
        with tempfile.TemporaryDirectory() as folder:
            _compare(source, Path(folder), rows, given.pairs)


def _compare(source: str, folder: Path, rows: dict[str, int], pairs: int) -> None:
    made = inputs.SOURCES[source](folder, sorted({FEW, *rows.values()}))
    for name in WAYS:  # What is done once in a process is no part of it.
        _seconds(made, name, FEW, folder / "warm", intervals=False)
    seconds: dict[tuple[str, bool], list[tuple[float, float]]] = {}
    for pair in range(pairs):
        for name, count in rows.items():
            for intervals in (False, True) if name == "batches" else (False,):
                ways = [
                    _seconds(made, name, size, folder / f"{name}{pair}{size}", intervals=intervals)
                    for size in (FEW, count)
                ]
                seconds.setdefault((name, intervals), []).append((ways[0], ways[1]))
    if rows["TFMA"] == rows["batches"]:
        _same(folder / f"TFMA0{rows['TFMA']}", folder / f"batches0{rows['batches']}")
    for (name, intervals), found in seconds.items():
        count = rows[name]
        own = [count / (whole - few) for few, whole in found]
        whole = [count / whole for _, whole in found]
        label = name + (", intervals" if intervals else "")
        print(
            f"{source:8}{label:20}{count:>10,} rows: {statistics.median(own):>9,.0f} rows/s, "
            f"{statistics.median(whole):>8,.0f} with setting up",
            flush=True,
        )
    for intervals in (False, True):
        ratios = [
            [
                (b / rows["batches"], a / rows["TFMA"])
                for a, b in (_own(one, other), (one[1], other[1]))
            ]
            for one, other in zip(
                seconds["TFMA", False], seconds["batches", intervals], strict=True
            )
        ]
        shown = [statistics.median(a / b for b, a in which) for which in zip(*ratios, strict=True)]
        label = "with intervals" if intervals else "without"
        print(f"{source:8}{label}: {shown[0]:.0f} times as fast, {shown[1]:.0f} with setting up")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{source:8}peak memory so far {peak:,.0f} MB", flush=True)


def _own(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[1] - one[0], other[1] - other[0]


def _seconds(source: inputs.Source, name: str, rows: int, path: Path, *, intervals: bool) -> float:
    """The CPU time of an evaluation, of all threads."""
    extractors, evaluators = WAYS[name]
    parts = source.parts(intervals=intervals)
    before = time.process_time()
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        _ = (
            pipeline
            | source.read(rows)
            | tfma.ExtractEvaluateAndWriteResults(
                **parts,
                output_path=str(path),
                extractors=extractors(**parts, **source.adapter()),
                evaluators=evaluators(**parts),
            )
        )
    return time.process_time() - before


def _same(one: Path, other: Path) -> None:
    """Compares verdict and values."""
    verdicts = [tfma.load_validation_result(str(path)).validation_ok for path in (one, other)]
    values = [_values(path) for path in (one, other)]
    worst = max(
        (abs(values[0][key] - values[1][key]) / max(abs(values[0][key]), 1e-12)
         for key in values[0] if not math.isnan(values[0][key])),
    )  # fmt: skip
    keys = values[0].keys() == values[1].keys()
    print(f"same metrics: {keys}; verdicts: {verdicts}; largest relative difference {worst:.1e}")


def _values(path: Path) -> dict[Any, float]:
    return {
        (str(result.slice_key), item.key.name): item.value.double_value.value
        for result in tfma.load_metrics(str(path))
        for item in result.metric_keys_and_values
    }


if __name__ == "__main__":
    main()
