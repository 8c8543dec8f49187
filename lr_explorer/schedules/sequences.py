"""Schedules made of schedules: one after another, or multiplied.

A part is any schedule that is not itself made of others, so things are nested once and no deeper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from lr_explorer.params import Described, part, whole
from lr_explorer.registry import Registry, Union, Without
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule

_PLACES = ("first", "second", "third")
PARTS = Without(SCHEDULES, "sequential", "chained")
NOTHING: Registry[Described] = Registry("schedule")
MAYBE_PARTS: Union[Described] = Union("schedule", NOTHING, PARTS)


@NOTHING.register("none")
@dataclass(frozen=True)
class Nothing(Described):
    """No schedule: the place stays empty."""

    label = "none"


@SCHEDULES.register("sequential")
@dataclass(frozen=True)
class Sequential(Schedule):
    """Two or three schedules one after another; each starts at its own beginning when the one before is cut off.

    A part's own peak is a fraction of this schedule's: with 1 here the parts say their rates themselves. A part without a length of its own
    falls to its floor within its stage. A momentum that a part cycles stays where that part leaves it.
    """

    label = "Sequential"
    family = "Compositions"
    also_called = "SequentialLR, join_schedules"
    use_when = "A run has stages: a warm-up of an unusual shape, another recipe for the second half, a drop of the rate now."
    watch_for = "A switch before a part's warm-up has ended makes the rate jump, and a part that restarts begins at its own peak."
    formula = r"\eta_t = \eta_{\max}\cdot\begin{cases}f_1(t) & t < s_1\\ f_2(t - s_1) & s_1 \le t < s_2\\ f_3(t - s_2) & t \ge s_2\end{cases}"
    source = "PyTorch SequentialLR (schedulers, milestones); Optax join_schedules (schedules, boundaries)."
    floor_is_a_clip = True
    reaches_peak = False
    stays_below_peak = False

    first: Schedule = part(PARTS, "constant", "First part", "What the run begins with.", peak=1.0)
    second: Schedule = part(PARTS, "cosine", "Second part", "What follows at the first switch.", peak=1.0)
    third: Schedule | Nothing = part(MAYBE_PARTS, "none", "Third part", "What follows at the second switch, if anything does.", peak=1.0)
    switch1: int = whole(
        100, 0, 1_000_000, "First switch", "The first update of the second part, counted from the end of warm-up (PyTorch's milestones).",
        unit="updates", symbol="s_1", slider=(0, 1000),
    )  # fmt: skip
    switch2: int = whole(
        200, 0, 1_000_000, "Second switch", "The first update of the third part; at or before the first switch the second part is left out.",
        unit="updates", symbol="s_2", slider=(0, 1000),
    )  # fmt: skip

    def shape(self, update: Array, total: int) -> Array:
        return np.concatenate([schedule.values(length) for schedule, length in self.stages(total)])

    def python(self, total: int) -> list[str]:
        lengths = [length for _, length in self.stages(total)]
        starts = [0, *accumulate(lengths)]
        calls = [f"{name}(update - {start})" if start else f"{name}(update)" for name, start in zip(self.python_parts(total), starts, strict=False)]
        stages = [f"{call} if update < {end} else " for call, end in zip(calls, starts[1:-1], strict=False)]
        return ["".join(stages) + calls[-1]]

    def python_parts(self, total: int) -> dict[str, tuple[Schedule, int]]:
        return dict(zip(_PLACES, self.stages(total), strict=False))

    def momentum_shape(self, update: Array, total: int) -> Array | None:
        unknown = [(schedule.momentum(length), length) for schedule, length in self.stages(total)]
        if all(momentum is None for momentum, _ in unknown):
            return None
        momentum = np.concatenate([np.full(length, np.nan) if known is None else known for known, length in unknown])
        return _carried_on(momentum)

    def stages(self, total: int) -> Iterator[tuple[Schedule, int]]:
        """Yield the parts that a run of `total` updates gets to, with the length of each's stage."""
        parts = [part for part in (self.first, self.second, self.third) if isinstance(part, Schedule)]
        switches = [self.switch1, max(self.switch1, self.switch2)][: len(parts) - 1]
        ends = [0, *(min(switch, total) for switch in switches), total]
        yield from ((schedule, end - start) for schedule, (start, end) in zip(parts, pairwise(ends), strict=True) if end > start)


@SCHEDULES.register("chained")
@dataclass(frozen=True)
class Chained(Schedule):
    """Two or three schedules at once: their curves, each as a fraction of its own peak, are multiplied.

    If several parts cycle the momentum, the last one has the say, as in PyTorch.
    """

    label = "Chained (product)"
    family = "Compositions"
    also_called = "ChainedScheduler"
    use_when = "Two things act on the rate independently: drops at milestones on top of a decay, cycles under an envelope."
    watch_for = "PyTorch chains the recursive forms: with a floor above 0 they are not this product, since each step starts from the other's rate."
    formula = r"\eta_t = \eta_{\max}\,f_1(t)\,f_2(t)\,f_3(t)"
    source = "PyTorch ChainedScheduler (schedulers)."
    floor_is_a_clip = True
    reaches_peak = False
    stays_below_peak = False

    first: Schedule = part(PARTS, "cosine", "First factor", "A schedule; its own peak does not matter.")
    second: Schedule = part(PARTS, "step", "Second factor", "A schedule; its own peak does not matter.")
    third: Schedule | Nothing = part(MAYBE_PARTS, "none", "Third factor", "Another one, if any.")

    def shape(self, update: Array, total: int) -> Array:
        return np.prod([schedule.fractions(total) for schedule in self._factors()], axis=0)

    def python(self, total: int) -> list[str]:
        return [" * ".join(f"{name}(update)" for name in self.python_parts(total))]

    def python_parts(self, total: int) -> dict[str, tuple[Schedule, int]]:
        # With a peak of 1 the rate is the fraction.
        return dict(zip(_PLACES, ((schedule.with_values(peak=1.0), total) for schedule in self._factors()), strict=False))

    def momentum_shape(self, update: Array, total: int) -> Array | None:
        known = [momentum for schedule in self._factors() if (momentum := schedule.momentum(total)) is not None]
        return known[-1] if known else None

    def _factors(self) -> list[Schedule]:
        return [part for part in (self.first, self.second, self.third) if isinstance(part, Schedule)]


def _carried_on(values: Array) -> Array:
    """Return the values with NaN replaced by the last value before it, or at the beginning by the first one there is."""
    known = np.flatnonzero(~np.isnan(values))
    return values[known[np.maximum(np.searchsorted(known, np.arange(len(values)), side="right") - 1, 0)]]
