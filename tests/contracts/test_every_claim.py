"""Every claim is a set of experiments that can be linked, turned, run and told; the tests walk them all."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from lr_explorer.claims import CLAIMS, Experiment, Kind
from lr_explorer.claims.readings import needs_paths
from lr_explorer.figures.claims import picture_figure
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.statistics import Status

EXPERIMENTS = {f"{claim.id}.{made.name}": (claim, made) for claim in CLAIMS.values() for made in claim.experiments if isinstance(made, Experiment)}
every_claim = pytest.mark.parametrize("claim", CLAIMS.values(), ids=list(CLAIMS))
every_experiment = pytest.mark.parametrize("name", EXPERIMENTS)


def test_the_claims_of_the_text_are_there():
    assert list(CLAIMS) == ["M1", "M2", "M3", "M4", "M5", "E1", "E2", "E3", "E4", "E5", "E6"]


@every_claim
def test_every_claim_says_asks_and_has_a_counter_example(claim):
    assert claim.says.endswith(".")
    assert claim.question.endswith("?")
    assert claim.wording == "" or claim.wording.endswith(".")
    assert any(made.kind is Kind.COUNTER for made in claim.experiments)


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS.values() if isinstance(claim.experiments[0], Experiment)], ids=lambda claim: claim.id)
def test_the_experiment_on_the_card_has_a_knob_theory_and_a_picture(claim):
    first = claim.experiments[0]
    assert first.kind is Kind.CLAIM
    assert first.knob is not None
    assert first.theory is not None
    assert first.pictures


@every_claim
def test_experiments_are_found_by_their_names(claim):
    assert [claim[made.name] for made in claim.experiments] == list(claim.experiments)
    with pytest.raises(KeyError, match=f"claim {claim.id} has no experiment 'nonsense'; it has {claim.experiments[0].name}"):
        claim["nonsense"]


@every_experiment
def test_what_an_experiment_reads_is_the_same_without_paths_unless_it_asks_for_them(name):
    _, made = EXPERIMENTS[name]
    scenario = made.member(made.scenarios[0].with_values(steps=min(100, made.scenarios[0].steps)), 0)
    for reading in {reading for reading in made.readings if not needs_paths(reading)}:
        for whole, bare in zip(*(simulate(scenario, 8, endings=False, paths=paths).arms for paths in (True, False)), strict=True):
            np.testing.assert_array_equal(reading(scenario, bare), reading(scenario, whole))


@every_experiment
def test_every_experiment_says_what_it_claims_and_why_it_comes_out_so(name):
    _, made = EXPERIMENTS[name]
    assert made.label
    assert made.says
    assert not made.says.endswith(".")
    assert made.why.endswith(".")
    assert made.expected in Status
    if made.theory:
        assert made.theory.formula
        assert made.theory.says.endswith((".", ":"))
        assert made.theory.source.endswith(".")


@every_experiment
def test_every_scenario_of_an_experiment_survives_its_link(name):
    _, made = EXPERIMENTS[name]
    for scenario in made.scenarios:
        read = Scenario.from_query(scenario.to_query())
        assert read.complaints == ()
        assert read == scenario


@every_experiment
def test_every_experiment_can_be_sent_to_another_process(name):
    _, made = EXPERIMENTS[name]
    sent = pickle.loads(pickle.dumps(made))
    assert sent.scenarios == made.scenarios


@every_experiment
def test_what_a_reader_may_predict_covers_the_expected_status(name):
    _, made = EXPERIMENTS[name]
    outcomes = made.outcomes
    assert len(outcomes) >= 2
    assert all(outcomes.values())
    assert made.expected in outcomes or made.expected is Status.INCONCLUSIVE


@every_experiment
def test_a_knob_at_its_default_leaves_the_experiment_as_it_is_and_elsewhere_does_not(name):
    _, made = EXPERIMENTS[name]
    if made.knob is None:
        return
    assert made.knob.default in made.knob.values
    for value in made.knob.values:
        turned = made.knob.turned(made, value)
        is_same = (turned.scenarios, turned.readings) == (made.scenarios, made.readings)
        assert is_same == (value == made.knob.default)


def few(made):
    """Return an experiment with so few replicates and rates that it takes no time, its verdict aside."""
    tuned = made.tuned and replace(made.tuned, count=3, per_decade=1)
    return replace(made, count=min(made.count, 6), tuned=tuned)


def is_long(name):
    """Whether an experiment's test is left to CI's second round: of the tuned ones those that are not the first of their claim, and long runs."""
    claim, made = EXPERIMENTS[name]
    return max(scenario.steps for scenario in made.scenarios) > 2000 or (made.tuned is not None and made is not claim.experiments[0])


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if is_long(name) else ()) for name in EXPERIMENTS])
def test_every_experiment_runs_reads_a_number_of_each_replicate_and_draws_what_it_says(name):
    made = few(EXPERIMENTS[name][1])
    result = made.result(3)
    assert len(result.readings) == len(made.names)
    for reading in result.readings:
        assert reading.shape == (made.count,)
        assert not np.isnan(reading.astype(float)).any()
    assert result.sentence.startswith(("Supported", "Refuted", "Reversed", "Inconclusive"))
    assert result.typical.replicate < made.count
    for view in made.pictures:
        picture = view(result)
        assert picture.says.rstrip().endswith(".")
        assert picture.curves or picture.map
        for curve in picture.curves:
            assert np.shape(curve.x) == np.shape(curve.y)
            assert not np.isnan(curve.y).any()
            assert curve.arm is None or curve.arm < len(made.names)
        assert_what_was_measured_is_in_range(picture, made)


def assert_what_was_measured_is_in_range(picture, made):
    """Hold a drawing against its picture: middle and end of what was measured lie on the axis, and where theory leaves it the text says so."""
    axis = picture_figure(picture, made.arms, dark=False).layout.yaxis
    for curve in picture.curves:
        with np.errstate(divide="ignore"):
            y = np.log10(curve.y) if picture.log_y else curve.y
        if curve.is_theory:
            is_in = ((y >= axis.range[0]) & (y <= axis.range[1])).all()
            assert is_in or "out of the picture" in picture.says
            continue
        for value in (np.median(y), y[-1]):
            assert axis.range[0] <= value <= axis.range[1] or not np.isfinite(value)
