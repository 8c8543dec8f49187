"""What theory says, in formulas with sources; nothing here simulates."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces import Surface
from lr_explorer.surfaces.data import LeastSquares

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


def noise_floor(curvatures: tuple[float, float], lr: float, sigma: float | tuple[float, float], momentum: float = 0.0) -> float:
    """Return the mean loss at which SGD with a constant rate hovers on a quadratic: Σ ησ²(1 + β)/(2(1 − β)(2(1 + β) − ηλ)).

    curvatures: the two λ. sigma: the noise's standard deviation along their axes, one for both or one each; in a batch of B it is σ/√B.
    Infinite past the stability limit. Source: Mandt et al. (2017), exact in η.
    """
    edge = 2 * (1 + momentum)
    if any(lr * curvature >= edge for curvature in curvatures):
        return np.inf
    sigmas = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    each = zip(curvatures, sigmas, strict=True)
    return sum(lr * one**2 * (1 + momentum) / (2 * (1 - momentum) * (edge - lr * curvature)) for curvature, one in each)


def stable_spread(curvature: float, lr: float, sigma: float, tail: float) -> float:
    """Return the scale of the α-stable law in which SGD with a constant rate comes to rest along an axis: ησ/(1 − |1 − ηλ|^α)^(1/α).

    tail: α; sigma: the noise's scale. The loss is ½λ times a square of this law, so its median falls like η^(2(1 − 1/α)) where ηλ is small.
    Infinite past the stability limit. Source: the scales' powers α add up, Samorodnitsky & Taqqu (1994), property 1.2.1; exact in η.
    """
    kept = abs(1 - lr * curvature) ** tail
    return float(lr * sigma / (1 - kept) ** (1 / tail)) if kept < 1 else np.inf


def proportional_edge(curvatures: tuple[float, float], share: float) -> float:
    """Return the rate from which on noise of `share` times the gradient's length makes the mean square grow on a quadratic.

    It solves s²·Σ ηλ/(2 − ηλ) = 1; along one axis alone that is η = 2/(λ(1 + s²)). Below it SGD converges to the minimum itself. Single
    runs may still converge above it: their median does. Source: the fixed point of E x_i² ← (1 − ηλ_i)²E x_i² + η²s²·Σ λ_j²E x_j².
    """
    both, product = sum(curvatures), curvatures[0] * curvatures[1]
    half = both * (1 + share**2)
    # The smaller root of (1 + 2s²)·λ₁λ₂·η² − 2(λ₁ + λ₂)(1 + s²)·η + 4, written so that it stands where λ₁λ₂ vanishes.
    return float(4 / (half + np.sqrt(half**2 - 4 * (1 + 2 * share**2) * product)))


def batch_floor(surface: LeastSquares, lr: float, size: int, *, replace: bool = False) -> float:
    """Return the mean loss above the lowest at which SGD on mini-batches hovers with a constant rate; infinite where it has none.

    The covariance of its points solves C = (1 − ηH)C(1 − ηH) + η²·k·(E[(h − H)C(h − H)] + Σ), where h is the Hessian and Σ the covariance of a
    row's gradient at the minimum: the part with h, noise that grows with the distance, is what noise of one size leaves out.
    size: rows of a batch. k is 1/B, without replacement (n − B)/(B(n − 1)). Source: the stationary equation of x ← x − η·ḡ(x), exact for
    least squares.
    """
    rows = surface.features.T[:, :, None] * surface.features.T[:, None, :]
    slopes = surface.features * surface.slope(np.array(surface.minima[0].point) @ surface.features, surface.labels)
    mean, left = rows.mean(axis=0), 1 / size if replace else (surface.rows - size) / (size * (surface.rows - 1))
    kept, off = np.eye(2) - lr * mean, rows - mean
    # Row by row of a matrix, A·C·B is the Kronecker product of A and Bᵀ times C.
    map_of = np.kron(kept, kept) + lr**2 * left * np.mean([np.kron(one, one) for one in off], axis=0)
    if np.abs(np.linalg.eigvals(map_of)).max() >= 1:
        return np.inf
    spread = np.linalg.solve(np.eye(4) - map_of, lr**2 * left * (slopes @ slopes.T / surface.rows).ravel())
    return float(0.5 * mean.ravel() @ spread)


def transfer_loss(distance: float, curvature: float, lr: float, steps: int, rows: int, error: float) -> float:
    """Return the expected loss on new rows, above their errors', along one weight after `steps` updates of gradient descent on few rows.

    ½λ[Δ²(1 − ηλ)^(2T) + (s²/nλ)(1 − (1 − ηλ)^T)²]: what is left of the distance Δ at the start, and what the labels' errors, of standard
    deviation s, have misled in n rows. Source: least squares with E aaᵀ = λ and exactly λ in the sample; the two parts do not correlate.
    """
    left = (1 - lr * curvature) ** steps
    return 0.5 * curvature * (distance**2 * left**2 + error**2 / (rows * curvature) * (1 - left) ** 2)


def best_condition(hessian: Array) -> float:
    """Return the condition number that the best rates per coordinate leave of a 2 × 2 Hessian: the least κ(D^½ H D^½), D diagonal.

    With r = |h_xy|/√(h_xx·h_yy) it is (1 + r)/(1 − r), reached by D = 1/diagonal: 1 for axes along the coordinates, κ itself for axes at 45°.
    Source: Forsythe & Straus, On best conditioned matrices (1955); van der Sluis (1969).
    """
    slant = abs(hessian[0, 1]) / np.sqrt(hessian[0, 0] * hessian[1, 1])
    return float((1 + slant) / (1 - slant))
