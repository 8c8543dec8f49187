"""Methods that look at the gradient's sign alone: their steps are as long as the rate says, however steep or flat the loss is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.optimizers import fields
from lr_explorer.optimizers.base import OPTIMIZERS, Array, Optimizer, Rule, Task, against, by_update, follow, stack
from lr_explorer.params import number


@OPTIMIZERS.register("sign_sgd")
@dataclass(frozen=True)
class SignSGD(Optimizer):
    """Moves every coordinate by the rate itself, up or down: only the schedule can make it stop."""

    label = "Sign-SGD"
    formula = r"m_t = \mu m_{t-1} + (1 - \mu) g_t,\quad x_{t+1} = x_t - \eta_t\,\operatorname{sign}(m_t)"
    source = "Bernstein et al. (2018); Optax sign_sgd, and with momentum signum (beta)."
    memory_label = "sign"
    suggested_peak = 0.01
    momentum_name = "momentum"

    momentum: float = fields.momentum(0.0, "Share of the mean gradient, whose sign is taken, that is kept (Optax's beta).")
    weight_decay: float = fields.weight_decay(fields.DECOUPLED)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        kept, mean = by_update(arms, task), np.zeros(task.lanes)

        def towards(t: int, grad: Array) -> Array:
            follow(mean, grad, kept[t])
            return np.sign(mean)

        return against(towards, arms, task, decoupled=True)


@OPTIMIZERS.register("lion")
@dataclass(frozen=True)
class Lion(Optimizer):
    """The sign of a mix of momentum and gradient, found by a search over programs; needs about a tenth of Adam's rate and more decay."""

    label = "Lion"
    formula = (
        r"x_{t+1} = x_t - \eta_t\left(\operatorname{sign}\!\left(\beta_1 m_{t-1} + (1 - \beta_1) g_t\right) + \lambda x_t\right),\quad "
        r"m_t = \beta_2 m_{t-1} + (1 - \beta_2) g_t"
    )
    source = "Chen et al. (2023); Optax lion (whose weight_decay is 1e-3 by default). Keras's Lion is the same."
    memory_label = "sign"
    suggested_peak = 0.005
    momentum_name = "beta1"

    beta1: float = fields.beta1(help="Share of the mean gradient in the mix whose sign is taken.")
    beta2: float = fields.beta2(0.99, "Share of the mean gradient that is kept.")
    weight_decay: float = fields.weight_decay(fields.DECOUPLED)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        mixed, beta2, mean = by_update(arms, task), stack(arms, "beta2"), np.zeros(task.lanes)

        def towards(t: int, grad: Array) -> Array:
            sign = np.sign(mixed[t] * mean + (1 - mixed[t]) * grad)
            follow(mean, grad, beta2)
            return sign

        return against(towards, arms, task, decoupled=True)


@OPTIMIZERS.register("rprop")
@dataclass(frozen=True)
class Rprop(Optimizer):
    """Gives each coordinate a step that grows while the gradient keeps its sign and shrinks when it turns: for full batches, without noise."""

    label = "Rprop"
    formula = (
        r"\Delta_t = \Delta_{t-1}\cdot\begin{cases}\eta^+ & g_t g_{t-1} > 0\\ \eta^- & g_t g_{t-1} < 0\\ 1 & \text{else}\end{cases},\quad "
        r"x_{t+1} = x_t - \Delta_t\,\operatorname{sign}(g_t),\quad \text{but no step where the sign turned},\quad \Delta_{-1} = \eta_0"
    )
    source = "Riedmiller & Braun (1993); PyTorch Rprop (etas, step_sizes). Optax's applies each step one update later."
    memory_label = "step"
    suggested_peak = 0.01
    rate_note = "It reads the rate once, as its first step, and makes the later ones itself: the schedule does nothing."

    eta_minus: float = number(0.5, 0.001, 0.999, "Shrink η⁻", "Multiplies the step where the gradient's sign turned.", symbol=r"\eta^-")
    eta_plus: float = number(
        1.2, 1.001, 10.0, "Grow η⁺", "Multiplies the step where the gradient kept its sign.", symbol=r"\eta^+", slider=(1.001, 2.0)
    )
    step_min: float = number(1e-6, 0.0, 1.0, "Shortest step", "No step becomes shorter, not even the first.", scale="log", slider=(1e-9, 1e-2))
    step_max: float = number(50.0, 1e-6, 1e6, "Longest step", "No step becomes longer.", scale="log", slider=(1e-2, 100.0))

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        shrink, grow, shortest, longest = (stack(arms, name) for name in ("eta_minus", "eta_plus", "step_min", "step_max"))
        size, before, moved = np.zeros(task.lanes), np.zeros(task.lanes), np.zeros(task.lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            if t == 0:
                np.copyto(size, lr)
            agrees = np.sign(grad * before)
            np.copyto(size, np.minimum(np.maximum(size * np.where(agrees > 0, grow, np.where(agrees < 0, shrink, 1)), shortest), longest))
            # Where the sign turned, this gradient is forgotten, so that the next one starts afresh.
            np.copyto(before, np.where(agrees < 0, 0, grad))
            np.copyto(moved, size * np.sign(before))
            np.subtract(x, moved, out=x)

        return Rule(step, lambda t: moved)
