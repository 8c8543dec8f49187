"""How large a rate may be: curvatures, and the edges past which a method diverges."""

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


def proportional_edge(curvatures: tuple[float, float], share: float) -> float:
    """Return the rate from which on noise of `share` times the gradient's length makes the mean square grow on a quadratic.

    It solves s²·Σ ηλ/(2 − ηλ) = 1; along one axis alone that is η = 2/(λ(1 + s²)). Below it SGD converges to the minimum itself. Single
    runs may still converge above it: their median does. Source: the fixed point of E x_i² ← (1 − ηλ_i)²E x_i² + η²s²·Σ λ_j²E x_j².
    """
    both, product = sum(curvatures), curvatures[0] * curvatures[1]
    half = both * (1 + share**2)
    # The smaller root of (1 + 2s²)·λ₁λ₂·η² − 2(λ₁ + λ₂)(1 + s²)·η + 4, written so that it stands where λ₁λ₂ vanishes.
    return float(4 / (half + np.sqrt(half**2 - 4 * (1 + 2 * share**2) * product)))
