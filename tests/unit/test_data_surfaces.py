"""Losses of real data, online and transfer problems: the published numbers, the rows behind them, and what they are there to show."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import kstest, linregress

from lr_explorer.noise import NOISES
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import simulate
from lr_explorer.surfaces import SURFACES, DataSurface
from lr_explorer.surfaces.iris import _LENGTH, _WIDTH
from lr_explorer.theory import best_condition, transfer_loss
from tests.helpers import arm

DATA = [name for name, cls in SURFACES.items() if issubclass(cls, DataSurface)]
every_data_surface = pytest.mark.parametrize("name", DATA)


# Iris


def test_the_petals_of_iris_have_their_published_statistics():
    """R: summary(iris), by(iris, iris$Species, colMeans), cor."""
    assert np.quantile(_LENGTH, [0, 0.25, 0.5, 0.75, 1]).round(10).tolist() == [1.0, 1.6, 4.35, 5.1, 6.9]
    assert np.quantile(_WIDTH, [0, 0.25, 0.5, 0.75, 1]).round(10).tolist() == [0.1, 0.3, 1.3, 1.8, 2.5]
    species = slice(0, 50), slice(50, 100), slice(100, 150)
    assert [_LENGTH[some].mean().round(10) for some in species] == [1.462, 4.26, 5.552]
    assert [_WIDTH[some].mean().round(10) for some in species] == [0.246, 1.326, 2.026]
    # Fisher's table of sums of squares, divided by 49.
    assert [_LENGTH[some].var(ddof=1).round(6) for some in species] == [0.030159, 0.220816, 0.304588]
    assert [_WIDTH[some].var(ddof=1).round(6) for some in species] == [0.011106, 0.039106, 0.075433]
    assert np.corrcoef(_LENGTH, _WIDTH)[0, 1] == pytest.approx(0.9628654, abs=5e-8)


def test_the_best_line_is_the_one_that_r_and_scipy_find():
    (best,) = SURFACES.create("iris_regression").minima
    # R: lm(Petal.Width ~ Petal.Length), residual standard error 0.2065 on 148 degrees of freedom.
    assert best.point == pytest.approx((0.415755, -0.363076), abs=5e-7)
    assert np.sqrt(best.value * 2 * 150 / 148) == pytest.approx(0.2065, abs=5e-5)
    line = linregress(_LENGTH, _WIDTH)
    assert best.point == pytest.approx((line.slope, line.intercept), rel=1e-12)


def test_the_curvatures_of_the_regression_differ_a_hundredfold():
    surface = SURFACES.create("iris_regression")
    curvatures = np.linalg.eigvalsh(np.cov(np.stack([_LENGTH, np.ones(150)]), ddof=0) + np.outer([_LENGTH.mean(), 1], [_LENGTH.mean(), 1]))
    np.testing.assert_allclose(np.linalg.eigvalsh(surface.hessian(np.zeros(2))), curvatures, rtol=1e-12)
    assert curvatures == pytest.approx([0.1715, 18.047], rel=5e-4)


@pytest.mark.parametrize("mix", [0.0, 0.3, 1.0])
def test_labels_between_interpolated_and_real_move_the_loss_and_not_the_minimum(mix):
    mixed, real = SURFACES.create("iris_regression", mix=mix), SURFACES.create("iris_regression")
    assert mixed.minima[0].point == pytest.approx(real.minima[0].point, rel=1e-12)
    assert mixed.lowest == pytest.approx(mix**2 * real.lowest, rel=1e-12, abs=1e-30)


def test_interpolated_labels_leave_no_noise_at_the_minimum():
    surface = SURFACES.create("iris_regression", mix=0.0)
    each = surface.batch_gradient(np.repeat(np.array(surface.minima[0].point)[:, None, None], 150, axis=2), np.arange(150)[None])
    # Roundings of labels of size 2 and features of size 7.
    assert np.abs(each).max() < 1e-13


def test_the_logistic_regression_is_the_one_that_scipy_finds():
    surface = SURFACES.create("iris_logistic")
    width = (_WIDTH[50:] - _WIDTH[50:].mean()) / _WIDTH[50:].std()

    def loss(point):
        odds = point[0] * width + point[1]
        return np.mean(np.logaddexp(0, odds) - np.repeat([0, 1], 50) * odds)

    found = minimize(loss, [1.0, 0.0], tol=1e-10)
    assert surface.minima[0].point == pytest.approx(found.x, abs=1e-4)  # gradients by differences
    assert surface.lowest == pytest.approx(found.fun, rel=1e-9)
    assert surface.minima[0].point == pytest.approx((5.4721, 0.5744), abs=5e-5)
    assert surface.lowest == pytest.approx(0.16710, abs=5e-6)
    assert np.linalg.eigvalsh(surface.hessian(np.array(surface.minima[0].point))) == pytest.approx([0.00673, 0.04942], rel=1e-3)
    points = np.random.default_rng(0).uniform(-8, 8, (50, 2))
    np.testing.assert_allclose(surface.value(points.T), [loss(point) for point in points], rtol=1e-12)


def test_separable_flowers_have_no_best_weights_and_the_sum_of_the_rates_counts():
    surface = SURFACES.create("iris_separable")
    # Along a direction that separates them the loss falls to nothing.
    assert surface.value(np.array([[10.0, 100.0, 1000.0]] * 2) * [[1.0], [0.0]]) == pytest.approx(0, abs=1e-2)
    assert surface.value(np.array([1000.0, 0.0])) < 1e-100
    shrinking = {"constant": {}, "cosine": {}, "inverse_sqrt": {}}
    scenario = Scenario(
        surface=surface, noise=NOISES.create("gaussian"), arms=tuple(arm(kind, peak=0.5, **more) for kind, more in shrinking.items()), steps=500
    )
    run = simulate(scenario)
    totals, losses = [found.lr.sum() for found in run.arms], [found.final_loss[0] for found in run.arms]
    assert np.argsort(totals).tolist() == np.argsort(losses)[::-1].tolist()


# Rows


@every_data_surface
def test_the_mean_over_all_rows_is_the_gradient(name):
    surface = SURFACES.create(name)
    x = np.random.default_rng(1).uniform(-1, 1, (2, 3, 4))
    rows = np.repeat(np.arange(surface.rows)[:, None], 4, axis=1)
    np.testing.assert_allclose(surface.batch_gradient(x, rows), surface.gradient(x), rtol=1e-12, atol=1e-13)


@every_data_surface
def test_a_batch_is_the_mean_of_its_rows_and_each_replicate_has_its_own(name):
    surface, rng = SURFACES.create(name), np.random.default_rng(2)
    x, rows = rng.uniform(-1, 1, (2, 3, 4)), rng.integers(0, surface.rows, (5, 4))
    found = surface.batch_gradient(x, rows)
    for lane in range(4):
        alone = [surface.batch_gradient(x[:, :, [lane]], np.array([[row]])) for row in rows[:, lane]]
        np.testing.assert_allclose(found[:, :, [lane]], np.mean(alone, axis=0), rtol=1e-12, atol=1e-13)


def test_a_row_of_the_regressions_is_the_derivative_of_its_own_loss():
    x, y = 0.7, -0.4
    width = (_WIDTH[50:] - _WIDTH[50:].mean()) / _WIDTH[50:].std()
    for row in (0, 37, 99):
        point, rows = np.array([[[x]], [[y]]]), np.array([[row]])
        error = x * _LENGTH[row] + y - _WIDTH[row]
        found = SURFACES.create("iris_regression").batch_gradient(point, rows).ravel()
        np.testing.assert_allclose(found, [error * _LENGTH[row], error], rtol=1e-12)
        error = expit(x * width[row] + y) - (row >= 50)
        found = SURFACES.create("iris_logistic").batch_gradient(point, rows).ravel()
        np.testing.assert_allclose(found, [error * width[row], error], rtol=1e-12)


# Transfer


def test_fine_tuning_begins_where_pretraining_ends():
    for shift in (0.1, 1.0):
        before, after = (SURFACES.create(name, shift=shift) for name in ("pretraining", "fine_tuning"))
        assert after.start == pytest.approx(before.minima[0].point, abs=1e-14)
        # One standard error of sixteen labels is ¼.
        assert np.abs(np.array(after.minima[0].point) - 1) == pytest.approx([0.25, 0.25], abs=0.02)
        assert before.lowest == pytest.approx(0.0, abs=1e-28)


def test_draws_of_the_labels_errors_are_standard_normal_and_differ():
    surfaces = [SURFACES.create("fine_tuning", draw=draw) for draw in range(1, 401)]
    errors = np.array([surface.labels - surface.features.sum(axis=0) for surface in surfaces])
    assert len(np.unique(errors, axis=0)) == len(errors)
    assert kstest(errors.ravel(), "norm").pvalue > 0.01
    # Each weight is misled by a quarter, a standard error of sixteen labels.
    misled = np.array([surface.minima[0].point for surface in surfaces]) - 1
    assert misled.std(axis=0) == pytest.approx([0.25, 0.25], rel=0.15)


def test_the_transfer_loss_is_what_gradient_descent_on_many_samples_gives():
    rng = np.random.default_rng(0)
    a = np.tile([1.0, 1.0, -1.0, -1.0], 4)
    for lr, distance in ((0.01, 0.1), (0.1, 0.1), (0.03, 1.0)):
        mistaken = (a * rng.standard_normal((20_000, 16))).mean(axis=1)
        weight = np.full(20_000, distance)  # measured from the truth
        for _ in range(100):
            weight -= lr * (weight - mistaken)
        losses = 0.5 * weight**2
        # Four standard errors.
        assert abs(losses.mean() - transfer_loss(distance, 1.0, lr, 100, 16, 1.0)) < 4 * losses.std() / np.sqrt(20_000)


def new_rows_loss(shift, rates):
    """Return the loss on new rows, above their errors', after 100 updates at rate 0.1, with a multiplier for each layer."""
    plain = arm(peak=0.1)
    made = Arm(schedule=plain.schedule, rate_x=rates[0], rate_y=rates[1])
    surface = SURFACES.create("fine_tuning", shift=shift)
    silent = NOISES.create("gaussian")
    return 0.5 * np.sum((simulate(Scenario(surface=surface, noise=silent, arms=(made,), steps=100)).arms[0].final - 1) ** 2)


