"""An arm's update, put together: its optimizer, the coordinates that are frozen left out, its gradient clipped, its wrapper around."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lr_explorer.freezing import Freeze
from lr_explorer.optimizers.base import Array, Rule, Task
from lr_explorer.scenario import Arm


@dataclass(frozen=True)
class Update:
    """What moves arms that are computed as one.

    freeze: which coordinates of the gradient are to be hidden from the rule, and from whatever else looks at it.
    clipped: whether each update's gradient was clipped, shape (steps, arms, replicates), written as the run goes on; None where none may be.
    """

    rule: Rule
    freeze: Freeze
    clipped: NDArray[np.bool_] | None = None


def structure_of(arm: Arm) -> Hashable:
    """Return what arms must have in common to have one update."""
    around = arm.wrapper.name, arm.wrapper.structure(), arm.clipping.name, arm.freeze
    return type(arm.optimizer).name, arm.optimizer.structure(), around


def update_of(arms: Sequence[Arm], task: Task) -> Update:
    """Return the update of arms of equal `structure_of`."""
    freeze, optimizers = arms[0].freeze, [arm.optimizer for arm in arms]
    if freeze.is_on and task.loss is not None:
        task = replace(task, loss=freeze.loss_of(task.loss))
    rule = freeze.rule(optimizers, task) if freeze.is_on else type(optimizers[0]).rule(optimizers, task)
    rule, clipped = _clipped(arms, rule, task)
    wrappers = [arm.wrapper for arm in arms]
    return Update(type(wrappers[0]).around(wrappers, rule, task), freeze, clipped)


def _clipped(arms: Sequence[Arm], rule: Rule, task: Task) -> tuple[Rule, NDArray[np.bool_] | None]:
    clippings = [arm.clipping for arm in arms]
    clip = type(clippings[0]).clip(clippings)
    if clip is None:
        return rule, None
    bites = np.zeros((task.steps, *task.lanes[1:]), dtype=bool)

    def step(t: int, lr: Array, x: Array, grad: Array) -> None:
        bites[t] = clip(grad)
        rule.step(t, lr, x, grad)

    return replace(rule, step=step), bites
