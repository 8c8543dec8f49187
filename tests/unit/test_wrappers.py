"""Lookahead and SAM stand around any optimizer, and clipping before it: each is what a plain loop, or the real thing, computes."""

import numpy as np
import pytest

from lr_explorer.clipping import CLIPPINGS
from lr_explorer.draws import Draws
from lr_explorer.noise import Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES
from lr_explorer.wrappers import WRAPPERS

STEPS = 40
NOISY = Scenario(surface=SURFACES.create("himmelblau"), start=Circle(x=1.0, y=1.0, radius=1.0), noise=Gaussian(sigma=3.0), steps=STEPS, seed=4)
FALLING = SCHEDULES.create("cosine", peak=0.01)
STEPPING = [name for name, cls in OPTIMIZERS.items() if not cls.is_reference]
every_optimizer = pytest.mark.parametrize("name", STEPPING)


def arm(name="sgd", schedule=FALLING, **more):
    """Return an arm; keyword arguments are its fields, but for those of the optimizer."""
    fields = {key: more.pop(key) for key in list(more) if key in {**Arm.params(), **Arm.parts()}}
    return Arm(optimizer=OPTIMIZERS.create(name, **more), schedule=schedule, **fields)


def run(scenario, *arms, replicates=3, **more):
    return simulate(scenario.with_values(arms=arms), replicates, **more).arms


def wrapper(name, **values):
    return WRAPPERS.create(name, **values)


def clipping(name, **values):
    return CLIPPINGS.create(name, **values)


# Lookahead


@pytest.mark.parametrize("name", [name for name in STEPPING if wrapper("lookahead").fits(OPTIMIZERS.create(name))])
def test_lookahead_that_keeps_all_of_the_way_is_the_optimizer_alone(name):
    alone, around = run(NOISY, arm(name), arm(name, wrapper=wrapper("lookahead", slow_step_size=1.0, sync_period=3)))
    # x goes to s + (x − s), which is x but for a rounding, and Rprop's and Lion's signs can make a step of a rounding.
    np.testing.assert_allclose(around.path, alone.path, rtol=1e-9, atol=1e-9)


def test_lookahead_around_gradient_descent_is_what_a_plain_loop_computes():
    found = run(NOISY, arm("sgd", momentum=0.5, wrapper=wrapper("lookahead", slow_step_size=0.3, sync_period=4)), replicates=1)[0]
    normals = Draws(4, [0], 0, STEPS).normals()[..., 0]
    x = slow = NOISY.start.points(4, [0])[:, 0]
    velocity, expected = np.zeros(2), []
    for t, eta in enumerate(FALLING.values(STEPS)):
        velocity = 0.5 * velocity + NOISY.surface.gradient(x) + 3.0 * normals[t]
        x = x - eta * velocity
        if t % 4 == 3:
            slow = slow + 0.3 * (x - slow)
            x = slow
        expected.append(x)
    np.testing.assert_allclose(found.path[1:, :, 0], expected, rtol=1e-9)


@pytest.mark.oracle
def test_lookahead_around_adam_is_optaxs():
    import jax
    import optax

    with jax.enable_x64(True):
        schedule = FALLING.values(STEPS)
        theirs = optax.lookahead(optax.adam(lambda count: jax.numpy.asarray(schedule)[count]), sync_period=4, slow_step_size=0.3)
        params = optax.LookaheadParams.init_synced(jax.numpy.asarray([2.0, 1.0]))
        state, expected = theirs.init(params), []
        for _ in range(STEPS):
            gradient = NOISY.surface.gradient(np.asarray(params.fast))
            updates, state = theirs.update(jax.numpy.asarray(gradient), state, params)
            params = optax.apply_updates(params, updates)
            expected.append(np.asarray(params.fast))
    quiet = NOISY.with_values(noise=Gaussian(), start=Point(2.0, 1.0))
    found = run(quiet, arm("adam", wrapper=wrapper("lookahead", slow_step_size=0.3, sync_period=4)), replicates=1)[0]
    np.testing.assert_allclose(found.path[1:, :, 0], expected, rtol=1e-10)


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if not wrapper("lookahead").fits(OPTIMIZERS.create(name))])
def test_lookahead_is_refused_with_a_sentence_where_the_path_is_not_where_the_gradient_is_taken(name):
    with pytest.raises(
        ValueError, match=r"Arm\.wrapper: Lookahead needs an optimizer that takes its gradients where its path is and steps by them; got"
    ):
        arm(name, wrapper=wrapper("lookahead"))


