"""From years to what the network takes, the same in training and in serving."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from models.common.preprocessing import fill_missing
from models.salary import features


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Standardizes the years, and says in which range the salaries are.

    Mean and standard deviation of the salaries are learnt from the training split. They are part of
    the exported model, so that its answers are dollars, whatever salaries it was trained on.
    """
    years = tf.cast(fill_missing(inputs[features.YEARS]), tf.float32)
    salary = tf.cast(fill_missing(inputs[features.LABEL]), tf.float32)
    ones = tf.ones_like(years)
    return {
        "years_xf": tft.scale_to_z_score(years),
        "salary_mean": ones * tft.mean(salary),
        "salary_deviation": ones * tf.sqrt(tft.var(salary)),
        features.LABEL: salary,
    }
