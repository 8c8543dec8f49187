"""Momentum is spelled in several ways: the same run where the rate is constant, and how they part where it is not."""

import numpy as np
import pytest

from lr_explorer.noise import Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.surfaces import SURFACES

STEPS = 60
BOWL = Scenario(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0, angle=30.0), start=Point(2.0, 1.0), noise=Gaussian(), steps=STEPS)
CONSTANT, FALLING = (SCHEDULES.create(name, peak=0.03) for name in ("constant", "cosine"))


def path(schedule, name, **values):
    arm = Arm(optimizer=OPTIMIZERS.create(name, **values), schedule=schedule)
    return simulate(BOWL.with_values(arms=(arm,))).arms[0].path[..., 0]


HEAVY_BALLS = {
    "PyTorch": ("sgd", {"momentum": 0.9}),
    "Keras": ("sgd", {"momentum": 0.9, "lr_in_buffer": True}),
    "Polyak": ("heavy_ball", {"momentum": 0.9}),
}


@pytest.mark.parametrize("spelling", HEAVY_BALLS)
def test_at_a_constant_rate_all_spellings_of_the_heavy_ball_are_one_run(spelling):
    name, values = HEAVY_BALLS[spelling]
    x, before = np.array([2.0, 1.0]), np.array([2.0, 1.0])
    expected = [x]
    for _ in range(STEPS):
        # Polyak (1964), as it stands.
        x, before = x - 0.03 * BOWL.surface.gradient(x) + 0.9 * (x - before), x
        expected.append(x)
    np.testing.assert_allclose(path(CONSTANT, name, **values), expected, rtol=0, atol=1e-13)


def test_under_a_falling_rate_only_the_rate_inside_is_polyaks():
    polyak, keras, torch = (path(FALLING, *[name], **values) for name, values in (HEAVY_BALLS[key] for key in ("Polyak", "Keras", "PyTorch")))
    np.testing.assert_allclose(keras, polyak, rtol=0, atol=1e-13)
    assert np.abs(torch - polyak).max() > 0.01


def test_at_a_constant_rate_pytorchs_and_kerass_nesterov_follow_the_point_that_sutskevers_looks_at():
    """Theirs are the points y = x + μv at which the gradient is taken."""
    torch = path(CONSTANT, "sgd", momentum=0.9, nesterov=True)
    keras = path(CONSTANT, "sgd", momentum=0.9, nesterov=True, lr_in_buffer=True)
    sutskever = path(CONSTANT, "nesterov", momentum=0.9)
    ahead = sutskever[1:] + 0.9 * np.diff(sutskever, axis=0)
    np.testing.assert_allclose(torch, keras, rtol=0, atol=1e-13)
    np.testing.assert_allclose(torch[1:], ahead, rtol=0, atol=1e-13)
    # The first step of Sutskever's is that of gradient descent.
    np.testing.assert_allclose(sutskever[1], BOWL.start.points(0, [0])[:, 0] - 0.03 * BOWL.surface.gradient(np.array([2.0, 1.0])), rtol=1e-14)


def test_under_a_falling_rate_kerass_nesterov_still_follows_sutskevers_and_pytorchs_does_not():
    keras = path(FALLING, "sgd", momentum=0.9, nesterov=True, lr_in_buffer=True)
    torch = path(FALLING, "sgd", momentum=0.9, nesterov=True)
    sutskever = path(FALLING, "nesterov", momentum=0.9)
    ahead = sutskever[1:] + 0.9 * np.diff(sutskever, axis=0)
    np.testing.assert_allclose(keras[1:], ahead, rtol=0, atol=1e-13)
    assert np.abs(torch - keras).max() > 1e-3


def test_sutskevers_nesterov_takes_its_gradient_ahead_and_its_path_is_where_it_is():
    """Once more in plain numbers, the surface asked at x + μv."""
    x, v, expected = np.array([2.0, 1.0]), np.zeros(2), []
    for eta in FALLING.values(STEPS):
        v = 0.9 * v - eta * BOWL.surface.gradient(x + 0.9 * v)
        x = x + v
        expected.append(x)
    np.testing.assert_allclose(path(FALLING, "nesterov", momentum=0.9)[1:], expected, rtol=0, atol=1e-13)
