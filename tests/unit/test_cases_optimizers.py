"""What people reported about optimizers in the wild, with the right values as the frameworks' own runs give them, and each for its whole kind."""

import numpy as np
import pytest

from lr_explorer.export import export_code
from lr_explorer.noise import Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm, followed

# Relative tolerances here are as many digits as the frameworks' values were printed with.


def points(name, gradients, rates, start=0.0, **values):
    """Return the points after each update, along one coordinate, under given gradients."""
    gradients = np.asarray(gradients, dtype=float)
    both = np.repeat(gradients[:, None, None], 2, axis=1)
    rates = np.broadcast_to(rates, gradients.shape)
    path, _ = followed([OPTIMIZERS.create(name, **values)], rates, both, np.full((2, 1), float(start)))
    return path[1:, 0, 0, 0]


# The rate inside or outside the momentum buffer (pytorch#1099).

DROPPED = [0.1, 0.1, 0.1, 0.01, 0.01, 0.01]
OUTSIDE = [-0.1, -0.29, -0.561, -0.59539, -0.636341, -0.683197]
INSIDE = [-0.1, -0.29, -0.561, -0.8149, -1.05341, -1.278069]


def test_after_a_drop_pytorchs_momentum_slows_at_once():
    assert points("sgd", np.ones(6), DROPPED, momentum=0.9) == pytest.approx(OUTSIDE, rel=1e-6)


@pytest.mark.parametrize(("name", "values"), [("sgd", {"momentum": 0.9, "lr_in_buffer": True}), ("heavy_ball", {"momentum": 0.9})])
def test_after_a_drop_kerass_momentum_goes_on_with_its_old_steps(name, values):
    assert points(name, np.ones(6), DROPPED, **values) == pytest.approx(INSIDE, rel=1e-6)


@pytest.mark.parametrize("values", [{"momentum": 0.9, "nesterov": True}, {"momentum": 0.5}])
def test_while_the_rate_is_constant_both_conventions_are_the_same(values):
    inside, outside = (points("sgd", np.arange(1.0, 9.0), 0.1, lr_in_buffer=within, **values) for within in (True, False))
    np.testing.assert_allclose(inside, outside, rtol=1e-13)


