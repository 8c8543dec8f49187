"""Schedules made of schedules: one after another, multiplied, or one that goes another way from some update on.

A part is any schedule that is not itself made of others, so things are nested once and no deeper; only what is forked may be made of others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from lr_explorer.params import Described, choice, part, whole
from lr_explorer.registry import Registry, Union, Without
from lr_explorer.schedules.base import RAMPS, SCHEDULES, Array, Schedule, falling, falling_code

_PLACES = ("first", "second", "third")
TRUNKS = Without(SCHEDULES, "forked")
PARTS = Without(SCHEDULES, "sequential", "chained", "forked")
BRANCHES = {"constant": "keep the rate", "decay": "decay from it", "restart": "restart at the peak, then decay"}
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


@SCHEDULES.register("forked")
@dataclass(frozen=True)
class Forked(Schedule):
    """One schedule up to some update, and from there on another way: the rate stays, decays, or restarts at the peak and decays.

    The trunk is planned for the whole run, so that all branches of it are one and the same run until they part. Its own peak is a fraction of
    this schedule's, and a decay ends at its floor. A momentum that the trunk cycles stays where it is at the fork.
    """

    label = "Forked (branch of a run)"
    family = "Compositions"
    also_called = "branch, checkpoint, cool-down from a checkpoint"
    use_when = "A run is on its way and you want to know what to do from here: go on at this rate, anneal now, or raise it once more."
    watch_for = "Within a warm-up the rate in force is still low, and so is what keeps it or decays from it."
    formula = (
        r"\eta_t = \eta_{\max}\cdot\begin{cases}f(t) & t < s\\"
        r"f_{\min} + (b - f_{\min})\,g\!\left(\frac{t - s}{T - s}\right) & t \ge s\end{cases}"
    )
    source = "Hägele et al., Scaling laws and compute-optimal training beyond fixed training durations (2024): decays that branch off one long run."
    floor_is_a_clip = True
    reaches_peak = False
    stays_below_peak = False

    trunk: Schedule = part(TRUNKS, "cosine", "Trunk", "The schedule that is followed up to the fork.", peak=1.0)
    fork: int = whole(
        100, 0, 1_000_000, "Fork at", "The first update of the branch, counted from the end of this schedule's own warm-up.",
        unit="updates", symbol="s", slider=(0, 1000),
    )  # fmt: skip
    branch: str = choice("decay", BRANCHES, "Branch", "What the rate does from the fork on; b is the rate in force there, or the peak.")
    decay_shape: str = choice("linear", RAMPS, "Decay shape", "How the rate falls, g, to the trunk's floor over the rest of the run.")

    def shape(self, update: Array, total: int) -> Array:
        trunk = self.trunk.values(total)
        if self.fork >= total:
            return trunk
        begins, lowest = self._ends(total)
        if self.branch == "constant":
            return np.where(update < self.fork, trunk, begins)
        share = np.clip((update - self.fork) / (total - self.fork), 0, 1)
        return np.where(update < self.fork, trunk, lowest + (begins - lowest) * falling(self.decay_shape, share))

    def python(self, total: int) -> list[str]:
        if self.fork >= total:
            return ["trunk(update)"]
        begins, lowest = self._ends(total)
        if self.branch == "constant":
            return [f"trunk(update) if update < fork else {begins!r}"]
        height = "fall" if begins - lowest == 1 else f"{begins - lowest!r} * fall"
        return [
            "share = max(update - fork, 0) / (total - fork)",
            f"fall = {falling_code(self.decay_shape, 'share')}",
            f"trunk(update) if update < fork else {f'{lowest!r} + ' if lowest else ''}{height}",
        ]

    def python_parts(self, total: int) -> dict[str, tuple[Schedule, int]]:
        return {"trunk": (self.trunk, total)}

    def momentum_shape(self, update: Array, total: int) -> Array | None:
        momentum = self.trunk.momentum(total)
        return momentum if momentum is None else momentum[np.minimum(np.arange(total), self.fork)]

    def _ends(self, total: int) -> tuple[float, float]:
        """Return where a branch of a run of `total` updates begins and to where it may fall, as fractions of this schedule's peak."""
        begins = self.trunk.peak if self.branch == "restart" else float(self.trunk.values(total)[self.fork])
        # A fork within the warm-up may lie below the floor, and a decay does not rise.
        return begins, min(self.trunk.floor * self.trunk.peak, begins)


def _carried_on(values: Array) -> Array:
    """Return the values with NaN replaced by the last value before it, or at the beginning by the first one there is."""
    known = np.flatnonzero(~np.isnan(values))
    return values[known[np.maximum(np.searchsorted(known, np.arange(len(values)), side="right") - 1, 0)]]
