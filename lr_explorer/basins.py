"""Which minimum a point belongs to: where gradient flow takes it."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]

_MOST_STEPS = 3000
# Shares of the diagonal of the surface's box: the longest stride of the flow, and the distance at which a minimum is reached.
_STRIDE = 0.01
_REACHED = 0.005


def basin_of(surface: Surface, points: Array) -> NDArray[np.int64]:
    """Return the index of the minimum to which gradient flow leads from each point, −1 where it reaches none.

    points: shape (2, n), NaN for a run that diverged. Strides are half the inverse curvature, capped at 1 % of the box.
    """
    found = np.full(points.shape[1], -1)
    if not surface.minima:
        return found
    minima = np.array([minimum.point for minimum in surface.minima]).T
    lanes = np.flatnonzero(np.isfinite(points).all(axis=0))
    point = points[:, lanes].copy()
    # Far out a slope may overflow; such a point reaches no minimum, and that is no reason to warn.
    with np.errstate(all="ignore"):
        for _ in range(_MOST_STEPS):
            distance = np.hypot(*(point[:, :, None] - minima[:, None, :]))
            arrived = distance.min(axis=1) < _REACHED * surface.diagonal
            found[lanes[arrived]] = distance.argmin(axis=1)[arrived]
            lanes, point = lanes[~arrived], point[:, ~arrived]
            if not len(lanes):
                break
            grad, hess = surface.gradient(point), surface.hessian(point)
            slope = np.maximum(np.hypot(*grad), 1e-300)
            curvature = np.maximum(np.sqrt((hess**2).sum(axis=(0, 1))), 1e-300)
            point -= grad / slope * np.minimum(0.5 * slope / curvature, _STRIDE * surface.diagonal)
            surface.project(point)
    return found
