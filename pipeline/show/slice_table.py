"""The metrics slice by slice: slices down, grouped by their features, and metrics across."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from components.evaluation.slice_names import SliceKey
from pipeline.record import bounds
from pipeline.record.metric_direction import badness
from pipeline.record.run_record import OVERALL, RunRecord, SliceMetric
from pipeline.show import formatting, terminal
from pipeline.show.metric_quality import is_worse, misses_bound
from pipeline.show.slices import SliceGroup, groups

MOST_SLICES = 12
"""Slices of one group that are listed; of more, those that miss a bound and the worst are."""


def slice_table(record: RunRecord, console: Console) -> RenderableType:
    """A table of each slice's values and changes, the worst of each group marked."""
    return _SliceTable(record, console).drawn()


class _SliceTable:
    """A table while it is made."""

    def __init__(self, record: RunRecord, console: Console) -> None:
        self._record = record
        self._config = record.config
        self._marks = terminal.marks(console)
        metrics = [measured for measured in record.metrics if measured.slice != OVERALL]
        self._groups = groups(metrics, record.config.evaluation.slices)
        self._cells = {(measured.slice, measured.metric): measured for measured in metrics}
        evaluation = record.config.evaluation
        self._limits = {name: evaluation.slice_bounds(name) for name in evaluation.metrics}
        self._names = list(dict.fromkeys(measured.metric for measured in metrics))
        self._compared = any(measured.baseline is not None for measured in metrics)
        # The slice's label 2 + 18, then for each metric a value 6, mark 2, change 8 and padding 2.
        self._has_changes = self._compared and console.width >= 22 + 18 * len(self._names)
        self._room = console.width - 22

    def drawn(self) -> RenderableType:
        """A table, or as many as it takes to have room for each metric, and the legend."""
        tables: list[RenderableType] = []
        for names in self._fitting():
            table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
            table.add_column("By slice", min_width=18, overflow="fold")
            for name in names:
                table.add_column(_on_lines(name), justify="left", no_wrap=True)
            for group in self._groups:
                self._add(group, table, names)
            tables += [*([Text()] if tables else []), Padding(table, (0, 0, 0, 2), expand=False)]
        legend = (
            f"{self._marks.worst} worst of its feature   {self._marks.failed} outside its bound"
        )
        if self._compared and not self._has_changes:
            legend += f"   {self._marks.worse} worse than the baseline"
        return Group(*tables, Text(f"  {legend}", style="dim"))

    def _fitting(self) -> list[list[str]]:
        """The metrics in lists of as many as fit beside each other, at least one each."""
        found: list[list[str]] = [[]]
        left = self._room
        for name in self._names:
            head = max(map(len, _on_lines(name).splitlines()))
            cells = (
                self._cell(self._cells.get((s, name)), True) for g in self._groups for s in g.slices
            )
            width = 2 + max([head, *(cell.cell_len for cell in cells)])
            if found[-1] and width > left:
                found.append([])
                left = self._room
            found[-1].append(name)
            left -= width
        return found

    def _add(self, group: SliceGroup, table: Table, names: list[str]) -> None:
        """Adds the rows of a group."""
        every = SliceKey(tuple((feature, None) for feature in group.features))
        table.add_row(Text(group.name, "bold"), *self._bounds([every], names))
        worst = {name: self._worst(name, group) for name in self._names}
        shown = self._shown(group, worst)
        for slice_name, label in group.slices.items():
            if slice_name not in shown:
                continue
            cells = (
                self._cell(self._cells.get((slice_name, name)), worst[name] == slice_name)
                for name in names
            )
            table.add_row(Text(f"  {formatting.on_one_line(label)}"), *cells)
            values = group.values.get(slice_name, {})
            own = self._bounds(
                (
                    key
                    for limits in self._limits.values()
                    for key in limits
                    if key != every and key.covers(values)
                ),
                names,
            )
            if any(own):
                table.add_row("", *own)
        if len(shown) < len(group.slices):
            table.add_row(Text(f"  and {len(group.slices) - len(shown)} more", "dim"))

    def _bounds(self, keys: Iterable[SliceKey], names: list[str]) -> list[Text]:
        """The bounds that the config sets for some slices, of each metric the first."""
        signs = self._marks.least, self._marks.most
        wanted = list(keys)
        cells = []
        for name in names:
            found = (self._limits.get(name, {}).get(key) for key in wanted)
            one = next(filter(None, found), None)
            text = bounds.in_signs(one.at_least, one.at_most, *signs) if one else ""
            cells.append(Text(text, "dim"))
        return cells

    def _cell(self, measured: SliceMetric | None, is_worst: bool) -> Text:
        if measured is None:
            return Text()
        name, missed = measured.metric, misses_bound(self._record, measured)
        mark = self._marks.failed if missed else self._marks.worst if is_worst else " "
        style = "bold red" if missed else "bold" if is_worst else ""
        limits = measured.at_least, measured.at_most
        number = measured.value
        value = "n/a" if number is None else formatting.metric(number, name, *limits)
        text = Text(f"{value:>6} {mark}", style)
        worse = is_worse(self._config, measured)
        if self._has_changes and badness(self._config, name, 0.0) is not None:
            change = formatting.change(measured.value, measured.baseline, name)
            text.append(f" {change:>7}", "" if worse else "dim")
        elif self._compared and worse:
            text.append(self._marks.worse)
        return text

    def _worst(self, name: str, group: SliceGroup) -> str | None:
        """The slice where this metric is worst, among at least two."""
        ranked = [
            (bad, slice_name)
            for slice_name in group.slices
            if (bad := self._badness(slice_name, name)) is not None
        ]
        return max(ranked)[1] if len(ranked) > 1 else None

    def _badness(self, slice_name: str, name: str) -> float | None:
        measured = self._cells.get((slice_name, name))
        if measured is None or measured.value is None:
            return None
        return badness(self._config, name, measured.value)

    def _shown(self, group: SliceGroup, worst: dict[str, str | None]) -> set[str]:
        """All slices of a group, or those that matter most."""
        if len(group.slices) <= MOST_SLICES:
            return set(group.slices)
        missed = {m.slice for m in self._cells.values() if misses_bound(self._record, m)}
        matter = {name for name in group.slices if name in missed or name in worst.values()}

        def first_metric(slice_name: str) -> float:
            bad = self._badness(slice_name, self._names[0])
            return float("-inf") if bad is None else bad

        rest = sorted((s for s in group.slices if s not in matter), key=first_metric, reverse=True)
        return matter | set(rest[: max(0, MOST_SLICES - len(matter))])


def _on_lines(name: str) -> str:
    """`BinaryCrossEntropy` on three lines rather than broken where the column ends."""
    return "\n".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+", name)) or name
