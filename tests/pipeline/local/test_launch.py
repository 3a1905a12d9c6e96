"""Runs as processes: those that end well, and those that are killed, crash, or will not end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from models.common.errors import ConfigError, DataError, RunError
from pipeline.config import loading
from pipeline.config.model_config import ModelConfig
from pipeline.local import launch
from pipeline.record import filtered_log, provenance, run_folder, run_record
from pipeline.record.run_record import RunRecord
from tests.helpers.paths import TESTS
from tests.pipeline.fake_run import REPOSITORY, finished

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, str(TESTS / "pipeline" / "fake_run.py")]


class Witness:
    """Notes what it is told."""

    def __init__(self, act: Callable[[RunRecord], None] = lambda record: None) -> None:
        self.states: list[str] = []
        self.notices: list[str] = []
        self.act = act

    def update(self, record: RunRecord) -> None:
        state = " ".join(node.status[0] for node in record.nodes)
        if not self.states or self.states[-1] != state:
            self.states.append(state)
        self.act(record)

    def notice(self, text: str) -> None:
        self.notices.append(text)


@pytest.fixture
def project_root(tmp_path: Path) -> Path:
    """A project with the taxi model's configuration, and nothing to check it against."""
    root = tmp_path / "project"
    (root / "models" / "taxi").mkdir(parents=True)
    shutil.copy(REPOSITORY / "models" / "taxi" / "config.yaml", root / "models" / "taxi")
    return root


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runs"
    monkeypatch.setenv("FAKE_RUNS", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    return folder


@pytest.fixture(autouse=True)
def preflight(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Checks that find nothing."""
    module = types.ModuleType("pipeline.config.preflight")
    module.check = lambda *_: None  # type: ignore[attr-defined]
    module.notices = lambda *_: []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pipeline.config.preflight", module)
    monkeypatch.setattr("pipeline.config.preflight", module, raising=False)
    return module


@pytest.fixture
def begin(
    project_root: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., launch.Run]]:
    """Starts the fake run with a story, and ends it if the test did not."""
    started: list[launch.Run] = []

    def start(story: str, *overrides: str) -> launch.Run:
        monkeypatch.setenv("FAKE_STORY", story)
        run = launch.start("taxi", overrides, root=project_root, runs=runs, command=COMMAND)
        started.append(run)
        return run

    yield start
    for run in started:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()


def in_transform(record: RunRecord) -> bool:
    return record.node("Transform").status == "running"


def interrupt_in_transform(record: RunRecord) -> None:
    """Presses Ctrl-C, once the run is busy."""
    if in_transform(record) and record.status == "running":
        raise KeyboardInterrupt


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def gone(process: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet counts."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def test_a_started_run_has_a_record_before_its_process_says_anything(
    begin: Callable[..., launch.Run], runs: Path
) -> None:
    run = begin("pushed", "training.epochs=2")
    record = run.record
    assert (record.status, record.overrides) == ("running", ["training.epochs=2"])
    assert record.config.training.epochs == 2
    assert {node.status for node in record.nodes} == {"queued"}
    assert run.folder == runs / record.id and run.log.exists()
    assert launch.follow(run, Witness()).status == "pushed"


@pytest.mark.slow
@pytest.mark.parametrize("story", ["pushed", "not_blessed", "stopped", "failed"])
def test_a_run_that_records_its_end_keeps_it(begin: Callable[..., launch.Run], story: str) -> None:
    witness = Witness()
    record = launch.follow(begin(story), witness)
    assert record.status == story
    assert record.finished is not None and record.process is None
    assert len(witness.states) >= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("story", "headline"),
    [
        ("killed", "Transform failed"),
        ("crash", "Transform failed"),
        ("silent", "Transform failed"),
        ("mistake", "The run failed"),
    ],
)
def test_a_run_that_could_not_write_its_report_has_one(
    begin: Callable[..., launch.Run], story: str, headline: str
) -> None:
    run = begin(story)
    launch.follow(run, Witness())
    assert f">{headline}</h1>" in (run.folder / run_folder.REPORT).read_text(encoding="utf-8")
    assert run.warning is None


@pytest.mark.slow
def test_a_report_that_cannot_be_written_is_a_warning(begin: Callable[..., launch.Run]) -> None:
    run, witness = begin("killed"), Witness()
    (run.folder / run_folder.REPORT).mkdir()
    assert launch.follow(run, witness).status == "failed"
    [notice] = [text for text in witness.notices if "report" in text]
    assert notice.startswith("The run's report could not be written")


@pytest.mark.slow
def test_the_log_has_what_the_process_prints(begin: Callable[..., launch.Run]) -> None:
    run = begin("pushed")
    launch.follow(run, Witness())
    assert "chatter" in run.log.read_text()


@pytest.mark.slow
def test_a_killed_run_names_the_signal_and_the_node(begin: Callable[..., launch.Run]) -> None:
    run = begin("killed")
    record = launch.follow(run, Witness())
    assert record == run_record.read(record.id, run.runs)
    assert record.status == "failed" and record.process is None
    assert record.node("Transform").status == "failed"
    assert record.failure is not None
    assert record.failure.node == "Transform"
    assert record.failure.headline == "The run's process was killed by SIGKILL"
    assert "memory" in record.failure.detail and "batch_size" in record.failure.remedy


def test_a_crashed_run_tells_the_exception_not_the_traceback(
    begin: Callable[..., launch.Run],
) -> None:
    record = launch.follow(begin("crash"), Witness())
    assert record.status == "failed" and record.failure is not None
    assert "exit status 1" in record.failure.headline
    assert record.failure.detail == "RuntimeError: the transform graph is broken"


@pytest.mark.slow
def test_a_crash_at_import_has_no_node_and_names_the_remedy(
    begin: Callable[..., launch.Run],
) -> None:
    record = launch.follow(begin("import error"), Witness())
    assert record.failure is not None
    assert record.failure.node is None
    assert record.failure.detail == "ModuleNotFoundError: No module named 'tfx'"
    assert "make setup" in record.failure.remedy


@pytest.mark.slow
def test_ending_without_a_result_is_a_failure_even_with_status_0(
    begin: Callable[..., launch.Run],
) -> None:
    record = launch.follow(begin("silent"), Witness())
    assert record.status == "failed" and record.failure is not None
    assert "exit status 0 and recorded no result" in record.failure.headline


@pytest.mark.slow
def test_what_a_killed_run_had_started_ends_too(
    begin: Callable[..., launch.Run], runs: Path
) -> None:
    launch.follow(begin("family"), Witness())
    helper = int((runs / "helper").read_text())
    wait_for(lambda: gone(helper))


def test_ctrl_c_interrupts_the_run_and_says_so_in_the_record(
    begin: Callable[..., launch.Run],
) -> None:
    run = begin("slow")
    witness = Witness(interrupt_once(in_transform))
    record = launch.follow(run, witness)
    assert run.process.returncode is not None
    assert record == run_record.read(record.id, run.runs)
    assert record.status == "interrupted" and record.failure is None
    assert record.node("Transform").status == "failed"
    assert witness.notices == ["interrupting; press Ctrl-C again to kill"]
    page = (run.folder / run_folder.REPORT).read_text(encoding="utf-8")
    assert ">Interrupted, so nothing was pushed</h1>" in page


@pytest.mark.slow
def test_a_run_that_ignores_the_interrupt_is_killed_in_the_end(
    begin: Callable[..., launch.Run],
) -> None:
    run = begin("stubborn")
    record = launch.follow(run, Witness(interrupt_once(in_transform)), grace=0.3)
    assert run.process.returncode == -signal.SIGKILL
    assert record.status == "interrupted"


@pytest.mark.slow
def test_a_second_ctrl_c_does_not_wait(begin: Callable[..., launch.Run]) -> None:
    run = begin("stubborn")
    before = time.monotonic()
    record = launch.follow(run, Witness(interrupt_in_transform), grace=60)
    assert time.monotonic() - before < 30
    assert run.process.returncode == -signal.SIGKILL
    assert record.status == "interrupted"


def test_a_view_that_breaks_leaves_no_run_behind(begin: Callable[..., launch.Run]) -> None:
    def broken(record: RunRecord) -> None:
        raise ZeroDivisionError

    run = begin("slow")
    with pytest.raises(ZeroDivisionError):
        launch.follow(run, Witness(broken))
    assert run.process.returncode is not None
    assert run_record.read(run.record.id, run.runs).status == "interrupted"


@pytest.mark.slow
def test_a_process_that_will_not_end_after_its_run_is_ended(
    begin: Callable[..., launch.Run], monkeypatch: pytest.MonkeyPatch, runs: Path
) -> None:
    monkeypatch.setattr(launch, "_LINGER", 0.3)
    run = begin("slow")

    def finish(record: RunRecord) -> None:
        if in_transform(record) and record.status == "running":
            record.finish("pushed")
            run_record.write(record, runs)

    assert launch.follow(run, Witness(finish)).status == "pushed"


def test_mistakes_are_told_before_anything_is_written(
    project_root: Path, runs: Path, preflight: types.ModuleType
) -> None:
    def refuse(*_: object) -> None:
        raise DataError("data/taxi/a.csv is empty")

    with pytest.raises(ConfigError):
        launch.start("taxi", ["training.epoch=1"], root=project_root, runs=runs, command=COMMAND)
    preflight.check = refuse  # type: ignore[attr-defined]
    with pytest.raises(DataError):
        launch.start("taxi", root=project_root, runs=runs, command=COMMAND)
    assert not runs.exists()


def test_the_process_gets_variables_that_this_one_does_not_have(
    project_root: Path, runs: Path
) -> None:
    before = dict(os.environ)
    run = launch.start(
        "taxi",
        root=project_root,
        runs=runs,
        command=[sys.executable, "-c", "import os; print(os.environ['ONLY_THERE'])"],
        environment={"ONLY_THERE": "yes"},
    )
    run.process.wait()
    filtered_log.complete(run.log)
    assert run.log.read_text() == "yes\n" and dict(os.environ) == before


def test_a_command_that_is_not_there_leaves_no_run_folder(project_root: Path, runs: Path) -> None:
    with pytest.raises(RunError, match="could not be started: No such file"):
        launch.start("taxi", root=project_root, runs=runs, command=["/no/such/python"])
    assert not runs.exists()


@pytest.mark.parametrize(
    "raised", [DataError("data/taxi/a.csv is empty"), KeyboardInterrupt(), ValueError("a bug")]
)
def test_what_ends_the_preparation_ends_the_process_too(
    project_root: Path,
    runs: Path,
    preflight: types.ModuleType,
    tmp_path: Path,
    raised: BaseException,
) -> None:
    number = tmp_path / "number"
    code = f"import os, time; open({str(number)!r}, 'w').write(str(os.getpid())); time.sleep(600)"

    def check(*_: object) -> None:
        wait_for(lambda: number.exists() and number.read_text() != "")
        raise raised

    preflight.check = check  # type: ignore[attr-defined]
    command = [sys.executable, "-c", code]
    with pytest.raises(type(raised)):
        launch.start("taxi", root=project_root, runs=runs, command=command)
    assert gone(int(number.read_text())) and not runs.exists()


def test_the_process_prepares_itself_while_the_data_is_looked_at(
    project_root: Path, runs: Path, preflight: types.ModuleType, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    code = f"open({str(ready)!r}, 'w').close(); import time; time.sleep(600)"
    preflight.check = lambda *_: wait_for(ready.exists)  # type: ignore[attr-defined]
    command = [sys.executable, "-c", code]
    run = launch.start("taxi", root=project_root, runs=runs, command=command)
    os.killpg(run.process.pid, signal.SIGKILL)
    run.process.wait()


def test_code_that_changes_while_the_data_is_looked_at_is_recorded_as_it_was(
    begin: Callable[..., launch.Run], project_root: Path, preflight: types.ModuleType
) -> None:
    file = project_root / "models" / "taxi" / "model.py"
    file.write_text("before = True")
    before = provenance.code("taxi", project_root).files

    def edit(*_: object) -> None:
        file.write_text("before = False")

    preflight.check = edit  # type: ignore[attr-defined]
    run = begin("pushed")
    assert before and run_record.read(run.record.id, run.runs).code.files == before
    launch.follow(run, Witness())


@pytest.mark.slow
def test_a_second_run_of_a_model_is_refused_and_told_of_the_first(
    begin: Callable[..., launch.Run], runs: Path
) -> None:
    first = begin("slow")
    wait_for(lambda: in_transform(first.refresh()))
    with pytest.raises(RunError) as caught:
        begin("pushed")
    assert caught.value.headline == f"Another run of 'taxi' is going: {first.record.id}"
    assert f"process {first.process.pid}, has run for" in caught.value.detail
    assert f"kill -INT {first.process.pid}" in caught.value.remedy
    assert len(list(runs.glob("taxi-*"))) == 1
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait()
    assert launch.follow(begin("pushed"), Witness()).status == "pushed"


@pytest.mark.slow
def test_another_model_may_run_meanwhile(
    begin: Callable[..., launch.Run], runs: Path, project_root: Path
) -> None:
    begin("slow")
    (runs / "other.lock").touch()
    shutil.copytree(project_root / "models" / "taxi", project_root / "models" / "other")
    run = launch.start("other", root=project_root, runs=runs, command=COMMAND)
    os.killpg(run.process.pid, signal.SIGKILL)
    run.process.wait()


@pytest.mark.slow
def test_a_run_that_was_killed_is_gone_on_with(
    begin: Callable[..., launch.Run], project_root: Path, runs: Path
) -> None:
    killed = launch.follow(begin("killed", "training.epochs=2"), Witness())
    run = launch.start("taxi", resume=True, root=project_root, runs=runs, command=COMMAND)
    launch.follow(run, Witness())
    assert run.record.id != killed.id and run.record.resumed == killed.id
    assert run.record.overrides == ["training.epochs=2"]
    assert run.record.config.training.epochs == 2


CONFIG = (REPOSITORY / "models" / "taxi" / "config.yaml").read_text(encoding="utf-8")
UNUSABLE: dict[str, str | bytes] = {
    "not YAML": "data: [",
    "empty": "",
    "a list": "- data\n",
    "not UTF-8": b"data: \xff\xfe",
    "a key that stands twice": f"{CONFIG}\nlabel: fare\nlabel: tips\n",
    "an unknown key": f"{CONFIG}\nsurprise: 1\n",
    "a wrong type": CONFIG.replace("epochs: ", "epochs: many # "),
    "no keys where the run set one": CONFIG.replace("training:\n", "training: 3\nunused:\n"),
    "no label": CONFIG.replace("\nlabel:", "\nlabels:"),
    "a bound that nothing meets": CONFIG.replace("at_most: 1.25", "at_most: 0.5"),
    "a folder": "",
    "not there": "",
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_run_goes_on_with_its_own_config_whatever_the_file_has_become(
    project_root: Path, runs: Path, kind: str
) -> None:
    path = project_root / "models" / "taxi" / "config.yaml"
    last = failed_run(project_root, runs, "training.epochs=2")
    path.unlink()
    if kind == "a folder":
        path.mkdir()
    elif kind != "not there":
        content = UNUSABLE[kind]
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError):
        launch.start("taxi", root=project_root, runs=runs, command=["true"])
    run = launch.start("taxi", resume=True, root=project_root, runs=runs, command=["true"])
    run.process.wait()
    assert run.record.resumed == last.id and run.record.config == last.config
    [notice] = run.notices
    assert "config.yaml" in notice and f"keeps the config of {last.id}" in notice


def test_what_is_told_of_the_data_is_told_first(
    project_root: Path, runs: Path, preflight: types.ModuleType
) -> None:
    summary = SimpleNamespace(notices=("of the splits",))
    preflight.check = lambda *_: summary  # type: ignore[attr-defined]
    preflight.notices = lambda *_: ["of the columns"]  # type: ignore[attr-defined]
    run = launch.start("taxi", root=project_root, runs=runs, command=["true"])
    run.process.wait()
    assert list(run.notices) == ["of the splits", "of the columns"]


def test_what_is_checked_beforehand_is_the_config_that_is_gone_on_with(
    project_root: Path, runs: Path, preflight: types.ModuleType
) -> None:
    checked: list[ModelConfig] = []
    preflight.check = lambda model, config, root: checked.append(config)  # type: ignore[attr-defined]
    last = failed_run(project_root, runs)
    path = project_root / "models" / "taxi" / "config.yaml"
    path.write_text(CONFIG.replace("path: ", "path: gone/"))
    assert loading.load("taxi", root=project_root).data.path.startswith("gone/")
    launch.start("taxi", resume=True, root=project_root, runs=runs, command=["true"]).process.wait()
    assert checked == [last.config]


@pytest.mark.parametrize("model", ["taix", "no such", "../taxi"])
def test_a_model_that_is_not_there_is_not_gone_on_with(
    project_root: Path, runs: Path, model: str
) -> None:
    failed_run(project_root, runs)
    with pytest.raises(ConfigError, match=r"did you mean 'taxi'|not a model's name"):
        launch.start(model, resume=True, root=project_root, runs=runs, command=["true"])


def test_a_model_whose_folder_is_gone_is_not_gone_on_with(project_root: Path, runs: Path) -> None:
    failed_run(project_root, runs)
    shutil.rmtree(project_root / "models" / "taxi")
    with pytest.raises(ConfigError, match="There is no model 'taxi'"):
        launch.start("taxi", resume=True, root=project_root, runs=runs, command=["true"])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_command_line_interrupts_the_run(runs: Path, number: int) -> None:
    command = start_command_line(runs, "slow")
    wait_for(lambda: '"Transform",\n      "status": "running"' in record_text(runs))
    command.send_signal(number)
    output, errors = command.communicate(timeout=30)
    assert command.returncode == 130
    assert "Interrupted, so nothing was pushed" in output and not errors
    assert json.loads(record_text(runs))["status"] == "interrupted"


@pytest.mark.slow
def test_when_the_command_line_is_killed_the_run_does_not_go_on(runs: Path) -> None:
    command = start_command_line(runs, "slow")
    wait_for(lambda: '"Transform",\n      "status": "running"' in record_text(runs))
    child = json.loads(record_text(runs))["process"]
    command.kill()
    command.wait()
    wait_for(lambda: gone(child))


@pytest.mark.slow
def test_a_run_goes_on_when_its_reader_has_gone(runs: Path) -> None:
    command = start_command_line(runs, "pushed")
    assert command.stdout is not None
    command.stdout.close()
    command.stdout = None
    assert command.wait(timeout=30) == 0
    assert json.loads(record_text(runs))["status"] == "pushed"


def failed_run(root: Path, runs: Path, *overrides: str) -> RunRecord:
    """The record of a run that failed in its Trainer."""
    record = finished("failed")
    record.overrides = list(overrides)
    record.config = loading.load("taxi", overrides, root)
    record.code = provenance.code("taxi", root)
    run_record.write(record, runs)
    return record


def interrupt_once(condition: Callable[[RunRecord], bool]) -> Callable[[RunRecord], None]:
    pressed = False

    def act(record: RunRecord) -> None:
        nonlocal pressed
        if not pressed and condition(record):
            pressed = True
            raise KeyboardInterrupt

    return act


def heed_signals() -> None:
    """Undoes what a background job or `nohup` has this process ignore, for its child."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def start_command_line(runs: Path, story: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(TESTS / "pipeline" / "fake_cli.py"), "run", "taxi"],
        env={**os.environ, "FAKE_STORY": story},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_signals,
    )


def record_text(runs: Path) -> str:
    return "".join(path.read_text() for path in runs.glob("*/run.json"))


FAULTS = {
    "killed at the start": ("failed", 1),
    "killed": ("failed", 1),
    "killed before the push": ("failed", 1),
    "killed after the push": ("pushed", 0),
    "leaves with 2": ("failed", 1),
    "silent": ("failed", 1),
    "mistake": ("failed", 2),
    "stopped": ("stopped", 4),
    "not_blessed": ("not_blessed", 3),
}
"""What befalls a run's process, the status that its record has then, and the exit status."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_status_in_the_record_and_as_exit_status(
    begin: Callable[..., launch.Run], fault: str
) -> None:
    run = begin(fault)
    record = launch.follow(run, Witness())
    assert record == run_record.read(record.id, run.runs)
    assert (record.status, run.exit_status) == FAULTS[fault]
    assert not [path.name for path in run.folder.glob(".*")]


@pytest.mark.slow
def test_an_end_that_the_disk_does_not_take_is_told_all_the_same(
    begin: Callable[..., launch.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(record: RunRecord, runs: Path) -> None:
        raise RunError("run.json cannot be written: the disk is full")

    run, witness = begin("killed"), Witness()
    monkeypatch.setattr(run_record, "write", full)
    assert launch.follow(run, witness).status == "failed" and run.exit_status == 1
    assert "The run's end is not in its record. run.json cannot be written" in witness.notices[0]


COMMAND_LINE = """
import sys, types
module = types.ModuleType("pipeline.config.preflight")
module.check = lambda *_: None
module.notices = lambda *_: []
sys.modules["pipeline.config.preflight"] = module
from pathlib import Path
from pipeline.cli import main
from pipeline.config import project
from pipeline.local import launch
project.ROOT, project.RUNS = Path(sys.argv[1]), Path(sys.argv[2])
launch.COMMAND = sys.argv[3:]
main.main(["run", "taxi"])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "moment"),
    [
        ("SIGTERM", "at the start"),
        ("SIGKILL", "at the start"),
        ("SIGINT", "in a node"),
        ("SIGHUP", "in a node"),
        ("SIGKILL", "in a node"),
    ],
)
def test_a_command_line_that_is_asked_to_end_or_killed_leaves_an_interrupted_run(
    project_root: Path, runs: Path, monkeypatch: pytest.MonkeyPatch, number: str, moment: str
) -> None:
    monkeypatch.setenv("FAKE_STORY", "slow")
    monkeypatch.setenv("FAKE_SECONDS", "0.5" if moment == "at the start" else "0")
    started = subprocess.Popen(
        [sys.executable, "-c", COMMAND_LINE, str(project_root), str(runs), *COMMAND],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def there() -> RunRecord | None:
        found = [one for one in run_record.of_model("taxi", runs) if one.process != started.pid]
        return found[0] if found else None

    def reached() -> bool:
        record = there()
        return record is not None and (moment == "at the start" or in_transform(record))

    wait_for(reached, 60)
    started.send_signal(signal.Signals[number])
    status = started.wait(60)
    assert status == (-signal.SIGKILL if number == "SIGKILL" else 130)
    wait_for(lambda: run_record.read(str(there() and there().id), runs).status != "running")  # type: ignore[union-attr]
    [record] = run_record.of_model("taxi", runs)
    assert record.status == "interrupted" and record.process is None


def test_a_run_goes_as_far_as_a_node(project_root: Path, runs: Path) -> None:
    run = launch.start("taxi", to="Transform", root=project_root, runs=runs, command=["true"])
    run.process.wait()
    names = [node.name for node in run.record.nodes]
    assert names[-1] == "Transform" and "Tuner" not in names
    assert run.record.to == "Transform" and run.record.command.endswith("taxi --to Transform")
