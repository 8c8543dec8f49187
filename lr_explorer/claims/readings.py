"""What of a run is read: one number, or yes or no, for each replicate of an arm.

All are functions of this module with their numbers bound, so that an experiment can be sent to another process.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.ensemble import above_lowest
from lr_explorer.experiments.measures import Measure, diverged
from lr_explorer.noise import Gaussian
from lr_explorer.noise.minibatch import MiniBatch
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import ArmRun
from lr_explorer.surfaces.bowls import Quadratic
from lr_explorer.surfaces.data import LeastSquares
from lr_explorer.theory import batch_floor, curvatures, noise_floor

Array = NDArray[np.float64]
# What of a run is read: one number, or yes or no, for each replicate of an arm.
Reading = Callable[[Scenario, ArmRun], NDArray[Any]]


def final_loss(scenario: Scenario, arm: ArmRun) -> Array:
    """Return the last loss above the lowest; of an arm that averages its points, that of the average."""
    loss = arm.final_loss if arm.averaged_final_loss is None else arm.averaged_final_loss
    return above_lowest(scenario.surface, loss)


def answer(scenario: Scenario, arm: ArmRun, measure: Measure) -> NDArray[np.bool_]:
    """Return for which replicates a measure holds."""
    return measure.holds(scenario.surface, arm)


def diverges(scenario: Scenario, arm: ArmRun) -> NDArray[np.bool_]:
    """Return which replicates diverged."""
    return arm.diverged_at >= 0


def asked(reading: Reading) -> Measure | None:
    """Return the question that a reading answers for each replicate; None if it is a number, or none of the measures."""
    if reading is diverges:
        return diverged()
    return reading.keywords["measure"] if isinstance(reading, partial) and reading.func is answer else None


def grows(scenario: Scenario, arm: ArmRun) -> NDArray[np.bool_]:
    """Return which replicates ended higher than they began."""
    return ~(arm.final_loss <= scenario.surface.value(arm.start))


def median_loss(scenario: Scenario, arm: ArmRun) -> Array:
    """Return the median over the second half of the steps of the loss above the lowest: the height at which a run hovers."""
    return np.median(above_lowest(scenario.surface, arm.loss[len(arm.loss) // 2 :]), axis=0)


def floor_share(scenario: Scenario, arm: ArmRun) -> Array:
    """Return the mean loss above the lowest over the second half of the steps, divided by the floor that theory says for its constant rate.

    Of SGD or the heavy ball on a quadratic with Gaussian noise, or of SGD on mini-batches of least squares; ValueError for others.
    """
    surface, noise, rate = scenario.surface, scenario.noise, arm.arm.schedule.peak
    if isinstance(surface, Quadratic) and isinstance(noise, Gaussian):
        momentum = getattr(arm.arm.optimizer, "momentum", 0.0)
        floor = noise_floor((surface.lambda1, surface.lambda2), rate, noise.sigma, momentum)
    elif isinstance(surface, LeastSquares) and isinstance(noise, MiniBatch):
        floor = batch_floor(surface, rate, noise.size)
    else:
        raise ValueError(
            f"floor_share: needs a quadratic with Gaussian noise, or least squares in mini-batches; got {surface.name} with {noise.name}"
        )
    return np.asarray(above_lowest(surface, arm.loss[len(arm.loss) // 2 :]).mean(axis=0) / floor)


def final_sharpness(scenario: Scenario, arm: ArmRun) -> Array:
    """Return the largest curvature at the last point, loss per squared length, infinite for a run that diverged."""
    sharpness = curvatures(scenario.surface, arm.final)[1]
    return np.where(np.isnan(sharpness), np.inf, sharpness)


def edge_share(scenario: Scenario, arm: ArmRun) -> Array:
    """Return η·λ/2 at the last point, of plain gradient descent: 1 at the edge of stability."""
    return arm.first_lr[-1] * final_sharpness(scenario, arm) / 2


def loss_trend(scenario: Scenario, arm: ArmRun, first: int, times: int = 4) -> Array:
    """Return the slope of log10 loss over log10 steps at `first` steps, twice, four times as many, …; the loss is the mean of a tenth before each."""
    ends = first * 2 ** np.arange(times)
    excess = above_lowest(scenario.surface, arm.loss)
    means = np.log10([excess[end - end // 10 : end + 1].mean(axis=0) for end in ends])
    off = np.log10(ends) - np.log10(ends).mean()
    return np.asarray(off @ (means - means.mean(axis=0)) / (off @ off))


def place(scenario: Scenario, arm: ArmRun, axis: int) -> Array:
    """Return a coordinate of the last point."""
    return arm.final[axis]


def new_rows_loss(scenario: Scenario, arm: ArmRun) -> Array:
    """Return the loss on new rows of a fine-tuning task above that of their errors: half the squared distance to the weights they were made with."""
    off = arm.final - np.ones((2, 1))
    return np.asarray(0.5 * (off * off).sum(axis=0))


def preconditioned_sharpness(scenario: Scenario, arm: ArmRun) -> Array:
    """Return the median over the second half of the steps of what `preconditioned_course` has."""
    return np.median(preconditioned_course(scenario, arm)[len(arm.lr) // 2 :], axis=0)


def preconditioned_course(scenario: Scenario, arm: ArmRun) -> Array:
    """Return η·λmax(P⁻¹H) of Adam after every update, (steps, replicates), P the corrected root mean square plus ε; without noise only.

    Source: Cohen et al., Adaptive gradient methods at the edge of stability (2022), arXiv 2207.14484.
    """
    rule: Any = arm.arm.optimizer
    square = np.zeros(arm.path.shape[1:])
    course = np.empty((len(arm.lr), arm.path.shape[2]))
    for t, rate in enumerate(arm.first_lr):
        grad = scenario.surface.gradient(arm.path[t])
        square = rule.beta2 * square + (1 - rule.beta2) * grad * grad
        scale = np.sqrt(square / (1 - rule.beta2 ** (t + 1))) + rule.eps
        course[t] = rate * curvatures(scenario.surface, arm.path[t + 1], 1 / scale)[1]
    return course


# For these no path is kept, which saves a quarter of the time.
_OF_ENDS = (final_loss, diverges, grows, final_sharpness, place, new_rows_loss)


def needs_paths(reading: Reading) -> bool:
    """Return whether a reading asks for what lies between the first and the last point of a run."""
    measure = asked(reading)
    function = reading.func if isinstance(reading, partial) else reading
    return function not in _OF_ENDS if measure is None else measure.needs_paths
