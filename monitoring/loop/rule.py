"""When a canary is promoted or rolled back: the rule of `python -m serving release watch`.

`release.yaml` in the project's root sets it, as docs/operating.md says; the share is the model's
own, `monitoring.canary_share`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from monitoring.core.yaml_section import read_section
from monitoring.loop.programs import Route

FILE = Path("release.yaml")
_BOUNDED = ("errors", "latency")
"""What `rollback.error_rate` and `rollback.latency_ratio` of `routing.json` are about."""


class CanaryRule(BaseModel):
    """The keys of `canary` in `release.yaml` that a comparison needs."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    requests: Annotated[int, Field(ge=30)] = 1000
    """After how many of its requests a canary is promoted, however soon."""
    hours: Annotated[float, Field(gt=0)] = 24
    """After how many hours it is, if both versions have enough requests by then."""
    other_answers: Literal["promote", "roll back"] = "promote"
    """What becomes of one whose answers differ: of a model that was trained again they mostly do.
    """


class Verdict(NamedTuple):
    """What is to be done with a canary."""

    action: Literal["wait", "promote", "roll back"]
    words: str


def read(path: Path = FILE) -> CanaryRule:
    """The rule; the defaults where the file is missing.

    Raises:
        MonitoringError: The file or a value is no use.
    """
    return read_section(path, "canary", CanaryRule, "docs/operating.md")


def decide(
    compared: Sequence[Mapping[str, Any]],
    candidate: int,
    rule: CanaryRule,
    route: Route,
    now: datetime,
) -> Verdict:
    """What is to be done with a canary, by what `python -m serving compare --json` says.

    Args:
        compared: Its answer.
        candidate: The canary.
        rule: The rule.
        route: The bounds of errors and latency.
        now: The time.

    Raises:
        KeyError: The answer has another form.
    """
    found = next(
        (each for each in compared if each["variant"] == "canary" and each["version"] == candidate),
        None,
    )
    if found is None:
        return Verdict("wait", "It is not compared yet.")
    words = " ".join(found["verdict"])
    if not found["enough"]:
        return Verdict("wait", words)
    if bad := _reasons(found["differences"], rule, route):
        return Verdict("roll back", " ".join(bad))
    requests = found["requests"]["canary"]
    since = datetime.fromisoformat(found["since"]) if found["since"] else now
    if requests >= rule.requests or now - since >= timedelta(hours=rule.hours):
        return Verdict("promote", f"{words} It has answered {requests} requests.")
    hours = (now - since).total_seconds() / 3600
    left = f"{requests} of {rule.requests} requests, and {hours:.1f} of {rule.hours:g} hours"
    return Verdict("wait", f"{words} It has {left}.")


def _reasons(differences: Sequence[Mapping[str, Any]], rule: CanaryRule, route: Route) -> list[str]:
    found = []
    for each in differences:
        stable, canary = each["stable"], each["other"]
        if not each["significant"]:
            continue
        if each["name"] == "errors" and canary - stable > route.error_rate:
            found.append(f"It has {canary:.2%} errors, the stable version {stable:.2%}.")
        if each["name"] == "latency" and canary > route.latency_ratio * stable:
            found.append(f"It takes {canary * 1e3:.1f} ms, the stable version {stable * 1e3:.1f}.")
        if each["name"] not in _BOUNDED and rule.other_answers == "roll back":
            found.append(f"Its '{each['name']}' is another than the stable version's.")
    return found
