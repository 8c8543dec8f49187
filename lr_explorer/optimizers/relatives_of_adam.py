"""Adam's relatives: other means of the gradient over other measures of its size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.optimizers import fields
from lr_explorer.optimizers.base import OPTIMIZERS, Array, Optimizer, Rule, Task, against, by_step, by_update, corrections, exact_power, follow, stack
from lr_explorer.params import choice, number

_SQUARE = r"v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2,\quad "
_MEAN = r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t,\quad "
_HATS = r"\hat m_t = \frac{m_t}{1 - \beta_1^t},\quad \hat v_t = \frac{v_t}{1 - \beta_2^t},\quad "
_STEP = r"x_{t+1} = x_t - \eta_t\,\frac{\hat m_t}{\sqrt{\hat v_t} + \varepsilon}"
_AFTER = "Added to the root, outside it, after the bias correction."


@OPTIMIZERS.register("adamax")
@dataclass(frozen=True)
class Adamax(Optimizer):
    """Adam that divides by the largest recent gradient instead of the root mean square: one spike is remembered long."""

    label = "Adamax"
    formula = (
        _MEAN + r"u_t = \max(\beta_2 u_{t-1},\ |g_t| + \varepsilon),\quad "
        r"x_{t+1} = x_t - \frac{\eta_t}{1 - \beta_1^t}\,\frac{m_t}{u_t}"
    )
    source = "Kingma & Ba (2015), section 7; PyTorch Adamax (betas, eps, weight_decay as L2); Optax adamax, the same."
    memory_label = "scaled mean gradient"
    suggested_peak = 0.05
    momentum_name = "beta1"

    beta1: float = fields.beta1()
    beta2: float = fields.beta2(help="Share of the largest gradient that is kept.")
    eps: float = fields.eps(1e-8, "Added to the gradient's size, so that a vanishing one does not divide by zero.")
    weight_decay: float = fields.weight_decay(fields.L2)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        beta1, beta2, eps = by_update(arms, task), stack(arms, "beta2"), stack(arms, "eps")
        begun, mean, largest = corrections(beta1), np.zeros(task.lanes), np.zeros(task.lanes)

        def towards(t: int, grad: Array) -> Array:
            follow(mean, grad, beta1[t])
            np.maximum(beta2 * largest, np.abs(grad) + eps, out=largest)
            return mean / begun[t] / largest

        return against(towards, arms, task)


@OPTIMIZERS.register("nadam")
@dataclass(frozen=True)
class NAdam(Optimizer):
    """Adam with Nesterov's look ahead: the mean gradient of the next update stands in the place of this one's."""

    label = "NAdam"
    formula = (
        r"\mu_t = \beta_1\left(1 - \tfrac12\,0.96^{t\psi}\right),\quad "
        + _MEAN
        + _SQUARE
        + r"x_{t+1} = x_t - \frac{\eta_t}{\sqrt{\hat v_t} + \varepsilon} \cdot "
        r"\left(\frac{(1 - \mu_t)\,g_t}{1 - \prod_{i \le t}\mu_i} + \frac{\mu_{t+1}\,m_t}{1 - \prod_{i \le t + 1}\mu_i}\right)"
    )
    source = "Dozat (2016); PyTorch NAdam (betas, eps, weight_decay, momentum_decay ψ); Optax nadam, whose μ is β₁ throughout."
    memory_label = "scaled mean gradient"
    suggested_peak = 0.05
    momentum_name = "beta1"

    beta1: float = fields.beta1()
    beta2: float = fields.beta2()
    eps: float = fields.eps(1e-8, _AFTER)
    weight_decay: float = fields.weight_decay("Adds this multiple of x to the gradient (L2), or, decoupled, shrinks x by η·λ.")
    decoupled_weight_decay: bool = fields.decoupled_weight_decay()
    momentum_decay: float = number(
        4e-3, 0.0, 10.0, "Momentum decay ψ", "How fast μ rises from half of β₁ to β₁; Keras has 1.", symbol=r"\psi", scale="log", slider=(1e-4, 1.0)
    )
    convention: str = choice(
        "torch",
        {"torch": "PyTorch", "optax": "Optax"},
        "Convention",
        "PyTorch lets μ rise, as Dozat proposed; Optax has β₁ for it.",
    )

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        beta1, beta2, eps, decay = by_update(arms, task), stack(arms, "beta2"), stack(arms, "eps"), stack(arms, "momentum_decay")
        rises, begun = arms[0].convention == "torch", corrections([beta2] * task.steps)
        risen = by_step(1 - 0.5 * exact_power(0.96, np.arange(1, task.steps + 2).reshape(-1, *[1] * decay.ndim) * decay))
        mean, square, product = np.zeros(task.lanes), np.zeros(task.lanes), np.ones(())

        def towards(t: int, grad: Array) -> Array:
            nonlocal product
            follow(mean, grad, beta1[t])
            follow(square, grad * grad, beta2)
            now, soon = (beta1[t] * risen[t], beta1[t] * risen[t + 1]) if rises else (beta1[t], beta1[t])
            product = product * now
            root = np.sqrt(square / begun[t]) + eps
            return (1 - now) / (1 - product) * (grad / root) + soon / (1 - product * soon) * (mean / root)

        return against(towards, arms, task, decoupled=arms[0].decoupled_weight_decay)


@OPTIMIZERS.register("radam")
@dataclass(frozen=True)
class RAdam(Optimizer):
    """Adam that trusts its mean square only as far as that is known: the first updates are plain momentum, a warm-up of its own."""

    label = "RAdam"
    formula = (
        r"\rho_\infty = \tfrac{2}{1 - \beta_2} - 1,\quad \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t},\quad "
        r"r_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\rho_t}},\quad "
        r"x_{t+1} = x_t - \eta_t\,\hat m_t\cdot"
        r"\begin{cases} r_t\,\sqrt{1 - \beta_2^t}/(\sqrt{v_t} + \varepsilon) & \rho_t > 5\\ 1 & \text{else}\end{cases}"
    )
    source = (
        "Liu et al. (2020); PyTorch RAdam (betas, eps, weight_decay). Optax adds ε after the bias correction and rectifies from ρ = 5 on. "
        "The first five updates, with the defaults, are not scaled: on a steep surface a rate that suits Adam throws it far away."
    )
    memory_label = "scaled mean gradient"
    suggested_peak = 0.01
    momentum_name = "beta1"

    beta1: float = fields.beta1()
    beta2: float = fields.beta2()
    eps: float = fields.eps(1e-8)
    weight_decay: float = fields.weight_decay("Adds this multiple of x to the gradient (L2), or, decoupled, shrinks x by η·λ.")
    decoupled_weight_decay: bool = fields.decoupled_weight_decay()
    convention: str = choice(
        "torch", {"torch": "PyTorch", "optax": "Optax"}, "Convention", "PyTorch adds ε before the bias correction, Optax after it."
    )

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        beta1, beta2, eps = by_update(arms, task), stack(arms, "beta2"), stack(arms, "eps")
        early = arms[0].convention == "torch"
        begun, spread = corrections(beta1), corrections([beta2] * task.steps)
        rectified = _rectification(beta2, task.steps, 5.0, strict=early)
        mean, square = np.zeros(task.lanes), np.zeros(task.lanes)

        def towards(t: int, grad: Array) -> Array:
            follow(mean, grad, beta1[t])
            follow(square, grad * grad, beta2)
            root = (np.sqrt(square) + eps) / np.sqrt(spread[t]) if early else np.sqrt(square / spread[t]) + eps
            factor = rectified[t]
            return mean / begun[t] * np.where(factor > 0, np.divide(factor, root, out=np.zeros_like(root), where=root > 0), 1.0)

        return against(towards, arms, task, decoupled=arms[0].decoupled_weight_decay)


def _rectification(beta2: Array, steps: int, threshold: float, *, strict: bool) -> list[Array]:
    """Return RAdam's r of every update, 0 where ρ is too small for one."""
    limit = 2 / (1 - beta2) - 1
    count = np.arange(1, steps + 1).reshape(-1, *[1] * beta2.ndim)
    # ρ is a small difference, of which the last digit of a power makes the eleventh.
    power = exact_power(beta2, count)
    known = limit - 2 * count * power / (1 - power)
    is_known = known > threshold if strict else known >= threshold
    # Where it is not known the root may be one of a number below zero.
    ratio = (known - 4) * (known - 2) * limit / np.where(is_known, (limit - 4) * (limit - 2) * known, 1)
    return by_step(np.sqrt(np.where(is_known, ratio, 0)))


