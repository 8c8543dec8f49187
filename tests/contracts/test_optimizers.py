"""Every registered optimizer keeps its promises; the tests walk the registry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lr_explorer.optimizers import OPTIMIZERS
from tests.helpers import followed, things

STEPS, REPLICATES = 25, 5
RATES = 0.1 * np.cos(np.arange(STEPS) / STEPS)

# Each example runs many steps.
few = settings(max_examples=18)
# The references ask the loss itself; tests/unit/test_references.py is about them.
every_optimizer = pytest.mark.parametrize("name", [name for name, cls in OPTIMIZERS.items() if not cls.is_reference])


def gradients(seed=0, low=-3.0, high=3.0):
    rng = np.random.default_rng(seed)
    shape = (STEPS, 2, REPLICATES)
    return rng.choice([-1.0, 1.0], shape) * 10 ** rng.uniform(low, high, shape)


def start(seed=1):
    return np.random.default_rng(seed).normal(size=(2, REPLICATES))


def damped(data, cls):
    """Draw an optimizer that does not divide by zero, and whose weight decay, which makes a loop of it, does not diverge at these rates."""
    thing = data.draw(things(cls))
    thing = thing.with_values(eps=max(thing.eps, 1e-12)) if "eps" in cls.params() else thing
    # A distance that is estimated from where its own steps led to is a loop as well.
    thing = thing.with_values(d0=min(thing.d0, 1e-3), weight_decay=0.0) if cls.scales_rate else thing
    return thing.with_values(weight_decay=min(thing.weight_decay, getattr(thing, "eps", 1.0))) if "weight_decay" in cls.params() else thing


def same_bits(one, other):
    return np.asarray(one).tobytes() == np.asarray(other).tobytes()


@every_optimizer
@few
@given(data=st.data(), seed=st.integers(0, 1000))
def test_random_gradients_lead_to_finite_points(name, data, seed):
    points, memory = followed([damped(data, OPTIMIZERS[name])], RATES, gradients(seed), start(seed))
    assert np.isfinite(points).all()
    assert np.isfinite(memory).all()


@every_optimizer
@pytest.mark.parametrize("size", [1e-9, 0.3, 1e3])
def test_a_gradient_that_never_changes_leads_to_finite_points(name, size):
    """A running mean square less the squared running mean is then zero, give or take a rounding of either sign."""
    cls = OPTIMIZERS[name]
    smoothing = [{"alpha": share} for share in (0.0, 0.1, 0.5, 0.99)] if "alpha" in cls.params() else [{}]
    switches = [{key: True} for key, param in cls.params().items() if param.default is False and key != "nesterov"]
    for more in ({}, *switches):
        for smooth in smoothing:
            points, _ = followed([cls(**smooth, **more)], np.full(1500, 1e-3), np.full((1500, 2, 1), size), np.ones((2, 1)))
            assert np.isfinite(points).all(), (smooth, more)


@every_optimizer
@few
@given(data=st.data())
def test_arms_side_by_side_are_the_arms_alone_bit_for_bit(name, data):
    cls = OPTIMIZERS[name]
    first = damped(data, cls)
    arms = [first, *(other for other in (damped(data, cls) for _ in range(4)) if other.structure() == first.structure())]
    rates = RATES[:, None] * np.linspace(0.5, 1.0, len(arms))
    together, memory = followed(arms, rates, gradients(), start())
    for place, arm in enumerate(arms):
        alone, remembered = followed([arm], rates[:, place], gradients(), start())
        assert same_bits(together[:, :, place], alone[:, :, 0])
        assert same_bits(memory[:, place], remembered[:, 0])


@every_optimizer
@few
@given(data=st.data())
def test_replicates_do_not_touch_one_another(name, data):
    optimizer = damped(data, OPTIMIZERS[name])
    together, _ = followed([optimizer], RATES, gradients(), start())
    for place in range(REPLICATES):
        alone, _ = followed([optimizer], RATES, gradients()[..., place : place + 1], start()[:, place : place + 1])
        assert same_bits(together[..., place : place + 1], alone)


@every_optimizer
@few
@given(data=st.data())
def test_the_two_coordinates_are_treated_alike(name, data):
    optimizer = damped(data, OPTIMIZERS[name])
    points, _ = followed([optimizer], RATES, gradients(), start())
    swapped, _ = followed([optimizer], RATES, gradients()[:, ::-1], start()[::-1])
    assert same_bits(points, swapped[:, ::-1])


@pytest.mark.parametrize("name", [name for name, cls in OPTIMIZERS.items() if not (cls.rate_note or cls.is_reference)])
@few
@given(data=st.data())
def test_a_rate_of_zero_moves_nothing(name, data):
    points, _ = followed([damped(data, OPTIMIZERS[name])], np.zeros(STEPS), gradients(), start())
    assert (points == start()[:, None, :]).all()


@every_optimizer
@few
@given(data=st.data())
def test_the_memory_has_the_shape_of_the_lanes(name, data):
    arms = [damped(data, OPTIMIZERS[name])] * 3
    _, memory = followed(arms, RATES, gradients(), start())
    assert memory.shape == (2, 3, REPLICATES)
    assert OPTIMIZERS[name].memory_label


@every_optimizer
def test_the_first_step_goes_down_the_slope(name):
    points, _ = followed([OPTIMIZERS.create(name)], [0.01], np.array([[[2.0], [-3.0]]]), np.zeros((2, 1)))
    x, y = points[1, :, 0, 0]
    assert x < 0 < y


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_suggested_peak_is_a_rate_that_a_slider_can_show(name):
    assert 0 < OPTIMIZERS[name].suggested_peak <= 1
