"""Expected losses off quadratics, to the accuracy of taking the points of all runs to be normally distributed."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces import Surface
from lr_explorer.theory.moments import until_divergence

Array = NDArray[np.float64]

# Places along each axis at which an expectation over a normal distribution is taken.
_PLACES = 15


def normal_losses(surface: Surface, start: tuple[float, float], rates: Array, sigma: float) -> Array:
    """Return the expected loss of SGD before the first update and after each, (steps + 1, ...), as if its points were normally distributed.

    Mean and covariance pass through every update exactly, given that: m ← E(x − η∇f), C ← Cov(x − η∇f) + η²σ²·I, by Gauss–Hermite quadrature.
    rates: of each update, (steps, ...). sigma: the noise's standard deviation on each coordinate. Exact on quadratics from a point; good where
    runs stay in one valley; wrong where they part, as at a saddle or between wells. Infinite from where the root
    of a mean square passes 10⁶, where runs count as diverged.
    Source: moment closure, in filtering called assumed density: Särkkä, Bayesian Filtering and Smoothing (2013), chapter 6.
    """
    rates = np.asarray(rates, dtype=float)
    places, weights = np.polynomial.hermite_e.hermegauss(_PLACES)
    weights = weights / weights.sum()
    aside = (-1, *[1] * (rates.ndim - 1))
    across, along = (grid.reshape(aside) for grid in np.meshgrid(places, places))
    weight = np.outer(weights, weights).reshape(aside)
    mean = np.broadcast_to(np.reshape(start, aside), (2, *rates.shape[1:])).astype(float)
    xx, xy, yy = np.zeros((3, *rates.shape[1:]))
    losses, squares = [], []
    with np.errstate(all="ignore"):
        for lr in (*rates, None):
            # The covariance's Cholesky factor takes standard normal places to the runs' own.
            root = np.sqrt(xx)
            slant = np.divide(xy, root, out=np.zeros_like(xy), where=root > 0)
            rest = np.sqrt(np.maximum(yy - slant**2, 0.0))
            points = np.stack([mean[0] + root * along, mean[1] + slant * along + rest * across])
            losses.append((weight * surface.value(points)).sum(axis=0))
            squares.append(np.stack([xx, yy]) + np.square(mean))
            if lr is None:
                break
            moved = points - lr * surface.gradient(points)
            mean = (weight * moved).sum(axis=1)
            x, y = moved - mean[:, None]
            xx, xy, yy = ((weight * one).sum(axis=0) for one in (x * x, x * y, y * y))
            xx, yy = xx + (lr * sigma) ** 2, yy + (lr * sigma) ** 2
        return until_divergence(np.array(losses), np.stack(squares, axis=1))