def test_a_small_rate_for_the_backbone_helps_while_the_task_changed_little():
    """Up to a shift of 0.53, by the formula; the head's part is the same on both sides."""
    for shift, helps in ((0.1, True), (0.52, True), (0.54, False), (1.0, False)):
        assert (transfer_loss(shift, 1.0, 0.01, 100, 16, 1.0) < transfer_loss(shift, 1.0, 0.1, 100, 16, 1.0)) == helps
    # The sample that is shown does what samples do on average.
    for shift, helps in ((0.1, True), (1.0, False)):
        assert (new_rows_loss(shift, (0.1, 1.0)) < new_rows_loss(shift, (1.0, 1.0))) == helps


@pytest.mark.parametrize(("angle", "best"), [(0.0, 1.0), (22.5, 21.0), (45.0, 40.0), (60.0, None)])
def test_the_best_condition_is_what_a_search_over_rates_finds(angle, best):
    hessian = SURFACES.create("quadratic", lambda1=0.5, lambda2=20.0, angle=angle).hessian(np.zeros(2))

    def condition(log_rate):
        scale = np.diag([1.0, np.exp(0.5 * log_rate[0])])
        return np.linalg.cond(scale @ hessian @ scale)

    found = minimize(condition, [0.1], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).fun
    assert best_condition(hessian) == pytest.approx(found, rel=1e-6)
    assert best is None or found == pytest.approx(best, rel=0.02)


