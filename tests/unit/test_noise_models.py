"""What each noise model draws has the distribution that it says; what it does on the way to a minimum is what theory says."""

from itertools import permutations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import chi2, kstest, levy_stable
from scipy.stats import t as student

from lr_explorer.batches import BATCHES
from lr_explorer.draws import Draws
from lr_explorer.noise import NOISES
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.surfaces import SURFACES, DataSurface
from lr_explorer.theory import batch_floor, noise_floor, proportional_edge, stable_slope, stable_spread
from tests.helpers import arm

SEEDS = range(20)


def errors(noise, surface, at, batch=1.0, steps=100, replicates=100):
    """Return what the noise adds to the gradient at a point in many draws, shape (2, draws)."""
    x = np.tile(np.array(at, dtype=float)[:, None, None], (1, 1, replicates))
    source = noise.begins(surface, np.full((steps, 1), batch))
    found = []
    for seed in SEEDS:
        drawn = source.draw(Draws(seed, range(replicates), 0, steps))
        found += [source.seen(step, x, drawn[step], slice(None))[:, 0] for step in range(steps)]
    return np.concatenate(found, axis=1) - surface.gradient(np.array(at, dtype=float))[:, None]


def assert_covariance(found, expected, kurtosis=3.0):
    """Assert a mean of 0 and a covariance, to five standard errors; kurtosis: at most that of the coordinates."""
    count, sizes = found.shape[1], np.sqrt(np.diag(expected))
    assert np.all(np.abs(found.mean(axis=1)) < 5 * sizes / np.sqrt(count))
    error = np.sqrt((kurtosis - 1) / count) * np.outer(sizes, sizes)
    assert np.all(np.abs(found @ found.T / count - expected) < 5 * error)


BOWL = SURFACES.create("quadratic", lambda1=1.0, lambda2=9.0, angle=30.0)


# Distributions


def test_gaussian_noise_has_a_scale_for_each_coordinate():
    found = errors(NOISES.create("gaussian", sigma=2.0, on_x=0.5, on_y=3.0), BOWL, (1.0, -2.0))
    assert_covariance(found, np.diag([1.0, 36.0]))
    # A fixed list of seeds; a true normal fails at 1 % for one list in a hundred.
    assert all(kstest(one / size, "norm").pvalue > 0.01 for one, size in zip(found, (1.0, 6.0), strict=True))


def test_proportional_noise_is_as_large_as_the_gradient():
    slope = np.linalg.norm(BOWL.gradient(np.array([1.0, -2.0])))
    assert_covariance(errors(NOISES.create("proportional", share=0.5), BOWL, (1.0, -2.0)), 0.25 * slope**2 * np.eye(2))
    assert not errors(NOISES.create("proportional", share=0.5), BOWL, (0.0, 0.0), steps=2).any()


@pytest.mark.parametrize(
    ("surface", "at"), [("quadratic", (1.0, -2.0)), ("rosenbrock", (-1.0, 0.5)), ("double_well", (0.1, 0.5)), ("quartic", (0.0, 0.0))]
)
def test_noise_aligned_with_the_hessian_has_its_covariance(surface, at):
    surface = BOWL if surface == "quadratic" else SURFACES.create(surface)
    hessian = surface.hessian(np.array(at))
    found = errors(NOISES.create("hessian", share=0.5), surface, at)
    if not hessian.any():
        assert not found.any()
        return
    values, axes = np.linalg.eigh(sqrtm(hessian @ hessian).real)
    # Along the Hessian's own axes the errors are independent, each with its curvature as variance.
    assert_covariance(axes.T @ found, 0.25 * np.diag(values))


@pytest.mark.parametrize("tail", [1.0, 1.5, 3.0, 30.0])
def test_student_noise_is_a_student_t_in_every_direction(tail):
    found = errors(NOISES.create("student", sigma=2.0, tail=tail), BOWL, (0.0, 0.0)) / 2.0
    for angle in (0.0, 0.7, np.pi / 2):
        assert kstest(np.cos(angle) * found[0] + np.sin(angle) * found[1], student(tail).cdf).pvalue > 0.01
    # The length's distribution tells a bivariate t from two independent ones.
    assert kstest(1 - (1 + (found**2).sum(axis=0) / tail) ** (-tail / 2), "uniform").pvalue > 0.01


