"""Verify an artifact before it is published, installed or deployed: its equation is its MOJO's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from malicious_domains.model.artifact import MAX_F1, MOJO, load_artifact

from . import ReleaseError

_TOLERANCE = 1e-12  # between coefficients
_ROUNDING = 1e-9  # between sums of coefficients that are added in another order


def verify_artifact(folder: Path) -> None:
    """Raise ReleaseError unless threshold, intercept and every coefficient are the MOJO's.

    The artifact moves the mean of each binned term into its intercept. Raises ArtifactError for
    damaged files, MaliciousDomainsError for one that is not the MOJO of a GLM.

    >>> from malicious_domains.model.artifact import PACKAGED
    >>> verify_artifact(PACKAGED / "classic")
    """
    from ..h2o_cluster.mojo import read_mojo  # they need what training needs
    from ..training.binning import level_name

    model, mojo = load_artifact(folder), folder / MOJO
    if MOJO not in model.metadata["files"]:
        raise ReleaseError(f"{folder} does not list {MOJO}, so it was not made by `train`")
    expected, moved = read_mojo(mojo), 0.0
    for term, own in model.metadata["coefficients"].items():
        if isinstance(own, list):
            levels = expected.coefficients.get(term, {})
            difference = np.array([levels.get(level_name(i), 0.0) for i in range(len(own))]) - own
            moved += float(difference[0])
            gap = float(np.ptp(difference))
        else:
            gap = abs(own - expected.coefficients.get(term, 0.0))
        if not gap <= _TOLERANCE:
            raise ReleaseError(f"{mojo}: its coefficients of {term} are not the artifact's")
    if not abs(expected.intercept + moved - model.intercept) <= _ROUNDING:
        raise ReleaseError(f"{mojo}: its intercept is not the artifact's")
    if expected.threshold != model.thresholds[MAX_F1]:
        raise ReleaseError(f"{mojo}: its threshold is not the artifact's")
