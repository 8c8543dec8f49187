"""SGD on mini-batches of least squares, exactly: its noise grows with the distance, and ends at the minimum if the labels are fitted there.

All these follow the second moments S = E eeᵀ of the distance e from the minimum. With h the Hessian and g the gradient at the minimum of a row,
H and Σ the mean of h and the covariance of g, an update makes of S

    (1 − ηH)S(1 − ηH) + η²k·E[((h − H)e + g)((h − H)e + g)ᵀ],

where k is 1/B, without replacement (n − B)/(B(n − 1)). Source: Défossez & Bach (2015), arXiv 1412.0156, with the term of e and g kept.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces.data import LeastSquares
from lr_explorer.theory.moments import until_divergence

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Batches:
    """Batches of `size` rows; matrices act on S as four numbers, row by row: there A·S·B is the Kronecker product of A and Bᵀ times S."""

    surface: LeastSquares
    size: int
    replace: bool

    @property
    def share(self) -> float:
        rows = self.surface.rows
        return 1 / self.size if self.replace else (rows - self.size) / (self.size * (rows - 1))

    @cached_property
    def rows(self) -> Array:
        features = self.surface.features.T
        return features[:, :, None] * features[:, None, :]

    @cached_property
    def hessian(self) -> Array:
        return self.rows.mean(axis=0)

    @cached_property
    def slopes(self) -> Array:
        """The rows' gradients at the minimum, shape (rows, 2, 1)."""
        features, labels = self.surface.features, self.surface.labels
        return (features * self.surface.slope(np.array(self.surface.minima[0].point) @ features, labels)).T[:, :, None]

    # An update makes S − η·falls·S + η²(grows·S + tilts·E e + noise) of S.

    @cached_property
    def falls(self) -> Array:
        return np.kron(self.hessian, np.eye(2)) + np.kron(np.eye(2), self.hessian)

    @cached_property
    def grows(self) -> Array:
        off = self.rows - self.hessian
        return np.kron(self.hessian, self.hessian) + self.share * np.mean([np.kron(one, one) for one in off], axis=0)

    @cached_property
    def tilts(self) -> Array:
        pairs = zip(self.rows - self.hessian, self.slopes, strict=True)
        return self.share * np.mean([np.kron(one, slope) + np.kron(slope, one) for one, slope in pairs], axis=0)

    @cached_property
    def noise(self) -> Array:
        return self.share * np.mean([np.kron(slope, slope) for slope in self.slopes], axis=0)[:, 0]

    @property
    def edge(self) -> float:
        # S shrinks as long as η·grows is below falls, in the order of symmetric matrices: past it, first that S which such updates magnify most.
        return float(1 / np.linalg.eigvals(np.linalg.solve(self.falls, self.grows)).real.max())


def batch_edge(surface: LeastSquares, size: int, *, replace: bool = False) -> float:
    """Return the rate from which on the mean square distance grows on batches of `size` rows: below 2/λ, and farther the smaller they are.

    There the map of S, whose noise is left out, has the spectral radius 1. Single runs may still converge above it.
    """
    return _Batches(surface, size, replace).edge


def batch_floor(surface: LeastSquares, lr: float, size: int, *, replace: bool = False) -> float:
    """Return the mean loss above the lowest at which SGD on mini-batches hovers with a constant rate; infinite where it has none.

    ½tr(HS) of the S that an update does not change. What noise of one size leaves out is the part with h, which grows with the distance.
    size: rows of a batch.
    """
    batches = _Batches(surface, size, replace)
    if lr >= batches.edge:
        return np.inf
    spread = np.linalg.solve(batches.falls - lr * batches.grows, lr * batches.noise)
    return float(0.5 * batches.hessian.ravel() @ spread)


def batch_decay(surface: LeastSquares, lr: Array | float, size: int, *, replace: bool = False) -> Array:
    """Return the factor on the expected loss of each update at constant rates, in the long run, where the best weights fit every label.

    The spectral radius of the map of S: below 1 convergence is linear, with no floor and no need for a falling rate. Above 1 it diverges.
    lr: rates of any shape, which is the result's, too.
    Source: Ma, Bassily & Belkin (2018), arXiv 1712.06559.
    """
    batches = _Batches(surface, size, replace)
    lr = np.asarray(lr, dtype=float)[..., None, None]
    return np.asarray(np.abs(np.linalg.eigvals(np.eye(4) - lr * batches.falls + lr**2 * batches.grows)).max(axis=-1))


def batch_losses(surface: LeastSquares, rates: Array, size: int, start: tuple[float, float], radius: float = 0.0, *, replace: bool = False) -> Array:
    """Return the expected loss of SGD on mini-batches above the lowest, before the first update and after each, (steps + 1, ...).

    rates: of each update, (steps, ...). start: the point where runs begin, or the centre of the circle of this radius on which they do. Exact,
    but for that it is infinite from where the root of an E e_i² passes 10⁶, where runs count as diverged.
    """
    batches = _Batches(surface, size, replace)
    rates = np.asarray(rates, dtype=float)
    offset = np.subtract(start, surface.minima[0].point)
    aside = (-1, *[1] * (rates.ndim - 1))
    mean = np.broadcast_to(offset.reshape(aside), (2, *rates.shape[1:]))
    square = np.broadcast_to((np.outer(offset, offset) + 0.5 * radius**2 * np.eye(2)).reshape(aside), (4, *rates.shape[1:]))
    squares = [square]
    with np.errstate(over="ignore", invalid="ignore"):
        for lr in rates:
            grown = _times(batches.grows, square) + _times(batches.tilts, mean) + batches.noise.reshape(aside)
            square = square - lr * _times(batches.falls, square) + lr**2 * grown
            mean = mean - lr * _times(batches.hessian, mean)
            squares.append(square)
        each = np.stack(squares, axis=1)
        return until_divergence(_times(0.5 * batches.hessian.ravel(), each), each[[0, 3]])


def _times(matrix: Array, vectors: Array) -> Array:
    return np.tensordot(matrix, vectors, axes=1)
