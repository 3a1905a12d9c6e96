"""`runs/<run id>/run.json`: what one run was, how far it came, and how it ended.

The process that runs the pipeline writes it, whole, at every change; the command line's live view,
`python -m pipeline runs`, and every later reader take what they show from this file alone.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict

from models.common.errors import ModelCodeError, ProjectError, RunError
from models.common.files import regular_file
from pipeline import nodes
from pipeline.config import project
from pipeline.config.model_config import ModelConfig
from pipeline.record import clock, process, redaction, run_folder
from pipeline.record.atomic_file import write_whole

VERSION: Literal[1] = 1

RunStatus = Literal[
    "running", "pushed", "not_blessed", "partial", "stopped", "failed", "interrupted"
]
UnfinishedStatus = Literal["stopped", "failed", "interrupted"]
"""How a run ends that does not run all of its nodes."""
FORMER_STATUSES: dict[str, RunStatus] = {"refused": "not_blessed"}
"""What earlier versions called a status; their records are read as if they had the present name."""
NodeStatus = Literal["queued", "running", "done", "cached", "failed"]

EXIT_CODES: dict[RunStatus, int] = {
    "pushed": 0,
    "partial": 0,
    "failed": 1,
    "not_blessed": 3,
    "stopped": 4,
    "interrupted": 130,
}
"""The exit status of `python -m pipeline run`, and of all else that runs a pipeline here; that of a
mistake found before any node ran is `errors.MISTAKE`."""


OVERALL = "overall"
"""The slice of all rows of the test split."""
FIRST_RUN = "first run"
"""Why a node ran that never had before."""


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, use_attribute_docstrings=True
    )


class Node(_Part):
    """One node of the pipeline in this run."""

    name: str
    status: NodeStatus = "queued"
    why: str | None = None
    """Why it was run, such as `models/taxi/model.py changed`; None where the cache had its
    result."""
    started: datetime | None = None
    seconds: float | None = None
    upstream: list[str] = []
    """The nodes whose end this one waits for."""


class Anomaly(_Part):
    """One way in which the data differs from what the schema or the config expects."""

    feature: str
    split: str
    severity: Literal["error", "warning", "note"]
    """A note is of what examples do not hold exactly, and stops no run."""
    headline: str
    detail: str


class SliceMetric(_Part):
    """One metric of one slice of the test split."""

    metric: str
    slice: str
    """`overall`, or `feature=value` pairs joined by `, `, in order of the features' names."""
    features: list[str] = []
    """The features whose values name the slice; empty for `overall`, and in older records."""
    value: float | None
    """None where the metric is not defined on the slice (NaN)."""
    at_least: float | None = None
    at_most: float | None = None
    low: float | None = None
    """The lower end of the 95 % confidence interval, where TFMA gives one."""
    high: float | None = None
    """Its upper end."""
    baseline: float | None = None
    """The latest blessed model's value on the same rows."""
    yardstick: float | None = None
    """The value of gradient boosting on the same rows."""
    naive: float | None = None
    """What the best answer that is the same for all rows of the test split reaches here; None where
    that is not known of the metric."""


class Refusal(_Part):
    """One reason why a model was not blessed."""

    metric: str
    slice: str
    value: float | None
    bound: str
    """Such as `at least 0.9`."""


class RunWarning(_Part):
    """Something that did not stop a run and that a person should know beside its verdict."""

    node: str
    """The node that found it."""
    headline: str
    detail: str = ""


class Baseline(_Part):
    """The model that a candidate was to be compared with."""

    model: str
    """Where the latest blessed model is."""
    version: str | None = None
    """The version as which it was pushed; None where that is not known."""
    reason: str | None = None
    """Why the candidate was judged without it, as the end of a sentence that begins with the model;
    None: it was compared."""


class Yardstick(_Part):
    """Gradient boosting on the rows and columns that the network was trained on."""

    verdict: str = ""
    """Whether the network is worth its place, in words."""
    failure: str | None = None
    """Why there is none; None: there is."""
    task: str = ""
    """What it predicts: `binary`, `classes`, `one-hot`, `labels`, `number` or `numbers`."""
    trees: int = 0
    """Iterations of boosting."""
    columns: int = 0
    """Columns that it uses."""
    left_out: dict[str, str] = {}
    """Columns that the network reads and it does not, with the reason."""
    notes: dict[str, str] = {}
    """How it uses columns of text that are no categories."""
    rows: dict[str, int] = {}
    """Rows of each split that it is fitted to and judged on, at random where there are more."""
    of: dict[str, int] = {}
    """Rows that these splits have."""
    values: dict[str, dict[str, float | None]] = {}
    """By metric and slice; None where it is not defined. `metrics` has them beside the others."""
    noise: dict[str, float | None] = {}
    """By metric half the width of the 95 % interval of its value on all rows; None: not known."""
    not_computed: dict[str, str] = {}
    """Metrics that cannot be computed of its predictions, with the reason."""
    seconds: float = 0.0
    """How long it took; it may have been in an earlier run."""


