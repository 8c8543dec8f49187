"""Controllers answer to the loss and the gradients; each replicate has a rate of its own."""

import numpy as np
import pytest

import lr_explorer as lrx
from lr_explorer.controllers import CONTROLLERS
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.surfaces import SURFACES

BOWL = Scenario(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0), start=Point(3.0, 4.0), noise=Gaussian(), steps=20)


def rates(name, losses, gradients=None, **values):
    """Return the rates of one lane fed with given losses and gradients (steps, 2)."""
    controller = CONTROLLERS.create(name, **values)
    control = type(controller).begins([controller], (2, 1, 1), 0.0)
    gradients = np.zeros((len(losses), 2)) if gradients is None else np.asarray(gradients, dtype=float)
    return [
        float(np.ravel(control.at(t, np.array([[loss]]), gradient.reshape(2, 1, 1)))[0])
        for t, (loss, gradient) in enumerate(zip(losses, gradients, strict=True))
    ]


def first_change(found):
    return next(t for t, rate in enumerate(found) if rate != found[0])


def ran(controller, scenario=BOWL, replicates=None, **arm_values):
    return simulate(scenario.with_values(arms=(Arm(schedule=controller, **arm_values),)), replicates).arms[0]


def test_the_menu_of_an_arm_has_schedules_then_controllers_and_the_lists_stay_apart():
    menu = Arm.parts()["schedule"].registry
    assert list(menu) == [*SCHEDULES, *CONTROLLERS]
    assert len(menu) == len(SCHEDULES) + len(CONTROLLERS)
    assert dict(lrx.schedules()) == dict(SCHEDULES)
    assert list(lrx.controllers()) == ["greedy", "hypergradient", "reduce_on_plateau", "polyak"]
    assert menu["polyak"] is CONTROLLERS["polyak"]
    with pytest.raises(ValueError, match=r"unknown schedule 'polyac'; the most alike of \d+: polyak"):
        menu["polyac"]
    with pytest.raises(TypeError):
        menu["polyak"] = CONTROLLERS["greedy"]


# Plateau


def test_torch_cuts_after_one_bad_epoch_more_than_keras():
    """The first metric is the loss after the first update; with patience 10 the eleventh bad one after it sets the rate of update 12."""
    flat = [1.0] * 30
    assert first_change(rates("reduce_on_plateau", flat, every=1)) == 12
    assert first_change(rates("reduce_on_plateau", flat, every=1, convention="keras")) == 11
    assert rates("reduce_on_plateau", flat, every=1)[12] == pytest.approx(0.01)


def test_an_epoch_is_the_mean_of_the_losses_after_its_updates():
    # Means of updates 1–2, 3–4, …: 3, 2, 2 (not better). The loss before the first update counts for nothing.
    losses = [0.0, 4.0, 2.0, 1.0, 3.0, 2.0, 2.0, 9.0]
    assert rates("reduce_on_plateau", losses, every=2, patience=0, peak=1.0) == [1.0] * 6 + [0.1] * 2


def test_a_loss_that_is_no_number_is_bad():
    found = rates("reduce_on_plateau", [1.0, 1.0, *[np.nan] * 4], every=1, patience=1, peak=1.0)
    assert found == [1.0, 1.0, 1.0, 0.1, 0.1, pytest.approx(0.01)]


def test_the_floor_is_the_lowest_rate():
    found = rates("reduce_on_plateau", [1.0] * 20, every=1, patience=0, peak=1.0, floor=0.05)
    assert found[2:5] == [0.1, 0.05, 0.05]


def test_the_cool_down_of_keras_is_one_epoch_shorter():
    flat = [1.0] * 12
    cuts = [
        np.flatnonzero(np.diff(rates("reduce_on_plateau", flat, every=1, patience=1, cooldown=3, convention=kind))) for kind in ("torch", "keras")
    ]
    # PyTorch: bad epochs 2, 3 → update 3; three of rest, two bad → 8. Keras: one bad → 2; two of rest, one bad → 5.
    assert [list(at + 1) for at in cuts] == [[3, 8], [2, 5, 8, 11]]


