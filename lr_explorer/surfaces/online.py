"""Online problems: every step has a loss of its own, and what counts is their mean."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import number, whole
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, DataSurface, Minimum
from lr_explorer.surfaces.data import total


@SURFACES.register("reddi")
@dataclass(frozen=True)
class Reddi(DataSurface):
    """One large slope to the right, then many small ones to the left: Adam forgets the large one and goes to the wrong end, AMSGrad does not.

    It needs mini-batches of size 1 in their order. Every update is projected back into the box, as in the paper.
    """

    label = "Reddi's online problem"
    family = "Data"
    teaches = "an adaptive method that does not converge: Adam against AMSGrad"
    formula = (
        r"f_t = \begin{cases} C\,x & P \mid t \\ -c\,x & \text{otherwise}\end{cases} + \tfrac12 y^2,\quad "
        r"f = \frac1P\sum_{t < P} f_t,\quad x, y \in [-1, 1]"
    )
    source = "Reddi, Kale & Kumar, On the convergence of Adam and beyond (2018); there C = 1010, c = 10, P = 101 and no y."

    large: float = number(
        1010.0, 0.0, 1e6, "Large slope C", "Slope of the first loss of every period.", symbol="C", scale="log", slider=(1.0, 10_000.0)
    )
    small: float = number(10.0, 0.0, 1e6, "Small slope c", "Slope of all others, the other way.", symbol="-c", scale="log", slider=(0.1, 100.0))
    period: int = whole(101, 2, 1000, "Period P", "Steps from one large slope to the next.", symbol="P", unit="updates", slider=(2, 200))

    @property
    def bounds(self) -> Bounds:
        return (-1.0, 1.0), (-1.0, 1.0)

    @property
    def domain(self) -> Bounds | None:
        return self.bounds

    @property
    def minima(self) -> tuple[Minimum, ...]:
        # Where the slopes cancel, a whole line is lowest.
        return (Minimum((-1.0 if self._mean > 0 else 1.0, 0.0), -abs(self._mean), interior=False),) if self._mean else ()

    @property
    def start(self) -> tuple[float, float]:
        return (0.0, 0.5)

    @property
    def rows(self) -> int:
        return self.period

    @property
    def _mean(self) -> float:
        return (self.large - self.small * (self.period - 1)) / self.period

    def batch_gradient(self, point: Array, rows: NDArray[np.integer[Any]]) -> Array:
        grad = np.array(point, dtype=float)
        grad[0] = total(np.where(rows == 0, self.large, -self.small)) / len(rows)
        return grad

    def value(self, point: Array) -> Array:
        x, y = point
        return self._mean * x + 0.5 * np.square(y)

    def gradient(self, point: Array) -> Array:
        grad = np.array(point, dtype=float)
        grad[0] = self._mean
        return grad

    def hessian(self, point: Array) -> Array:
        hess = np.zeros((2, *np.shape(point)))
        hess[1, 1] = 1.0
        return hess
