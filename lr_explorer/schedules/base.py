"""What a schedule is: the learning rate as a pure function of the step."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Described, number, whole
from lr_explorer.registry import Registry

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Schedule(Described):
    """A peak rate, a linear warm-up, and a shape that follows it.

    Subclasses give `shape`: the rate as a fraction of the peak after warm-up. Step t counts from 0 and `values(steps)[t]` is the
    rate used by update t.

    family: heading in menus and reference. floor_is_a_clip: what `floor` means – the shape is squeezed between floor and 1
    (PyTorch's eta_min), or it is cut off below (Optax's end_value).
    """

    family: ClassVar[str] = ""
    floor_is_a_clip: ClassVar[bool] = False

    peak: float = number(
        0.1, 0.0, 1e6, "Peak rate", "The highest learning rate: the one that you would pass to the optimizer.",
        symbol=r"\eta_{\max}", scale="log", slider=(1e-4, 10.0),
    )  # fmt: skip
    warmup: int = whole(
        0, 0, 100_000, "Warm-up", "Updates during which the rate rises linearly; they count within the run.", unit="updates", slider=(0, 500)
    )
    warmup_start: float = number(
        0.0,
        0.0,
        1.0,
        "Warm-up starts at",
        "Rate of the first warm-up update, as a fraction of the peak. Transformers starts at 0: its first update moves nothing.",
    )
    floor: float = number(0.0, 0.0, 1.0, "Floor", "The lowest rate after warm-up, as a fraction of the peak (PyTorch's eta_min divided by the rate).")

    @abstractmethod
    def shape(self, update: Array, total: int) -> Array:
        """Return the rate as a fraction of the peak, before the floor is applied.

        update: updates since the end of warm-up, 0 … total − 1. total: how many updates follow warm-up, at least 1.
        """

    def values(self, steps: int) -> Array:
        """Return the learning rate of every update of a run of `steps` updates: float64, shape (steps,), units of the peak.

        ValueError if steps is below 1.
        """
        if isinstance(steps, bool) or not isinstance(steps, int | float | np.integer) or not 1 <= steps < np.inf or steps != int(steps):
            raise ValueError(f"{type(self).__name__}.values: steps must be a whole number of at least 1; got {steps!r}")
        steps = int(steps)
        after = max(steps - self.warmup, 0)
        # A run that is all warm-up still needs to know where the shape would begin.
        total = after or steps
        fraction = self._with_floor(self.shape(np.arange(total, dtype=float), total))
        # A one-cycle begins below its peak: warm-up leads to where the shape begins, without a jump.
        rise = fraction[0] * (self.warmup_start + (1 - self.warmup_start) * np.arange(min(self.warmup, steps)) / max(self.warmup, 1))
        return self.peak * np.concatenate([rise, fraction[:after]])

    def _with_floor(self, fraction: Array) -> Array:
        if self.floor_is_a_clip:
            return np.maximum(fraction, self.floor)
        return self.floor + (1 - self.floor) * fraction


def progress(update: Array, total: int) -> Array:
    """Return the share of the run that lies behind each update: 0 at the first, 1 one update past the last."""
    return update / total


def half_cosine(share: Array) -> Array:
    """Return ½(1 + cos π·share): 1 at 0, 0 at 1, flat at both ends."""
    return 0.5 * (1 + np.cos(np.pi * share))


SCHEDULES: Registry[Schedule] = Registry("schedule")
