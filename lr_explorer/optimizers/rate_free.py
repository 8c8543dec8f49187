"""Methods that find the size of their steps themselves, from an estimate of the distance to the solution."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from lr_explorer.optimizers import fields
from lr_explorer.optimizers.base import OPTIMIZERS, Array, Optimizer, Rule, Task, by_step, stack
from lr_explorer.params import flag, number


def _d0() -> Any:
    return number(
        1e-6, 1e-16, 1e3, "First distance d₀", "Estimate of the distance to the solution before the first update; it only grows, so begin low.",
        symbol="d_0", scale="log", slider=(1e-10, 1.0),
    )  # fmt: skip


_DECAY = "Shrinks x by this multiple of d and the rate at every update (decoupled)."


def _bias_corrections(beta1: Array, beta2: Array, steps: int) -> list[Array]:
    """Return √(1 − β₂ᵗ) / (1 − β₁ᵗ) for every update, which is number 1 for the methods and 0 for us."""
    count = np.arange(1, steps + 1).reshape(-1, *[1] * max(beta1.ndim, beta2.ndim))
    return by_step(np.sqrt(1 - beta2**count) / (1 - beta1**count))


def _grown(distance: Array, estimate: Array, total: Array) -> Array:
    """Return the larger of the distance and estimate/total; before anything moved, as at a rate of 0, there is no estimate."""
    return np.maximum(distance, np.divide(estimate, total, out=np.zeros_like(estimate), where=total != 0))


@OPTIMIZERS.register("prodigy")
@dataclass(frozen=True)
class Prodigy(Optimizer):
    """Adam whose rate is multiplied by a growing estimate of the distance to the solution; the schedule's peak stays at 1."""

    label = "Prodigy"
    formula = (
        r"d_{t+1} = \max\!\left(d_t,\ c\,\frac{r_{t+1}}{\lVert s_{t+1} \rVert_1}\right),\quad "
        r"r_{t+1} = \beta_3 r_t + \tfrac{d_t}{d_0}\,\gamma_t\, g_t \cdot (x_0 - x_t),\quad "
        r"s_{t+1} = \beta_3 s_t + \tfrac{d_t}{d_0}\,\gamma_t\, g_t,\quad "
        r"x_{t+1} = x_t - \gamma_t\,\frac{m_t}{\sqrt{v_t} + d_{t+1}\,\varepsilon},\quad "
        r"\gamma_t = \eta_t\, d_t\,\frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}"
    )
    source = (
        "Mishchenko & Defazio (2024); Optax prodigy, with bias correction (the authors' use_bias_correction); m and v are Adam's means of d·g. "
        "Where the rate has been 0 so far d stays, as in the authors' code; Optax makes NaN of it."
    )
    memory_label = "scaled mean gradient × d"
    suggested_peak = 1.0
    scales_rate = True
    couples = True

    beta1: float = fields.beta1()
    beta2: float = fields.beta2()
    beta3: float = fields.beta("3", 0.0, "Share of the sums behind d that is kept; 0 stands for √β₂, the methods' own choice.")
    eps: float = fields.eps(1e-8)
    weight_decay: float = fields.weight_decay(_DECAY)
    d0: float = _d0()
    d_coef: float = number(
        1.0, 0.0, 1e3, "Coefficient c", "Multiplies the estimate; 0.5 to 2 is the authors' way of tuning the rate.", symbol="c", scale="log",
        slider=(0.1, 10.0),
    )  # fmt: skip
    safeguard_warmup: bool = flag(False, "Safeguard warm-up", "Leave the rate out of s, so that a warm-up does not inflate d.")

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        lanes, steps = task.lanes, task.steps
        beta1, beta2, beta3, eps, weight_decay, d0, coefficient = (
            stack(arms, name) for name in ("beta1", "beta2", "beta3", "eps", "weight_decay", "d0", "d_coef")
        )
        beta3, safeguards = np.where(beta3 == 0, np.sqrt(beta2), beta3), arms[0].safeguard_warmup
        corrections = _bias_corrections(beta1, beta2, steps)
        mean, square, gathered, direction, start = (np.zeros(lanes) for _ in range(5))
        distance, progress = np.zeros(lanes[1:]) + d0, np.zeros(lanes[1:])

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            nonlocal distance, progress
            if t == 0:
                np.copyto(start, x)
            scaled, rate = distance * grad, distance * lr * corrections[t]
            np.copyto(mean, beta1 * mean + (1 - beta1) * scaled)
            np.copyto(square, beta2 * square + (1 - beta2) * scaled * scaled)
            np.copyto(gathered, beta3 * gathered + (distance if safeguards else rate) * scaled / d0)
            progress = beta3 * progress + (distance / d0) * (rate * grad * (start - x)).sum(axis=0)
            before, distance = distance, _grown(distance, coefficient * progress, np.abs(gathered).sum(axis=0))
            np.divide(mean, np.sqrt(square) + distance * eps, out=direction)
            np.subtract(x, rate * (weight_decay * x + direction), out=x)
            np.multiply(direction, before * corrections[t], out=direction)

        return Rule(step, lambda t: direction)


