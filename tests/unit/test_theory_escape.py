"""Escape rates are those of an exact calculation at low temperature, and of runs; the time on a saddle is the median of its recursion."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from lr_explorer.basins import basin_of
from lr_explorer.noise import NOISES
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import crossed_share, escape_rate, noise_floor, saddle_time, temperature
from tests.helpers import arm

WELLS = SURFACES.create("double_well")
DEEP, SHALLOW = (minimum.point for minimum in WELLS.minima)


def test_small_rates_spread_at_half_the_temperature_for_each_axis():
    # Two axes, whatever their curvatures.
    assert noise_floor((1.0, 3.0), 1e-5, 0.7) == pytest.approx(temperature(1e-5, 0.7), rel=1e-4)


def first_passage(start, end, heat):
    """Return the mean time of dx = −V′dt + √(2T)dW from `start` to `end` left of it in the double well, by the exact double integral."""

    def density(x, sign):
        return np.exp(sign * WELLS.value(np.array([x, 0.0])) / heat)

    def outer(x):
        return density(x, 1) * quad(density, x, 3.0, args=(-1,), limit=200)[0] / heat

    return quad(outer, end, start, limit=200)[0]


def test_at_low_temperature_the_wait_is_that_of_the_exact_first_passage():
    ratios = []
    for heat in (0.08, 0.04):
        # An update is a time of the rate.
        rate = escape_rate(WELLS, SHALLOW, WELLS.saddle, 0.01, np.sqrt(2 * heat / 0.01)) / 0.01
        ratios.append(first_passage(SHALLOW[0], DEEP[0], heat) * rate)
    # The error is of first order in T/ΔV, here 0.11 and 0.06.
    assert ratios == pytest.approx([1, 1], abs=0.1)
    assert abs(ratios[1] - 1) < 0.6 * abs(ratios[0] - 1)


def test_the_escape_rate_is_kramers_formula_whatever_the_curvature_aside():
    heat = 0.5 * 0.1 * 2.0**2
    inner, top = (4 * (3 * x**2 - 1) for x in (SHALLOW[0], WELLS.saddle[0]))
    height = WELLS.value(np.array(WELLS.saddle)) - WELLS.value(np.array(SHALLOW))
    expected = 0.1 * np.sqrt(inner * -top) / (2 * np.pi) * np.exp(-height / heat)
    for across in (1.0, 7.0):
        wells = SURFACES.create("double_well", c=across)
        assert escape_rate(wells, SHALLOW, wells.saddle, 0.1, 2.0) == pytest.approx(expected, rel=1e-12)
    rates = escape_rate(WELLS, SHALLOW, WELLS.saddle, np.array([0.0, 0.1]), 2.0)
    assert rates == pytest.approx([0.0, expected], rel=1e-12)
    assert escape_rate(WELLS, SHALLOW, WELLS.saddle, 0.1, 0.0) == 0


def test_a_well_that_is_none_and_a_saddle_that_is_none_are_refused():
    with pytest.raises(ValueError, match="minimum must curve upwards everywhere and saddle downwards along one axis"):
        escape_rate(WELLS, WELLS.saddle, SHALLOW, 0.1, 1.0)


def test_the_share_that_crossed_is_the_solution_of_the_master_equation():
    leaving, returning = np.linspace(0.05, 0.0, 60), np.linspace(0.01, 0.03, 60)
    found = crossed_share(leaving, returning, share=0.2)

    def slope(t, share):
        step = min(int(t), 59)
        return leaving[step] * (1 - share) - returning[step] * share

    exact = solve_ivp(slope, (0, 60), [0.2], t_eval=np.arange(61), max_step=0.5, rtol=1e-8, atol=1e-10).y[0]
    # Strides of half an update step over none of the jumps by more.
    np.testing.assert_allclose(found, exact, atol=1e-4)
    np.testing.assert_array_equal(crossed_share(np.zeros((3, 2)), np.zeros((3, 2))), np.zeros((4, 2)))


@pytest.mark.slow
def test_annealed_runs_end_in_the_deep_well_as_often_as_kramers_says():
    noise = NOISES.create("gaussian", sigma=2.0)
    arms = tuple(arm("cosine", peak=peak) for peak in (0.06, 0.08, 0.1))
    run = simulate(Scenario(surface=WELLS, start=Point(*SHALLOW), noise=noise, arms=arms, steps=2000), 2000)
    for found in run.arms:
        out, back = (escape_rate(WELLS, well, WELLS.saddle, found.lr, 2.0) for well in (SHALLOW, DEEP))
        # The formula is one for small ηλ, and the barrier 3.6 temperatures or more: waits are a tenth or so too long.
        assert crossed_share(out, back)[-1] == pytest.approx((basin_of(WELLS, found.final) == 0).mean(), rel=0.15)


@pytest.mark.parametrize("lr", [0.1, 1.0])
def test_the_time_on_a_saddle_is_the_median_of_the_linear_recursion(lr):
    time = float(saddle_time(-0.2, lr, 0.01, 0.5))
    rng, y = np.random.default_rng(0), np.zeros(4000)
    shares = [0.0]
    for _ in range(int(time) + 1):
        y = (1 + 0.2 * lr) * y + lr * 0.01 * rng.standard_normal(4000)
        shares.append(float(np.mean(np.abs(y) > 0.5)))
    # Four standard errors of a share of a half.
    assert shares[int(time)] - 0.032 <= 0.5 <= shares[int(time) + 1] + 0.032


def test_runs_leave_the_saddle_when_they_should_and_never_without_noise():
    rates = (0.1, 0.3, 1.0)
    noise = NOISES.create("gaussian", sigma=0.01)
    scenario = Scenario(surface=SURFACES.create("saddle"), start=Point(2.0, 0.0), noise=noise, arms=tuple(arm(peak=lr) for lr in rates), steps=600)
    for found, lr in zip(simulate(scenario, 400).arms, rates, strict=True):
        # The slope fades on the way, by a quarter at 0.5: a few per cent longer. Medians of 400 are known to 4 %.
        assert np.median((np.abs(found.path[:, 1]) > 0.5).argmax(axis=0)) == pytest.approx(saddle_time(-0.2, lr, 0.01, 0.5), rel=0.1)
    assert saddle_time(-0.2, 0.1, 0.0, 0.5) == np.inf
    np.testing.assert_array_equal(saddle_time(-0.2, np.array([0.0]), 0.01, 0.5), [np.inf])
    with pytest.raises(ValueError, match="curvature must be below 0"):
        saddle_time(0.2, 0.1, 0.01, 0.5)
