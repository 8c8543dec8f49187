"""Past the edges that theory names runs diverge, leave or change place; below them they do not."""

import numpy as np
import pytest
import sympy

from lr_explorer.noise import NOISES, Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import (
    almost_sure_edge,
    catapult_rates,
    curvatures,
    edge_curvature,
    growth_exponent,
    mean_gradient_limit,
    proportional_edge,
    quartic_edge,
    stable_rate,
)
from tests.helpers import arm


def runs(surface, start, *rates, steps=400, replicates=1, noise=None):
    """Return an arm's run for each constant rate."""
    arms = tuple(arm(peak=float(lr)) for lr in rates)
    return simulate(Scenario(surface=surface, start=start, noise=noise or Gaussian(), arms=arms, steps=steps), replicates).arms


def test_the_stable_rate_is_the_limit_by_the_largest_curvature_and_infinite_where_it_is_flat():
    surface = SURFACES.create("pitchfork", a=1.0)  # curvatures 2 and −1 at the origin
    points = np.array([[0.0, 0.0], [0.0, 2.0]])
    np.testing.assert_allclose(stable_rate(surface, points, 2.0), [1.0, 2 / 11], rtol=1e-12)
    assert stable_rate(SURFACES.create("quadratic", lambda1=0.0, lambda2=0.0), np.zeros(2), 2.0) == np.inf
    np.testing.assert_array_equal(edge_curvature(np.array([0.1, 0.0])), [20.0, np.inf])


@pytest.mark.parametrize(("distance", "scale"), [(4.0, 1.0), (0.5, 3.0)])
def test_on_the_quartic_two_over_the_square_of_the_distance_decides(distance, scale):
    edge = quartic_edge(distance, scale)
    below, past = runs(SURFACES.create("quartic", scale=scale), Point(0.2 * distance, distance), 0.999 * edge, 1.001 * edge, steps=3000)
    assert (below.diverged_at[0], past.diverged_at[0] > 0) == (-1, True)
    surface = SURFACES.create("quartic", scale=scale)
    assert edge == pytest.approx(3 * stable_rate(surface, np.array([0.0, distance]), 2.0), rel=1e-12)


def test_an_update_of_two_linear_layers_changes_the_curvature_as_the_catapults_edges_say():
    x, y, lr = sympy.symbols("x y eta")
    new_x, new_y = x - lr * x * y**2, y - lr * x**2 * y  # f = ½(xy)²
    curvature, loss = x**2 + y**2, (x * y) ** 2 / 2
    assert sympy.expand(new_x**2 + new_y**2 - curvature - 2 * lr * loss * (lr * curvature - 4)) == 0


def test_between_the_catapults_rates_two_layers_land_where_the_curvature_is_below_the_edge():
    layers, start = SURFACES.create("product", target=0.0), Point(5.0, 0.06)
    here = curvatures(layers, np.array([5.0, 0.0]))[1]
    lower, upper = catapult_rates(float(here))
    rates = np.array([0.95 * lower, 1.2 * lower, 0.95 * upper, 1.05 * upper])
    *ended, gone = runs(layers, start, *rates)
    assert gone.diverged_at[0] > 0
    assert [found.final_loss[0] < 1e-12 for found in ended] == [True] * 3
    last = [curvatures(layers, found.final[:, 0])[1] for found in ended]
    assert last[0] == pytest.approx(here, rel=0.01)
    # Flatter than the edge, which they would still be leaving otherwise.
    assert all(one < edge_curvature(lr) < here for one, lr in zip(last[1:], rates[1:3], strict=True))


