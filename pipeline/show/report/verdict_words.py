"""How a run ended, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.record.liveness import status
from pipeline.record.run_record import RunRecord, SliceMetric
from pipeline.show import formatting

OVERALL = "overall"


@dataclass
class Verdict:
    """What the top of the report says."""

    tone: str
    """`good`, `bad` or `open`."""
    headline: str
    sentences: list[str] = field(default_factory=list)
    remedy: str = ""


def verdict(record: RunRecord, runs: Path) -> Verdict:
    """The end of a run, whichever it was."""
    state = status(record, runs)
    if state == "pushed":
        return Verdict("good", "Blessed and pushed", _pushed(record))
    if state == "refused":
        return Verdict("bad", "Not blessed, so nothing was pushed", _refused(record))
    if state == "stopped":
        remedy = record.failure.remedy if record.failure else ""
        return Verdict(
            "bad", "Stopped by the data, so nothing was trained", _stopped(record), remedy
        )
    if state == "interrupted":
        return Verdict("open", "Interrupted", [_where(record), "Nothing was pushed."])
    if state == "running":
        return Verdict("open", "Still running", [_where(record)])
    if state == "died":
        text = "Its process ended without recording an end."
        return Verdict("bad", "Died", [text, _where(record)], "Run it again.")
    failure = record.failure
    node = failure.node if failure else None
    headline = f"Failed in {node}" if node else "Failed before any node ran"
    return Verdict(
        "bad",
        headline,
        [failure.headline if failure else "The run gave no reason.", "Nothing was pushed."],
        failure.remedy if failure else "",
    )


def overall(record: RunRecord) -> list[SliceMetric]:
    """The metrics of all rows together."""
    return [measured for measured in record.metrics if measured.slice == OVERALL]


def missed(measured: SliceMetric) -> bool:
    """Whether a value is outside of its bounds, or undefined where it has some."""
    if measured.at_least is None and measured.at_most is None:
        return False
    if measured.value is None:
        return True
    below = measured.at_least is not None and measured.value < measured.at_least
    return below or (measured.at_most is not None and measured.value > measured.at_most)


def _pushed(record: RunRecord) -> list[str]:
    bounded = sum(
        measured.at_least is not None or measured.at_most is not None for measured in record.metrics
    )
    rows = record.rows.get("test")
    on = f" on {rows:,} test rows" if rows else ""
    sentences = [
        f"The model kept {_all(bounded, 'bound')}{on} and was pushed as version "
        f"{record.pushed_version}."
    ]
    compared = [measured for measured in overall(record) if measured.baseline is not None]
    if compared:
        first = compared[0]
        name = first.metric
        difference = formatting.change(first.value, first.baseline, name)
        sentences.append(
            f"On the same rows its {name} is {formatting.metric(first.value, name)}, that of the "
            f"model blessed before {formatting.metric(first.baseline, name)} ({difference})."
        )
    else:
        sentences.append("No model was blessed before, so it was compared with none.")
    return sentences


def _refused(record: RunRecord) -> list[str]:
    number = len(record.refusals)
    noun = "bound" if number == 1 else "bounds"
    return [f"The model missed {number} {noun}:"] if number else ["The Evaluator did not bless it."]


def _stopped(record: RunRecord) -> list[str]:
    number = len(record.anomalies)
    noun = "anomaly" if number == 1 else "anomalies"
    return [f"{number} {noun} in the data:" if number else "The data did not pass the gate."]


def _where(record: RunRecord) -> str:
    running = next((n.name for n in record.nodes if n.status in ("running", "failed")), None)
    done = sum(node.status in ("done", "cached") for node in record.nodes)
    so_far = f"{done} of {len(record.nodes)} nodes had ended"
    return f"{so_far}, and {running} was running." if running else f"{so_far}."


def _all(number: int, noun: str) -> str:
    return f"its {noun}" if number == 1 else f"all of its {number} {noun}s"
