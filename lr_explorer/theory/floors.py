"""Where a constant rate comes to rest: the loss at which noise keeps it."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces.data import LeastSquares

Array = NDArray[np.float64]


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