# SAM


@every_optimizer
def test_sam_without_a_radius_is_the_optimizer_alone(name):
    alone, around = run(NOISY, arm(name), arm(name, wrapper=wrapper("sam", rho=0.0)))
    np.testing.assert_array_equal(around.path, alone.path)


def test_sam_takes_its_second_gradient_uphill_under_the_same_draw_of_noise():
    found = run(NOISY, arm("adam", wrapper=wrapper("sam", rho=0.2)), replicates=1)[0]
    normals = Draws(4, [0], 0, STEPS).normals()[..., 0]
    x, m, v, expected = NOISY.start.points(4, [0])[:, 0], np.zeros(2), np.zeros(2), []
    for t, eta in enumerate(FALLING.values(STEPS)):
        first = NOISY.surface.gradient(x) + 3.0 * normals[t]
        second = NOISY.surface.gradient(x + 0.2 * first / np.hypot(*first)) + 3.0 * normals[t]
        m, v = 0.9 * m + 0.1 * second, 0.999 * v + 0.001 * second**2
        x = x - eta * (m / (1 - 0.9 ** (t + 1))) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
        expected.append(x)
    np.testing.assert_allclose(found.path[1:, :, 0], expected, rtol=1e-9)


@pytest.mark.oracle
def test_sam_around_gradient_descent_is_optaxs():
    import jax
    import optax
    from optax import contrib

    quiet = NOISY.with_values(noise=Gaussian(), start=Point(2.0, 1.0))
    constant = SCHEDULES.create("constant", peak=0.01)
    with jax.enable_x64(True):
        theirs = contrib.sam(optax.sgd(0.01), optax.chain(contrib.normalize(), optax.sgd(0.1)), sync_period=2, opaque_mode=True)
        x = jax.numpy.asarray([2.0, 1.0])
        state, expected = theirs.init(x), []

        def seen(point, i):
            return jax.numpy.asarray(quiet.surface.gradient(np.asarray(point)))

        for _ in range(STEPS):
            updates, state = theirs.update(seen(x, 0), state, x, grad_fn=seen)
            x = optax.apply_updates(x, updates)
            expected.append(np.asarray(x))
    found = run(quiet, arm("sgd", constant, wrapper=wrapper("sam", rho=0.1)), replicates=1)[0]
    np.testing.assert_allclose(found.path[1:, :, 0], expected, rtol=1e-10)


