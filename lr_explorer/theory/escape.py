"""How noise leads a run out of a well or off a saddle, and how long that takes."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]
Pair = tuple[float, float]

# The median of |ξ|, ξ standard normal.
_MEDIAN = 0.674489750196082


def temperature(lr: Array | float, sigma: float) -> Array | float:
    """Return the temperature ησ²/2, in units of loss, at which Langevin motion spreads as SGD at this rate does.

    sigma: the noise's standard deviation on each coordinate. An update is a time η of dx = −∇f dt + √(2T)·dW. Exact as ηλ goes to 0: on a
    quadratic SGD spreads as at T/(1 − ηλ/2). Source: Mandt, Hoffman & Blei (2017); Jastrzębski et al. (2017), arXiv 1711.04623.
    """
    return 0.5 * lr * sigma**2


def escape_rate(surface: Surface, minimum: Pair, saddle: Pair, lr: Array | float, sigma: float) -> Array:
    """Return how often per update SGD leaves a well over a saddle: η|λ_s|/(2π)·√(det H_min/|det H_sad|)·e^(−ΔV/T), T = ησ²/2.

    λ_s: the saddle's downward curvature. ΔV: how far it lies above the minimum. Where the axes agree, as in the double well, the factor is
    η√(V″_min·|V″_sad|)/2π. lr: η of any shape, the result's; 0 where rate or noise are. It holds for ΔV above about 2T and ηλ well below 1, while
    a mean wait is long against the way down.
    Source: Kramers (1940); Langer (1969) for more dimensions; for SGD Xie, Sato & Sugiyama (2021), arXiv 2002.03495.
    """
    below, above = np.array(minimum), np.array(saddle)
    low, high = surface.hessian(below), surface.hessian(above)
    downward = np.linalg.eigvalsh(high)[0]
    if not (np.linalg.eigvalsh(low)[0] > 0 > downward and np.linalg.det(high) < 0):
        raise ValueError(f"escape_rate: minimum must curve upwards everywhere and saddle downwards along one axis; got {minimum} and {saddle}")
    lr = np.asarray(lr, dtype=float)
    height = float(surface.value(above) - surface.value(below))
    prefactor = abs(downward) / (2 * np.pi) * np.sqrt(np.linalg.det(low) / abs(np.linalg.det(high)))
    with np.errstate(divide="ignore"):
        return lr * prefactor * np.exp(-height / temperature(lr, sigma))


def crossed_share(leaving: Array, returning: Array, share: float = 0.0) -> Array:
    """Return the probability of being in the other of two wells before the first update and after each, (steps + 1, ...).

    The two-state master equation p′ = k_out·(1 − p) − k_in·p, solved exactly over each update of constant rates. leaving, returning: k_out and
    k_in of each update, (steps, ...), as `escape_rate` has them. share: p at the start. It holds while the rates change slowly against the way
    down into a well. Source: Kramers (1940); van Kampen, Stochastic Processes in Physics and Chemistry (2007), chapter XIII.
    """
    both = leaving + returning
    target = np.divide(leaving, both, out=np.zeros_like(both), where=both > 0)
    shares = [np.full(both.shape[1:], share)]
    for level, moved in zip(target, -np.expm1(-both), strict=True):
        shares.append(shares[-1] + (level - shares[-1]) * moved)
    return np.array(shares)


def saddle_time(curvature: float, lr: Array | float, sigma: float, distance: float) -> Array:
    """Return after how many updates half of the runs from the ridge of a saddle are farther than `distance` from it.

    ln[1 + (r/0.6745)²·((1 + ηγ)² − 1)/(ησ)²]/(2·ln(1 + ηγ)): when the median of |y| passes r, where y ← (1 + ηγ)y + ησξ from 0.
    curvature: −γ, below 0, along y. Infinite without noise or rate. Exact where the curvature is constant; a bend that brakes makes it longer.
    Source: the variance of that recursion; for how noise leaves saddles Ge et al. (2015), Jin et al. (2017).
    """
    if not curvature < 0:
        raise ValueError(f"saddle_time: curvature must be below 0; got {curvature}")
    growth = np.log1p(-curvature * np.asarray(lr, dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.log1p((distance / _MEDIAN) ** 2 * np.expm1(2 * growth) / (lr * sigma) ** 2) / (2 * growth)
    return np.where(np.isnan(times), np.inf, times)