@OPTIMIZERS.register("adabelief")
@dataclass(frozen=True)
class AdaBelief(Optimizer):
    """Adam that divides by how far gradients stray from their mean: long steps where they agree, even if they are large."""

    label = "AdaBelief"
    formula = _MEAN + r"s_t = \beta_2 s_{t-1} + (1 - \beta_2)(g_t - m_t)^2 + \varepsilon_r,\quad " + _STEP.replace("v_t", "s_t")
    source = "Zhuang et al. (2020); Optax adabelief (b1, b2, eps, eps_root): ε_r is added anew at every update, and adds up."
    memory_label = "scaled mean gradient"
    suggested_peak = 0.05
    momentum_name = "beta1"

    beta1: float = fields.beta1()
    beta2: float = fields.beta2(help="Share of the running mean squared surprise that is kept.")
    eps: float = fields.eps(1e-16, _AFTER, shown_from=1e-16)
    eps_root: float = fields.eps_root(1e-16, "Added to the running mean at every update.")

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        beta1, (beta2, eps, eps_root) = by_update(arms, task), (stack(arms, name) for name in ("beta2", "eps", "eps_root"))
        begun, spread = corrections(beta1), corrections([beta2] * task.steps)
        mean, square = np.zeros(task.lanes), np.zeros(task.lanes)

        def towards(t: int, grad: Array) -> Array:
            follow(mean, grad, beta1[t])
            follow(square, (grad - mean) * (grad - mean), beta2)
            np.add(square, eps_root, out=square)
            return mean / begun[t] / (np.sqrt(square / spread[t]) + eps)

        return against(towards, arms, task)


