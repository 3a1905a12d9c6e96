"""What a change needs to reach production: an image, changed models' code, or nothing.

    python -m pipeline changes

Each model's changes count from the commit of it that is *released* or on its way there
(`pipeline.delivery.releases`), not from the previous push: otherwise a failed image build followed
by an edited model would ship new code on an old image, and a model whose training failed would not
be tried again. A base that is not known counts as a change of the image. Standard library and git
alone, so that a workflow can run it before anything is installed, as
`python -m pipeline.delivery.changes`.
"""

from __future__ import annotations

import argparse
import json
import posixpath
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.delivery import git, image_tag, locked_packages, names, releases
from pipeline.delivery.change_class import (
    CLASSES,
    IMAGE,
    MODULES,
    NONE,
    SERVING,
    TARGETS,
    affected_models,
    class_of,
    models,
)
from pipeline.delivery.image_tag import ROOT

EVERY = "all"
"""All models, where one could be named."""
NOTHING = "nothing has changed"
SUPERSEDED = 3
"""The exit status where a newer commit is released or on its way."""
_DEEPEST = 40
"""Folders in each other that are looked at where links make a circle."""


@dataclass
class Changes:
    """What changed since the last released commits.

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


class SupersededError(Exception):
    """A newer commit is released or on its way; the message says which."""


def classify(
    paths: Sequence[str],
    root: Path = ROOT,
    removed: Collection[str] = (),
    same_packages: Collection[str] = (),
) -> Changes:
    """What changed files need.

    Args:
        paths: Paths from the project's root of files that were added, changed or removed.
        root: The project's root, as it is after the change.
        removed: Those that are not there any more.
        same_packages: The Dockerfiles whose packages have stayed the same.
    """
    files = {path: class_of(path, root, same_packages) for path in sorted(paths)}
    kind = max(files.values(), key=CLASSES.index, default=NONE)
    # Quoted as JSON quotes it: a file's name may have several lines.
    first = json.dumps(next((path for path, one in files.items() if one == kind), ""))[1:-1]
    if kind == IMAGE:
        which = "says where models ship" if first == TARGETS else "is part of the image"
        return Changes(IMAGE, models(root), f"{first} {which}", files)
    if kind == MODULES:
        changed = [path for path, one in files.items() if one == MODULES]
        found = (affected_models(path, root, path in removed) for path in changed)
        affected = sorted(set().union(*found))
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
        base: A commit, as anything that git resolves; empty or zeros: none.
        root: The project's root, a git repository.
    """
    try:
        problem = _problem_with(base or "", root)
        if problem or not base:
            return Changes(IMAGE, models(root), problem)
        # A renamed file is one that was removed and one that was added.
        diff = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z")
        changed = _through_links(git.names(root, *diff, base, "HEAD"), root)
        removed = git.names(root, *diff, "--diff-filter=D", base, "HEAD")
        listed = {*locked_packages.FILES} & changed
        same = _same_packages(base, root) if listed else set()
    except git.GitError as error:
        return Changes(IMAGE, models(root), str(error))
    return classify(sorted(changed), root, removed, same)


def since_release(root: Path = ROOT, ended: Collection[str] = ()) -> Changes:
    """What each model needs since the commit of it that is released, or on its way.

    Args:
        root: The project's root, a git repository with its history and tags.
        ended: Runs of the workflow that have ended, whatever the tags say.

    Raises:
        SupersededError: A newer commit is released, or on its way.
    """
    try:
        commits = releases.read(root, ended)
    except git.GitError as error:
        return Changes(IMAGE, models(root), str(error))
    newer = releases.newer(commits, root)
    if newer is not None:
        raise SupersededError(
            f"HEAD is older than {newer}, of the model {newer.model}. To go back to what an older "
            "commit has, revert: git revert makes a newer one."
        )
    groups: dict[str, list[str]] = {}
    for model in models(root):
        own = [each for each in commits if each.model == model]
        found = releases.base(own, root)
        key = found.commit if found else own[0].commit if own else ""
        groups.setdefault(key, []).append(model)
    parts = [_for_models(since(base, root), named) for base, named in groups.items()]
    if not parts:
        return Changes(NONE, [], "there is no model")
    most = max(parts, key=lambda part: CLASSES.index(part.kind))
    reasons = [
        f"{', '.join(part.models)}: {part.reason}" if len(parts) > 1 else part.reason
        for part in parts
        if part.kind == most.kind or part.models
    ]
    files = {path: kind for part in parts for path, kind in part.files.items()}
    wanted = sorted(model for part in parts for model in part.models)
    return Changes(most.kind, wanted, "; ".join(dict.fromkeys(reasons)), files)


