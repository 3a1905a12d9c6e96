"""Arrow's lists, as every format comes to have them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def relisted(lists: pa.Array, values: pa.Array, *, nulls: bool = True) -> pa.Array:
    """Lists of the same lengths, with 32-bit offsets, of other values.

    Args:
        lists: Lists of any kind; null stays null.
        values: What stands for `lists.flatten()`, value by value.
        nulls: Whether values that are null are kept; without them lists get shorter.
    """
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    if not nulls:
        kept = values.is_valid().to_numpy(zero_copy_only=False)
        ends = np.concatenate([[0], np.cumsum(kept)])[ends]
        values = values.drop_null()
    # Where an offset is null, so is the list.
    missing = np.append(lists.is_null().to_numpy(zero_copy_only=False), False)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32(), mask=missing), values)
