"""Ways without noise: how large the sum of the rates must be to come from here to there, and which rates cover a bowl fastest.

Times are those of gradient flow, dx = −∇f dt. Small rates η_t come as far as flow does in the time Σ η_t, whatever their order.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def plateau_time(far: Array | float, near: Array | float, width: float = 1.0) -> Array | float:
    """Return the time from distance `far` to `near` on f = r²/(w² + r²): F(far) − F(near) with F(r) = ½[w²·ln r + r² + r⁴/(4w²)].

    Distances above 0. Far out it grows with the fourth power of the distance. Source: dt = −dr/f′(r), integrated.
    """
    return _plateau(far, width) - _plateau(near, width)


def _plateau(distance: Array | float, width: float) -> Array | float:
    square = np.square(distance)
    return 0.5 * (width**2 * np.log(distance) + square + square**2 / (4 * width**2))


def river_time(far: Array | float, near: Array | float, slope: float) -> Array | float:
    """Return the time from distance `far` to `near` along f = s(√(1 + d²) − 1): [G(far) − G(near)]/s with G(d) = √(1 + d²) − arsinh(1/d).

    Distances above 0; slope: s. Far from the end it is the distance by s. Source: dt = −dd/f′(d), integrated. Noise on the way adds its own part of
    the loss, see `normal_losses`.
    """
    return (_river(far) - _river(near)) / slope


def _river(distance: Array | float) -> Array | float:
    return np.sqrt(1 + np.square(distance)) - np.arcsinh(1 / np.asarray(distance))


def best_constant_rate(curvatures: tuple[float, float]) -> float:
    """Return the constant rate with which all losses of curvatures between these two fall fastest without noise: 2/(λ₁ + λ₂).

    Each update then leaves ((κ − 1)/(κ + 1))² of the loss, κ = λ₂/λ₁. Source: Polyak, Introduction to Optimization (1987), theorem 1.4.2.
    """
    return 2 / sum(curvatures)


def chebyshev_rates(curvatures: tuple[float, float], steps: int) -> Array:
    """Return the rates with which the distance from the minimum shrinks most in so many updates without noise, (steps,), in a safe order.

    1/η_k = ½(λ₁ + λ₂) + ½(λ₂ − λ₁)·cos(π(2k + 1)/2T). At any curvature between the two at most 1/T_T((κ + 1)/(κ − 1)) of the distance is left,
    T_T(z) = cosh(T·arcosh z): about 2e^(−2T/√κ), against e^(−2T/κ) at the best constant rate. Many are above 2/λ₂; in the order of Leja – each
    the farthest, by the product of its distances, from those before – no curvature grows much on the way.
    Source: Young (1953); Lebedev & Finogenov (1971) on their order; Leja (1957) for this one.
    """
    low, high = min(curvatures), max(curvatures)
    left = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(np.pi * (np.arange(steps) + 0.5) / steps)
    ordered = [left[0]]
    apart = np.zeros(steps)
    for _ in range(steps - 1):
        with np.errstate(divide="ignore"):  # what is taken is at no distance from itself
            apart += np.log(np.abs(left - ordered[-1]))
        ordered.append(left[np.argmax(apart)])
    return 1 / np.array(ordered)
