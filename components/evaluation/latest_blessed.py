"""Finds the model that a candidate has to beat."""

from __future__ import annotations

from ml_metadata.metadata_store import MetadataStore
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.types import Artifact

from components.evaluation import DROPPED

CANDIDATE = "candidate"


class LatestOtherBlessedModel(LatestBlessedModelStrategy):
    """The latest blessed model that is not the candidate itself and that nobody has dropped.

    A run in which nothing changed gets its model from the cache. TFX's own strategy would then
    return that very model as the baseline, and the changed baseline would judge and push it once
    more.
    """

    def resolve_artifacts(
        self, store: MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]] | None:
        """Picks the baseline.

        Args:
            store: ML Metadata.
            input_dict: All models and blessings of this pipeline, and this run's model as
            `candidate`.

        Returns:
            At most one model and its blessing, and the candidate.
        """
        candidates = {artifact.id for artifact in input_dict[CANDIDATE]}
        others = {
            key: [
                artifact
                for artifact in artifacts
                if artifact.id not in candidates and not artifact.get_int_custom_property(DROPPED)
            ]
            for key, artifacts in input_dict.items()
            if key != CANDIDATE
        }
        found = super().resolve_artifacts(store, others)
        # TFX expects every input back.
        return None if found is None else found | {CANDIDATE: input_dict[CANDIDATE]}
