"""Truth values, in whatever spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from models.common.columns.stacking import TO_TEXT, Raw, stack

_TRUE = r"(?i)true|t|yes|y|on|1"
_FALSE = r"(?i)false|f|no|n|off|0"


def booleans(inputs: Mapping[str, Raw], names: Sequence[str]) -> tf.Tensor:
    """Columns of truth values as numbers.

    Args:
        inputs: What `preprocessing_fn` got.
        names: Columns of true, t, yes, y, on or 1, and false, f, no, n, off or 0, in any case.

    Returns:
        [batch, names] of float32: 1 for true, 0 for false, NaN for whatever else.

    Raises:
        ValueError: There are no names, or a column has several values a row.
    """
    text = stack(inputs, names, TO_TEXT)
    false = tf.where(tf.strings.regex_full_match(text, _FALSE), 0.0, np.float32("nan"))
    return tf.where(tf.strings.regex_full_match(text, _TRUE), 1.0, false)
