"""Paths made by hand get the outcome that they were made for, and sentences with the numbers that they were made with."""

import numpy as np
import pytest
from scipy.signal import lfilter

from lr_explorer.batches import BATCHES
from lr_explorer.outcome import Outcome, ends, first_divergence, tail_of
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import ArmRun, Run, simulate
from lr_explorer.story import at, told, what_happened
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm

STEPS = 200
BOWL = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)  # box ±5: a diagonal of 14.14
WELLS = SURFACES.create("double_well")


def straight(start, stop, steps=STEPS):
    return np.linspace(start, stop, steps + 1)


def wandering(centre, spread, seed=0):
    """Return points that drift about a centre, each keeping 0.8 of the last one's offset, with the given root mean square distance."""
    kicks = np.random.default_rng(seed).normal(scale=spread * np.sqrt((1 - 0.8**2) / 2), size=(STEPS + 1, 2))
    return np.array(centre) + lfilter([1], [1, -0.8], kicks, axis=0)


def shrinking(start, stop, share):
    """Return points that lose the same share of their distance from `stop` at every step."""
    return np.array(stop) + (np.array(start) - stop) * (1 - share) ** np.arange(STEPS + 1)[:, None]


def bouncing(size):
    """Return points that go back and forth across x = 0 by ± size while y falls slowly."""
    step = np.arange(STEPS + 1)
    return np.stack([size * (-1.0) ** step, 3 - 0.001 * step], axis=1)


def run_along(surface, points, peak=0.1):
    """Return a run whose only arm took these points (steps + 1, 2)."""
    path = np.array(points, dtype=float)[:, :, None]
    gone = first_divergence(np.moveaxis(path, 0, 1))
    if gone[0] >= 0:
        path[gone[0] :] = np.nan
    loss = surface.value(np.moveaxis(path, 0, 1))
    loss[np.isnan(loss)] = np.inf
    taken, steps = arm(peak=peak), len(path) - 1
    made = ArmRun(taken, taken.schedule.values(steps), path, loss, path[0], path[-1], loss[-1], gone, ends(surface, path, gone))
    scenario = Scenario(surface=surface, arms=(taken,), steps=steps)
    return Run(scenario, np.array([0]), np.array([0]), (made,))


NETWORK = SURFACES.create("trained_network")
DEEP, SHALLOW = WELLS.minima
MADE = [
    (Outcome.SETTLED, BOWL, shrinking((-4, 2), (0, 0), 0.1)),
    (Outcome.SETTLED, WELLS, np.tile(SHALLOW.point, (STEPS + 1, 1))),
    (Outcome.HOVERS, BOWL, wandering((0, 0), 1.0)),
    (Outcome.HOVERS, WELLS, wandering(DEEP.point, 0.4)),
    (Outcome.WANDERS, BOWL, wandering((3, 0), 1.0)),
    (Outcome.WANDERS, WELLS, wandering((0, 0), 1.0)),  # around no minimum, though both lie on its way
    (Outcome.OSCILLATES, BOWL, bouncing(1.0)),
    (Outcome.STALLED, BOWL, np.tile([3.0, 2.0], (STEPS + 1, 1))),
    (Outcome.STALLED, BOWL, straight((3, 2), (3.001, 2))),
    (Outcome.MOVING, BOWL, straight((-4, 2), (4, 2))),
    (Outcome.MOVING, BOWL, straight((-4, 0), (4, 0))),  # it passes the minimum, and does not stay
    (Outcome.DIVERGED, BOWL, 1.5 ** np.arange(STEPS + 1)[:, None] * [1, 1]),
    (Outcome.DIVERGED, NETWORK, np.where(np.arange(STEPS + 1)[:, None] < 9, 0.5, np.nan) * [1, 1]),
    (Outcome.LEFT, NETWORK, np.where(np.arange(STEPS + 1)[:, None] < 9, straight((0, 0), (60, 0)), np.nan)),
]


@pytest.mark.parametrize(("outcome", "surface", "points"), MADE)
def test_a_path_made_for_an_outcome_has_it(outcome, surface, points):
    assert run_along(surface, points).arms[0].outcome.tolist() == [outcome]


def test_every_outcome_has_a_path_and_a_sentence():
    assert {outcome for outcome, _, _ in MADE} == set(Outcome)
    assert all(outcome.value for outcome in Outcome)


def test_replicates_are_judged_one_by_one():
    cases = [(outcome, points) for outcome, surface, points in MADE if surface is BOWL]
    path = np.stack([points for _, points in cases], axis=-1).astype(float)
    gone = first_divergence(np.moveaxis(path, 0, 1))
    for column, step in enumerate(gone):
        path[step if step >= 0 else len(path) :, :, column] = np.nan
    assert ends(BOWL, path, gone).outcome.tolist() == [outcome for outcome, _ in cases]


