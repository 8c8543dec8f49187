"""What is compared in an experiment: how the arms' readings become one effect with its interval, and the words for it.

A reading is one number, or yes or no, for each replicate of an arm. All effects are written so that the claim makes them positive.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lr_explorer.statistics import (
    SMALLEST,
    Interval,
    Status,
    Verdict,
    loss_sentence,
    mean_interval,
    median_interval,
    newcombe_interval,
    number_sentence,
    paired_losses,
    share_sentence,
)
from lr_explorer.story import told

Array = NDArray[np.float64]
Readings = Sequence[NDArray[Any]]


@dataclass(frozen=True)
class Effect(ABC):
    """How an experiment's readings, one array (replicates,) for each arm, become a number with an interval.

    contender: the place of the arm that is claimed to fare better, where there is one.
    """

    contender: ClassVar[int] = 1

    @property
    @abstractmethod
    def unit(self) -> str:
        """What the effect is measured in, as an axis says it."""

    @abstractmethod
    def interval(self, readings: Readings) -> Interval:
        """Return the effect with its 95 % interval."""

    @abstractmethod
    def outcomes(self, names: Sequence[str]) -> dict[Status, str]:
        """Return what each decided status would mean, for a reader to predict: of an effect beyond the margin, one the other way, or neither."""

    def needless_outcomes(self, names: Sequence[str]) -> dict[Status, str]:
        """Return the same where the claim is that the effect is not needed: to have none supports it, and so does what would reverse another."""
        found = self.outcomes(names)
        return {Status.SUPPORTED: found[Status.REFUTED], Status.REFUTED: found[Status.SUPPORTED]}

    @abstractmethod
    def sentence(self, verdict: Verdict, names: Sequence[str], says: str, readings: Readings) -> str:
        """Return the verdict in words; names: the arms', says: the experiment's claim."""


@dataclass(frozen=True)
class LowerLoss(Effect):
    """The median over the replicates of log10 of the first arm's reading minus log10 of the second's: above 0 where the second is lower."""

    unit = "dex"

    def interval(self, readings: Readings) -> Interval:
        return paired_losses(readings[0], readings[1]).interval

    def outcomes(self, names: Sequence[str]) -> dict[Status, str]:
        return {
            Status.SUPPORTED: f"{names[1]} ends lower",
            Status.REVERSED: f"{names[0]} ends lower",
            Status.REFUTED: "No difference that matters",
        }

    def needless_outcomes(self, names: Sequence[str]) -> dict[Status, str]:
        return {Status.SUPPORTED: f"{names[1]} ends no lower", Status.REFUTED: f"{names[1]} ends lower"}

    def sentence(self, verdict: Verdict, names: Sequence[str], says: str, readings: Readings) -> str:
        return loss_sentence(verdict, names[0], names[1])


@dataclass(frozen=True)
class MoreOften(Effect):
    """The share of the first arm's replicates that answer yes minus that of the second's."""

    what: str  # completes "the arm …": "reached the global basin"
    contender = 0

    unit = "difference of the shares"

    def interval(self, readings: Readings) -> Interval:
        return newcombe_interval(readings[0], readings[1])

    def outcomes(self, names: Sequence[str]) -> dict[Status, str]:
        return {
            Status.SUPPORTED: f"{names[0]} more often",
            Status.REVERSED: f"{names[1]} more often",
            Status.REFUTED: "Both about as often",
        }

    def sentence(self, verdict: Verdict, names: Sequence[str], says: str, readings: Readings) -> str:
        shares = [told(float(np.mean(reading))) for reading in readings]
        return f"{share_sentence(verdict, names[0], names[1], self.what)} {names[0]}: {shares[0]}; {names[1]}: {shares[1]}."


@dataclass(frozen=True)
class Number(Effect):
    """A number that each replicate has, made of all arms' readings: its median, or its mean, over the replicates."""

    what: str
    of: Callable[[Readings], Array]
    over: Callable[[Array], Interval] = median_interval

    @property
    def unit(self) -> str:
        return self.what

    def interval(self, readings: Readings) -> Interval:
        return self.over(self.of(readings))

    def outcomes(self, names: Sequence[str]) -> dict[Status, str]:
        return {Status.SUPPORTED: "It holds", Status.REVERSED: "The opposite holds", Status.REFUTED: "It does not hold"}

    def sentence(self, verdict: Verdict, names: Sequence[str], says: str, readings: Readings) -> str:
        return number_sentence(verdict, says, self.what)


