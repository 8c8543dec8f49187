"""What theory says, in formulas with sources; nothing here simulates."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]


def curvatures(surface: Surface, point: Array, rates: tuple[float, float] | Array = (1.0, 1.0)) -> tuple[Array, Array]:
    """Return the smallest and largest eigenvalue of the Hessian H at `point` (2, ...), loss per squared length.

    rates: multipliers D of the coordinates' rates, (2,) or (2, ...); the eigenvalues are then those of D^½ H D^½, which decide stability.
    """
    hess = surface.hessian(point)
    xx, yy, xy = hess[0, 0] * rates[0], hess[1, 1] * rates[1], hess[0, 1] * np.sqrt(rates[0] * rates[1])
    middle, radius = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    return middle - radius, middle + radius


def calm_rate(surface: Surface, point: Array, limit: float) -> float | None:
    """Return a quarter of the largest stable rate at `point` (2,), to two digits, None where nothing curves upwards there.

    limit: the largest stable η·λ of the optimizer. A quarter is far enough below to hold while the curvature grows a little.
    """
    largest = float(curvatures(surface, point)[1])
    return float(f"{0.25 * limit / largest:.1e}") if largest > 0 else None


def steepest_axis(surface: Surface, point: Array) -> Array:
    """Return the unit direction (2,) in which the loss curves most at `point` (2,), its larger part positive."""
    _, vectors = np.linalg.eigh(surface.hessian(point))
    axis = vectors[:, 1]
    return axis * np.sign(axis[np.argmax(np.abs(axis))])


def noise_floor(curvatures: tuple[float, float], lr: float, sigma: float, momentum: float = 0.0) -> float:
    """Return the mean loss at which SGD with a constant rate hovers on a quadratic: Σ ησ²(1 + β)/(2(1 − β)(2(1 + β) − ηλ)).

    curvatures: the two λ; sigma: noise per gradient coordinate. Infinite past the stability limit. Source: Mandt et al. (2017), exact in η.
    """
    edge = 2 * (1 + momentum)
    if any(lr * curvature >= edge for curvature in curvatures):
        return np.inf
    return sum(lr * sigma**2 * (1 + momentum) / (2 * (1 - momentum) * (edge - lr * curvature)) for curvature in curvatures)
