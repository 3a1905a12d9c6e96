"""The report's page, from the run's record and details."""

from __future__ import annotations

import functools
import json
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

from pipeline import nodes
from pipeline.config import project
from pipeline.record.run_details import Plots, RunDetails, WorstRows
from pipeline.record.run_record import Node, RunRecord
from pipeline.show import formatting
from pipeline.show.metric_quality import refused_value
from pipeline.show.report import graph, logged_section
from pipeline.show.report.data_section import data_section
from pipeline.show.report.drawings import Drawings
from pipeline.show.report.metrics_section import overall, slice_tables
from pipeline.show.report.verdict import verdict

_FOLDER = Path(__file__).parent
KNOWN_ANSWERS = "assets.extra/known_answers.json"
"""Where an export has rows with answers, below its folder; `models.common.known_answers`."""


def render(
    record: RunRecord,
    details: RunDetails,
    runs: Path = project.RUNS,
    drawings: Drawings | None = None,
) -> str:
    """The report as HTML. What a run did not come to is left out.

    Args:
        record: The run's record.
        details: Its details; empty where it had not come so far.
        runs: The folder of all runs, which tells whether an unfinished run is alive.
        drawings: Gives the charts; None: all are drawn.
    """
    drawings = drawings or Drawings()
    return _template().render(
        run=record,
        verdict=verdict(record, runs),
        refused_value=refused_value,
        style=Markup((_FOLDER / "style.css").read_text(encoding="utf-8")),
        nodes=[_node_row(record, node) for node in record.nodes],
        graph=graph.draw(record),
        overall=overall(record),
        slices=slice_tables(record),
        plots=_plots(details.plots, drawings),
        plot_rows=details.plots.rows,
        mistakes=details.plots.mistakes,
        worst=_worst(details.plots.worst_rows),
        curves=drawings.curves(details.curves),
        **logged_section.logged_section(details, drawings),
        machine=logged_section.machine_facts(record.id, runs),
        epochs=max((len(curve.values) for curve in details.curves), default=0),
        trials=details.trials,
        trials_chart=_trials_chart(details, drawings),
        data=data_section(record, details),
        drift_from=details.drift_from,
        config=yaml.safe_dump(
            record.config.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=90
        ),
        request=_request(record),
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "duration": formatting.duration,
        "bytes": _bytes,
        "local": _local,
        "plain": formatting.plain,
    }
    return environment.get_template("template.html")


def _node_row(record: RunRecord, node: Node) -> dict[str, Any]:
    """A node with the part of the run's time that it took."""
    total = sum(other.seconds or 0 for other in record.nodes) or 1
    return {
        "name": node.name,
        "status": node.status,
        "purpose": nodes.purpose(node.name),
        "state": graph.state(node, record),
        "why": node.why if node.status != "cached" else None,
        "share": (node.seconds or 0) / total if node.status != "cached" else 0.0,
    }


def _worst(worst: WorstRows | None) -> dict[str, Any] | None:
    """The table of the rows that the answers are furthest off; None where there are none."""
    if worst is None or not worst.rows:
        return None
    names = sorted({name for row in worst.rows for name in row.values})
    return {
        "names": names,
        "left_out": worst.columns - len(names),
        "rows": worst.rows,
        "scored": any(row.score is not None for row in worst.rows),
    }


def _plots(plots: Plots, drawings: Drawings) -> list[tuple[str, str, Markup]]:
    """Each chart of the model's answers with its heading and how to read it."""
    found = []
    if plots.roc:
        text = "The further above the diagonal, the better it ranks."
        found.append(("ROC", text, drawings.draw("roc", plots.roc)))
    if plots.calibration:
        text = "On the diagonal, predictions are right on average. Larger points are more rows."
        found.append(("Calibration", text, drawings.draw("calibration", plots.calibration)))
    if plots.residuals:
        inside = sum(bucket.count for bucket in plots.residuals)
        outside = (plots.rows or inside) - inside
        text = "Label minus prediction; right of zero the prediction was too low."
        if outside > 0:
            text += f" {outside:,.0f} rows are beyond the ends."
        found.append(("Residuals", text, drawings.draw("residuals", plots)))
    if plots.confusion:
        text = "Rows of each actual class by predicted class."
        found.append(("Confusion", text, drawings.draw("confusion", plots.confusion)))
    return found


def _trials_chart(details: RunDetails, drawings: Drawings) -> Markup | None:
    scored = [trial for trial in details.trials if trial.score is not None]
    # How long one took is not drawn, and not known where the search comes from the cache.
    timeless = [trial.model_copy(update={"seconds": None}) for trial in details.trials]
    return drawings.draw("trials", timeless) if len(scored) > 1 else None


def _request(record: RunRecord) -> dict[str, str] | None:
    """How to serve the pushed model and to ask it a row that it has been asked in training."""
    if record.pushed_version is None or record.pushed_to is None or "://" in record.pushed_to:
        return None
    version = Path(record.pushed_to)
    name = record.config.serving.name or record.model
    try:
        answers = json.loads((version / KNOWN_ANSWERS).read_text(encoding="utf-8"))
        row, outputs = answers["rows"][0], answers["outputs"]
        answer = {key: values[0] for key, values in outputs.items()}
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        row, answer = None, None
    body = _json({"instances": [row]}) if row else ""
    folder = version.absolute().parent
    ours = folder.parent == project.SERVING_MODELS
    return {
        "name": name,
        "command": "make serve"
        if ours
        else f"python -m serving up --models {shlex.quote(str(folder.parent))}",
        "folder": str(folder),
        "body": body.replace("'", "'\\''"),  # It stands in single quotes in a shell.
        "answer": json.dumps(answer) if answer else "",
    }


def _json(value: Any, indent: str = "") -> str:
    """JSON to be read and copied: a key a line, but a list of plain values, such as an image's row
    of pixels, in one."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        keys = (
            f"{inner}{json.dumps(k, ensure_ascii=False)}: {_json(v, inner)}"
            for k, v in value.items()
        )
        return "{\n" + ",\n".join(keys) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return "[\n" + ",\n".join(inner + _json(one, inner) for one in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def _bytes(number: int) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000  # type: ignore[assignment]
    return f"{number:.1f} GB"


def _local(moment: datetime) -> str:
    """The local date and time with its zone, for a page that is read elsewhere."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %Z}"