class Code(_Part):
    """The code that the run used."""

    commit: str | None = None
    """Git's full commit hash; None outside of a git repository."""
    dirty: bool = False
    """Whether files that git follows differ from the commit, or models/ has files new to git."""
    files: dict[str, str] = {}
    """SHA-256 of each file of the model's folder and of models/common, by path; the files of the
    model's folder are copied to `code/` in the run folder."""


class Dataset(_Part):
    """The data that the run read."""

    path: str
    hash: str | None = None
    """The hash of the data's content, as ExampleGen saw it."""
    spans: str | None = None
    """The spans that were read; None where the path has no placeholder of them."""
    schema_hash: str | None = None
    """The hash of the schema that the data was judged by."""
    columns: int | None = None


class TrainedModel(_Part):
    """The network that was trained."""

    type: str
    """The Keras class, such as `Functional`."""
    parameters: int
    bytes: int
    """Size of the exported SavedModel on disk."""
    classes: list[str] = []
    """The names of a text label's classes, the first of which is 0; empty where it is a number."""


class Failure(_Part):
    """Why a run failed."""

    node: str | None
    headline: str
    detail: str = ""
    remedy: str = ""

    @classmethod
    def of(cls, error: ProjectError, node: str | None = None) -> Failure:
        """What an error says, about the node that raised it."""
        remedy = error.remedy
        if isinstance(error, ModelCodeError) and error.__cause__ is not None:
            # Only here is there a log: the same is told of what is found before a run starts.
            remedy = f"{remedy} The full traceback is in the run's log."
        return cls(node=node, headline=error.headline, detail=error.detail, remedy=remedy)


class Cloud(_Part):
    """Where in the cloud a run was."""

    platform: str
    """The section of `targets.yaml`."""
    job: str = ""
    """What the platform calls the run."""
    page: str | None = None
    """The page of the job in the platform's console."""
    workflow: str | None = None
    """The page of the workflow's run that submitted it; None where a person did."""
    image: str = ""
    """The container image of all tasks."""
    machines: dict[str, str] = {}
    """What each node's container asked for, in words, by node."""
    cost: float | None = None
    """By the target's `prices`, of the tasks that ran, without retries; None where it has none."""
    seen: datetime | None = None
    """When a task last told of itself, while the run goes on."""
    silence_minutes: float | None = None
    """A running run that has not told of itself for so long has died; None: it may be silent."""


