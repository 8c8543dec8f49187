"""Rates that differ between coordinates, which stand for layers."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def transfer_loss(distance: float, curvature: float, lr: float, steps: int, rows: int, error: float) -> float:
    """Return the expected loss on new rows, above their errors', along one weight after `steps` updates of gradient descent on few rows.

    ½λ[Δ²(1 − ηλ)^(2T) + (s²/nλ)(1 − (1 − ηλ)^T)²]: what is left of the distance Δ at the start, and what the labels' errors, of standard
    deviation s, have misled in n rows. Source: least squares with E aaᵀ = λ and exactly λ in the sample; the two parts do not correlate.
    """
    left = (1 - lr * curvature) ** steps
    return 0.5 * curvature * (distance**2 * left**2 + error**2 / (rows * curvature) * (1 - left) ** 2)


def transfer_flip(curvature: float, slow: float, fast: float, steps: int, rows: int, error: float) -> float:
    """Return the distance Δ along one weight below which the slower of two rates gives the lower `transfer_loss`, and above which the faster.

    Δ² = (s²/nλ)·[(1 − b)² − (1 − a)²]/(a² − b²) with a, b = (1 − ηλ)^T at the slow and the fast rate, of which each has to leave less than 1.
    """
    kept, left = ((1 - lr * curvature) ** steps for lr in (slow, fast))
    if not abs(left) < abs(kept) < 1:
        raise ValueError(f"transfer_flip: slow must leave more of the distance than fast, and less than all; got {slow} and {fast}")
    return float(np.sqrt(error**2 / (rows * curvature) * ((1 - left) ** 2 - (1 - kept) ** 2) / (kept**2 - left**2)))


def best_condition(hessian: Array) -> float:
    """Return the condition number that the best rates per coordinate leave of a 2 × 2 Hessian: the least κ(D^½ H D^½), D diagonal.

    With r = |h_xy|/√(h_xx·h_yy) it is (1 + r)/(1 − r), reached by D = 1/diagonal: 1 for axes along the coordinates, κ itself for axes at 45°.
    Source: Forsythe & Straus, On best conditioned matrices (1955); van der Sluis (1969).
    """
    slant = abs(hessian[0, 1]) / np.sqrt(hessian[0, 0] * hessian[1, 1])
    return float((1 + slant) / (1 - slant))
