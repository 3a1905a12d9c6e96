"""Where Kubeflow Pipelines is, and who logs in there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from models.common.errors import ConfigError

ENDPOINT = "KF_PIPELINES_ENDPOINT"
"""The environment variable with the address of Kubeflow Pipelines, as its own client has it."""
TOKEN = "KF_PIPELINES_TOKEN"
"""The environment variable with a bearer token for it, where it wants one."""
_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")


@dataclass(frozen=True)
class Endpoint:
    """An address, and a login."""

    address: str
    """Without a login and without a slash at its end."""
    token: str | None = field(default=None, repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)
    """A user and a password."""


def from_environment(environment: Mapping[str, str] = os.environ) -> Endpoint:
    """What the environment says.

    An address may have a path, as behind Kubeflow's own gateway, and a user with a password; what
    follows a `#`, as in an address from the browser, is left out.

    Raises:
        ConfigError: It says nothing, or something that is no address or no token.
    """
    given = environment.get(ENDPOINT, "").strip()
    if not given:
        raise ConfigError(
            "The Kubeflow cluster is not named",
            f"Expected: the address of Kubeflow Pipelines in {ENDPOINT}.",
            "kubectl port-forward -n kubeflow svc/ml-pipeline-ui 8080:80 makes it "
            f"http://localhost:8080. Then: export {ENDPOINT}=http://localhost:8080",
        )
    shown = re.sub(r"^([^/]*//)?[^/@]*@", r"\1", given)
    if "://" not in given:
        raise _refused(shown, f"Write http://{shown}, or https://{shown} where it has encryption.")
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError as error:
        raise _refused(shown, f"Correct it: {error}.") from None
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{port}").removesuffix(":")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or parts.query:
        raise _refused(shown, "Copy it from the browser's address bar.")
    where = f"{host}:{port}" if port else host
    address = f"{parts.scheme}://{where}{parts.path.rstrip('/')}"
    login = None
    if parts.username is not None:
        login = unquote(parts.username), unquote(parts.password or "")
    token = _token(environment.get(TOKEN, ""))
    if token and login:
        raise ConfigError(
            "Kubeflow Pipelines has two logins",
            f"Received: a user in {ENDPOINT}, and {TOKEN}.",
            "Leave one of them out.",
        )
    return Endpoint(address, token, login)


def _refused(shown: str, remedy: str) -> ConfigError:
    return ConfigError(
        f"{ENDPOINT} is no address of Kubeflow Pipelines",
        f"Received: {shown}\nExpected: http://host:port or https://host/path.",
        remedy,
    )


def _token(given: str) -> str | None:
    token = given.strip().removeprefix("Bearer ").strip()
    if not token:
        return None
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigError(
            f"{TOKEN} is no bearer token",
            "Received: a text with blanks, line breaks or other letters than a token has.",
            "Set it to the token alone.",
        )
    return token
