"""Gradient descent, with momentum."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.optimizers.base import OPTIMIZERS, Array, Optimizer, Rule, Shape, add_decay, by_step, stack
from lr_explorer.params import flag, number


@OPTIMIZERS.register("sgd")
@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent; with momentum it averages past gradients into a velocity (heavy ball), with Nesterov it looks one step ahead."""

    label = "SGD"
    formula = r"b_t = \mu b_{t-1} + (1 - d)\,g_t,\quad x_{t+1} = x_t - \eta_t b_t\ \text{ (Nesterov: } g_t + \mu b_t)"
    source = "PyTorch SGD: the rate stays outside the velocity, and the first velocity is the gradient itself, undampened."
    memory_label = "velocity"
    suggested_peak = 0.1
    momentum_name = "momentum"

    momentum: float = number(
        0.0, 0.0, 0.9999, "Momentum μ", "Share of the velocity that is kept at each update.", symbol=r"\mu", scale="near_one", slider=(0.0, 0.999)
    )
    dampening: float = number(
        0.0, 0.0, 1.0, "Dampening", "Share of each new gradient that is left out of the velocity (PyTorch's dampening).", symbol="d"
    )
    weight_decay: float = number(
        0.0, 0.0, 100.0, "Weight decay", "Adds this multiple of x to the gradient (L2).", symbol=r"\lambda", scale="log", slider=(1e-6, 1.0)
    )
    nesterov: bool = flag(False, "Nesterov", "Step along g + μb instead of b; needs momentum and no dampening.", needs="momentum")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not (self.momentum > 0 and self.dampening == 0):
            raise ValueError(
                f"SGD.nesterov needs momentum above 0 and dampening 0, as in PyTorch; got momentum {self.momentum} and dampening {self.dampening}"
            )

    def stability_limit(self) -> float | None:
        """Return 2(1 + μ)/(1 − d), and (2 + 2μ)/(1 + 2μ) for Nesterov. Source: Cohen et al. (2021), appendix B."""
        # Weight decay adds to every curvature; dampening scales the rate once there is a velocity to dampen.
        if self.weight_decay or (self.momentum and self.dampening == 1):
            return None
        kept = 1 - self.dampening if self.momentum else 1.0
        return (2 + 2 * self.momentum) / (1 + 2 * self.momentum) if self.nesterov else 2 * (1 + self.momentum) / kept

    def structure(self) -> Hashable:
        # Without momentum PyTorch keeps no buffer, so dampening does nothing either.
        return (self.nesterov, self.momentum > 0)

    @classmethod
    def rule(cls, arms: Sequence[Self], lanes: Shape, steps: int, momentum: Array | None = None) -> Rule:
        new, weight_decay = 1 - stack(arms, "dampening"), stack(arms, "weight_decay")
        nesterov, decays = arms[0].nesterov, bool(np.any(weight_decay))
        # Without momentum PyTorch neither uses the velocity nor changes it, and it begins at the first update that has some.
        own = [stack(arms, "momentum") if arms[0].momentum else None] * steps
        kept = own if momentum is None else [share if share else None for share in by_step(momentum)]
        first = next((t for t, share in enumerate(kept) if share is not None), steps)
        velocity, plain, scratch = np.zeros(lanes), np.zeros(lanes), np.empty(lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            if decays:
                add_decay(grad, x, weight_decay, scratch)
            share = kept[t]
            if share is None:
                np.copyto(plain, grad)
            elif t == first:
                np.copyto(velocity, grad)
            else:
                np.multiply(velocity, share, out=velocity)
                np.multiply(grad, new, out=scratch)
                np.add(velocity, scratch, out=velocity)
            if nesterov and share is not None:
                np.multiply(velocity, share, out=scratch)
                np.add(scratch, grad, out=scratch)
                np.multiply(scratch, lr, out=scratch)
            else:
                np.multiply(plain if share is None else velocity, lr, out=scratch)
            np.subtract(x, scratch, out=x)

        return Rule(step, lambda t: plain if kept[t] is None else velocity)
