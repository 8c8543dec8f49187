"""What an optimizer is: an update rule over lanes."""

import math
from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Choice, Described, Flag
from lr_explorer.registry import Registry
from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Loss:
    """What an update may ask about the loss beside the gradient that it is handed; most ask nothing.

    surface: the loss itself, without noise. seen(t, x): the gradient that update t would be handed at other points x of the lanes' shape, by the
    same draw of noise, as a new array; only during update t. moves(t): which coordinates are not frozen in update t, shape (2, 1, 1).
    """

    surface: Surface
    seen: Callable[[int, Array], Array]
    moves: Callable[[int], Mask] = lambda t: np.ones((2, 1, 1), dtype=bool)


@dataclass(frozen=True)
class Task:
    """What a rule is set up for.

    lanes: shape (coordinates, arms, replicates) of what it moves. steps: number of updates.
    momentum: what the schedule has each update use instead of the arms' `momentum_name`, shape (steps,). loss: for rules that ask about it.
    normals(t): independent N(0, 1) for update t, shape (coordinates, 1, replicates), for rules that add noise of their own.
    """

    lanes: Shape
    steps: int
    momentum: Array | None = None
    loss: Loss | None = None
    normals: Callable[[int], Array] | None = None


@dataclass(frozen=True)
class Rule:
    """An optimizer set up for (coordinates, arms, replicates) lanes.

    step(t, lr, x, grad): moves x, where the gradient was taken, in place by update t (from 0); lr broadcasts against the lanes; grad is
    the rule's own from then on. memory(t): what update t, the last one, was made of, in the lanes' shape; see `Optimizer.memory_label`.
    answer(): the point that the method offers after the last update, where that is not the one at which it takes the next gradient.
    """

    step: Callable[[int, Array, Array, Array], None]
    memory: Callable[[int], Array]
    answer: Callable[[], Array] | None = None


class Optimizer(Described):
    """An update rule in PyTorch's exact form; the learning rate comes from the schedule.

    memory_label: what `Rule.memory` shows. suggested_peak: a peak rate with which it usually works, offered when it is chosen.
    momentum_name: the parameter that a schedule cycles if it cycles momentum (PyTorch's momentum or beta1), "" where there is none.
    scales_rate: whether it multiplies the schedule's rate by a number that it finds during the run.
    rate_note: where it does not use the rate of each update for that update, a sentence that says so.
    couples: whether one coordinate's update depends on the other's gradient. answers: whether its path is not where it takes its gradients.
    is_reference: whether it follows the surface itself, without noise, whatever gradient it is handed. is_random: whether it draws noise itself.
    """

    memory_label: ClassVar[str] = ""
    suggested_peak: ClassVar[float] = 0.1
    momentum_name: ClassVar[str] = ""
    scales_rate: ClassVar[bool] = False
    rate_note: ClassVar[str] = ""
    couples: ClassVar[bool] = False
    answers: ClassVar[bool] = False
    is_reference: ClassVar[bool] = False
    is_random: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        """Return the update rule for arms of equal `structure`, one after another along the second axis of the task's lanes."""

    def stability_limit(self) -> float | None:
        """Return the largest stable η·λ on a quadratic of curvature λ, or None where no such number is known."""
        return None

    def structure(self) -> Hashable:
        """Return what arms must have in common to be computed as one: by default the switches and choices."""
        return tuple(getattr(self, name) for name, param in self.params().items() if isinstance(param, Choice | Flag))


def stack(arms: Sequence[Any], name: str) -> Array:
    """Return parameter `name` of every arm, shape (arms, 1), or 0-d where all agree: the fastest operand that numpy knows."""
    values = [getattr(arm, name) for arm in arms]
    return np.array(values[0]) if len(set(values)) == 1 else np.array(values)[:, None]


def by_step(table: Array) -> list[Array]:
    """Return a table's rows, single numbers as 0-d arrays, which numpy computes with faster than with its scalars."""
    return [np.array(row) for row in table] if table.ndim == 1 else list(table)


# Python's own powers, as PyTorch has them: numpy's differ in the last digit, and by the shape of what is raised.
exact_power = np.vectorize(math.pow, otypes=[float])


def by_update(arms: Sequence[Optimizer], task: Task) -> list[Array]:
    """Return the arms' momentum or β₁ for every update: what the schedule cycles, or else their own."""
    return [stack(arms, arms[0].momentum_name)] * task.steps if task.momentum is None else by_step(task.momentum)


def corrections(kept: Sequence[Array]) -> list[Array]:
    """Return 1 − βᵗ for every update: what a mean that began at 0 is to be divided by. Methods count updates from 1, our steps from 0."""
    table = np.array(kept)
    return by_step(1 - table ** np.arange(1, len(table) + 1).reshape(-1, *[1] * (table.ndim - 1)))


def add_decay(grad: Array, x: Array, weight_decay: Array, scratch: Array) -> None:
    """Add weight_decay · x to the gradient in place (L2 regularisation, coupled)."""
    np.multiply(x, weight_decay, out=scratch)
    np.add(grad, scratch, out=grad)


def follow(mean: Array, new: Array, kept: Array) -> None:
    """Move a running mean in place: it keeps the share `kept` of itself."""
    np.copyto(mean, kept * mean + (1 - kept) * new)


def against(towards: Callable[[int, Array], Array], arms: Sequence[Any], task: Task, *, decoupled: bool = False) -> Rule:
    """Return the rule that moves by the rate against a direction.

    towards(t, grad): that direction in update t, in the lanes' shape; it is also the rule's memory. decoupled: whether the arms' weight decay, if
    they have any, shrinks x by η·λ instead of adding to the gradient.
    """
    weight_decay = stack(arms, "weight_decay") if "weight_decay" in arms[0].params() else np.zeros(())
    decays = bool(np.any(weight_decay))
    direction, scratch = np.zeros(task.lanes), np.empty(task.lanes)

    def step(t: int, lr: Array, x: Array, grad: Array) -> None:
        if decays and decoupled:
            np.multiply(x, 1 - lr * weight_decay, out=x)
        elif decays:
            add_decay(grad, x, weight_decay, scratch)
        np.copyto(direction, towards(t, grad))
        np.subtract(x, np.multiply(direction, lr, out=scratch), out=x)

    return Rule(step, lambda t: direction)


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")
