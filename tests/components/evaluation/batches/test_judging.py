"""An evaluation by batches is TFMA's: files, values, verdict, and the spread of its intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation.batches import judging
from models.common.errors import RunError

pytestmark = pytest.mark.tfx


def test_tfx_is_given_other_evaluators_only_within() -> None:
    theirs = model_eval_lib.default_evaluators
    with judging.by_batches() as extractors:
        assert extractors == "components.evaluation.batches.judging.extractors"
        [evaluate] = model_eval_lib.default_evaluators(eval_config=config_pb2.EvalConfig())
        assert isinstance(evaluate.ptransform, judging.Evaluate)
    assert model_eval_lib.default_evaluators is theirs


def test_another_tfma_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_eval_lib, "default_evaluators", lambda config: [])
    with pytest.raises(RunError, match="has the parameters config"), judging.by_batches():
        pass


def test_the_row_by_row_extractors_are_left_out() -> None:
    config = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="y")])
    names = [one.stage_name for one in judging.extractors(eval_config=config)]
    assert "ExtractLabels" in names and not {"ExtractSliceKeys", "UnbatchInputs"} & set(names)


def test_draws_are_poisson_and_the_same_of_the_same_rows() -> None:
    dealing = judging._SliceBatches(config_pb2.EvalConfig(), [], 20, 0)
    inputs = {"predictions": np.arange(5_000.0)}
    draws = dealing._draws(inputs, 5_000)
    assert draws.shape == (5_000, 20) and np.array_equal(draws, dealing._draws(inputs, 5_000))
    # Mean and variance are 1; six standard errors of 100,000 draws.
    assert abs(draws.mean() - 1) < 0.019 and abs(draws.var() - 1) < 0.04
    other = dealing._draws({"predictions": np.arange(1, 5_001.0)}, 5_000)
    assert abs(np.corrcoef(draws.ravel(), other.ravel())[0, 1]) < 0.02


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_intervals_are_as_wide_as_chance(tmp_path: Path) -> None:
    import apache_beam as beam
    import tensorflow_model_analysis as tfma
    from apache_beam.options.pipeline_options import PipelineOptions

    from benchmarks.evaluation.inputs import Table

    rows, source = 4_000, Table(tmp_path, [])
    parts = source.parts(intervals=True)
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        _ = (
            pipeline
            | source.read(rows)
            | tfma.ExtractEvaluateAndWriteResults(
                **parts,
                output_path=str(tmp_path),
                extractors=judging.extractors(**parts),
                evaluators=judging.evaluators(**parts),
            )
        )
    assert tfma.load_validation_result(str(tmp_path)).validation_ok
    found = {
        len(result.slice_key.single_slice_keys): one
        for result in tfma.load_metrics(str(tmp_path))
        for one in result.metric_keys_and_values
        if one.key.name == "binary_accuracy"
    }
    assert set(found) == {0, 1}
    value, interval = found[0].value.double_value.value, found[0].confidence_interval
    low, high = (one.double_value.value for one in (interval.lower_bound, interval.upper_bound))
    assert low < value < high
    # Half of a 95 % interval by Student's distribution with 19 degrees of freedom is 2.093
    # standard deviations. Of 20 samples one is within these bounds but once in ten thousand times.
    chance = (value * (1 - value) / rows) ** 0.5
    assert 0.4 * chance < (high - low) / 2 / 2.093 < 1.7 * chance