def test_below_zero_a_relative_threshold_is_easier_than_none_as_in_torch():
    # −1·(1 − 0.1) = −0.9: a loss of −0.95 counts as better than −1.
    rising = [0.0, -1.0, -0.95, -0.9, -0.85]
    assert len(set(rates("reduce_on_plateau", rising, every=1, patience=0, threshold=0.1))) == 1
    assert len(set(rates("reduce_on_plateau", rising, every=1, patience=0, threshold=0.1, threshold_mode="abs"))) > 1


# GreedyLR


def test_greedy_rises_while_it_improves_and_falls_on_a_plateau():
    improving, flat = [10.0 - t for t in range(6)], [4.0] * 6
    found = rates("greedy", improving + flat, every=1, patience=1, peak=1.0, factor=0.5, ceiling=4.0)
    # Good at 1, 2 → doubled for 2; again for 4; then at the ceiling. Bad from 7 on: halved for 8, 10.
    assert found == [1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0, 2.0, 2.0, 1.0, 1.0]


def test_greedy_starts_over_when_it_has_asked_often_enough_at_the_floor():
    found = rates("greedy", [1.0] * 9, every=1, patience=0, peak=1.0, factor=0.5, floor=0.25, reset_start=2)
    # The first metric is a best one and asks for a rise: to 2. Cuts for 2, 3, 4 (at the floor: 1), 5 (2: over again), 6 is a best one again.
    assert found[:7] == [1.0, 2.0, 1.0, 0.5, 0.25, 1.0, 2.0]


# Hypergradient


def test_the_hypergradient_adds_kappa_times_the_product_of_two_gradients():
    found = rates("hypergradient", [0.0] * 4, [[1, 2], [3, -1], [0, 5], [0, 0]], peak=0.1, kappa=0.01)
    assert found == pytest.approx([0.1, 0.1 + 0.01 * 1, 0.11 - 0.01 * 5, 0.06])


def test_the_multiplicative_hypergradient_knows_the_angle_alone():
    found = rates("hypergradient", [0.0] * 4, [[1, 0], [1e6, 0], [0, -3], [0, 1e-9]], peak=0.1, kappa=0.5, variant="multiplicative")
    assert found == pytest.approx([0.1, 0.15, 0.15, 0.075])


def test_the_hypergradient_stops_at_its_floor():
    assert rates("hypergradient", [0.0] * 2, [[1, 0], [-1, 0]], peak=0.1, kappa=10.0, floor=0.2)[1] == pytest.approx(0.02)


def test_the_hypergradient_recovers_from_a_rate_that_is_far_too_low():
    found = ran(CONTROLLERS.create("hypergradient", peak=1e-4, kappa=1e-3))
    constant = ran(SCHEDULES.create("constant", peak=1e-4))
    assert found.final_loss[0] < 0.1 * constant.final_loss[0]


# Polyak


def test_the_polyak_step_halves_the_distance_to_the_bottom_of_a_round_bowl():
    """(f − f*)/‖g‖² = (r²/2)/r²."""
    found = ran(CONTROLLERS.create("polyak", peak=10.0))
    np.testing.assert_allclose(found.lr[:, 0], 0.5, rtol=1e-12)
    np.testing.assert_allclose(found.final[:, 0], np.array([3.0, 4.0]) / 2**20, rtol=1e-9)


def test_the_polyak_step_is_capped_by_the_peak_and_rests_where_there_is_no_slope():
    assert rates("polyak", [5.0, 5.0, 5.0, -1.0], [[1, 0], [0, 0], [10, 0], [1, 1]], peak=2.0) == [2.0, 0.0, 0.05, 0.0]


