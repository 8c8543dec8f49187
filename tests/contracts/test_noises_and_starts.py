"""Every registered noise model and start keeps its promises; the tests walk the registries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lr_explorer.noise import NOISES, standard_normals
from lr_explorer.start import STARTS
from tests.helpers import things

REPLICATES = [0, 3, 63, 64, 200]


@pytest.mark.parametrize("name", NOISES)
@given(data=st.data())
def test_noise_is_silent_exactly_if_it_changes_no_gradient(name, data):
    noise = data.draw(things(NOISES[name]))
    grad = np.zeros((2, 3, len(REPLICATES)))
    noise.perturb(grad, standard_normals(1, REPLICATES, 0, 1)[0][:, None, :])
    assert noise.is_silent == (not grad.any())
    # All arms see the same noise.
    np.testing.assert_array_equal(grad, np.broadcast_to(grad[:, :1], grad.shape))


@pytest.mark.parametrize("name", STARTS)
@given(data=st.data(), seed=st.integers(0, 2**53 - 1))
def test_a_start_depends_on_seed_and_replicate_alone(name, data, seed):
    start = data.draw(things(STARTS[name]))
    points = start.points(seed, REPLICATES)
    assert points.shape == (2, len(REPLICATES))
    assert np.isfinite(points).all()
    np.testing.assert_array_equal(points, start.points(seed, list(range(201)))[:, REPLICATES])
    np.testing.assert_array_equal(points[:, ::-1], start.points(seed, REPLICATES[::-1]))
