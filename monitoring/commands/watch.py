"""`watch`: looks again and again, tells, and acts."""

from __future__ import annotations

import shlex
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from monitoring.commands.app import app
from monitoring.commands.options import MODELS, SOURCE, Log, Model, Models, Source
from monitoring.core.errors import MonitoringError
from monitoring.core.settings import read_settings
from monitoring.loop import dispatch
from monitoring.loop.loop import Loop, Places
from monitoring.loop.programs import Programs
from monitoring.watch.events import Event, EventName
from monitoring.watch.folder import ModelFolder, model_folder
from monitoring.watch.gauges import Gauges
from monitoring.watch.lock import held
from monitoring.watch.log_lines import log as log_line
from monitoring.watch.rounds import Rounds
from monitoring.watch.telling import Teller, receivers
from monitoring.watch.watcher import Watcher

if TYPE_CHECKING:
    from monitoring.watch.sources import LeftOut

INTERRUPTED = 130
_LEAST_PAUSE = 9.0
"""Times the processor's time that a round has taken, before the next one: so that looking takes no
more than a tenth of a core."""


Act = Annotated[
    bool, typer.Option("--act", help="Train again on alarm, where monitoring.on_alarm says so.")
]
Once = Annotated[bool, typer.Option("--once", help="Look at what there is, and end: for cron.")]
Every = Annotated[
    float, typer.Option("--every", min=0.1, metavar="SECONDS", help="How often it is looked.")
]
Command = Annotated[
    str, typer.Option("--command", help="A program that gets each event as JSON on stdin.")
]
Dispatch = Annotated[
    str, typer.Option("--dispatch", metavar="OWNER/NAME", help="Have its workflow train.")
]
Port = Annotated[
    int | None, typer.Option("--metrics-port", min=0, max=65535, help="For Prometheus.")
]
Host = Annotated[str, typer.Option("--metrics-host", help="The address of that port.")]
MetricsFile = Annotated[
    Path | None, typer.Option("--metrics-file", help="For node_exporter: NAME.prom.")
]
Keep = Annotated[
    int, typer.Option("--keep", min=1, help="How many looks are kept, and as many alarms.")
]
Runs = Annotated[
    Path, typer.Option("--runs", metavar="DIR", help="The folder of the pipeline's runs.")
]


@app.command()
def watch(
    model: Model,
    act: Act = False,
    once: Once = False,
    every: Every = 10.0,
    command: Command = "",
    repository: Dispatch = "",
    metrics_port: Port = None,
    metrics_host: Host = "127.0.0.1",
    metrics_file: MetricsFile = None,
    keep: Keep = 1000,
    models: Models = MODELS,
    source: Source = SOURCE,
    log: Log = None,
    runs: Runs = Path("runs"),
) -> None:
    """Look at a model's traffic window by window, tell of alarms, and train again.

    Exit status with --once: 0 nothing, 1 an alarm, 2 a mistake, 3 no window is complete yet.
    """
    model_folder(models, model)
    folder = ModelFolder(models, model, keep, keep)
    receiving = receivers(_arguments(command))
    if repository:
        dispatch.check(repository)
    settings = read_settings(source, model)  # A mistake is told at once.
    with held(folder.lock, model):
        gauges = Gauges(model, metrics_port, metrics_file, metrics_host)
        watcher, left_out = _watcher(folder, source, log)
        places = Places(source, runs, repository=repository)
        loop = Loop(folder, Programs(models, runs), places) if act else None
        teller = Teller(model, str(models), receiving, folder.history)
        rounds = Rounds(watcher, loop, teller, gauges, lambda: read_settings(source, model))
        if settings.on_alarm != "nothing":
            teller.tell_again()
        try:
            status = _once(rounds, left_out) if once else _on_and_on(rounds, folder, every)
        finally:
            teller.close()
    raise typer.Exit(status)


def _watcher(folder: ModelFolder, source: Path, log: Path | None) -> tuple[Watcher, LeftOut]:
    # They import numpy, scipy, scikit-learn and pyarrow; a mistake is told without.
    from monitoring.log.source import log_source
    from monitoring.watch import sources

    left_out = sources.LeftOut(lambda error: log_line("left out", "warning", why=str(error)))
    where = log_source(folder.models, folder.model, log, left_out)
    profiles = sources.pushed_profiles(folder.models, folder.model)
    reader = sources.log_reader(
        where, folder.model, profiles, lambda: read_settings(source, folder.model)
    )
    drawing = sources.pages_by(profiles, folder)
    looking = sources.with_labels(sources.looks_by(profiles), profiles, folder.models, folder.model)
    return Watcher(folder, reader, looking, drawing=drawing), left_out


def _once(rounds: Rounds, left_out: LeftOut) -> int:
    looks = rounds.round()
    if any(look.verdict == "alarm" for look in looks):
        return 1
    if any(look.verdict == "nothing" for look in looks):
        return 0
    if left_out.first is not None:  # Nothing was looked at, and not for want of rows.
        raise left_out.first
    return 3


def _on_and_on(rounds: Rounds, folder: ModelFolder, every: float) -> int:
    with _ended_by_signals() as (ended, received):
        _note(folder, "watch started")
        while not ended.is_set():
            began = time.process_time()
            try:
                rounds.round(ended.is_set)
            except MonitoringError as error:
                rounds.failed(error)
            ended.wait(max(every, _LEAST_PAUSE * (time.process_time() - began)))
        _note(folder, "watch ended")
    return INTERRUPTED if signal.SIGINT in received else 0


def _note(folder: ModelFolder, event: EventName) -> None:
    log_line(event, model=folder.model)
    try:
        folder.history.append(Event(time=datetime.now(timezone.utc), event=event))
    except MonitoringError as error:
        log_line("error", "error", why=str(error))


@contextmanager
def _ended_by_signals() -> Iterator[tuple[threading.Event, list[int]]]:
    """Ends after the look at hand: by Ctrl-C, `kill`, or a closed terminal."""
    ended = threading.Event()
    received: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        received.append(number)
        ended.set()

    before = {
        number: signal.signal(number, end)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield ended, received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _arguments(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise MonitoringError(
            "--command cannot be read", f"Received: {command}. {error}.", "Close its quotes."
        ) from error
