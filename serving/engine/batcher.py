"""Runs a model for many requests at once, without making any request wait for others.

A thread takes whatever has queued while it was busy. Alone, a request runs at once; under load the
batches grow by themselves. With several threads for a version, what cannot be run together runs at
the same time.

A run whose requests have all been answered for it, as their time is up, is cancelled.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from serving.core import logs
from serving.core.errors import Code, ServingError
from serving.core.settings import Limits
from serving.model.loaded_model import Cancelled, LoadedModel
from serving.model.signatures import Arrays, Signature


class Closed(Exception):  # noqa: N818  # not an error: the caller takes another version
    """The version takes no more requests."""


@dataclass(eq=False)
class _Call:
    signature: Signature
    arrays: Arrays
    future: asyncio.Future[Arrays]
    rows: int
    """0 if it must not be batched with others."""
    key: tuple[Any, ...]
    """Calls of the same key can be concatenated."""


class Batcher:
    """The threads that run one version.

    Args:
        model: What it runs; closed with it.
        limits: What it accepts.
        observe: Told of each run: rows and seconds.
    """

    def __init__(
        self, model: LoadedModel, limits: Limits, observe: Callable[[int, float], None]
    ) -> None:
        self._model = model
        self._limits = limits
        self._observe = observe
        self._collected: list[_Call] = []
        self._queue: queue.SimpleQueue[list[_Call] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._closed = False
        self._running: list[list[_Call]] = []
        self._cancelled: list[list[_Call]] = []
        """Of those that run, what nobody waits for any more."""
        self._threads = [
            threading.Thread(target=self._work, name=f"run {model.path}", daemon=True)
            for _ in range(limits.parallel)
        ]
        self._left = limits.parallel
        self._given_up = False
        for thread in self._threads:
            thread.start()

    def submit(self, signature: Signature, arrays: Arrays) -> asyncio.Future[Arrays]:
        """Queues a request; called on an event loop, where its future gets the outputs.

        Raises:
            Closed: The version has been unloaded.
            ServingError: The queue is full, or the request has too many rows.
        """
        rows, key = _batching(signature, arrays)
        if rows > self._limits.rows:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"Task size {rows} is larger than maximum input batch size {self._limits.rows}",
            )
        if self._waiting >= self._limits.queue:
            raise ServingError(
                Code.RESOURCE_EXHAUSTED,
                "The batch scheduling queue to which this task was submitted is full",
            )
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        with self._lock:
            if self._closed:
                raise Closed
            self._collected.append(_Call(signature, arrays, future, rows if key else 0, key))
            self._waiting += 1
            first = len(self._collected) == 1
        if first:
            loop.call_soon(self._hand_over)
        return future

    @property
    def stuck(self) -> bool:
        """Whether something runs on that was not answered in time."""
        return bool(self._cancelled)

    def expired(self, future: asyncio.Future[Arrays]) -> None:
        """Cancels the run of a request whose time is up, if nobody waits for another of the run.

        Args:
            future: What `submit` gave; done by now.
        """
        with self._lock:
            run = next((r for r in self._running if any(c.future is future for c in r)), None)
            if run is None or run in self._cancelled or not all(c.future.done() for c in run):
                return
            self._cancelled.append(run)
        logs.event("run cancelled", "error", version=str(self._model.path), requests=len(run))
        # Not on the event loop: it is TensorFlow's to say how long that takes.
        threading.Thread(target=self._model.cancel, daemon=True).start()

    def close(self, seconds: float | None = None) -> None:
        """Answers what was accepted, then releases the model.

        Args:
            seconds: When to wait for that no more, and to cancel what runs; None for never.
        """
        with self._lock:
            self._closed = True
        self._hand_over()
        for _ in self._threads:
            self._queue.put(None)
        end = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            self._given_up = True
            self._model.cancel()

    def _hand_over(self) -> None:
        """Gives the thread what this round of the event loop has brought.

        One by one, it would wake the thread for each request, and then have it wait for the
        interpreter's lock, which the event loop needs for the others.
        """
        with self._lock:
            collected, self._collected = self._collected, []
            if collected:
                self._queue.put(collected)

    def _work(self) -> None:
        closing = False
        while not closing:
            lists = [self._queue.get()]
            while True:
                try:
                    lists.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            closing = None in lists
            for _ in range(lists.count(None) - 1):  # That is for the other threads.
                self._queue.put(None)
            calls = [call for each in lists if each for call in each]
            batches = self._batches(calls)
            others = batches[1:] if len(self._threads) > 1 and not closing else []
            for batch in others:
                self._queue.put(batch)
            with self._lock:
                self._waiting -= len(calls) - sum(map(len, others))
            for batch in batches[: len(batches) - len(others)]:
                self._answer(batch)
        with self._lock:
            self._left -= 1
            last = not self._left
        if last:
            self._model.close()

    def _answer(self, batch: list[_Call]) -> None:
        with self._lock:
            self._running.append(batch)
        results = self._run(batch)
        with self._lock:
            self._running.remove(batch)
            if batch in self._cancelled:
                self._cancelled.remove(batch)
        _deliver(results)

    def _batches(self, calls: list[_Call]) -> list[list[_Call]]:
        batches: list[list[_Call]] = []
        open_batches: dict[tuple[Any, ...], tuple[list[_Call], int]] = {}
        for call in calls:
            # Whoever waited too long has been answered already.
            if call.future.done():
                continue
            batch, rows = open_batches.get(call.key, ([], self._limits.rows))
            if not call.key or rows + call.rows > self._limits.rows:
                batch, rows = [], 0
                batches.append(batch)
            batch.append(call)
            open_batches[call.key] = batch, rows + call.rows
        return batches

    def _run(self, batch: list[_Call]) -> list[tuple[_Call, Arrays | ServingError]]:
        arrays = batch[0].arrays
        rows = sum(call.rows for call in batch)
        if len(batch) > 1:
            arrays = {
                name: np.concatenate([call.arrays[name] for call in batch])
                if name not in batch[0].key[1]
                else default
                for name, default in arrays.items()
            }
        outputs = self._run_one(batch[0].signature, arrays, rows)
        if isinstance(outputs, Cancelled) and not self._given_up:
            # Whoever waits still was in the way of a run that did not end.
            live = [call for call in batch if not call.future.done()]
            return self._run(live) if live else []
        if len(batch) == 1:
            return [(batch[0], _checked(batch[0], outputs))]
        if isinstance(outputs, ServingError) or any(
            array.ndim == 0 or len(array) != rows for array in outputs.values()
        ):
            # One request's fault must not fail the others.
            return [pair for call in batch for pair in self._run([call])]
        ends = np.cumsum([call.rows for call in batch])
        return [
            (call, {name: array[end - call.rows : end] for name, array in outputs.items()})
            for call, end in zip(batch, ends, strict=True)
        ]

    def _run_one(self, signature: Signature, arrays: Arrays, rows: int) -> Arrays | ServingError:
        start = time.perf_counter()
        try:
            return self._model.run(signature, arrays)
        except ServingError as error:
            return error
        except Exception as error:  # the thread must live on
            return ServingError(Code.INTERNAL, f"{type(error).__name__}: {error}")
        finally:
            self._observe(rows or 1, time.perf_counter() - start)


def _checked(call: _Call, outputs: Arrays | ServingError) -> Arrays | ServingError:
    """The outputs, if there is a row for each that was asked; else the model is at fault."""
    if isinstance(outputs, ServingError) or not call.rows:
        return outputs
    return wrong_rows(outputs, call.rows) or outputs


def wrong_rows(outputs: Arrays, rows: int) -> ServingError | None:
    """What a model did wrong that answered another number of rows than it was asked."""
    for name, array in outputs.items():
        if array.ndim and len(array) != rows:
            return ServingError(
                Code.INTERNAL,
                f"The model answered {len(array)} rows of '{name}' to a request of {rows}",
            )
    return None


def _batching(signature: Signature, arrays: Arrays) -> tuple[int, tuple[Any, ...]]:
    """How many rows a request has, and what it must have in common with others of its batch.

    The second is empty if it must run alone.
    """
    inputs = signature.inputs
    # A default stands for each row, however many there are.
    defaults = frozenset(name for name, array in arrays.items() if array is inputs[name].default)
    return _batching_of(signature, defaults, tuple([arrays[name].shape for name in inputs]))


# Requests come in few shapes, and models may have many inputs.
@lru_cache(maxsize=1024)
def _batching_of(
    signature: Signature, defaults: frozenset[str], shapes: tuple[tuple[int, ...], ...]
) -> tuple[int, tuple[Any, ...]]:
    rows = max((shape[0] if shape else 1 for shape in shapes), default=1)
    alone = rows, ()
    if not signature.batches:
        return alone
    given = [
        (info, shape)
        for info, shape in zip(signature.inputs.values(), shapes, strict=True)
        if info.name not in defaults
    ]
    if not all(info.fits(shape) for info, shape in given):
        return alone
    sizes = {shape[0] for _, shape in given}
    if len(sizes) != 1 or 0 in sizes:
        return alone
    return rows, (signature.name, defaults, tuple(shape[1:] for _, shape in given))


def _deliver(results: list[tuple[_Call, Arrays | ServingError]]) -> None:
    """Hands results over to the event loop, which is woken once for all of them."""
    if not results:
        return
    loop = results[0][0].future.get_loop()
    # A loop that has stopped has nobody waiting.
    if not loop.is_closed():
        loop.call_soon_threadsafe(_set_results, results)


def _set_results(results: list[tuple[_Call, Arrays | ServingError]]) -> None:
    for call, result in results:
        if call.future.done():
            continue
        if isinstance(result, ServingError):
            call.future.set_exception(result)
        else:
            call.future.set_result(result)