@dataclass(frozen=True)
class Deviation(Number):
    """How far a number is from what theory predicts, as a fraction of it: the claim is that it is not farther than the margin.

    predicted: a number known beforehand; `of` says what each replicate measured. The interval is that of |measured / predicted − 1|.
    """

    predicted: float = 1.0

    @property
    def unit(self) -> str:
        return "share of what is predicted"

    def outcomes(self, names: Sequence[str]) -> dict[Status, str]:
        # A deviation is an effect that speaks against theory.
        return {Status.SUPPORTED: "It is somewhere else", Status.REFUTED: "It is where theory says"}

    def measured(self, readings: Readings) -> Interval:
        """Return the number itself with its interval."""
        return self.over(self.of(readings))

    def interval(self, readings: Readings) -> Interval:
        found = self.measured(readings)
        offs = [value / self.predicted - 1 for value in (found.low, found.high)]
        low = 0.0 if offs[0] <= 0 <= offs[1] else min(map(abs, offs))
        return Interval(abs(found.estimate / self.predicted - 1), low, max(map(abs, offs)), found.count, found.level)

    def sentence(self, verdict: Verdict, names: Sequence[str], says: str, readings: Readings) -> str:
        found = self.measured(readings)
        values = f"{self.what}: {told(found.estimate)} ({told(found.low)} to {told(found.high)}); predicted: {told(self.predicted)}."
        return f"{number_sentence(verdict, says, 'Deviation from what is predicted')} {values}"


def slope(readings: Readings, at: Sequence[float] | Array) -> Array:
    """Return each replicate's slope of log10 of its readings over log10 of the arms' values `at`, by least squares, (replicates,)."""
    x, y = np.log10(at), np.log10(np.maximum(np.array(readings, dtype=float), SMALLEST))
    off = x - x.mean()
    return np.asarray(off @ (y - y.mean(axis=0)) / (off @ off))


def ratio(readings: Readings) -> Array:
    """Return log2 of the first arm's reading over the second's."""
    return np.log2(readings[0] / readings[1])


def only(readings: Readings) -> Array:
    """Return the reading of the first arm."""
    return np.asarray(readings[0], dtype=float)


def short_of(readings: Readings) -> Array:
    """Return how far the reading of the first arm is below 1."""
    return 1.0 - only(readings)


def fall(readings: Readings) -> Array:
    """Return the reading of the first arm with the other sign."""
    return -only(readings)


def gain(readings: Readings) -> Array:
    """Return how much lower the second arm's readings are than the first's, as shares of the first's mean."""
    return np.asarray((readings[0] - readings[1]) / np.mean(readings[0]))


def mean_of(readings: Readings) -> Array:
    """Return the mean over the arms of each replicate's readings."""
    return np.mean(readings, axis=0)


def mean(values: Array) -> Interval:
    """Return the mean with its bootstrap interval; of a number that does not vary it is the number itself."""
    return mean_interval(values) if np.ptp(values) > 0 else Interval(float(values[0]), float(values[0]), float(values[0]), len(values))


def certain(values: Array) -> Interval:
    """Return the one value of something that nothing random decides; ValueError if it varies."""
    if not math.isclose(float(np.ptp(values)), 0.0, abs_tol=1e-9):
        raise ValueError(f"certain: the values must not vary; they range over {np.ptp(values):g}")
    return Interval(float(values[0]), float(values[0]), float(values[0]), len(values))
