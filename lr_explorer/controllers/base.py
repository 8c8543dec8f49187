"""What a controller is: the learning rate as an answer to what the run does."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from lr_explorer.optimizers.base import Shape, stack
from lr_explorer.params import Choice, Described, Flag, whole
from lr_explorer.registry import Registry
from lr_explorer.schedules.base import Schedule, rising

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# PyTorch's and Transformers' eps: a smaller change of the rate is not made.
LEAST_CHANGE = 1e-8


class Control(ABC):
    """A controller at work on the lanes of one or more arms; all that it remembers of each lane stands in its attributes.

    rate: the present rate of every lane, shape (arms, replicates). peak, floor: its first and its lowest rate.
    """

    def __init__(self, arms: Sequence["Controller"], lanes: Shape) -> None:
        self.peak = stack(arms, "peak")
        self.floor = stack(arms, "floor") * self.peak
        self.rate = np.zeros(lanes[1:]) + self.peak
        self._start, self._warmup, self._ramp = stack(arms, "warmup_start"), arms[0].warmup, arms[0].warmup_shape

    def at(self, t: int, loss: Array, grad: Array) -> Array:
        """Return the rate of update t; it broadcasts against (arms, replicates).

        t: from 0, each once. loss: of the surface at the point reached, (arms, replicates). grad: what the update sees, (2, arms, replicates).
        """
        if t < self._warmup:
            return self.peak * (self._start + (1 - self._start) * rising(self._ramp, np.array(t / self._warmup)))
        self.follow(t - self._warmup, loss, grad)
        return self.rate

    @abstractmethod
    def follow(self, update: int, loss: Array, grad: Array) -> None:
        """Set `rate` for an update, counted from the end of warm-up; at 0 nothing has happened at the full rate yet."""


def _as_in_schedules(name: str) -> Any:
    """Return a field that is a schedule's to the last word, so that choosing the one in place of the other keeps its value."""
    param = Schedule.params()[name]
    return field(default=param.default, metadata={"param": param})


@dataclass(frozen=True)
class Controller(Described):
    """A first rate, a warm-up to it, and a rule that then follows the run: each replicate has a rate of its own.

    A controller counts nothing during warm-up. The loss that it looks at is the surface's own at the iterate, without noise; the
    gradients are those that the optimizer sees, with noise.

    family, also_called, use_when, watch_for: as in `Schedule`.
    """

    family: ClassVar[str] = "Controllers"
    also_called: ClassVar[str] = ""
    use_when: ClassVar[str] = ""
    watch_for: ClassVar[str] = ""

    peak: float = _as_in_schedules("peak")
    warmup: int = _as_in_schedules("warmup")
    warmup_start: float = _as_in_schedules("warmup_start")
    warmup_shape: str = _as_in_schedules("warmup_shape")
    floor: float = _as_in_schedules("floor")

    @classmethod
    @abstractmethod
    def begins(cls, arms: Sequence[Self], lanes: Shape, lowest: float) -> Control:
        """Return the controllers of arms of equal `structure` at work on (2, arms, replicates) lanes.

        lowest: the least loss that the surface declares.
        """

    def structure(self) -> Hashable:
        """Return what arms must have in common to be controlled as one: by default warm-up, switches and choices."""
        return (self.warmup, *(getattr(self, name) for name, param in self.params().items() if isinstance(param, Choice | Flag)))


def every_field() -> Any:
    """Describe how many updates a controller's epoch has."""
    return whole(
        10, 1, 100_000, "Looks every",
        "Updates between two looks at the metric, as an epoch has them; it is the mean of the surface's loss, without noise, at the points since.",
        unit="updates", scale="log", slider=(1, 500),
    )  # fmt: skip


class Epoch:
    """Gathers the losses after each update into a mean over every so many updates, as a training loop reports one for an epoch."""

    def __init__(self, every: int, lanes: Shape) -> None:
        self._every = every
        self._total = np.zeros(lanes[1:])

    def closes(self, update: int, loss: Array) -> Array | None:
        """Take the loss before `update`, counted from 0, and return the mean where an epoch ends with it, None elsewhere."""
        # The loss before the first update is that of no update at all.
        if update == 0:
            return None
        self._total = self._total + loss
        if update % self._every:
            return None
        mean = self._total / self._every
        self._total = np.zeros_like(mean)
        return mean


def is_better(metric: Array, best: Array, threshold: Array, mode: str) -> Mask:
    """Return where the metric is lower than the best by more than the threshold, as PyTorch has it; NaN never is."""
    return metric < (best * (1 - threshold) if mode == "rel" else best - threshold)


CONTROLLERS: Registry[Controller] = Registry("controller")
