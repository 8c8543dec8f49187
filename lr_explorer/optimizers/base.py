"""What an optimizer is: an update rule over lanes."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Choice, Described, Flag
from lr_explorer.registry import Registry

Array = NDArray[np.float64]
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Rule:
    """An optimizer set up for (2, arms, replicates) lanes.

    step(t, lr, x, grad): moves x, where the gradient was taken, in place by update t (from 0); lr broadcasts against the lanes; grad may be
    overwritten. memory(t): what update t, the last one, was made of, shape (2, arms, replicates); see `Optimizer.memory_label`.
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
    """

    memory_label: ClassVar[str] = ""
    suggested_peak: ClassVar[float] = 0.1
    momentum_name: ClassVar[str] = ""
    scales_rate: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def rule(cls, arms: Sequence[Self], lanes: Shape, steps: int, momentum: Array | None = None) -> Rule:
        """Return the update rule for arms of equal `structure`, one after another along the second axis of `lanes`, for `steps` updates.

        momentum: what the schedule has each update use instead of the arms' `momentum_name`, shape (steps,).
        """

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


def add_decay(grad: Array, x: Array, weight_decay: Array, scratch: Array) -> None:
    """Add weight_decay · x to the gradient in place (L2 regularisation, coupled)."""
    np.multiply(x, weight_decay, out=scratch)
    np.add(grad, scratch, out=grad)


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer")
