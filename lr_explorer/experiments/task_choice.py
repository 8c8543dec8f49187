"""What follows from a matrix of tasks and schedules: who wins where, whether the ranks agree, what choosing by habit costs and by validation gains.

Everything here is a function of scores – log10 of a median loss, (tasks, contenders), the lower the better – or of the losses behind them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.task_matrix import log_losses
from lr_explorer.statistics import LEVEL, MARGIN, Interval, Verdict, judge

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

# So many dex above the best count as no difference: 12 %.
TIE = 0.05
FOLDS = 5
# What counts as agreement by chance: Friedman's test at this level.
CHANCE = 0.05
_RESAMPLES = 400


# Who wins where


def behind(scores: Array) -> Array:
    """Return how far each schedule is behind its task's best, in dex, (tasks, contenders)."""
    return scores - scores.min(axis=1, keepdims=True)


def ranks(scores: Array) -> Array:
    """Return each schedule's rank on each task, 1 for the lowest score; equal ones share their mean rank."""
    from scipy.stats import rankdata

    return rankdata(scores, axis=1)


def near_best_everywhere(scores: Array, tie: float = TIE) -> NDArray[np.bool_]:
    """Return which schedules are within `tie` of the best on every task, (contenders,)."""
    return np.asarray((behind(scores) <= tie).all(axis=0))


@dataclass(frozen=True)
class Agreement:
    """Whether tasks rank the schedules alike. w: Kendall's W, 0 for not at all, 1 for the same ranks everywhere; p: Friedman's, of chance."""

    w: float
    p: float


def agreement(scores: Array) -> Agreement:
    """Return how far the tasks' ranks agree. Source: Kendall & Babington Smith (1939), with the correction for ties; Friedman (1937)."""
    tasks, contenders = scores.shape
    if tasks < 2 or contenders < 2:
        raise ValueError(f"agreement: scores must be of at least 2 tasks and 2 schedules; got {tasks} and {contenders}")
    from scipy.stats import chi2

    ranked = ranks(scores)
    mean = (contenders + 1) / 2
    # Ties narrow a row's ranks, so the most that column sums can spread is taken from the ranks themselves.
    most = tasks * ((ranked - mean) ** 2).sum()
    spread = ((ranked.sum(axis=0) - tasks * mean) ** 2).sum()
    w = float(spread / most) if most else 0.0
    return Agreement(w, float(chi2.sf(tasks * (contenders - 1) * w, contenders - 1)))


def alike(losses: Array, seed: int) -> Verdict:
    """Return the verdict on the claim that Kendall's W exceeds what Friedman's test calls chance, with the noise of the runs counted.

    losses, seed: as in `resampled`.
    """
    from scipy.stats import chi2

    tasks, contenders, _ = losses.shape
    by_chance = float(chi2.isf(CHANCE, contenders - 1) / (tasks * (contenders - 1)))
    return judge(resampled(losses, lambda scores: agreement(scores).w, seed), by_chance)


def resampled(losses: Array, number: Callable[[Array], float], seed: int) -> Interval:
    """Return a number made of the scores, with the percentiles of what it is when replicates are drawn anew, with replacement.

    losses: (tasks, contenders, replicates). seed: of the draws.
    """
    random = np.random.default_rng(seed)
    found = []
    for _ in range(_RESAMPLES):
        # Schedules share their replicates, tasks do not.
        drawn = random.integers(losses.shape[2], size=(len(losses), 1, losses.shape[2]))
        found.append(number(_scores(np.take_along_axis(losses, np.broadcast_to(drawn, losses.shape), axis=2))))
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(number(_scores(losses))), float(low), float(high), losses.shape[2])


def _scores(losses: Array) -> Array:
    return log_losses(np.median(losses, axis=2))


# Whether one pair changes sides


def dependence(intervals: Sequence[Interval], margin: float = MARGIN) -> Verdict:
    """Return the verdict on the claim that each of two schedules beats the other by more than the margin on some task.

    intervals: of their paired difference, one for each task, best at `level_together`. The largest difference lies between the largest lower
    and the largest upper bound, and so does its opposite; the effect is the smaller of the two. So it is supported if some interval lies
    above the margin and another below minus the margin.
    """
    bounds = np.array([[one.low, one.estimate, one.high] for one in intervals])
    low, estimate, high = np.minimum(bounds.max(axis=0), (-bounds[:, ::-1]).max(axis=0))
    return judge(Interval(float(estimate), float(low), float(high), intervals[0].count, intervals[0].level), margin)


# Choosing by what won elsewhere


def regrets(scores: Array) -> Array:
    """Return how far the winner of one task, the row, is behind the best on another, the column, in dex, (tasks, tasks)."""
    return behind(scores)[:, scores.argmin(axis=1)].T


def picks_from_elsewhere(scores: Array) -> Whole:
    """Return for each task the schedule with the best mean rank over all other tasks, of equal ones that least behind, (tasks,) of places."""
    if len(scores) < 2:
        raise ValueError("picks_from_elsewhere: scores must be of at least 2 tasks; got 1")
    others = ~np.eye(len(scores), dtype=bool)
    by_rank, by_gap = ([table[those].sum(axis=0) for those in others] for table in (ranks(scores), behind(scores)))
    return np.array([np.lexsort(keys)[0] for keys in zip(by_gap, by_rank, strict=True)])


# Choosing by cross-validation


@dataclass(frozen=True)
class Validated:
    """A choice on one task. chosen: for each fold the schedule that is best without it, (folds,) of places.

    losses: (replicates,), each that of the schedule which was chosen without the replicate's fold.
    """

    chosen: Whole
    losses: Array


def cross_validated(losses: Array, folds: int = FOLDS) -> Validated:
    """Choose the schedule with the lowest median on all folds but one, and take its losses on that one, for each fold in turn.

    losses: of one task, (contenders, replicates); replicate i belongs to fold i mod `folds`.
    """
    replicates = losses.shape[1]
    if not 2 <= folds <= replicates:
        raise ValueError(f"cross_validated: folds must be between 2 and the {replicates} replicates; got {folds}")
    fold = np.arange(replicates) % folds
    chosen = np.array([np.median(log_losses(losses[:, fold != left_out]), axis=1).argmin() for left_out in range(folds)])
    return Validated(chosen, losses[chosen[fold], np.arange(replicates)])
