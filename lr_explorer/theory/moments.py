"""Expected losses, update by update: how gradient noise and the distance from the minimum pass through a sequence of rates."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lr_explorer.outcome import DIVERGED_BEYOND, SMALLEST
from lr_explorer.schedules import Schedule

Array = NDArray[np.float64]
Pair = tuple[float, float]

# Peaks that are tried for the phase diagram: how far they reach below and above the largest stable rate 2/λ, and how many in a decade.
_BELOW, _ABOVE, _PER_DECADE = 1000.0, 10.0, 40


def squares_at_start(hessian: Array, offset: Pair | Array, radius: float = 0.0) -> Pair:
    """Return the mean squares E u_i² of a start along the principal axes of a Hessian (2, 2), the flatter axis first.

    offset: from the minimum to the point where runs begin, or to the centre of the circle on which they do; radius: the circle's.
    """
    along = np.linalg.eigh(hessian)[1].T @ np.asarray(offset, dtype=float)
    return float(along[0] ** 2 + radius**2 / 2), float(along[1] ** 2 + radius**2 / 2)


def expected_losses(curvatures: Pair, squares: Pair, rates: Array, sigma: float | Pair | Array, share: float = 0.0) -> Array:
    """Return the expected loss of SGD above the lowest on a quadratic, before the first update and after each: ½Σ λ_i·E x_i².

    E x_i² ← (1 − η_tλ_i)²·E x_i² + η_t²(σ_i² + s²·Σ_j λ_j²E x_j²). curvatures: the two λ. squares: E x_i² at the start, as `squares_at_start` has
    them. rates: η_t, (steps, ...), for one arm or many at once. sigma: the noise's standard deviation, one for both axes, or one each as a pair;
    or an array that broadcasts against the rates of a step. share: s, more noise of this times the gradient's length on each axis; with it alone
    the loss falls linearly at any rate below `proportional_edge`. Result: (steps + 1, ...); infinite from where the root of an E x_i² passes 10⁶,
    where runs count as diverged.

    Exact, but for that, for noise that is independent from update to update, whatever its distribution.
    Source: Mandt, Hoffman & Blei (2017), before the limit of small rates; Defazio et al. (2023), arXiv 2310.07831, uses it for schedules.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        along = np.stack([along.copy() for along in _squares(curvatures, squares, rates, sigma, share)], axis=1)
        return until_divergence(_loss(curvatures, along), along)


def _squares(curvatures: Pair, squares: Pair | tuple[Array, Array], rates: Array, sigma: float | Pair | Array, share: float = 0.0) -> Iterator[Array]:
    """Yield E x_i² before the first update and after each, (2, ...): one array that changes in place, infinite or NaN where it overflowed."""
    sigmas = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    shape = np.broadcast_shapes(np.shape(rates)[1:], *map(np.shape, sigmas))
    curved, along, noise = (np.stack([np.broadcast_to(one, shape) for one in pair]).astype(float) for pair in (curvatures, squares, sigmas))
    np.square(noise, out=noise)
    yield along
    for lr in np.asarray(rates, dtype=float):
        added = noise + share**2 * (curved**2 * along).sum(axis=0) if share else noise
        along *= np.square(1 - lr * curved)
        along += lr**2 * added
        yield along


def until_divergence(losses: Array, squares: Array) -> Array:
    """Return losses (steps + 1, ...) with infinity from where the mean squares of x and y, (2, steps + 1, ...), say that runs have diverged."""
    return np.where(np.logical_or.accumulate(_is_beyond(squares), axis=0), np.inf, losses)


def _is_beyond(along: Array) -> NDArray[np.bool_]:
    """Return where runs with these mean squares, (2, ...), count as diverged."""
    # Written this way round, the comparison counts NaN as beyond.
    return np.logical_not((along <= DIVERGED_BEYOND**2).all(axis=0))


def _loss(curvatures: Pair, along: Array) -> Array:
    return 0.5 * (curvatures[0] * along[0] + curvatures[1] * along[1])


def peak_grid(curvatures: Pair) -> Array:
    """Return the peaks that `tuned_gain` tries, rising evenly in their logarithm, from a thousandth of 2/λ_max to ten times it, (peaks,)."""
    edge = 2 / max(curvatures)
    return np.geomspace(edge / _BELOW, edge * _ABOVE, round(_PER_DECADE * np.log10(_BELOW * _ABOVE)) + 1)


def tuned_gain(curvatures: Pair, squares: Pair, sigmas: Sequence[float] | Array, lengths: Sequence[int], one: Schedule, other: Schedule) -> Array:
    """Return by how many dex `other` ends lower than `one` in expected loss on a noisy quadratic, each at its best peak of `peak_grid`.

    log10 of the least expected loss of `one` minus that of `other`, for every length of run and every σ, (lengths, sigmas): above 0 where
    `other` wins; what is below 1e-30 counts as that. curvatures, squares: as in `expected_losses`, whose validity this has.
    """
    sigmas = np.asarray(sigmas, dtype=float)
    best = [[_least_loss(curvatures, squares, sigmas, schedule.fractions(steps)) for steps in lengths] for schedule in (one, other)]
    decades = np.log10(np.maximum(best, SMALLEST))
    return decades[0] - decades[1]


def _least_loss(curvatures: Pair, squares: Pair, sigmas: Array, fractions: Array) -> Array:
    """Return the least expected final loss over the peaks, (sigmas,)."""
    rates = fractions[:, None, None] * peak_grid(curvatures)[:, None]
    # What is left of the start beside what noise of size 1 adds to nothing: of these two the mean squares at any σ are made.
    begun = np.array([squares[0], 0.0]), np.array([squares[1], 0.0])
    most = np.zeros((2, *rates.shape[1:2], 2))
    with np.errstate(over="ignore", invalid="ignore"):
        for along in _squares(curvatures, begun, rates, np.array([0.0, 1.0])):
            np.maximum(most, along, out=most)
        last, most = (parts[..., :1] + np.square(sigmas) * parts[..., 1:] for parts in (along, most))
        return np.where(_is_beyond(most), np.inf, _loss(curvatures, last)).min(axis=0)
