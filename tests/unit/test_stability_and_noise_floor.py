"""What theory says about quadratics is what the simulation does."""

import math

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from lr_explorer.noise import Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import adaptive_floor, curvatures, noise_floor, sign_floor, steepest_axis
from tests.helpers import arm

METHODS = [{"momentum": mu, "nesterov": nesterov} for mu, nesterov in ((0.0, False), (0.5, False), (0.9, False), (0.5, True), (0.9, True))]


def limit(momentum, nesterov):
    """Return the η·λ at which the largest root of the method's recurrence on a quadratic has the modulus 1, by bisection."""

    def grows(product):
        keep = momentum * (1 - product) if nesterov else momentum
        lead = (1 + momentum) * (1 - product) if nesterov else 1 + momentum - product
        return np.abs(np.roots([1, -lead, keep])).max() > 1

    low, high = 0.5, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if grows(middle) else (middle, high)
    return low


@pytest.mark.parametrize("method", METHODS)
def test_the_stability_limit_is_where_the_recurrence_begins_to_grow(method):
    formula = (2 + 2 * method["momentum"]) / (1 + 2 * method["momentum"]) if method["nesterov"] else 2 * (1 + method["momentum"])
    found = arm(**method).optimizer.stability_limit()
    assert found == pytest.approx(formula, rel=1e-15)
    # Bisection on the roots of a polynomial, which are exact to about 1e-8 where two of them meet.
    assert found == pytest.approx(limit(**method), rel=1e-7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("curvature", [0.5, 10.0])
def test_one_per_cent_past_the_limit_diverges_and_one_below_converges(method, curvature):
    edge = limit(**method) / curvature
    arms = tuple(arm(peak=factor * edge, **method) for factor in (0.99, 1.01))
    bowl = SURFACES.create("quadratic", lambda1=0.1 * curvature, lambda2=curvature)
    # 1.02 per step, for plain SGD, passes 1e6 within 700 steps.
    below, past = simulate(Scenario(surface=bowl, start=Point(1.0, 1.0), noise=Gaussian(), arms=arms, steps=2000)).arms
    assert below.diverged_at[0] == -1
    assert below.final_loss[0] < 1e-6
    assert past.diverged_at[0] > 0


def test_doubling_the_rate_past_two_over_L_diverges():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
    scenario = Scenario(surface=bowl, start=Point(1.0, 1.0), noise=Gaussian(), arms=(arm(peak=0.15), arm(peak=0.3)), steps=100)
    low, high = simulate(scenario).arms
    assert low.final_loss[0] < 1e-4
    # |1 − 0.3·10| = 2 doubles y; 2^19 < 1e6 < 2^20.
    assert high.diverged_at[0] == 20


def test_no_limit_is_claimed_where_none_is_known():
    assert arm(weight_decay=0.1).optimizer.stability_limit() is None
    assert arm(optimizer="adam").optimizer.stability_limit() is None


def test_dampening_raises_the_limit_as_the_recurrence_says():
    optimizer = arm(momentum=0.9, dampening=0.25).optimizer
    for share, is_stable in ((0.999, True), (1.001, False)):
        eta = share * optimizer.stability_limit()
        # (x, b) after one update on curvature 1: b' = μb + (1 − d)x, x' = x − ηb'.
        recurrence = np.array([[1 - eta * 0.75, -eta * 0.9], [0.75, 0.9]])
        assert (np.abs(np.linalg.eigvals(recurrence)).max() < 1) == is_stable
    # Without momentum PyTorch has no velocity to dampen.
    assert arm(dampening=0.5).optimizer.stability_limit() == 2


def stationary_loss(lr, curvature, sigma, momentum):
    """Return ½λ·E x² of heavy ball on a noisy quadratic, from the Lyapunov equation of its state (x, velocity)."""
    step = np.array([[1 - lr * curvature, -lr * momentum], [curvature, momentum]])
    kick = sigma * np.array([[-lr], [1.0]])
    return 0.5 * curvature * solve_discrete_lyapunov(step, kick @ kick.T)[0, 0]


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("lr", [0.001, 0.05, 0.19])
def test_the_noise_floor_solves_the_lyapunov_equation(lr, momentum):
    exact = sum(stationary_loss(lr, curvature, 1.7, momentum) for curvature in (0.5, 10.0))
    # The Lyapunov equation is ill-conditioned for slow modes: 1 − ηλ/(1 − μ) of 0.9995.
    assert noise_floor((0.5, 10.0), lr, 1.7, momentum) == pytest.approx(exact, rel=1e-9)


def test_past_the_limit_there_is_no_floor():
    assert noise_floor((1.0, 10.0), 0.2, 1.0) == math.inf
    assert noise_floor((1.0, 10.0), 0.2, 1.0, momentum=0.5) < math.inf
    assert noise_floor((1.0, 10.0), 0.3, 1.0, momentum=0.5) == math.inf


def test_runs_hover_at_the_noise_floor():
    sigma, steps = 1.5, 1500
    settings = [(0.05, 0.0), (0.15, 0.0), (0.19, 0.0), (0.02, 0.5), (0.02, 0.9), (0.1, 0.9)]
    bowl = SURFACES.create("quadratic", lambda1=0.5, lambda2=10.0, angle=30.0)
    arms = tuple(arm(peak=lr, momentum=momentum) for lr, momentum in settings)
    run = simulate(Scenario(surface=bowl, start=Point(0.1, 0.1), noise=Gaussian(sigma=sigma), arms=arms, steps=steps), 200)
    for (lr, momentum), found in zip(settings, run.arms, strict=True):
        exact = sum(stationary_loss(lr, curvature, sigma, momentum) for curvature in (0.5, 10.0))
        # Half a run of 200 replicates holds at least 3,000 independent squares: a standard error of 2.6 %.
        assert found.loss[steps // 2 :].mean() == pytest.approx(exact, rel=0.1)


def test_the_sign_alone_hovers_without_noise_at_a_floor_that_is_quadratic_in_the_rate():
    bowl = SURFACES.create("quadratic", lambda1=0.5, lambda2=10.0)
    rates = (0.04, 0.01)
    arms = tuple(arm(optimizer="sign_sgd", peak=lr) for lr in rates)
    run = simulate(Scenario(surface=bowl, start=Circle(radius=1.0), noise=Gaussian(), arms=arms, steps=150), 400)
    for lr, found in zip(rates, run.arms, strict=True):
        # All have arrived by update 100; each then jumps between two places, of which two updates see both. 400 places: 2 %.
        assert found.loss[-2:].mean() == pytest.approx(sign_floor((0.5, 10.0), lr), rel=0.08)


@pytest.mark.parametrize(("optimizer", "beta1"), [("rmsprop", 0.0), ("adam", 0.9)])
def test_methods_that_divide_by_the_gradients_size_hover_at_a_floor_proportional_to_the_noise(optimizer, beta1):
    bowl = SURFACES.create("quadratic", lambda1=0.5, lambda2=10.0)
    for sigma, lr in ((1.0, 0.01), (0.3, 0.003)):
        arms = (arm(optimizer=optimizer, peak=lr),)
        scenario = Scenario(surface=bowl, start=Point(0.02, 0.02), noise=Gaussian(sigma=sigma), arms=arms, steps=2000)
        floor = simulate(scenario, 100).arms[0].loss[1000:].mean()
        # 100 replicates of 1,000 steps that forget within 2σ/(ηλ) = 400: 3 %; and the formula's own few per cent.
        assert floor == pytest.approx(adaptive_floor((0.5, 10.0), lr, sigma, beta1), rel=0.1)


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "ackley", "quadratic"])
def test_curvatures_are_the_eigenvalues_of_the_hessian(name):
    surface = SURFACES.create(name)
    points = np.random.default_rng(0).uniform(-3, 3, (2, 50))
    hessians = np.moveaxis(surface.hessian(points), -1, 0)
    low, high = curvatures(surface, points)
    # The closed form of a 2 × 2 matrix, relative to its largest entry.
    size = np.abs(hessians).max()
    np.testing.assert_allclose(np.stack([low, high], axis=1), np.linalg.eigvalsh(hessians), rtol=0, atol=1e-14 * size)
    # With rates of their own, stability is decided by D·H, whose eigenvalues are those of D^½ H D^½.
    low, high = curvatures(surface, points, rates=(0.3, 2.0))
    products = np.diag([0.3, 2.0]) @ hessians
    np.testing.assert_allclose(np.stack([low, high], axis=1), np.sort(np.linalg.eigvals(products).real, axis=1), rtol=0, atol=1e-13 * size)


