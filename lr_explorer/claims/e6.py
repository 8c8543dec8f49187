"""E6, it depends on the task: choose the schedule by validation, and tune it.

Its experiments read a whole matrix of tasks and schedules, each tuned, which takes many times as long as any other's.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.base import Claim, Kind
from lr_explorer.experiments.blocks import IsStopped, Progress
from lr_explorer.experiments.selection import configurations, pool
from lr_explorer.experiments.task_choice import TIE, alike, behind, dependence, picks_from_elsewhere, resampled
from lr_explorer.experiments.task_matrix import SIZES, Size, TaskMatrix, task_matrix
from lr_explorer.experiments.tasks import CONTENDERS, TASKS
from lr_explorer.statistics import Status, Verdict, judge, level_together, mean_interval

Array = NDArray[np.float64]

# With so many replicates one chooses, where it is told how far the best of many flatters itself.
_FEW = 3
_FLATTERED = "noisy_bowl"


@dataclass(frozen=True)
class MatrixExperiment:
    """One question to a matrix of tasks and schedules that can fail; as `Experiment`, where the names are the same.

    judged: the verdict on a matrix that has these tasks and schedules. effect: what follows its number, unit and meaning.
    """

    name: str
    label: str
    says: str
    expected: Status
    judged: Callable[[TaskMatrix], Verdict]
    effect: str
    why: str
    kind: Kind = Kind.CLAIM
    tasks: tuple[str, ...] = tuple(TASKS)
    contenders: tuple[str, ...] = tuple(CONTENDERS)

    def run(
        self,
        seed: int = 0,
        *,
        size: Size = SIZES["full"],
        executor: Executor | None = None,
        progress: Progress | None = None,
        is_stopped: IsStopped | None = None,
    ) -> Verdict:
        """Return the verdict under a master seed; executor, progress, is_stopped: as in `blocks.computed`."""
        how = task_matrix(size, seed, tasks=self.tasks, contenders=self.contenders, executor=executor, progress=progress, is_stopped=is_stopped)
        return self.judged(how)


def _depends(matrix: TaskMatrix) -> Verdict:
    pairs = matrix.pairs("constant", "cosine", level_together(len(matrix.tasks)))
    return dependence([pair.interval for pair in pairs])


def _no_champion(matrix: TaskMatrix) -> Verdict:
    return judge(resampled(matrix.losses, lambda scores: behind(scores).max(axis=0).min(), matrix.seed), TIE)


def _habit(matrix: TaskMatrix) -> Verdict:
    def paid(scores: Array) -> float:
        return float(behind(scores)[np.arange(len(scores)), picks_from_elsewhere(scores)].mean())

    return judge(resampled(matrix.losses, paid, matrix.seed))


def _alike(matrix: TaskMatrix) -> Verdict:
    return alike(matrix.losses, matrix.seed)


def _flattery(matrix: TaskMatrix) -> Verdict:
    peaks = {made.contender: made.curve.peak for made in matrix.trials}
    arms = configurations(_FLATTERED, peaks)
    scores = pool(_FLATTERED, arms, matrix.seed)
    # Groups that share no replicate, each of which chooses once and is judged on all others.
    groups = scores[:, : scores.shape[1] // _FEW * _FEW].reshape(len(scores), -1, _FEW)
    sums = groups.sum(axis=2)
    chosen = sums.argmin(axis=0), np.arange(sums.shape[1])
    rest = (scores.sum(axis=1)[:, None] - sums) / (scores.shape[1] - _FEW)
    return judge(mean_interval(rest[chosen] - sums[chosen] / _FEW, seed=matrix.seed))


CLAIM = Claim(
    "E6",
    "It depends on the task",
    "The right schedule depends on the task: choose it by cross-validation and hyperparameter tuning.",
    "Seven schedules on eleven tasks, each tuned. Is one of them best, or as good as the best, everywhere?",
    (
        MatrixExperiment(
            "no_champion",
            "Nobody is best everywhere",
            f"Every schedule is more than {TIE:g} dex behind the best on some task",
            Status.SUPPORTED,
            _no_champion,
            "dex behind the best on its worst task, of the schedule with the mildest worst task",
            "What serves one task costs on another: a long plateau lost to early decay, a floor that a constant rate cannot reach.",
        ),
        MatrixExperiment(
            "depends",
            "A pair that changes sides",
            "Which of a constant rate and a cosine ends lower depends on the task",
            Status.SUPPORTED,
            _depends,
            "dex, the smaller of the two largest leads of one over the other",
            "What the noise does at the minimum and how the curvature changes on the way decide it, and tasks differ in both.",
            contenders=("constant", "cosine"),
        ),
        MatrixExperiment(
            "habit",
            "Taking what won elsewhere",
            "To take the schedule with the best mean rank on the other tasks costs more than a tenth of a decade on average",
            Status.SUPPORTED,
            _habit,
            "dex behind the best, on average over the tasks",
            "The best on average is not the best here; only the task itself tells, which is what validation is for.",
        ),
        MatrixExperiment(
            "alike",
            "Not just anything goes",
            "The tasks rank the schedules more alike than chance does",
            Status.SUPPORTED,
            _alike,
            "in Kendall's W, 0 for no agreement and 1 for the same ranks everywhere, where chance exceeds the margin in 5 % of all cases",
            "That it depends does not mean that all are alike: some schedules are a better first guess than others.",
            Kind.COUNTER,
        ),
        MatrixExperiment(
            "flattery",
            "Choosing with three seeds",
            "The best of 70 configurations, chosen on three seeds, looks more than a tenth of a decade better than it is",
            Status.SUPPORTED,
            _flattery,
            "dex between what the chosen one's three seeds show and what all others show",
            "The best of many on few seeds is in part the luckiest: who chooses among many needs many seeds, or fresh ones to judge by.",
            Kind.COUNTER,
            tasks=(_FLATTERED,),
        ),
    ),
)
