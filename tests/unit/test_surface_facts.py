"""What is published about the surfaces, and what each is there to teach, holds for ours."""

import numpy as np
import pytest

import lr_explorer as lrx
from lr_explorer.outcome import Outcome
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.start import Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import curvatures

# Lowest minima as surveys of test functions print them: place, value, to the digits printed.
PUBLISHED = {
    "booth": [((1, 3), 0)],
    "matyas": [((0, 0), 0)],
    "rosenbrock": [((1, 1), 0)],
    "beale": [((3, 0.5), 0)],
    "goldstein_price": [((0, -1), 3), ((-0.6, -0.4), 30), ((1.8, 0.2), 84), ((1.2, 0.8), 840)],
    "six_hump_camel": [((0.0898, -0.7126), -1.0316), ((-0.0898, 0.7126), -1.0316)],
    "three_hump_camel": [((0, 0), 0), ((-1.7475, 0.8738), 0.2986), ((1.7475, -0.8738), 0.2986)],
    "mccormick": [((-0.5472, -1.5472), -1.9132)],
    "branin": [((-3.1416, 12.275), 0.3979), ((3.1416, 2.275), 0.3979), ((9.4248, 2.475), 0.3979)],
    "ackley": [((0, 0), 0)],
    "rastrigin": [((0, 0), 0)],
    "griewank": [((0, 0), 0)],
    "levy13": [((1, 1), 0)],
    "eggholder": [((512, 404.2318), -959.6407)],
    "easom": [((3.1416, 3.1416), -1)],
    "dixon_price": [((1, -0.7071), 0), ((1, 0.7071), 0)],
    "trid": [((2, 2), -2)],
    "flower": [((0, 0), 0)],
    "two_gaussians": [((-0.936, 0), -2.063), ((0.905, 0), -1.093)],
    "narrow_well": [((-1.489, 0), -1.110), ((1.066, 0), -0.736)],
    "pitchfork": [((0, -1), -0.25), ((0, 1), -0.25)],
    "rings": [((0, 0), -1)],
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_minima_are_where_they_are_published(name):
    ours = SURFACES[name]().minima
    for (place, value), minimum in zip(PUBLISHED[name], ours, strict=False):
        assert any(np.allclose(place, other.point, atol=6e-4) and other.value == pytest.approx(value, abs=6e-4) for other in ours), minimum
    assert ours[0].value == pytest.approx(PUBLISHED[name][0][1], abs=6e-4)


def test_classical_forms_are_a_scale_away():
    himmelblau, styblinski_tang = SURFACES["himmelblau"](scale=1.0), SURFACES["styblinski_tang"](scale=0.5)
    assert float(himmelblau.value(np.zeros(2))) == 170
    assert [minimum.value for minimum in himmelblau.minima] == pytest.approx([0] * 4, abs=1e-10)
    assert styblinski_tang.minima[0].value == pytest.approx(-78.3323, abs=1e-4)


def test_eggholders_lowest_is_on_the_edge_and_it_falls_on_outside():
    lowest = SURFACES["eggholder"]().minima[0]
    assert not lowest.interior
    assert SURFACES["eggholder"]().gradient(np.array(lowest.point))[0] < 0


@pytest.mark.parametrize(("name", "expected"), [("narrow_well", (19.3, 0.89)), ("sharp_and_flat", (24, 1.7))])
def test_dents_are_as_curved_as_they_are_meant(name, expected):
    surface = SURFACES[name]()
    assert [curvatures(surface, np.array(minimum.point))[1] for minimum in surface.minima] == pytest.approx(expected, rel=0.06)


def test_the_curvature_along_the_networks_lines_of_minima_is_that_of_theory():
    x = np.array([0.3, 1.0, 2.0, 4.0])
    line = np.array([x, 1 / x])
    assert curvatures(SURFACES["product"](), line)[1] == pytest.approx(x**2 + 1 / x**2)
    assert curvatures(SURFACES["squared_product"](), line)[1] == pytest.approx(4 * (x**2 + 1 / x**2))
    assert SURFACES["product"]().value(line) == pytest.approx(0)


def quiet(surface, start, peak, steps=400):
    arm = Arm(schedule=lrx.schedule("constant", peak=peak))
    return lrx.simulate(Scenario(surface=surface, start=Point(*start), noise=Scenario().noise.with_values(sigma=0.0), arms=(arm,), steps=steps))


@pytest.mark.parametrize(("peak", "sharpness"), [(0.1, 16.1), (0.2, 2.04)])
def test_a_rate_above_the_edge_catapults_a_two_layer_network_to_a_flatter_minimum(peak, sharpness):
    run = quiet(SURFACES["product"](), (4.0, 0.2), peak)
    x, y = run.arms[0].final[:, 0]
    assert x**2 + y**2 == pytest.approx(sharpness, rel=0.01)
    assert x**2 + y**2 < 2 / peak
    assert "minima that are not marked (the hyperbola xy = k, where the loss is 0)" in what_happened(run)[0]


def test_above_the_catapults_range_it_diverges():
    assert quiet(SURFACES["product"](), (4.0, 0.2), 0.3).arms[0].outcome.tolist() == [Outcome.DIVERGED]


def test_the_edge_of_stability_is_where_a_large_rate_ends():
    surface = SURFACES["squared_product"]()
    steepest = float(curvatures(surface, np.array([4.0, 0.25]))[1])
    peak = 1.2 * 2 / steepest
    run = quiet(surface, (4.0, 0.2), peak, steps=20_000)
    end = float(curvatures(surface, run.arms[0].final[:, 0])[1])
    assert end * peak / 2 == pytest.approx(1, abs=0.01)


def test_noise_and_a_large_rate_leave_the_sharp_dent_for_the_flat_one():
    surface = SURFACES["sharp_and_flat"]()
    noise = Scenario().noise.with_values(sigma=0.3)
    arms = tuple(Arm(f"{peak}", colour, schedule=lrx.schedule("constant", peak=peak)) for peak, colour in ((0.02, "blue"), (0.3, "orange")))
    small, large = lrx.simulate(Scenario(surface=surface, start=Point(-1.5, 0.0), noise=noise, arms=arms, steps=500), replicates=50).arms
    assert (small.final[0] < 0).all()
    assert (large.final[0] > 0.5).all()


def test_from_the_ridge_of_a_plain_saddle_a_run_without_noise_rests_and_with_noise_falls_below_the_box():
    surface = SURFACES["plain_saddle"]()
    assert "next to a saddle point" in what_happened(quiet(surface, (1.6, 0.0), 0.1))[0]
    falling = quiet(surface, (1.6, 0.1), 0.1, steps=30)
    assert "below the lowest in the box" in what_happened(falling)[0]


def test_on_the_endless_river_whoever_goes_farther_ends_lower():
    surface = SURFACES["endless_river"]()
    near, far = (quiet(surface, (0.0, 1.0), peak, steps=600).arms[0] for peak in (0.005, 0.05))
    assert far.final[0, 0] > near.final[0, 0]
    assert far.final_loss[0] < near.final_loss[0]
    # Along the bed dx/dt = (s/ℓ) e^(−x/ℓ), so x = ℓ ln(1 + s t/ℓ²).
    assert far.final[0, 0] == pytest.approx(4 * np.log(1 + 4 * 0.05 * 600 / 16), rel=0.01)


def test_the_middle_of_the_rings_is_the_blunt_tip_of_a_cone():
    rings = SURFACES["rings"]()
    assert rings.gradient(np.zeros(2)).tolist() == [0.0, 0.0]
    assert np.isfinite(rings.hessian(np.zeros(2))).all()
    # The slope along a ray at r = 0.01, where −sin r/r rises by r/3 and 0.01 r² by r/50, ten times as steep in the distance.
    assert rings.gradient(np.array([1e-9, 0.0])) == pytest.approx([10 * 0.01 * (1 / 3 + 1 / 50), 0.0], rel=1e-4)


def test_on_easoms_plain_nothing_moves():
    run = quiet(SURFACES["easom"](), (-8.0, -8.0), 1.0)
    np.testing.assert_array_equal(run.arms[0].final[:, 0], [-8.0, -8.0])
