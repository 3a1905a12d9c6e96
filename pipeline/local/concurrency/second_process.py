"""A copy of the run's process, which runs a node's executor while this one runs another's.

It is made when all is imported and nothing has been run: TensorFlow cannot be copied once it works,
and to import it anew takes as long as several nodes. Where there are more than two cores there are
more copies, for nodes that have several things to do at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, NoReturn

from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration.execution_invocation_pb2 import ExecutionInvocation
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput

from components.another_process import Lost, Started
from models.common import progress
from models.common.errors import RunError
from pipeline.local import beam_tuning, guarded_code, post_mortem
from pipeline.local.concurrency import garbage, operators
from pipeline.local.concurrency.operators import Operator
from pipeline.local.interruption import SIGNALS

_MOST_COPIES = 7
"""Each takes memory of its own once it is used."""
_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/kfd"))
"""Where there are GPUs. TensorFlow takes all of their memory for the process that asks first."""


@dataclass(frozen=True)
class _Task:
    """An executor to run."""

    operator: Operator
    spec: Any
    invocation: bytes
    code: Mapping[str, str]


@dataclass(frozen=True)
class _Call:
    """A function to call."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    code: Mapping[str, str]


@dataclass(frozen=True)
class _Returned:
    """What it has returned."""

    value: Any


@dataclass(frozen=True)
class _Failed:
    """What came of one that raised."""

    error: BaseException | None
    """None: it cannot be handed over."""
    name: str
    text: str


