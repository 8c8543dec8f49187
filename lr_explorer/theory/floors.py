"""Where a constant rate comes to rest: the loss at which noise keeps it."""

import numpy as np
from numpy.typing import NDArray

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


def stable_slope(tail: float) -> float:
    """Return the slope of the logarithm of the median floor of α-stable noise against that of the rate, 2(1 − 1/α), where ηλ is small.

    1 for normal noise (α = 2), 0 for Cauchy's: no rate settles closer; below α = 1 a smaller rate even settles farther out. From `stable_spread`.
    """
    return 2 * (1 - 1 / tail)


def sign_floor(curvatures: tuple[float, float], lr: float) -> float:
    """Return the mean loss at which sign-SGD hovers with a constant rate and no noise at all: η²·Σλ/6.

    Each coordinate ends jumping between u and u − η; u is uniform on (0, η) over starts that are spread over many steps, and its mean square
    η²/3. curvatures: along x and y, which must be the bowl's axes. Exact there, and without a limit of stability.
    """
    return lr**2 * sum(curvatures) / 6


def adaptive_floor(curvatures: tuple[float, float], lr: float, sigma: float, beta1: float = 0.0) -> float:
    """Return the mean loss at which RMSprop (β₁ = 0) and Adam hover with a constant rate: the noise floor at rate (1 − β₁)η/σ and momentum β₁.

    They divide by the root of the mean square gradient, which is σ where noise outweighs what the curvature makes of the distance; so the floor is
    proportional to σ, not to its square, and hardly depends on the curvature. Adam's velocity is a mean, hence the 1 − β₁. Too high by a few per
    cent, since the distance does add to the mean square. curvatures: along x and y, which must be the bowl's axes.
    """
    return noise_floor(curvatures, (1 - beta1) * lr / sigma, sigma, beta1)
