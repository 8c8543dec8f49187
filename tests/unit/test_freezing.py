"""A frozen coordinate is to its optimizer as if it were not there; unfrozen, it begins as at a first update."""

import numpy as np
import pytest

from lr_explorer.clipping import CLIPPINGS
from lr_explorer.controllers import CONTROLLERS
from lr_explorer.noise import Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES
from lr_explorer.wrappers import WRAPPERS
from tests.parity.torch_optimizers import in_double_precision, torch_optimizer

STEPS, UNTIL = 60, 25
FALLING = SCHEDULES.create("cosine", peak=0.02)
SKEW = Scenario(
    surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0, angle=30.0), start=Circle(x=2.0, y=1.0, radius=0.5), noise=Gaussian(sigma=0.5),
    steps=STEPS,
)  # fmt: skip
# x and y do not meet in these; each is a problem of its own.
STRAIGHT = SKEW.with_values(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0))
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
each_apart = pytest.mark.parametrize("name", [name for name, cls in OPTIMIZERS.items() if not cls.couples])


def run(scenario, *arms, replicates=3):
    return simulate(scenario.with_values(arms=arms), replicates).arms


def arm(name, schedule=FALLING, **fields):
    cls = OPTIMIZERS[name]
    # Momentum and decay would move a coordinate whose gradient is 0.
    alive = {key: value for key, value in {"momentum": 0.9, "weight_decay": 0.1}.items() if key in cls.params()}
    return Arm(optimizer=cls(**alive), schedule=schedule, **fields)


@every_optimizer
@pytest.mark.parametrize("around", [{}, {"wrapper": WRAPPERS.create("sam")}, {"wrapper": WRAPPERS.create("lookahead")}])
@pytest.mark.parametrize("clipping", CLIPPINGS)
def test_a_frozen_coordinate_stays_to_the_last_digit_and_the_other_moves(name, around, clipping):
    if (around and not around["wrapper"].fits(OPTIMIZERS.create(name))) or (clipping != "none" and OPTIMIZERS[name].is_reference):
        return
    found = run(SKEW, arm(name, freeze_x=True, clipping=CLIPPINGS.create(clipping), **around))[0]
    assert (found.path[:, 0] == found.path[0, 0]).all()
    assert (found.path[-1, 1] != found.path[0, 1]).all()


@every_optimizer
def test_with_both_frozen_nothing_moves(name):
    found = run(SKEW, arm(name, freeze_x=True, freeze_y=True))[0]
    assert (found.path == found.path[0]).all()


@each_apart
def test_the_other_coordinate_does_not_notice_a_frozen_one(name):
    alone, beside = run(STRAIGHT, arm(name, freeze_x=True), arm(name))
    np.testing.assert_array_equal(alone.path[:, 1], beside.path[:, 1])


@every_optimizer
def test_a_coordinate_moves_from_the_update_on_in_which_it_is_unfrozen(name):
    found = run(SKEW, arm(name, freeze_y=True, unfreeze_at=UNTIL))[0]
    assert (found.path[: UNTIL + 1, 1] == found.path[0, 1]).all()
    assert (found.path[UNTIL + 2, 1] != found.path[0, 1]).all()


@each_apart
def test_an_unfrozen_coordinate_goes_on_as_a_run_that_begins_then_with_the_rates_of_then(name):
    quiet = STRAIGHT.with_values(noise=Gaussian(), start=Point(2.0, 1.0))
    curve = SCHEDULES.create("polynomial", peak=0.02)
    late = run(quiet, arm(name, curve, freeze_x=True, unfreeze_at=UNTIL), replicates=1)[0]
    # The rest of a straight line to 0 is a straight line to 0.
    rest = SCHEDULES.create("polynomial", peak=float(curve.values(STEPS)[UNTIL]))
    early = run(quiet.with_values(steps=STEPS - UNTIL), arm(name, rest), replicates=1)[0]
    if name == "sgld":
        return  # its noise belongs to the step
    np.testing.assert_allclose(late.path[UNTIL:, 0], early.path[:, 0], rtol=1e-9)


