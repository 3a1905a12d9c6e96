"""Before labels come: does the estimate go where the metric then is found to be?

Chunks of 2,000 served rows in the order of time. The estimate of each, ours and that of NannyML's
CBPE, beside the metric by the labels that came later: Spearman's rank correlation over the chunks,
and the mean absolute error.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from benchmarks.monitoring.running import run
from monitoring.labels.estimate import estimates
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.window_summary import OutputSummary, WindowSummary
from tests.monitoring.sampled import NOW, bins, numbers


def measure(peers: str) -> None:
    """Prints a line for each set and metric."""
    with tempfile.TemporaryDirectory() as name:
        run(peers, "harm", name)
        for path in sorted(Path(name).glob("*.npz")):
            data = dict(np.load(path))
            for metric in json.loads(str(data["metrics"])):
                ours = np.array([_estimated(data, metric, chunk) for chunk in data["served"]])
                truth, cbpe = data[f"{metric} truth"], data[f"{metric} cbpe"]
                shown = "  ".join(
                    f"{who} {spearmanr(each, truth).statistic:.2f} "
                    f"(error {np.abs(each - truth).mean():.4f})"
                    for who, each in (("ours", ours), ("CBPE", cbpe))
                )
                print(f"{path.stem:10} {metric:9} {len(truth):3} chunks: {shown}", flush=True)


def _estimated(data: dict[str, np.ndarray], metric: str, scores: np.ndarray) -> float:
    """Our estimate of a chunk, by the scores of the rows of the reference and their labels."""
    reference, true = data["reference"], data["true"].astype(bool)
    of = numbers(reference)
    counted = bins(of.edges, reference[true])
    classes = bool(data["classes"])
    name = {"accuracy": "BinaryAccuracy", "roc_auc": "AUC"}[metric]
    name = "SparseCategoricalAccuracy" if classes else name
    output = {"output": "p", "rows": len(reference), "numbers": of}
    if not classes:
        output["calibration"] = {"positives": counted}
    profile = ReferenceProfile.model_validate(
        {
            "version": 1, "model": "m", "run": "r", "made": NOW, "features": {},
            "training_rows": len(reference), "test_rows": len(reference), "outputs": {"p": output},
            "metrics": {metric: {"metric": name, "value": float(data[f"{metric} reference"])}},
            "label": {"name": "y", "task": "multiclass" if classes else "binary", "columns": ["y"],
                      "output": "p"},
            "top_score": {"output": "p", "classes": 3, "numbers": of, "right": counted}
            if classes else None,
        }
    )  # fmt: skip
    served = bins(of.edges, scores)
    window = WindowSummary(
        model="m", version=1, first=NOW, last=NOW, rows=len(scores), top_score=served,
        outputs={"p": OutputSummary(rows=len(scores), bins=served)},
    )  # fmt: skip
    (found,) = estimates(profile, window)
    assert found.served is not None
    return found.served
