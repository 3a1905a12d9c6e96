"""Waits for a model's job, and says what it pushed; nothing where the model was not blessed."""

from __future__ import annotations

import os
import sys

import commands

from pipeline.delivery import names

NOT_BLESSED = 3
"""The exit status of `python -m pipeline pushed`."""


def main() -> None:
    """Sets the output `address`, empty where nothing was pushed."""
    model = commands.setting("MODEL")
    job = os.environ.get("JOB") or f"{names.service(model)}-{commands.setting('RUN')}"
    done = commands.attempt(sys.executable, "-m", "pipeline", "pushed", job)
    address = done.stdout.strip()
    if done.returncode == NOT_BLESSED:
        print(f"::warning::{model} was not blessed, so nothing is deployed.")
        address = ""
    elif done.returncode:
        commands.fail(f"{job} did not end well; its log is on Vertex AI's page.")
    elif not address.startswith("gs://"):
        remedy = "take the endpoint out of targets.yaml"
        commands.fail(f"{job} pushed to {address}, past pre-production: {remedy}.")
    commands.output("address", address)


if __name__ == "__main__":
    main()