@in_double_precision
def torchs(optimizer):
    """Return PyTorch's points on ½(x² + 10y²) from (2, 1), x without a gradient until it is unfrozen."""
    import torch

    layers = [torch.tensor([value], requires_grad=True) for value in (2.0, 1.0)]
    theirs = torch_optimizer(optimizer, layers[0])
    group, found = theirs.param_groups[0], []
    group["params"] = layers
    for t, rate in enumerate(FALLING.values(STEPS)):
        layers[0].requires_grad_(t >= UNTIL)
        group["lr"] = float(rate)
        for layer, curvature in zip(layers, (1.0, 10.0), strict=True):
            layer.grad = curvature * layer.detach().clone() if layer.requires_grad else None
        theirs.step()
        found.append([layer.item() for layer in layers])
    return found


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "nadam", "radam", "adagrad", "adadelta", "adamax", "asgd"])
def test_freezing_is_what_torch_makes_of_a_parameter_without_a_gradient(name):
    made = arm(name, freeze_x=True, unfreeze_at=UNTIL)
    quiet = STRAIGHT.with_values(noise=Gaussian(), start=Point(2.0, 1.0))
    expected = torchs(made.optimizer)
    np.testing.assert_allclose(run(quiet, made, replicates=1)[0].path[1:, :, 0], expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["prodigy", "dadapt_adam"])
def test_an_estimate_of_the_distance_is_made_of_what_moves(name):
    """Frozen for good, the other coordinate alone decides: as on a surface that is flat along the frozen one."""
    slope = SKEW.with_values(noise=Gaussian(), start=Point(2.0, 1.0), surface=SURFACES.create("quadratic", lambda1=0.0, lambda2=10.0))
    one = SCHEDULES.create("constant", peak=1.0)
    frozen = run(STRAIGHT.with_values(noise=Gaussian(), start=Point(2.0, 1.0)), Arm(optimizer=OPTIMIZERS.create(name), schedule=one, freeze_x=True))[
        0
    ]
    flat = run(slope, Arm(optimizer=OPTIMIZERS.create(name), schedule=one))[0]
    np.testing.assert_allclose(frozen.path[:, 1], flat.path[:, 1], rtol=1e-12)