def test_sam_leaves_a_narrow_minimum_for_a_wide_one():
    """On a parabola of curvature λ it steps by λ(x + ρ·sign x): at rest only closer than ηλρ/(2 − ηλ) to the minimum, never in it."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
    scenario = Scenario(surface=bowl, start=Point(0.0, 1.0), noise=Gaussian(), steps=400)
    found = run(scenario, arm("sgd", SCHEDULES.create("constant", peak=0.05), wrapper=wrapper("sam", rho=0.2)), replicates=1)[0]
    # Back and forth between ± a: a = −(a − ηλ(a + ρ)) gives a(2 − ηλ) = ηλρ, 0.5·0.2/1.5.
    np.testing.assert_allclose(np.abs(found.path[-10:, 1, 0]), 0.5 * 0.2 / 1.5, rtol=1e-9)


def test_sam_of_a_vanishing_gradient_stays_where_it_is():
    bowl = SURFACES.create("quadratic")
    found = run(Scenario(surface=bowl, start=Point(0.0, 0.0), noise=Gaussian(), steps=5), arm(wrapper=wrapper("sam")))[0]
    assert (found.path == 0).all()


# Both


@pytest.mark.parametrize("kind", WRAPPERS)
@every_optimizer
def test_wrapped_arms_side_by_side_are_the_arms_alone(kind, name):
    if not wrapper(kind).fits(OPTIMIZERS.create(name)):
        return
    number = next((key for key, param in WRAPPERS[kind].params().items() if not param.whole), None)
    arms = [
        arm(name, wrapper=wrapper(kind, **({number: value} if number else {})), clipping=clipping("norm", max_norm=10 * value))
        for value in (0.3, 0.7)
    ]
    together = run(NOISY, *arms)
    for one, beside in zip(arms, together, strict=True):
        alone = run(NOISY, one)[0]
        np.testing.assert_array_equal(alone.path, beside.path)
        np.testing.assert_array_equal(alone.clipped, beside.clipped)


def test_no_limit_of_stability_is_claimed_for_a_wrapped_optimizer():
    assert arm().stability_limit() == 2
    assert arm(wrapper=wrapper("sam")).stability_limit() is None
    assert "stable below" not in what_happened(simulate(NOISY.with_values(arms=(arm(wrapper=wrapper("lookahead")),))))[0]


# Clipping


@every_optimizer
@pytest.mark.parametrize(("kind", "bound"), [("norm", "max_norm"), ("value", "clip_value")])
def test_a_bound_that_nothing_reaches_changes_nothing_and_bites_never(name, kind, bound):
    alone, clipped = run(NOISY, arm(name), arm(name, clipping=clipping(kind, **{bound: 1e9})))
    np.testing.assert_array_equal(clipped.path, alone.path)
    assert clipped.clipped.tolist() == [0, 0, 0]
    assert alone.clipped is None


def seen_gradients():
    rng = np.random.default_rng(8)
    return rng.choice([-1.0, 1.0], (30, 2)) * 10 ** rng.uniform(-3, 3, (30, 2))


@pytest.mark.oracle
@pytest.mark.parametrize(("kind", "bound", "theirs"), [("norm", "max_norm", "clip_grad_norm_"), ("value", "clip_value", "clip_grad_value_")])
def test_clipped_gradients_are_torchs(kind, bound, theirs):
    import torch

    for gradient in seen_gradients():
        x = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        x.grad = torch.tensor(gradient)
        getattr(torch.nn.utils, theirs)([x], 1.5)
        ours = gradient.reshape(2, 1, 1).copy()
        bites = CLIPPINGS[kind].clip([clipping(kind, **{bound: 1.5})])(ours)
        np.testing.assert_allclose(ours[:, 0, 0], x.grad.numpy(), rtol=1e-14)
        assert bites[0, 0] == (ours[:, 0, 0] != gradient).any()


def test_a_gradient_clipped_by_norm_keeps_its_direction_and_by_value_its_signs():
    for gradient in seen_gradients():
        by_norm, by_value = (gradient.reshape(2, 1, 1).copy() for _ in range(2))
        CLIPPINGS["norm"].clip([clipping("norm", max_norm=2.0)])(by_norm)
        CLIPPINGS["value"].clip([clipping("value", clip_value=2.0)])(by_value)
        # PyTorch adds 1e-6 to the length that it divides by.
        length = np.hypot(*gradient)
        np.testing.assert_allclose(by_norm[:, 0, 0], gradient * min(1, 2 / (length + 1e-6)), rtol=1e-14)
        np.testing.assert_array_equal(by_value[:, 0, 0], np.clip(gradient, -2, 2))


def test_the_run_and_its_sentence_say_in_how_many_updates_clipping_bit():
    """On ½x² from 10 at rate 0.5 and a bound of 2 each clipped update takes 1 off x: from 10 to 2 that is eight of them."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    scenario = Scenario(surface=bowl, start=Point(10.0, 0.0), noise=Gaussian(), steps=30)
    clipped = arm("sgd", SCHEDULES.create("constant", peak=0.5), clipping=clipping("value", clip_value=2.0))
    found = simulate(scenario.with_values(arms=(clipped, arm())))
    assert found.arms[0].path[8, 0, 0] == 2.0
    assert found.arms[0].clipped.tolist() == [8]
    first, second = what_happened(found)
    assert "Its gradient was clipped in 8 of 30 updates." in first
    assert "clipped" not in second