@OPTIMIZERS.register("dadapt_adam")
@dataclass(frozen=True)
class DAdaptAdam(Optimizer):
    """Adam by D-Adaptation, the forerunner of Prodigy: the estimate of the distance grows more slowly, as it trusts all gradients alike."""

    label = "D-Adaptation (Adam)"
    formula = (
        r"d_{t+1} = \max\!\left(d_t,\ \frac{r_{t+1}}{(1 - \sqrt{\beta_2})\,\lVert s_{t+1} \rVert_1}\right),\quad "
        r"r_{t+1} = \sqrt{\beta_2}\, r_t + (1 - \sqrt{\beta_2})\,\gamma_t\, g_t \cdot \frac{s_t}{\sqrt{v_{t-1}} + \varepsilon},\quad "
        r"s_{t+1} = \sqrt{\beta_2}\, s_t + (1 - \sqrt{\beta_2})\,\gamma_t\, g_t,\quad "
        r"m_t = \beta_1 m_{t-1} + (1 - \beta_1)\,\gamma_t\, g_t,\quad x_{t+1} = x_t - \frac{m_t}{\sqrt{v_t} + \varepsilon},\quad "
        r"\gamma_t = \eta_t\, d_t\,\frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}"
    )
    source = (
        "Defazio & Mishchenko (2023); Optax dadapt_adamw (the rate stands inside the mean m). Where the rate has been 0 so far d stays, as in the "
        "authors' code; Optax makes NaN of it."
    )
    memory_label = "the update itself"
    suggested_peak = 1.0
    scales_rate = True
    couples = True

    beta1: float = fields.beta1(help="Share of the running mean update that is kept.")
    beta2: float = fields.beta2(help="Share of the running mean square that is kept; its root rules the sums behind d.")
    eps: float = fields.eps(1e-8)
    weight_decay: float = fields.weight_decay(_DECAY)
    d0: float = _d0()

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        lanes, steps = task.lanes, task.steps
        beta1, beta2, eps, weight_decay, d0 = (stack(arms, name) for name in ("beta1", "beta2", "eps", "weight_decay", "d0"))
        kept = np.sqrt(beta2)
        corrections = _bias_corrections(beta1, beta2, steps)
        mean, square, gathered, direction = (np.zeros(lanes) for _ in range(4))
        distance, progress = np.zeros(lanes[1:]) + d0, np.zeros(lanes[1:])

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            nonlocal distance, progress
            rate = distance * lr * corrections[t]
            # Before anything is gathered nothing is divided, not even by an ε of 0.
            weighted = np.divide(gathered, np.sqrt(square) + eps, out=np.zeros(lanes), where=gathered != 0)
            progress = kept * progress + (1 - kept) * (rate * grad * weighted).sum(axis=0)
            np.copyto(mean, beta1 * mean + (1 - beta1) * rate * grad)
            np.copyto(square, beta2 * square + (1 - beta2) * grad * grad)
            np.copyto(gathered, kept * gathered + (1 - kept) * rate * grad)
            distance = _grown(distance, progress, (1 - kept) * np.abs(gathered).sum(axis=0))
            np.divide(mean, np.sqrt(square) + eps, out=direction)
            np.subtract(x, weight_decay * rate * x + direction, out=x)

        return Rule(step, lambda t: direction)
