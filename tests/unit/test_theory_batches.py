"""What theory says of mini-batches is what every possible sequence of them does, taken together."""

from itertools import combinations, product

import numpy as np
import pytest

from lr_explorer.noise import NOISES
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import batch_decay, batch_edge, batch_floor, batch_losses
from tests.helpers import arm

IRIS, FITTED = SURFACES.create("iris_regression"), SURFACES.create("iris_regression", mix=0.0)
FEW = SURFACES.create("fine_tuning", shift=0.7)  # 16 rows


def test_interpolated_labels_have_no_floor_and_all_rows_have_none_either():
    assert batch_floor(SURFACES.create("iris_regression", mix=0.0), 0.05, 5) == pytest.approx(0.0, abs=1e-25)
    assert batch_floor(SURFACES.create("iris_regression"), 0.05, 150) == 0.0


@pytest.mark.parametrize(("size", "replace"), [(1, False), (2, False), (2, True)])
def test_the_expected_loss_is_the_mean_over_every_sequence_of_batches(size, replace):
    """Rates of three updates for batches of one row, two for batches of two, from four starts whose moments are those of a circle."""
    rates = np.array([[0.5, 0.1], [0.3, 0.9], [0.2, 0.2]])[: 4 - size]
    batches = np.array(list(product(range(16), repeat=size) if replace else combinations(range(16), size)))
    angles = np.pi / 2 * np.arange(4)
    x = np.array([1.0 + 2 * np.cos(angles), -1.0 + 2 * np.sin(angles)])
    x = np.broadcast_to(x[:, None, :], (2, 2, 4))  # coordinates, arms, paths
    means = [FEW.value(x).mean(axis=-1)]
    for lr in rates:
        rows = np.repeat(batches.T, x.shape[2], axis=1)
        x = np.tile(x, len(batches))
        x = x - lr[:, None] * FEW.batch_gradient(x, rows)
        means.append(FEW.value(x).mean(axis=-1))
    found = batch_losses(FEW, rates, size, (1.0, -1.0), 2.0, replace=replace)
    np.testing.assert_allclose(found, np.array(means) - FEW.lowest, rtol=1e-12)
    np.testing.assert_allclose(found[:, 1], batch_losses(FEW, rates[:, 1], size, (1.0, -1.0), 2.0, replace=replace), rtol=1e-12)


@pytest.mark.parametrize("size", [1, 2])
def test_at_the_edge_of_mini_batches_the_mean_square_neither_grows_nor_falls(size):
    batches = np.array(list(combinations(range(150), size)))
    rows = np.einsum("in,jn->nij", IRIS.features, IRIS.features)[batches].mean(axis=1)
    for factor, grows in ((0.999, False), (1.001, True)):
        updates = np.eye(2) - factor * batch_edge(IRIS, size) * rows
        # The mean of uS uᵀ over all batches, S row by row.
        map_of = np.einsum("nij,nkl->ikjl", updates, updates).reshape(4, 4) / len(batches)
        assert (np.abs(np.linalg.eigvals(map_of)).max() > 1) == grows


def test_the_edge_of_mini_batches_is_below_that_of_the_full_gradient_and_there_is_no_floor_above_it():
    edges = [batch_edge(IRIS, size) for size in (1, 5, 30, 150)]
    assert edges == pytest.approx([0.074, 0.101, 0.109, 0.1108], abs=5e-4)
    steepest = np.linalg.eigvalsh(IRIS.hessian(np.zeros(2)))[1]
    assert edges[-1] == pytest.approx(2 / steepest, rel=1e-12)
    assert edges[0] < batch_edge(IRIS, 5, replace=True) < edges[1]
    assert (batch_floor(IRIS, 0.999 * edges[1], 5) < np.inf) == (batch_floor(IRIS, 1.001 * edges[1], 5) == np.inf)


def test_the_expected_loss_comes_to_the_floor_and_without_one_falls_by_the_same_factor_for_ever():
    rates = np.full(2500, 0.05)
    assert batch_losses(IRIS, rates, 5, (-0.8, 1.0))[-1] == pytest.approx(batch_floor(IRIS, 0.05, 5), rel=1e-9)
    losses = batch_losses(FITTED, rates[:800], 5, (-0.8, 1.0))
    assert losses[-1] / losses[-2] == pytest.approx(batch_decay(FITTED, 0.05, 5), rel=1e-6)
    below, above = batch_decay(FITTED, np.array([0.05, 1.1 * batch_edge(FITTED, 5)]), 5)
    assert below == batch_decay(FITTED, 0.05, 5) < 1 < above
    assert batch_losses(FITTED, np.full(200, 2.0), 5, (-0.8, 1.0))[-1] == np.inf


@pytest.mark.slow
@pytest.mark.parametrize("surface", [IRIS, FITTED])
def test_runs_on_mini_batches_of_flowers_lose_what_is_expected(surface):
    start = Circle(radius=1.5)
    noise, arms = NOISES.create("minibatch", size=5), (arm("cosine", peak=0.06), arm(peak=0.03))
    run = simulate(Scenario(surface=surface, start=start, noise=noise, arms=arms, steps=100), 4000)
    for found in run.arms:
        expected = batch_losses(surface, found.lr, 5, (0.0, 0.0), 1.5)
        for step in (1, 10, 100):
            excess = found.loss[step] - surface.lowest
            # Four standard errors.
            assert abs(excess.mean() - expected[step]) < 4 * excess.std() / np.sqrt(4000)
