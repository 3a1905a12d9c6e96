"""What a change needs to reach production: a new image, changed models' code, or nothing.

    python -m pipeline changes --base deployed

The base is the last commit that was *deployed*, not the previous push: otherwise a failed image
build followed by an edited model would ship new code on an old image. Whatever is not known, a path
or a base, counts as a change of the image. Standard library and git alone, so that a workflow can
run it before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.delivery import image_tag

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "image"
MODULES = "modules"
NONE = "none"
CLASSES = (NONE, MODULES, IMAGE)
"""From the least to the most that a change can need."""
EVERY = "all"
"""All models, where one could be named."""

_HARMLESS = ("docs/", "tests/", "dashboard/")
_DOCUMENTS = re.compile(r"(?:[^/]+|(?:models|data)/.+)\.md|LICEN[CS]E[^/]*")


@dataclass
class Changes:
    """What changed since the last deployed commit.

    Args:
        kind: One of CLASSES.
        models: The models to train: for an image, all.
        reason: One line in words.
        files: Each changed file's class, by path.
        retrain: Whether the models are to be trained even where nothing has changed.
    """

    kind: str
    models: list[str]
    reason: str
    files: dict[str, str] = field(default_factory=dict)
    retrain: bool = False

    def as_json(self) -> str:
        """All of it as JSON."""
        return json.dumps(
            {"class": self.kind, **{k: v for k, v in vars(self).items() if k != "kind"}}
        )

    def as_outputs(self) -> str:
        """Lines for the file that GITHUB_OUTPUT names; JSON, so that no name can add a line."""
        values = {
            "class": self.kind,
            "models": json.dumps(self.models),
            "reason": json.dumps(self.reason),
            "retrain": json.dumps(self.retrain),
        }
        return "".join(f"{key}={value}\n" for key, value in values.items())

    def as_text(self) -> str:
        """For a person: the class, the models, why, and each file with its class."""
        models = f" ({', '.join(self.models)})" if self.models else ""
        files = "".join(
            f"\n  {kind:8}{json.dumps(path)[1:-1]}" for path, kind in self.files.items()
        )
        return f"{self.kind}{models}: {self.reason}{files}\n"


class GitError(Exception):
    """Git could not answer; the message says why."""


def classify(paths: Sequence[str], root: Path = ROOT) -> Changes:
    """What changed files need.

    Args:
        paths: Paths from the project's root of files that were added, changed or removed.
        root: The project's root, as it is after the change.
    """
    files = {path: _class(path, root) for path in sorted(paths)}
    kind = max(files.values(), key=CLASSES.index, default=NONE)
    if kind == IMAGE:
        first = next(path for path, one in files.items() if one == IMAGE)
        return Changes(
            IMAGE, models(root), f"{first} is not known to leave the image as it is", files
        )
    changed = [path for path, one in files.items() if one == MODULES]
    affected = sorted(set().union(*(_affected(path, root) for path in changed)))
    if affected:
        return Changes(MODULES, affected, f"{changed[0]} is code or data of models alone", files)
    if changed:
        return Changes(NONE, [], f"{changed[0]} belongs to no model that is left", files)
    reason = "documentation, tests or dashboard alone" if files else "nothing has changed"
    return Changes(NONE, [], reason, files)


def since(base: str | None, root: Path = ROOT) -> Changes:
    """What the commits since the base need; where it is not known, a new image.

    Args:
        base: The last deployed commit, as anything that git resolves; empty or zeros: none.
        root: The project's root, a git repository.
    """
    try:
        problem = _problem_with(base or "", root)
        if problem or not base:
            return Changes(IMAGE, models(root), problem)
        # A renamed file is one that was removed and one that was added.
        diff = _git(
            root, "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", base, "HEAD"
        )
    except GitError as error:
        return Changes(IMAGE, models(root), str(error))
    return classify([path for path in diff.split("\0") if path], root)


def retraining(changes: Changes, model: str, root: Path = ROOT) -> Changes:
    """The same changes, with models to train again whatever has changed.

    Args:
        changes: What the commits need.
        model: The model to train again, or EVERY.
        root: The project's root.

    Raises:
        ValueError: There is no such model.
    """
    known = models(root)
    if model != EVERY and model not in known:
        raise ValueError(f"there is no model {model!r}; there are: {', '.join(known)}")
    again = known if model == EVERY else [model]
    kind = max(changes.kind, MODULES, key=CLASSES.index)
    wanted = sorted({*changes.models, *again})
    return Changes(kind, wanted, f"retraining; {changes.reason}", changes.files, retrain=True)


def models(root: Path = ROOT) -> list[str]:
    """The models: the folders under `models/` that have a configuration."""
    return sorted(path.parent.name for path in (root / "models").glob("*/config.yaml"))


def _class(path: str, root: Path) -> str:
    if image_tag.is_input(path, root):
        return IMAGE
    if path.startswith(_HARMLESS) or _DOCUMENTS.fullmatch(path):
        return NONE
    parts = path.split("/")
    inside = (parts[0] == "models" and len(parts) > 2) or (parts[0] == "data" and len(parts) > 1)
    return MODULES if inside else IMAGE


def _affected(path: str, root: Path) -> set[str]:
    """The models that a file under `models/` or `data/` may be part of."""
    known = models(root)
    room, folder = path.split("/")[:2]
    users = {model for model in known if _mentions(root / "models" / model, room, folder)}
    if room == "models" and folder in known:
        return {folder, *users}
    if room == "data" and path.count("/") > 1 and users:
        return users
    removed = room == "models" and folder != "common" and not (root / "models" / folder).exists()
    # Code and data that several models may share are part of each.
    return users if removed else set(known)


def _mentions(model: Path, room: str, folder: str) -> bool:
    """Whether a model's code or configuration names a folder of models or data."""
    name = re.compile(
        rf"\b{room}[./]{re.escape(folder)}\b|from {room} import .*\b{re.escape(folder)}\b"
    )
    files = (path for path in sorted(model.rglob("*")) if path.suffix in (".py", ".yaml"))
    return any(name.search(path.read_text(encoding="utf-8", errors="replace")) for path in files)


