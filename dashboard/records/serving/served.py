"""What serves now: `models.config` and `routing.json` of a serving folder, beside its versions."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.records.fields import Fields
from dashboard.records.json_files import UnreadableError, read_object
from dashboard.records.serving import text_proto
from dashboard.records.serving.text_proto import Message, TextProtoError

CONFIG = "models.config"
ROUTING = "routing.json"
MOST_EVENTS = 50
_LARGEST = 4 * 2**20


@dataclass(frozen=True)
class Served:
    """One model. What is not known is None or empty."""

    model: str
    stable: int | None
    """The version that answers requests which name none."""
    labelled: bool
    """Whether it has the label `stable`; else it is the highest."""
    canary: int | None
    canary_share: float
    """The share of the requests that the canary answers, 0 to 1."""
    mirror_share: float
    """The share of the stable version's requests of which the canary gets a copy."""
    since: float | None
    """When labels or shares were last changed, in seconds since 1970."""
    events: list[dict[str, Any]] = field(default_factory=list)
    """The changes, newest first: `time`, `action`, `version`, `previous`, `by`, `why`."""

    def as_json(self) -> dict[str, Any]:
        """What a page is told."""
        return dict(self.__dict__)


def read(folder: Path, versions: dict[str, list[int]]) -> tuple[dict[str, Served], list[str]]:
    """Every served model by its name, and what could not be read, in words.

    Args:
        folder: The serving folder.
        versions: The versions of each model that are there.
    """
    problems: list[str] = []
    config = _config(folder / CONFIG, problems)
    routing = _routing(folder / ROUTING, problems)
    names = sorted({*config, *(name for name, numbers in versions.items() if numbers)})
    served = {
        name: _served(name, config.get(name, {}), versions.get(name, []), routing) for name in names
    }
    return served, problems


def stable_version(folder: Path, model: str, versions: list[int]) -> int | None:
    """The version of one model that answers requests which name none; None: there is none.

    Args:
        folder: The serving folder.
        model: The model's name there.
        versions: Its versions that are there.
    """
    config = _config(folder / CONFIG, []).get(model, {})
    return _served(model, config, versions, Fields({})).stable


def _served(model: str, config: Message, numbers: list[int], routing: Fields) -> Served:
    labels = _labels(config)
    route = routing.part("models").part(model)
    stable = labels.get("stable")
    # Without the label no share counts: the server takes the highest version that it serves.
    canary = labels.get("canary") if stable is not None else None
    policy = _first(config, "model_version_policy")
    chosen = [n for n in _first(policy, "specific").get("versions", []) if isinstance(n, int)]
    highest = max((n for n in numbers if not chosen or n in chosen), default=None)
    return Served(
        model=model,
        stable=highest if stable is None else stable,
        labelled=stable is not None,
        canary=canary,
        canary_share=_share(route, "canary_share") if canary is not None else 0.0,
        mirror_share=_share(route, "mirror_share") if canary is not None else 0.0,
        since=route.time("since"),
        events=_events(model, routing),
    )


def _events(model: str, routing: Fields) -> list[dict[str, Any]]:
    found = [event for event in routing.parts("events") if event.text("model") == model]
    return [
        {
            "time": event.time("time"),
            "action": event.text("action"),
            "version": event.number("version"),
            "previous": event.number("previous"),
            "by": event.text("by"),
            "why": event.text("why"),
        }
        for event in reversed(found[-MOST_EVENTS:])
    ]


def _share(route: Fields, key: str) -> float:
    return min(max(route.number(key) or 0.0, 0.0), 1.0)


def _labels(config: Message) -> dict[str, int]:
    found = {}
    for label in config.get("version_labels", []):
        if not isinstance(label, dict):
            continue
        [key], [value] = label.get("key", [""])[-1:], label.get("value", [None])[-1:]
        if isinstance(key, str) and isinstance(value, int):
            found[key] = value
    return found


def _config(path: Path, problems: list[str]) -> dict[str, Message]:
    """Each model's part of `models.config`, by its name."""
    try:
        message = text_proto.parse(_text(path))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, TextProtoError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        problems.append(f"{CONFIG} cannot be read: {reason}. Correct it: python -m serving repair")
        return {}
    entries = [
        entry
        for models in message.get("model_config_list", [])
        if isinstance(models, dict)
        for entry in models.get("config", [])
        if isinstance(entry, dict)
    ]
    names = [(entry.get("name") or [""])[-1] for entry in entries]
    return {n: e for n, e in zip(names, entries, strict=True) if isinstance(n, str) and n}


def _text(path: Path) -> str:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # A named pipe would be waited for without end.
        raise OSError(0, "it is not a file")
    if status.st_size > _LARGEST:
        raise OSError(0, f"it is larger than {_LARGEST // 2**20} MB")
    return path.read_text(encoding="utf-8")


def _routing(path: Path, problems: list[str]) -> Fields:
    try:
        return Fields(read_object(path, _LARGEST))
    except FileNotFoundError:
        return Fields({})
    except (OSError, UnreadableError) as error:
        problems.append(
            f"{ROUTING} cannot be read: {error}. Set it aside: python -m serving repair"
        )
        return Fields({})


def _first(message: Message, key: str) -> Message:
    found = message.get(key, [{}])[-1]
    return found if isinstance(found, dict) else {}
