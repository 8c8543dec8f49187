"""Every schedule on every task: its peak rate tuned on some noise, its losses taken on other noise that all schedules share."""

import csv
import io
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.blocks import IsStopped, Progress, computed
from lr_explorer.experiments.ensemble import Observed, observe
from lr_explorer.experiments.fair import RateCurve, rate_grid, tune
from lr_explorer.experiments.seeds import Purpose, under
from lr_explorer.experiments.tasks import CONTENDERS, TASKS, contending
from lr_explorer.scenario import ARM_COLOURS, Scenario
from lr_explorer.statistics import SMALLEST, Paired, median_interval, paired_losses

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Size:
    """How much is spent: replicates to tune each peak on, replicates to judge by, and peaks in a decade of the grid."""

    tuning: int
    held_out: int
    per_decade: int


SIZES = {"small": Size(30, 100, 8), "full": Size(60, 200, 12)}


@dataclass(frozen=True)
class Trial:
    """One schedule on one task. curve: how each peak of the grid fared in tuning; held_out: how the chosen one ended on other noise."""

    task: str
    contender: str
    curve: RateCurve
    held_out: Observed


def trial(task: str, contender: str, size: Size, seed: int) -> Trial:
    """Tune one schedule on one task and judge it; depends on these four alone, so that what is known of it may be kept."""
    given = TASKS[task]
    scenario = given.scenario.with_values(seed=seed)
    alone = scenario.with_values(arms=(contending(task, contender),))
    # The grid is that of the task's own arm, so that all schedules are tried at the same rates.
    (curve,) = tune(alone, given.measure, given.criterion, size.tuning, rates=rate_grid(scenario, size.per_decade))
    judged = under(alone.with_values(arms=(curve.tuned,)), Purpose.EVALUATION)
    (seen,) = observe(judged, given.measure, range(size.held_out))
    return Trial(task, contender, curve, seen)


@dataclass(frozen=True)
class TaskMatrix:
    """What came of every schedule on every task; `trials` task by task, in the order of `tasks` and `contenders`."""

    tasks: tuple[str, ...]
    contenders: tuple[str, ...]
    size: Size
    seed: int
    trials: tuple[Trial, ...]

    def trial(self, task: str, contender: str) -> Trial:
        """Return what came of one schedule on one task."""
        return self.trials[self.tasks.index(task) * len(self.contenders) + self.contenders.index(contender)]

    def part(self, tasks: Sequence[str], contenders: Sequence[str]) -> "TaskMatrix":
        """Return the matrix of some of its tasks and schedules alone."""
        trials = tuple(self.trial(task, contender) for task in tasks for contender in contenders)
        return TaskMatrix(tuple(tasks), tuple(contenders), self.size, self.seed, trials)

    @cached_property
    def losses(self) -> Array:
        """The final losses above the lowest, (tasks, contenders, replicates); a replicate has the same noise in every column."""
        return np.array([made.held_out.loss for made in self.trials]).reshape(len(self.tasks), len(self.contenders), -1)

    @cached_property
    def scores(self) -> Array:
        """log10 of the median of those losses, (tasks, contenders); infinite where half of the replicates diverged."""
        return log_losses(np.array([[median_interval(column).estimate for column in row] for row in self.losses]))

    def pairs(self, one: str, other: str, level: float) -> tuple[Paired, ...]:
        """Compare two schedules replicate by replicate, on every task; level: of the intervals."""
        first, second = self.contenders.index(one), self.contenders.index(other)
        return tuple(paired_losses(row[first], row[second], level) for row in self.losses)

    @property
    def warnings(self) -> list[str]:
        """A sentence for each trial of which the best peak may lie beyond the grid."""
        return [f"{TASKS[made.task].label}: {made.curve.warning}" for made in self.trials if made.curve.warning]

    def duel(self, task: str, contenders: Sequence[str]) -> Scenario:
        """Return a task as a scenario with some schedules as arms, each at its tuned peak, on the noise on which they were judged."""
        arms = [
            self.trial(task, contender).curve.tuned.with_values(colour=colour) for contender, colour in zip(contenders, ARM_COLOURS, strict=False)
        ]
        return under(TASKS[task].scenario.with_values(seed=self.seed, arms=tuple(arms)), Purpose.EVALUATION)


def trials_of(tasks: Sequence[str], contenders: Sequence[str], size: Size, seed: int) -> list[Callable[[], Trial]]:
    """Return the matrix's trials as blocks, in its order."""
    return [partial(trial, task, contender, size, seed) for task in tasks for contender in contenders]


def task_matrix(
    size: Size = SIZES["full"],
    seed: int = 1,
    *,
    tasks: Sequence[str] = tuple(TASKS),
    contenders: Sequence[str] = tuple(CONTENDERS),
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
) -> TaskMatrix:
    """Tune and judge every schedule on every task. seed: all noise comes from it; executor, progress, is_stopped: as in `blocks.computed`."""
    found = computed(trials_of(tasks, contenders, size, seed), executor, progress, is_stopped)
    return TaskMatrix(tuple(tasks), tuple(contenders), size, seed, tuple(found))


def log_losses(losses: Array) -> Array:
    """Return log10 of losses above the lowest; below 1e-30 lies rounding."""
    return np.log10(np.maximum(losses, SMALLEST))


def matrix_csv(matrix: TaskMatrix) -> str:
    """Return a row for each trial as CSV: the tuned peak, the median loss with its interval, and the shares that were solved and diverged."""
    text = io.StringIO()
    rows = [_row(made) for made in matrix.trials]
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(made: Trial) -> dict[str, object]:
    loss = median_interval(made.held_out.loss)
    return {
        "task": TASKS[made.task].label,
        "schedule": CONTENDERS[made.contender].label,
        "peak": made.curve.peak,
        "peak_at_edge": made.curve.is_at_edge,
        "replicates": loss.count,
        "loss": loss.estimate,
        "loss_low": loss.low,
        "loss_high": loss.high,
        "solved": float(made.held_out.hits.mean()),
        "solved_means": TASKS[made.task].measure.says,
        "diverged": float(made.held_out.diverged.mean()),
    }