def _problem_with(base: str, root: Path) -> str:
    """Why nothing can be said of the changes since the base; empty where it can."""
    if not base.strip("0"):
        return "there is no last deployed commit to compare with"
    shallow = _git(root, "rev-parse", "--is-shallow-repository").strip() == "true"
    short = json.dumps(base)[1:-1]
    if not _succeeds(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"
    ):
        if shallow:
            return f"{short} is not in this shallow clone"
        return f"{short} does not exist, or no longer"
    if not _succeeds(root, "merge-base", "--is-ancestor", base, "HEAD"):
        if shallow:
            return f"this shallow clone does not say whether HEAD comes from {short}"
        return f"HEAD does not come from {short}: history was rewritten, or this is another branch"
    return ""


def _succeeds(root: Path, *arguments: str) -> bool:
    try:
        _git(root, *arguments)
    except GitError:
        return False
    return True


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True)
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}") from None
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise GitError(f"git {arguments[0]} failed: {message[0]}")
    return done.stdout.decode(errors="surrogateescape")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what changed; see `--help`."""
    parser = argparse.ArgumentParser(prog="python -m pipeline changes", description=__doc__)
    parser.add_argument("--base", default="", help="the last deployed commit")
    parser.add_argument("--retrain", metavar="MODEL", help=f"train MODEL again, or '{EVERY}'")
    parser.add_argument("--format", choices=("text", "json", "github"), default="text")
    options = parser.parse_args(arguments)
    changes = since(options.base)
    if options.retrain:
        try:
            changes = retraining(changes, options.retrain)
        except ValueError as error:
            parser.error(str(error))
    formats = {"text": changes.as_text, "json": changes.as_json, "github": changes.as_outputs}
    print(formats[options.format]().rstrip("\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
