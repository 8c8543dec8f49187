"""Intervals, paired comparisons, and the rule that makes a verdict of them: arrays in, numbers and sentences out, nothing is simulated.

All arms of a scenario see the same noise, so replicate 7 of one arm is compared with replicate 7 of another. Effects are differences
between such pairs: of losses in dex, which are decades – log10 of one minus log10 of the other –, and of shares as fractions.
scipy.stats is imported where it is needed only, since that takes half a second on which a session's first picture would wait.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.outcome import SMALLEST
from lr_explorer.story import told

Array = NDArray[np.float64]

# How often an interval holds the true value.
LEVEL = 0.95
# What counts as an effect: a tenth of a decade, or of all replicates.
MARGIN = 0.1
# How often as many replicates as are asked for should be enough.
POWER = 0.8
# Where one may look at the verdict and go on if it is open; fixed before the first one.
LOOKS = (400, 800, 1600, 3200, 6400)
_RESAMPLES = 2000
# As many resampled values are in hand at a time.
_RESAMPLED = 2_000_000


@dataclass(frozen=True)
class Interval:
    """An estimate between its bounds, from `count` replicates or pairs; `level` is how often such bounds hold the true value."""

    estimate: float
    low: float
    high: float
    count: int
    level: float = LEVEL


# Intervals


def wilson_interval(hits: int, total: int, level: float = LEVEL) -> Interval:
    """Return the interval of a share that was seen as `hits` of `total`, as fractions. Source: Wilson (1927)."""
    if not 0 <= hits <= total or total < 1:
        raise ValueError(f"wilson_interval: hits must be between 0 and a total of at least 1; got {hits} of {total}")
    z = _deviate(level)
    share, weight = hits / total, z * z / total
    middle = (share + weight / 2) / (1 + weight)
    reach = z * math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight)
    # At the ends the bound is the end itself, and rounding must not step over it.
    return Interval(share, max(0.0, middle - reach) if hits else 0.0, min(1.0, middle + reach) if hits < total else 1.0, total, level)


def newcombe_interval(one: NDArray[np.bool_], other: NDArray[np.bool_], level: float = LEVEL) -> Interval:
    """Return the interval of P(one) − P(other), where both answered for the same replicates, each (n,) of yes or no.

    Wilson's intervals of both shares, put together with the answers' correlation. Source: Newcombe (1998), Statistics in Medicine 17,
    2635–2650, method 10.
    """
    one, other = np.asarray(one, dtype=bool), np.asarray(other, dtype=bool)
    _check_pairs("newcombe_interval", one, other)
    both, first, second, neither = (int(np.sum(cell)) for cell in (one & other, one & ~other, ~one & other, ~one & ~other))
    count = len(one)
    left, right = wilson_interval(both + first, count, level), wilson_interval(both + second, count, level)
    correlation = _correlation(both, first, second, neither)
    difference = (first - second) / count
    low = _apart(left.estimate - left.low, right.high - right.estimate, correlation)
    high = _apart(left.high - left.estimate, right.estimate - right.low, correlation)
    return Interval(difference, difference - low, difference + high, count, level)


def _apart(one: float, other: float, correlation: float) -> float:
    """Return the reach of a difference, given those of its two parts."""
    # It cannot be negative but by rounding.
    return math.sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))


def _correlation(both: int, first: int, second: int, neither: int) -> float:
    """Return the correlation φ of two answers, a positive one corrected for continuity, 0 where one of them never varies."""
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if margins == 0:
        return 0.0
    excess = both * neither - first * second
    corrected = max(excess - (both + first + second + neither) / 2, 0.0) if excess > 0 else excess
    return corrected / math.sqrt(margins)


def median_interval(values: Sequence[float] | Array, level: float = LEVEL) -> Interval:
    """Return the interval of the median: two of the values themselves, whose ranks the binomial distribution tells.

    It holds whatever the values' distribution, and never less often than `level`; values may be infinite, since only their order counts.
    Of fewer than six no two are far enough apart for 95 %, and the interval is then everything.
    Source: Conover, Practical Nonparametric Statistics (1999), section 3.2.
    """
    ranked = np.sort(np.asarray(values, dtype=float))
    if not len(ranked) or np.isnan(ranked[-1]):
        raise ValueError(f"median_interval: values must be at least one number, none NaN; got {len(ranked)} values")
    outside = _outer_ranks(len(ranked), level)
    low, high = (-math.inf, math.inf) if outside == 0 else (float(ranked[outside - 1]), float(ranked[len(ranked) - outside]))
    return Interval(_middle(ranked), low, high, len(ranked), level)


def _middle(ranked: Array) -> float:
    """Return the median of ranked values; halfway between −∞ and ∞ is 0, where neither side is better."""
    below, above = float(ranked[(len(ranked) - 1) // 2]), float(ranked[len(ranked) // 2])
    return below if below == above else 0.0 if below == -above else (below + above) / 2


def _outer_ranks(count: int, level: float) -> int:
    """Return the rank, from 1, of the lower bound of a median's interval, and from above that of the upper one; 0 for none."""
    k = np.arange(count // 2 + 1)
    # log P(X = k) of the binomial distribution of `count` fair coins, each from the one before.
    ratios = np.log((count - k[1:] + 1) / k[1:])
    at_most = np.cumsum(np.exp(np.concatenate([[0.0], np.cumsum(ratios)]) - count * math.log(2)))
    return bisect_right(at_most.tolist(), (1 - level) / 2)


def mean_interval(values: Sequence[float] | Array, level: float = LEVEL, seed: int = 0) -> Interval:
    """Return the bootstrap interval of the mean of `values`, (n,): percentiles of the means of 2,000 resamples, drawn by `seed`.

    With an infinite value among them the mean says nothing, and the interval is everything.
    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2 or np.isnan(values).any():
        raise ValueError(f"mean_interval: values must be at least two numbers, none NaN; got {len(values)} values")
    if not np.isfinite(values).all():
        return Interval(_infinite_mean(values), -math.inf, math.inf, len(values), level)
    from scipy.stats import bootstrap

    batch = max(1, _RESAMPLED // len(values))
    found = bootstrap(
        (values,), np.mean, confidence_level=level, n_resamples=_RESAMPLES, method="percentile", batch=batch, rng=np.random.default_rng(seed)
    )
    bounds = found.confidence_interval
    return Interval(float(values.mean()), float(bounds.low), float(bounds.high), len(values), level)


def mean_difference(one: Array, other: Array, level: float = LEVEL, seed: int = 0) -> Interval:
    """Return the bootstrap interval of the mean of `one` minus `other`, paired losses (n,); two infinite ones are a tie."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    _check_pairs("mean_difference", one, other)
    return mean_interval(np.subtract(one, other, out=np.zeros(one.shape), where=one != other), level, seed)


def _infinite_mean(values: Array) -> float:
    ends = {math.copysign(math.inf, value) for value in values[np.isinf(values)]}
    return ends.pop() if len(ends) == 1 else 0.0


# Pairs of losses


@dataclass(frozen=True)
class Paired:
    """Two arms' final losses replicate by replicate.

    differences: log10 of the one minus log10 of the other, (n,), in dex: above 0 where the other ended lower; 0 where both diverged, ∞ where
    the one did alone, −∞ where the other did. interval: that of their median. capped: in how many pairs a loss below 1e-30 counts as that.
    """

    differences: Array
    interval: Interval
    both_diverged: int
    one_diverged: int
    other_diverged: int
    capped: int

    @property
    def notes(self) -> list[str]:
        """A sentence for each thing that one should know about how pairs were counted."""
        told_of = {
            f"Both diverged in {self.both_diverged} of {self.interval.count} pairs, which count as ties.": self.both_diverged,
            f"One of the two diverged in {self.one_diverged + self.other_diverged} of {self.interval.count} pairs, which count as infinitely "
            "far apart.": self.one_diverged + self.other_diverged,
            f"In {self.capped} of {self.interval.count} pairs a loss less than {told(SMALLEST)} above the lowest counts as {told(SMALLEST)}: "
            "what lies below is rounding.": self.capped,
        }
        return [sentence for sentence, count in told_of.items() if count]


def paired_losses(one: Array, other: Array, level: float = LEVEL) -> Paired:
    """Compare two arms' final losses above the lowest, each (n,) in the same order of replicates, infinite where one diverged."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    _check_pairs("paired_losses", one, other)
    if np.isnan(one).any() or np.isnan(other).any():
        raise ValueError("paired_losses: losses must be numbers, infinite for a run that diverged; got NaN")
    differences = dex(one, other)
    gone, other_gone = np.isinf(one), np.isinf(other)
    return Paired(
        differences,
        median_interval(differences, level),
        both_diverged=int(np.sum(gone & other_gone)),
        one_diverged=int(np.sum(gone & ~other_gone)),
        other_diverged=int(np.sum(~gone & other_gone)),
        capped=int(np.sum((one < SMALLEST) | (other < SMALLEST))),
    )


def dex(one: Array, other: Array) -> Array:
    """Return log10 one − log10 other of losses above the lowest, element by element: 0 where both are infinite or below 1e-30."""
    one, other = (np.log10(np.maximum(losses, SMALLEST)) for losses in (one, other))
    # Where both are infinite there is no difference to take: a tie.
    return np.subtract(one, other, out=np.zeros(np.shape(one)), where=one != other)


def _check_pairs(what: str, one: NDArray[Any], other: NDArray[Any]) -> None:
    if one.shape != other.shape or one.ndim != 1 or not len(one):
        raise ValueError(f"{what}: both sides must have one value for each of the same replicates; got shapes {one.shape} and {other.shape}")


# Verdicts


class Status(StrEnum):
    """What an interval says about a claim."""

    SUPPORTED = "supported"
    REVERSED = "reversed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """What an interval says about the claim that an effect exceeds `margin`; `needless`: about the claim that it does not."""

    status: Status
    interval: Interval
    margin: float = MARGIN
    needless: bool = False

    @property
    def estimate(self) -> float:
        return self.interval.estimate

    @property
    def low(self) -> float:
        return self.interval.low

    @property
    def high(self) -> float:
        return self.interval.high


def judge(interval: Interval, margin: float = MARGIN, *, needless: bool = False) -> Verdict:
    """Return the verdict on the claim that the effect, written so that the claim makes it positive, exceeds the margin.

    Supported if the whole interval lies above the margin, reversed if it lies below minus the margin, refuted if it lies below the margin,
    inconclusive if it holds the margin. needless: the claim is that something is not needed, the effect what it would gain; it is supported
    if the interval lies below the margin and refuted if it lies above.

    A 95 % interval calls a claim supported in at most 2.5 % of all attempts where the effect is the margin or less.
    """
    if not margin >= 0:
        raise ValueError(f"judge: margin must be at least 0; got {margin}")
    if interval.low > margin:
        status = Status.REFUTED if needless else Status.SUPPORTED
    elif interval.high < margin and needless:
        status = Status.SUPPORTED
    elif interval.high < -margin:
        status = Status.REVERSED
    elif interval.high < margin:
        status = Status.REFUTED
    else:
        status = Status.INCONCLUSIVE
    return Verdict(status, interval, margin, needless)


def statuses_sentence(verdicts: Sequence[Verdict]) -> str:
    """Return how many of several verdicts on one claim say what."""
    counts = Counter(verdict.status.value for verdict in verdicts)
    return f"{', '.join(f'{count} of {len(verdicts)} {status}' for status, count in counts.most_common())}."


def count_to_settle(verdict: Verdict, power: float = POWER) -> int | None:
    """Return about how many pairs would settle an inconclusive verdict in a share `power` of all attempts, None if that cannot be told.

    An interval shrinks with the root of the pairs' number; it has to come off the margin although the next estimate differs from this one.
    That the effect is as large as it looks now is an assumption, and a bold one where it looks close to the margin.
    """
    interval, margin = verdict.interval, verdict.margin
    above = interval.estimate > margin
    reach = interval.estimate - interval.low if above else interval.high - interval.estimate
    gap = abs(interval.estimate - margin)
    if verdict.status is not Status.INCONCLUSIVE or not math.isfinite(reach) or not math.isfinite(gap) or gap == 0:
        return None
    stretch = 1 + NormalDist().inv_cdf(power) / _deviate(interval.level)
    return math.ceil(interval.count * (reach * stretch / gap) ** 2)


def _deviate(level: float) -> float:
    """Return how many standard deviations the bounds of a normal interval are from its middle."""
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1; got {level}")
    return NormalDist().inv_cdf((1 + level) / 2)


# Several intervals


def level_together(count: int, level: float = LEVEL) -> float:
    """Return the level of each of `count` intervals that all hold at once as often as `level`. Source: Bonferroni's inequality."""
    return 1 - (1 - level) / count


# Looking again with more replicates


def level_of_look(count: int, looks: Sequence[int] = LOOKS, level: float = LEVEL) -> float:
    """Return the level at which to take the interval of `count` pairs, so that all looks together err no more often than one at `level`.

    looks: the numbers of pairs at which one may look, fixed in advance and rising; `count` is one of them. The share of the error spent by a
    look at the share τ of the most pairs is ln(1 + (e − 1)τ), and each look may use what it adds. Errors of several looks add up at most, so
    this holds however the looks depend on each other; it costs some width. Source: Lan & DeMets (1983), Biometrika 70, 659–663, with the
    spending function that resembles Pocock's bounds.
    """
    if list(looks) != sorted(set(looks)) or count not in looks:
        raise ValueError(f"level_of_look: count must be one of the looks {', '.join(map(str, looks))}, which rise; got {count}")
    before = max((look for look in looks if look < count), default=0)
    spent = [math.log1p((math.e - 1) * pairs / looks[-1]) for pairs in (before, count)]
    return 1 - (1 - level) * (spent[1] - spent[0])


# Sentences


def loss_sentence(verdict: Verdict, one: str, other: str) -> str:
    """Return the verdict on `other` ending lower than `one`, by the losses' median difference in dex."""
    gain = abs(verdict.estimate)
    times = f", a factor of {told(10**gain)}" if 0.005 < gain < 300 else ""
    effect = f"Median difference {one} − {other}: {_number(verdict.estimate)} dex{times}"
    claim = f"{other} ends no lower than {one}" if verdict.needless else f"{other} ends lower than {one}"
    return _sentence(verdict, claim, effect, " dex")


def share_sentence(verdict: Verdict, one: str, other: str, says: str) -> str:
    """Return the verdict on `one` doing more often than `other` what `says` completes: "… reached the global basin"."""
    claim = f"{one} {says} no more often than {other}" if verdict.needless else f"{one} {says} more often than {other}"
    return _sentence(verdict, claim, f"Difference of the shares: {_number(verdict.estimate)}", "")


def brief(verdict: Verdict) -> str:
    """Return a verdict for a table's cell: what it says of the claim, the effect and its interval."""
    return f"{verdict.status.value}: {_number(verdict.estimate)} ({_number(verdict.low)} to {_number(verdict.high)})"


def mean_sentence(difference: Interval, one: str, other: str) -> str:
    """Return the difference of two arms' mean losses, one − other, in words; no verdict is made of it, since a few large losses decide it."""
    if not math.isfinite(difference.low) or not math.isfinite(difference.high):
        return f"The means of {one} and {other} cannot be compared, since some of their replicates diverged."
    bounds = f"{difference.level * 100:.3g} % bootstrap interval {_number(difference.low)} to {_number(difference.high)}"
    return f"Difference of the mean losses {one} − {other}: {_number(difference.estimate)} ({bounds}). A few large losses can decide a mean."


def number_sentence(verdict: Verdict, claim: str, what: str) -> str:
    """Return the verdict on a claim in words of its own, by an effect that `what` names."""
    return _sentence(verdict, claim, f"{what}: {_number(verdict.estimate)}", "")


_HEADS = {
    Status.SUPPORTED: "Supported: {claim}.",
    Status.REVERSED: "Reversed: the opposite of “{claim}” holds.",
    Status.REFUTED: "Refuted: “{claim}” does not hold by more than the margin.",
    Status.INCONCLUSIVE: "Inconclusive: whether {claim} cannot be told yet.",
}


def _sentence(verdict: Verdict, claim: str, effect: str, unit: str) -> str:
    interval = verdict.interval
    head = "Refuted: the opposite of “{claim}” holds." if verdict.needless and verdict.status is Status.REFUTED else _HEADS[verdict.status]
    bounds = f"{interval.level * 100:.3g} % interval {_number(interval.low)} to {_number(interval.high)}"
    body = f"{effect} ({bounds}, {interval.count:,} pairs; margin {_number(verdict.margin)}{unit})."
    return " ".join(filter(None, (head.format(claim=claim), body, _outlook(verdict))))


def _outlook(verdict: Verdict) -> str:
    if verdict.status is not Status.INCONCLUSIVE:
        return ""
    count = count_to_settle(verdict)
    if count is None:
        return "How many pairs would settle it cannot be told from these."
    return f"If the effect is as large as it looks now, about {_rounded(count):,} pairs would settle it in {POWER * 100:.0f} % of all attempts."


def _rounded(count: int) -> int:
    """Return a number of replicates to two digits, rounded up: it is an estimate."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return -(-count // unit) * unit


def _number(value: float) -> str:
    return told(value) if math.isfinite(value) else "∞" if value > 0 else "−∞"
