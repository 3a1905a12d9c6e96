"""Builders of the nodes that judge a model, try it, push it, and predict with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from tfx.components.bulk_inferrer.component import BulkInferrer
from tfx.dsl.components.base.base_node import BaseNode
from tfx.proto import bulk_inferrer_pb2

from components import code_hash
from components.evaluation.evaluator import Evaluator, Settings
from components.model_code import packages
from components.profile.component import ReferenceProfile
from components.profile.component import Settings as ProfileSettings
from components.profile.labels import Judging
from components.profile.metrics import Judged
from components.serving_check import ServingCheck
from components.yardstick.component import Yardstick
from pipeline import nodes
from pipeline.config.model_config import Evaluation
from pipeline.graph import data, eval_config
from pipeline.graph.wiring import Wiring


def resolver(wiring: Wiring) -> BaseNode:
    """Finds the model to beat."""
    return wiring.target.baseline(wiring.trained, wiring.serving)


def evaluator(wiring: Wiring) -> BaseNode:
    """Judges the candidate on the test split, which nothing else has seen."""
    compares = nodes.RESOLVER in wiring.built
    evaluation, worst = wiring.config.evaluation, wiring.config.evaluation.worst_rows
    return Evaluator(
        examples=wiring.examples,
        model=wiring.trained,
        baseline_model=wiring.output(nodes.RESOLVER, "model") if compares else None,
        schema=wiring.schema,
        example_splits=["test"],
        eval_config=wiring.eval_config,
        settings=Settings(
            model=wiring.model,
            serving=wiring.serving,
            unreadable_baseline=evaluation.unreadable_baseline,
            code=wiring.code_hashes(nodes.EVALUATOR),
            # Of rows of images there are pictures.
            worst_rows=worst.model_dump() if worst.rows and not evaluation.images else None,
        ),
    )


def serving_check(wiring: Wiring) -> BaseNode:
    """Asks the export rows with known answers."""
    code = json.dumps(wiring.code_hashes(nodes.SERVING_CHECK))
    return ServingCheck(model=wiring.trained, code=code)


def reference_profile(wiring: Wiring) -> BaseNode:
    """Describes data and answers of a blessed model, for monitoring."""
    label = wiring.config.label
    return ReferenceProfile(
        examples=wiring.examples,
        transform_graph=wiring.output(nodes.TRANSFORM, "transform_graph"),
        model=wiring.trained,
        evaluation=wiring.output(nodes.EVALUATOR, "evaluation"),
        blessing=wiring.output(nodes.EVALUATOR, "blessing"),
        settings=ProfileSettings(
            Judging(
                model=wiring.model,
                name=label.name,
                columns=label.columns,
                output=label.output,
                formula=wiring.config.monitoring.label,
            ),
            dict(_judged(wiring.config.evaluation)),
        ),
        code=wiring.code_hashes(nodes.REFERENCE_PROFILE),
    )


def _judged(evaluation: Evaluation) -> Iterator[tuple[str, Judged]]:
    """The metrics with their bounds, as the reference profile has them."""
    for name, metric in evaluation.metrics.items():
        bounds = evaluation.slice_bounds(name).items()
        says = metric.better or (metric.at_least is None) != (metric.at_most is None)
        yield (
            name,
            Judged(
                metric=evaluation.class_of(name),
                options=metric.options,
                limits=(metric.at_least, metric.at_most),
                better=metric.direction if says else None,
                per_slice=tuple((key, (one.at_least, one.at_most)) for key, one in bounds),
            ),
        )


def pusher(wiring: Wiring) -> BaseNode:
    """Pushes the candidate if it has both blessings."""
    return wiring.target.pusher(
        wiring.serving,
        model=wiring.trained,
        model_blessing=wiring.output(nodes.EVALUATOR, "blessing"),
        infra_blessing=wiring.output(nodes.SERVING_CHECK, "blessing"),
        profile=wiring.output(nodes.REFERENCE_PROFILE, "profile"),
    )


def batch_examples(wiring: Wiring) -> BaseNode:
    """Reads the rows to predict for, once the model is pushed."""
    rows = wiring.config.batch_prediction
    assert rows is not None, "the node is there for a config that has them"
    node = data.unsplit(wiring, rows)
    node.add_upstream_node(wiring.built[nodes.PUSHER])
    return node


def bulk_inferrer(wiring: Wiring) -> BaseNode:
    """Predicts, with a blessed model alone."""
    return BulkInferrer(
        examples=wiring.output(nodes.BATCH_EXAMPLES, "examples"),
        model=wiring.trained,
        # Without a blessing it would predict with any model.
        model_blessing=wiring.output(nodes.EVALUATOR, "blessing"),
        model_spec=bulk_inferrer_pb2.ModelSpec(model_signature_name=["serving_examples"]),
    )


def yardstick(wiring: Wiring) -> BaseNode:
    """Fits gradient boosting to what the model is made from; nothing waits for it."""
    label, node = wiring.config.label, nodes.YARDSTICK
    boosting = code_hash.ROOT / "components" / "yardstick" / "boosting.py"
    return Yardstick(
        examples=wiring.examples,
        transform_graph=wiring.output(nodes.TRANSFORM, "transform_graph"),
        inputs=json.dumps(wiring.plan.inputs),
        label=label.name,
        weight=label.weight or "",
        slices=json.dumps(wiring.config.evaluation.slices),
        metrics=json.dumps(list(_metrics_without_bounds(wiring))),
        code=json.dumps(wiring.code_hashes(node)),
        packages=json.dumps(packages.versions([boosting], code_hash.ROOT)),
    )


def _metrics_without_bounds(wiring: Wiring) -> Iterator[dict[str, Any]]:
    """The Evaluator's metrics, so that another bound does not fit anything anew."""
    for spec in wiring.eval_config.metrics_specs:
        kept = type(spec)(binarize=spec.binarize if spec.HasField("binarize") else None)
        for metric in spec.metrics:
            if metric.class_name in eval_config.ROWS:
                continue
            kept.metrics.add().CopyFrom(metric)
            kept.metrics[-1].ClearField("per_slice_thresholds")
        if kept.metrics:
            yield json_format.MessageToDict(kept)