def test_above_the_edge_of_the_nearest_minimum_training_ends_just_below_its_own_edge():
    four_layers = SURFACES.create("squared_product")
    nearest = curvatures(four_layers, np.array([4.0, 0.25]))[1]
    rates = np.array([0.8, 1.1, 1.2, 1.4]) * stable_rate(four_layers, np.array([4.0, 0.25]), 2.0)
    calm, *pushed = runs(four_layers, Point(4.0, 0.2), *rates, steps=4000)
    assert curvatures(four_layers, calm.final[:, 0])[1] == pytest.approx(nearest, rel=0.01)
    for found, lr in zip(pushed, rates[1:], strict=True):
        assert 0.995 < curvatures(four_layers, found.final[:, 0])[1] / edge_curvature(lr) < 1


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_the_limit_of_a_running_mean_is_where_its_recurrence_begins_to_grow(beta):
    for share, is_stable in ((0.999, True), (1.001, False)):
        eta = share * mean_gradient_limit(beta)
        # (x, m) after one update on curvature 1: m' = βm + (1 − β)x, x' = x − ηm'.
        recurrence = np.array([[1 - eta * (1 - beta), -eta * beta], [1 - beta, beta]])
        assert (np.abs(np.linalg.eigvals(recurrence)).max() < 1) == is_stable


def test_adam_without_noise_comes_to_rest_at_the_edge_of_its_own_rates():
    curved, lr, kept = np.array([[1.0], [10.0]]), 0.03, 0.99
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
    arms = (arm(optimizer="adam", peak=lr, beta2=kept),)
    (found,) = simulate(Scenario(surface=bowl, start=Circle(radius=4.0), noise=Gaussian(), arms=arms, steps=4000), 5).arms
    square, products = np.zeros((2, 5)), []
    for t, grad in enumerate(curved * found.path[:-1], start=1):
        square = kept * square + (1 - kept) * grad**2
        products.append((lr * curved / np.sqrt(square / (1 - kept**t))).max(axis=0))
    # The mean square still moves a little at β₂ = 0.99.
    assert np.median(products[3000:]) == pytest.approx(mean_gradient_limit(0.9), rel=0.05)


@pytest.mark.parametrize(("product", "share"), [(0.5, 1.0), (1.75, 1.0), (1.0, 0.3), (3.0, 0.1), (0.01, 5.0)])
def test_the_growth_exponent_is_the_mean_of_the_logarithm(product, share):
    logs = np.log(np.abs(1 - product * (1 + share * np.random.default_rng(0).standard_normal(100_000))))
    assert growth_exponent(10.0, product / 10, share) == pytest.approx(logs.mean(), abs=4 * logs.std() / np.sqrt(100_000))


def test_without_noise_the_growth_exponent_is_the_logarithm_itself():
    assert growth_exponent(2.0, 0.2, 0.0) == pytest.approx(np.log(0.6), rel=1e-15)
    assert growth_exponent(2.0, 0.5, 0.0) == -np.inf
    assert growth_exponent(2.0, 0.2, 1e-7) == pytest.approx(np.log(0.6), rel=1e-9)
    assert almost_sure_edge(10.0, 0.0) == 0.2
    assert almost_sure_edge(10.0, 1e-5) == pytest.approx(0.2, rel=1e-9)


def test_below_the_almost_sure_edge_medians_converge_though_means_explode():
    # Along y alone: the other axis is flat.
    trough, noise = SURFACES.create("quadratic", lambda1=0.0, lambda2=10.0), NOISES.create("proportional", share=1.0)
    edge = almost_sure_edge(10.0, 1.0)
    assert proportional_edge((10.0, 0.0), 1.0) == pytest.approx(0.1)
    assert edge == pytest.approx(0.173, abs=5e-4)
    below, past = runs(trough, Point(0.0, 1e-2), 0.93 * edge, 1.07 * edge, steps=400, replicates=200, noise=noise)
    assert np.median(below.final_loss) < 1e-3 * below.loss[0, 0]
    assert (past.diverged_at >= 0).mean() > 0.5
    # A share of the runs below is far out too, and makes the mean.
    assert np.max(below.loss[200]) > 1e3 * below.loss[0, 0]