def test_the_lowest_loss_that_polyak_aims_at_is_the_surfaces():
    well = SURFACES.create("double_well")
    assert well.lowest < 0
    scenario = BOWL.with_values(surface=well, start=Point(-1.5, 0.5))
    found = ran(CONTROLLERS.create("polyak", peak=10.0), scenario)
    point = np.array([-1.5, 0.5])
    expected = (well.value(point) - well.lowest) / (well.gradient(point) ** 2).sum()
    assert found.lr[0, 0] == pytest.approx(expected, rel=1e-12)
    too_low = ran(CONTROLLERS.create("polyak", peak=10.0, error=-1.0), scenario)
    assert too_low.lr[0, 0] == pytest.approx(expected + 1 / (well.gradient(point) ** 2).sum(), rel=1e-12)


@pytest.mark.oracle
def test_the_polyak_step_is_that_of_optax():
    import jax
    import jax.numpy as jnp
    import optax

    gradients = np.random.default_rng(0).normal(size=(20, 2))
    losses = np.random.default_rng(1).uniform(0, 3, 20)
    with jax.enable_x64(True):
        polyak = optax.polyak_sgd(max_learning_rate=0.8, variant="sps+")
        updates = [polyak.update(jnp.asarray(g), polyak.init(jnp.zeros(2)), jnp.zeros(2), value=f)[0] for f, g in zip(losses, gradients, strict=True)]
    # Optax's polyak_sgd descends and scales.
    np.testing.assert_allclose(-np.array(rates("polyak", losses, gradients, peak=0.8))[:, None] * gradients, updates, rtol=1e-13)


# All


@pytest.mark.parametrize("name", CONTROLLERS)
def test_every_controller_warms_up_first_and_counts_nothing_until_then(name):
    losses, gradients = np.linspace(3, 1, 40), np.ones((40, 2))
    warmed = rates(name, losses, gradients, peak=0.5, warmup=10, warmup_start=0.2)
    assert warmed[:10] == pytest.approx([0.5 * (0.2 + 0.8 * t / 10) for t in range(10)])
    assert warmed[10:] == rates(name, losses[10:], gradients[10:], peak=0.5)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_every_controller_warms_up_in_the_shapes_of_the_schedules(name):
    for shape in ("linear", "cosine", "exponential", "one_minus_sqrt"):
        found = rates(name, [1.0] * 8, warmup=8, warmup_shape=shape)
        np.testing.assert_allclose(found, SCHEDULES.create("constant", warmup=8, warmup_shape=shape).values(8), atol=1e-15)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_replicates_have_rates_of_their_own_that_do_not_depend_on_one_another(name):
    noisy = BOWL.with_values(noise=Gaussian(sigma=2.0), steps=300)
    together = ran(CONTROLLERS.create(name), noisy, 5)
    assert together.lr.shape == (300, 5)
    assert len({tuple(lane) for lane in together.lr.T}) > 1
    for place in range(5):
        alone = ran(CONTROLLERS.create(name), noisy, [place])
        np.testing.assert_array_equal(alone.lr[:, 0], together.lr[:, place])
        np.testing.assert_array_equal(alone.path[..., 0], together.path[..., place])


