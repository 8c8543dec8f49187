"""Every registered noise model and start keeps its promises; the tests walk the registries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lr_explorer.draws import Draws
from lr_explorer.noise import NOISES
from lr_explorer.params import Number
from lr_explorer.start import STARTS
from lr_explorer.surfaces import SURFACES
from tests.helpers import things

REPLICATES = [0, 3, 63, 64, 200]

every_noise = pytest.mark.parametrize("name", NOISES)


def suited(noise):
    """Return the first surface that the noise can act on."""
    return next(surface for surface in (cls() for cls in SURFACES.values()) if not noise.refusal(surface))


def seen(noise, x, batch=1.0, seed=1, replicates=REPLICATES, first=0, steps=3, surface=None):
    """Return the gradients that each step shows at the points x, shape (steps, 2, arms, replicates), and those of the surface.

    batch: in multiples of the noise's own, for all arms or for each. surface: by default the first one that the noise can act on.
    """
    surface = surface or suited(noise)
    source = noise.begins(surface, np.broadcast_to(batch, (first + steps, x.shape[1])))
    drawn = source.draw(Draws(seed, replicates, first, steps))
    gradients = [source.seen(first + step, x, drawn[step], slice(None)) for step in range(steps)]
    return np.array(gradients), surface.gradient(x)


def points(arms=3, replicates=5):
    """Return the same point for every arm, another for every replicate."""
    return np.broadcast_to(np.random.default_rng(0).uniform(-2, 2, (2, 1, replicates)), (2, arms, replicates)).copy()


def loud(name):
    """Return the noise with its defaults, or with 1 in the place of every number where that is silent."""
    noise = NOISES.create(name)
    return noise.with_values(**{name: 1 for name, param in noise.params().items() if isinstance(param, Number)}) if noise.is_silent else noise


@every_noise
@given(data=st.data())
def test_silent_noise_changes_no_gradient(name, data):
    noise = data.draw(things(NOISES[name]))
    if noise.is_silent:
        found, exact = seen(noise, points())
        np.testing.assert_array_equal(found, np.broadcast_to(exact, found.shape))
        assert not noise.is_random


@every_noise
def test_noise_that_is_not_silent_changes_every_gradient(name):
    noise = loud(name)
    found, exact = seen(noise, points())
    assert not noise.is_silent
    assert (found != exact).all()


@every_noise
@given(data=st.data())
def test_all_arms_see_the_same_noise(name, data):
    found, _ = seen(data.draw(things(NOISES[name])), points())
    np.testing.assert_array_equal(found, np.broadcast_to(found[:, :, :1], found.shape))


@every_noise
@given(data=st.data(), seed=st.integers(0, 2**53 - 1))
def test_what_is_seen_depends_on_seed_replicate_and_step_alone(name, data, seed):
    noise = data.draw(things(NOISES[name]))
    x = points(replicates=70)
    everyone, _ = seen(noise, x, seed=seed, replicates=range(70), steps=5)
    for some in ([3, 69, 0, 64], [67]):
        np.testing.assert_array_equal(seen(noise, x[..., some], seed=seed, replicates=some, steps=5)[0], everyone[..., some])
    np.testing.assert_array_equal(seen(noise, x, seed=seed, replicates=range(70), first=2, steps=3)[0], everyone[2:])


@every_noise
def test_another_seed_another_replicate_and_another_step_bring_other_noise(name):
    noise = loud(name)
    x = np.broadcast_to(np.array([[0.7], [-0.4]])[:, :, None], (2, 1, len(REPLICATES))).copy()
    (one, two, _), _ = seen(noise, x)
    (other, *_), _ = seen(noise, x, seed=2)
    assert noise.is_random
    assert (one != two).all()
    assert (one != other).all()
    assert all(len(np.unique(coordinate)) == len(REPLICATES) for coordinate in one)


@every_noise
def test_noise_may_be_asked_for_again_in_a_step_and_by_some_of_the_arms(name):
    x, batch = points(arms=4), np.array([1.0, 2.0, 2.0, 7.0])
    noise = loud(name)
    surface = suited(noise)
    source = noise.begins(surface, np.broadcast_to(batch, (3, 4)))
    drawn = source.draw(Draws(1, REPLICATES, 0, 3))
    whole = source.seen(2, x, drawn[2], slice(None))
    np.testing.assert_array_equal(source.seen(2, x, drawn[2], slice(None)), whole)
    for some in (slice(0, 1), slice(1, 3), slice(2, 4)):
        np.testing.assert_array_equal(source.seen(2, x[:, some], drawn[2], some), whole[:, some])


@every_noise
def test_a_larger_batch_of_one_arm_has_less_noise_and_leaves_the_others_alone(name):
    noise = loud(name)
    alike, _ = seen(noise, points())
    larger, exact = seen(noise, points(), batch=np.array([1.0, 9.0, 1.0]))
    np.testing.assert_array_equal(larger[:, :, [0, 2]], alike[:, :, [0, 2]])
    # The heaviest tails among the defaults, α = 1.5, leave 9^(1/1.5 − 1) = 0.48.
    assert np.sqrt(np.mean((larger - exact)[:, :, 1] ** 2)) < 0.6 * np.sqrt(np.mean((alike - exact)[:, :, 1] ** 2))


@every_noise
def test_a_noise_says_of_every_surface_whether_it_can_act_on_it(name):
    refusals = {key: NOISES[name].refusal(cls()) for key, cls in SURFACES.items()}
    assert "" in refusals.values()
    for key, refusal in refusals.items():
        assert not refusal or refusal.endswith(f"; got {key}")


@pytest.mark.parametrize("name", STARTS)
@given(data=st.data(), seed=st.integers(0, 2**53 - 1))
def test_a_start_depends_on_seed_and_replicate_alone(name, data, seed):
    start = data.draw(things(STARTS[name]))
    points = start.points(seed, REPLICATES)
    assert points.shape == (2, len(REPLICATES))
    assert np.isfinite(points).all()
    np.testing.assert_array_equal(points, start.points(seed, list(range(201)))[:, REPLICATES])
    np.testing.assert_array_equal(points[:, ::-1], start.points(seed, REPLICATES[::-1]))