def test_a_step_schedule_shows_the_two_conventions_apart_in_a_run():
    """Six updates on x²/2 through the whole engine, and once more in plain numbers."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    step = SCHEDULES.create("step", peak=0.1, step_size=3, gamma=0.1)
    scenario = Scenario(surface=bowl, start=Point(1.0, 0.0), noise=Gaussian(), steps=6)
    arms = [Arm(optimizer=OPTIMIZERS.create("sgd", momentum=0.9, lr_in_buffer=within), schedule=step) for within in (False, True)]
    outside, inside = (found.final[0, 0] for found in simulate(scenario.with_values(arms=tuple(arms))).arms)
    x, y, u, v = 1.0, 1.0, 0.0, 0.0
    for rate in DROPPED:
        u = 0.9 * u + x
        x -= rate * u
        v = 0.9 * v + rate * y
        y -= v
    assert (outside, inside) == pytest.approx((x, y), rel=1e-12)
    assert inside < outside - 0.1


@pytest.mark.parametrize(("framework", "within"), [("torch", True), ("optax", True), ("keras", False)])
def test_code_for_a_framework_of_the_other_convention_says_so(framework, within):
    said = " ".join(export_code(arm("step", "sgd", momentum=0.9, lr_in_buffer=within), 20, framework).replace("#", "").split())
    assert "the momentum buffer: the same while the rate is constant, not while it changes." in said
    plain = export_code(arm("step", "sgd", momentum=0.9, lr_in_buffer=not within), 20, framework)
    assert "momentum buffer" not in plain


@pytest.mark.parametrize("name", ["sgd", "rmsprop"])
def test_the_convention_is_an_option_that_says_what_it_does(name):
    described = OPTIMIZERS[name].params()["lr_in_buffer"]
    assert described.default is False
    assert "the same while the rate is constant" in described.help


# Dampening (pytorch PR#152833, mlx PR#473).


def test_pytorch_leaves_the_first_step_undampened():
    assert points("sgd", np.ones(4), 1.0, momentum=0.9, dampening=0.5) == pytest.approx([-1, -2.4, -4.16, -6.244], rel=1e-12)


@pytest.mark.parametrize("dampening", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("momentum", [0.5, 0.9])
def test_whatever_the_dampening_the_first_step_is_the_whole_gradient(momentum, dampening):
    assert points("sgd", [3.0], 0.1, momentum=momentum, dampening=dampening)[0] == pytest.approx(-0.3)


def test_without_momentum_there_is_nothing_to_dampen():
    np.testing.assert_array_equal(points("sgd", np.ones(4), 1.0, dampening=0.5), points("sgd", np.ones(4), 1.0))


# AMSGrad (optax#1389, pytorch#142323).

SPIKE = [10, 0.1, 0.1, 0.1, 0.1, 0.1]


@pytest.mark.parametrize(("convention", "expected"), [("torch", -0.335247), ("keras", -0.335247), ("optax", -0.230809)])
def test_amsgrads_largest_square_is_taken_before_the_bias_correction_or_after_it(convention, expected):
    assert points("adam", SPIKE, 0.1, amsgrad=True, convention=convention)[-1] == pytest.approx(expected, rel=1e-5)


def test_without_a_spike_in_the_past_amsgrad_is_adam_in_every_convention():
    """Where the mean squares only grow, corrected or not, the largest is the last one."""
    growing = 2.0 ** np.arange(12)
    for convention in ("torch", "keras", "optax"):
        plain, largest = (points("adam", growing, 0.1, convention=convention, amsgrad=on) for on in (False, True))
        np.testing.assert_allclose(largest, plain, rtol=1e-12)


@pytest.mark.parametrize(("framework", "convention"), [("optax", "torch"), ("torch", "optax"), ("keras", "optax")])
def test_code_for_an_amsgrad_of_the_other_kind_has_a_note(framework, convention):
    said = " ".join(export_code(arm("cosine", "adam", amsgrad=True, convention=convention), 20, framework).replace("#", "").split())
    assert "AMSGrad takes the largest second moment" in said


# Weight decay (optax#292, apex#1849).


def test_on_a_plateau_decoupled_decay_hardly_moves_and_l2_through_adam_walks_to_zero():
    flat = np.zeros(10)
    assert points("adamw", flat, 0.1, start=1, weight_decay=0.01)[-1] == pytest.approx(0.9900449, rel=1e-6)
    assert points("adam", flat, 0.1, start=1, weight_decay=0.01)[-1] == pytest.approx(0.0762502, rel=1e-5)
    assert points("adamw", flat, 0.1, start=1, weight_decay=1e-4)[-1] == pytest.approx(0.9999, rel=1e-6)


DECOUPLED = {"adamw": {}, "lion": {}, "sign_sgd": {}, "adan": {}, "ademamix": {}} | {
    name: {"decoupled_weight_decay": True} for name in ("nadam", "radam")
}  # fmt: skip
COUPLED = [name for name, cls in OPTIMIZERS.items() if "weight_decay" in cls.params() and "L2" in cls.params()["weight_decay"].help]


@pytest.mark.parametrize("name", DECOUPLED)
def test_decoupled_decay_shrinks_by_the_rate_times_itself_whatever_the_optimizer(name):
    found = points(name, np.zeros(10), 0.1, start=1, weight_decay=0.01, **DECOUPLED[name])
    np.testing.assert_allclose(found, 0.999 ** np.arange(1, 11), rtol=1e-12)


@pytest.mark.parametrize("name", COUPLED)
def test_coupled_decay_is_a_gradient_of_lambda_x_to_the_optimizer(name):
    """The same as a first update by that gradient without any decay."""
    found = points(name, [0.0], 0.1, start=2, weight_decay=0.03)
    np.testing.assert_allclose(found, points(name, [0.06], 0.1, start=2), rtol=1e-12)


def test_the_frameworks_default_decays_are_named_where_adamws_is_set():
    assert OPTIMIZERS["adamw"]().weight_decay == 0.01
    assert "0.01 by default; Optax 1e-4, Keras 4e-3" in OPTIMIZERS["adamw"].source
    # Since the defaults differ, code always spells it out.
    for framework in ("torch", "optax", "keras"):
        assert "weight_decay=0.01" in export_code(arm("cosine", "adamw"), 20, framework)


# Adadelta's rate (tensorflow#36785).


def adadelta(rate, **values):
    """Return x after 100 updates on x²/2 from 1."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    optimizer = OPTIMIZERS.create("adadelta", **values)
    one = Arm(optimizer=optimizer, schedule=SCHEDULES.create("constant", peak=rate))
    return simulate(Scenario(surface=bowl, start=Point(1.0, 0.0), noise=Gaussian(), arms=(one,), steps=100)).arms[0].final[0, 0]


def test_adadelta_at_a_rate_of_a_thousandth_looks_frozen_and_at_one_moves():
    assert adadelta(1.0) == pytest.approx(0.65117, rel=1e-5)
    assert adadelta(0.001) == pytest.approx(0.999594, rel=1e-6)
    assert adadelta(0.001, rho=0.95, eps=1e-7) == pytest.approx(0.999843, rel=1e-6)
    assert adadelta(1.0, rho=0.95, eps=1e-7) == pytest.approx(0.853059, rel=1e-6)


def test_choosing_adadelta_offers_a_rate_of_one():
    assert OPTIMIZERS["adadelta"].suggested_peak == 1.0
    assert "looks frozen" in OPTIMIZERS["adadelta"].source


