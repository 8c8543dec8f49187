"""What stands below a picture says what the picture leaves open: how much of it is drawn, what left it, and what it does not count."""

from dataclasses import replace

import numpy as np
import pytest

from lr_explorer.claims import CLAIMS
from lr_explorer.claims.views.adaptive import trends
from lr_explorer.claims.views.fading import halvings
from lr_explorer.claims.views.flats import leaving
from lr_explorer.claims.views.losses import losses, phases
from lr_explorer.claims.views.stability import over_rates, throws
from lr_explorer.theory import almost_sure_edge, proportional_edge


@pytest.mark.parametrize(("count", "says"), [(200, False), (201, True)])
def test_a_picture_of_some_replicates_says_how_many_of_how_many(count, says):
    picture = losses(replace(CLAIMS["M1"]["same_peak"], count=count).result(0))
    assert ("Drawn from the first 200 of 201 replicates." in picture.says) == says


def test_an_expectation_that_rare_runs_carry_runs_out_of_the_picture_and_the_text_says_which():
    # At this rate the mean square grows at every update while a typical run comes in.
    experiment = CLAIMS["E1"]["interpolated"]
    rates = {"arm*.schedule.peak": "0.106"}
    wild = replace(experiment, tuned=None, count=50).with_scenarios([scenario.edited(rates) for scenario in experiment.scenarios])
    picture = losses(wild.result(0))
    assert "Measured ÷ expected at the end: 0 for Constant" in picture.says
    assert "theory runs out of the picture: Constant, theory" in picture.says


def test_a_run_that_diverges_is_counted_apart_from_one_that_leaves_its_well():
    picture = leaving(replace(CLAIMS["E2"]["sharp"], count=2).result(0))
    curves = {curve.name: curve for curve in picture.curves}
    assert list(curves) == ["From the sharp well", "From the sharp well: diverged", "From the flat well", "From the flat well: diverged"]
    left, lost = curves["From the sharp well"], curves["From the sharp well: diverged"]
    assert (left.y + lost.y <= 1).all()
    assert lost.y[-1] > 0.9
    (sharp, _), _ = picture.x_lines
    assert sharp == 0.125
    assert np.sum(np.abs(left.x / sharp - 1) < 0.16) >= 6


def test_a_point_without_noise_is_off_the_map_and_the_text_says_so():
    experiment = replace(CLAIMS["M1"]["no_noise"], tuned=None, count=2)
    says = phases(experiment.result(0)).says
    assert "You are at σ = 0, T = 300. That is off the map" in says
    # Without noise a constant rate wins.
    assert "the cosine's gain is −" in says
    noisy = replace(CLAIMS["M1"]["tuned"], tuned=None, count=2)
    assert "off the map" not in phases(noisy.result(0)).says


def test_a_floor_that_is_a_mean_has_the_measured_mean_beside_it():
    result = replace(CLAIMS["E5"]["sgd"], tuned=None, count=20).result(0)
    picture = trends(result)
    assert "Mean at the end: SGD, constant" in picture.says
    assert all(sentence[:1].isupper() for sentence in picture.says.split(". "))


def few(claim, name, **changes):
    """Return what a few replicates of an experiment gave, at the peaks that it has."""
    made = CLAIMS[claim][name]
    return replace(made, tuned=None, count=2).with_scenarios([scenario.edited(changes) for scenario in made.scenarios]).result(0)


def test_below_the_limit_of_the_mean_typical_runs_halve_their_loss_as_fast_as_its_expectation_and_above_it_still_do():
    picture = halvings(few("E1", "interpolated"))
    marks, theory = picture.curves
    (limit, _), *_ = picture.x_lines
    below = marks.x < 0.8 * limit
    assert below.sum() > 8
    np.testing.assert_allclose(marks.y[below], np.interp(marks.x[below], theory.x, theory.y), rtol=0.06)
    # Past the limit theory's line ends, since the expected loss grows.
    assert theory.x.max() < limit < marks.x.max()
    assert (marks.y > 0).all()
    assert "floor" not in picture.says
    assert "nothing halves below a floor" in halvings(few("E1", "real_labels")).says


def test_runs_are_thrown_between_the_catapults_rates_to_where_the_rate_holds_them():
    picture = throws(few("M5", "catapult"))
    ends, held = picture.curves
    (low, _), (high, _), *_ = picture.x_lines
    begin = ends.y[0]
    is_thrown = (ends.x > 1.05 * low) & (ends.x < 0.95 * high)
    np.testing.assert_allclose(ends.y[ends.x < 0.95 * low], begin, rtol=0.02)
    assert (ends.y[is_thrown] < np.minimum(2 / ends.x[is_thrown], 0.95 * begin)).all()
    assert ends.x.max() < 1.05 * high < held.x.max()
    assert "Half of them or more diverge from η = " in picture.says


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_under_noise_that_fades_single_runs_grow_from_their_own_limit_on_and_not_from_that_of_the_mean(share):
    picture = over_rates(few("M2", "edge_fading", **{"noise.share": str(share)}))
    (single, _), (mean, _), *_ = picture.x_lines
    assert (single, mean) == (almost_sure_edge(10.0, share), proportional_edge((0.0, 10.0), share))
    (curve,) = picture.curves
    assert (curve.y[curve.x < 0.85 * single] < 0.1).all()
    assert (curve.y[curve.x > 1.1 * single] > 0.9).all()
    assert np.sum((curve.x > mean) & (curve.x < 0.85 * single)) >= (1 if share < 1 else 3)


def test_the_experiments_under_noise_that_fades_stand_at_the_limits_of_theory():
    surface, share = CLAIMS["M2"]["edge_fading"].scenarios[0].surface, CLAIMS["M2"]["edge_fading"].scenarios[0].noise.share
    peaks = {name: [arm.schedule.peak for arm in CLAIMS["M2"][name].arms] for name in ("edge_fading", "edge_fading_mean")}
    single, mean = almost_sure_edge(surface.lambda2, share), proportional_edge((0.0, surface.lambda2), share)
    assert peaks["edge_fading"] == pytest.approx([1.1 * single, 0.9 * single], rel=3e-4)
    assert peaks["edge_fading_mean"] == pytest.approx([1.3 * mean, 0.7 * mean], rel=3e-4)
