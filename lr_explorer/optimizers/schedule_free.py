"""Methods that average instead of lowering the rate."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.optimizers import fields
from lr_explorer.optimizers.base import OPTIMIZERS, Array, Optimizer, Rule, Shape, Task, by_step, stack
from lr_explorer.params import number

_FORMULA = (
    r"y_t = (1 - \beta_1) z_t + \beta_1 x_t,\quad z_{t+1} = z_t - \eta_t\,%s,\quad x_{t+1} = (1 - c_t)\,x_t + c_t z_{t+1},\quad "
    r"c_t = \frac{w_t}{\sum_{s \le t} w_s},\quad w_t = \max_{s \le t} \eta_s^{\,r}"
)
_SOURCE = (
    "Defazio et al. (2024); the authors' code; Optax {name} whose weights take the rate one update later. The path is that of x, the gradient "
    "seen that at y."
)


@dataclass(frozen=True)
class _ScheduleFree(Optimizer):
    """What the schedule-free methods share: z moves fast, x is its running average and the answer, the gradient is taken between them."""

    answers = True

    beta1: float = number(
        0.9, 0.0, 0.999999, "β₁", "Where the gradient is taken between the fast point z (0) and the average x (1); Optax needs it above 0.",
        symbol=r"\beta_1", scale="near_one", slider=(0.0, 0.999),
    )  # fmt: skip
    weight_lr_power: float = number(
        2.0, 0.0, 20.0, "Weight power r", "The average weighs each point by this power of the largest rate so far, so that warm-up counts little.",
        symbol="r", slider=(0.0, 4.0),
    )  # fmt: skip

    def structure(self) -> Hashable:
        return self.weight_lr_power

    @classmethod
    @abstractmethod
    def _directions(cls, arms: Sequence[Self], lanes: Shape, steps: int) -> Callable[[int, Array, Array], Array]:
        """Return a function of t, y and the gradient at y: what z moves along."""

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        lanes, steps = task.lanes, task.steps
        towards = cls._directions(arms, lanes, steps)
        beta1, power = stack(arms, "beta1"), arms[0].weight_lr_power
        fast, average, direction = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes)
        largest, total = np.zeros(()), np.zeros(())

        def step(t: int, lr: Array, y: Array, grad: Array) -> None:
            nonlocal largest, total
            if t == 0:
                np.copyto(fast, y)
                np.copyto(average, y)
            np.copyto(direction, towards(t, y, grad))
            np.subtract(fast, lr * direction, out=fast)
            largest = np.maximum(largest, lr)
            # Of one power and spelled out, since numpy rounds x² in two ways, depending on shapes.
            weight = largest * largest if power == 2 else np.power(largest, power)
            total = total + weight
            # A rate that has been 0 so far weighs nothing.
            share = np.divide(weight, total, out=np.zeros(np.shape(total)), where=total != 0)
            np.add(average, share * (fast - average), out=average)
            np.add(fast, beta1 * (average - fast), out=y)

        return Rule(step, lambda t: direction, lambda: average)


@OPTIMIZERS.register("schedule_free_sgd")
@dataclass(frozen=True)
class ScheduleFreeSGD(_ScheduleFree):
    """Gradient descent at a constant rate whose running average is the answer: averaging takes the place of a falling rate."""

    label = "Schedule-Free SGD"
    formula = _FORMULA % r"\nabla f(y_t)"
    source = _SOURCE.format(name="schedule_free_sgd,")
    memory_label = "gradient at y"
    suggested_peak = 0.1

    weight_decay: float = fields.weight_decay("Adds this multiple of y to the gradient (L2).")

    @classmethod
    def _directions(cls, arms: Sequence[Self], lanes: Shape, steps: int) -> Callable[[int, Array, Array], Array]:
        weight_decay = stack(arms, "weight_decay")
        return lambda t, y, grad: grad + weight_decay * y


@OPTIMIZERS.register("schedule_free_adamw")
@dataclass(frozen=True)
class ScheduleFreeAdamW(_ScheduleFree):
    """AdamW without its own momentum at a constant rate, whose running average is the answer; it still wants a tuned rate and a warm-up."""

    label = "Schedule-Free AdamW"
    formula = _FORMULA % r"\left(\frac{g_t}{\sqrt{v_t / (1 - \beta_2^t)} + \varepsilon} + \lambda y_t\right)"
    source = _SOURCE.format(name="schedule_free_adamw,")
    memory_label = "scaled gradient at y"
    suggested_peak = 0.05

    beta2: float = fields.beta2()
    eps: float = fields.eps(1e-8)
    weight_decay: float = fields.weight_decay("Shrinks z by this multiple of the rate and of y (decoupled).")

    @classmethod
    def _directions(cls, arms: Sequence[Self], lanes: Shape, steps: int) -> Callable[[int, Array, Array], Array]:
        beta2, eps, weight_decay = (stack(arms, name) for name in ("beta2", "eps", "weight_decay"))
        corrections = by_step(1 - beta2 ** np.arange(1, steps + 1).reshape(-1, *[1] * beta2.ndim))
        square = np.zeros(lanes)

        def towards(t: int, y: Array, grad: Array) -> Array:
            np.copyto(square, beta2 * square + (1 - beta2) * (grad * grad))
            return grad / (np.sqrt(square / corrections[t]) + eps) + weight_decay * y

        return towards
