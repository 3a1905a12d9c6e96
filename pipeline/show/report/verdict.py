"""What the top of the report says: how a run ended, in a headline and a few sentences."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.record.liveness import status
from pipeline.record.run_record import OVERALL, RunRecord
from pipeline.show import formatting
from pipeline.show.metric_quality import baseline_note
from pipeline.show.outcomes import OUTCOMES


@dataclass(frozen=True)
class Verdict:
    """How a run ended, or how far it has come."""

    tone: str
    """That of the `Outcome`."""
    headline: str
    sentences: list[str]
    remedy: str


def verdict(record: RunRecord, runs: Path) -> Verdict:
    """The end of a run, whichever it was.

    Args:
        record: The run's record.
        runs: The folder of all runs, which tells whether an unfinished run is alive.
    """
    state = status(record, runs)
    failure = record.failure
    remedy = "Run it again." if state == "died" else ""
    if failure and state in ("stopped", "failed"):
        remedy = failure.remedy
    return Verdict(
        tone=OUTCOMES[state].tone,
        headline=OUTCOMES[state].headline_of(
            failure.node if failure else None, pushed=record.pushed_version is not None
        ),
        sentences=_sentences(record, state),
        remedy=remedy,
    )


def _sentences(record: RunRecord, state: str) -> list[str]:
    match state:
        case "pushed":
            return _pushed(record)
        case "not_blessed":
            return [*filter(None, [baseline_note(record)]), _missed(record)]
        case "partial":
            return [f"It ran up to and including {record.to}."]
        case "stopped":
            return [_anomalies(record)]
        case "failed":
            reason = record.failure.headline if record.failure else "The run gave no reason."
            version = record.pushed_version
            pushed = "Nothing" if version is None else f"Its model, as version {version},"
            return [reason, f"{pushed} was pushed."]
        case _:
            return [_progress(record)]


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
    overall = [measured for measured in record.metrics if measured.slice == OVERALL]
    compared = [measured for measured in overall if measured.baseline is not None]
    if compared:
        first = compared[0]
        name = first.metric
        difference = formatting.change(first.value, first.baseline, name)
        sentences.append(
            f"On the same rows its {name} is {formatting.metric(first.value, name)}, that of the "
            f"model blessed before {formatting.metric(first.baseline, name)} ({difference})."
        )
    elif note := baseline_note(record):
        sentences.append(note)
    elif record.config.evaluation.compares:
        sentences.append("No model was blessed before, so it was compared with none.")
    else:
        sentences.append("No bound compares it with an earlier model.")
    return sentences


def _missed(record: RunRecord) -> str:
    number = len(record.refusals)
    noun = "bound" if number == 1 else "bounds"
    return f"The model missed {number} {noun}:" if number else "The Evaluator did not bless it."


def _anomalies(record: RunRecord) -> str:
    number = sum(anomaly.severity != "note" for anomaly in record.anomalies)
    noun = "anomaly" if number == 1 else "anomalies"
    return f"{number} {noun} in the data:" if number else "The data did not pass the gate."


def _progress(record: RunRecord) -> str:
    running = next((n.name for n in record.nodes if n.status in ("running", "failed")), None)
    done = sum(node.status in ("done", "cached") for node in record.nodes)
    so_far = f"{done} of {len(record.nodes)} nodes had ended"
    return f"{so_far}, and {running} was running." if running else f"{so_far}."


def _all(number: int, noun: str) -> str:
    return f"its {noun}" if number == 1 else f"all of its {number} {noun}s"
