"""Gradient flow, Newton and L-BFGS are what exact solutions, textbooks and SciPy say, and see no noise."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.optimize import minimize

from lr_explorer.clipping import CLIPPINGS
from lr_explorer.noise import Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.optimizers.base import Task
from lr_explorer.outcome import Outcome
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES
from lr_explorer.wrappers import WRAPPERS

REFERENCES = [name for name, cls in OPTIMIZERS.items() if cls.is_reference]
every_reference = pytest.mark.parametrize("name", REFERENCES)
ROSENBROCK = Scenario(surface=SURFACES.create("rosenbrock", b=100.0), start=Point(-1.2, 1.0), noise=Gaussian(), steps=40)
SKEW = ROSENBROCK.with_values(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0, angle=30.0))


def arm(name, peak=None, schedule="constant", **more):
    fields = {key: more.pop(key) for key in list(more) if key in {**Arm.params(), **Arm.parts()}}
    peak = OPTIMIZERS[name].suggested_peak if peak is None else peak
    return Arm(optimizer=OPTIMIZERS.create(name, **more), schedule=SCHEDULES.create(schedule, peak=peak), **fields)


def run(scenario, *arms, replicates=1):
    return simulate(scenario.with_values(arms=arms), replicates).arms


@pytest.mark.slow
@every_reference
@pytest.mark.parametrize("surface", SURFACES)
def test_noise_does_not_reach_a_reference(name, surface):
    plain = Scenario(surface=SURFACES.create(surface), arms=(arm(name),), steps=15, noise=Gaussian())
    noisy = plain.with_values(noise=Gaussian(sigma=2.0))
    np.testing.assert_array_equal(simulate(plain).arms[0].path, simulate(noisy).arms[0].path)


@pytest.mark.slow
@every_reference
def test_references_beside_others_and_each_replicate_run_as_if_alone(name):
    scenario = ROSENBROCK.with_values(start=Circle(x=-1.0, y=1.0, radius=0.5), steps=12)
    arms = [arm(name, peak=peak, rate_x=factor) for peak, factor in ((0.5, 1.0), (0.3, 0.5), (0.5, 1.0))]
    together = run(scenario, *arms, replicates=5)
    for one, beside in zip(arms, together, strict=True):
        np.testing.assert_array_equal(run(scenario, one, replicates=[3])[0].path, beside.path[..., 3:4])


@every_reference
def test_a_reference_goes_down_a_bowl_to_its_minimum(name):
    found = run(SKEW.with_values(steps=300), arm(name))[0]
    assert found.outcome.tolist() == [Outcome.SETTLED]
    assert (np.diff(found.loss[:, 0]) <= 1e-12).all()


@every_reference
def test_nothing_stands_around_a_reference(name):
    for kind in ("lookahead", "sam"):
        with pytest.raises(ValueError, match=r"Arm\.wrapper: .* needs an optimizer that .*; got"):
            arm(name, wrapper=WRAPPERS.create(kind))
    with pytest.raises(ValueError, match=r"Arm\.clipping needs an optimizer that steps by the gradient that it is handed; got"):
        arm(name, clipping=CLIPPINGS.create("norm"))


@every_reference
def test_a_reference_needs_a_loss_and_says_so(name):
    made = OPTIMIZERS.create(name)
    with pytest.raises(ValueError, match="follows the surface itself; got a task without a loss"):
        type(made).rule([made], Task((2, 1, 1), 3))


def test_schedules_move_flow_and_newton_and_a_rate_of_zero_holds_them():
    for name in ("gradient_flow", "newton"):
        found = run(ROSENBROCK.with_values(steps=5), arm(name, peak=0.0))[0]
        assert (found.path == found.path[0]).all()


# Gradient flow


@pytest.mark.parametrize("angle", [0.0, 30.0])
@pytest.mark.parametrize("rates", [(1.0, 1.0), (0.3, 2.0)])
def test_on_a_quadratic_the_flow_is_a_matrix_exponential(angle, rates):
    bowl = SURFACES.create("quadratic", lambda1=0.5, lambda2=40.0, angle=angle)
    found = run(SKEW.with_values(surface=bowl, steps=20), arm("gradient_flow", peak=0.3, schedule="cosine", rate_x=rates[0], rate_y=rates[1]))[0]
    matrix = np.diag(rates) @ bowl.hessian(np.zeros(2))
    time = np.concatenate([[0.0], np.cumsum(found.lr)])
    expected = [expm(-matrix * tau) @ [-1.2, 1.0] for tau in time]
    np.testing.assert_allclose(found.path[..., 0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("surface", ["rosenbrock", "himmelblau", "beale", "double_well", "ackley"])
def test_elsewhere_the_flow_is_what_an_integrator_of_high_order_finds(surface):
    scenario = Scenario(surface=SURFACES.create(surface), noise=Gaussian(), steps=40)
    found = run(scenario, arm("gradient_flow", peak=0.05))[0]
    time = np.linspace(0, 40 * 0.05, 41)
    exact = solve_ivp(
        lambda tau, x: -scenario.surface.gradient(x), (0, time[-1]), found.path[0, :, 0], method="LSODA", t_eval=time, rtol=1e-11, atol=1e-12
    )
    # A tolerance of 1e-9 an update, and both grow on slopes that part.
    np.testing.assert_allclose(found.path[..., 0], exact.y.T, rtol=0, atol=1e-6)


def test_the_flow_never_climbs_whatever_the_rate():
    for peak in (0.01, 1.0, 100.0):
        found = run(ROSENBROCK, arm("gradient_flow", peak=peak))[0]
        assert (np.diff(found.loss[:, 0]) <= 1e-12).all()
        assert found.diverged_at.tolist() == [-1]


def test_gradient_descent_approaches_the_flow_as_its_rate_falls():
    """Euler's method: the distance is in proportion to the rate."""
    apart = []
    for rate in (2e-4, 1e-4):
        steps = round(0.1 / rate)
        flow, descent = run(ROSENBROCK.with_values(steps=steps), arm("gradient_flow", peak=rate), arm("sgd", peak=rate))
        apart.append(np.hypot(*(flow.final - descent.final)[:, 0]))
    assert apart[0] / apart[1] == pytest.approx(2.0, rel=0.1)


