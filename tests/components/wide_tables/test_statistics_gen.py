"""StatisticsGen makes its histograms at once wherever it runs, not where a runner sees to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.utils import quantiles_util
from tfx import types
from tfx.components.statistics_gen import executor
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts

from components import another_process
from components.wide_tables import histograms
from components.wide_tables.statistics_gen import Executor, StatisticsGen

pytestmark = pytest.mark.tfx


def test_histograms_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantiles_util, "generate_equi_width_histogram", "TFDV's")
    monkeypatch.setattr(quantiles_util, "_get_bin_weights", "TFDV's")
    monkeypatch.setattr(quantiles_util, "generate_quantiles_histogram", "TFDV's")
    found: list[Any] = []

    def do(*given: Any) -> None:
        found.append((quantiles_util.generate_equi_width_histogram, given[1:]))

    monkeypatch.setattr(executor.Executor, "Do", do)
    Executor().Do({}, {}, {"a": 1})
    assert found == [(histograms.equi_width_histogram, ({}, {}, {"a": 1}))]


def test_it_is_what_the_component_runs() -> None:
    assert StatisticsGen.EXECUTOR_SPEC.executor_class is Executor


SPLITS = ("train", "eval", "test")


def written(folder: Path) -> types.Artifact:
    """Examples of three splits, each with a column of its own and one that all have."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names(list(SPLITS))
    for number, split in enumerate(SPLITS, start=1):
        path = folder / f"Split-{split}" / "data.gz"
        path.parent.mkdir(parents=True)
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for row in range(20 * number):
                example = tf.train.Example()
                example.features.feature["n"].float_list.value.append(row * number)
                example.features.feature[split].bytes_list.value.append(b"%d" % (row % number))
                writer.write(example.SerializeToString())
    return artifact


def described(examples: types.Artifact, folder: Path) -> dict[str, bytes]:
    """What the node writes of each split."""
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(folder)
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=["--runner=BundleBasedDirectRunner"]
    )
    Executor(context).Do(
        {"examples": [examples]}, {"statistics": [statistics]}, {"exclude_splits": "[]"}
    )
    return {
        split: tfdv.load_stats_binary(f"{folder}/Split-{split}/FeatureStats.pb").SerializeToString(
            deterministic=True
        )
        for split in SPLITS
    }


class Elsewhere:
    """Another process, which is a new one.

    Args:
        lost: Of this call, from 0, the process ends.
        busy: This call is not taken.
    """

    def __init__(self, lost: int | None = None, busy: int | None = None) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"))
        self._lost, self._busy = lost, busy
        self.calls: list[str] = []

    def start(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """As a run's second process does."""
        number = len(self.calls)
        self.calls.append(function.__name__)
        if number == self._busy:
            return None
        future = self._pool.submit(function, *arguments)
        return _lost if number == self._lost else future.result


def _lost() -> Any:
    raise another_process.Lost


@pytest.mark.slow
@pytest.mark.parametrize("failing", [{}, {"lost": 0}, {"busy": 0}])
def test_another_process_describes_other_splits_to_the_same_statistics(
    tmp_path: Path, failing: dict[str, Any]
) -> None:
    examples = written(tmp_path / "examples")
    alone = described(examples, tmp_path / "alone")
    elsewhere = Elsewhere(**failing)
    with another_process.offered(elsewhere.start):
        assert described(examples, tmp_path / "elsewhere") == alone
    assert elsewhere.calls == ["_describe_each"]
    assert len(set(alone.values())) == 3
