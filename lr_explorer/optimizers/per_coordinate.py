"""Methods that give each coordinate a rate of its own."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.optimizers import fields
from lr_explorer.optimizers.base import OPTIMIZERS, Array, Optimizer, Rule, Task, add_decay, against, by_step, corrections, follow, stack
from lr_explorer.params import choice, flag, number


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
    initial_accumulator_value: float = fields.initial_accumulator(
        0.0, "Sum of squares before the first update (0 in PyTorch, 0.1 in Optax and Keras)."
    )
    eps: float = fields.eps(1e-10)
    weight_decay: float = fields.weight_decay(fields.L2)
    eps_in_sqrt: bool = fields.eps_in_sqrt()

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        lanes = task.lanes
        eps, lr_decay, weight_decay = stack(arms, "eps"), stack(arms, "lr_decay"), stack(arms, "weight_decay")
        slows, decays, inside = bool(np.any(lr_decay)), bool(np.any(weight_decay)), arms[0].eps_in_sqrt
        total = np.zeros(lanes) + stack(arms, "initial_accumulator_value")
        direction, scratch = np.zeros(lanes), np.empty(lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            if decays:
                add_decay(grad, x, weight_decay, scratch)
            np.multiply(grad, grad, out=scratch)
            np.add(total, scratch, out=total)
            if inside:
                np.sqrt(np.add(total, eps, out=scratch), out=scratch)
            else:
                np.add(np.sqrt(total, out=scratch), eps, out=scratch)
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
    momentum: float = fields.momentum(0.0, "Share of the buffer of scaled gradients that is kept.")
    eps: float = fields.eps(1e-8)
    weight_decay: float = fields.weight_decay(fields.L2)
    centered: bool = flag(False, "Centered", "Subtract the squared running mean: divide by the standard deviation instead of the root mean square.")
    eps_in_sqrt: bool = fields.eps_in_sqrt()
    lr_in_buffer: bool = fields.lr_in_buffer()
    bias_correction: bool = flag(
        False, "Bias correction", "Divide the running means by 1 − αᵗ, as Adam does, since they begin at 0 (Optax's option)."
    )
    initial_scale: float = fields.initial_accumulator(0.0, "Mean square before the first update (Optax's initial_scale; 0 in PyTorch).", "v_0")

    def structure(self) -> Hashable:
        return (super().structure(), self.momentum > 0)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        lanes, steps, momentum = task.lanes, task.steps, task.momentum
        alpha, eps, weight_decay = (stack(arms, name) for name in ("alpha", "eps", "weight_decay"))
        centered, corrected, inside, early = arms[0].centered, arms[0].bias_correction, arms[0].eps_in_sqrt, arms[0].lr_in_buffer
        decays, bias = bool(np.any(weight_decay)), corrections([alpha] * steps) if corrected else []
        kept = [stack(arms, "momentum")] * steps if momentum is None else by_step(momentum)
        uses = [arms[0].momentum > 0] * steps if momentum is None else [bool(share) for share in momentum]
        new = 1 - alpha
        square, mean, buffer = np.zeros(lanes) + stack(arms, "initial_scale"), np.zeros(lanes), np.zeros(lanes)
        scaled, scratch = np.zeros(lanes), np.empty(lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            if decays:
                add_decay(grad, x, weight_decay, scratch)
            np.multiply(grad, grad, out=scratch)
            np.multiply(scratch, new, out=scratch)
            np.multiply(square, alpha, out=square)
            np.add(square, scratch, out=square)
            seen = square
            if centered:
                np.subtract(grad, mean, out=scratch)
                np.multiply(scratch, new, out=scratch)
                np.add(mean, scratch, out=mean)
                seen = _variance(square, mean, bias[t] if corrected else None)
            elif corrected:
                seen = square / bias[t]
            if inside:
                np.sqrt(np.add(seen, eps, out=scratch), out=scratch)
            else:
                np.add(np.sqrt(seen, out=scratch), eps, out=scratch)
            np.divide(grad, scratch, out=scaled)
            if early:
                np.multiply(scaled, lr, out=scaled)
            if uses[t]:
                np.multiply(buffer, kept[t], out=buffer)
                np.add(buffer, scaled, out=buffer)
                np.copyto(scaled, buffer)
            np.subtract(x, scaled if early else np.multiply(scaled, lr, out=scratch), out=x)

        return Rule(step, lambda t: scaled)


def _variance(square: Array, mean: Array, bias: Array | None) -> Array:
    """Return the mean square less the squared mean, both divided by their bias if they are to be corrected."""
    spread = square - mean * mean if bias is None else square / bias - (mean / bias) ** 2
    # Of a gradient that hardly changes it is 0, and rounding may leave it below, where PyTorch makes NaN of it.
    return np.maximum(spread, 0)


@OPTIMIZERS.register("adadelta")
@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Divides by the gradients' running root mean square and multiplies by that of its own updates, so it needs no rate: leave that at 1."""

    label = "Adadelta"
    formula = (
        r"v_t = \rho v_{t-1} + (1 - \rho) g_t^2,\quad \Delta_t = \frac{\sqrt{u_{t-1} + \varepsilon}}{\sqrt{v_t + \varepsilon}}\,g_t,\quad "
        r"u_t = \rho u_{t-1} + (1 - \rho)\Delta_t^2,\quad x_{t+1} = x_t - \eta_t \Delta_t"
    )
    source = (
        "Zeiler (2012); PyTorch and Optax Adadelta (rate 1, ε 1e-6, inside both roots). Keras's default rate of 0.001 multiplies steps that are "
        "small already: it looks frozen."
    )
    memory_label = "rescaled gradient"
    suggested_peak = 1.0

    rho: float = number(
        0.9, 0.0, 0.999999, "Smoothing ρ", "Share of both running mean squares that is kept.", symbol=r"\rho", scale="near_one", slider=(0.5, 0.9999)
    )
    eps: float = fields.eps(1e-6, "Added inside both roots; it also decides how long the first steps are.")
    weight_decay: float = fields.weight_decay(fields.L2)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        rho, eps = stack(arms, "rho"), stack(arms, "eps")
        square, moved = np.zeros(task.lanes), np.zeros(task.lanes)

        def towards(t: int, grad: Array) -> Array:
            follow(square, grad * grad, rho)
            delta = np.sqrt(moved + eps) / np.sqrt(square + eps) * grad
            follow(moved, delta * delta, rho)
            return delta

        return against(towards, arms, task)


