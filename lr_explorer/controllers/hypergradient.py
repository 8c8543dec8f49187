"""Descend on the learning rate itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.controllers.base import CONTROLLERS, Array, Control, Controller
from lr_explorer.optimizers.base import Shape, stack
from lr_explorer.params import choice, number


@CONTROLLERS.register("hypergradient")
@dataclass(frozen=True)
class Hypergradient(Controller):
    """Grows while consecutive gradients agree and shrinks when they turn against each other: gradient descent on the rate."""

    label = "Hypergradient"
    formula = r"\eta_t = \eta_{t-1} + \kappa\, g_t \cdot g_{t-1}"
    source = (
        "Baydin et al. (2018), SGD-HD; its multiplicative rule is η (1 + κ cos ∠(g, g′)). With any optimizer the gradients as they are, "
        "noise included. Begins at the peak, and may rise above it."
    )
    use_when = "The rate is too low by a factor and you would rather not search for it."
    watch_for = "κ has units of its own: what is gentle on one surface explodes on another."

    kappa: float = number(
        1e-3, 0.0, 1e3, "Rate of the rate κ", "How strongly the rate answers to the agreement of two gradients.", symbol=r"\kappa", scale="log",
        slider=(1e-8, 1.0),
    )  # fmt: skip
    variant: str = choice(
        "additive",
        {"additive": "additive", "multiplicative": "multiplicative"},
        "Rule",
        "Additive: changes by κ times the gradients' product, whose size depends on the loss. Multiplicative: by the share κ times their cosine.",
    )

    @classmethod
    def begins(cls, arms: Sequence[Self], lanes: Shape, lowest: float) -> Control:
        return _Hypergradient(arms, lanes)


class _Hypergradient(Control):
    """previous: the gradient that the last update saw, shape (2, arms, replicates)."""

    def __init__(self, arms: Sequence[Hypergradient], lanes: Shape) -> None:
        super().__init__(arms, lanes)
        self._kappa, self._is_additive = stack(arms, "kappa"), arms[0].variant == "additive"
        self.previous = np.zeros(lanes)

    def follow(self, update: int, loss: Array, grad: Array) -> None:
        if update > 0:
            product = (grad * self.previous).sum(axis=0)
            change = product if self._is_additive else self.rate * _over(product, np.hypot(*grad) * np.hypot(*self.previous))
            self.rate = np.maximum(self.rate + self._kappa * change, self.floor)
        # The optimizer may overwrite what it is handed.
        np.copyto(self.previous, grad)


def _over(product: Array, lengths: Array) -> Array:
    """Return the cosine, 0 where one gradient vanishes."""
    return np.divide(product, lengths, out=np.zeros_like(product), where=lengths != 0)
