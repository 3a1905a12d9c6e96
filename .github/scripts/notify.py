"""Tells a webhook what has happened to a model; whatever the webhook does, the step is well.

    python3 notify.py EVENT

Or, in the place of an event, `ended`: it follows from how the jobs have ended.
"""

from __future__ import annotations

import os
import sys

import commands

from pipeline.delivery import notification


def main() -> None:
    """Reads the environment; a workflow sets it."""
    event, reason = sys.argv[1], os.environ.get("REASON", "")
    if event == "ended":
        event, reason = ended()
    if not event:
        return
    if event not in notification.EVENTS:
        commands.warn(f"Nobody is told of '{event}'. Expected: {', '.join(notification.EVENTS)}.")
        return
    url = os.environ.get(notification.URL, "")
    version = os.environ.get("VERSION", "")
    server, repository = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    run = os.environ.get("GITHUB_RUN_ID", "")
    told = notification.Notification(
        event,
        os.environ.get("MODEL", "").strip() or "a model",
        reason,
        int(version) if version.isdigit() else None,
        os.environ.get("COMMIT", ""),
        os.environ.get("ENVIRONMENT", ""),
        f"{server}/{repository}/actions/runs/{run}" if server and run else "",
        # Of one canary there is one end, whichever run has found it.
        "" if version and event != "waiting for approval" else run,
    )
    problem = notification.send(told, url, lambda text: commands.HIDE.text(text))
    if problem:
        commands.warn(problem)
    elif url:
        print(f"Told: {event}.")


def ended() -> tuple[str, str]:
    """What there is to tell once a release has come to its end, and why; empty: nothing yet."""
    results = {name: os.environ.get(f"{name}_RESULT", "") for name in ("WAIT", "PRE", "PRODUCTION")}
    if results["WAIT"] == "success" and not os.environ.get("ADDRESS"):
        return "refused", "a metric missed its bound"
    if results["PRODUCTION"] == "success":
        return ("deployed", "") if os.environ.get("OUTCOME") == "promoted" else ("", "")
    names = {"WAIT": "the pipeline", "PRE": "pre-production", "PRODUCTION": "production"}
    where = next((name for name in results if results[name] in ("failure", "cancelled")), "")
    if not where:
        return "", ""
    if results[where] == "cancelled":
        return "failed", f"{names[where]} was cancelled, or gave way to a newer version"
    if where == "PRODUCTION" and os.environ.get("STAGED"):
        return "rolled back", "a step in production failed"
    return "failed", f"{names[where]} failed, or was not approved"


if __name__ == "__main__":
    main()
