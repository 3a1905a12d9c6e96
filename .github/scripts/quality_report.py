"""Writes a table of each changed model's metrics beside those of the main branch, as Markdown.

    python3 quality_report.py FOLDER

In FOLDER is a folder for each model, with the records `main.json` and `change.json`. All of it may
come from a pull request, so nothing of it is shown but numbers, and names of letters and digits.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

MARK = "<!-- quality-report -->"
"""By this the comment is found again."""
OUTCOMES = Path(__file__).resolve().parents[2] / "pipeline" / "show" / "outcomes.json"
"""The words of a run's status; its file is that of the terminal, the report and the dashboard."""
SIDES = ("main", "change")
_MOST = 50
_LARGEST = 5_000_000
_NOT_IN_A_NAME = re.compile(r"[^\w .,=%+-]")


def main() -> None:
    """Prints the report on the folder."""
    folder = Path(sys.argv[1])
    models = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    print(MARK)
    if not models:
        print("### Quality: no model has changed")
    for model in models[:_MOST]:
        print(report(model, *(read(folder / model / f"{side}.json") for side in SIDES)), end="")


def read(path: Path) -> dict:
    """A run's record; empty where there is none that can be read."""
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def report(model: str, main_run: dict, change: dict) -> str:
    """The report on two runs' records of a model."""
    lines = [f"### Quality of {_name(model)}: {_outcome(change)}", ""]
    before, after = _metrics(main_run), _metrics(change)
    if not after:
        return "\n".join([*lines, "The change's run has no metrics.", ""])
    lines += ["| Metric | Slice | Main | Change | Difference |", "|---|---|---:|---:|---:|"]
    for key, value in after.items():
        old = before.get(key)
        difference = "" if old is None else f"{value - old:+.4f}"
        shown = "" if old is None else f"{old:.4f}"
        lines.append(f"| {key[0]} | {key[1]} | {shown} | {value:.4f} | {difference} |")
    if not before:
        lines += ["", "The main branch's run has no metrics to compare with."]
    return "\n".join([*lines, ""])


def _outcome(record: dict) -> str:
    """How a run ended; one that its record calls running did not come to an end."""
    for status, words in json.loads(OUTCOMES.read_text(encoding="utf-8")).items():
        if status != "running" and record.get("status") in (status, *words.get("former", ())):
            return words["label"]
    return "no result"


def _metrics(record: dict) -> dict[tuple[str, str], float]:
    found = {}
    rows = record.get("metrics")
    for row in rows[:200] if isinstance(rows, list) else []:
        value = row.get("value") if isinstance(row, dict) else None
        if isinstance(value, (int, float)) and math.isfinite(value):
            found[_name(row.get("metric")), _name(row.get("slice"))] = float(value)
    return found


def _name(text: object) -> str:
    return _NOT_IN_A_NAME.sub("?", str(text))[:60]


if __name__ == "__main__":
    main()