class RunRecord(_Part):
    """The content of `run.json`."""

    version: Literal[1] = VERSION
    # Right behind the version: `run_folder` reads it without the rest.
    number: Annotated[int, pydantic.Field(ge=1, lt=10**15)] | None = None
    """The run's place among all runs in the order in which they started, from 1, as the times below
    may be of a clock that was wrong; None in records of earlier versions."""
    id: str
    model: str
    status: RunStatus = "running"
    started: datetime
    finished: datetime | None = None
    process: int | None = None
    """The process that runs the pipeline, while it does."""
    process_start: str | None = None
    """When that process started, as the system counts it: the machine's boot and the clock ticks
    since then. It tells the process from a later one of the same number."""
    overrides: list[str] = []
    resumed: str | None = None
    """The run that this one goes on with."""
    no_cache: list[str] = []
    """The nodes that were to run whatever the cache has, with all that follow from them."""
    to: str | None = None
    """The last node that was to run; None: all of them."""
    verify: bool = False
    """Whether all that came from the cache was read, files that look untouched too."""
    config: Annotated[ModelConfig, pydantic.WithJsonSchema({"type": "object"})]
    """The model's config.yaml as it was then, with defaults and overrides."""
    command: str = ""
    """The command line that makes this run again."""
    code: Code = Code()
    data: Dataset | None = None
    environment: dict[str, str] = {}
    """Versions of Python and of every installed package that matters, and the machine."""
    cloud: Cloud | None = None
    """None for a run on this machine."""
    nodes: list[Node] = []
    rows: dict[str, int] = {}
    """Rows of each split."""
    anomalies: list[Anomaly] = []
    warnings: list[RunWarning] = []
    hyperparameters: dict[str, Any] = {}
    trained: TrainedModel | None = None
    metrics: list[SliceMetric] = []
    baseline: Baseline | None = None
    """None where no bound compares, or no model was blessed before."""
    yardstick: Yardstick | None = None
    """None where the config asks for none, or the run did not come so far."""
    blessed: bool | None = None
    refusals: list[Refusal] = []
    pushed_version: int | None = None
    pushed_to: str | None = None
    pushing: str | None = None
    """The folder that the Pusher was about to make, noted before it is there: of a run that ends in
    between, it says whether the model was pushed."""
    failure: Failure | None = None
    died: bool = False
    """Whether the run's process ended without recording an end, which was then recorded for it."""

    @pydantic.field_validator("status", mode="before")
    @classmethod
    def _present_status(cls, value: Any) -> Any:
        return FORMER_STATUSES.get(value, value) if isinstance(value, str) else value

    @pydantic.field_validator("config", mode="before")
    @classmethod
    def _forget_unknown_keys(cls, value: Any) -> Any:
        """A run that was recorded when the config had other keys stays readable."""
        return _without_unknown_keys(ModelConfig, value) if isinstance(value, dict) else value

    def node(self, name: str) -> Node:
        """The node of this name."""
        return next(node for node in self.nodes if node.name == name)

    def warn(self, node: str, found: Sequence[tuple[str, str]]) -> None:
        """Replaces what a node has warned of, by headlines and details."""
        others = [warning for warning in self.warnings if warning.node != node]
        new = [RunWarning(node=node, headline=what, detail=why) for what, why in found]
        self.warnings = others + new

    @property
    def seconds(self) -> float:
        """How long the run took, or has taken so far."""
        return max(((self.finished or now()) - self.started).total_seconds(), 0.0)

    @property
    def running_node(self) -> str | None:
        """The name of the node that is running, the first of them if there are several."""
        return next((node.name for node in self.nodes if node.status == "running"), None)

    @property
    def reached_nodes(self) -> bool:
        """Whether any node has begun, or came from the cache."""
        return any(node.status != "queued" for node in self.nodes)

    @property
    def is_mistake(self) -> bool:
        """Whether something was found wrong before any node; to go on would only find it again."""
        return self.status == "failed" and not self.reached_nodes and not self.died

    def take_over(self) -> None:
        """Notes that it is this process that runs the pipeline."""
        self.process, self.process_start = os.getpid(), process.start_of(os.getpid())

    def complete(self) -> None:
        """Marks the end of a run of which every node has ended."""
        if self.pushed_version is not None:
            self.finish("pushed")
        elif self.blessed is not False and self.to is not None and not self._has(nodes.PUSHER):
            self.finish("partial")
        else:
            self.finish("not_blessed")

    def finish(self, status: RunStatus) -> None:
        """Marks the end of the run."""
        self.status = status
        self.finished = now()
        self.process = self.process_start = None

    def fail(self, status: UnfinishedStatus, failure: Failure | None = None) -> None:
        """Marks the end of a run that did not run all of its nodes.

        Args:
            status: How it ended.
            failure: Why. The running node that it names failed; others that ran beside it count
                as queued again, as they were fine. By default, as for an interruption, every
                running node failed.
        """
        for node in self.nodes:
            if node.status != "running":
                continue
            if failure is not None and node.name != failure.node:
                node.status, node.started = "queued", None
                continue
            node.status = "failed"
            if node.started is not None:
                node.seconds = max((now() - node.started).total_seconds(), 0.0)
        self.failure = failure
        self.finish(status)

    def break_off(self, status: UnfinishedStatus, failure: Failure | None = None) -> None:
        """Marks the end of a run that ended at whatever moment: by a signal, or a full disk.

        A run whose last node's work was done is one that pushed its model, as the version is there
        and servers take it, whatever came in between that and saying so.

        Args:
            status: How it ended otherwise.
            failure: As `fail` takes it.
        """
        if self.pushed_version is None and self.pushing and Path(self.pushing).is_dir():
            self.pushed_version, self.pushed_to = int(Path(self.pushing).name), self.pushing
        if self.pushed_version is None or self._left(nodes.PUSHER):
            self.fail(status, failure)
            return
        pusher = self.node(nodes.PUSHER)
        if pusher.status == "running":
            pusher.status = "done"
        for node in self.nodes:
            if node.status == "running":  # One that no end of a run depends on.
                node.status = "failed"
                if failure:
                    self.warn(node.name, [(failure.headline, failure.detail)])
        self.finish("pushed")

    def _has(self, name: str) -> bool:
        return any(node.name == name for node in self.nodes)

    def _left(self, name: str) -> bool:
        """Whether another node than this one has not run to its end, on which the run's depends."""
        optional = {spec.name for spec in nodes.NODES if spec.is_optional}
        others = (node for node in self.nodes if node.name not in {name, *optional})
        return any(node.status not in ("done", "cached") for node in others)


