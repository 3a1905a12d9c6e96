"""Compiles a model's pipeline, uploads what it needs, and submits it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from components import tables
from models.common.errors import ConfigError, DataError, ProjectError
from pipeline.cloud import cron, job, platforms, targets
from pipeline.cloud.platforms.base import UNKNOWN, Platform
from pipeline.cloud.submission import uploads
from pipeline.config import loading, model_files, preflight, project
from pipeline.config.model_config import ModelConfig
from pipeline.delivery import names
from pipeline.record import provenance, run_record

if TYPE_CHECKING:
    from components.code_bundle import Bundle


@dataclass(frozen=True)
class Submitted:
    """What a submission did."""

    name: str
    where: str
    """A page that shows it, or its id."""
    uploaded: list[str]
    """Addresses; what was there already is not among them."""
    notes: Sequence[str] = ()
    """What else a person has to know."""


@dataclass(frozen=True)
class Options:
    """What a submission may be told on the command line."""

    image: str | None = None
    run: str | None = None
    """The end of the job's name; None: the time."""
    cron: str | None = None
    cached: bool = True
    settings: Sequence[str] = ()


def submit(model: str, target: str, options: Options, root: Path = project.ROOT) -> Submitted:
    """Submits a model's pipeline.

    What takes longer is done later: the command line and the configuration are looked at first,
    then the platform is asked whether it is there and would take it; only then it is compiled,
    its files are uploaded, and it is submitted.

    Args:
        model: The model's name.
        target: The section of `targets.yaml`.
        options: What else was asked for.
        root: The project's root.

    Raises:
        ProjectError: The configuration or the model's code is not usable, or the bucket or the
            platform cannot be reached or believed.
    """
    name = _name(model, target, options)
    _check_names(model, root)
    loaded = loading.load(model, options.settings, root)
    platform = targets.load(target, model, loaded, options.image, root)
    platform.check_ready(name, model, scheduled=options.cron is not None)
    preflight.check_folder(model, loaded, root)
    target_platform = platform
    platform, data_hash, data = _data(loaded, target_platform, root)
    from pipeline.cloud import compile  # It imports TFX.

    with tempfile.TemporaryDirectory() as folder:
        specification = Path(folder, f"{name}{platform.specification_suffix}")
        bundles = compile.compile_to(
            specification, model, loaded, platform, data_hash, options.settings
        )
        code = {bundle.name: bundle.content for bundle in bundles.values()}
        uploaded = uploads.put(platform.modules, code)
        if data and platform.data:
            content = {path: (root / path).read_bytes() for path in data}
            if _data(loaded, target_platform, root) != (platform, data_hash, data):
                raise DataError(
                    f"{loaded.data.path} changed while it was read",
                    "Expected: the files that the address in the bucket has the hash of.",
                    "Submit again when nothing writes to the data.",
                )
            uploaded += uploads.put(platform.data, content)
        prepared = job.Job(
            name=name,
            model=model,
            specification=specification,
            labels=_labels(model, data_hash, root),
            image=str(platform.image),
            cached=options.cached,
            cron=options.cron,
        )
        accepted = platform.submit(prepared)
        notes = [*accepted.notes, *_begin_record(platform, bundles[compile.PLAN], accepted.run)]
    return Submitted(name, accepted.where, uploaded, notes)


def _begin_record(platform: Platform, plan: Bundle, run: str | None) -> list[str]:
    """Puts the record of a run that has been submitted into the bucket, and says where.

    The run goes on whatever comes of it, and its end writes the record in any case.
    """
    from pipeline.cloud.recording import account, exit_handler
    from pipeline.cloud.recording import plan as plans

    if run is None:
        return [f"Its runs' records will be in {platform.runs}."]
    known = plans.unpacked(plan.content)
    place = f"{platform.runs}/{account.run_id(known.model, run)}"
    try:
        uploads.put(platform.runs, exit_handler.begin(known, run, run_record.now()))
    except ProjectError as error:
        return [f"Its record will be in {place} when it has ended: {error.headline}."]
    return [f"Its record is in {place}."]


def _name(model: str, target: str, options: Options) -> str:
    """The name of the job, or of the schedule; refuses what no platform would take."""
    if options.cron is None:
        return job.name(model, options.run or f"{datetime.now(timezone.utc):%Y%m%d%H%M%S}")
    if options.run is not None:
        raise ConfigError(
            "--cron goes without --run",
            f"Received: --run {options.run}, the end of one run's name. A model has one schedule, "
            "named as the model, whose runs the platform names.",
            "Leave --run out.",
        )
    kind = platforms.find(target)
    cron.check(options.cron, kind.cron_rules, kind.title)
    return job.name(model, None)


def _check_names(model: str, root: Path) -> None:
    """Refuses a model that another would be taken for, once it is a job."""
    called = names.service(model)
    others = [one for one in project.model_names(root) if names.service(one) == called]
    if set(others) - {model}:
        raise ConfigError(
            f"Several models would be called '{called}' as jobs",
            f"Received: {', '.join(f'models/{one}' for one in others)}.",
            "Rename all but one of them.",
        )


def _data(
    loaded: ModelConfig, platform: Platform, root: Path
) -> tuple[Platform, str | None, list[str]]:
    """The platform with the folder of exactly this data, the data's hash, and its local files.

    Data that is in the project is uploaded under its hash, so that a run reads what it was
    submitted with, whatever is submitted later. Other data stays where `targets.yaml` says.
    """
    if model_files.is_remote(loaded.data):
        return platform, None, []
    source = model_files.table_source(loaded, root)
    try:
        files = tables.resolve(source)
    except DataError:
        return platform, None, []
    data_hash = folder = tables.content_hash(source)
    if loaded.batch_prediction and model_files.is_in_project(loaded.batch_prediction):
        rows = model_files.source_of(loaded.batch_prediction, root)
        files += tables.resolve(rows)
        # Other rows to predict for are other files in another folder, yet no other training data.
        folder = f"{data_hash}-{tables.content_hash(rows)}"
    named = platform.model_copy(update={"data": f"{platform.data}/{folder}"})
    return named, data_hash, [Path(path).relative_to(root).as_posix() for path in files]


def _labels(model: str, data_hash: str | None, root: Path) -> dict[str, str]:
    code = provenance.code(model, root)
    here = f"{code.commit or UNKNOWN}{'-dirty' if code.dirty else ''}"
    commit = os.environ.get(provenance.COMMIT) or here
    labels = {"commit": commit, "model": model, "data": data_hash or UNKNOWN}
    return {key: job.label(value) for key, value in labels.items()}