def test_the_steepest_axis_of_a_rotated_bowl_is_its_second_principal_axis():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=9.0, angle=30.0)
    np.testing.assert_allclose(steepest_axis(bowl, np.zeros(2)), [-math.sin(math.pi / 6), math.cos(math.pi / 6)], rtol=1e-12)


@pytest.mark.parametrize("name", [name for name, cls in OPTIMIZERS.items() if cls().stability_limit() is not None and name != "sgld"])
@pytest.mark.parametrize("momentum", [None, 0.5, 0.95])
def test_one_per_cent_on_either_side_of_its_limit_every_optimizer_that_states_one_converges_or_diverges(name, momentum):
    cls = OPTIMIZERS[name]
    optimizer = cls(momentum=momentum) if momentum is not None and "momentum" in cls.params() else cls()
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=4.0)
    edge = optimizer.stability_limit() / 4.0
    arms = tuple(Arm(optimizer=optimizer, schedule=SCHEDULES.create("constant", peak=factor * edge)) for factor in (0.99, 1.01))
    below, past = simulate(Scenario(surface=bowl, start=Point(1.0, 1.0), noise=Gaussian(), arms=arms, steps=4000)).arms
    assert below.diverged_at[0] == -1
    assert below.final_loss[0] < 1e-3
    assert past.diverged_at[0] > 0


@pytest.mark.parametrize("nu", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("beta", [0.5, 0.99])
def test_quasi_hyperbolic_momentums_limit_is_where_its_recurrence_begins_to_grow(beta, nu):
    limit = OPTIMIZERS.create("qhm", momentum=beta, nu=nu).stability_limit()
    for share, is_stable in ((0.999, True), (1.001, False)):
        eta = share * limit
        # (x, d) after one update on curvature 1: d' = βd + (1 − β)x, x' = x − η((1 − ν)x + νd').
        recurrence = np.array([[1 - eta * (1 - nu) - eta * nu * (1 - beta), -eta * nu * beta], [1 - beta, beta]])
        assert (np.abs(np.linalg.eigvals(recurrence)).max() < 1) == is_stable
