"""Shares a model's requests out between its stable version and its canary."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.core import logs
from serving.core.errors import Code, ServingError
from serving.core.hooks import MIRROR, Choice, Outcome
from serving.model import models_config
from serving.routing import changes, compare, observations, sequential, state
from serving.routing.state import CANARY, STABLE, Route

_SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True)
class Plan:
    """What is decided by for one model."""

    stable: int
    canary: int
    route: Route

    def choose(self, model: str, key: str | None) -> Choice:
        """Chooses a version. See `serving.core.hooks.Router`."""
        sticky = key if self.route.sticky else None
        if share_of(sticky, f"{model}/{self.canary}") < self.route.canary_share:
            return Choice(self.canary, CANARY, other_version=self.stable)
        mirrored = random.random() < self.route.mirror_share
        compared = self.canary if self.route.canary_share or self.route.mirror_share else None
        return Choice(self.stable, STABLE, self.canary if mirrored else None, compared)


Plans = Mapping[str, Plan]
"""By model; of one without, the server decides."""


class Router:
    """Chooses by the serving folder's labels and shares, and watches what comes of it.

    The files are read again when they change. A canary that breaks its bounds is taken out of the
    traffic at once, and out of the files then.

    Args:
        folder: The serving folder.
        rolled_back: Told of a canary that was taken out: its model, its version and why.
        on_change: Told of the plans, now and whenever they have changed.
    """

    def __init__(
        self,
        folder: Path,
        rolled_back: Callable[[str, int, str], None] = lambda *_: None,
        on_change: Callable[[Plans], None] | None = None,
    ) -> None:
        self._folder = folder
        self._tell = rolled_back
        self._on_change = on_change
        self._plans: Plans = {}
        self._read: tuple[tuple[int, int] | None, ...] | None = None
        self._rolled_back: set[tuple[str, int]] = set()
        self._observations = observations.Observations()
        self._unsaved = False
        self._closed = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._watch, name="routing", daemon=True)
        self._thread.start()

    def choose(self, model: str, key: str | None) -> Choice | None:
        """Chooses; None leaves it to the server. See `serving.core.hooks.Router`."""
        plan = self._plans.get(model)
        return None if plan is None else plan.choose(model, key)

    def observe(self, outcome: Outcome) -> None:
        """Takes note of an outcome. See `serving.core.hooks.Router`."""
        self._observations.add(outcome)
        self._unsaved = True

    def observed(self) -> dict[str, dict[observations.Key, observations.Observed]]:
        """By model, version and variant, since each model's last change of route."""
        return self._observations.total()

    def close(self) -> None:
        """Saves what was observed, and watches no more."""
        self._closed.set()
        self._thread.join(10)
        for model, plan in self._plans.items():
            self._bet(model, plan)
        self._save()

    def _watch(self) -> None:
        while not self._closed.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                self._look()
                self._guard()
                self._save()
            except Exception as error:  # requests go on by the last plans whatever happens here
                logs.event("routing failed", "error", error=f"{type(error).__name__}: {error}")

    def _look(self) -> None:
        """Reads the files, if they have changed."""
        paths = (self._folder / models_config.FILE, self._folder / state.FILE)
        now = tuple(_identity(path) for path in paths)
        if now == self._read:
            return
        self._read = now
        try:
            models, routing = models_config.read(paths[0]), state.read(self._folder)
        except ServingError as error:
            logs.event("routing refused", "error", error=str(error), keeps=sorted(self._plans))
            return
        plans = {}
        for name, served in models.items():
            route, labels = routing.of(name), served.labels
            self._observations.begin(name, route.since)
            if STABLE in labels:
                canary = labels.get(CANARY, labels[STABLE])
                if CANARY not in labels or (name, canary) in self._rolled_back:
                    route = route.model_copy(update={"canary_share": 0.0, "mirror_share": 0.0})
                plans[name] = Plan(labels[STABLE], canary, route)
        self._follow(plans)
        # Somebody who makes it the canary again wants it to get traffic again.
        self._rolled_back &= {(name, plan.canary) for name, plan in plans.items()}

    def _follow(self, plans: Plans) -> None:
        self._plans = plans
        if self._on_change is not None:
            self._on_change(plans)

    def _guard(self) -> None:
        for model, plan in self._plans.items():
            if not plan.route.canary_share and not plan.route.mirror_share:
                continue
            self._bet(model, plan)
            seen = self._observations.of(model)
            stable = seen.get((plan.stable, STABLE))
            for variant in (CANARY, MIRROR):
                other = seen.get((plan.canary, variant))
                if stable is None or other is None:
                    continue
                why = compare.reason_to_roll_back(stable, other, plan.route.rollback)
                if why is not None:
                    self._roll_back(model, plan, why)
                    break

    def _bet(self, model: str, plan: Plan) -> None:
        """Takes what was observed since the last time into account."""
        copies = sequential.mirrored_share(plan.route.mirror_share)
        for variant, share in ((CANARY, plan.route.canary_share), (MIRROR, copies)):
            self._observations.bet(model, (plan.stable, STABLE), (plan.canary, variant), share)

    def _roll_back(self, model: str, plan: Plan, why: str) -> None:
        none = plan.route.model_copy(update={"canary_share": 0.0, "mirror_share": 0.0})
        self._rolled_back.add((model, plan.canary))
        self._follow({**self._plans, model: Plan(plan.stable, plan.canary, none)})
        logs.event("canary rolled back", "warning", model=model, version=plan.canary, why=why)
        self._save()
        try:
            changes.rollback(self._folder, model, "automatic", why, only_canary=plan.canary)
        except (ServingError, OSError) as error:
            logs.event("rollback not saved", "error", model=model, error=str(error))
            # Another server on the folder was first, or somebody has made another the canary.
            if isinstance(error, ServingError) and error.code == Code.ABORTED:
                return
        self._tell(model, plan.canary, why)

    def _save(self) -> None:
        if not self._unsaved:
            return
        self._unsaved = False
        try:
            self._observations.save(self._folder)
        except (ServingError, OSError) as error:
            logs.event("observations not saved", "error", error=str(error))


def share_of(key: str | None, salt: str) -> float:
    """A number in [0, 1), uniform over keys: of a key always the same, else random.

    Args:
        key: What makes the choice sticky; None for none.
        salt: Keeps the choices for different models and canaries independent.
    """
    if key is None:
        return random.random()
    text = f"{salt}/{key}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big") / 2**56


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
