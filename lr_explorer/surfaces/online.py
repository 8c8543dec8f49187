"""Online problems: every step has a loss of its own, and what counts is their mean."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import number, whole
from lr_explorer.surfaces.base import SURFACES, Array, DataSurface, Minimum, paired, symmetric
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

    bounds = ((-1.0, 1.0), (-1.0, 1.0))
    domain = bounds
    start = (0.0, 0.5)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        # Where the slopes cancel, a whole line is lowest.
        return (Minimum((-1.0 if self._mean > 0 else 1.0, 0.0), -abs(self._mean), interior=False),) if self._mean else ()

    @property
    def rows(self) -> int:
        return self.period

    @property
    def _mean(self) -> float:
        return (self.large - self.small * (self.period - 1)) / self.period

    def batch_gradient(self, point: Array, rows: NDArray[np.integer[Any]]) -> Array:
        return paired(point, total(np.where(rows == 0, self.large, -self.small)) / len(rows), point[1])

    def value(self, point: Array) -> Array:
        x, y = point
        return self._mean * x + 0.5 * np.square(y)

    def gradient(self, point: Array) -> Array:
        return paired(point, self._mean, point[1])

    def hessian(self, point: Array) -> Array:
        return symmetric(point, 0.0, 0.0, 1.0)
