"""How much better the best of many configurations looks on the replicates that chose it than it is.

A configuration is a schedule with a peak rate. Its score is the mean of the logarithm of its final losses, which few replicates tell as right
as many do; so what the best of many lacks on others it owes to having been chosen.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.blocks import IsStopped, Progress, computed, parts, replicate_blocks
from lr_explorer.experiments.ensemble import above_lowest
from lr_explorer.experiments.fair import PER_DECADE, with_peak
from lr_explorer.experiments.seeds import Purpose, under
from lr_explorer.experiments.task_matrix import log_losses
from lr_explorer.experiments.tasks import TASKS, contending
from lr_explorer.scenario import MAX_ARMS, Arm, Scenario
from lr_explorer.simulate import simulate

Array = NDArray[np.float64]

# Peaks of each schedule, as far apart as those of the grid, with the tuned one in their middle.
PEAKS = 10
# Replicates of each configuration, of which some choose and the rest judge.
POOL = 300
# With how many replicates one may choose.
COUNTS = (3, 10, 30, 100)
SPLITS = 400


def configurations(task: str, peaks: dict[str, float], count: int = PEAKS) -> list[Arm]:
    """Return what is chosen among on a task: each schedule, by its name in `peaks`, at `count` rates around that peak."""
    factors = 10 ** ((np.arange(count) - (count - 1) / 2) / PER_DECADE)
    return [with_peak(contending(task, contender), peak * factor) for contender, peak in peaks.items() for factor in factors]


def pool_blocks(task: str, arms: Sequence[Arm], seed: int, count: int = POOL) -> list[Callable[[], Array]]:
    """Return the losses of all configurations as blocks, for `pooled` to put together in this order."""
    scenario = under(TASKS[task].scenario.with_values(seed=seed), Purpose.EVALUATION)
    together = [scenario.with_values(arms=tuple(some)) for some in parts(arms, MAX_ARMS)]
    return [partial(_scores, some, numbers) for some in together for numbers in replicate_blocks(some, count)]


def _scores(scenario: Scenario, numbers: Sequence[int]) -> Array:
    """Return log10 of the final losses, (arms, replicates); what ends above its start, or diverges, counts as if it had not moved."""
    surface = scenario.surface
    run = simulate(scenario, numbers, endings=False, paths=False)
    ends = np.array([above_lowest(surface, np.fmin(arm.final_loss, surface.value(arm.start))) for arm in run.arms])
    return log_losses(ends)


def pooled(arms: Sequence[Arm], count: int, results: Sequence[Array]) -> Array:
    """Return the results of `pool_blocks` as one array, (configurations, replicates)."""
    rows = []
    left = iter(results)
    for some in parts(arms, MAX_ARMS):
        mine: list[Array] = []
        while sum(block.shape[1] for block in mine) < count:
            mine.append(next(left))
        assert mine[0].shape[0] == len(some)
        rows.append(np.concatenate(mine, axis=1))
    return np.concatenate(rows)


def pool(
    task: str,
    arms: Sequence[Arm],
    seed: int,
    count: int = POOL,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
) -> Array:
    """Run every configuration on the same noise and return log10 of its final losses, (configurations, replicates).

    executor, progress, is_stopped: as in `blocks.computed`.
    """
    return pooled(arms, count, computed(pool_blocks(task, arms, seed, count), executor, progress, is_stopped))


@dataclass(frozen=True)
class Selection:
    """What choosing the best of all configurations with a few replicates led to, in dex, means over many splits, each (counts,).

    counts: with how many replicates. optimism: the chosen one's score on the rest minus that on those. regret: how far it is, on the rest, behind
    the configuration that is best over all. spread: the largest standard deviation of the log losses of a configuration that was ever chosen.
    bound: of the optimism, as these spreads make it.
    """

    configurations: int
    counts: tuple[int, ...]
    optimism: Array
    regret: Array
    spread: Array
    bound: Array


def selection(scores: Array, counts: Sequence[int] = COUNTS, splits: int = SPLITS, seed: int = 0) -> Selection:
    """Choose the configuration with the lowest mean on some replicates, drawn at random, and judge it on all others; again and again.

    scores: (configurations, replicates), of which each of `counts` may be chosen and at least one is left. seed: of the draws.
    The bound is s√(2 ln K/n): the mean of the largest of K normal errors, each with the spread s/√n, is no larger.
    Source: Boucheron, Lugosi & Massart, Concentration Inequalities (2013), theorem 2.5; Cawley & Talbot (2010) on its meaning for tuning.
    """
    many, replicates = scores.shape
    if not 1 <= min(counts) <= max(counts) < replicates:
        raise ValueError(f"selection: counts must be between 1 and {replicates - 1}; got {', '.join(map(str, counts))}")
    random = np.random.default_rng(seed)
    total = scores.sum(axis=1)
    spreads = scores.std(axis=1, ddof=1)
    rows = []
    for count in counts:
        is_choosing = np.zeros((replicates, splits))
        for split in range(splits):
            is_choosing[random.permutation(replicates)[:count], split] = 1
        sums = scores @ is_choosing
        rest = (total[:, None] - sums) / (replicates - count)
        chosen = sums.argmin(axis=0)
        places = chosen, np.arange(splits)
        judged = rest[places]
        rows.append([(judged - sums[places] / count).mean(), (judged - rest[total.argmin()]).mean(), spreads[chosen].max()])
    optimism, regret, spread = np.array(rows).T
    return Selection(many, tuple(counts), optimism, regret, spread, spread * np.sqrt(2 * np.log(many) / np.array(counts)))
