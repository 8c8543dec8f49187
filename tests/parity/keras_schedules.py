"""Our schedules in Keras's words.

Keras computes in single precision unless told otherwise; here it is told, and a test covers what it does untold.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.parity.schedule_cases import WARM, WARMUPS, Case, cases

FRAMEWORK = "keras"


def exponential(keras, s, steps):
    return keras.ExponentialDecay(s.peak, s.decay_steps, s.gamma, s.staircase)


def inverse_time(keras, s, steps):
    return keras.InverseTimeDecay(s.peak, s.decay_steps, s.decay_rate, s.staircase)


def multistep(keras, s, steps):
    times = [int(t) for t in s.milestones]
    return keras.PiecewiseConstantDecay(times, [s.peak * s.gamma**drops for drops in range(len(times) + 1)])


def piecewise(keras, s, steps):
    return keras.PiecewiseConstantDecay([int(t) for t in s.boundaries], [s.peak * factor for factor in s.factors])


def linear(keras, s, steps):
    return keras.PolynomialDecay(s.peak, steps, s.floor * s.peak)


def polynomial(keras, s, steps):
    return keras.PolynomialDecay(s.peak, s.decay_steps or steps, s.floor * s.peak, s.power, s.cycle)


def cosine(keras, s, steps):
    """Its decay_steps leaves the warm-up out, and alpha is a fraction."""
    after = s.t_max or max(steps - s.warmup, 1)
    if not s.warmup:
        return keras.CosineDecay(s.peak, after, s.floor)
    return keras.CosineDecay(s.warmup_start * s.peak, after, s.floor, warmup_target=s.peak, warmup_steps=s.warmup)


def restarts(keras, s, steps):
    return keras.CosineDecayRestarts(s.peak, s.t_0, float(s.t_mult), s.cycle_decay, s.floor)


CASES = [
    *cases("ExponentialDecay", "exponential", exponential, gamma=[0.5, 0.96], decay_steps=[1, 7], staircase=[False, True]),
    *cases("InverseTimeDecay", "inverse_time", inverse_time, decay_rate=[0.02, 10.0], decay_steps=[1, 7], staircase=[False, True]),
    *cases("PiecewiseConstantDecay", "multistep", multistep, milestones=[(1,), (3, 20), (39, 100)], gamma=[0.1, 0.5], change="after"),
    *cases("PiecewiseConstantDecay", "piecewise", piecewise, boundaries=(3, 20), factors=[(1.0, 0.5, 0.1), (0.2, 1.0, 0.7)], change="after"),
    *cases("PolynomialDecay", "linear", linear, floor=[0.0, 0.1, 1.0]),
    *cases("PolynomialDecay", "polynomial", polynomial, power=[0.5, 1.0, 2.0], floor=[0.0, 0.1]),
    *cases("PolynomialDecay", "polynomial", polynomial, power=[0.5, 2.0], decay_steps=[1, 7, 100], cycle=[False, True], floor=[0.0, 0.1]),
    *cases("CosineDecay", "cosine", cosine, floor=[0.0, 0.1]),
    *cases("CosineDecay", "cosine", cosine, t_max=[1, 7, 100], floor=[0.0, 0.1], past_end="hold"),
    # Its decay_steps leaves the warm-up out: the length of the run makes a curve that is not yet at its end.
    *cases("CosineDecay", "cosine", cosine, steps=[WARM, 40], warmup=[2, 11], t_max=[WARM, 40], past_end="hold"),
    *cases("CosineDecay", "cosine", cosine, steps=[1, 2, WARM], warmup=WARMUPS[1:], warmup_start=[0.0, 0.25], floor=[0.0, 0.1]),
    *cases("CosineDecayRestarts", "cosine_restarts", restarts, t_0=[5, 7, 100], t_mult=[1, 2, 3], floor=[0.0, 0.1], cycle_decay=[1.0, 0.5]),
]


def answer(case: Case, precision: str = "float64") -> NDArray[np.float64]:
    """Return Keras's rate of every update."""
    with imported(precision) as keras:
        schedule = case.call(keras.optimizers.schedules, case.schedule, case.steps)
        return np.array([float(schedule(t)) for t in range(case.steps)])


@contextmanager
def imported(precision: str) -> Iterator[Any]:
    # Keras reads it once, when it is imported, and would look for TensorFlow.
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    usual = keras.config.floatx()
    keras.config.set_floatx(precision)
    try:
        yield keras
    finally:
        keras.config.set_floatx(usual)


def version() -> str:
    with imported("float64") as keras:
        return keras.__version__


def names() -> set[str]:
    """Return all that Keras calls a schedule."""
    with imported("float64") as keras:
        schedules = keras.optimizers.schedules
        return {name for name in dir(schedules) if isinstance(getattr(schedules, name), type)} - {"LearningRateSchedule"}
