"""How often verdicts err, over many simulated comparisons: the verdict rule is only as good as this."""

import numpy as np
import pytest

from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle
from lr_explorer.statistics import LOOKS, MARGIN, Status, dex, judge, level_of_look, median_interval, newcombe_interval
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm

COMPARISONS = 800
PAIRS = 200


def share_supported(samples, level=0.95):
    """Return how often a claim is called supported; samples: differences of shape (comparisons, pairs)."""
    return np.mean([judge(median_interval(sample, level)).status is Status.SUPPORTED for sample in samples])


def normal(rng, shape):
    return rng.normal(0, 0.85, shape)


def skewed(rng, shape):
    """Return draws of median 0 with a long upper tail."""
    return rng.exponential(1.0, shape) - np.log(2)


def heavy(rng, shape):
    return rng.standard_cauchy(shape)


def bursting(rng, shape):
    """Return draws of median 0 of which a fifth are infinite: in as many pairs one of the arms diverged."""
    values = rng.normal(0, 0.5, shape)
    gone = rng.random(shape) < 0.2
    return np.where(gone, np.inf * rng.choice([-1, 1], shape), values)


@pytest.mark.parametrize("draw", [normal, skewed, heavy, bursting])
def test_a_claim_without_an_effect_is_rarely_called_supported(draw):
    samples = draw(np.random.default_rng(1), (COMPARISONS, PAIRS))
    assert share_supported(samples) <= 0.025
    assert share_supported(samples + MARGIN) <= 0.05


@pytest.mark.parametrize(("pairs", "power"), [(100, 0.39), (200, 0.73), (400, 0.95)])
def test_four_hundred_pairs_are_enough_to_tell_a_factor_of_two(pairs, power):
    samples = normal(np.random.default_rng(5), (COMPARISONS, pairs)) + 0.3
    # Measured before on other draws; a share of 800 attempts is known to about 0.035.
    assert share_supported(samples) == pytest.approx(power, abs=0.05)


def twins():
    """Return final losses above the lowest, (2, replicates), of two arms that share noise and fare alike, by symmetry, though never equally."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    arms = (arm(peak=0.1).with_values(rate_x=2.0), arm(peak=0.1).with_values(rate_y=2.0))
    scenario = Scenario(surface=bowl, start=Circle(radius=2.0), noise=Gaussian(sigma=1.0), arms=arms, steps=20, seed=9)
    return np.array([made.final_loss for made in simulate(scenario, 400 * 100).arms])


def test_simulated_arms_that_fare_alike_are_rarely_told_apart():
    one, other = twins().reshape(2, 400, 100)
    assert 0.3 < np.std(dex(one, other)) < 2
    assert share_supported(dex(one, other)) <= 0.025
    assert share_supported(dex(other, one)) <= 0.025
    # A loss 10^margin times as high differs by the margin.
    assert share_supported(dex(one * 10**MARGIN, other)) <= 0.05


def test_simulated_arms_that_differ_are_told_apart():
    one, other = twins().reshape(2, 400, 100)
    # 0.5 dex above the margin, where single pairs spread by about 0.7 dex.
    assert share_supported(dex(one * 10**0.6, other)) > 0.9


def test_shares_that_do_not_differ_by_more_than_the_margin_are_rarely_called_different():
    rng = np.random.default_rng(2)
    for one, other, most in ((0.5, 0.5, 0.025), (0.95, 0.95, 0.025), (0.6, 0.5, 0.05), (0.15, 0.05, 0.05)):
        # The same uniforms for both, as the same noise: their answers are correlated.
        shared, own = rng.random((2, COMPARISONS, PAIRS))
        second = np.where(rng.random((COMPARISONS, PAIRS)) < 0.5, shared, own)
        verdicts = [judge(newcombe_interval(yes, no)) for yes, no in zip(shared < one, second < other, strict=True)]
        assert np.mean([verdict.status is Status.SUPPORTED for verdict in verdicts]) <= most


def ever_supported(samples, looks, level_at):
    """Return how often some look calls a claim supported, when one looks again while it is not."""
    found = np.zeros(len(samples), dtype=bool)
    for count in looks:
        found |= [judge(median_interval(sample[:count], level_at(count))).status is Status.SUPPORTED for sample in samples]
    return found.mean()


@pytest.mark.slow
@pytest.mark.parametrize("looks", [LOOKS, tuple(range(50, 1001, 50))], ids=["the planned looks", "20 looks"])
def test_looking_again_spends_error_and_does_not_inflate_it(looks):
    rng = np.random.default_rng(3)
    samples = normal(rng, (600, looks[-1])) + MARGIN
    assert ever_supported(samples, looks, lambda count: level_of_look(count, looks)) <= 0.025
    # Without it the error of one look, 2.5 % at most, grows.
    assert ever_supported(samples, looks, lambda count: 0.95) > 0.04
    assert ever_supported(samples - MARGIN, looks, lambda count: level_of_look(count, looks)) <= 0.025


def test_looking_again_finds_what_there_is():
    samples = normal(np.random.default_rng(4), (200, LOOKS[-1])) + 0.3
    assert ever_supported(samples, LOOKS, level_of_look) == 1
