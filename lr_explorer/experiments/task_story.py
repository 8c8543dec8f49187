"""What a matrix of tasks and schedules says, in sentences computed from it."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lr_explorer.experiments.selection import Selection
from lr_explorer.experiments.task_choice import (
    CHANCE,
    FOLDS,
    TIE,
    Validated,
    agreement,
    alike,
    behind,
    cross_validated,
    dependence,
    near_best_everywhere,
    picks_from_elsewhere,
    ranks,
    regrets,
)
from lr_explorer.experiments.task_matrix import TaskMatrix
from lr_explorer.experiments.tasks import CONTENDERS, TASKS
from lr_explorer.statistics import LEVEL, MARGIN, Interval, Status, Verdict, level_together, paired_losses
from lr_explorer.story import told


def winners_sentences(matrix: TaskMatrix) -> list[str]:
    """Tell who wins where, whether somebody is near the best everywhere, and whether the tasks rank the schedules alike."""
    scores = matrix.scores
    winners = scores.argmin(axis=1)
    where = [
        f"{CONTENDERS[contender].label} on {_listed(np.array(matrix.tasks)[winners == place])}"
        for place, contender in enumerate(matrix.contenders)
        if place in winners
    ]
    best = f"{len(where)} of {len(matrix.contenders)} schedules are the best somewhere: {'; '.join(where)}."
    return [best, _near_best(matrix), _agreement(matrix)]


def _near_best(matrix: TaskMatrix) -> str:
    gaps = behind(matrix.scores)
    near = near_best_everywhere(matrix.scores)
    within = f"within {told(TIE)} dex, which is {100 * (10**TIE - 1):.0f} %, of the best on every task"
    if near.any():
        names = " and ".join(CONTENDERS[matrix.contenders[place]].label for place in np.flatnonzero(near))
        return f"{names} {'is' if near.sum() == 1 else 'are'} {within}."
    safest = int(gaps.max(axis=0).argmin())
    worst = int(gaps[:, safest].argmax())
    return (
        f"No schedule is {within}: even the one whose worst case is least bad, {CONTENDERS[matrix.contenders[safest]].label}, is "
        f"{_dex(gaps[worst, safest])} behind on {TASKS[matrix.tasks[worst]].label}."
    )


def _agreement(matrix: TaskMatrix) -> str:
    found, verdict = agreement(matrix.scores), alike(matrix.losses, matrix.seed)
    mean = ranks(matrix.scores).mean(axis=0)
    first, last = (CONTENDERS[matrix.contenders[int(place)]].label for place in (mean.argmin(), mean.argmax()))
    numbers = (
        f"Kendall's W, where 0 means no agreement and 1 the same ranks everywhere, is {told(found.w)}, and with the noise of the runs counted "
        f"{told(verdict.low)} to {told(verdict.high)}; chance exceeds {told(verdict.margin)} in {told(100 * CHANCE)} % of all cases"
    )
    extremes = f"{first} has the best mean rank, {told(mean.min())}, and {last} the worst, {told(mean.max())}."
    head = {
        Status.SUPPORTED: "That does not mean that anything goes: the tasks' ranks agree more than they would by chance.",
        Status.INCONCLUSIVE: f"Whether the tasks' ranks agree more than they would by chance cannot be told from {len(matrix.tasks)} tasks: "
        f"Friedman's p is {told(found.p)} for these very scores, but other replicates could move them across the line.",
    }.get(verdict.status, "The tasks' ranks agree no more than chance can make them.")
    return f"{head} {numbers}. {extremes}"


# One pair


def sides(matrix: TaskMatrix, one: str, other: str) -> tuple[Interval, ...]:
    """Return the paired difference of two schedules on every task, one − other in dex; all intervals together hold in 95 % of all attempts."""
    return tuple(pair.interval for pair in matrix.pairs(one, other, level_together(len(matrix.tasks))))


def pair_sentences(matrix: TaskMatrix, one: str, other: str) -> list[str]:
    """Tell whether it depends on the task which of two schedules is better, and how many pairs of schedules it depends on the task for."""
    intervals = sides(matrix, one, other)
    verdict = dependence(intervals)
    names = CONTENDERS[one].label, CONTENDERS[other].label
    tasks = np.array(matrix.tasks)
    leads = {
        other: tasks[[interval.low > MARGIN for interval in intervals]],
        one: tasks[[interval.high < -MARGIN for interval in intervals]],
    }
    ahead = "; ".join(f"{CONTENDERS[name].label} on {_listed(where) if len(where) else 'no task'}" for name, where in leads.items())
    undecided = tasks[[interval.low <= MARGIN and interval.high >= -MARGIN for interval in intervals]]
    rest = f"; on {_listed(undecided)} neither certainly does" if len(undecided) else ""
    every = [dependence(sides(matrix, *pair)).status for pair in combinations(matrix.contenders, 2)]
    return [
        f"{_head(verdict, names)} Which ends more than {told(MARGIN)} dex lower: {ahead}{rest}. The intervals all hold at once in "
        f"{told(100 * LEVEL)} % of all attempts, each by itself in {told(100 * intervals[0].level)} %.",
        f"Of all {len(every)} pairs of schedules, {every.count(Status.SUPPORTED)} change sides like that from one task to another.",
    ]


def _head(verdict: Verdict, names: tuple[str, str]) -> str:
    question = f"whether {names[0]} or {names[1]} is the better one depends on the task"
    return {
        Status.SUPPORTED: f"Supported: {question}.",
        Status.REVERSED: f"Reversed: one of {names[0]} and {names[1]} is ahead on every task.",
        Status.REFUTED: f"Refuted: one of {names[0]} and {names[1]} is nowhere ahead of the other by more than the margin.",
        Status.INCONCLUSIVE: f"Inconclusive: {question}, cannot be told yet.",
    }[verdict.status]


# Choosing


def elsewhere_sentence(matrix: TaskMatrix) -> str:
    """Tell what it costs to take what won elsewhere."""
    costs = regrets(matrix.scores)
    other = costs[~np.eye(len(costs), dtype=bool)]
    here, there = np.unravel_index(costs.argmax(), costs.shape)
    picks = picks_from_elsewhere(matrix.scores)
    paid = behind(matrix.scores)[np.arange(len(picks)), picks]
    return (
        f"The winner of one task, tuned anew, is on another {_dex(float(np.median(other)))} behind the best at the median, and at worst "
        f"{_dex(costs.max())}: that of {TASKS[matrix.tasks[here]].label} on {TASKS[matrix.tasks[there]].label}. To take on each task "
        f"the schedule with the best mean rank on all others costs {_dex(paid.mean())} on average and {_dex(paid.max())} at most, on "
        f"{TASKS[matrix.tasks[int(paid.argmax())]].label}."
    )


def validated(matrix: TaskMatrix) -> tuple[tuple[Validated, str, Interval], ...]:
    """Return for each task what cross-validation chooses, what the other tasks recommend, and what the first gains on the second, in dex."""
    level = level_together(len(matrix.tasks))
    rows = []
    for losses, pick in zip(matrix.losses, picks_from_elsewhere(matrix.scores), strict=True):
        choice = cross_validated(losses)
        rows.append((choice, matrix.contenders[pick], paired_losses(losses[pick], choice.losses, level).interval))
    return tuple(rows)


def validated_sentence(gains: Sequence[Interval]) -> str:
    """Tell on how many tasks choosing by cross-validation pays."""
    better, worse = sum(gain.low > MARGIN for gain in gains), sum(gain.high < -MARGIN for gain in gains)
    same = sum(gain.low >= -MARGIN and gain.high <= MARGIN for gain in gains)
    return (
        f"Chosen on the task itself, by {FOLDS}-fold cross-validation over the replicates, the schedule ends more than {told(MARGIN)} dex lower than "
        f"what the other tasks recommend on {better} of {len(gains)} tasks and higher on {worse}; on {same} the difference is "
        "certainly smaller than that."
    )


def selection_sentence(found: Selection) -> str:
    """Tell how much the best of many configurations flatters itself."""
    few, many = found.counts[0], found.counts[-1]
    return (
        f"Chosen with {few} replicates, the best of {found.configurations} configurations looks {_dex(found.optimism[0])} better than it is, "
        f"and chosen with {many} {_dex(found.optimism[-1])}; theory's bounds are {_dex(found.bound[0])} and {_dex(found.bound[-1])}. In truth it is "
        f"{_dex(found.regret[0])} behind the best one with {few}, {_dex(found.regret[-1])} with {many}. So judge a winner on replicates that had no "
        "part in choosing it."
    )


def _listed(tasks: Sequence[str] | np.ndarray) -> str:
    return ", ".join(TASKS[task].label for task in tasks)


def gain_text(gain: Interval) -> str:
    """Return an interval in dex: its estimate and, in brackets, its bounds; none where most is a schedule compared with itself."""
    if gain.low == gain.estimate == gain.high == 0:
        return "0: the same in most folds"
    middle, low, high = (_hundredths(value) for value in (gain.estimate, gain.low, gain.high))
    return f"{middle} ({low} to {high})"


def _dex(value: float) -> str:
    return f"{_hundredths(value)} dex" if value >= 0.005 else "less than 0.01 dex"


def _hundredths(value: float) -> str:
    """Return dex to two digits after the point."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−") if np.isfinite(value) else "∞" if value > 0 else "−∞"
