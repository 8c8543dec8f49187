"""How far runs without noise come, with noise where one valley holds them, and what adaptive methods make of a rate."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lr_explorer.noise import NOISES, Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import (
    adagrad_rates,
    expected_losses,
    normal_losses,
    periodic_drift,
    plateau_time,
    selection_bound,
    transfer_flip,
    transfer_loss,
)
from tests.helpers import arm, followed

BOWL = (0.5, 10.0)


# Without noise


@pytest.mark.parametrize("width", [1.0, 2.0])
def test_times_are_those_of_gradient_flow(width):
    surface = SURFACES.create("plateau", width=width)

    def arrived(t, point):
        return np.hypot(*point) - 0.5

    arrived.terminal = True
    flow = solve_ivp(lambda t, point: -surface.gradient(point), (0, 1000), [-4.0, 0.0], events=arrived, rtol=1e-10, atol=1e-12)
    assert plateau_time(4.0, 0.5, width=width) == pytest.approx(flow.t_events[0][0], rel=1e-7)


def test_the_sum_of_the_rates_decides_when_a_run_has_crossed_the_plateau():
    arms = arm(peak=0.05), arm("linear", peak=0.1), arm("inverse_sqrt", peak=0.2)
    scenario = Scenario(surface=SURFACES.create("plateau"), start=Point(4.0, 0.0), noise=Gaussian(), arms=arms, steps=1200)
    for found in simulate(scenario).arms:
        time = np.cumsum(found.lr)
        crossed = np.hypot(*np.moveaxis(found.path, 1, 0))[1:, 0] <= 0.5
        # Steps of a finite length lag a little behind flow that grows steeper.
        assert time[crossed.argmax()] == pytest.approx(plateau_time(4.0, 0.5), rel=0.015)


# With noise in one valley


def test_on_a_bowl_normal_points_lose_exactly_what_is_expected():
    bowl = SURFACES.create("quadratic", lambda1=0.5, lambda2=10.0)
    rates = np.linspace(0.15, 0.01, 50)[:, None] * [1.0, 0.5]
    np.testing.assert_allclose(normal_losses(bowl, (2.0, -1.0), rates, 1.5), expected_losses(BOWL, (4.0, 1.0), rates, 1.5), rtol=1e-10)
    turned = SURFACES.create("quadratic", lambda1=10.0, lambda2=0.5, angle=90.0)
    np.testing.assert_allclose(normal_losses(turned, (2.0, -1.0), rates, 1.5), expected_losses(BOWL, (4.0, 1.0), rates, 1.5), rtol=1e-10)
    assert np.isinf(normal_losses(SURFACES.create("quartic"), (4.0, 1.0), np.full(20, 0.5), 0.1)[-1])


@pytest.mark.slow
def test_runs_in_the_river_valley_lose_what_normal_points_would():
    river = SURFACES.create("river")
    arms = tuple(arm(kind, peak=peak) for kind, peak in (("constant", 0.05), ("cosine", 0.08), ("wsd", 0.06)))
    run = simulate(Scenario(surface=river, start=Point(-4.0, 1.0), noise=NOISES.create("gaussian", sigma=1.0), arms=arms, steps=600), 4000)
    for found in run.arms:
        expected = normal_losses(river, (-4.0, 1.0), found.lr, 1.0)
        for step in (1, 60, 300, 600):
            # 4,000 replicates know the mean to about 1 %.
            assert found.loss[step].mean() == pytest.approx(expected[step], rel=0.03)


# Adaptive methods


def test_adagrads_rate_on_noise_alone_falls_with_the_root_of_the_updates():
    gradients = 2.0 * np.random.default_rng(0).standard_normal((400, 2, 500))
    points, _ = followed([OPTIMIZERS.create("adagrad")], np.full(400, 0.3), gradients, np.zeros((2, 500)))
    used = -np.diff(points, axis=0)[:, :, 0] / gradients
    expected = adagrad_rates(0.3, 2.0, 400)
    for step in (99, 399):
        # 1,000 roots of sums of squares, each known to √(½/t): the mean is ¾/t higher.
        assert used[step].mean() == pytest.approx(expected[step], rel=0.015)


@pytest.mark.parametrize(("amsgrad", "large"), [(False, 1010.0), (True, 1010.0), (False, 2000.0)])
def test_in_a_period_of_reddis_problem_adam_moves_as_far_as_its_drift_says(amsgrad, large):
    surface, noise = SURFACES.create("reddi", large=large), NOISES.create("minibatch", size=1, order="cycle")
    made = arm(optimizer="adam", peak=1e-4, beta2=0.99, amsgrad=amsgrad)
    x = simulate(Scenario(surface=surface, start=Point(0.0, 0.5), noise=noise, arms=(made,), steps=101 * 40)).arms[0].path[:, 0, 0]
    drift = periodic_drift(np.array([large, *[-10.0] * 100]), 0.9, 0.99, amsgrad=amsgrad)
    # AMSGrad's largest mean square was seen from the start, ε is 1e-8 of a root of 100.
    assert (x[-1] - x[-102]) / 1e-4 == pytest.approx(drift, rel=1e-6)


def test_adam_drifts_against_the_mean_gradient_and_amsgrad_with_it():
    gradients = np.array([1010.0, *[-10.0] * 100])
    assert gradients.sum() == 10
    assert periodic_drift(gradients, 0.9, 0.99) > 0 > periodic_drift(gradients, 0.9, 0.99, amsgrad=True)
    # A memory that spans many periods divides all by nearly the same.
    assert periodic_drift(gradients, 0.9, 0.999999) == pytest.approx(-10 / np.sqrt(np.mean(gradients**2)), rel=0.02)


# Layers and selection


def test_both_rates_transfer_alike_where_the_flip_says():
    flip = transfer_flip(1.0, 0.01, 0.1, 100, 16, 1.0)
    assert flip == pytest.approx(0.53, abs=0.005)
    slow, fast = (transfer_loss(flip, 1.0, lr, 100, 16, 1.0) for lr in (0.01, 0.1))
    assert slow == pytest.approx(fast, rel=1e-12)
    with pytest.raises(ValueError, match="slow must leave more of the distance than fast"):
        transfer_flip(1.0, 0.1, 0.01, 100, 16, 1.0)


@pytest.mark.parametrize(("settings", "seeds"), [(2, 1), (70, 10), (1000, 3)])
def test_the_best_of_equal_settings_looks_better_by_less_than_the_bound_and_by_most_of_it(settings, seeds):
    scores = 1.7 * np.random.default_rng(0).standard_normal((1000, settings)) / np.sqrt(seeds)
    bound = selection_bound(1.7, settings, seeds)
    assert (0.4 if settings == 2 else 0.8) * bound < scores.max(axis=1).mean() < bound
    assert selection_bound(1.7, 1, seeds) == 0
