"""Array types for annotations: at run time they are Any, as numpy.typing is slow to import."""

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
    Hashes = NDArray[np.uint64]
    Crcs = NDArray[np.uint32]
    Records = NDArray[np.void]
else:
    NDArray = Bools = Bytes = Narrow = Ints = Floats = Hashes = Crcs = Records = Any

Count = TypeVar("Count", int, Ints)  # of one label, or of each label of a batch
