"""A look as a table in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitoring.look.look import Finding, Look
from monitoring.report import formatting

_WIDE = 140
"""Columns from which there is room for the numbers beside the words."""
_MOST_DIFFERENT = 40
_MOST_SAME = 5
"""Comparisons that are shown where none differs."""
_STYLES = {"alarm": "bold red", "differs": "red", "differs little": "yellow"}
_VERDICTS = {"alarm": "Alarm", "nothing": "Nothing differs", "too early": "Too early"}


def print_look(look: Look, console: Console | None = None) -> None:
    """Prints a look: the headline, what differs with its words, and what does not as a count.

    Args:
        look: What was seen.
        console: Where to; standard output by default.
    """
    console = console or Console()
    console.print(look_table(look, console.width))


def look_table(look: Look, width: int) -> RenderableType:
    """The same, for a terminal of `width` columns."""
    ordered = sorted(look.findings, key=formatting.rank)
    different = [one for one in ordered if formatting.rank(one) < 3]
    shown = different[:_MOST_DIFFERENT] or ordered[:_MOST_SAME]
    parts: list[RenderableType] = [_headline(look), Text(_facts(look), "dim")]
    if shown:
        parts += [Text(), _findings(shown, wide=width >= _WIDE)]
    if rest := _rest(ordered, len(shown)):
        parts += [Text(), Text(rest, "dim")]
    return Group(*parts)


def _headline(look: Look) -> Text:
    style = "bold red" if look.verdict == "alarm" else "bold"
    headline = formatting.cut(look.headline, 600)
    return Text.assemble((f"{_VERDICTS[look.verdict]}: ", style), headline)


def _facts(look: Look) -> str:
    window = formatting.window(look.first, look.last)
    parts = [
        f"{formatting.cut(look.model)}, version {look.version}, look {look.number}",
        formatting.plural(look.rows, "row") + f" in {formatting.plural(look.requests, 'request')}",
        f"{look.refused:,} refused, {look.failed:,} failed",
        window and f"from {window}",
        f"{formatting.share(look.sampled)} of requests are logged" if look.sampled < 1 else "",
    ]
    return "; ".join(part for part in parts if part)


def _findings(findings: Sequence[Finding], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Verdict", no_wrap=True)
    table.add_column("What", overflow="fold", max_width=28)
    if wide:
        table.add_column("Test", no_wrap=True)
        table.add_column("Against", no_wrap=True)
        for name in ("Effect", "Noise", "Matters from", "p", "Rows"):
            table.add_column(name, no_wrap=True, justify="right")
    table.add_column("In words", overflow="fold", ratio=1)
    for one in findings:
        table.add_row(*_row(one, wide=wide))
    return table


def _row(finding: Finding, *, wide: bool) -> list[Text]:
    verdict = formatting.verdict(finding)
    name = formatting.what(finding)
    if finding.slice:
        name += f" ({formatting.cut(finding.slice)})"
    if finding.test == "estimate":
        name += ", estimated"
    cells = [Text(verdict, _STYLES.get(verdict, "")), Text(name)]
    if wide:
        effect = formatting.effect(finding, finding.effect)
        texts = (
            formatting.TESTS[finding.test],
            finding.against,
            f"{formatting.cut(finding.statistic, 14)} {effect}" if effect else "",
            formatting.effect(finding, finding.noise),
            formatting.effect(finding, finding.matters_from),
            formatting.p_value(finding.p_value),
            f"{finding.rows:,}",
        )
        cells += [Text(text) for text in texts]
    return [*cells, Text(formatting.cut(finding.words, 300))]


def _rest(ordered: Sequence[Finding], shown: int) -> str:
    """How many comparisons the table leaves out, and what those without a verdict wait for."""
    left_out = ordered[shown:]
    same = sum(one.verdict == "same" for one in left_out)
    early = [one for one in left_out if one.verdict == "too early"]
    more = len(left_out) - same - len(early)
    parts = [f"{formatting.plural(more, 'more comparison')} that differ"] if more else []
    parts += [f"{formatting.plural(same, 'comparison')} the same"] if same else []
    if early:
        needed = max((one.rows_needed or 0 for one in early), default=0)
        wait = f" (needing up to {needed:,} rows)" if needed else ""
        parts.append(f"{formatting.plural(len(early), 'comparison')} too early{wait}")
    return "; ".join(parts) + "." if parts else ""
