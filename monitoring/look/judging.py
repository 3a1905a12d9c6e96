"""Which differences are beyond chance, over all comparisons and looks, and which of them matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from monitoring.core.settings import Settings
from monitoring.look import words
from monitoring.look.comparison import Comparison, Key
from monitoring.look.floors import matters_from
from monitoring.look.look import Finding
from monitoring.statistics.multiplicity import holm

_KINDS = {
    "feature": "features", "output": "outputs", "requests": "refused", "rows": "classifier",
}  # fmt: skip


class Candidate(NamedTuple):
    """A comparison of one window, or of several together."""

    comparison: Comparison
    allowance: float
    """Which share of the bound on false alarms it may use."""
    windows: int = 1


class _Judged(NamedTuple):
    candidate: Candidate
    p_value: float
    level: float
    """The p-value of the comparison alone from which it would be significant."""
    counts: bool


def judge(candidates: Iterable[Candidate], settings: Settings) -> list[Finding]:
    """The findings of a look, alarms first, then by how much they differ.

    What may raise an alarm is judged in families, one for each kind of `alarm_on`, which share the
    bound on false alarms alike; within a family by Holm's procedure. So the model's outputs are
    judged as sharply with 200 features as with two. What may raise none has families of its own.

    Args:
        candidates: The same comparison may come several times, of more and more windows.
        settings: Of the model.
    """
    findings = [_finding(each, settings) for each in _judged(candidates, settings)]
    findings.sort(key=_order)
    return findings


def is_alarm(candidates: Iterable[Candidate], settings: Settings) -> bool:
    """Whether `judge` would find one; fast where nothing is both large and unlikely enough.

    Args:
        candidates: As for `judge`.
        settings: Of the model.
    """
    found = list(candidates)
    if not any(_may_be_alarm(each, settings) for each in found):
        return False
    return any(
        each.counts and _verdict(each, settings)[0] == "differs"
        for each in _judged(found, settings)
    )


def _may_be_alarm(candidate: Candidate, settings: Settings) -> bool:
    """By itself, before it is judged among others; what takes longest is asked for last."""
    comparison = candidate.comparison
    floor = matters_from(settings, comparison.key.test, comparison.statistic)
    if (comparison.largest_effect or 0.0) < floor or not _counts(comparison.key, settings):
        return False
    level = settings.false_alarms * candidate.allowance / max(1, len(settings.alarm_on))
    return comparison.p_value < level and (comparison.effect or 0.0) >= floor


def _judged(candidates: Iterable[Candidate], settings: Settings) -> Iterable[_Judged]:
    by_key: dict[Key, list[Candidate]] = {}
    for candidate in candidates:
        by_key.setdefault(candidate.comparison.key, []).append(candidate)
    families: dict[tuple[str, bool], list[list[Candidate]]] = {}
    for key, of_key in by_key.items():
        counts = _counts(key, settings)
        kind = _KINDS[key.subject] if counts or key.against != "last window" else "last window"
        families.setdefault((kind, counts), []).append(of_key)
    for (_, counts), family in families.items():
        yield from _family(family, counts, settings)


def _counts(key: Key, settings: Settings) -> bool:
    if key.against == "last window" and key.subject != "requests":
        return False
    return _KINDS[key.subject] in settings.alarm_on and key.name not in settings.ignore


def _family(
    family: Sequence[Sequence[Candidate]], counts: bool, settings: Settings
) -> Iterable[_Judged]:
    shares = max(1, len(settings.alarm_on))
    surest = [_surest(of_key, settings) for of_key in family]
    adjusted = holm(
        [min(1.0, each.comparison.p_value / each.allowance * shares) for each in surest]
    )
    for of_key, candidate, p_value in zip(family, surest, adjusted, strict=True):
        # What is not significant is told of the window alone.
        shown = candidate if p_value < settings.false_alarms else of_key[0]
        level = settings.false_alarms / shares / len(family) * shown.allowance
        yield _Judged(shown, p_value, level, counts)


def _surest(of_key: Sequence[Candidate], settings: Settings) -> Candidate:
    """Of those whose effect matters, or else of all, the one that chance explains least."""

    def rank(each: Candidate) -> tuple[bool, float]:
        comparison = each.comparison
        floor = matters_from(settings, comparison.key.test, comparison.statistic)
        matters = comparison.effect is not None and comparison.effect >= floor
        return not matters, comparison.p_value / each.allowance

    return min(of_key, key=rank)


_Verdict = Literal["differs", "differs little", "same", "too early"]


def _verdict(judged: _Judged, settings: Settings) -> tuple[_Verdict, int | None]:
    """And how many rows are needed for one."""
    comparison = judged.candidate.comparison
    needed = comparison.rows_needed(judged.level)
    if needed is None or comparison.rows < needed or comparison.effect is None:
        return "too early", needed
    if judged.p_value >= settings.false_alarms:
        return "same", needed
    floor = matters_from(settings, comparison.key.test, comparison.statistic)
    return "differs" if comparison.effect >= floor else "differs little", needed


def _finding(judged: _Judged, settings: Settings) -> Finding:
    comparison, key = judged.candidate.comparison, judged.candidate.comparison.key
    floor = matters_from(settings, key.test, comparison.statistic)
    verdict, needed = _verdict(judged, settings)
    return Finding(
        subject=key.subject,
        name=key.name,
        slice=key.slice,
        test=key.test,
        against=key.against,
        statistic=comparison.statistic,
        effect=comparison.effect,
        reference=comparison.reference,
        served=comparison.served,
        noise=comparison.noise(),
        matters_from=floor,
        p_value=judged.p_value,
        rows=comparison.rows,
        rows_needed=needed,
        verdict=verdict,
        counts=judged.counts,
        words=_words(judged.candidate, verdict, needed, floor),
    )


def _words(candidate: Candidate, verdict: str, needed: int | None, floor: float) -> str:
    comparison, key = candidate.comparison, candidate.comparison.key
    who = f"`{key.name}`" if key.name else ""
    if key.slice:
        who += f" where {key.slice}"
    start = f"{who}: " if who else ""
    noun = "request" if key.subject == "requests" else "row"
    if verdict == "too early":
        counted = words.many(comparison.rows, noun)
        if needed is None:
            return f"{start}{key.reference} has too few {noun}s to compare with ({counted} served)"
        return f"{start}{counted} so far, {needed:,} needed to compare ({key.test})"
    text = start + comparison.fact
    if candidate.windows > 1:
        text += f"; over the last {candidate.windows} windows"
    if verdict == "same":
        return f"{text}: no more than chance explains"
    if verdict == "differs little":
        return f"{text}: too little to matter ({comparison.statistic} below {floor:g})"
    return text


def _order(finding: Finding) -> tuple[int, bool, int, float]:
    """Alarms first, outputs before features; then by how far above what matters they are."""
    verdicts = {"differs": 0, "differs little": 1, "same": 2, "too early": 3}
    subjects = ["metric", "requests", "output", "feature", "rows"]
    ratio = (finding.effect or 0.0) / (finding.matters_from or 1.0)
    return (
        verdicts[finding.verdict],
        not finding.counts,
        subjects.index(finding.subject) if finding.verdict == "differs" else 0,
        -ratio,
    )
