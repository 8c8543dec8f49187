"""Methods that give each coordinate a rate of its own."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from lr_explorer.optimizers.base import OPTIMIZERS, Array, Optimizer, Rule, Shape, add_decay, by_step, stack
from lr_explorer.params import flag, number


def _weight_decay(help: str, default: float = 0.0) -> Any:
    return number(default, 0.0, 100.0, "Weight decay", help, symbol=r"\lambda", scale="log", slider=(1e-6, 1.0))


def _eps(default: float) -> Any:
    return number(
        default, 0.0, 1.0, "Epsilon ε", "Added to the root, outside it, so that a vanishing gradient does not divide by zero.",
        symbol=r"\varepsilon", scale="log", slider=(1e-12, 1e-1),
    )  # fmt: skip


_L2 = "Adds this multiple of x to the gradient (L2, coupled: it passes through the scaling)."


@OPTIMIZERS.register("adagrad")
@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """Divides by the root of the sum of all squared gradients, so its own steps shrink like 1/√t without a schedule."""

    label = "AdaGrad"
    formula = r"s_t = s_{t-1} + g_t^2,\quad x_{t+1} = x_t - \frac{\eta_t}{1 + t\,k}\,\frac{g_t}{\sqrt{s_t} + \varepsilon}"
    source = "Duchi, Hazan & Singer (2011); PyTorch Adagrad (lr_decay k, initial_accumulator_value s₀)."
    memory_label = "scaled gradient"
    suggested_peak = 0.5

    lr_decay: float = number(
        0.0, 0.0, 100.0, "Rate decay k", "Divides the rate by 1 + t·k (PyTorch's lr_decay).", symbol="k", scale="log", slider=(1e-6, 1.0)
    )
    initial_accumulator_value: float = number(
        0.0,
        0.0,
        1e6,
        "Initial accumulator",
        "Sum of squares before the first update (0 in PyTorch, 0.1 in Optax and Keras).",
        symbol="s_0",
        slider=(0.0, 1.0),
    )
    eps: float = _eps(1e-10)
    weight_decay: float = _weight_decay(_L2)

    @classmethod
    def rule(cls, arms: Sequence[Self], lanes: Shape, steps: int, momentum: Array | None = None) -> Rule:
        eps, lr_decay, weight_decay = stack(arms, "eps"), stack(arms, "lr_decay"), stack(arms, "weight_decay")
        slows, decays = bool(np.any(lr_decay)), bool(np.any(weight_decay))
        total = np.zeros(lanes) + stack(arms, "initial_accumulator_value")
        direction, scratch = np.zeros(lanes), np.empty(lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            if decays:
                add_decay(grad, x, weight_decay, scratch)
            np.multiply(grad, grad, out=scratch)
            np.add(total, scratch, out=total)
            np.sqrt(total, out=scratch)
            np.add(scratch, eps, out=scratch)
            np.divide(grad, scratch, out=direction)
            np.multiply(direction, lr / (1 + t * lr_decay) if slows else lr, out=scratch)
            np.subtract(x, scratch, out=x)

        return Rule(step, lambda t: direction)


@OPTIMIZERS.register("rmsprop")
@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Divides by a running root mean square of the gradient, so every coordinate moves at about the rate itself."""

    label = "RMSprop"
    formula = (
        r"v_t = \alpha v_{t-1} + (1 - \alpha) g_t^2,\quad b_t = \mu b_{t-1} + \frac{g_t}{\sqrt{v_t} + \varepsilon},\quad x_{t+1} = x_t - \eta_t b_t"
    )
    source = "Hinton's lecture 6e (2012); PyTorch RMSprop (alpha, centered, momentum; ε outside the root, rate outside the buffer)."
    memory_label = "scaled gradient"
    suggested_peak = 0.01
    momentum_name = "momentum"

    alpha: float = number(
        0.99, 0.0, 0.999999, "Smoothing α", "Share of the running mean square that is kept at each update.", symbol=r"\alpha", scale="near_one",
        slider=(0.5, 0.9999),
    )  # fmt: skip
    momentum: float = number(
        0.0, 0.0, 0.9999, "Momentum μ", "Share of the buffer of scaled gradients that is kept.", symbol=r"\mu", scale="near_one", slider=(0.0, 0.999)
    )
    eps: float = _eps(1e-8)
    weight_decay: float = _weight_decay(_L2)
    centered: bool = flag(False, "Centered", "Subtract the squared running mean: divide by the standard deviation instead of the root mean square.")

    def structure(self) -> Hashable:
        return (self.centered, self.momentum > 0)

    @classmethod
    def rule(cls, arms: Sequence[Self], lanes: Shape, steps: int, momentum: Array | None = None) -> Rule:
        alpha, eps, weight_decay = (stack(arms, name) for name in ("alpha", "eps", "weight_decay"))
        centered, decays = arms[0].centered, bool(np.any(weight_decay))
        kept = [stack(arms, "momentum")] * steps if momentum is None else by_step(momentum)
        uses = [arms[0].momentum > 0] * steps if momentum is None else [bool(share) for share in momentum]
        new = 1 - alpha
        square, mean, buffer = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes)
        scaled, scratch = np.zeros(lanes), np.empty(lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            if decays:
                add_decay(grad, x, weight_decay, scratch)
            np.multiply(grad, grad, out=scratch)
            np.multiply(scratch, new, out=scratch)
            np.multiply(square, alpha, out=square)
            np.add(square, scratch, out=square)
            if centered:
                np.subtract(grad, mean, out=scratch)
                np.multiply(scratch, new, out=scratch)
                np.add(mean, scratch, out=mean)
                np.multiply(mean, mean, out=scratch)
                np.subtract(square, scratch, out=scratch)
                # Of a gradient that hardly changes the variance is 0, and rounding may leave it below, where PyTorch makes NaN of it.
                np.maximum(scratch, 0, out=scratch)
                np.sqrt(scratch, out=scratch)
            else:
                np.sqrt(square, out=scratch)
            np.add(scratch, eps, out=scratch)
            np.divide(grad, scratch, out=scaled)
            if uses[t]:
                np.multiply(buffer, kept[t], out=buffer)
                np.add(buffer, scaled, out=buffer)
                np.copyto(scaled, buffer)
            np.multiply(scaled, lr, out=scratch)
            np.subtract(x, scratch, out=x)

        return Rule(step, lambda t: scaled)


@OPTIMIZERS.register("adam")
@dataclass(frozen=True)
class Adam(Optimizer):
    """A running mean of the gradient divided by its running root mean square, both corrected for their start at zero."""

    label = "Adam"
    formula = (
        r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t,\quad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2,\quad "
        r"x_{t+1} = x_t - \eta_t\,\frac{m_t / (1 - \beta_1^{t})}{\sqrt{v_t / (1 - \beta_2^{t})} + \varepsilon}"
    )
    source = "Kingma & Ba (2015); PyTorch Adam (betas, eps, weight_decay as L2, amsgrad on the uncorrected v)."
    memory_label = "scaled mean gradient"
    suggested_peak = 0.05
    momentum_name = "beta1"

    beta1: float = number(
        0.9, 0.0, 0.999999, "β₁", "Share of the running mean gradient that is kept.", symbol=r"\beta_1", scale="near_one", slider=(0.0, 0.999)
    )
    beta2: float = number(
        0.999, 0.0, 0.9999999, "β₂", "Share of the running mean square that is kept.", symbol=r"\beta_2", scale="near_one", slider=(0.5, 0.99999)
    )
    eps: float = _eps(1e-8)
    weight_decay: float = _weight_decay(_L2)
    amsgrad: bool = flag(
        False, "AMSGrad", "Divide by the largest running mean square so far (before bias correction, as PyTorch and Keras do; Optax does it after)."
    )

    _decoupled = False

    @classmethod
    def rule(cls, arms: Sequence[Self], lanes: Shape, steps: int, momentum: Array | None = None) -> Rule:
        beta1, beta2, eps, weight_decay = (stack(arms, name) for name in ("beta1", "beta2", "eps", "weight_decay"))
        amsgrad, decays, decoupled = arms[0].amsgrad, bool(np.any(weight_decay)), cls._decoupled
        # Moments are kept divided by 1 − β, and their bias corrections gathered in two tables: ten operations a step instead of fourteen.
        # Adam counts its updates from 1; our steps count from 0.
        count = np.arange(1, steps + 1).reshape(-1, *[1] * max(beta1.ndim, beta2.ndim, eps.ndim))
        root = np.sqrt((1 - beta2) / (1 - beta2**count))
        kept = [beta1] * steps
        if momentum is not None:
            # PyTorch corrects with the β₁ of the moment, as if it had been that all along; 1 − β₁, which the mean is kept divided by, changes too.
            beta1 = momentum.reshape(count.shape)
            kept = by_step(momentum * (1 - np.roll(momentum, 1)) / (1 - momentum))
        scales, epsilons = by_step((1 - beta1) / (1 - beta1**count) / root), by_step(eps / root)
        mean, square, largest = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes)
        direction, scratch = np.zeros(lanes), np.empty(lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            if decays and decoupled:
                np.multiply(x, 1 - lr * weight_decay, out=x)
            elif decays:
                add_decay(grad, x, weight_decay, scratch)
            np.multiply(mean, kept[t], out=mean)
            np.add(mean, grad, out=mean)
            np.multiply(grad, grad, out=scratch)
            np.multiply(square, beta2, out=square)
            np.add(square, scratch, out=square)
            if amsgrad:
                np.maximum(largest, square, out=largest)
            np.sqrt(largest if amsgrad else square, out=scratch)
            np.add(scratch, epsilons[t], out=scratch)
            np.divide(mean, scratch, out=direction)
            np.multiply(direction, lr * scales[t], out=scratch)
            np.subtract(x, scratch, out=x)

        return Rule(step, lambda t: direction * scales[t])


@OPTIMIZERS.register("adamw")
@dataclass(frozen=True)
class AdamW(Adam):
    """Adam whose weight decay shrinks x directly by η·λ instead of passing through the scaling."""

    label = "AdamW"
    formula = Adam.formula.replace("x_t - ", r"(1 - \eta_t\lambda)\,x_t - ")
    source = "Loshchilov & Hutter (2019); PyTorch AdamW (weight_decay 0.01 by default; Optax 1e-4, Keras 4e-3)."

    weight_decay: float = _weight_decay("Shrinks x by this multiple of the rate at every update (decoupled).", 0.01)

    _decoupled = True
