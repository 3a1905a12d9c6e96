"""Reads the record that a model's job has left in the bucket, for the report on its release.

It outputs `report`: a JSON object in one line, empty where there is no record. The step is well
whatever it finds, as a release does not depend on what is said of it.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any
from urllib.parse import quote

import commands
from quality_report import OUTCOMES

from pipeline.delivery import names

_MOST = 40
"""Rows of the table."""


def main() -> None:
    """Reads the record, and outputs what of it the report says."""
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


if __name__ == "__main__":
    main()
