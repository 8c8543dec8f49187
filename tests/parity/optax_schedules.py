"""Our schedules in Optax's words. JAX computes in single precision unless told otherwise; here it is told."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.schedules import SCHEDULES
from tests.parity.schedule_cases import PEAK, WARM, WARMUPS, Case, cases

FRAMEWORK = "optax"


def warmed(optax: Any, schedule: Any, then: Any) -> Any:
    """Return a schedule behind a linear warm-up."""
    if not schedule.warmup:
        return then
    rise = optax.linear_schedule(schedule.warmup_start * schedule.peak, schedule.peak, schedule.warmup)
    return optax.join_schedules([rise, then], [schedule.warmup])


def left(schedule: Any, steps: int) -> int:
    """Return how many updates follow warm-up; Optax needs one even where they are never run."""
    return max(steps - schedule.warmup, 1)


def constant(optax, s, steps):
    return optax.constant_schedule(s.peak)


def multistep(optax, s, steps):
    return optax.piecewise_constant_schedule(s.peak, {int(t): s.gamma for t in s.milestones})


def piecewise(optax, s, steps):
    # Optax multiplies its scales; ours are fractions of the peak.
    scales = [after / before for before, after in pairwise(s.factors)]
    return optax.piecewise_constant_schedule(s.factors[0] * s.peak, dict(zip(map(int, s.boundaries), scales, strict=True)))


def exponential(optax, s, steps):
    return optax.exponential_decay(s.peak, s.decay_steps, s.gamma, staircase=s.staircase, end_value=s.floor * s.peak)


def linear(optax, s, steps):
    return optax.linear_schedule(s.peak, s.floor * s.peak, steps)


def polynomial(optax, s, steps):
    return optax.polynomial_schedule(s.peak, s.floor * s.peak, s.power, s.decay_steps or steps)


def cosine(optax, s, steps):
    return optax.cosine_decay_schedule(s.peak, s.t_max or steps, s.floor, s.exponent)


def one_cycle(optax, s, steps):
    make = optax.cosine_onecycle_schedule if s.anneal_strategy == "cos" else optax.linear_onecycle_schedule
    more = {} if s.anneal_strategy == "cos" else {"pct_final": s.pct_final}
    return make(steps, s.peak, s.pct_start, **more, div_factor=s.div_factor, final_div_factor=s.final_div_factor)


def warmup_constant(optax, s, steps):
    return optax.warmup_constant_schedule(s.warmup_start * s.peak, s.peak, s.warmup)


def warmup_cosine(optax, s, steps):
    # Its decay_steps holds the warm-up.
    return optax.warmup_cosine_decay_schedule(
        s.warmup_start * s.peak, s.peak, s.warmup, s.warmup + left(s, steps), end_value=s.floor * s.peak, exponent=s.exponent
    )


def warmup_exponential(optax, s, steps):
    return optax.warmup_exponential_decay_schedule(
        s.warmup_start * s.peak, s.peak, s.warmup, s.decay_steps, s.gamma, staircase=s.staircase, end_value=s.floor * s.peak
    )


def slanted(optax, s, steps):
    top, low = int(s.cut * steps), s.peak / s.ratio
    return optax.join_schedules([optax.linear_schedule(low, s.peak, top), optax.linear_schedule(s.peak, low, steps - top)], [top])


def drawn(optax, s, steps):
    """Optax's scales are ratios of neighbours; its other curve, a cosine from point to point, is not among ours."""
    scales = {round(x * steps): after / before for (_, before), (x, after) in pairwise(s.points)}
    return optax.piecewise_interpolate_schedule("linear", s.points[0][1] * s.peak, scales)


def sgdr(optax, s, steps):
    """Every cycle written out, as many as the run needs."""
    cycles, length, peak = [], s.t_0, s.peak
    while sum(cycle["decay_steps"] for cycle in cycles) < steps:
        cycles.append({"init_value": peak, "peak_value": peak, "warmup_steps": 0, "decay_steps": length, "end_value": s.floor * s.peak})
        length, peak = length * s.t_mult, peak * s.cycle_decay
    return optax.sgdr_schedule(cycles)


