"""Where a pipeline runs, and what differs between such places: on this machine and in the cloud."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel

from components.evaluation import latest_blessed
from components.pusher import BucketPusher, Pusher
from pipeline.config import project
from pipeline.config.target_schema import Beam


def latest_other_blessed(trained: BaseChannel, serving: str) -> BaseNode:
    """Finds the baseline in ML Metadata."""
    return Resolver(
        strategy_class=latest_blessed.LatestOtherBlessedModel,
        candidate=trained,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
    )


def push_to_folder(serving: str, **inputs: BaseChannel) -> BaseNode:
    """Pushes to a folder or bucket that a server watches."""
    filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=serving)
    pusher = BucketPusher if "://" in serving else Pusher
    return pusher(**inputs, push_destination=pusher_pb2.PushDestination(filesystem=filesystem))


@dataclass(frozen=True)
class Target:
    """Where a pipeline runs, and where it keeps what it makes."""

    artifacts: str
    """Folder or bucket for artifacts; each pipeline has a folder of its own in it."""
    serving: str
    """Folder or bucket for pushed models; each model has a folder of its own in it."""
    keeps_metadata: bool = False
    """Whether ML Metadata is a SQLite file in the pipeline's folder, for runners that need one.
    Each model has its own: two processes that create the same one at once get errors."""
    name: Callable[[str], str] = str
    """From a model's name to the pipeline's."""
    data: str = str(project.ROOT)
    """The folder or bucket that a relative `data.path` is in."""
    data_hash: str | None = None
    """What changes when the data does; None: it is computed from the data."""
    beam: Beam | None = None
    """Where the data nodes run; None: where the model's configuration says."""
    training: Any = None
    """What Kubeflow needs to know of the machine that trains."""
    baseline: Callable[[BaseChannel, str], BaseNode] = latest_other_blessed
    """Makes the node that finds the model to beat, from the trained model and the serving folder.
    It has the output `model`."""
    pusher: Callable[..., BaseNode] = push_to_folder
    """Makes the node that pushes, from the serving folder, the model, both blessings, and
    the reference profile."""


LOCAL = Target(
    artifacts=str(project.RUNS),
    serving=str(project.SERVING_MODELS),
    keeps_metadata=True,
)
