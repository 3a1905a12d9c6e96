"""A project whose tiny model was pushed, as far as what its run has left: made without TFX."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.content import artifact
from pipeline import nodes
from pipeline.config import loading
from pipeline.local.unchanged import repeat, repetition
from pipeline.local.unchanged.repeat import Basis
from pipeline.local.unchanged.repetition import Repetition
from pipeline.record import run_details, run_record
from pipeline.record.run_details import Curve, RunDetails
from pipeline.record.run_record import Dataset, RunRecord, SliceMetric
from pipeline.show.report import drawings
from tests.e2e.project_copy import copy_with_tiny

TOLD = ["Spans read: 1."]


@dataclass(frozen=True)
class Pushed:
    """A project after a run."""

    root: Path
    run: str
    known: Basis
    """What the run depended on."""

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def version(self) -> Path:
        return self.root / "serving_models" / "tiny" / "17"

    def basis(self, *overrides: str) -> Basis:
        config = loading.load("tiny", overrides, self.root)
        return Basis.of("tiny", config, self.root, self.runs)

    def next_record(self, *overrides: str) -> RunRecord:
        config = loading.load("tiny", overrides, self.root)
        return run_record.new("tiny", config, overrides, self.root)

    def found(self, *overrides: str) -> Repetition | None:
        """What a run would record that starts now."""
        return repeat.find(self.next_record(*overrides), self.basis(*overrides))


@pytest.fixture(scope="session")
def never_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model and the project's code."""
    return copy_with_tiny(tmp_path_factory.mktemp("unchanged")).root


@pytest.fixture
def project(never_run: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    return _copied(never_run, tmp_path, "pipeline", "components", "models", "data/tiny")


@pytest.fixture
def models_alone(never_run: Path, tmp_path: Path) -> Path:
    """The same without the code that runs pipelines, which takes a while to look through."""
    return _copied(never_run, tmp_path, "models", "data/tiny")


def _copied(never_run: Path, folder: Path, *names: str) -> Path:
    root = folder / "project"
    for name in names:
        # Links cost a tenth of copies; who edits a file replaces it.
        shutil.copytree(never_run / name, root / name, copy_function=_link)
    (root / "uv.lock").write_text("version = 1\n")
    return root


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


@pytest.fixture
def write() -> Callable[[Path, bytes], None]:
    """Writes a file anew, and no other link to it."""

    def write_anew(path: Path, content: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(content)

    return write_anew


@pytest.fixture
def pushed(models_alone: Path) -> Pushed:
    """The project after a run."""
    project = models_alone
    config = loading.load("tiny", root=project)
    record = run_record.new("tiny", config, root=project)
    done = Pushed(project, record.id, Basis.of("tiny", config, project, project / "runs"))
    for folder in ("assets", "variables"):
        (done.version / folder).mkdir(parents=True)
    (done.version / "saved_model.pb").write_bytes(b"graph")
    (done.version / "variables" / "data").write_bytes(b"weights")
    for node in record.nodes:
        node.status, node.seconds, node.why = "done", 1.5, "first run"
    record.number, record.metrics = 1, [SliceMetric(metric="AUC", slice="overall", value=0.9)]
    record.blessed, record.pushed_version, record.pushed_to = True, 17, str(done.version)
    record.data = Dataset(path="data/tiny/rows.parquet", hash="1f")
    record.complete()
    run_record.write(record, done.runs)
    curve = Curve(metric="loss", split="train", values=[0.5])
    details = RunDetails(run=record.id, curves=[curve])
    run_details.write(details, done.runs)
    (done.runs / "tiny").mkdir()
    (done.runs / "tiny" / repeat.DATABASE).write_bytes(b"executions")
    following = record.model_copy(update={"id": "tiny-20260101-000000-0000"})
    repetition.write(
        Repetition(
            run=record.id,
            artifacts={
                str(folder): artifact.seal(str(folder)) for folder in artifacts_of(done.runs)
            },
            version=artifact.described(str(done.version)),
            record=following,
            details=details.model_copy(update={"run": following.id}),
            charts={f"curve {drawings._hash([curve])}": "<svg>loss</svg>"},
        ),
        done.runs,
    )
    done.known.confirm(record.id, TOLD)
    return done


def artifacts_of(runs: Path) -> Iterator[Path]:
    for node, output in ((nodes.TRAINER, "model"), (nodes.EVALUATOR, "evaluation")):
        folder = runs / "tiny" / node / output / "7"
        folder.mkdir(parents=True)
        (folder / "content").write_text(f"of {node}")
        yield folder
