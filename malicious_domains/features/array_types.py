"""Names of array types, for annotations only: the Lambda starts without numpy.typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray as NDArray

    Bools = NDArray[np.bool_]
    Bytes = NDArray[np.uint8]
    Narrow = NDArray[np.int32]
    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
else:
    NDArray = Bools = Bytes = Narrow = Ints = Floats = Any

Count = TypeVar("Count", int, Ints)  # of one label, or of each label of a batch
