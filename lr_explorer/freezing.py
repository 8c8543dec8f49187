"""Frozen coordinates: a coordinate stands for a layer, and a frozen one is to its optimizer as if it were not there.

That is what PyTorch makes of requires_grad=False: no gradient, so no update, no decay, no drift of a momentum, and nothing counted. From the
update on in which it is unfrozen its state begins as at a first update, bias corrections and all, while the rate is the schedule's present one.
Methods whose coordinates depend on each other have one state for both, which goes on; the frozen one adds nothing to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lr_explorer.optimizers.base import Array, Loss, Mask, Optimizer, Rule, Task


@dataclass(frozen=True)
class Freeze:
    """Which coordinates (x, y) are frozen, and the update from which on they are not; 0 for never."""

    coordinates: tuple[bool, bool] = (False, False)
    until: int = 0

    @property
    def is_on(self) -> bool:
        # Asked in every update, so without a loop.
        return self.coordinates[0] or self.coordinates[1]

    def moves(self, t: int) -> Mask:
        """Return which coordinates are not frozen in update t, shape (2, 1, 1)."""
        return np.array(self.begins(t + 1))[:, None, None] <= t

    def begins(self, steps: int) -> tuple[int, int]:
        """Return each coordinate's first update in a run of so many; `steps` if it has none."""
        first = min(self.until, steps) if self.until else steps
        x, y = (first if is_frozen else 0 for is_frozen in self.coordinates)
        return x, y

    def hidden(self, grad: Array, t: int) -> Array:
        """Set the frozen coordinates of a gradient to 0, in place, and return it."""
        np.copyto(grad, 0.0, where=~self.moves(t))
        return grad

    def loss_of(self, loss: Loss) -> Loss:
        """Return the loss as one sees it who may not move the frozen coordinates."""
        return replace(loss, seen=lambda t, x: self.hidden(loss.seen(t, x), t), moves=self.moves)

    def rule(self, optimizers: Sequence[Optimizer], task: Task) -> Rule:
        """Return the optimizers' rule, which leaves frozen coordinates where they are; it is handed gradients that are 0 there."""
        kind = type(optimizers[0])
        return self._together(kind.rule(optimizers, task)) if kind.couples else self._apart(optimizers, task)

    def _together(self, rule: Rule) -> Rule:
        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            before, stays = x.copy(), ~self.moves(t)
            rule.step(t, lr, x, grad)
            np.copyto(x, before, where=stays)

        return replace(rule, step=step)

    def _apart(self, optimizers: Sequence[Optimizer], task: Task) -> Rule:
        """Return a rule that is one for each coordinate, begun when that first moves."""
        begins = self.begins(task.steps)
        rules = [_rule_of(optimizers, task, place, begin) for place, begin in enumerate(begins)]
        reached = np.zeros(task.lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            for place, (begin, rule) in enumerate(zip(begins, rules, strict=True)):
                own = slice(place, place + 1)
                if t >= begin:
                    rule.step(t - begin, lr[own] if lr.ndim == 3 else lr, x[own], grad[own])
                reached[own] = rule.answer() if rule.answer and t >= begin else x[own]

        def memory(t: int) -> Array:
            own = [rule.memory(t - begin) if t >= begin else np.zeros_like(reached[:1]) for begin, rule in zip(begins, rules, strict=True)]
            return np.concatenate(own)

        return Rule(step, memory, (lambda: reached) if rules[0].answer else None)


def _rule_of(optimizers: Sequence[Optimizer], task: Task, place: int, begin: int) -> Rule:
    """Return the rule of one coordinate alone, for the updates from `begin` on."""
    normals = task.normals
    return type(optimizers[0]).rule(
        optimizers,
        Task(
            lanes=(1, *task.lanes[1:]),
            steps=task.steps - begin,
            momentum=None if task.momentum is None else task.momentum[begin:],
            normals=None if normals is None else lambda t: normals(t + begin)[place : place + 1],
        ),
    )