WARMED = {"steps": [1, 2, WARM], "warmup": WARMUPS, "warmup_start": [0.0, 0.25]}
ONE_CYCLE = {"steps": [1, 2, 3, 5, 17, 50], "pct_start": [0.0, 0.25, 0.3, 0.5, 1.0], "convention": "optax"}
CASES = [
    *cases("constant_schedule", "constant", constant),
    *cases("piecewise_constant_schedule", "multistep", multistep, milestones=[(1,), (3, 20), (40, 100)], gamma=[0.1, 0.5], change="at"),
    *cases("piecewise_constant_schedule", "piecewise", piecewise, boundaries=(3, 20), factors=[(1.0, 0.5, 0.1), (0.2, 1.0, 0.7)], change="at"),
    *cases("exponential_decay", "exponential", exponential, gamma=[0.5, 0.95], decay_steps=[1, 7], staircase=[False, True], floor=[0.0, 0.2]),
    *cases("linear_schedule", "linear", linear, floor=[0.0, 0.1, 1.0]),
    *cases("polynomial_schedule", "polynomial", polynomial, power=[0.5, 1.0, 2.0], floor=[0.0, 0.1]),
    *cases("polynomial_schedule", "polynomial", polynomial, power=2.0, decay_steps=[1, 7, 100], floor=[0.0, 0.1]),
    *cases("cosine_decay_schedule", "cosine", cosine, floor=[0.0, 0.1], exponent=[1.0, 0.5, 2.0]),
    # Past its end the curve stays at the floor.
    *cases("cosine_decay_schedule", "cosine", cosine, t_max=[1, 7, 100], floor=[0.0, 0.1], past_end="hold"),
    *cases("cosine_onecycle_schedule", "one_cycle", one_cycle, anneal_strategy="cos", **ONE_CYCLE),
    *cases("linear_onecycle_schedule", "one_cycle", one_cycle, anneal_strategy="linear", **ONE_CYCLE),
    *cases("linear_onecycle_schedule", "one_cycle", one_cycle, steps=40, anneal_strategy="linear", convention="optax", pct_final=[0.3, 0.6, 1.0]),
    # Without a warm-up it stays at its first value for ever.
    *cases("warmup_constant_schedule", "constant", warmup_constant, **WARMED | {"warmup": WARMUPS[1:]}),
    *cases("warmup_cosine_decay_schedule", "cosine", warmup_cosine, floor=[0.0, 0.1], exponent=[1.0, 2.0], **WARMED),
    *cases("warmup_exponential_decay_schedule", "exponential", warmup_exponential, gamma=0.5, decay_steps=[1, 3], floor=0.3, **WARMED),
    *cases("join_schedules", "linear", lambda optax, s, n: warmed(optax, s, linear(optax, s, left(s, n))), floor=[0.0, 0.1], **WARMED),
    *cases("join_schedules", "polynomial", lambda optax, s, n: warmed(optax, s, polynomial(optax, s, left(s, n))), power=2.0, **WARMED),
    *cases("join_schedules", "multistep", lambda optax, s, n: warmed(optax, s, multistep(optax, s, n)), milestones=(3, 5), **WARMED),
    *cases(
        "join_schedules",
        "sequential",
        lambda optax, s, n: optax.join_schedules(
            [optax.exponential_decay(PEAK, 1, 0.9), optax.cosine_decay_schedule(0.2, 9), optax.constant_schedule(0.01)], [s.switch1, s.switch2]
        ),
        # The parts say their rates themselves.
        peak=1.0,
        first=SCHEDULES.create("exponential", peak=PEAK, gamma=0.9),
        second=SCHEDULES.create("cosine", peak=0.2, t_max=9, past_end="hold"),
        third=SCHEDULES.create("constant", peak=0.01),
        switch1=[1, 8],
        switch2=[9, 20, 39],
    ),
    *cases(
        "linear_schedule",
        "knee",
        lambda optax, s, n: optax.linear_schedule(s.peak, s.floor * s.peak, n - n // 2, n // 2),
        steps=[2, 40],
        floor=[0.0, 0.1],
    ),
    *cases("join_schedules", "slanted_triangular", slanted, cut=[0.1, 0.3, 0.5], ratio=[4.0, 32.0]),
    *cases(
        "piecewise_interpolate_schedule",
        "drawn",
        drawn,
        steps=40,
        points=[((0.0, 1.0), (0.25, 0.2), (0.5, 0.9), (1.0, 0.1)), ((0.0, 0.1), (0.5, 1.0))],
    ),
    *cases("sgdr_schedule", "cosine_restarts", sgdr, t_0=[1, 5, 100], t_mult=[1, 2, 3], floor=[0.0, 0.1]),
    *cases("sgdr_schedule", "cosine_restarts", sgdr, t_0=[1, 5], t_mult=[1, 2], cycle_decay=0.5),
]


def answer(case: Case) -> NDArray[np.float64]:
    """Return Optax's rate of every update."""
    import jax
    import optax

    with jax.enable_x64(True):
        schedule = case.call(optax.schedules, case.schedule, case.steps)
        return np.array([schedule(t) for t in range(case.steps)], dtype=float)


def version() -> str:
    import optax

    return optax.__version__


def names() -> set[str]:
    """Return all that makes a schedule in Optax."""
    from optax import schedules

    return {name for name in dir(schedules) if name.islower() and not name.startswith(("_", "inject_"))}