@pytest.mark.parametrize("tail", [0.6, 1.0, 1.5, 1.8, 2.0])
def test_stable_noise_has_the_characteristic_function_of_its_name(tail):
    found = errors(NOISES.create("stable", sigma=0.5, tail=tail), BOWL, (0.0, 0.0)) / 0.5
    count = found.shape[1]
    for frequency in (0.1, 0.5, 1.0, 2.0):
        expected = np.exp(-(frequency**tail))
        # Five standard errors of the mean of a cosine.
        bound = 5 * np.sqrt((0.5 * (1 + np.exp(-((2 * frequency) ** tail))) - expected**2) / count)
        assert np.all(np.abs(np.cos(frequency * found).mean(axis=1) - expected) < bound)
    # And the coordinates are independent: the function of both is the product.
    bound = 5 / np.sqrt(count)
    assert abs(np.cos(found[0] + found[1]).mean() - np.exp(-2)) < bound


def test_stable_noise_has_the_distribution_that_scipy_computes():
    found = errors(NOISES.create("stable", sigma=1.0, tail=1.5), BOWL, (0.0, 0.0), steps=10)[0]
    at = np.array([-20.0, -5.0, -2.0, -0.5, 0.0, 1.0, 3.0, 10.0])
    share = (found[:, None] < at).mean(axis=0)
    exact = levy_stable.cdf(at, 1.5, 0.0)
    # Five standard errors of a share.
    assert np.all(np.abs(share - exact) < 5 * np.sqrt(exact * (1 - exact) / len(found)))


# Mini-batches


def rows_of(surface, at):
    """Return every row's gradient at a point less their mean, shape (2, rows), by asking for each row alone."""
    x = np.tile(np.array(at, dtype=float)[:, None, None], (1, 1, surface.rows))
    each = surface.batch_gradient(x, np.arange(surface.rows)[None])[:, 0]
    return each - each.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["iris_regression", "iris_logistic", "fine_tuning"])
@pytest.mark.parametrize(("order", "size"), [("with", 1), ("with", 5), ("without", 1), ("without", 5), ("without", 12)])
def test_a_mini_batch_is_the_gradient_on_average_and_varies_as_sampling_theory_says(name, order, size):
    surface, at = SURFACES.create(name), (0.3, -0.5)
    each = rows_of(surface, at)
    covariance = each @ each.T / surface.rows / size
    if order == "without":
        covariance *= (surface.rows - size) / (surface.rows - 1)
    found = errors(NOISES.create("minibatch", size=size, order=order), surface, at)
    kurtosis = 3 + (each**4).mean(axis=1).max() / (each**2).mean(axis=1).min() ** 2
    assert_covariance(found, covariance, kurtosis)


def test_without_replacement_every_choice_of_rows_is_as_likely():
    source = NOISES.create("minibatch", size=3).begins(SURFACES.create("reddi", period=4), np.ones((500, 1)))
    drawn = np.concatenate([source.draw(Draws(seed, range(64), 0, 500)).swapaxes(1, 2).reshape(-1, 3) for seed in range(3)])
    choices = list(permutations(range(4), 3))
    counts = np.array([(drawn == choice).all(axis=1).sum() for choice in choices])
    assert counts.sum() == len(drawn)
    expected = len(drawn) / len(choices)
    # Fixed seeds; a fair shuffle fails at 1 %.
    assert chi2.sf(((counts - expected) ** 2 / expected).sum(), len(choices) - 1) > 0.01


