"""From ratings to what the network takes, the same in training and in serving."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from models.common.preprocessing import fill_missing
from models.movielens import features


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Numbers users, films and stretches of time.

    Users and films that the training split does not have are one more of each: cold ones. What
    comes after the training split counts to its last stretch.
    """
    outputs = {
        f"{name}_xf": tft.compute_and_apply_vocabulary(
            tf.strings.as_string(fill_missing(inputs[name])),
            num_oov_buckets=1,
            vocab_filename=name,
        )
        for name in features.IDS
    }
    outputs[f"{features.TIME}_xf"] = tft.bucketize(
        fill_missing(inputs[features.TIME]), features.TIMES
    )
    outputs[features.LABEL] = tf.cast(fill_missing(inputs[features.LABEL]), tf.float32)
    return outputs
