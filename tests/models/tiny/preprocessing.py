"""One analyzer of each kind, and features that need none."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from models.tiny import features

from models.common.preprocessing import fill_missing


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, tf.Tensor]:
    """From raw features to numbers, each [batch], or [batch, 2] for `position_xf`."""
    return {
        "miles_xf": tft.scale_to_z_score(fill_missing(inputs["miles"])),
        "hour_xf": fill_missing(inputs["hour"]),
        "payment_xf": tft.hash_strings(fill_missing(inputs["payment"]), 8),
        "position_xf": inputs["position"] / 100.0,
        "latitude_xf": tft.bucketize(fill_missing(inputs["latitude"], -90.0), 4),
        "area_xf": tf.clip_by_value(fill_missing(inputs["area"], -1), -1, 5),
        "company_xf": tft.compute_and_apply_vocabulary(
            fill_missing(inputs["company"], "none"), num_oov_buckets=1, vocab_filename="company"
        ),
        "stops_xf": tf.reshape(tf.sparse.reduce_sum(inputs["stops"], axis=1), [-1]),
        features.LABEL: tf.cast(fill_missing(inputs["tips"]) > 2.0, tf.int64),
    }