@pytest.mark.parametrize("name", [name for name, cls in OPTIMIZERS.items() if not cls.rate_note])
def test_every_optimizer_gets_somewhere_at_its_suggested_rate(name):
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=2.0)
    one = Arm(optimizer=OPTIMIZERS.create(name), schedule=SCHEDULES.create("constant", peak=OPTIMIZERS[name].suggested_peak))
    found = simulate(Scenario(surface=bowl, start=Point(1.0, 1.0), noise=Gaussian(), arms=(one,), steps=300)).arms[0]
    assert found.final_loss[0] < 0.75 * found.loss[0, 0]


# Where epsilon stands (tensorflow#35102).


@pytest.mark.parametrize(
    ("convention", "eps", "expected"),
    [("torch", 1e-8, -0.0909091), ("optax", 1e-8, -0.0909091), ("keras", 1e-8, -0.0240253), ("keras", 1e-7, -0.00306534)],
)
def test_kerass_adam_adds_epsilon_before_the_bias_correction_where_a_tiny_gradient_counts_for_less(convention, eps, expected):
    assert points("adam", [1e-7], 0.1, convention=convention, eps=eps)[0] == pytest.approx(expected, rel=1e-5)


def test_with_large_gradients_epsilons_place_does_not_show():
    for other in ("keras", "optax"):
        np.testing.assert_allclose(points("adam", np.full(9, 50.0), 0.1, convention=other), points("adam", np.full(9, 50.0), 0.1), rtol=1e-7)


@pytest.mark.parametrize(("name", "first"), [("adagrad", 1.0), ("rmsprop", 0.01)])
def test_epsilon_inside_the_root_is_another_step_where_the_gradient_is_tiny(name, first):
    """After one gradient g the mean square is first·g²: the step is g/(√(first·g²) + ε) or g/√(first·g² + ε)."""
    g, eps = 1e-4, 1e-6
    outside, inside = (points(name, [g], 1.0, eps=eps, eps_in_sqrt=within)[0] for within in (False, True))
    assert outside == pytest.approx(-g / (np.sqrt(first) * g + eps), rel=1e-12)
    assert inside == pytest.approx(-g / np.sqrt(first * g * g + eps), rel=1e-12)


def test_an_accumulator_that_does_not_begin_at_zero_shortens_the_first_steps():
    assert points("adagrad", [1.0], 1.0, eps=0.0)[0] == -1
    assert points("adagrad", [1.0], 1.0, eps=0.0, initial_accumulator_value=3.0)[0] == pytest.approx(-0.5)
    assert points("rmsprop", [1.0], 1.0, eps=0.0, alpha=0.5, initial_scale=7.0)[0] == pytest.approx(-0.5)


def test_without_bias_correction_adams_first_step_is_the_textbooks_product():
    """m = 0.1·g and √v = √0.001·g: 3.16 times the rate."""
    assert points("adam", [5.0], 0.1, bias_correction=False, eps=0.0)[0] == pytest.approx(-0.1 * 0.1 / np.sqrt(0.001), rel=1e-12)
    assert points("adam", [5.0], 0.1, eps=0.0)[0] == pytest.approx(-0.1, rel=1e-12)
    assert points("rmsprop", [5.0], 0.1, bias_correction=True, eps=0.0)[0] == pytest.approx(-0.1, rel=1e-12)


# What the rate is used for.


def test_rprop_reads_the_rate_once_and_the_story_says_so():
    falling = points("rprop", np.ones(6), [0.1, 0.0, 0.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(falling, points("rprop", np.ones(6), 0.1))
    (sentence,) = what_happened(simulate(Scenario(arms=(arm("cosine", "rprop"),), steps=20)))
    assert "It reads the rate once, as its first step, and makes the later ones itself: the schedule does nothing." in sentence


def test_asgd_uses_each_rate_one_update_later_and_the_story_says_so():
    steps = -np.diff(points("asgd", np.ones(5), [0.1, 0.2, 0.3, 0.4, 0.5], lambd=1e-12), prepend=0.0)
    np.testing.assert_allclose(steps, [0.1, 0.1, 0.2, 0.3, 0.4], rtol=1e-9)
    (sentence,) = what_happened(simulate(Scenario(arms=(arm("cosine", "asgd"),), steps=20)))
    assert "It uses each rate one update later, as PyTorch's ASGD does." in sentence


def test_radams_first_five_updates_are_plain_momentum():
    found = points("radam", np.full(6, 100.0), 0.001)
    # m̂ of equal gradients is the gradient; from the sixth on the step is scaled.
    np.testing.assert_allclose(found[:5], -0.1 * np.arange(1, 6), rtol=1e-12)
    assert found[5] - found[4] > -0.001
