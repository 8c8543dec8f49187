"""What may stand around an optimizer, whichever it is: it sees each update before or after the optimizer does."""

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from lr_explorer.optimizers.base import Array, Optimizer, Rule, Task, stack
from lr_explorer.params import Described, number, whole
from lr_explorer.registry import Registry


class Wrapper(Described):
    """Something around an optimizer's rule; the optimizer below goes on as if it were alone.

    needs: what an optimizer must be like to be wrapped, in words. keeps_limits: whether the optimizer's limit of stability holds as before.
    """

    needs: ClassVar[str] = "an optimizer that steps by the gradient that it is handed"
    keeps_limits: ClassVar[bool] = False

    @classmethod
    def fits(cls, optimizer: Optimizer) -> bool:
        """Return whether it can stand around this optimizer."""
        return not optimizer.is_reference

    @classmethod
    @abstractmethod
    def around(cls, arms: Sequence[Self], rule: Rule, task: Task) -> Rule:
        """Return the rule with the wrappers of its arms, of equal `structure`, around it."""

    def structure(self) -> Hashable:
        """Return what arms must have in common to be computed as one."""
        return ()


WRAPPERS: Registry[Wrapper] = Registry("wrapper")


@WRAPPERS.register("none")
@dataclass(frozen=True)
class NoWrapper(Wrapper):
    """The optimizer alone."""

    label = "None"
    formula = r"x_{t+1} = \mathrm{opt}(x_t, g_t)"
    source = "–"
    keeps_limits = True

    @classmethod
    def fits(cls, optimizer: Optimizer) -> bool:
        return True

    @classmethod
    def around(cls, arms: Sequence[Self], rule: Rule, task: Task) -> Rule:
        return rule


@WRAPPERS.register("lookahead")
@dataclass(frozen=True)
class Lookahead(Wrapper):
    """Lets the optimizer run ahead for some updates, then goes only part of the way to where it got, and lets it start from there."""

    label = "Lookahead"
    formula = r"x_{t+1} \leftarrow s \leftarrow s + \alpha\,(x_{t+1} - s)\quad\text{after every } k \text{ updates},\quad s_0 = x_0"
    source = (
        "Zhang et al. (2019); Optax lookahead (sync_period k, slow_step_size α). The optimizer's own state goes on; the path is that of the fast "
        "point, which jumps back at every synchronisation."
    )
    needs = "an optimizer that takes its gradients where its path is and steps by them"

    sync_period: int = whole(5, 1, 10_000, "Period k", "Updates from one synchronisation to the next.", unit="updates", symbol="k", slider=(1, 50))
    slow_step_size: float = number(0.5, 0.0, 1.0, "Slow step α", "Share of the way that is kept; 1 is the optimizer alone.", symbol=r"\alpha")

    @classmethod
    def fits(cls, optimizer: Optimizer) -> bool:
        return not (optimizer.is_reference or optimizer.answers)

    def structure(self) -> Hashable:
        return self.sync_period

    @classmethod
    def around(cls, arms: Sequence[Self], rule: Rule, task: Task) -> Rule:
        period, share = arms[0].sync_period, stack(arms, "slow_step_size")
        slow = np.zeros(task.lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            if t == 0:
                np.copyto(slow, x)
            rule.step(t, lr, x, grad)
            if (t + 1) % period == 0:
                np.add(slow, share * (x - slow), out=slow)
                np.copyto(x, slow)

        return replace(rule, step=step)


@WRAPPERS.register("sam")
@dataclass(frozen=True)
class SAM(Wrapper):
    """Sharpness-aware: climbs a little first and steps by the gradient found there, so that narrow minima do not hold it."""

    label = "SAM"
    formula = r"x_{t+1} = \mathrm{opt}\!\left(x_t,\ \tilde g_t\!\left(x_t + \rho\,\frac{g_t}{\lVert g_t \rVert + 10^{-12}}\right)\right)"
    source = (
        "Foret et al. (2021); the authors' rho. Both gradients of an update see the same draw of noise, as both see the same mini-batch; "
        "an update costs two gradients. Clipping is for the second one."
    )

    rho: float = number(0.05, 0.0, 1e4, "Radius ρ", "How far it climbs, in units of length.", symbol=r"\rho", scale="log", slider=(1e-3, 1.0))

    @classmethod
    def around(cls, arms: Sequence[Self], rule: Rule, task: Task) -> Rule:
        rho, loss = stack(arms, "rho"), task.loss
        if loss is None:
            raise ValueError("SAM takes a second gradient in every update; got a task without a loss")

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            rule.step(t, lr, x, loss.seen(t, x + rho / (np.hypot(*grad) + 1e-12) * grad))

        return replace(rule, step=step)