@dataclass(frozen=True)
class UnreadableRecord:
    """A run whose record cannot be read."""

    id: str
    error: RunError


def _without_unknown_keys(section: type[BaseModel], tree: dict[str, Any]) -> dict[str, Any]:
    """The tree without keys that the section, or a section in it, does not have."""
    kept = {key: value for key, value in tree.items() if key in section.model_fields}
    for key, value in kept.items():
        inner: Any = section.model_fields[key].annotation
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, BaseModel):
            kept[key] = _without_unknown_keys(inner, value)
    return kept


def now() -> datetime:
    """The current time in UTC, in which no step of the clock shows: see `clock`."""
    return clock.now()


def new(
    model: str,
    config: ModelConfig,
    overrides: Sequence[str] = (),
    root: Path = project.ROOT,
    no_cache: Sequence[str] = (),
    to: str | None = None,
) -> RunRecord:
    """The record of a run that is about to start, in this process until another takes it over."""
    names = nodes.of_model(model, config, root)
    if to is not None:
        needed = nodes.needed_for(to, names)
        names = [name for name in names if name in needed]
    record = RunRecord(
        id=run_folder.new_id(model),
        model=model,
        started=now(),
        overrides=list(overrides),
        no_cache=list(no_cache),
        to=to,
        config=config,
        nodes=[Node(name=name, upstream=nodes.upstream(name, names)) for name in names],
    )
    record.take_over()
    return record


def redactor(record: RunRecord) -> redaction.Redactor:
    """What hides the secrets of the run's config and of the environment."""
    return redaction.redactor(record.config.model_dump(mode="json"), record.overrides)


def write(record: RunRecord, runs: Path = project.RUNS) -> None:
    """Writes `run.json` so that a reader sees the old content or the new, never a part.

    Tokens and passwords are hidden in the file, not in the record. The record of a run that has
    ended takes the space that was kept for it.

    Raises:
        RunError: The run folder cannot be written.
    """
    if record.status != "running":
        with contextlib.suppress(OSError):
            (run_folder.path(record.id, runs) / run_folder.RESERVE).unlink(missing_ok=True)
    tree = redactor(record).tree(json.loads(record.model_dump_json()))
    text = json.dumps(tree, indent=2, ensure_ascii=False)
    write_whole(run_folder.path(record.id, runs) / run_folder.RECORD, text + "\n", private=True)


def read(run_id: str, runs: Path = project.RUNS) -> RunRecord:
    """Reads one run's record.

    Raises:
        RunError: There is no such run, or its record is not readable.
    """
    path = run_folder.path(run_id, runs) / run_folder.RECORD
    try:
        return RunRecord.model_validate_json(regular_file.read(path))
    except FileNotFoundError as error:
        raise RunError(f"There is no run '{run_id}'", f"{path}: {error.strerror}.") from error
    except OSError as error:
        raise RunError(
            f"{path} is not a readable run record",
            f"Received: {error.strerror}.",
            f"Make it readable, or remove the folder {path.parent} if you do not need it.",
        ) from error
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"])) or "the file"
        model = run_folder.model_of(run_id)
        raise RunError(
            f"{path} is not a readable run record",
            f"{key}: {problem['msg']}.",
            f"Set {path.parent} aside: python -m pipeline repair {model} --apply"
            if model
            else f"Remove the folder {path.parent} if you do not need it.",
        ) from error


def latest_first(runs: Path = project.RUNS) -> Iterator[RunRecord | UnreadableRecord]:
    """Every run under the folder, newest first."""
    for run_id in run_folder.latest_first(runs):
        try:
            yield read(run_id, runs)
        except RunError as error:
            yield UnreadableRecord(run_id, error)


def of_model(model: str, runs: Path = project.RUNS) -> Iterator[RunRecord]:
    """The model's runs that can be read, newest first."""
    for record in latest_first(runs):
        if isinstance(record, RunRecord) and record.model == model:
            yield record
