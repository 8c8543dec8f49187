"""References: methods that follow the surface itself, without noise, for comparison with what can be done with gradients alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.optimizers.base import OPTIMIZERS, Array, Loss, Mask, Optimizer, Rule, Task, stack
from lr_explorer.params import flag, number, whole

# Of a coordinate or of 1, whichever is larger: how far two approximations of different order along the flow may lie apart.
_TOLERANCE = 1e-9
# The part of an update that is not cut further: where the flow is still not smooth there, the surface has a kink.
_SHORTEST = 1e-5
# A stretch of the flow is computed in so many equal parts, each way once, and extrapolated to infinitely many.
_CUTS = (1, 2, 3, 4)


def _weights(cuts: Sequence[int]) -> Array:
    """Return what results in n parts are to be weighed by, so that errors of n⁻², n⁻³, … cancel."""
    powers = [0, *range(2, len(cuts) + 1)]
    return np.linalg.solve(np.array([[cut ** float(-power) for cut in cuts] for power in powers]), np.eye(len(cuts))[0])


_WEIGHTS, _COARSER = _weights(_CUTS), _weights(_CUTS[:-1])


@dataclass(frozen=True)
class _Reference(Optimizer):
    """What the references share: they ask the loss instead of reading the gradient that they are handed."""

    couples = True
    is_reference = True


@OPTIMIZERS.register("gradient_flow")
@dataclass(frozen=True)
class GradientFlow(_Reference):
    """The curve that gradient descent follows in steps, without the steps: where it would go if its rate were infinitely small."""

    label = "Gradient flow"
    formula = r"\dot x(\tau) = -\nabla f(x(\tau)),\quad x_{t+1} = x(\tau_t + \eta_t)"
    source = (
        "Cauchy (1847) for the limit; integrated by the exponential Rosenbrock–Euler method (Hochbruck & Ostermann 2010), extrapolated to about 1e-9 "
        "an update, exact on quadratics. The rate is the time that an update takes; noise does not reach it. At a kink, which has no flow, it stays."
    )
    memory_label = "mean slope on the way"
    suggested_peak = 0.1

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        loss, moved = _loss_of(task, cls), np.zeros(task.lanes)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            rate = np.where(loss.moves(t), lr, 0.0) + np.zeros(task.lanes)
            reached = _flow(loss, x, rate)
            np.copyto(moved, np.divide(x - reached, rate, out=np.zeros(task.lanes), where=rate > 0))
            np.copyto(x, reached)

        return Rule(step, lambda t: moved)


def _flow(loss: Loss, start: Array, rate: Array) -> Array:
    """Return where the flow −rate·∇f leads from `start` in one unit of time; every lane is cut into parts as it needs."""
    x, left = start.copy(), np.ones(start.shape[1:])
    part = left.copy()
    while (left > 0).any():
        part = np.minimum(part, left)
        ways = [_in_parts(loss, x, rate, part, cuts) - x for cuts in _CUTS]
        # Summed one by one, since a matrix product would sum one lane in another order than several.
        best, coarser = (x + sum(weight * way for weight, way in zip(weights, ways, strict=False)) for weights in (_WEIGHTS, _COARSER))
        error = np.max(np.abs(best - coarser) / np.maximum(np.abs(x), 1), axis=0)
        is_smooth = error <= _TOLERANCE
        x = np.where(is_smooth & (left > 0), best, x)
        left = np.where(is_smooth, left - part, np.where(part > _SHORTEST, left, 0))
        # The error grows with the fifth power of the part; of one that overflowed there is no error to tell.
        factor = 0.9 * (_TOLERANCE / np.maximum(np.where(np.isfinite(error), error, np.inf), 1e-6 * _TOLERANCE)) ** 0.2
        part = part * np.clip(factor, 0.2, 4.0)
    return x


def _in_parts(loss: Loss, x: Array, rate: Array, time: Array, cuts: int) -> Array:
    for _ in range(cuts):
        x = _along_flow(loss, x, rate, time / cuts)
    return x


def _along_flow(loss: Loss, x: Array, rate: Array, time: Array) -> Array:
    """Return where the flow leads in `time` if the Hessian stays as it is at x."""
    root = np.sqrt(rate)
    slope, hess = root * loss.surface.gradient(x), loss.surface.hessian(x)
    return x - time * root * _applied(_mean_decay, time * root * root[:, None] * hess, slope)


def _mean_decay(z: Array) -> Array:
    """Return (1 − e^−z)/z, the mean of e^−zτ over a unit of time."""
    return np.divide(-np.expm1(-z), z, out=np.ones_like(z), where=z != 0)


@OPTIMIZERS.register("newton")
@dataclass(frozen=True)
class Newton(_Reference):
    """Goes straight to the bottom of the parabola that fits the surface here: on a quadratic in one step, elsewhere to the next flat point."""

    label = "Newton"
    formula = r"x_{t+1} = x_t - \eta_t\,(H_t + \delta I)^{-1}\,\nabla f(x_t)"
    source = (
        "Newton (1669), Raphson (1690); damping as Levenberg (1944); with |H| saddle-free, Dauphin et al. (2014). A rate of 1 is Newton's own step; "
        "noise does not reach it. Along directions without any curvature it does not move."
    )
    memory_label = "Newton's step"
    suggested_peak = 1.0

    damping: float = number(
        0.0, 0.0, 1e6, "Damping δ", "Added to every curvature: shorter steps where it is flat.", symbol=r"\delta", unit="loss / length²", scale="log",
        slider=(1e-4, 100.0),
    )  # fmt: skip
    saddle_free: bool = flag(
        False, "Saddle-free", "Take every curvature as positive: away from saddles and maxima, which Newton's own step goes straight to."
    )

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        loss, damping, is_free = _loss_of(task, cls), stack(arms, "damping"), arms[0].saddle_free
        direction = np.zeros(task.lanes)

        def inverse(curvature: Array) -> Array:
            curved = (np.abs(curvature) if is_free else curvature) + damping
            return np.divide(1, curved, out=np.zeros_like(curved), where=curved != 0)

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            moves = loss.moves(t)
            slope = np.where(moves, loss.surface.gradient(x), 0.0)
            # To a frozen coordinate nothing is tied.
            hess = np.where(moves & moves[:, None], loss.surface.hessian(x), np.eye(2)[:, :, None, None])
            np.copyto(direction, np.where(moves, _applied(inverse, hess, slope), 0.0))
            np.subtract(x, lr * direction, out=x)

        return Rule(step, lambda t: direction)


@OPTIMIZERS.register("lbfgs")
@dataclass(frozen=True)
class LBFGS(_Reference):
    """The classical method for smooth problems without noise: it learns the curvature from its steps and searches for the length of each."""

    label = "L-BFGS"
    formula = r"x_{t+1} = x_t - \alpha_t B_t\,\nabla f(x_t),\quad \alpha_t \text{ by line search},\quad B_t \approx H_t^{-1} \text{ from the last } m"
    source = (
        "Liu & Nocedal (1989); SciPy minimize with L-BFGS-B and no bounds, each iteration one update here, whatever it costs in gradients. "
        "Where it has converged it stays; noise does not reach it."
    )
    memory_label = "step"
    suggested_peak = 1.0
    rate_note = "It has no rate: a line search finds the length of each step, and the schedule does nothing."

    maxcor: int = whole(
        10, 1, 100, "Steps remembered m", "Past steps that the curvature is learnt from (SciPy's maxcor).", symbol="m", slider=(1, 20)
    )

    def structure(self) -> int:
        return self.maxcor

    @classmethod
    def rule(cls, arms: Sequence[Self], task: Task) -> Rule:
        loss, moved = _loss_of(task, cls), np.zeros(task.lanes)
        points, begun = np.empty(0), 0

        def step(t: int, lr: Array, x: Array, grad: Array) -> None:
            nonlocal points, begun
            if t == 0 or (loss.moves(t) != loss.moves(t - 1)).any():
                points, begun = _searches(loss, x, loss.moves(t), task.steps - t, arms[0].maxcor), t
            np.subtract(x, points[t - begun + 1], out=moved)
            np.copyto(x, points[t - begun + 1])

        return Rule(step, lambda t: moved)


def _searches(loss: Loss, x: Array, moves: Mask, steps: int, maxcor: int) -> Array:
    """Return SciPy's iterates from every lane's point, shape (steps + 1, 2, arms, replicates); lanes that begin together are searched once."""
    starts, lane = np.unique(x.reshape(2, -1), axis=1, return_inverse=True)
    found = [_search(loss, start, moves[:, 0, 0], steps, maxcor) for start in starts.T]
    return np.stack(found, axis=-1)[..., lane.ravel()].reshape(-1, *x.shape)


def _search(loss: Loss, start: Array, moves: Mask, steps: int, maxcor: int) -> Array:
    """Return SciPy's iterates (steps + 1, 2); from convergence on the last one."""
    # Its import takes longer than most runs, and only this method needs it.
    from scipy.optimize import minimize

    points = [start]
    minimize(
        lambda point: (float(loss.surface.value(point)), np.where(moves, loss.surface.gradient(point), 0.0)),
        start,
        jac=True,
        method="L-BFGS-B",
        callback=lambda intermediate_result: points.append(intermediate_result.x.copy()),
        # No tolerance but that of the numbers themselves: it goes on while it can.
        options={"maxcor": maxcor, "maxiter": steps, "maxfun": 100 * steps, "ftol": 0.0, "gtol": 0.0},
    )
    return np.array(points + [points[-1]] * (steps + 1 - len(points)))


def _applied(function: Callable[[Array], Array], matrix: Array, vector: Array) -> Array:
    """Return function(matrix) · vector for symmetric matrices (2, 2, ...) and vectors (2, ...): the function acts on their eigenvalues."""
    xx, yy, xy = matrix[0, 0], matrix[1, 1], matrix[0, 1]
    middle, half = 0.5 * (xx + yy), 0.5 * (xx - yy)
    radius, angle = np.hypot(half, xy), 0.5 * np.arctan2(xy, half)
    cosine, sine = np.cos(angle), np.sin(angle)
    steep = function(middle + radius) * (cosine * vector[0] + sine * vector[1])
    flat = function(middle - radius) * (cosine * vector[1] - sine * vector[0])
    return np.stack([cosine * steep - sine * flat, sine * steep + cosine * flat])


def _loss_of(task: Task, cls: type[Optimizer]) -> Loss:
    if task.loss is None:
        raise ValueError(f"{cls.__name__} follows the surface itself; got a task without a loss")
    return task.loss