class SecondProcess:
    """The copy.

    Args:
        number: Its process id.
        line: What it is told by.
        others: Further copies, which take calls alone.
    """

    def __init__(self, number: int, line: Connection, others: Sequence[SecondProcess] = ()) -> None:
        self._number = number
        self._line = line
        self._others = others
        self._waits = threading.Lock()
        self._yet_to_import: str | None = None
        self.has_ended = False

    def prepare(self, model: str) -> None:
        """Has it import a model's code, and does not wait for that; the others do when called."""
        with contextlib.suppress(OSError):  # It has ended, as `run` will tell.
            self._line.send(model)
        for other in self._others:
            other._yet_to_import = model

    def run(
        self,
        operator: Operator,
        spec: Any,
        execution: ExecutionInfo,
        code: Mapping[str, str],
    ) -> ExecutorOutput:
        """Runs a node's executor there, and passes on what it tells meanwhile.

        Args:
            operator: TFX's operator for executors of this kind.
            spec: The executor's specification.
            execution: What it is given.
            code: SHA-256 of the files that the run's record has, by path.

        Raises:
            RunError: The process has ended.
            Exception: Whatever the executor raised.
        """
        task = _Task(operator, spec, execution.to_proto().SerializeToString(), code)
        # Whoever started a call may have failed before asking for its result.
        while not self._waits.acquire(timeout=1):
            if self.has_ended:
                raise self._gone()
        try:
            self._line.send(task)
            return ExecutorOutput.FromString(self._answer())
        except (EOFError, OSError) as error:
            raise self._gone() from error
        finally:
            self._waits.release()

    def start(
        self, code: Mapping[str, str], function: Callable[..., Any], *arguments: Any
    ) -> Started | None:
        """Starts a call there, as `components.another_process.start` does.

        Args:
            code: SHA-256 of the files that the run's record has, by path.
            function: One that a module has under its name.
            arguments: Values that can be pickled.

        Returns:
            The call; None: it does something else, as the others do, or has ended.
        """
        call = _Call(function, arguments, code)
        started = (process._start(call) for process in (self, *self._others))
        return next(filter(None, started), None)

    def _start(self, call: _Call) -> Started | None:
        if self.has_ended or not self._waits.acquire(blocking=False):
            return None
        try:
            if self._yet_to_import:
                self._line.send(self._yet_to_import)
                self._yet_to_import = None
            self._line.send(call)
        except OSError:
            self.has_ended = True
            self._waits.release()
            return None
        return self._result

    def _result(self) -> Any:
        try:
            return self._answer()
        except (EOFError, OSError) as error:
            self.has_ended = True
            raise Lost from error
        finally:
            self._waits.release()

    def _answer(self) -> Any:
        """What it answers next, after having passed on what it tells meanwhile."""
        while isinstance(answer := self._line.recv(), progress.Event):
            progress.notify(answer)
        if isinstance(answer, _Failed):
            raise answer.error or type(answer.name, (Exception,), {})(answer.text)
        return answer.value if isinstance(answer, _Returned) else answer

    def end(self) -> None:
        """Ends it and the others, whatever they do."""
        for other in self._others:
            other.end()
        self.has_ended = True
        with contextlib.suppress(OSError):
            os.kill(self._number, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.waitpid(self._number, 0)

    def _gone(self) -> RunError:
        try:
            _, status = os.waitpid(self._number, 0)
        except OSError:
            return RunError("The run's second process was ended", "", "Run again.")
        return post_mortem.of_second_process(os.waitstatus_to_exitcode(status))


def start(cores: int | None = None) -> SecondProcess | None:
    """Makes the copy; None where there is one core, or where it cannot be made safely.

    Args:
        cores: As many as processes are to be kept busy; None: those that this one may use.
    """
    if sys.platform != "linux" or any(path.exists() for path in _DEVICES):
        return None
    number = min((cores or len(os.sched_getaffinity(0))) - 1, _MOST_COPIES)
    if number < 1:
        return None
    # What all have is shared as long as nobody writes to it, as looking for garbage does.
    gc.freeze()
    copies = [copy for copy in (_copy() for _ in range(number)) if copy]
    if not copies:
        return None
    first, *others = copies
    return SecondProcess(*first, [SecondProcess(*other) for other in others])


def _copy() -> tuple[int, Connection] | None:
    """A copy's process id and what it is told by; None: the system makes none."""
    ours, its = Pipe()
    parent = os.getpid()
    try:
        number = os.fork()
    except OSError:
        ours.close()
        return None
    finally:
        if os.getpid() == parent:
            its.close()
    if number:
        return number, ours
    ours.close()
    _serve(its, parent)


def _serve(line: Connection, parent: int) -> NoReturn:
    """Does what it is told, until nobody is there to tell."""
    try:
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
        # Ctrl-C reaches the whole group; the other process ends this one.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        beam_tuning.tune()
        garbage.collect_rarely()
        while os.getppid() == parent:
            told = line.recv()
            if isinstance(told, _Task):
                line.send(_answer(told, line))
            elif isinstance(told, _Call):
                line.send(_returned(told))
            else:
                _prepare(told)
    except (EOFError, OSError):
        pass
    except BaseException:
        traceback.print_exc()
    os._exit(0)


def _prepare(model: str) -> None:
    try:
        guarded_code.start(model)
    except BaseException:  # The other process tells of it.
        traceback.print_exc()


def _answer(task: _Task, line: Connection) -> bytes | _Failed:
    execution = ExecutionInfo.from_proto(ExecutionInvocation.FromString(task.invocation))
    try:
        guarded_code.check(execution.exec_properties, task.code)
        with progress.listening(line.send):
            output = operators.run_here(task.operator, task.spec, execution)
        guarded_code.check(execution.exec_properties, task.code)
    except BaseException as error:
        traceback.print_exc()
        return _failed(error)
    return output.SerializeToString()


def _returned(call: _Call) -> _Returned | _Failed:
    try:
        guarded_code.check_imported(call.code)
        return _Returned(call.function(*call.arguments))
    except BaseException as error:
        traceback.print_exc()
        return _failed(error)


def _failed(error: BaseException) -> _Failed:
    name, text = type(error).__name__, str(error)
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:  # Such as of an exception that takes other arguments than it keeps.
        return _Failed(None, name, text)
    return _Failed(error, name, text)