@pytest.mark.parametrize("size", [16, 50])
def test_a_batch_of_all_rows_or_more_is_the_full_gradient(size):
    surface = SURFACES.create("fine_tuning")
    found = errors(NOISES.create("minibatch", size=size), surface, (0.3, -0.5), steps=2)
    # The order of the rows changes roundings.
    assert np.abs(found).max() < 1e-14


def test_batches_in_order_go_round_and_round():
    surface = SURFACES.create("reddi", period=5)
    drawn = NOISES.create("minibatch", size=2, order="cycle").begins(surface, np.ones((6, 1))).draw(Draws(1, [3, 8], 0, 6))
    assert drawn[..., 0].tolist() == [[0, 1], [2, 3], [4, 0], [1, 2], [3, 4], [0, 1]]
    np.testing.assert_array_equal(drawn[..., 0], drawn[..., 1])


def test_mini_batches_on_a_surface_without_data_are_refused_by_name():
    known = ", ".join(name for name, cls in SURFACES.items() if issubclass(cls, DataSurface))
    with pytest.raises(ValueError, match=rf"^Scenario.noise: minibatch needs a surface with data \({known}\); got beale$"):
        Scenario(surface=SURFACES.create("beale"), noise=NOISES.create("minibatch"))


# Batch schedules


def grown(kind, **values):
    return Arm(schedule=arm(peak=0.1).schedule, batch=BATCHES.create(kind, **values))


@pytest.mark.parametrize("kind", BATCHES)
def test_a_batch_begins_as_the_noise_says_and_never_falls_below(kind):
    multiples = BATCHES.create(kind).multiples(300)
    assert multiples.shape == (300,)
    assert multiples[0] == 1
    assert (multiples >= 1).all()
    assert (np.diff(multiples) >= 0).all()


def test_a_batch_grows_by_its_factor_up_to_the_largest():
    multiples = BATCHES.create("step", every=2, gamma=3.0, most=20.0).multiples(9)
    assert multiples == pytest.approx([1, 1, 3, 3, 9, 9, 20, 20, 20], rel=1e-12)
    assert BATCHES.create("step", every=1, gamma=1000.0).multiples(5000)[-1] == pytest.approx(1000.0, rel=1e-12)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "step", "inverse_time"])
def test_a_matched_batch_times_the_rate_of_its_schedule_is_constant(schedule):
    part = arm(schedule, warmup=10).schedule
    multiples = BATCHES.create("matched", of=part, most=1e6).multiples(100)
    rates = part.values(100)
    assert (multiples * rates)[rates > 1e-6 * part.peak] == pytest.approx(part.peak, rel=1e-12)


@pytest.mark.parametrize(("noise", "power"), [("gaussian", -0.5), ("proportional", -0.5), ("hessian", -0.5)])
def test_the_error_of_a_batch_falls_with_its_root(noise, power):
    made = NOISES.create(noise, **({"sigma": 1.0} if noise == "gaussian" else {}))
    one, many = (errors(made, BOWL, (1.0, -2.0), batch=batch, steps=2) for batch in (1.0, 16.0))
    np.testing.assert_allclose(many, one * 16**power, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("noise", "tail"), [("stable", 1.0), ("stable", 1.5), ("student", 1.0)])
def test_a_batch_of_heavy_tailed_noise_is_the_mean_of_so_many_draws(noise, tail):
    """The means of 16 draws, taken here, have the distribution of what the model calls a batch of 16."""
    made = NOISES.create(noise, sigma=1.0, tail=tail)
    single = errors(made, BOWL, (0.0, 0.0))[0]
    means = single.reshape(-1, 16).mean(axis=1)
    assert kstest(means, errors(made, BOWL, (0.0, 0.0), batch=16.0, steps=50)[0]).pvalue > 0.01


def test_the_mean_of_student_draws_with_a_variance_has_a_sixteenth_of_it():
    made = NOISES.create("student", sigma=1.0, tail=5.0)
    found = errors(made, BOWL, (0.0, 0.0), batch=16.0)
    assert_covariance(found, 5 / 3 / 16 * np.eye(2), kurtosis=9.0)


