"""Cut features into bins, which are the levels of factors in H2O."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from malicious_domains.names.array_types import Bytes, Floats


def choose_bins(values: Floats, weights: Floats, count: int) -> list[float]:
    """Return the upper limits of about `count` bins but the last; heavy values have one alone.

    Others are cut at weighted quantiles: what most labels share, such as no digit, takes one bin.
    values and weights are (rows,).

    >>> choose_bins(np.array([0.0, 1.0, 2.0, 3.0]), np.ones(4), 2)
    [1.0]
    """
    different, at = np.unique(values, return_inverse=True)
    if len(different) <= count:
        return [float(x) for x in different[:-1]]
    weight = np.bincount(at, weights)
    heavy = np.flatnonzero(weight >= weights.sum() / count)
    weight[heavy] = 0
    rest, bins = np.cumsum(weight), max(count - len(heavy), 1)
    quantiles = np.searchsorted(rest / rest[-1], np.arange(1, bins) / bins)
    last = np.unique(np.concatenate([quantiles, heavy, heavy - 1]))  # value of each bin, by number
    return [float(x) for x in different[last[(last >= 0) & (last < len(different) - 1)]]]


def level_name(index: int) -> str:
    """Return the name of a bin in H2O, its number as two digits."""
    return f"{index:02d}"


def name_bins(sizes: Mapping[str, int], bins: Bytes) -> pd.DataFrame:
    """Return bins, (names, rows), as factors with H2O's names of their levels, (rows, names).

    >>> name_bins({"x": 3}, np.array([[2, 0]], np.uint8))["x"].tolist()
    ['02', '00']
    """
    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(codes, pd.Index([*map(level_name, range(size))]))
            for (name, size), codes in zip(sizes.items(), bins, strict=True)
        }
    )
