"""What TFMA gets wrong is right: merges of every metric on offer, and cross entropies."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as tfma
from tensorflow_model_analysis.metrics import metric_specs, metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import judged_rows, mended
from pipeline.graph import metric_probe
from tests.components.evaluation import offered

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

KINDS = ("binary", "classes", "one-hot")


class Computed:
    """One metric, without Beam."""

    def __init__(self, spec: config_pb2.MetricsSpec) -> None:
        config = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="label")])
        computations = metric_specs.to_computations([spec], eval_config=config)
        found = tfma._filter_and_separate_computations(computations)
        self._derived = found.derived_computations
        self._number = len(found.non_derived_computations)
        self.combiner = mended.COMBINER(found.non_derived_computations)
        self.combiner.setup()

    def partial(self, rows: list[metric_types.StandardMetricInputs]) -> Any:
        accumulator = self.combiner.create_accumulator()
        for row in rows:
            element = {
                tfma._COMBINER_INPUTS_KEY: [None] * self._number,
                tfma._DEFAULT_COMBINER_INPUT_KEY: [row],
            }
            accumulator = self.combiner.add_input(accumulator, element)
        return accumulator

    def values(self, accumulator: Any) -> dict[str, Any]:
        values = dict(self.combiner.extract_output(copy.deepcopy(accumulator)))
        for derived in self._derived:
            values.update(derived.result(values))
        return {str(key): value for key, value in values.items() if not key.name.startswith("_")}

    def told(self, accumulator: Any) -> dict[str, Any]:
        """The values, or nothing of so few rows that there are none."""
        try:
            return self.values(accumulator)
        except ZeroDivisionError:
            return {}


def rows(kind: str, random_: random.Random) -> list[metric_types.StandardMetricInputs]:
    number = np.random.default_rng(random_.randrange(1000))
    made = []
    for count in range(random_.randint(5, 12)):
        classes = 1 if kind == "binary" else 3
        true = count % 2 if kind == "binary" else count % 3
        made.append(
            metric_types.StandardMetricInputs(
                label=(np.eye(3)[true] if kind == "one-hot" else np.array([true])).astype(
                    "float32"
                ),
                prediction=number.dirichlet([1.0] * 3)[:classes].astype("float32"),
                example_weight=np.array([1.0]),
            )
        )
    return made


def grouped(parts: list[Any], random_: random.Random, computed: Computed) -> Any:
    """The parts merged in some grouping, each group as a list or as a generator."""
    while len(parts) > 1:
        cut = random_.randint(2, len(parts))
        group, parts = parts[:cut], parts[cut:]
        handed = random_.choice([list(group), iter(group), tuple(group)])
        parts.insert(random_.randint(0, len(parts)), computed.combiner.merge_accumulators(handed))
    return parts[0]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    def alike(left: Any, right: Any) -> bool:
        if isinstance(left, dict):
            return bool(left == right)
        try:
            left, right = np.asarray(left, float), np.asarray(right, float)
        except (TypeError, ValueError):
            return str(left) == str(right)
        return bool(np.allclose(left, right, rtol=1e-4, atol=1e-6, equal_nan=True))

    return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)


@tf.autograph.experimental.do_not_convert
def check(spec: config_pb2.MetricsSpec, kind: str, random_: random.Random) -> bool:
    """Compares some grouping with one pass; False where the metric is not for such rows."""
    computed = Computed(spec)
    made = rows(kind, random_)
    try:
        whole = computed.values(computed.partial(made))
    except Exception:
        return False
    cuts = sorted(random_.sample(range(1, len(made)), random_.randint(1, 4)))
    pieces = [made[start:end] for start, end in zip([0, *cuts], [*cuts, len(made)], strict=True)]
    parts = [computed.partial(piece) for piece in pieces]
    before = [computed.told(part) for part in parts]
    assert same(whole, computed.values(grouped(list(parts), random_, computed)))
    assert all(map(same, before, map(computed.told, parts))), "what was merged has changed"
    return True


@pytest.mark.parametrize("name", offered.names())
def test_any_grouping_gives_what_one_pass_gives(name: str) -> None:
    random_ = random.Random(name)
    for _, resolved in offered.resolved(name, judged=False):
        spec = metric_probe.metrics_spec(resolved)
        # Keras' hinges take 0 and 1 for -1 and 1 batch by batch: they are for two classes alone.
        kinds = KINDS[:1] if "Hinge" in name and resolved.sub_key is None else KINDS
        fitting = [kind for kind in kinds if check(spec, kind, random_)]
        assert fitting


@pytest.mark.parametrize("handed", [list, iter, tuple])
def test_the_first_part_counts_once(handed: Any) -> None:
    metric = config_pb2.MetricConfig(class_name="BinaryCrossEntropy")
    computed = Computed(config_pb2.MetricsSpec(metrics=[metric]))
    made = rows("binary", random.Random(1))
    parts = [computed.partial(made[:2]), computed.partial(made[2:])]
    merged = computed.combiner.merge_accumulators(handed(parts))
    assert same(computed.values(merged), computed.values(computed.partial(made)))


def test_workers_mend_it_too() -> None:
    # They import it with the metric that every evaluation has.
    assert vars(judged_rows)["mended"] is mended
    assert mended.COMBINER.merge_accumulators is mended._merge


@pytest.mark.parametrize(
    ("kind", "labels", "answers", "least", "most"),
    [
        # A right answer that is rounded to 0 or 1 costs nothing, a wrong one much, none is lost.
        ("BinaryCrossEntropy", [1.0, 0.0], [1.0, 0.0], 0, 1e-6),
        ("BinaryCrossEntropy", [1.0, 0.0, 0.0], [1.0, 0.0, 1.0], 16 / 3, 17 / 3),
        ("BinaryCrossEntropy", [1.0], [0.0], 80, 90),
        ("CategoricalCrossEntropy", [[0.0, 1.0]], [[0.0, 1.0]], 0, 1e-6),
        ("CategoricalCrossEntropy", [[1.0, 0.0]], [[0.0, 1.0]], 80, 90),
    ],
)
def test_an_answer_of_exactly_0_or_1_counts_as_the_number_next_to_it(
    kind: str, labels: list[Any], answers: list[Any], least: float, most: float
) -> None:
    given = [np.atleast_1d(np.array(one, np.float32)) for one in answers]
    before = [answer.copy() for answer in given]
    assert least <= cross_entropy(kind, labels, given) <= most
    assert all(map(np.array_equal, given, before)), "the answers are other metrics' too"


@pytest.mark.parametrize("kind", ["BinaryCrossEntropy", "CategoricalCrossEntropy"])
def test_a_more_wrong_answer_costs_no_less(kind: str) -> None:
    costs = []
    for wrong in (0.5, 0.9, np.nextafter(np.float32(1), np.float32(0)), 1.0):
        pair = kind == "CategoricalCrossEntropy"
        label, answer = ([1.0, 0.0], [1 - wrong, wrong]) if pair else ([0.0], [wrong])
        costs.append(cross_entropy(kind, [label], [np.array(answer, np.float32)]))
    assert costs == sorted(costs)


def cross_entropy(kind: str, labels: list[Any], answers: list[np.ndarray]) -> float:
    metric = config_pb2.MetricConfig(class_name=kind)
    computed = Computed(config_pb2.MetricsSpec(metrics=[metric]))
    made = [
        metric_types.StandardMetricInputs(
            label=np.atleast_1d(np.array(label, np.float32)),
            prediction=answer,
            example_weight=np.array([1.0]),
        )
        for label, answer in zip(labels, answers, strict=True)
    ]
    [value] = computed.values(computed.partial(made)).values()
    return float(value)
