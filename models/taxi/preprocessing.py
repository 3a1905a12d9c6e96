"""From raw trips to what the network takes, the same in training and in serving."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from models.common.preprocessing import fill_missing
from models.taxi import features
from models.taxi.features import transformed

TIP_SHARE = 0.2


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, tf.Tensor]:
    """Transforms a batch of raw features, each [batch] or sparse, to dense features of [batch]."""
    outputs = {}
    for name in features.NUMERIC:
        outputs[transformed(name)] = tft.scale_to_z_score(
            tf.math.log1p(tf.maximum(tf.cast(fill_missing(inputs[name]), tf.float32), 0.0))
        )
    for name in features.BUCKETED:
        outputs[transformed(name)] = tft.bucketize(fill_missing(inputs[name]), features.BUCKETS)
    for name, size in features.CATEGORICAL.items():
        outputs[transformed(name)] = tf.clip_by_value(
            tf.cast(fill_missing(inputs[name]), tf.int64), 0, size - 1
        )
    for name in features.VOCABULARY:
        outputs[transformed(name)] = tft.compute_and_apply_vocabulary(
            fill_missing(inputs[name]),
            top_k=features.VOCABULARY_SIZE,
            num_oov_buckets=features.OUT_OF_VOCABULARY,
            vocab_filename=name,
        )
    outputs[features.LABEL] = _big_tipper(inputs["tips"], inputs["fare"])
    return outputs


def _big_tipper(tips: Any, fare: Any) -> tf.Tensor:
    """1 where the tip is more than 20 % of the fare, else 0."""
    bound = TIP_SHARE * tf.cast(fill_missing(fare), tf.float32)
    return tf.cast(tf.cast(fill_missing(tips), tf.float32) > bound, tf.int64)
