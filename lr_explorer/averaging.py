"""Averages of the iterates: an alternative to lowering the rate, computed beside a run without touching it."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Described, number, whole
from lr_explorer.registry import Registry

Array = NDArray[np.float64]


class Averaging(Described):
    """A way of averaging the points of a path; the run itself goes on from the last of them, the raw iterate."""

    @abstractmethod
    def over(self, path: Array) -> Array | None:
        """Return the average as it stands at every step, shape (2, steps + 1, ...) as `path` itself; None if there is none.

        Before the average begins it is the iterate.
        """


AVERAGINGS: Registry[Averaging] = Registry("averaging")


@AVERAGINGS.register("none")
@dataclass(frozen=True)
class NoAveraging(Averaging):
    """Take the last iterate as it is."""

    label = "None"
    formula = r"\bar x_t = x_t"
    source = "–"

    def over(self, path: Array) -> Array | None:
        return None


@AVERAGINGS.register("tail")
@dataclass(frozen=True)
class Tail(Averaging):
    """The mean of the last part of the run: what is left of the noise shrinks with the number of points, as under a falling rate."""

    label = "Tail average"
    formula = r"\bar x_t = \frac{1}{t - s + 1}\sum_{i=s}^{t} x_i,\quad s = T - \text{share}\cdot T + 1"
    source = "Polyak & Juditsky (1992); Jain et al. (2018) for the tail; PyTorch AveragedModel begun at update s."

    share: float = number(0.5, 0.0, 1.0, "Averaged share", "Share of the run, at its end, whose points are averaged; at least the last point.")

    def over(self, path: Array) -> Array | None:
        steps = path.shape[1] - 1
        return _mean_of_every(path, steps + 1 - max(1, round(self.share * steps)), 1)


@AVERAGINGS.register("ema")
@dataclass(frozen=True)
class EMA(Averaging):
    """A mean that forgets: each point counts less by a constant factor the longer ago it was."""

    label = "Exponential moving average"
    formula = r"\bar x_1 = x_1,\quad \bar x_t = d\,\bar x_{t-1} + (1 - d)\,x_t"
    source = "PyTorch AveragedModel with get_ema_multi_avg_fn: its first update copies; other codes, such as timm's, begin the mean at x₀."

    decay: float = number(
        0.98, 0.0, 0.999999, "Decay d", "Share of the average that each update keeps.", symbol="d", scale="near_one", slider=(0.5, 0.9999)
    )

    def over(self, path: Array) -> Array | None:
        average = path.copy()
        for t in range(2, path.shape[1]):
            average[:, t] = self.decay * average[:, t - 1] + (1 - self.decay) * path[:, t]
        return average


@AVERAGINGS.register("swa")
@dataclass(frozen=True)
class SWA(Averaging):
    """The mean of points some updates apart late in the run, while the rate stays high or cycles: stochastic weight averaging."""

    label = "Stochastic weight averaging"
    formula = r"\bar x_t = \frac{1}{n}\sum_{i=0}^{n-1} x_{s + iP},\quad s = \text{start}\cdot T,\quad s + (n - 1) P \le t"
    source = "Izmailov et al. (2018); PyTorch AveragedModel, updated every P updates from s on. Its rate is a schedule of its own, SWALR."

    start: float = number(0.75, 0.0, 1.0, "Begins at", "Share of the run after which the first point is taken.")
    period: int = whole(10, 1, 100_000, "Period P", "Updates from one point to the next.", unit="updates", symbol="P", scale="log", slider=(1, 200))

    def over(self, path: Array) -> Array | None:
        return _mean_of_every(path, max(1, round(self.start * (path.shape[1] - 1))), self.period)


def _mean_of_every(path: Array, first: int, period: int) -> Array:
    """Return the running mean of the points `first`, `first` + `period`, …, and the path itself before these."""
    taken = path[:, first::period]
    count = np.arange(1, taken.shape[1] + 1).reshape(-1, *[1] * (path.ndim - 2))
    average = path.copy()
    average[:, first:] = np.repeat(np.cumsum(taken, axis=1) / count, period, axis=1)[:, : path.shape[1] - first]
    return average
