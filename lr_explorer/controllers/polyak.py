"""The step that would lead to the lowest loss, were the loss a cone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.controllers.base import CONTROLLERS, Array, Control, Controller
from lr_explorer.optimizers.base import Shape, stack
from lr_explorer.params import number


@CONTROLLERS.register("polyak")
@dataclass(frozen=True)
class Polyak(Controller):
    """As long a step as the distance to the lowest loss and the slope allow: no rate to tune, but the lowest loss must be known."""

    label = "Polyak step"
    formula = r"\eta_t = \min\!\left(\frac{f(x_t) - f^*}{\lVert g_t\rVert^2},\ \eta_{\max}\right)"
    source = (
        "Polyak (1987); with a cap Loizou et al. (2021); Optax polyak_sgd (max_learning_rate = peak, f_min, variant sps+). The loss is the "
        "surface's own at the iterate, without noise; the gradient is the optimizer's, with noise. Its f* is the surface's lowest loss."
    )
    use_when = "The lowest loss is known, as when a model can fit its data exactly."
    watch_for = "A lowest loss that is assumed too low makes every step too long, and noise in the gradient keeps the step from shrinking."

    error: float = number(
        0.0, -1e6, 1e6, "Error of f*", "Added to the true f*: below 0 the controller aims too low and steps too far, above 0 it stops too early.",
        symbol=r"\delta", slider=(-1.0, 1.0),
    )  # fmt: skip

    @classmethod
    def begins(cls, arms: Sequence[Self], lanes: Shape, lowest: float) -> Control:
        return _Polyak(arms, lanes, lowest)


class _Polyak(Control):
    """Remembers nothing."""

    def __init__(self, arms: Sequence[Polyak], lanes: Shape, lowest: float) -> None:
        super().__init__(arms, lanes)
        self._target = lowest + stack(arms, "error")

    def follow(self, update: int, loss: Array, grad: Array) -> None:
        square = (grad * grad).sum(axis=0)
        # Without a slope no step leads anywhere, and the rate may be 0.
        step = np.divide(loss - self._target, square, out=np.zeros_like(square), where=square != 0)
        self.rate = np.clip(step, self.floor, self.peak)
