"""Batch schedules: how large a batch each update of an arm takes, beside the schedule of its rate.

They count in multiples of the batch that the scenario's noise speaks of; what a larger batch leaves of the noise, the noise knows. An
update costs as many gradients as its batch is large: arms with the same number of updates then differ in their cost.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Described, number, part, whole
from lr_explorer.registry import Registry, Without
from lr_explorer.schedules import SCHEDULES, Schedule

Array = NDArray[np.float64]


class BatchSchedule(Described):
    """The batch of an arm as a function of the step."""

    @abstractmethod
    def multiples(self, steps: int) -> Array:
        """Return the batch of every update in multiples of the noise's own, shape (steps,), none below 1."""


# Schedules that are made of others or typed would bring their whole apparatus along, and may have no rate for a run of some length.
_FOLLOWED = Without(SCHEDULES, "sequential", "chained", "forked", "lambda")
BATCHES: Registry[BatchSchedule] = Registry("batch schedule")


def _largest() -> Any:
    return number(
        1000.0, 1.0, 1e6, "Largest batch", "The batch grows no further than to this multiple of the first.", symbol="M", unit="× first", scale="log",
        slider=(1.0, 10_000.0),
    )  # fmt: skip


@BATCHES.register("constant")
@dataclass(frozen=True)
class ConstantBatch(BatchSchedule):
    """The same batch from the first update to the last."""

    label = "Constant"
    formula = r"B_t = B"
    source = "–"

    def multiples(self, steps: int) -> Array:
        return np.ones(steps)


@BATCHES.register("step")
@dataclass(frozen=True)
class StepBatch(BatchSchedule):
    """The batch grows by a factor every so many updates: what a step decay of the rate does to the noise, with the rate kept."""

    label = "Step growth"
    formula = r"B_t = B\,\min\left(\gamma^{\lfloor t/k \rfloor}, M\right)"
    source = "Smith, Kindermans, Ying & Le, Don't decay the learning rate, increase the batch size (2018)."

    every: int = whole(
        100, 1, 100_000, "Grows every", "Updates from one growth to the next.", unit="updates", symbol="k", scale="log", slider=(1, 1000)
    )
    gamma: float = number(
        5.0, 1.0, 1000.0, "Factor γ", "What the batch is multiplied by each time.", symbol=r"\gamma", scale="log", slider=(1.0, 10.0)
    )
    most: float = _largest()

    def multiples(self, steps: int) -> Array:
        # By logarithms, since the power itself may overflow.
        growths = np.arange(steps) // self.every * np.log(self.gamma)
        return np.exp(np.minimum(growths, np.log(self.most)))


@BATCHES.register("matched")
@dataclass(frozen=True)
class MatchedBatch(BatchSchedule):
    """The batch grows as a rate would fall, so that rate × noise falls as under that schedule; the arm's own rate may stay where it is."""

    label = "Matched to a schedule"
    formula = r"B_t = B\,\min\left(\eta_{\max}/\eta_t, M\right)"
    source = "Smith & Le, A Bayesian perspective on generalization and SGD (2018): the noise scale η/B; Smith et al. (2018)."

    of: Schedule = part(
        _FOLLOWED, "cosine", "Matched to", "The schedule of the rate that the batch stands in for; its peak does not matter.", peak=1.0
    )
    most: float = _largest()

    def multiples(self, steps: int) -> Array:
        fractions = self.of.fractions(steps)
        return np.maximum(1.0, 1.0 / np.maximum(fractions, 1.0 / self.most))
