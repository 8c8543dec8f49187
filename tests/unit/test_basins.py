"""A point belongs to the minimum that gradient flow, integrated independently, takes it to."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lr_explorer.basins import basin_of
from lr_explorer.surfaces import SURFACES


def flow_end(surface, point):
    """Return the minimum at which scipy's integration of dx/dt = −∇f(x) ends."""
    rest = solve_ivp(lambda _, x: -surface.gradient(x), (0, 1e4), point, method="LSODA", rtol=1e-9, atol=1e-9).y[:, -1]
    distances = [np.hypot(*(rest - minimum.point)) for minimum in surface.minima]
    # Flow ends at a minimum up to the integration's tolerance.
    assert min(distances) < 1e-4
    return int(np.argmin(distances))


@pytest.mark.parametrize("name", ["double_well", "himmelblau", "styblinski_tang"])
def test_random_points_belong_where_gradient_flow_takes_them(name):
    surface = SURFACES.create(name)
    points = np.random.default_rng(7).uniform(*np.array(surface.bounds).T[:, :, None], (2, 60))
    assert basin_of(surface, points).tolist() == [flow_end(surface, point) for point in points.T]


def test_a_double_well_is_divided_at_its_saddle():
    surface = SURFACES.create("double_well")
    x = np.linspace(-2, 2, 801)
    x = x[np.abs(x - surface.saddle[0]) > 1e-9]
    expected = np.where(x < surface.saddle[0], 0, 1)
    for y in (-2.0, 0.0, 1.0):
        np.testing.assert_array_equal(basin_of(surface, np.array([x, np.full_like(x, y)])), expected)


def test_styblinski_tang_is_divided_along_its_axes():
    """Its loss is a sum over the axes, so the basins are rectangles divided at the root between each axis's minima."""
    surface = SURFACES.create("styblinski_tang")
    ridge = np.sort(np.roots([4, 0, -32, surface.tilt]).real)[1]
    points = np.random.default_rng(1).uniform(-4.5, 4.5, (2, 500))
    centres = np.array([minimum.point for minimum in surface.minima])[basin_of(surface, points)].T
    np.testing.assert_array_equal(np.sign(centres - ridge), np.sign(points - ridge))


@pytest.mark.parametrize("name", SURFACES)
def test_every_smooth_minimum_lies_in_its_own_basin(name):
    surface = SURFACES.create(name)
    points = np.array([minimum.point for minimum in surface.minima]).reshape(-1, 2).T
    assert basin_of(surface, points).tolist() == list(range(len(surface.minima)))


def test_a_diverged_point_and_a_point_on_the_saddle_belong_nowhere():
    surface = SURFACES.create("saddle")
    points = np.array([[np.nan, np.inf, 0.0, 0.5, 0.5], [np.nan, 0.0, 0.0, 0.0, 0.2]])
    assert basin_of(surface, points).tolist() == [-1, -1, -1, -1, 1]


def test_where_no_minimum_is_declared_no_point_belongs_anywhere():
    assert basin_of(SURFACES.create("quadratic", lambda1=0.0), np.ones((2, 3))).tolist() == [-1, -1, -1]
