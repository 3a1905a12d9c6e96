"""What a change needs to reach production: an image, changed models' code, or nothing.

    python -m pipeline changes --base deployed

The base is the last commit that was *deployed*, not the previous push: otherwise a failed image
build followed by an edited model would ship new code on an old image. A base that is not known
counts as a change of the image. Standard library and git alone, so that a workflow can run it
before anything is installed, as `python -m pipeline.delivery.changes`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.delivery.change_class import (
    CLASSES,
    HOW_MODELS_SHIP,
    IMAGE,
    MODULES,
    NONE,
    SERVING,
    affected_models,
    class_of,
    models,
)
from pipeline.delivery.image_tag import ROOT

EVERY = "all"
"""All models, where one could be named."""
NOTHING = "nothing has changed"


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
    files = {path: class_of(path, root) for path in sorted(paths)}
    kind = max(files.values(), key=CLASSES.index, default=NONE)
    # Quoted as JSON quotes it: a file's name may have several lines.
    first = json.dumps(next((path for path, one in files.items() if one == kind), ""))[1:-1]
    if kind == IMAGE:
        which = "says how models ship" if first in HOW_MODELS_SHIP else "is part of the image"
        return Changes(IMAGE, models(root), f"{first} {which}", files)
    if kind == MODULES:
        changed = [path for path, one in files.items() if one == MODULES]
        affected = sorted(set().union(*(affected_models(path, root) for path in changed)))
        if affected:
            return Changes(MODULES, affected, f"{first} is code or data of models alone", files)
        rest = SERVING if SERVING in files.values() else NONE
        return Changes(rest, [], f"{first} belongs to no model that is left", files)
    if kind == SERVING:
        return Changes(SERVING, [], f"{first} is part of the model server's image alone", files)
    reason = "no image holds what has changed, and no model uses it" if files else NOTHING
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


def parser() -> argparse.ArgumentParser:
    """The command line, of this module and of `python -m pipeline changes` alike."""
    made = argparse.ArgumentParser(
        prog="python -m pipeline changes",
        description="Say what the commits since a deployed one need: the pipeline's image, models' "
        "code, the model server's image, or nothing.",
    )
    made.add_argument(
        "--base", metavar="COMMIT", required=True, help="the last deployed commit; '' for none"
    )
    made.add_argument(
        "--retrain",
        metavar="MODEL",
        help=f"train MODEL again whatever has changed; '{EVERY}': all models",
    )
    made.add_argument("--json", action="store_true", dest="as_json", help="print it as JSON")
    return made


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Prints what changed; see `--help`.

    Args:
        arguments: The command line; by default the process's.
        root: The project's root, a git repository.
    """
    options = parser().parse_args(arguments)
    changes = since(options.base, root)
    if options.retrain:
        try:
            changes = retraining(changes, options.retrain, root)
        except ValueError as error:
            parser().error(str(error))
    print(changes.as_json() if options.as_json else changes.as_text().rstrip("\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