@OPTIMIZERS.register("yogi")
@dataclass(frozen=True)
class Yogi(Optimizer):
    """Adam whose mean square grows and shrinks by steps of the same size, so that it does not forget steep places at once."""

    label = "Yogi"
    formula = _MEAN + r"v_t = v_{t-1} - (1 - \beta_2)\,\operatorname{sign}(v_{t-1} - g_t^2)\,g_t^2,\quad " + _STEP
    source = "Zaheer et al. (2018); Optax yogi (b1, b2, eps 1e-3; both moments begin at 1e-6)."
    memory_label = "scaled mean gradient"
    suggested_peak = 0.05
    momentum_name = "beta1"

    beta1: float = fields.beta1()
    beta2: float = fields.beta2(help="One less the share of a squared gradient by which the mean square moves.")
    eps: float = fields.eps(1e-3, _AFTER)
    initial_accumulator_value: float = fields.initial_accumulator(1e-6, "Where both moments begin (Optax's scale_by_yogi).", "m_0 = v_0")

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        beta1, (beta2, eps, first) = by_update(arms, task), (stack(arms, name) for name in ("beta2", "eps", "initial_accumulator_value"))
        begun, spread = corrections(beta1), corrections([beta2] * task.steps)
        mean, square = np.zeros(task.lanes) + first, np.zeros(task.lanes) + first

        def towards(t: int, grad: Array) -> Array:
            follow(mean, grad, beta1[t])
            new = grad * grad
            np.subtract(square, (1 - beta2) * np.sign(square - new) * new, out=square)
            return mean / begun[t] / (np.sqrt(square / spread[t]) + eps)

        return against(towards, arms, task)