def test_a_norm_that_is_clipped_is_that_of_what_moves():
    """From (3, 4) on ½(x² + y²) with x frozen the gradient is 4 long, and not clipped at 4.5."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    scenario = Scenario(surface=bowl, start=Point(3.0, 4.0), noise=Gaussian(), steps=1)
    clipped = CLIPPINGS.create("norm", max_norm=4.5)
    frozen, free = run(scenario, arm("sgld", clipping=clipped, freeze_x=True), arm("sgld", clipping=clipped))
    assert frozen.clipped.tolist() == [0, 0, 0]
    assert free.clipped.tolist() == [1, 1, 1]


def test_a_controller_does_not_see_the_gradient_of_a_frozen_coordinate():
    """Hypergradient descent on ½(x² + 10y²) with y frozen is that on a surface that is flat along y."""
    quiet = STRAIGHT.with_values(noise=Gaussian(), start=Point(2.0, 1.0))
    flat = quiet.with_values(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=0.0))
    rate = CONTROLLERS.create("hypergradient", peak=0.01, kappa=1e-3)
    frozen, alone = run(quiet, Arm(schedule=rate, freeze_y=True))[0], run(flat, Arm(schedule=rate))[0]
    np.testing.assert_array_equal(frozen.lr, alone.lr)
    np.testing.assert_array_equal(frozen.path[:, 0], alone.path[:, 0])


@pytest.mark.parametrize("name", [name for name, cls in OPTIMIZERS.items() if not (cls.couples or cls.is_reference)])
def test_a_multiplier_on_one_coordinate_is_a_rate_of_its_own_for_it(name):
    triple = run(STRAIGHT, arm(name, FALLING.with_values(peak=0.06)))[0]
    plain, multiplied = run(STRAIGHT, arm(name), arm(name, rate_x=3.0))
    np.testing.assert_allclose(multiplied.path[:, 0], triple.path[:, 0], rtol=1e-9)
    np.testing.assert_array_equal(multiplied.path[:, 1], plain.path[:, 1])


def test_arms_frozen_in_different_ways_run_as_if_each_were_alone():
    arms = [
        arm("adam", freeze_x=x, freeze_y=y, unfreeze_at=until)
        for x, y, until in ((True, False, 0), (False, True, 9), (True, True, 9), (False, False, 0))
    ]
    for one, beside in zip(arms, run(SKEW, *arms), strict=True):
        np.testing.assert_array_equal(run(SKEW, one)[0].path, beside.path)


def test_momentum_that_cycles_goes_on_cycling_where_a_coordinate_begins_late():
    cycling = SCHEDULES.create("one_cycle", peak=0.02, cycle_momentum=True)
    late = run(SKEW, arm("sgd", cycling, freeze_x=True, unfreeze_at=UNTIL))[0]
    assert (late.path[: UNTIL + 1, 0] == late.path[0, 0]).all()
    assert np.isfinite(late.path).all()


def test_anatomy_shows_nothing_made_of_a_frozen_coordinate():
    found = simulate(SKEW.with_values(arms=(arm("adam", freeze_x=True, unfreeze_at=UNTIL),)), anatomy=True).arms[0]
    assert (found.memory[:UNTIL, 0] == 0).all()
    assert (found.gradient[:UNTIL, 0] == 0).all()
    assert (found.memory[UNTIL + 1 :, 0] != 0).all()


# What is told


def test_how_far_each_coordinate_drifted_is_told_of_all_arms_once_one_treats_them_apart():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    scenario = Scenario(surface=bowl, start=Point(4.0, 2.0), noise=Gaussian(), steps=1)
    constant = SCHEDULES.create("constant", peak=0.25)
    plain = Arm(schedule=constant)
    # One update takes a quarter off each coordinate.
    frozen, beside = what_happened(simulate(scenario.with_values(arms=(plain.with_values(freeze_x=True), plain))))
    assert "Drift from the start: 0 along x, frozen; 0.5 along y." in frozen
    assert "Drift from the start: 1 along x; 0.5 along y." in beside
    slower, _ = what_happened(simulate(scenario.with_values(arms=(plain.with_values(rate_x=0.1), plain))))
    assert "Drift from the start: 0.1 along x; 0.5 along y." in slower
    assert "Drift" not in what_happened(simulate(scenario.with_values(arms=(plain, plain))))[0]


def test_until_when_it_was_frozen_is_told():
    (sentence,) = what_happened(simulate(SKEW.with_values(arms=(arm("adam", freeze_y=True, unfreeze_at=UNTIL),))))
    assert f"along y, frozen until step {UNTIL}." in sentence


def test_stability_is_told_of_the_coordinates_that_move():
    """½(x² + 10y²) at rate 0.1 with y frozen: what acts is 0.1·1, until y is free and it is 0.1·10."""
    quiet = STRAIGHT.with_values(noise=Gaussian(), start=Point(2.0, 1.0))
    constant = SCHEDULES.create("constant", peak=0.1)
    (frozen,) = what_happened(simulate(quiet.with_values(arms=(Arm(schedule=constant, freeze_y=True),))))
    assert "Largest η·λmax on the way: 0.1 at step 0" in frozen
    (freed,) = what_happened(simulate(quiet.with_values(arms=(Arm(schedule=constant, freeze_y=True, unfreeze_at=UNTIL),))))
    assert f"Largest η·λmax on the way: 1 at step {UNTIL}" in freed