def test_the_minimum_it_settled_at_and_the_step_are_counted():
    points = np.concatenate([straight((0.9, 0), SHALLOW.point, 49), np.tile(SHALLOW.point, (151, 1))])
    found = run_along(WELLS, points).arms[0].ends
    assert found.minimum.tolist() == [1]
    assert found.reached_at.tolist() == [0]  # a start within 5 % of the diagonal (0.28) of its minimum is there already
    points[:20] = DEEP.point
    found = run_along(WELLS, points).arms[0].ends
    assert found.minimum.tolist() == [1]
    assert found.reached_at.tolist() == [20]


def test_where_nothing_is_settled_no_minimum_is_named():
    found = run_along(BOWL, straight((-4, 2), (4, 2))).arms[0].ends
    assert found.minimum.tolist() == found.reached_at.tolist() == [-1]


def test_the_spread_is_the_root_mean_square_distance_in_the_last_half_from_the_minimum_or_else_the_mean():
    for centre in ((0, 0), (3, 0)):
        points = wandering(centre, 1.0)
        half = points[STEPS // 2 :]
        middle = (0, 0) if centre == (0, 0) else half.mean(axis=0)
        expected = np.sqrt(((half - middle) ** 2).sum(axis=1).mean())
        assert run_along(BOWL, points).arms[0].ends.spread == pytest.approx([expected], rel=1e-12)


def test_a_path_that_comes_to_rest_at_a_minimum_has_settled_however_late():
    points = np.concatenate([wandering((0, 0), 1.0)[: STEPS - 10], np.tile([0.1, 0.0], (11, 1))])
    assert run_along(BOWL, points).arms[0].outcome.tolist() == [Outcome.SETTLED]


def test_a_minimum_of_the_box_alone_holds_nothing():
    beale = SURFACES.create("beale")
    edge = next(minimum for minimum in beale.minima if not minimum.interior)
    assert run_along(beale, np.tile(edge.point, (STEPS + 1, 1))).arms[0].outcome.tolist() == [Outcome.STALLED]


def test_without_declared_minima_nothing_settles():
    trough = SURFACES.create("quadratic", lambda1=0.0)
    assert trough.minima == ()
    assert run_along(trough, np.tile([1.0, 0.0], (STEPS + 1, 1))).arms[0].outcome.tolist() == [Outcome.STALLED]
    assert run_along(trough, wandering((0, 0), 1.0)).arms[0].outcome.tolist() == [Outcome.WANDERS]
    assert "final loss 5:" not in what_happened(run_along(trough, np.tile([0.0, 1.0], (STEPS + 1, 1))))[0]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_shortest_runs_have_an_outcome_and_a_sentence(steps):
    for start, stop in (((-4, 2), (4, 2)), ((0, 0), (0, 0)), ((1, 1), (1e7, 1)), ((1e7, 0), (1e7, 0)), ((3, 2), (3, 2))):
        run = run_along(BOWL, straight(start, stop, steps))
        assert isinstance(run.arms[0].outcome[0], Outcome)
        assert what_happened(run)[0]


def test_the_tail_is_the_last_tenth_and_at_least_two_points():
    assert len(tail_of(np.zeros((201, 2)))) == 20
    assert len(tail_of(np.zeros((2, 2)))) == 2


def test_divergence_is_the_first_step_beyond_a_million_or_not_finite():
    path = np.zeros((2, 6, 5))
    path[0, 3:, 1] = 1.0000001e6
    path[1, 2, 2] = np.nan
    path[1, 4, 3] = -np.inf
    path[0, 5, 4] = 1e6
    assert first_divergence(path).tolist() == [-1, 3, 2, 4, -1]


# Sentences


def test_settling_is_told_with_place_step_distance_and_loss():
    points = np.concatenate([np.tile([-4.0, 0.0], (30, 1)), np.tile([0.01, 0.02], (STEPS - 29, 1))])
    (sentence,) = what_happened(run_along(BOWL, points))
    # √(0.01² + 0.02²) = 0.0224; ½·0.01² + ½·10·0.02² = 0.00205.
    assert sentence.startswith("Reached the minimum (0, 0) by step 30 and stayed, 0.0224 away at the end: final loss 0.00205 above the lowest.")


def test_settling_at_once_and_in_the_wrong_well_is_told():
    (sentence,) = what_happened(run_along(WELLS, np.tile(SHALLOW.point, (STEPS + 1, 1))))
    above = SHALLOW.value - DEEP.value
    assert sentence.startswith(f"Stayed at a local minimum (0.96, 0) throughout, 0 away at the end: final loss {above:.3g} above the lowest.")
    (sentence,) = what_happened(run_along(WELLS, np.tile(DEEP.point, (STEPS + 1, 1))))
    assert sentence.startswith("Stayed at the global minimum (−1.04, 0) throughout")


def test_hovering_is_told_with_its_spread():
    run = run_along(BOWL, wandering((0, 0), 1.0))
    half = run.arms[0].path[STEPS // 2 :, :, 0]
    spread = np.sqrt((half**2).sum(axis=1).mean())  # from the minimum, which is the origin
    assert what_happened(run)[0].startswith(f"Hovers around the minimum (0, 0) at a typical distance of {spread:.3g} without settling: final loss ")


def test_oscillation_is_told_with_its_direction_and_reach():
    # Across y, the steep axis of this bowl, by ± 0.5 while x rests.
    points = np.stack([np.full(STEPS + 1, 2.0), 0.5 * (-1.0) ** np.arange(STEPS + 1)], axis=1)
    (sentence,) = what_happened(run_along(BOWL, points))
    # ½·2² + ½·10·½² = 3.25.
    assert sentence.startswith("Oscillates across the valley along y, up to 0.5 to either side of (2, 0): final loss 3.25 above the lowest.")


def test_oscillation_across_a_rotated_valley_is_told_with_a_direction():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0, angle=45.0)
    points = 0.5 * (-1.0) ** np.arange(STEPS + 1)[:, None] * np.array([-1, 1]) / np.sqrt(2) + [1, 1]
    assert "along (−0.707, 0.707), up to 0.5 to either side of (1, 1)" in what_happened(run_along(bowl, points))[0].replace(
        "(0.707, −0.707)", "(−0.707, 0.707)"
    )


def test_standing_still_is_told_with_the_place_and_its_gradient():
    (sentence,) = what_happened(run_along(BOWL, np.tile([3.0, 4.0], (STEPS + 1, 1))))
    # |(3, 40)| = 40.1; ½·9 + ½·10·16 = 84.5.
    assert sentence.startswith("Stands still at (3, 4) on a slope too flat for its rate (gradient 40.1): final loss 84.5 above the lowest.")
    (sentence,) = what_happened(run_along(SURFACES.create("saddle"), np.tile([0.0, 0.0], (STEPS + 1, 1))))
    # f(0, 0) = γ/4 = 0.05.
    assert sentence.startswith("Stands still at (0, 0) next to a saddle point (gradient 0): final loss 0.05 above the lowest.")


def test_moving_is_told_with_the_way_of_the_last_tenth():
    (sentence,) = what_happened(run_along(BOWL, straight((-4, 2), (4, 2))))
    # 8 in 200 steps, so 19 of them make 0.76; ½·16 + ½·10·4 = 28.
    assert sentence.startswith("Still moving at (4, 2): 0.76 in the last 19 steps; final loss 28 above the lowest.")


def test_what_a_growing_batch_costs_is_told():
    grown = Arm(batch=BATCHES.create("step", every=10, gamma=3.0))
    plain, costly = what_happened(simulate(Scenario(arms=(Arm(), grown), steps=30)))
    # (1 + 3 + 9)/3.
    assert "Its batch schedule asks for up to 9 times the first batch, in all 4.33 times its gradients." in costly
    assert "batch" not in plain


def test_divergence_is_told_with_its_step():
    (sentence,) = what_happened(run_along(BOWL, 10.0 ** np.arange(20)[:, None] * [1, 0]))
    assert sentence.startswith("Diverged at step 7: |x| = 1e6 one step before, and after it beyond 1e6 or no number at all.")
    (sentence,) = what_happened(run_along(BOWL, np.full((20, 2), 2e6)))
    assert sentence.startswith("Diverged before the first step")


def test_the_largest_product_of_rate_and_curvature_is_told_with_its_step_and_limit():
    assert what_happened(run_along(BOWL, straight((-4, 2), (4, 2))))[0].endswith("Largest η·λmax on the way: 1 at step 0; stable below 2.")
    # 12x² − 4 along x: largest where |x| is, at the start; 0.1·(12·2.25 − 4) = 2.3.
    assert what_happened(run_along(WELLS, straight((-1.5, 0), (0, 0))))[0].endswith("Largest η·λmax on the way: 2.3 at step 0; stable below 2.")
    # The rate of the last point is never used.
    assert "on the way: 0 at" in what_happened(run_along(BOWL, straight((-4, 2), (4, 2)), peak=0.0))[0]


def test_rates_of_their_own_are_told_and_each_curvature_is_taken_times_its_own_rate():
    # Curvatures 1 and 10, multiplied by 5 and 0.5: η·λ is 0.1·5 along both axes. With one η for both the largest would be 0.1·10.
    layers = arm("constant", peak=0.1).with_values(rate_x=5.0, rate_y=0.5)
    (sentence,) = what_happened(simulate(Scenario(surface=BOWL, arms=(layers,), steps=STEPS)))
    assert "On (x, y) its rate is the schedule's × (5, 0.5). Largest η·λmax on the way: 0.5 at step 0; stable below 2." in sentence
    assert "schedule's ×" not in what_happened(run_along(BOWL, straight((-4, 2), (4, 2))))[0]


@pytest.mark.parametrize(("value", "text"), [(0.0012345, "0.00123"), (-1.5, "−1.5"), (1e-9, "1e−9"), (123456.0, "1.23e5"), (0.0, "0")])
def test_numbers_are_told_with_three_digits_and_a_true_minus(value, text):
    assert told(value) == text


def test_points_are_told_without_a_negative_zero():
    assert at((-0.0, -1e-9)) == "(0, 0)"
    assert at(np.array([-1.23456, 2.0])) == "(−1.23, 2)"
    assert at((0.00049, 0.0123456)) == "(0, 0.0123)"
