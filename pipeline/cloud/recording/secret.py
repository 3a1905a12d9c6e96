"""Values of Google's Secret Manager, for variables that must not stand in a specification."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from models.common.errors import RunError

PREFIX = "secret:"
"""How a variable's value begins that is the name of a secret, not the secret."""
NAME = re.compile(r"projects/[^/\s]+/secrets/[^/\s]+/versions/[^/\s]+")
_SERVICE = "https://secretmanager.googleapis.com/v1"
_TIMEOUT = 20.0


def revealed(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables, with each secret's value for its name.

    Raises:
        RunError: Secret Manager refuses, or does not answer.
    """
    return {
        name: _value(value.removeprefix(PREFIX)) if value.startswith(PREFIX) else value
        for name, value in variables.items()
    }


def _value(secret: str) -> str:
    try:
        answer = _session().get(f"{_SERVICE}/{secret}:access", timeout=_TIMEOUT)
        answer.raise_for_status()
        return base64.b64decode(answer.json()["payload"]["data"]).decode()
    except Exception as error:  # Of the login, the connection, or what was answered.
        raise RunError(
            f"{secret} cannot be read",
            f"Received: {type(error).__name__}: {error}",
            "Check its name in targets.yaml, and that the tasks' service account has the role "
            "Secret Manager Secret Accessor on it.",
        ) from error


def _session() -> Any:
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    login, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    return AuthorizedSession(login)