@OPTIMIZERS.register("adan")
@dataclass(frozen=True)
class Adan(Optimizer):
    """Adam with Nesterov's momentum made of how the gradient changes, so that nothing has to be evaluated ahead."""

    label = "Adan"
    formula = (
        _MEAN + r"d_t = g_t - g_{t-1},\quad v_t = \beta_2 v_{t-1} + (1 - \beta_2) d_t,\quad "
        r"n_t = \beta_3 n_{t-1} + (1 - \beta_3)\left(g_t + (1 - \beta_2) d_t\right)^2,\quad "
        r"x_{t+1} = (1 - \eta_t\lambda)\,x_t - \eta_t\,\frac{\hat m_t + (1 - \beta_2)\hat v_t}{\sqrt{\hat n_t + \varepsilon_r} + \varepsilon}"
    )
    source = "Xie et al. (2022); Optax adan (b1, b2, b3 keep their mean as in Adam; the paper's β are 1 less these)."
    memory_label = "scaled mean gradient"
    suggested_peak = 0.05
    momentum_name = "beta1"

    beta1: float = fields.beta1(0.98)
    beta2: float = fields.beta2(0.92, "Share of the running mean change of the gradient that is kept.")
    beta3: float = fields.beta("3", 0.99, "Share of the running mean square that is kept.")
    eps: float = fields.eps(1e-8, _AFTER)
    eps_root: float = fields.eps_root(1e-8, "Added inside the root (Optax's eps_root; 0 in the paper).")
    weight_decay: float = fields.weight_decay(fields.DECOUPLED)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        beta1, (beta2, beta3, eps, eps_root) = by_update(arms, task), (stack(arms, name) for name in ("beta2", "beta3", "eps", "eps_root"))
        begun = [corrections(kept) for kept in (beta1, [beta2] * task.steps, [beta3] * task.steps)]
        mean, change, square, before = (np.zeros(task.lanes) for _ in range(4))

        def towards(t: int, grad: Array) -> Array:
            # The first gradient has none before it.
            new = grad - before if t else np.zeros_like(grad)
            np.copyto(before, grad)
            ahead = grad + (1 - beta2) * new
            follow(mean, grad, beta1[t])
            follow(change, new, beta2)
            follow(square, ahead * ahead, beta3)
            m, v, n = (value / correction[t] for value, correction in zip((mean, change, square), begun, strict=True))
            return (m + (1 - beta2) * v) / (np.sqrt(n + eps_root) + eps)

        return against(towards, arms, task, decoupled=True)


@OPTIMIZERS.register("ademamix")
@dataclass(frozen=True)
class AdEMAMix(Optimizer):
    """Adam with a second, very slow mean of the gradient beside the fast one: what was learnt thousands of updates ago still pulls."""

    label = "AdEMAMix"
    formula = (
        r"m^{(i)}_t = \beta_i m^{(i)}_{t-1} + (1 - \beta_i) g_t\ (i = 1, 3),\quad " + _SQUARE + r"x_{t+1} = (1 - \eta_t\lambda)\,x_t - "
        r"\eta_t\,\frac{m^{(1)}_t / (1 - \beta_1^t) + \alpha\, m^{(3)}_t}{\sqrt{\hat v_t} + \varepsilon}"
    )
    source = "Pagliardini et al. (2024), without its warm-ups of α and β₃; Optax contrib ademamix. The slow mean is not corrected."
    memory_label = "scaled mean gradients"
    suggested_peak = 0.01
    momentum_name = "beta1"

    beta1: float = fields.beta1(help="Share of the fast mean gradient that is kept.")
    beta2: float = fields.beta2()
    beta3: float = fields.beta("3", 0.9999, "Share of the slow mean gradient that is kept; choose it by the length of the run.")
    alpha: float = number(
        5.0, 0.0, 1e3, "Weight of the slow mean α", "How much the slow mean counts beside the fast one.", symbol=r"\alpha", slider=(0.0, 10.0)
    )
    eps: float = fields.eps(1e-8, _AFTER)
    weight_decay: float = fields.weight_decay(fields.DECOUPLED)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        beta1, (beta2, beta3, alpha, eps) = by_update(arms, task), (stack(arms, name) for name in ("beta2", "beta3", "alpha", "eps"))
        begun, spread = corrections(beta1), corrections([beta2] * task.steps)
        fast, slow, square = (np.zeros(task.lanes) for _ in range(3))

        def towards(t: int, grad: Array) -> Array:
            follow(fast, grad, beta1[t])
            follow(slow, grad, beta3)
            follow(square, grad * grad, beta2)
            return (fast / begun[t] + alpha * slow) / (np.sqrt(square / spread[t]) + eps)

        return against(towards, arms, task, decoupled=True)
