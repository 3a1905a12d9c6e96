"""A run while it goes: a live view on a terminal, one plain line an event anywhere else."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from pipeline.nodes import NODES, purpose
from pipeline.record.run_record import FIRST_RUN, Node, NodeStatus, RunRecord, now
from pipeline.show import formatting, terminal
from pipeline.show.node_state import node_state

_FRAMES_PER_SECOND = 6
_NAME_WIDTH = max(len(spec.name) for spec in NODES) + 2
_PURPOSE_WIDTH = max(len(spec.purpose) for spec in NODES)
_LONGEST_REASON = 60
_STATE_WIDTH = 12
_AROUND_PURPOSE = 5 + _NAME_WIDTH + 2 + 2 + _STATE_WIDTH
_STYLES: dict[NodeStatus, tuple[str, str]] = {
    "queued": ("dim", "dim"),
    "running": ("bold", ""),
    "done": ("", ""),
    "cached": ("", "dim"),
    "failed": ("bold red", "red"),
}
"""How a node's name looks, and what stands at the right of it."""
_BELOW = 3
"""Lines under the nodes: an empty one, what happens now, and the one the cursor stands on."""
_ROOM_FOR_HEADER = 12
"""Terminals lower than this show nodes in the place of the header."""
_ROOM_FOR_PURPOSE = 76
"""Narrower terminals leave out what each node is for."""


class View(AbstractContextManager["View"], Protocol):
    """Shows how a run comes along."""

    def update(self, record: RunRecord) -> None:
        """Takes the run's latest state."""

    def notice(self, text: str) -> None:
        """Tells something beside the nodes' states."""


def for_run(record: RunRecord, console: Console) -> View:
    """The view that suits where the output goes."""
    return LiveView(record, console) if console.is_terminal else PlainView(record, console)


class LiveView(View):
    """A header, a line for each node, and what happens now; redrawn in place.

    When it ends, the live part is replaced by the whole list, however low the terminal is.
    """

    def __init__(self, record: RunRecord, console: Console) -> None:
        self._record = record
        self._console = console
        self._notice = ""
        self._spinner = Spinner(terminal.marks(console).spinner, style="cyan")
        self._live = Live(
            get_renderable=self._frame,
            console=console,
            refresh_per_second=_FRAMES_PER_SECOND,
            transient=True,
        )

    def __enter__(self) -> LiveView:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
        if error is None:
            terminal.show(self._console, overview(self._record, self._console))

    def update(self, record: RunRecord) -> None:
        """Takes the state that the next frame shows."""
        self._record = record

    def notice(self, text: str) -> None:
        """Shows the text in the place of what happens now."""
        self._notice = text

    def _frame(self) -> RenderableType:
        record = self._record
        spin = cast(Text, self._spinner.render(self._console.get_time()))
        footer = Text.assemble("  ", spin, " ", self._notice or _phase(record, self._console))
        top = header(record) if self._console.height >= _ROOM_FOR_HEADER else []
        room = self._console.height - len(top) - _BELOW
        nodes = node_lines(record, self._console, _folded(record.nodes, max(room, 1)), spin)
        return Text("\n", no_wrap=True, overflow="ellipsis").join(
            [*top, *nodes, Text(), _one_line(footer)]
        )


class PlainView(View):
    """A line for each event: `12:30:01  Transform            done in 14.2 s`."""

    def __init__(self, record: RunRecord, console: Console) -> None:
        self._console = console
        self._seen: dict[str, str] = {}
        self._first = record

    def __enter__(self) -> PlainView:
        self._say("run", f"{self._first.id}, data {self._first.config.data.path}")
        if self._first.resumed:
            self._say("run", f"goes on with {self._first.resumed}")
        for override in self._first.overrides:
            self._say("set", override)
        if self._first.no_cache:
            self._say("run", formatting.no_cache(self._first))
        if self._first.status == "running":
            self._say("run", "starting, loading TensorFlow and TFX")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def update(self, record: RunRecord) -> None:
        """Tells what has changed since the last state."""
        for node in record.nodes:
            # Until the cache has been asked, nobody knows whether a node runs.
            status = "queued" if node.status == "running" and not node.why else node.status
            if status != self._seen.get(node.name, "queued"):
                # Of a quick node the end is the first that is seen.
                first = node.name not in self._seen and node.why and status != "running"
                self._seen[node.name] = status
                self._say(node.name, _event(node, record) + (f": {node.why}" if first else ""))

    def notice(self, text: str) -> None:
        """Prints the text as an event."""
        self._say("run", text)

    def _say(self, who: str, what: str) -> None:
        try:
            print(
                f"{now().astimezone():%H:%M:%S}  {who:<{_NAME_WIDTH}}  {what}",
                file=self._console.file,
                flush=True,
            )
        except BrokenPipeError:  # Whoever read this has gone; the run need not end for that.
            terminal.discard_output()


