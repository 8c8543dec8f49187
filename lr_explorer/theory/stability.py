"""How large a rate may be: curvatures, and the edges past which a method diverges."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]
Pair = tuple[float, float]


def curvatures(surface: Surface, point: Array, rates: Pair | Array = (1.0, 1.0)) -> tuple[Array, Array]:
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
    edge = float(stable_rate(surface, point, limit))
    return float(f"{0.25 * edge:.1e}") if edge < np.inf else None


def stable_rate(surface: Surface, point: Array, limit: float, rates: Pair | Array = (1.0, 1.0)) -> Array:
    """Return the largest stable rate at `point` (2, ...): limit/λ, λ the largest curvature as in `curvatures`; infinite where none is upward.

    limit: the largest stable η·λ of the optimizer, as its `stability_limit` has it. Exact on a quadratic, local elsewhere.
    """
    return _limit_by(limit, curvatures(surface, point, rates)[1])


def edge_curvature(lr: Array | float, limit: float = 2.0) -> Array:
    """Return the curvature at which a rate is just stable, limit/η: above it a minimum repels, and training that sharpens hovers there.

    lr: η of any shape; infinite where it is 0. Source: Wu, Ma & E (2018); Cohen et al. (2021), arXiv 2103.00065, the edge of stability.
    """
    return _limit_by(limit, lr)


def _limit_by(limit: float, factor: Array | float) -> Array:
    factor = np.asarray(factor, dtype=float)
    return np.divide(limit, factor, out=np.full(factor.shape, np.inf), where=factor > 0)


def catapult_rates(curvature: float) -> Pair:
    """Return the rates between which two linear layers, f = ½(xy − k)², leave a minimum of this curvature for a flatter one: 2/λ and 4/λ.

    With λ = x² + y² and k = 0 an update adds exactly 2ηf·(ηλ − 4) to λ: below 4/λ the curvature falls while the loss grows, until it is below
    2/η; above, both grow. Where k is not 0 that holds for distances xy − k that are large against it.
    Source: Lewkowycz et al. (2020), arXiv 2003.02218.
    """
    return 2 / curvature, 4 / curvature


def mean_gradient_limit(beta: float) -> float:
    """Return the largest stable η·λ of a method that steps along the running mean of its gradients: (2 + 2β)/(1 − β), 38 at β = 0.9.

    For Adam λ is the largest eigenvalue of P⁻¹H with P the root of its corrected mean square (plus ε) and β its β₁; it holds where P
    changes slowly, β₂ near 1. Source: Cohen et al. (2022), arXiv 2207.14484.
    """
    return (2 + 2 * beta) / (1 - beta)


def quartic_edge(distance: float, scale: float = 1.0) -> float:
    """Return the rate below which gradient descent on ¼a·x⁴ converges from this distance and above which it diverges: 2/(a·x₀²).

    It is three times 2/λ of the start: x ← x(1 − ηa·x²) is stable as long as it shrinks. On the quartic bowl |x| or |y| counts, whichever is larger.
    """
    return 2 / (scale * distance**2)


def steepest_axis(surface: Surface, point: Array) -> Array:
    """Return the unit direction (2,) in which the loss curves most at `point` (2,), its larger part positive."""
    _, vectors = np.linalg.eigh(surface.hessian(point))
    axis = vectors[:, 1]
    return axis * np.sign(axis[np.argmax(np.abs(axis))])


def proportional_edge(curvatures: Pair, share: float) -> float:
    """Return the rate from which on noise of `share` times the gradient's length makes the mean square grow on a quadratic.

    It solves s²·Σ ηλ/(2 − ηλ) = 1; along one axis alone that is η = 2/(λ(1 + s²)). Below it SGD converges to the minimum itself. Single
    runs may still converge above it: their median does. Source: the fixed point of E x_i² ← (1 − ηλ_i)²E x_i² + η²s²·Σ λ_j²E x_j².
    """
    both, product = sum(curvatures), curvatures[0] * curvatures[1]
    half = both * (1 + share**2)
    # The smaller root of (1 + 2s²)·λ₁λ₂·η² − 2(λ₁ + λ₂)(1 + s²)·η + 4, written so that it stands where λ₁λ₂ vanishes.
    return float(4 / (half + np.sqrt(half**2 - 4 * (1 + 2 * share**2) * product)))


def growth_exponent(curvature: float, lr: float, share: float) -> float:
    """Return what each update adds to ln|x| on average under noise of `share` times the gradient, along one axis: E ln|1 − ηλ(1 + sξ)|.

    By the law of large numbers |x| goes to 0 in every run where it is negative and grows without bound where it is positive, even if the mean
    of x² grows in the former. With a = |1 − ηλ| and b = ηλs it is ln b − ½(γ + ln 2) + 2·∫₀^{a/(b√2)} D(u) du, γ Euler's constant and D Dawson's
    function. Source: Furstenberg & Kesten (1960) for products of random factors; the integral from d/dμ E ln|ξ + μ| = √2·D(μ/√2).
    """
    from scipy.integrate import quad
    from scipy.special import dawsn

    kept, kicked = abs(1 - lr * curvature), lr * curvature * share
    if kicked == 0:
        return float(np.log(kept)) if kept > 0 else -np.inf
    end = kept / (kicked * np.sqrt(2))
    # Dawson's function falls like 1/(2u): past 1 over the logarithm of u, where what is integrated becomes level.
    near = quad(dawsn, 0, min(end, 1.0))[0]
    far = quad(lambda log_u: np.exp(log_u) * dawsn(np.exp(log_u)), 0, np.log(end))[0] if end > 1 else 0.0
    return float(np.log(kicked) - 0.5 * (np.euler_gamma + np.log(2)) + 2 * (near + far))


def almost_sure_edge(curvature: float, share: float) -> float:
    """Return the rate up to which |x| goes to 0 in every run under noise of `share` times the gradient, along one axis.

    There `growth_exponent` is 0. Above `proportional_edge` of that axis alone, 2/(λ(1 + s²)), up to here, the mean of x² grows but its median falls.
    """
    from scipy.optimize import brentq

    # At the mean square's edge ln|x| falls, by Jensen's inequality; without noise the two are one.
    low = 2 / (1 + share**2)
    if share == 0:
        return low / curvature
    high = 2 * low
    while growth_exponent(1.0, high, share) <= 0:
        high *= 2
    return float(brentq(lambda product: growth_exponent(1.0, product, share), low, high, xtol=1e-12) / curvature)
