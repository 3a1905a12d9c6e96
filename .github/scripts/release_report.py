"""The report on a model's release: its run's record, and what has become of the version.

    python3 release_report.py read     outputs `report`: a JSON object in one line
    python3 release_report.py tell     on the workflow's page, and in a comment on the commit

`read` asks the bucket, and needs the pipeline's packages; `tell` takes its output in REPORT, and
production's OUTCOME and VERSION. Either step is well whatever it finds, as a release does not
depend on what is said of it.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import commands
from quality_report import OUTCOMES

from pipeline.delivery import names

_MOST = 40
"""Rows of the table."""
_NOT_PLAIN = re.compile(r"[^\w .,:;=%+()'-]")
_LONGEST = 300


def main() -> None:
    """Does what the argument names."""
    {"read": read, "tell": tell}[sys.argv[1]]()


def read() -> None:
    """Reads the record of the model's job, and outputs what of it the report says."""
    model, bucket = commands.setting("MODEL"), commands.setting("BUCKET")
    job = os.environ.get("JOB") or f"{names.service(model)}-{commands.setting('RUN')}"
    try:
        found = summarized(record(bucket, job), bucket, job)
    except Exception as error:  # Of the login, the bucket, or what the record holds.
        commands.warn(f"The record of {job} cannot be read: {type(error).__name__}: {error}")
        found = {}
    commands.output("report", json.dumps(found))


def record(bucket: str, job: str) -> dict[str, Any]:
    """The job's `run.json`.

    Raises:
        Exception: There is none, or it cannot be read.
    """
    from google.cloud import storage

    blob = storage.Client(project="-").bucket(bucket).blob(f"runs/{job}/run.json")
    content = json.loads(blob.download_as_bytes(timeout=30))
    if not isinstance(content, dict):
        raise ValueError("run.json is not a JSON object")
    return content


def summarized(run: dict[str, Any], bucket: str, job: str) -> dict[str, Any]:
    """What the report says of a run.

    Args:
        run: Its record.
        bucket: The bucket's name.
        job: The run's id.
    """
    dashboard = os.environ.get("DASHBOARD_URL", "").rstrip("/")
    cloud, baseline, failure = (run.get(key) or {} for key in ("cloud", "baseline", "failure"))
    return {
        "verdict": _label(run.get("status")),
        "failure": failure.get("headline", ""),
        "report": f"https://storage.cloud.google.com/{bucket}/runs/{quote(job)}/report.html",
        "dashboard": f"{dashboard}/runs/{quote(job)}" if dashboard else "",
        "job": cloud.get("page") or "",
        "cost": cloud.get("cost"),
        "pushed": run.get("pushed_version"),
        "production": baseline.get("version"),
        "metrics": [
            [row["metric"], row["slice"], row.get("baseline"), row["value"]]
            for row in run.get("metrics", ())
            if _is_number(row.get("value"))
        ][:_MOST],
        "refusals": [
            f"{one['metric']} of {one['slice']}: {one['value']}, expected {one['bound']}"
            for one in run.get("refusals", ())
        ][:_MOST],
    }


def _label(status: Any) -> str:
    for name, words in json.loads(OUTCOMES.read_text(encoding="utf-8")).items():
        if status in (name, *words.get("former", ())):
            return str(words["label"])
    return "no result"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def tell() -> None:
    """Writes the summary and the comment."""
    found = json.loads(os.environ.get("REPORT") or "{}")
    text = report(commands.setting("MODEL"), found, deployed())
    commands.summary(text)
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder, "comment.md")
        body.write_text(commands.HIDE.text(text), encoding="utf-8")
        repository, commit = commands.setting("GITHUB_REPOSITORY"), commands.setting("COMMIT")
        address = f"repos/{repository}/commits/{commit}/comments"
        done = commands.attempt("gh", "api", "-X", "POST", address, "-F", f"body=@{body}")
    if done.returncode:
        commands.warn("The commit has no comment of how the release ended: see the summary.")


def deployed() -> str:
    """What has become of the version in production, as a sentence."""
    outcome, version = os.environ.get("OUTCOME", ""), os.environ.get("VERSION", "")
    if outcome == "promoted":
        return f"Version {version} serves production."
    if outcome == "canary":
        return f"Version {version} is a canary in production, and is watched."
    if version:
        return f"Version {version} was staged; production serves what it served before."
    return "Nothing was deployed; production serves what it served before."


def report(model: str, found: dict, ending: str) -> str:
    """The report, as Markdown.

    Args:
        model: The model's name.
        found: What run_report.py has output; empty where the run has left no record.
        ending: What has become of the version in production.
    """
    lines = [f"### {_plain(model)}: {_plain(found.get('verdict', 'no record'))}", "", ending]
    if found.get("failure"):
        lines += ["", f"It failed: {_plain(found['failure'])}"]
    places = {"Report": "report", "Dashboard": "dashboard", "Job": "job"}
    links = [f"[{name}](<{found[key]}>)" for name, key in places.items() if found.get(key)]
    if links:
        lines += ["", " · ".join(links)]
    if found.get("cost") is not None:
        lines += ["", f"The tasks' machines cost {found['cost']:.2f}."]
    lines += [*_table(found), *(f"- {_plain(one)}" for one in found.get("refusals", ()))]
    return "\n".join([*lines, ""])


def _table(found: dict) -> list[str]:
    rows = found.get("metrics", ())
    if not rows:
        return []
    version = found.get("production")
    before = f"In production ({_plain(version)})" if version else "In production"
    lines = [
        "",
        f"| Metric | Slice | {before} | This run | Difference |",
        "|---|---|---:|---:|---:|",
    ]
    for metric, part, old, value in rows:
        shown = "" if old is None else f"{old:.4f}"
        difference = "" if old is None else f"{value - old:+.4f}"
        name, of = _plain(metric), _plain(part)
        lines.append(f"| {name} | {of} | {shown} | {value:.4f} | {difference} |")
    if all(old is None for _, _, old, _ in rows):
        lines += ["", "There was no model in production to compare with."]
    return [*lines, ""]


def _plain(text: object) -> str:
    """A text that means nothing to Markdown."""
    return _NOT_PLAIN.sub("?", str(text))[:_LONGEST]


if __name__ == "__main__":
    main()
