"""The names that a model and its files have where they are shipped to, and those that cannot be.

A job, a service and an archive take fewer names than a folder does. What they would refuse, or
take for another's, is told before anything is submitted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable

PRE_PRODUCTION = "-pre-production"
"""The end of a service's name before production."""
_LONGEST = 49 - len(PRE_PRODUCTION)
"""Letters of a model's name: Cloud Run's services have 49."""
_NAME = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")


def service(model: str) -> str:
    """A model's name as jobs and services have it."""
    return model.lower().replace("_", "-")


def problems(models: Collection[str], known: Iterable[str], files: Iterable[str]) -> list[str]:
    """Why models cannot be shipped under their names; empty where they can.

    Args:
        models: Those to ship.
        known: All models of the project, as a name may be another's too.
        files: The paths of what is shipped with them; lone surrogates stand for bytes that are
            not UTF-8.
    """
    found = []
    taken: dict[str, list[str]] = {}
    for model in sorted(known):
        for name in (service(model), service(model) + PRE_PRODUCTION):
            taken.setdefault(name, []).append(model)
    for model in sorted(models):
        name = service(model)
        if not _NAME.fullmatch(name) or len(name) > _LONGEST:
            found.append(
                f"{_shown(f'models/{model}')}: jobs and services cannot be called {_shown(name)}. "
                f"Expected: a letter from a to z, then letters, digits and underscores, {_LONGEST} "
                "at most. Rename the folder."
            )
        for taken_name in (name, name + PRE_PRODUCTION):
            others = [other for other in taken[taken_name] if other != model]
            if others:
                found.append(
                    f"models/{model} and models/{others[0]} would both be called '{taken_name}' "
                    "where they are served. Rename one of them."
                )
                break
    for path in files:
        if not path.isprintable() and not _is_text(path):
            found.append(
                f"{_shown(path)}: the name is not UTF-8, so it can neither be packed nor uploaded. "
                "Rename the file."
            )
    return found


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    return json.dumps(text)[1:-1]