def _for_models(changes: Changes, named: Collection[str]) -> Changes:
    """The changes as far as they are some models'."""
    wanted = [model for model in changes.models if model in named]
    if wanted or not changes.models:
        return replace(changes, models=wanted)
    kind = SERVING if SERVING in changes.files.values() else NONE
    return replace(changes, kind=kind, models=[])


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
        return "there is no last released commit to compare with"
    shallow = git.output(root, "rev-parse", "--is-shallow-repository").strip() == "true"
    short = json.dumps(base)[1:-1]
    if not git.succeeds(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"
    ):
        if shallow:
            return f"{short} is not in this shallow clone"
        return f"{short} does not exist, or no longer"
    if not git.succeeds(root, "merge-base", "--is-ancestor", base, "HEAD"):
        if shallow:
            return f"this shallow clone does not say whether HEAD comes from {short}"
        return f"HEAD does not come from {short}: history was rewritten, or this is another branch"
    return ""


def _through_links(paths: Collection[str], root: Path) -> set[str]:
    """The paths, and those by which links of the repository lead to them."""
    links = {}
    for entry in git.names(root, "ls-files", "--stage", "-z"):
        mode, _, path = entry.partition(" ")[0], *entry.rpartition("\t")[1:]
        if mode == "120000":
            target = str((root / path).readlink()) if (root / path).is_symlink() else ""
            links[path] = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    found, waiting = set(paths), list(paths)
    while waiting:
        path = waiting.pop()
        for link, target in links.items():
            inside = path == target or path.startswith(f"{target}/")
            through = link + path[len(target) :] if inside else ""
            # A folder that has a link to itself has names without end.
            if inside and through not in found and through.count("/") < _DEEPEST:
                found.add(through)
                waiting.append(through)
    return found


def _same_packages(base: str, root: Path) -> set[str]:
    """The Dockerfiles that install what they have installed at the base."""

    def before(name: str) -> str | None:
        try:
            return git.output(root, "show", f"{base}:{name}")
        except git.GitError:
            return None

    found = set()
    for dockerfile in (image_tag.DOCKERFILE, image_tag.SERVING_DOCKERFILE):
        was, now = (read(dockerfile) or "" for read in (before, image_tag.reader(root)))
        digest = locked_packages.digest(was, before)
        if digest is not None and digest == locked_packages.digest(now, image_tag.reader(root)):
            found.add(dockerfile)
    return found


def _problems(changes: Changes, root: Path) -> list[str]:
    """Why what would be submitted cannot be, by its names."""
    if not changes.models:
        return []
    known = models(root)
    image = image_tag.sources(root) if (root / image_tag.DOCKERFILE).is_file() else []
    shipped = [*image, "models", "data"]
    try:
        files = git.names(root, "ls-files", "-z", "--", *dict.fromkeys(shipped))
    except git.GitError:
        files = list(changes.files)
    return names.problems(changes.models, known, files)


def parser() -> argparse.ArgumentParser:
    """The command line, of this module and of `python -m pipeline changes` alike."""
    made = argparse.ArgumentParser(
        prog="python -m pipeline changes",
        description="Say what the commits since the released ones need: the pipeline's image, "
        "models' code, the model server's image, or nothing.",
    )
    made.add_argument(
        "--base",
        metavar="COMMIT",
        help="compare with this commit; '' for none; by default each model's that is released or "
        "on its way, by the tags released/MODEL and submitted/MODEL/RUN",
    )
    made.add_argument(
        "--ended",
        metavar="RUN",
        action="append",
        default=[],
        help="a run of the workflow that has ended, whatever its tags say",
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

    Returns:
        The exit status: 0; 2 where it cannot be shipped or said; SUPERSEDED.
    """
    options = parser().parse_args(arguments)
    try:
        if options.base is None:
            changes = since_release(root, options.ended)
        else:
            changes = since(options.base, root)
        if options.retrain:
            changes = retraining(changes, options.retrain, root)
    except ValueError as error:
        parser().error(str(error))
    except SupersededError as error:
        print(f"error: {error}", file=sys.stderr)
        return SUPERSEDED
    problems = _problems(changes, root)
    if problems:
        print(*(f"error: {problem}" for problem in problems), sep="\n", file=sys.stderr)
        return 2
    print(changes.as_json() if options.as_json else changes.as_text().rstrip("\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
