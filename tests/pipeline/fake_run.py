"""A run without TFX: records of every outcome, and a process that plays one as the real one would.

Started as a script it takes a run over as the real one does, and reads from FAKE_RUNS, FAKE_STORY
and FAKE_SECONDS where the records are, what is to happen, and how long a node takes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pipeline import nodes
from pipeline.config import loading
from pipeline.local import handover
from pipeline.local.interruption import Interruption
from pipeline.record import run_record
from pipeline.record.run_record import Anomaly, Failure, Node, Refusal, RunRecord, SliceMetric
from tests.helpers.pipeline_nodes import NODES

REPOSITORY = Path(__file__).resolve().parents[2]
SECONDS = [8.2, 8.4, 0.3, 0.4, 2.1, 0.2, 17.4, 41.3, 26.2, 0.1, 14.9, 4.2, 1.1, 0.4]


def queued(run_id: str = "taxi-20260102-030405-4f2a") -> RunRecord:
    """A run that has just been started."""
    return RunRecord(
        id=run_id,
        model="taxi",
        started=run_record.now(),
        config=loading.load("taxi", root=REPOSITORY),
        nodes=[Node(name=name) for name in NODES],
    )


def finished(story: str = "pushed", *, baseline: bool = True) -> RunRecord:
    """A run that ended: pushed, refused, stopped, failed or interrupted."""
    record = queued()
    record.started -= timedelta(seconds=125)
    last = {"stopped": nodes.DATA_GATE, "failed": nodes.TRAINER, "interrupted": nodes.TRAINER}
    for node, seconds in zip(record.nodes, SECONDS, strict=False):
        node.started = record.started
        node.status, node.seconds = ("cached", None) if seconds < 0.25 else ("done", seconds)
        if node.name == last.get(story):
            node.status, node.seconds = "failed", seconds
            break
    tell(record, story, baseline=baseline)
    record.finished = record.started + timedelta(seconds=124.6)
    return record


def tell(record: RunRecord, story: str, *, baseline: bool = True) -> None:
    """Gives a record the figures and the end that belong to a story."""
    record.rows = {"train": 11997, "eval": 1502, "test": 1503}
    if story == "stopped":
        record.anomalies = [
            Anomaly(
                feature="payment_type",
                split="train",
                severity="error",
                headline="Unexpected string values",
                detail="Expected one of Cash, Credit Card, Dispute. Seen: Crypto (~3 %).",
            ),
            Anomaly(
                feature="company",
                split="eval",
                severity="warning",
                headline="Column dropped",
                detail="The feature was present in fewer examples than expected.",
            ),
        ]
        record.failure = Failure(
            node="DataGate", headline="2 anomalies", remedy="Correct the data, or the schema."
        )
    elif story == "failed":
        record.failure = Failure(
            node="Trainer",
            headline="models/taxi/model.py: build_model raised ValueError",
            detail="line 41, in build_model: the learning rate is -1.0",
            remedy="Correct build_model and run again.",
        )
    elif story in ("pushed", "not_blessed"):
        record.hyperparameters = {"learning_rate": 0.0031, "hidden": [64, 32], "dropout": 0.1}
        record.metrics = metrics(worse=0.03 if story == "not_blessed" else 0, baseline=baseline)
        record.blessed = story == "pushed"
        if story == "pushed":
            record.pushed_version = 1767323045
            record.pushed_to = "serving_models/taxi/1767323045"
        else:
            record.refusals = [*outside(record.metrics)]
            record.refusals.append(
                Refusal(
                    metric="AUC",
                    slice="overall",
                    value=0.9112,
                    bound="at most 0.01 below the baseline's 0.9412",
                )
            )
    record.finish(story)  # type: ignore[arg-type]


def outside(measured: list[SliceMetric]) -> Iterator[Refusal]:
    """The values that are under their lower bound."""
    for one in measured:
        if one.at_least is not None and one.value is not None and one.value < one.at_least:
            yield Refusal(
                metric=one.metric,
                slice=one.slice,
                value=one.value,
                bound=f"at least {one.at_least:g}",
            )


def metrics(*, worse: float, baseline: bool) -> list[SliceMetric]:
    """Five metrics, overall and for twelve slices."""
    slices = ["overall"]
    slices += [f"payment_type={kind}" for kind in ("Cash", "Credit Card", "No Charge", "Unknown")]
    slices += [f"trip_start_day={day}" for day in range(1, 8)]
    measured = []
    for number, name in enumerate(slices):
        less = worse + 0.009 * ((number * 5) % 9)
        undefined = name == "payment_type=Unknown"
        per_day = 0.85 if name.startswith("trip") else 0.9 if name == "overall" else None
        for metric, value, at_least, at_most in (
            ("AUC", None if undefined else 0.9412 - less, per_day, None),
            ("BinaryAccuracy", 0.8988 - less, 0.85 if name == "overall" else None, None),
            ("Calibration", 1.02 + less, 0.8, 1.25),
            ("BinaryCrossEntropy", 0.2415 + less, None, 0.35 if name == "overall" else None),
            ("ExampleCount", 1503.0 // (number + 1), None, None),
        ):
            before = None if value is None else value if value > 2 else value + 0.004 - less / 9
            measured.append(
                SliceMetric(
                    metric=metric,
                    slice=name,
                    value=value,
                    at_least=at_least,
                    at_most=at_most,
                    baseline=before if baseline else None,
                )
            )
    return measured


def play() -> int:
    """Writes the record as a run comes along, and ends as the story says."""
    runs = Path(os.environ["FAKE_RUNS"])
    prepared = handover.take_over(runs)
    assert prepared is not None
    run_id = prepared.id
    story = os.environ.get("FAKE_STORY", "pushed")
    pace = float(os.environ.get("FAKE_SECONDS", "0"))
    print("2026-01-02 03:04:05.6: I tensorflow/core/util/port.cc:153] chatter", flush=True)
    if story == "import error":
        raise ModuleNotFoundError("No module named 'tfx'")
    if story == "mistake":
        record = run_record.read(run_id, runs)
        record.failure = Failure(node=None, headline="There is no metric 'AUCC'")
        record.finish("failed")
        run_record.write(record, runs)
        return 2
    if story == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(pace * 2)
    record = run_record.read(run_id, runs)
    record.take_over()
    interruption = Interruption(record, runs)
    try:
        if story != "stubborn":
            interruption.listen()
        return run_nodes(record, story, runs, pace)
    except KeyboardInterrupt:
        interruption.end()
        raise


def run_nodes(record: RunRecord, story: str, runs: Path, pace: float) -> int:
    """Writes the record as the nodes come along."""
    if story == "killed at the start":
        run_record.write(record, runs)
        os.kill(os.getpid(), signal.SIGKILL)
    if story in ("killed before the push", "killed after the push"):
        for node in record.nodes:
            node.status = "running" if node.name == nodes.PUSHER else "done"
        version = runs / "serving_models" / "17"
        record.pushing = str(version)
        run_record.write(record, runs)
        if story == "killed after the push":
            version.mkdir(parents=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if story == "leaves with 2":
        record.nodes[0].status = "running"
        run_record.write(record, runs)
        os._exit(2)
    breaks = {"stopped": nodes.DATA_GATE, "failed": nodes.TRAINER}.get(story)
    for node, seconds in zip(record.nodes, SECONDS, strict=False):
        node.status, node.started = "running", run_record.now()
        node.why = run_record.FIRST_RUN if seconds >= 0.25 else None
        run_record.write(record, runs)
        time.sleep(pace * (seconds / 10 + 0.3))
        if node.name == nodes.TRANSFORM:
            misbehave(story, runs)
        node.status = "failed" if node.name == breaks else "cached" if seconds < 0.25 else "done"
        node.seconds = (run_record.now() - node.started).total_seconds()
        run_record.write(record, runs)
        if node.name == breaks:
            break
    tell(record, story)
    run_record.write(record, runs)
    return run_record.EXIT_CODES[record.status]


def misbehave(story: str, runs: Path) -> None:
    """What runs that do not end well do while Transform runs."""
    if story == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if story == "crash":
        print("something was fine", flush=True)
        raise RuntimeError("the transform graph is broken")
    if story == "silent":
        os._exit(0)
    if story == "family":
        helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (runs / "helper").write_text(str(helper.pid))
        os.kill(os.getpid(), signal.SIGKILL)
    if story in ("slow", "stubborn"):
        time.sleep(600)


if __name__ == "__main__":
    sys.exit(play())