def test_at_a_kink_the_flow_stays_instead_of_going_back_and_forth():
    """Ackley's origin is the tip of a cone."""
    found = run(Scenario(surface=SURFACES.create("ackley"), start=Point(0.2, 0.1), noise=Gaussian(), steps=30), arm("gradient_flow", peak=0.05))[0]
    # It gets no nearer than the last part that is not cut further lets it, at a slope of 4.
    assert np.abs(found.path[10:]).max() < 1e-3
    assert np.abs(np.diff(found.path[-5:], axis=0)).max() < 1e-3


def test_a_long_flow_down_a_bowl_ends_at_its_bottom():
    found = run(Scenario(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0), start=Point(1.0, 1.0), noise=Gaussian(), steps=30),
                arm("gradient_flow", peak=1e4))[0]  # fmt: skip
    assert found.final_loss[0] == 0
    assert np.isfinite(found.path).all()


# Newton


def test_newtons_first_steps_on_rosenbrocks_valley_are_the_textbooks():
    found = run(ROSENBROCK, arm("newton"))[0]
    # Dennis & Schnabel and others print these from (−1.2, 1).
    np.testing.assert_allclose(found.path[1, :, 0], [-1.1752809, 1.3806742], rtol=1e-7)
    np.testing.assert_allclose(found.path[2, :, 0], [0.7631149, -3.1750339], rtol=1e-7)
    assert found.loss[7, 0] < 1e-15


def test_on_a_quadratic_newton_needs_one_step_and_at_half_the_rate_halves_the_way():
    whole, half = run(SKEW, arm("newton", peak=1.0), arm("newton", peak=0.5))
    np.testing.assert_allclose(whole.path[1, :, 0], 0, atol=1e-14)
    np.testing.assert_allclose(half.path[3, :, 0], np.array([-1.2, 1.0]) / 8, rtol=1e-12)


