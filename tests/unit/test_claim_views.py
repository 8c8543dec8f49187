"""What stands below a picture says what the picture leaves open: how much of it is drawn, what left it, and what it does not count."""

from dataclasses import replace

import numpy as np
import pytest

from lr_explorer.claims import CLAIMS
from lr_explorer.claims.views.adaptive import trends
from lr_explorer.claims.views.flats import leaving
from lr_explorer.claims.views.losses import losses, phases


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
