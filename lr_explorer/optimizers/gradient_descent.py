"""Gradient descent, with momentum."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.optimizers import fields
from lr_explorer.optimizers.base import OPTIMIZERS, Array, Optimizer, Rule, Task, add_decay, against, by_step, by_update, exact_power, follow, stack
from lr_explorer.params import flag, number

_L2 = "Adds this multiple of x to the gradient (L2)."


@OPTIMIZERS.register("sgd")
@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent; with momentum it averages past gradients into a velocity (heavy ball), with Nesterov it looks one step ahead."""

    label = "SGD"
    formula = r"b_t = \mu b_{t-1} + (1 - d)\,g_t,\quad x_{t+1} = x_t - \eta_t b_t\ \text{ (Nesterov: } g_t + \mu b_t)"
    source = (
        "PyTorch SGD (Optax's sgd is the same): the rate stays outside the velocity, and the first velocity is the gradient itself, undampened. "
        "Keras's SGD and Polyak's heavy ball have the rate inside (lr_in_buffer)."
    )
    memory_label = "velocity"
    suggested_peak = 0.1
    momentum_name = "momentum"

    momentum: float = fields.momentum(0.0, "Share of the velocity that is kept at each update.")
    dampening: float = number(
        0.0, 0.0, 1.0, "Dampening", "Share of each new gradient that is left out of the velocity (PyTorch's dampening).", symbol="d"
    )
    weight_decay: float = fields.weight_decay(_L2)
    nesterov: bool = flag(
        False,
        "Nesterov",
        "Step along g + μb instead of b; needs momentum and no dampening. With the rate inside the buffer it is Keras's spelling.",
        needs="momentum",
    )
    lr_in_buffer: bool = fields.lr_in_buffer()

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
        return (self.nesterov, self.momentum > 0, self.lr_in_buffer)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        lanes, steps, momentum = task.lanes, task.steps, task.momentum
        new, weight_decay = 1 - stack(arms, "dampening"), stack(arms, "weight_decay")
        nesterov, early, decays = arms[0].nesterov, arms[0].lr_in_buffer, bool(np.any(weight_decay))
        # Without momentum PyTorch neither uses the velocity nor changes it, and it begins at the first update that has some.
        own = [stack(arms, "momentum") if arms[0].momentum else None] * steps
        kept = own if momentum is None else [share if share else None for share in by_step(momentum)]
        first = next((t for t, share in enumerate(kept) if share is not None), steps)
        velocity, plain, scratch = np.zeros(lanes), np.zeros(lanes), np.empty(lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            nonlocal plain
            if decays:
                add_decay(grad, x, weight_decay, scratch)
            if early:
                np.multiply(grad, lr, out=grad)
            share = kept[t]
            if share is None:
                plain = grad
            elif t == first:
                np.copyto(velocity, grad)
            else:
                np.multiply(velocity, share, out=velocity)
                np.multiply(grad, new, out=scratch)
                np.add(velocity, scratch, out=velocity)
            if nesterov and share is not None:
                np.multiply(velocity, share, out=scratch)
                np.add(scratch, grad, out=scratch)
                moved = scratch
            else:
                moved = plain if share is None else velocity
            np.subtract(x, moved if early else np.multiply(moved, lr, out=scratch), out=x)

        return Rule(step, lambda t: plain if kept[t] is None else velocity)


@OPTIMIZERS.register("heavy_ball")
@dataclass(frozen=True)
class HeavyBall(Optimizer):
    """Gradient descent that goes on with a share of its last step, as a ball with friction rolls: quick along a valley, calm across it."""

    label = "Heavy ball"
    formula = r"x_{t+1} = x_t - \eta_t g_t + \mu\,(x_t - x_{t-1})"
    source = (
        "Polyak (1964); Keras SGD with momentum. At a constant rate it is PyTorch's SGD with momentum; when the rate falls its last, longer steps "
        "go on, since the rate is inside the velocity."
    )
    memory_label = "step"
    suggested_peak = 0.02
    momentum_name = "momentum"

    momentum: float = fields.momentum(0.9, "Share of the last step that is gone on with.")

    def stability_limit(self) -> float | None:
        """Return 2(1 + μ). Source: Polyak (1964)."""
        return 2 * (1 + self.momentum)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        kept = by_update(arms, task)
        last = np.zeros(task.lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            np.copyto(last, kept[t] * last + lr * grad)
            np.subtract(x, last, out=x)

        return Rule(step, lambda t: last)


@OPTIMIZERS.register("nesterov")
@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Looks where its momentum is about to carry it, takes the gradient there and corrects the step by it: momentum that brakes in time."""

    label = "Nesterov"
    formula = r"v_{t+1} = \mu v_t - \eta_t \nabla f(x_t + \mu v_t),\quad x_{t+1} = x_t + v_{t+1}"
    source = (
        "Nesterov (1983) as Sutskever et al. (2013) spell it: the path is that of x, the gradient seen that at x + μv. PyTorch's and Keras's SGD "
        "follow the point x + μv instead (SGD with nesterov; Keras's has the rate inside the buffer): at a constant rate that is this same run, "
        "seen one glance ahead."
    )
    memory_label = "velocity"
    suggested_peak = 0.02
    momentum_name = "momentum"
    answers = True

    momentum: float = fields.momentum(0.9, "Share of the velocity that is kept, and looked ahead by.")

    def stability_limit(self) -> float | None:
        """Return (2 + 2μ)/(1 + 2μ). Source: Cohen et al. (2021), appendix B."""
        return (2 + 2 * self.momentum) / (1 + 2 * self.momentum)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        kept = by_update(arms, task)
        velocity, reached = np.zeros(task.lanes), np.zeros(task.lanes)

        def step(t: int, lr: Array, ahead: Array, grad: Array) -> None:
            if t == 0:
                np.copyto(reached, ahead)
            np.copyto(velocity, kept[t] * velocity - lr * grad)
            np.add(reached, velocity, out=reached)
            # The last update looks at nothing any more.
            np.add(reached, kept[min(t + 1, task.steps - 1)] * velocity, out=ahead)

        return Rule(step, lambda t: velocity, lambda: reached)


@OPTIMIZERS.register("qhm")
@dataclass(frozen=True)
class QHM(Optimizer):
    """Quasi-hyperbolic momentum: a weighted mean of plain gradient descent and momentum, so that a long memory does not blunt the present."""

    label = "QHM"
    formula = r"d_t = \beta d_{t-1} + (1 - \beta) g_t,\quad x_{t+1} = x_t - \eta_t\left((1 - \nu) g_t + \nu d_t\right)"
    source = (
        "Ma & Yarats (2019); their qhoptim QHM (momentum β, nu). ν = 0 is gradient descent, ν = 1 momentum whose new gradient counts 1 − β, "
        "ν = β Nesterov's at 1 − β of the rate."
    )
    memory_label = "direction"
    suggested_peak = 0.1
    momentum_name = "momentum"

    momentum: float = fields.momentum(0.99, "Share of the mean gradient d that is kept (β in the paper).")
    nu: float = number(0.7, 0.0, 1.0, "Share of momentum ν", "Weight of the mean gradient beside the present one.", symbol=r"\nu")
    weight_decay: float = fields.weight_decay(_L2)

    def stability_limit(self) -> float | None:
        """Return 2(1 + β)/(1 + β − 2βν): where the recurrence of d and x has an eigenvalue of −1."""
        return None if self.weight_decay else 2 * (1 + self.momentum) / (1 + self.momentum - 2 * self.momentum * self.nu)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        kept, nu = by_update(arms, task), stack(arms, "nu")
        mean = np.zeros(task.lanes)

        def towards(t: int, grad: Array) -> Array:
            follow(mean, grad, kept[t])
            return (1 - nu) * grad + nu * mean

        return against(towards, arms, task)


@OPTIMIZERS.register("asgd")
@dataclass(frozen=True)
class ASGD(Optimizer):
    """Gradient descent with a rate that decays by itself, made for averaging: choose the tail average beside it for the answer."""

    label = "ASGD"
    formula = r"x_{t+1} = (1 - \lambda\gamma_t)\,x_t - \gamma_t g_t,\quad \gamma_{t+1} = \frac{\eta_t}{(1 + \lambda\eta_t (t + 1))^{\alpha}}"
    source = "Polyak & Juditsky (1992), Xu (2011); PyTorch ASGD (lambd, alpha, weight_decay), whose average `ax` is the arm's tail average here."
    memory_label = "gradient"
    suggested_peak = 0.1
    rate_note = "It uses each rate one update later, as PyTorch's ASGD does."

    lambd: float = number(
        1e-4, 0.0, 100.0, "Decay term λ", "How fast the rate decays, and how strongly x shrinks.", symbol=r"\lambda", scale="log", slider=(1e-6, 1.0)
    )
    alpha: float = number(0.75, 0.0, 10.0, "Power α", "Power of the time by which the rate decays.", symbol=r"\alpha", slider=(0.0, 1.0))
    weight_decay: float = fields.weight_decay(_L2)

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        lambd, alpha, weight_decay = (stack(arms, name) for name in ("lambd", "alpha", "weight_decay"))
        rate, seen, scratch = np.zeros(()), np.zeros(task.lanes), np.empty(task.lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            nonlocal rate
            add_decay(grad, x, weight_decay, scratch)
            rate = lr if t == 0 else rate
            np.copyto(seen, grad)
            np.copyto(x, x * (1 - lambd * rate) - rate * grad)
            rate = lr / exact_power(1 + lambd * lr * (t + 1), alpha)

        return Rule(step, lambda t: seen)


@OPTIMIZERS.register("sgld")
@dataclass(frozen=True)
class SGLD(Optimizer):
    """Gradient descent with noise of its own that does not fade: instead of the minimum it samples points by how low they lie."""

    label = "SGLD"
    formula = r"x_{t+1} = x_t - \eta_t g_t + \sqrt{2 \eta_t \tau}\;\xi_t,\quad \xi_t \sim \mathcal N(0, I)"
    source = (
        "Welling & Teh (2011), whose ε is 2η and τ 1: at a small rate a point is visited in proportion to exp(−f/τ). Its noise is drawn by seed, "
        "replicate and step, apart from the gradient's, and is the same for all arms."
    )
    memory_label = "gradient"
    suggested_peak = 0.02
    is_random = True

    temperature: float = number(
        0.1, 0.0, 1e6, "Temperature τ", "Loss that is worth climbing: hills of this height are crossed often.", symbol=r"\tau", scale="log",
        slider=(1e-4, 10.0),
    )  # fmt: skip

    def stability_limit(self) -> float | None:
        """Return 2, that of its gradient descent: the noise shifts no mean."""
        return 2.0

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        temperature, seen, normals = stack(arms, "temperature"), np.zeros(task.lanes), task.normals
        if normals is None:
            raise ValueError("SGLD draws noise of its own; got a task without normals")

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            np.copyto(seen, grad)
            np.add(x, np.sqrt(2 * lr * temperature) * normals(t) - lr * grad, out=x)

        return Rule(step, lambda t: seen)
