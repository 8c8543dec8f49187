"""What a schedule is: the learning rate as a pure function of the step."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Described, choice, number, whole
from lr_explorer.registry import Registry

Array = NDArray[np.float64]

# How a warm-up rises; a cool-down falls by the same shapes, mirrored in time.
RAMPS = {"linear": "linear", "cosine": "cosine", "exponential": "exponential", "one_minus_sqrt": "1 − √"}
# An exponential fall goes over one decade and is shifted to end at 0 (timm's decay_ratio).
_DECADE = 0.1


@dataclass(frozen=True)
class Schedule(Described):
    """A peak rate, a warm-up, a shape that follows it, and a cool-down over its last updates.

    Subclasses give `shape`: the rate as a fraction of the peak after warm-up. Step t counts from 0 and `values(steps)[t]` is the
    rate used by update t.

    family: heading in menus and reference. also_called: what else people look for it by. use_when, watch_for: a sentence each.
    floor_is_a_clip: what `floor` means – the shape is squeezed between floor and 1 (PyTorch's eta_min), or it is cut off below (Optax's
    end_value). reaches_peak, stays_below_peak: whether the highest rate is `peak`, and whether no rate is higher.
    """

    family: ClassVar[str] = ""
    also_called: ClassVar[str] = ""
    use_when: ClassVar[str] = ""
    watch_for: ClassVar[str] = ""
    floor_is_a_clip: ClassVar[bool] = False
    reaches_peak: ClassVar[bool] = True
    stays_below_peak: ClassVar[bool] = True

    peak: float = number(
        0.1, 0.0, 1e6, "Peak rate", "The highest learning rate: the one that you would pass to the optimizer.",
        symbol=r"\eta_{\max}", scale="log", slider=(1e-4, 10.0),
    )  # fmt: skip
    warmup: int = whole(
        0, 0, 100_000, "Warm-up", "Updates during which the rate rises to where the shape begins; they count within the run.",
        unit="updates", slider=(0, 500),
    )  # fmt: skip
    warmup_start: float = number(
        0.0,
        0.0,
        1.0,
        "Warm-up starts at",
        "Rate of the first warm-up update, as a fraction of where the shape begins. Transformers starts at 0: its first update moves nothing.",
        needs="warmup",
    )
    warmup_shape: str = choice(
        "linear",
        RAMPS,
        "Warm-up shape",
        "How the rate rises. Transformers' WSD has linear, cosine and 1 − √; the other frameworks rise linearly.",
        needs="warmup",
    )
    cooldown: int = whole(
        0, 0, 100_000, "Cool-down", "Last updates of the run, during which the rate falls from where it is to the floor; they count within the run.",
        unit="updates", slider=(0, 500),
    )  # fmt: skip
    cooldown_shape: str = choice("linear", RAMPS, "Cool-down shape", "How the rate falls at the end.", needs="cooldown")
    floor: float = number(0.0, 0.0, 1.0, "Floor", "The lowest rate after warm-up, as a fraction of the peak (PyTorch's eta_min divided by the rate).")

    @abstractmethod
    def shape(self, update: Array, total: int) -> Array:
        """Return the rate as a fraction of the peak, before the floor is applied.

        update: updates since the end of warm-up, 0 … total − 1. total: how many updates follow warm-up, at least 1.
        """

    def python(self, total: int) -> list[str]:
        """Return the shape as plain Python for the exporters, line by line: definitions and assignments if need be, then one expression.

        It may use `update`, `total`, `math`, `np` and, by their names, the schedule's parameters. What depends on `update` stands in no condition
        but `a if b else c`, so that array frameworks can be given the same code. No lines: there is no such form.
        """
        return []

    def floored_python(self, total: int) -> list[str]:
        """Return `floored` as plain Python, in the same way."""
        lines = self.python(total)
        if not lines or not self.floor_matters(total):
            return lines
        *before, shape = lines
        return [*before, f"max({shape}, floor)" if self.floor_is_a_clip else f"floor + (1 - floor) * ({shape})"]

    def python_parts(self, total: int) -> dict[str, tuple["Schedule", int]]:
        """Return the schedules whose rates `python` calls as functions, by those names, with the updates that each runs for."""
        return {}

    def floor_matters(self, total: int) -> bool:
        """Return whether the floor changes anything in a run of `total` updates after warm-up; one that only cuts off may never be reached."""
        if not self.floor_is_a_clip:
            return self.floor > 0
        return bool((self.shape(np.arange(total, dtype=float), total) < self.floor).any())

    def floored(self, update: Array, total: int) -> Array:
        """Return the shape with the floor applied."""
        fraction = self.shape(update, total)
        return np.maximum(fraction, self.floor) if self.floor_is_a_clip else self.floor + (1 - self.floor) * fraction

    def momentum_shape(self, update: Array, total: int) -> Array | None:
        """Return the momentum of each update after warm-up; None leaves it to the optimizer, as most schedules do."""
        return None

    def values(self, steps: int) -> Array:
        """Return the learning rate of every update of a run of `steps` updates: float64, shape (steps,), units of the peak.

        ValueError if steps is below 1, or if the shape has no rate for a run of this length.
        """
        return self.peak * self.fractions(steps)

    def fractions(self, steps: int) -> Array:
        """Return the learning rate of every update as a fraction of the peak: float64, shape (steps,)."""
        steps, total = self._lengths(steps)
        fraction = self._cooled(self.floored(np.arange(total, dtype=float), total))
        # A one-cycle begins below its peak: warm-up leads to where the shape begins, without a jump.
        share = np.arange(min(self.warmup, steps)) / max(self.warmup, 1)
        rise = fraction[0] * (self.warmup_start + (1 - self.warmup_start) * rising(self.warmup_shape, share))
        return np.concatenate([rise, fraction])[:steps]

    def momentum(self, steps: int) -> Array | None:
        """Return the momentum of every update, shape (steps,), if this schedule cycles it; during warm-up it is where its shape begins."""
        steps, total = self._lengths(steps)
        cycle = self.momentum_shape(np.arange(total, dtype=float), total)
        return None if cycle is None else np.concatenate([np.full(min(self.warmup, steps), cycle[0]), cycle])[:steps]

    def _lengths(self, steps: int) -> tuple[int, int]:
        """Return the length of the run and that of the shape; ValueError if `steps` is no length."""
        if isinstance(steps, bool) or not isinstance(steps, int | float | np.integer) or not 1 <= steps < np.inf or steps != int(steps):
            raise ValueError(f"{type(self).__name__}.values: steps must be a whole number of at least 1; got {steps!r}")
        steps = int(steps)
        # A run that is all warm-up still needs to know where the shape would begin.
        return steps, max(steps - self.warmup, 0) or steps

    def _cooled(self, fraction: Array) -> Array:
        """Return the curve with its last updates falling to the floor; a cool-down longer than the curve takes all of it."""
        length = min(self.cooldown, len(fraction))
        if not length:
            return fraction
        kept, begins = fraction[:-length], fraction[-length]
        return np.concatenate([kept, self.floor + (begins - self.floor) * falling(self.cooldown_shape, np.arange(length) / length)])


def progress(update: Array, total: int) -> Array:
    """Return the share of the run that lies behind each update: 0 at the first, 1 one update past the last."""
    return update / total


def half_cosine(share: Array) -> Array:
    """Return ½(1 + cos π·share): 1 at 0, 0 at 1, flat at both ends."""
    return 0.5 * (1 + np.cos(np.pi * share))


def falling(ramp: str, share: Array, ratio: float = _DECADE) -> Array:
    """Return a fall from 1 at share 0 to 0 at share 1; an exponential one is (rˣ − r)/(1 − r) with r = `ratio`."""
    match ramp:
        case "cosine":
            return half_cosine(share)
        case "exponential":
            return (ratio**share - ratio) / (1 - ratio)
        case "one_minus_sqrt":
            return 1 - np.sqrt(share)
        case "one_minus_square":
            return 1 - share**2
    return 1 - share


def falling_code(ramp: str, share: str, ratio: float = _DECADE) -> str:
    """Return `falling` as plain Python, of a share by this name."""
    match ramp:
        case "cosine":
            return f"0.5 * (1 + math.cos(math.pi * {share}))"
        case "exponential":
            return f"({ratio!r} ** {share} - {ratio!r}) / {1 - ratio!r}"
        case "one_minus_sqrt":
            return f"1 - math.sqrt({share})"
        case "one_minus_square":
            return f"1 - {share} ** 2"
    return f"1 - {share}"


def rising(ramp: str, share: Array) -> Array:
    """Return a rise from 0 at share 0 to 1 at share 1: the fall of the same name, mirrored in time."""
    return share if ramp == "linear" else falling(ramp, 1 - share)


SCHEDULES: Registry[Schedule] = Registry("schedule")
