"""Policies side by side, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitoring.replay.replaying import Replay


def print_replays(replays: Sequence[Replay], console: Console | None = None) -> None:
    """Prints a column for each policy, and below it what each would have told of.

    Args:
        replays: What they would have done.
        console: Where; None: stdout.
    """
    console = console or Console()
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for replay in replays:
        table.add_column(Text(replay.policy), justify="right", overflow="fold")
    columns = [_cells(replay) for replay in replays]
    for name in columns[0]:
        if any(column[name] for column in columns):
            table.add_row(name, *(column[name] or "-" for column in columns))
    console.print(table)
    for replay in replays:
        if replay.alarms or replay.changes:
            console.print(f"\n{replay.policy}", style="bold", markup=False)
        for alarm in replay.alarms:
            told = "trained again" if alarm.retraining else f"told; {alarm.why_not}"
            false = " false: nothing had changed." if alarm.false else ""
            console.print(
                f"  {alarm.time:%Y-%m-%d %H:%M} version {alarm.version}, {told}: "
                f"{alarm.headline}{false}",
                markup=False,
                highlight=False,
            )
        for change in replay.changes:
            found = f"found after {change.rows:,} rows" if change.rows is not None else "not found"
            name = f" ({change.name})" if change.name else ""
            console.print(
                f"  {change.time:%Y-%m-%d %H:%M} change{name}: {found}",
                markup=False,
                highlight=False,
            )


def _cells(replay: Replay) -> dict[str, str]:
    found = sum(change.found is not None for change in replay.changes)
    return {
        "served rows": f"{replay.rows:,}",
        "looks": f"{replay.looks:,}",
        "looks with too few rows": f"{replay.too_early:,}" if replay.too_early else "",
        "alarms told": f"{len(replay.alarms):,}",
        "false alarms": "" if replay.false_alarms is None else f"{replay.false_alarms:,}",
        "changes found": f"{found} of {len(replay.changes)}" if replay.changes else "",
        "rows until found, median": f"{replay.rows_until_found:,.0f}"
        if replay.rows_until_found is not None
        else "",
        "retrainings": f"{replay.retrainings:,}",
        "false retrainings": ""
        if replay.false_retrainings is None
        else f"{replay.false_retrainings:,}",
        "traffic under alarm": f"{replay.share_under_alarm:.1%}",
    }