def test_arms_with_growing_batches_run_as_if_they_were_alone():
    arms = grown("constant"), grown("step", every=10, gamma=2.0), grown("matched"), arm(optimizer="adam", peak=0.05)
    for surface, noise in (("himmelblau", NOISES.create("gaussian", sigma=1.0)), ("iris_regression", NOISES.create("minibatch", size=2))):
        scenario = Scenario(surface=SURFACES.create(surface), noise=noise, arms=arms, steps=60)
        together = simulate(scenario, 5)
        for place, one in enumerate(arms):
            alone = simulate(scenario.with_values(arms=(one,)), 5)
            # Batches of another size are summed in another order.
            np.testing.assert_allclose(together.arms[place].path, alone.arms[0].path, rtol=1e-9, atol=1e-12)


# What theory says of them


def hovering(scenario, replicates=200):
    """Return each arm's mean loss above the lowest over the last half of the run."""
    return [found.loss[scenario.steps // 2 :].mean() - scenario.surface.lowest for found in simulate(scenario, replicates).arms]


def test_noise_of_two_sizes_hovers_at_the_floor_of_both():
    bowl = SURFACES.create("quadratic", lambda1=0.5, lambda2=10.0)
    noise = NOISES.create("gaussian", sigma=1.0, on_x=2.0, on_y=0.5)
    settings = [(0.05, 0.0), (0.02, 0.5)]
    scenario = Scenario(
        surface=bowl, start=Point(0.1, 0.1), noise=noise, arms=tuple(arm(peak=lr, momentum=mu) for lr, mu in settings), steps=2000
    )  # fmt: skip
    for found, (lr, momentum) in zip(hovering(scenario), settings, strict=True):
        # 200 replicates of 1,000 steps that forget within 40: 5,000 independent squares, 2 %.
        assert found == pytest.approx(noise_floor((0.5, 10.0), lr, (2.0, 0.5), momentum), rel=0.08)


def test_a_batch_of_four_hovers_where_half_the_noise_does():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
    four = Arm(schedule=arm(peak=0.05).schedule, batch=BATCHES.create("step", every=1, gamma=4.0, most=4.0))
    (found,) = hovering(Scenario(surface=bowl, start=Point(0.0, 0.0), noise=NOISES.create("gaussian", sigma=1.0), arms=(four,), steps=1000))
    # 200 replicates of 500 steps that forget within 20: 5,000 squares, 2 %.
    assert found == pytest.approx(noise_floor((1.0, 10.0), 0.05, 0.5), rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("tail", [1.0, 1.5, 2.0])
def test_stable_noise_comes_to_rest_in_a_stable_law_of_the_scale_that_theory_says(tail):
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=4.0)
    noise = NOISES.create("stable", sigma=0.5, tail=tail)
    run = simulate(Scenario(surface=bowl, start=Point(0.0, 0.0), noise=noise, arms=(arm(peak=0.1), arm(peak=0.02)), steps=400), 4000)
    for found, lr in zip(run.arms, (0.1, 0.02), strict=True):
        for axis, curvature in enumerate((1.0, 4.0)):
            points = found.final[axis] / stable_spread(curvature, lr, 0.5, tail)
            # The characteristic function of 4,000 points, five standard errors; at rate 0.02 a share e^(−8) of the start is missing.
            assert np.cos(points).mean() == pytest.approx(np.exp(-1), abs=5 * np.sqrt(0.5 / 4000))


def test_the_floor_of_stable_noise_falls_with_the_rate_as_its_tails_allow():
    # Twice the power of η in the spread: 2(1 − 1/α).
    slopes = [2 * np.log(stable_spread(1.0, 1e-4, 1.0, tail) / stable_spread(1.0, 1e-5, 1.0, tail)) / np.log(10) for tail in (2.0, 1.5, 1.0)]
    assert slopes == pytest.approx([1.0, 2 / 3, 0.0], abs=1e-3)
    assert slopes == pytest.approx([stable_slope(tail) for tail in (2.0, 1.5, 1.0)], abs=1e-3)
    assert stable_spread(1.0, 2.0, 1.0, 1.5) == np.inf


@pytest.mark.parametrize("curvatures", [(4.0, 0.0), (4.0, 4.0), (1.0, 10.0)])
def test_the_mean_square_grows_past_the_edge_of_proportional_noise_and_falls_below(curvatures):
    share = 0.8
    edge = proportional_edge(curvatures, share)
    for factor, grows in ((0.99, False), (1.01, True)):
        lr = factor * edge
        step = np.diag([(1 - lr * curvature) ** 2 for curvature in curvatures]) + lr**2 * share**2 * np.square([curvatures, curvatures])
        # An axis without curvature keeps what it has.
        alive = np.array(curvatures) > 0
        assert (np.abs(np.linalg.eigvals(step[np.ix_(alive, alive)])).max() > 1) == grows
    # Along one axis alone.
    assert proportional_edge((4.0, 0.0), share) == pytest.approx(2 / (4.0 * (1 + share**2)), rel=1e-12)


def test_proportional_noise_lets_a_constant_rate_settle_below_the_edge():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
    scenario = Scenario(surface=bowl, start=Circle(radius=1.0), noise=NOISES.create("proportional", share=0.5), arms=(arm(peak=0.05),), steps=600)
    assert proportional_edge((1.0, 10.0), 0.5) > 0.05
    assert simulate(scenario, 200).arms[0].final_loss.max() < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize(("size", "replace"), [(1, False), (5, False), (30, False), (5, True)])
def test_mini_batches_hover_at_the_floor_that_counts_how_their_noise_grows_with_the_distance(size, replace):
    surface = SURFACES.create("iris_regression")
    noise = NOISES.create("minibatch", size=size, order="with" if replace else "without")
    best = surface.minima[0].point
    scenario = Scenario(surface=surface, start=Point(*best), noise=noise, arms=(arm(peak=0.05),), steps=2000)
    floor = batch_floor(surface, 0.05, size, replace=replace)
    # 200 replicates of 1,000 steps that forget within 1/(ηλ) = 120: 1,700 squares, 3.5 %; heavier tails at size 1.
    assert hovering(scenario)[0] == pytest.approx(floor, rel=0.2 if size == 1 else 0.12)


def test_noise_aligned_with_the_hessian_leaves_the_sharp_well_and_not_the_flat_one():
    surface, noise = SURFACES.create("twin_wells"), NOISES.create("hessian", share=0.5)
    for start, leaves in ((-0.5, True), (2.0, False)):
        run = simulate(Scenario(surface=surface, start=Point(start, 0.0), noise=noise, arms=(arm(peak=0.08),), steps=500), 200)
        assert ((run.arms[0].final[0] * start < 0) == leaves).all()


def crossing(noise, barrier, width):
    """Return the median first step at which runs cross a barrier so high, that far from their start."""
    wells = SURFACES.create("twin_wells", left=width, right=width, barrier=barrier)
    scenario = Scenario(surface=wells, start=Point(-width, 0.0), noise=noise, arms=(arm(peak=0.04),), steps=6000)
    crossed = ~(simulate(scenario, 200).arms[0].path[:, 0] < 0)
    return np.median(np.where(crossed.any(axis=0), crossed.argmax(axis=0), 6000))


@pytest.mark.slow
def test_heavy_tails_leap_over_barriers_of_any_height_and_width_is_what_counts():
    gaussian, stable = NOISES.create("gaussian", sigma=3.0), NOISES.create("stable", sigma=0.5, tail=1.5)
    climbed, leapt = ([crossing(noise, barrier, 1.0) for barrier in (0.25, 1.0)] for noise in (gaussian, stable))
    assert climbed[1] > 5 * climbed[0]
    # Medians of 200 waiting times, each known to 10 %.
    assert 0.7 < leapt[1] / leapt[0] < 1.4
    assert crossing(stable, 0.5, 2.0) > 5 * crossing(stable, 0.5, 0.5)
