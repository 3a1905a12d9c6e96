"""One look: compares a window of served rows with the version's reference profile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timezone

from monitoring.core.settings import Settings
from monitoring.look import classifier, features, outputs, pictures, words
from monitoring.look.comparison import Comparison, Key, Share, of_share
from monitoring.look.dependence import independent
from monitoring.look.history import History, together
from monitoring.look.judging import Candidate, judge
from monitoring.look.look import Finding, Look, Verdict
from monitoring.look.requests import Requests, of_requests
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.statistics.multiplicity import allowance, spent
from monitoring.summary.window_summary import WindowSummary


def look(
    profile: ReferenceProfile,
    window: WindowSummary,
    last: WindowSummary | None,
    settings: Settings,
    number: int = 1,
    history: History | None = None,
    time: datetime | None = None,
) -> Look:
    """Compares what was served with training, and with the last window.

    Args:
        profile: Of the version that served.
        window: What was served.
        last: The window before it, if there is one.
        settings: Of the model.
        number: Of the look, for the record.
        history: Of all looks before; with it false alarms are bounded over all of them. Default:
            this look alone.
        time: When it is looked. Default: now.
    """
    told = classifier.of_rows(profile, window, settings.ignore)
    findings = judge(candidates(profile, window, last, history, told), settings)
    findings = [each for each in findings if not _empty(each)]
    findings += _left_out(profile, window, settings)
    verdict, headline = _verdict(findings, window)
    return Look(
        model=window.model,
        version=window.version,
        time=time or datetime.now(timezone.utc),
        first=window.first,
        last=window.last,
        number=number,
        requests=window.requests,
        rows=window.rows,
        refused=window.refused,
        failed=window.failed,
        sampled=window.sampled,
        verdict=verdict,
        headline=headline,
        findings=tuple(findings),
        features=pictures.of_features(profile, window, last),
        outputs=pictures.of_outputs(profile, window, last),
        classifier_features=told.used if told else {},
    )


def candidates(
    profile: ReferenceProfile,
    window: WindowSummary,
    last: WindowSummary | None,
    history: History | None,
    told: classifier.Told | None,
) -> Iterator[Candidate]:
    """All comparisons of a look; those of several windows together too, where there is a history.

    Args:
        profile: Of the version that served.
        window: What was served.
        last: The window before it, if there is one.
        history: Of all looks before.
        told: What the domain classifier found.
    """
    past = History() if history is None else history
    looks = past.looks + 1
    each_look = 1.0 if history is None else spent(looks)
    if told is not None:
        yield Candidate(told.comparison, each_look)
    requests = past.requests, past.refused
    if history is None and last is not None:
        requests = last.requests, last.refused
    yield Candidate(of_requests(window, Requests(*requests)), each_look)
    for comparison in _with_last(profile, window, last):
        yield Candidate(comparison, each_look)
    for block in together(past, window):
        share = 1.0 if history is None else allowance(looks, block.windows)
        for comparison in _with_training(profile, independent(block.summary, window)):
            yield Candidate(comparison, share, block.windows)


def _with_training(profile: ReferenceProfile, window: WindowSummary) -> Iterator[Comparison]:
    for name, output in profile.outputs.items():
        if name in window.outputs:
            yield from outputs.of_output(name, output, window.outputs[name])
    for name, feature in profile.features.items():
        if name in window.features and name not in window.redacted:
            yield from features.of_feature(name, feature, window.features[name])
    for name, rows in window.unknown_features.items():
        fact = (
            f"{words.percent(rows / max(1, window.rows))} of rows have it, and no feature of "
            "training has this name"
        )
        share = Share(0, profile.training_rows, min(rows, window.rows), window.rows)
        yield of_share(Key("feature", name, "unseen"), share, fact, more=True)


def _with_last(
    profile: ReferenceProfile, window: WindowSummary, last: WindowSummary | None
) -> Iterator[Comparison]:
    if last is None:
        return
    for name, output in profile.outputs.items():
        if name in window.outputs and name in last.outputs:
            yield from outputs.of_last(name, output, window.outputs[name], last.outputs[name])
    left_out = {*window.redacted, *last.redacted}
    for name, feature in profile.features.items():
        if name in window.features and name in last.features and name not in left_out:
            yield from features.of_last(name, feature, window.features[name], last.features[name])


def _empty(finding: Finding) -> bool:
    """Whether nothing happened that there was to compare, such as a wrong type in no row."""
    return finding.test != "distribution" and finding.verdict == "same" and not finding.effect


def _left_out(
    profile: ReferenceProfile, window: WindowSummary, settings: Settings
) -> Iterator[Finding]:
    """Features of which nothing is known, in words."""
    for name in profile.features:
        if name in window.redacted:
            why = "its values are left out of the log, so it cannot be compared"
        elif name not in window.features and window.rows:
            why = "nothing was counted of it in this window"
        else:
            continue
        yield Finding(
            subject="feature",
            name=name,
            test="distribution",
            against="training",
            statistic="PSI",
            effect=None,
            rows=0,
            verdict="too early",
            counts=False,
            words=f"`{name}`: {why}",
        )


def _verdict(findings: list[Finding], window: WindowSummary) -> tuple[Verdict, str]:
    """An alarm, if any finding that counts is one; too early, if most of them cannot say yet."""
    alarms = [each for each in findings if each.verdict == "differs" and each.counts]
    if alarms:
        more = len({(each.subject, each.name) for each in alarms}) - 1
        verb = "differs" if more == 1 else "differ"
        others = f" (and {words.many(more, 'other')} {verb})" if more else ""
        return "alarm", f"{alarms[0].words}{others}"
    if not window.rows:
        if window.requests:
            return "too early", f"None of {words.many(window.requests, 'request')} was answered."
        return "too early", "No request was logged."
    main = [
        each
        for each in findings
        if each.against == "training" and each.test == "distribution" and each.counts
    ] or [each for each in findings if each.counts and each.subject in ("feature", "output")]
    if not main:
        return "too early", "There is no feature and no output that counts and can be compared."
    waiting = [each for each in main if each.verdict == "too early"]
    if 2 * len(waiting) <= len(main):
        return "nothing", f"{words.many(window.rows, 'row')}: nothing differs that matters."
    needed = sorted(
        each.rows_needed * window.rows / each.rows if each.rows_needed and each.rows else math.inf
        for each in main
    )[len(main) // 2]
    if math.isinf(needed):
        few = "few rows of the reference, or of the window, have values"
        return "too early", f"Too early to say: too {few}."
    return (
        "too early",
        f"Too early to say: {words.many(window.rows, 'row')} so far, {math.ceil(needed):,} needed.",
    )