def test_arms_under_controllers_run_as_if_each_were_alone():
    schedules = [
        CONTROLLERS.create("reduce_on_plateau", patience=1), CONTROLLERS.create("reduce_on_plateau", patience=3, factor=0.5, peak=0.2),
        CONTROLLERS.create("polyak"), SCHEDULES.create("cosine"), CONTROLLERS.create("greedy"), CONTROLLERS.create("hypergradient"),
    ]  # fmt: skip
    arms = tuple(Arm(schedule=schedule, rate_x=1.0 + place % 2) for place, schedule in enumerate(schedules))
    noisy = BOWL.with_values(noise=Gaussian(sigma=1.0), steps=200)
    together = simulate(noisy.with_values(arms=arms), 4)
    for found, made in zip(together.arms, arms, strict=True):
        alone = simulate(noisy.with_values(arms=(made,)), 4).arms[0]
        np.testing.assert_array_equal(found.path, alone.path)
        np.testing.assert_array_equal(found.lr, alone.lr)
    assert together.arms[3].lr.shape == (200,)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_the_rate_that_a_run_shows_is_the_one_that_it_used(name):
    found = ran(CONTROLLERS.create(name), BOWL.with_values(noise=Gaussian(sigma=1.0), steps=100), drop_at=40, drop_factor=0.25)
    run = simulate(BOWL.with_values(noise=Gaussian(sigma=1.0), steps=100, arms=(found.arm,)), anatomy=True).arms[0]
    np.testing.assert_allclose(np.diff(run.path, axis=0)[..., 0], -run.lr[:, 0, None] * run.gradient[..., 0], rtol=1e-9, atol=1e-13)


def test_a_diverged_replicate_has_no_rate_any_more():
    found = ran(CONTROLLERS.create("greedy", peak=3.0), BOWL.with_values(steps=60))
    gone = found.diverged_at[0]
    assert 0 < gone < 60
    assert np.isfinite(found.lr[:gone]).all()
    assert np.isnan(found.lr[gone:]).all()


def test_a_controller_looks_at_the_answer_of_a_method_that_takes_its_gradient_elsewhere():
    scenario = BOWL.with_values(steps=10)
    found = ran(CONTROLLERS.create("polyak", peak=10.0), scenario, optimizer=lrx.optimizer("schedule_free_sgd"))
    gradient = simulate(scenario.with_values(arms=(found.arm,)), anatomy=True).arms[0].gradient
    np.testing.assert_allclose(found.lr[:, 0], found.loss[:-1, 0] / (gradient[..., 0] ** 2).sum(axis=1), rtol=1e-12)
    assert not np.allclose(gradient[2:, :, 0], found.path[2:-1, :, 0])


# The drop


def test_a_drop_multiplies_the_rate_of_every_update_from_then_on():
    schedule = SCHEDULES.create("cosine")
    found = ran(schedule, drop_at=7, drop_factor=0.3)
    np.testing.assert_array_equal(found.lr[:7], schedule.values(20)[:7])
    np.testing.assert_array_equal(found.lr[7:], schedule.values(20)[7:] * 0.3)
    np.testing.assert_array_equal(ran(schedule, drop_factor=0.3).lr, schedule.values(20))


def test_a_drop_makes_a_run_settle():
    noisy = BOWL.with_values(noise=Gaussian(sigma=2.0), steps=400)
    plain = simulate(noisy.with_values(arms=(Arm(schedule=SCHEDULES.create("constant", peak=0.2)),)), 100).arms[0]
    dropped = simulate(noisy.with_values(arms=(Arm(schedule=SCHEDULES.create("constant", peak=0.2), drop_at=300),)), 100).arms[0]
    # The noise floor is ησ²/(2 − ηλ): 0.444 at 0.2 and 0.0404 at 0.02.
    assert plain.final_loss.mean() == pytest.approx(0.444, rel=0.3)
    assert dropped.final_loss.mean() == pytest.approx(0.0404, rel=0.3)


def test_a_drop_is_part_of_the_link():
    scenario = BOWL.with_values(arms=(Arm(schedule=CONTROLLERS.create("greedy", patience=3), drop_at=5, drop_factor=0.5),))
    query = scenario.to_query()
    assert (query["arm1.drop_at"], query["arm1.drop_factor"], query["arm1.schedule"], query["arm1.schedule.patience"]) == ("5", "0.5", "greedy", "3")
    assert Scenario.from_query(query) == scenario
    with pytest.raises(ValueError, match=r"Arm\.drop_factor must be between 0 and 1; got 2"):
        Arm(drop_factor=2.0)