def overview(record: RunRecord, console: Console) -> RenderableType:
    """The header and every node, of a run that need not be going."""
    return Group(*header(record), *node_lines(record, console, record.nodes))


def header(record: RunRecord) -> list[Text]:
    """What is run: the model, the run's id, the data, and what was set for this run alone."""
    lines = [
        Text.assemble(("  " + record.model, "bold"), "  ", (record.id, "dim")),
        Text.assemble("  ", (record.config.data.path, "dim")),
    ]
    if record.resumed:
        lines.append(Text.assemble("  ", (f"goes on with {record.resumed}", "dim")))
    if record.overrides:
        lines.append(Text.assemble("  ", ("with " + ", ".join(record.overrides), "dim")))
    if record.no_cache:
        lines.append(Text.assemble("  ", (formatting.no_cache(record), "dim")))
    return [*map(_one_line, lines), Text()]


def node_lines(
    record: RunRecord,
    console: Console,
    rows: Iterable[Node | str],
    spin: Text | None = None,
) -> list[Text]:
    """A line for each node; a text in place of a node stands for several that are folded away.

    Lines, not a table: several times a second, a table costs ten times as much to draw.
    """
    marks = terminal.marks(console)
    signs: dict[NodeStatus, Text] = {
        "queued": Text(marks.queued, style="dim"),
        "running": spin or Text(marks.queued, style="cyan"),
        "done": Text(marks.done, style="green"),
        "cached": Text(marks.done, style="dim"),
        "failed": Text(marks.failed, style="red"),
    }
    width = _PURPOSE_WIDTH if console.width >= _ROOM_FOR_PURPOSE else 0
    if width:  # Reasons may be longer than what a node is for.
        longest = max(len(_about(node)) for node in record.nodes)
        width = max(width, min(longest, console.width - _AROUND_PURPOSE, _LONGEST_REASON))
    lines = []
    for row in rows:
        if isinstance(row, str):
            lines.append(Text(f"     {row}", style="dim"))
            continue
        name, right = _STYLES[row.status]
        about = Text(_about(row) if width else "", "" if row.why else "dim")
        about.truncate(width, overflow="ellipsis", pad=True)
        line = Text.assemble(
            *("  ", signs[row.status], "  "),
            (f"{row.name:<{_NAME_WIDTH}}  ", name),
            *(about, "  "),
            (f"{_state(row, record):>{_STATE_WIDTH}}", right),
        )
        lines.append(_one_line(line))
    return lines


def _about(node: Node) -> str:
    """Why the node ran, where that says more than what it is for."""
    if node.why and node.why != FIRST_RUN:
        return node.why
    return purpose(node.name)


def _state(node: Node, record: RunRecord) -> str:
    """The right-hand side of a node's line."""
    if node.status == "running":
        return formatting.duration(_elapsed(node), exact=False)
    state = node_state(node, record)
    if state == "done":
        return formatting.duration(node.seconds)
    return "" if state == "queued" else state


def _event(node: Node, record: RunRecord) -> str:
    """The same in a line of its own."""
    took = formatting.duration(node.seconds)
    match state := node_state(node, record):
        case "running":
            return f"started: {node.why}"
        case "done":
            return f"done in {took}" if took else "done"
        case "failed" | "interrupted":
            return f"{state} after {took}" if took else state
        case "not pushed":
            return "done, nothing was pushed"
        case _:
            return state


def _phase(record: RunRecord, console: Console) -> Text:
    """What happens now, in words, and for how long the run has gone."""
    between = terminal.marks(console).between
    over = sum(node.status in ("done", "cached", "failed") for node in record.nodes)
    if not record.reached_nodes:
        phase = "starting: loading TensorFlow and TFX"
    elif over == len(record.nodes):
        phase = "finishing"
    else:
        phase = f"running{between}{over} of {len(record.nodes)} nodes"
    return Text(f"{phase}{between}{formatting.duration(record.seconds, exact=False)}", style="dim")


def _elapsed(node: Node) -> float:
    return (now() - node.started).total_seconds() if node.started else 0.0


def _folded(nodes: list[Node], room: int) -> list[Node | str]:
    """The nodes that fit, those around the present one; the rest as a line above and one below."""
    if len(nodes) <= room:
        return list(nodes)
    last = max((i for i, node in enumerate(nodes) if node.status != "queued"), default=0)
    shown = max(room - 2, 1)
    first = min(max(0, last - max(shown - 2, 0)), len(nodes) - shown)
    if first in (0, len(nodes) - shown):  # One of the two lines is not needed.
        shown = max(room - 1, 1)
        first = 0 if first == 0 else len(nodes) - shown
    before, after = nodes[:first], nodes[first + shown :]
    rows: list[Node | str] = list(nodes[first : first + shown])
    return [
        *([f"{len(before)} more above"] if before else []),
        *rows,
        *([f"{len(after)} more below"] if after else []),
    ]


def _one_line(text: Text) -> Text:
    text.no_wrap = True
    text.overflow = "ellipsis"
    return text