@OPTIMIZERS.register("adam")
@dataclass(frozen=True)
class Adam(Optimizer):
    """A running mean of the gradient divided by its running root mean square, both corrected for their start at zero."""

    label = "Adam"
    formula = (
        r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t,\quad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2,\quad "
        r"x_{t+1} = x_t - \eta_t\,\frac{m_t / (1 - \beta_1^{t})}{\sqrt{v_t / (1 - \beta_2^{t})} + \varepsilon}"
    )
    source = "Kingma & Ba (2015), Reddi et al. (2018) for AMSGrad; PyTorch Adam (betas, eps, weight_decay as L2, amsgrad on the uncorrected v)."
    memory_label = "scaled mean gradient"
    suggested_peak = 0.05
    momentum_name = "beta1"

    beta1: float = fields.beta1()
    beta2: float = fields.beta2()
    eps: float = fields.eps(1e-8)
    weight_decay: float = fields.weight_decay(fields.L2)
    amsgrad: bool = flag(
        False, "AMSGrad", "Divide by the largest running mean square so far (before bias correction, as PyTorch and Keras do; Optax does it after)."
    )
    bias_correction: bool = flag(True, "Bias correction", "Make up for the moments' start at zero; without it the first steps are too short or long.")
    convention: str = choice(
        "torch",
        {"torch": "PyTorch", "keras": "Keras", "optax": "Optax"},
        "Convention",
        "PyTorch adds ε after the bias correction, Keras before it, where a tiny gradient counts for less; Optax is as PyTorch, but its AMSGrad "
        "takes the largest square after the correction.",
    )
    eps_root: float = fields.eps_root()

    _decoupled = False

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        lanes, steps, momentum = task.lanes, task.steps, task.momentum
        beta1, beta2, eps, eps_root, weight_decay = (stack(arms, name) for name in ("beta1", "beta2", "eps", "eps_root", "weight_decay"))
        amsgrad, decays, decoupled = arms[0].amsgrad, bool(np.any(weight_decay)), cls._decoupled
        # Moments are kept divided by 1 − β, and their bias corrections gathered in tables: ten operations a step instead of fourteen.
        # Adam counts its updates from 1; our steps count from 0.
        count = np.arange(1, steps + 1).reshape(-1, *[1] * max(np.ndim(value) for value in (beta1, beta2, eps, eps_root)))
        kept = [beta1] * steps
        if momentum is not None:
            # PyTorch corrects with the β₁ of the moment, as if it had been that all along; 1 − β₁, which the mean is kept divided by, changes too.
            beta1 = momentum.reshape(count.shape)
            kept = by_step(momentum * (1 - np.roll(momentum, 1)) / (1 - momentum))
        begun = arms[0].bias_correction * 1.0
        # What the root of the kept square is multiplied by to be that of the corrected one.
        root = np.sqrt((1 - beta2) / (1 - begun * beta2**count))
        # Optax's AMSGrad compares corrected squares, so these are the ones that it keeps.
        weights = by_step(root * root) if amsgrad and arms[0].convention == "optax" else None
        outer = np.ones_like(root) if weights else root
        scales = by_step((1 - beta1) / (1 - begun * beta1**count) / outer)
        epsilons = by_step(eps / (np.sqrt(1 - beta2) + 0 * root if arms[0].convention == "keras" else outer))
        inside = by_step(eps_root / (outer * outer)) if np.any(eps_root) else None
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
                np.maximum(largest, square if weights is None else np.multiply(square, weights[t], out=scratch), out=largest)
            seen = largest if amsgrad else square
            np.sqrt(seen if inside is None else np.add(seen, inside[t], out=scratch), out=scratch)
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

    weight_decay: float = fields.weight_decay(fields.DECOUPLED, 0.01)

    _decoupled = True
