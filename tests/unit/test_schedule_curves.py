"""Schedules over one another: what is drawn is what was computed."""

import numpy as np
import pytest

from lr_explorer.figures.schedule_curves import MOST_POINTS, Curve, curves_figure, thinned
from lr_explorer.figures.theme import ARM_SHADES, DASHES
from lr_explorer.schedules import SCHEDULES


def drawn(curves, *, log=False, dark=False):
    position = np.arange(len(curves[0].lr))
    return curves_figure(curves, position, "updates", log=log, dark=dark)


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_curve_is_drawn_as_the_rates_of_all_updates(name, log, dark):
    lr = SCHEDULES.create(name, warmup=10).values(300)
    line = trace(drawn([Curve(name, lr)], log=log, dark=dark), name)
    np.testing.assert_array_equal(line.x, np.arange(300))
    np.testing.assert_array_equal(line.y, np.where(lr > 0, lr, np.nan) if log else lr)


def test_a_rate_of_exactly_zero_is_marked_on_a_logarithmic_axis():
    """Transformers' warm-up begins at 0, and on a logarithmic axis the point would vanish (transformers#34754)."""
    lr = SCHEDULES.create("linear", peak=1.0, warmup=4).values(10)
    figure = drawn([Curve("linear", lr)], log=True)
    mark = trace(figure, "linear: exactly 0")
    assert list(mark.x) == [0]
    low, high = figure.layout.yaxis.range
    assert low < np.log10(mark.y[0]) < np.log10(lr[lr > 0].min()) < high
    assert len(drawn([Curve("linear", lr)]).data) == 1


@pytest.mark.parametrize("lr", [np.zeros(5), np.array([0.0]), np.array([0.1]), np.array([0.1, np.nan]), np.full(5, 1e-300)])
@pytest.mark.parametrize("log", [False, True])
def test_curves_without_a_positive_rate_or_of_one_update_are_drawn_too(lr, log):
    figure = drawn([Curve("odd", lr)], log=log)
    assert np.isfinite(figure.layout.xaxis.range).all()
    assert figure.layout.yaxis.range is None or np.isfinite(figure.layout.yaxis.range).all()


def test_a_long_curve_keeps_its_extremes_and_its_ends():
    lr = SCHEDULES.create("cyclic", step_size_up=7).values(300_001)
    lr[123_456], lr[200_000] = 3.0, 0.0
    shown = thinned(lr)
    assert len(shown) <= 1.1 * MOST_POINTS
    assert {0, 123_456, 200_000, 300_000} <= set(shown.tolist())
    assert (np.diff(shown) > 0).all()


def test_no_two_curves_look_the_same():
    looks = {(Curve("", np.ones(1), place).colour, Curve("", np.ones(1), place).dash_place % len(DASHES)) for place in range(33)}
    assert len(looks) == 33


def test_an_arm_keeps_its_own_colour():
    curve = Curve("arm", np.ones(3), place=0, shade=ARM_SHADES["pink"])
    assert trace(drawn([curve]), "arm").line.color == ARM_SHADES["pink"].light