def test_damping_adds_to_every_curvature():
    found = run(SKEW, arm("newton", damping=2.5))[0]
    hess = SKEW.surface.hessian(np.zeros(2))
    start = np.array([-1.2, 1.0])
    np.testing.assert_allclose(found.path[1, :, 0], start - np.linalg.solve(hess + 2.5 * np.eye(2), hess @ start), rtol=1e-12)


def test_newton_goes_to_a_saddle_and_its_saddle_free_form_away_from_it():
    saddle = Scenario(surface=SURFACES.create("saddle"), start=Point(0.3, 0.1), noise=Gaussian(), steps=60)
    plain, free = run(saddle, arm("newton"), arm("newton", saddle_free=True))
    assert plain.outcome.tolist() == [Outcome.STALLED]
    np.testing.assert_allclose(plain.final[:, 0], 0, atol=1e-9)
    assert free.outcome.tolist() == [Outcome.SETTLED]


def test_along_a_trough_newton_does_not_move():
    trough = SURFACES.create("quadratic", lambda1=0.0, lambda2=2.0)
    found = run(SKEW.with_values(surface=trough), arm("newton"))[0]
    np.testing.assert_allclose(found.path[1, :, 0], [-1.2, 0.0], atol=1e-14)


def test_with_a_frozen_coordinate_newton_is_that_of_the_other_alone():
    found = run(SKEW, arm("newton", freeze_x=True))[0]
    hess = SKEW.surface.hessian(np.zeros(2))
    np.testing.assert_allclose(found.path[1, :, 0], [-1.2, -hess[0, 1] * -1.2 / hess[1, 1]], rtol=1e-12)


# L-BFGS


@pytest.mark.parametrize("surface", ["rosenbrock", "himmelblau", "beale", "double_well"])
def test_each_update_is_one_of_scipys_iterations(surface):
    scenario = Scenario(surface=SURFACES.create(surface), noise=Gaussian(), steps=12)
    found = run(scenario, arm("lbfgs"))[0]
    start, expected = found.path[0, :, 0], []
    minimize(
        scenario.surface.value, start, jac=scenario.surface.gradient, method="L-BFGS-B", callback=lambda x: expected.append(x.copy()),
        options={"maxiter": 12, "ftol": 0.0, "gtol": 0.0},
    )  # fmt: skip
    np.testing.assert_array_equal(found.path[1 : len(expected) + 1, :, 0], expected)


def test_it_stays_where_it_has_converged_and_says_that_it_has_no_rate():
    scenario = ROSENBROCK.with_values(steps=200, arms=(arm("lbfgs"),))
    found = simulate(scenario)
    np.testing.assert_allclose(found.arms[0].final[:, 0], [1, 1], atol=1e-7)
    assert (found.arms[0].path[-50:] == found.arms[0].path[-1]).all()
    sentence = what_happened(found)[0]
    assert "It has no rate: a line search finds the length of each step, and the schedule does nothing." in sentence
    assert "η·λmax" not in sentence


def test_the_schedule_does_nothing_to_it():
    slow, fast = run(ROSENBROCK, arm("lbfgs", peak=1e-6), arm("lbfgs", peak=10.0, schedule="cosine"))
    np.testing.assert_array_equal(slow.path, fast.path)


def test_unfrozen_it_searches_anew():
    found = run(ROSENBROCK, arm("lbfgs", freeze_x=True, unfreeze_at=10))[0]
    # With x = −1.2 held the valley floor is at y = x².
    np.testing.assert_allclose(found.path[10, :, 0], [-1.2, 1.44], rtol=1e-7)
    np.testing.assert_allclose(
        run(ROSENBROCK.with_values(start=Point(*found.path[10, :, 0]), steps=30), arm("lbfgs"))[0].path, found.path[10:], rtol=0, atol=1e-12
    )


def test_the_flow_gets_down_a_slope_that_is_far_too_steep_for_the_rate():
    """Goldstein–Price's curvatures go into the ten thousands: a thousandth of an update of 0.1 is not smooth there."""
    found = run(Scenario(surface=SURFACES.create("goldstein_price"), noise=Gaussian(), steps=30), arm("gradient_flow", peak=0.1))[0]
    assert found.final_loss[0] == pytest.approx(3.0, abs=1e-9)
