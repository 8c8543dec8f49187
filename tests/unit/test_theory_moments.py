"""Expected losses along a sequence of rates are the means of many runs, and of them follows which schedule wins where."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from lr_explorer.noise import NOISES, Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.statistics import mean_interval
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import curvatures, expected_losses, noise_floor, proportional_edge, squares_at_start, tuned_gain
from tests.helpers import arm

BOWL = (0.5, 10.0)
FROM_CIRCLE = (8.0, 8.0)  # of radius 4
CONSTANT, COSINE = SCHEDULES.create("constant", peak=1.0), SCHEDULES.create("cosine", peak=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("start", [Circle(x=1.0, y=-2.0, radius=3.0), Point(-2.0, 1.0)])
def test_the_expected_loss_is_the_mean_of_twenty_thousand_runs(start):
    bowl = SURFACES.create("quadratic", lambda1=6.0, lambda2=0.5, angle=30.0)
    origin = np.zeros(2)
    noise = NOISES.create("gaussian", sigma=1.5)
    # The cosine begins a quarter above the edge 2/λ.
    arms = arm("cosine", peak=1.25 * 2 / 6), arm(peak=0.1)
    run = simulate(Scenario(surface=bowl, start=start, noise=noise, arms=arms, steps=60), 20_000)
    squares = squares_at_start(bowl.hessian(origin), (start.x, start.y), getattr(start, "radius", 0.0))
    low, high = curvatures(bowl, origin)
    for found in run.arms:
        expected = expected_losses((low, high), squares, found.lr, 1.5)
        assert expected.shape == (61,)
        for step in (0, 1, 10, 60):
            interval = mean_interval(found.loss[step], level=0.999)
            assert interval.low * (1 - 1e-12) <= expected[step] <= interval.high * (1 + 1e-12)


def test_at_a_constant_rate_the_expected_loss_is_a_geometric_series_that_ends_at_the_floor():
    steps, lr, sigmas = np.arange(41), 0.15, (2.0, 0.5)
    left = [(1 - lr * curvature) ** (2 * steps) for curvature in BOWL]
    closed = sum(
        0.5 * curvature * (one * 8 + (lr * sigma) ** 2 * (1 - one) / (1 - (1 - lr * curvature) ** 2))
        for curvature, one, sigma in zip(BOWL, left, sigmas, strict=True)
    )
    np.testing.assert_allclose(expected_losses(BOWL, FROM_CIRCLE, np.full(40, lr), sigmas), closed, rtol=1e-12)
    assert expected_losses(BOWL, FROM_CIRCLE, np.full(2000, lr), sigmas)[-1] == pytest.approx(noise_floor(BOWL, lr, sigmas), rel=1e-12)


def test_under_noise_as_large_as_the_gradient_the_loss_falls_for_ever_below_the_edge_and_grows_above():
    share = 0.7
    edge = proportional_edge(BOWL, share)
    rates = np.full((500, 2), edge) * [0.99, 1.01]
    below, above = expected_losses(BOWL, FROM_CIRCLE, rates, 0.0, share).T
    assert (np.diff(np.log(below[100:])) < 0).all()
    assert (np.diff(np.log(above[100:])) > 0).all()
    # One update, by hand: what each axis keeps, and the noise of the gradient's mean square 8·(0.5² + 10²).
    kept, added = np.square(1 - 0.1 * np.array(BOWL)) * 8, 0.1**2 * (0.3**2 + share**2 * 8 * (0.5**2 + 10.0**2))
    assert expected_losses(BOWL, FROM_CIRCLE, np.array([0.1]), 0.3, share)[1] == pytest.approx(0.5 * np.array(BOWL) @ (kept + added), rel=1e-12)


def test_many_rates_and_noises_at_once_are_each_as_if_alone():
    rates, sigmas = COSINE.fractions(30)[:, None, None] * np.array([[0.01], [0.1], [0.3]]), np.array([0.0, 1.0])
    together = expected_losses(BOWL, FROM_CIRCLE, rates, sigmas)
    assert together.shape == (31, 3, 2)
    for place, rate in enumerate(rates[:, :, 0].T):
        for other, sigma in enumerate(sigmas):
            np.testing.assert_array_equal(together[:, place, other], expected_losses(BOWL, FROM_CIRCLE, rate, float(sigma)))


def test_where_runs_count_as_diverged_the_expected_loss_is_infinite_from_then_on():
    # The steep axis grows while the rate is above 0.2 and would come back.
    peaks = np.array([0.21, 0.25])
    losses = expected_losses(BOWL, FROM_CIRCLE, COSINE.fractions(400)[:, None] * peaks, 0.0)
    assert np.isfinite(losses[:, 0]).all()
    begins = np.isinf(losses[:, 1]).argmax()
    assert np.isinf(losses[begins:, 1]).all()
    arms = tuple(arm("cosine", peak=peak) for peak in peaks)
    run = simulate(Scenario(surface=SURFACES.create("quadratic"), start=Point(4 / 2**0.5, 4 / 2**0.5), noise=Gaussian(), arms=arms, steps=400))
    assert [found.diverged_at[0] for found in run.arms] == [-1, begins]
    # The last rate leaves nothing of the steep axis, of which there was too much.
    assert np.isinf(expected_losses(BOWL, FROM_CIRCLE, np.append(np.full(400, 2.0), 0.1), 0.0)[-1])


def least(fractions, sigma):
    """Return the least expected final loss over the peaks: every update a multiplication of two plain numbers; a scan, then Brent's method."""

    def final(log_peak):
        total = 0.0
        for curvature, square in zip(BOWL, FROM_CIRCLE, strict=True):
            left = square
            for lr in np.exp(log_peak) * fractions:
                left = (1 - lr * curvature) ** 2 * left + (lr * sigma) ** 2
            total += 0.5 * curvature * left
        return total

    scan = np.linspace(np.log(1e-3), np.log(0.6), 60)
    near = scan[np.argmin([final(log_peak) for log_peak in scan])]
    return minimize_scalar(final, bounds=(near - 0.2, near + 0.2), method="bounded").fun


@pytest.mark.parametrize(("sigma", "steps"), [(1.0, 60), (0.3, 100)])
def test_the_tuned_gain_is_that_of_the_best_peaks_that_a_minimiser_finds(sigma, steps):
    expected = np.log10(least(CONSTANT.fractions(steps), sigma)) - np.log10(least(COSINE.fractions(steps), sigma))
    # Peaks of the grid are 6 % apart: the loss at the nearest is within a few thousandths of a decade of the least.
    assert tuned_gain(BOWL, FROM_CIRCLE, [sigma], [steps], CONSTANT, COSINE)[0, 0] == pytest.approx(expected, abs=0.01)


def test_the_cosine_wins_where_noise_or_time_is_ample_and_the_constant_rate_without_noise():
    gain = tuned_gain(BOWL, FROM_CIRCLE, [0.0, 0.01, 1.0], [20, 300], CONSTANT, COSINE)
    assert gain.shape == (2, 3)
    assert (gain[:, 2] > 0.3).all()
    assert (gain[:, 0] < -0.1).all()
    # With very little noise the length of the run decides.
    assert gain[0, 1] < -0.1
    assert gain[1, 1] > 0.5
    # What is left of a long run without noise is less than counts.
    assert tuned_gain(BOWL, FROM_CIRCLE, [0.0], [2000], CONSTANT, COSINE)[0, 0] == 0
