"""Schedules are their formulas, written once more as plain loops."""

import math
from itertools import pairwise

import numpy as np
import pytest

from lr_explorer.schedules import SCHEDULES

# Two orders of operations in double precision; 1e-15 of the peak where a cosine ends near zero.
CLOSE = {"rtol": 1e-13, "atol": 1e-15}


def restarts(t, total, t_0, t_mult):
    length, since = t_0, t
    while since >= length:
        since -= length
        length *= t_mult
    return 0.5 * (1 + math.cos(math.pi * since / length))


def wsd(t, total, decay, decay_shape):
    falling = round(decay * total)
    begins = total - falling
    if t < begins:
        return 1.0
    share = (t - begins) / falling
    return {"linear": 1 - share, "cosine": 0.5 * (1 + math.cos(math.pi * share)), "one_minus_sqrt": 1 - math.sqrt(share)}[decay_shape]


def one_cycle(t, total, pct_start, div_factor, final_div_factor, anneal_strategy, three_phase):
    low, end, top = 1 / div_factor, 1 / div_factor / final_div_factor, pct_start * total - 1
    corners = [(0, low), (top, 1), *([(2 * top, low)] if three_phase else []), (total - 1, end)]
    for (left, start), (right, stop) in pairwise(corners):
        if t <= right:
            share = (t - left) / (right - left)
            return start + (stop - start) * (share if anneal_strategy == "linear" else 0.5 - 0.5 * math.cos(math.pi * share))
    return end


FORMULAS = {
    "constant": lambda t, total: 1.0,
    "step": lambda t, total, step_size, gamma: math.prod([gamma] * (t // step_size)),
    "exponential": lambda t, total, gamma: math.prod([gamma] * t),
    "inverse_time": lambda t, total, decay_rate: 1 / (1 + decay_rate * t),
    "linear": lambda t, total: (total - t) / total,
    "cosine": lambda t, total: math.cos(math.pi * t / total / 2) ** 2,
    "polynomial": lambda t, total, power: math.pow((total - t) / total, power),
    "wsd": wsd,
    "one_cycle": one_cycle,
    "cosine_restarts": restarts,
}

SETTINGS = [
    ("constant", {}),
    ("step", {"step_size": 7, "gamma": 0.3}),
    ("step", {"step_size": 1, "gamma": 0.0}),
    ("exponential", {"gamma": 0.93}),
    ("inverse_time", {"decay_rate": 0.3}),
    ("linear", {}),
    ("cosine", {}),
    ("polynomial", {"power": 2.5}),
    ("polynomial", {"power": 0.0}),
    *(("wsd", {"decay": decay, "decay_shape": shape}) for decay in (0.0, 0.2, 1.0) for shape in ("linear", "cosine", "one_minus_sqrt")),
    *(
        ("one_cycle", {"pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4, "anneal_strategy": curve, "three_phase": three})
        for curve in ("cos", "linear")
        for three in (False, True)
    ),
    ("cosine_restarts", {"t_0": 5, "t_mult": 1}),
    ("cosine_restarts", {"t_0": 3, "t_mult": 3}),
]


def test_every_schedule_has_an_independent_formula():
    assert set(FORMULAS) == set(SCHEDULES) == {name for name, _ in SETTINGS}


@pytest.mark.parametrize(("name", "values"), SETTINGS)
@pytest.mark.parametrize("steps", [1, 2, 3, 61])
def test_rates_are_those_of_the_formula(name, values, steps):
    expected = [0.4 * FORMULAS[name](t, steps, **values) for t in range(steps)]
    np.testing.assert_allclose(SCHEDULES.create(name, peak=0.4, **values).values(steps), expected, **CLOSE)


@pytest.mark.parametrize(("name", "values"), [setting for setting in SETTINGS if setting[0] != "wsd"])
@pytest.mark.parametrize("warmup", [1, 9, 60])
def test_after_warm_up_the_shape_runs_over_what_is_left(name, values, warmup):
    rates = SCHEDULES.create(name, peak=0.4, warmup=warmup, warmup_start=0.1, **values).values(61)
    shape = [FORMULAS[name](t, 61 - warmup, **values) for t in range(61 - warmup)]
    rise = [shape[0] * (0.1 + 0.9 * t / warmup) for t in range(warmup)]
    np.testing.assert_allclose(rates, 0.4 * np.array([*rise, *shape]), **CLOSE)


@pytest.mark.parametrize(("name", "values"), SETTINGS)
def test_a_floor_squeezes_the_annealing_curves_and_cuts_off_the_others(name, values):
    shape = np.array([FORMULAS[name](t, 61, **values) for t in range(61)])
    squeezed = 0.1 + 0.9 * shape
    cut = np.maximum(shape, 0.1)
    # As PyTorch's eta_min; and as Optax's end_value, where PyTorch has none.
    expected = cut if name in ("constant", "step", "exponential", "inverse_time", "one_cycle") else squeezed
    np.testing.assert_allclose(SCHEDULES.create(name, peak=0.4, floor=0.1, **values).values(61), 0.4 * expected, **CLOSE)


def test_the_decay_share_of_wsd_is_of_the_whole_run_with_warm_up():
    rates = SCHEDULES.create("wsd", peak=1.0, warmup=20, decay=0.3).values(100)
    np.testing.assert_array_equal(rates[20:71], 1.0)
    np.testing.assert_allclose(rates[70:], 1 - np.arange(30) / 30, rtol=1e-12)


def test_a_wsd_whose_warm_up_leaves_less_than_its_decay_falls_at_once():
    rates = SCHEDULES.create("wsd", peak=1.0, warmup=90, decay=0.5).values(100)
    np.testing.assert_allclose(rates[90:], 1 - np.arange(10) / 10, rtol=1e-12)


@pytest.mark.parametrize("rotation", ["step", "exponential"])
def test_a_factor_of_zero_leaves_one_drop(rotation):
    values = {"step_size": 2} if rotation == "step" else {}
    rates = SCHEDULES.create(rotation, peak=1.0, gamma=0.0, **values).values(4)
    assert rates.tolist() == ([1.0, 1.0, 0.0, 0.0] if rotation == "step" else [1.0, 0.0, 0.0, 0.0])