# Reddi's online problem


def online(*arms, steps=2000):
    noise = NOISES.create("minibatch", size=1, order="cycle")
    return simulate(Scenario(surface=SURFACES.create("reddi"), noise=noise, arms=arms, steps=steps)).arms


def test_adam_goes_to_the_wrong_end_and_amsgrad_to_the_right_one():
    adam, amsgrad = (np.mean(found.path[1800:, 0, 0]) for found in online(
        arm(optimizer="adam", peak=0.1, beta2=0.99), arm(optimizer="adam", peak=0.1, beta2=0.99, amsgrad=True)
    ))  # fmt: skip
    # The mean of all slopes is positive, so the loss is lowest at −1.
    assert SURFACES.create("reddi").minima[0].point == (-1.0, 0.0)
    assert adam > 0.5
    assert amsgrad < -0.2


def test_online_slopes_come_in_their_order_and_updates_stay_in_the_box():
    """Plain gradient descent, once more in Python floats."""
    found = online(arm(peak=0.02), steps=300)[0].path[:, 0, 0]
    x = 0.0
    for t, at in enumerate(found):
        assert at == pytest.approx(x, abs=1e-12)
        x = min(1.0, max(-1.0, x - 0.02 * (1010.0 if t % 101 == 0 else -10.0)))


def test_every_replicate_sees_the_same_online_slopes():
    noise = NOISES.create("minibatch", size=1, order="cycle")
    assert not noise.is_random
    run = simulate(Scenario(surface=SURFACES.create("reddi"), noise=noise, steps=50), 3)
    assert (run.arms[0].path == run.arms[0].path[..., :1]).all()