def test_what_would_be_clipped_after_divergence_is_not_counted():
    bowl = SURFACES.create("quadratic", lambda1=0.0, lambda2=1.0)
    thrown = arm("sgd", SCHEDULES.create("constant", peak=1e4), clipping=clipping("norm", max_norm=500.0))
    found = simulate(Scenario(surface=bowl, start=Point(0.0, 900.0), noise=Gaussian(), arms=(thrown,), steps=30))
    assert found.arms[0].diverged_at.tolist() == [1]
    assert found.arms[0].clipped.tolist() == [1]
    assert "clipped in 1 of 1 updates" in what_happened(found)[0]


def test_sam_is_clipped_at_its_second_gradient():
    """On a parabola the first gradient is below the bound, the one found uphill above it."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    scenario = Scenario(surface=bowl, start=Point(1.0, 0.0), noise=Gaussian(), steps=1)
    found = run(
        scenario, arm("sgd", SCHEDULES.create("constant", peak=0.1), wrapper=wrapper("sam", rho=0.5), clipping=clipping("value", clip_value=1.2))
    )[0]
    np.testing.assert_allclose(found.final[0], 1 - 0.1 * 1.2, rtol=1e-14)
    assert found.clipped.tolist() == [1, 1, 1]


# Noise of an optimizer's own


def test_langevin_dynamics_visits_points_as_the_temperature_says():
    """On ½λx² the stationary variance of x ← (1 − ηλ)x + √(2ητ)ξ is τ/(λ(1 − ηλ/2)), whose limit for small rates is τ/λ."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=4.0)
    sampler = arm("sgld", SCHEDULES.create("constant", peak=0.1), temperature=0.5)
    found = run(Scenario(surface=bowl, start=Point(0.0, 0.0), noise=Gaussian(), steps=600), sampler, replicates=400)[0]
    variance = (found.path[100:] ** 2).mean(axis=(0, 2))
    # 400 replicates × 500 updates, of which every twentieth is independent on the slow axis: a standard error of 1.4 %.
    np.testing.assert_allclose(variance, [0.5 / (1 - 0.05), 0.5 / 4 / (1 - 0.2)], rtol=0.06)


def test_an_optimizers_own_noise_is_apart_from_the_gradients_and_the_same_for_all_arms_and_any_replicate():
    bowl = SURFACES.create("quadratic", lambda1=0.0, lambda2=0.0)
    scenario = Scenario(surface=bowl, start=Point(0.0, 0.0), noise=Gaussian(sigma=1.0), steps=600)
    flat = SCHEDULES.create("constant", peak=0.5)
    quiet, noisy = arm("sgld", flat, temperature=1.0), arm("sgd", flat)
    first, second, third = run(scenario, quiet.with_values(name="A"), quiet, noisy, replicates=70)
    np.testing.assert_array_equal(first.path, second.path)
    np.testing.assert_array_equal(run(scenario, quiet, replicates=[67])[0].path, first.path[..., 67:68])
    own, gradients = np.diff(first.path - third.path, axis=0), np.diff(third.path, axis=0)
    assert own.std() == pytest.approx(1.0, rel=0.02)
    assert abs(np.corrcoef(own.ravel(), gradients.ravel())[0, 1]) < 0.01
