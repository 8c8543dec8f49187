"""Linear models of data: what the loss of a prediction x·a + y·b, averaged over the rows (a, b) of a table, looks like.

The surfaces are in other files, with their tables.
"""

from abc import abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces.base import Array, DataSurface, Minimum, paired, symmetric


def total(values: Array) -> Array:
    """Return the sum over the first axis, in the order of the rows whatever the other axes are: numpy's own sum of one column has another order."""
    return np.cumsum(values, axis=0)[-1]


class LinearModel(DataSurface):
    """A mean over rows of losses of the prediction x·a + y·b, where (a, b) are a row's features and it has a label."""

    @property
    @abstractmethod
    def features(self) -> Array:
        """The features of every row, shape (2, rows)."""

    @property
    @abstractmethod
    def labels(self) -> Array:
        """The label of every row, shape (rows,)."""

    @abstractmethod
    def slope(self, prediction: Array, label: Array) -> Array:
        """Return the derivative of a row's loss by its prediction."""

    @property
    def rows(self) -> int:
        return len(self.labels)

    def batch_gradient(self, point: Array, rows: NDArray[np.integer[Any]]) -> Array:
        one, other = self.features[:, rows]
        slope = self.slope(one[:, None] * point[0] + other[:, None] * point[1], self.labels[rows][:, None])
        return paired(point, *(total(feature[:, None] * slope) / len(rows) for feature in (one, other)))


class LeastSquares(LinearModel):
    """Half the mean squared error: a quadratic bowl whose Hessian is the mean of the rows' a·aᵀ."""

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return (self._best,)

    @cached_property
    def _matrix(self) -> tuple[float, float, float]:
        one, other = self.features
        return float(np.mean(one * one)), float(np.mean(one * other)), float(np.mean(other * other))

    @cached_property
    def _best(self) -> Minimum:
        point, *_ = np.linalg.lstsq(self.features.T, self.labels)
        return Minimum((float(point[0]), float(point[1])), float(0.5 * np.mean((point @ self.features - self.labels) ** 2)))

    def slope(self, prediction: Array, label: Array) -> Array:
        return prediction - label

    def _from_best(self, point: Array) -> tuple[Array, Array]:
        # Measured from the minimum, the loss keeps its digits there.
        return point[0] - self._best.point[0], point[1] - self._best.point[1]

    def value(self, point: Array) -> Array:
        x, y = self._from_best(point)
        xx, xy, yy = self._matrix
        return self._best.value + 0.5 * (xx * x * x + 2.0 * xy * x * y + yy * y * y)

    def gradient(self, point: Array) -> Array:
        x, y = self._from_best(point)
        xx, xy, yy = self._matrix
        return paired(point, xx * x + xy * y, xy * x + yy * y)

    def hessian(self, point: Array) -> Array:
        return symmetric(point, *self._matrix)
