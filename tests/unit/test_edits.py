"""Editing changes what was asked for; a refused change is an error and leaves the scenario as it was."""

import re

import pytest
from hypothesis import given, settings

from lr_explorer.noise import NOISES
from lr_explorer.scenario import Scenario
from lr_explorer.start import Circle, Point
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm, scenarios

MADE = Scenario(
    surface=SURFACES.create("quadratic", lambda1=2.0),
    start=Circle(x=1.0, y=2.0, radius=3.0),
    arms=(arm("cosine", "sgd", "One", peak=0.3, warmup=20, floor=0.1, momentum=0.9, weight_decay=0.01), arm("step", "adam", "Two", gamma=0.5)),
    steps=700,
    seed=9,
)


def test_a_number_is_changed_and_nothing_else():
    edited = MADE.edited({"arm1.schedule.peak": "0.30000000000000004"})
    assert edited.arms[0].schedule.peak == 0.1 + 0.2
    assert edited.to_query() == MADE.to_query() | {"arm1.schedule.peak": "0.30000000000000004"}


def test_another_schedule_keeps_the_parameters_that_both_describe_alike():
    edited = MADE.edited({"arm1.schedule": "wsd"})
    assert edited.arms[0].schedule == arm("wsd", peak=0.3, warmup=20, floor=0.1).schedule
    assert edited.arms[0].optimizer == MADE.arms[0].optimizer
    assert edited.arms[1] == MADE.arms[1]
    # γ per update is another thing than γ per hundred updates, although both are called γ.
    assert MADE.edited({"arm2.schedule": "exponential"}).arms[1].schedule.gamma == 0.99


def test_another_optimizer_keeps_the_parameters_that_both_describe_alike():
    adam = MADE.edited({"arm1.optimizer": "adam"}).edited({"arm1.optimizer.weight_decay": "0.02", "arm1.optimizer.eps": "1e-05"})
    assert adam.edited({"arm1.optimizer": "rmsprop"}).arms[0].optimizer == arm(optimizer="rmsprop", weight_decay=0.02, eps=1e-5).optimizer
    # AdamW's decay is decoupled and AdaGrad's ε far smaller: each has its own default.
    assert adam.edited({"arm1.optimizer": "adamw"}).arms[0].optimizer.weight_decay == 0.01
    assert adam.edited({"arm1.optimizer": "adagrad"}).arms[0].optimizer.eps == 1e-10
    assert MADE.edited({"arm1.optimizer": "adam"}).arms[0].schedule == MADE.arms[0].schedule


def test_another_surface_brings_its_own_parameters_and_start():
    edited = MADE.edited({"surface": "rosenbrock"})
    assert edited.surface == SURFACES.create("rosenbrock")
    assert edited.start == Circle(*edited.surface.start, radius=3.0)
    assert edited.arms == MADE.arms
    assert (edited.steps, edited.seed, edited.noise) == (700, 9, MADE.noise)


def test_another_start_keeps_its_coordinates():
    assert MADE.edited({"start": "point"}).start == Point(1.0, 2.0)
    assert MADE.edited({"start": "point"}).edited({"start": "circle"}).start == Circle(x=1.0, y=2.0)


@pytest.mark.parametrize(
    "changes", [{"surface": "rosenbrock", "surface.b": "5", "start.x": "0.5"}, {"start.x": "0.5", "surface.b": "5", "surface": "rosenbrock"}]
)
def test_a_surface_and_its_values_can_be_changed_together_in_any_order(changes):
    edited = MADE.edited(changes)
    assert edited.surface.b == 5.0
    assert (edited.start.x, edited.start.y) == (0.5, edited.surface.start[1])


@pytest.mark.parametrize(
    "changes", [{"arm1.optimizer": "adam", "arm1.optimizer.beta1": "0.5"}, {"arm1.optimizer.beta1": "0.5", "arm1.optimizer": "adam"}]
)
def test_an_optimizer_and_its_values_can_be_changed_together_in_any_order(changes):
    assert MADE.edited(changes).arms[0].optimizer.beta1 == 0.5


def test_a_new_arm_is_added_by_its_number():
    edited = MADE.edited({"arm3.name": "Three"})
    assert [made.name for made in edited.arms] == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": "0"}, "steps must be between 1 and 20000; got 0"),
        ({"noise.sigma": "much"}, "noise.sigma must be a number"),
        ({"surface": "§"}, "unknown surface '§'; known: "),
        ({"arm1.schedule": "cosin"}, "unknown schedule 'cosin'; the most alike of "),
        ({"arm1.optimizer.nesterov": "true", "arm1.optimizer.momentum": "0.0"}, "SGD.nesterov needs momentum above 0"),
        ({"arm4.name": "Four"}, "numbered from 1 without gaps"),
        ({"weather": "fine"}, "'weather' is not a setting here"),
        ({"arm1.optimizer.beta1": "0.5"}, "'arm1.optimizer.beta1' is not a setting here"),
        ({"steps": "100", "seed": "-1"}, "seed must be between 0"),
    ],
)
def test_a_refused_change_says_why_and_leaves_the_scenario(changes, message):
    before = MADE.to_query()
    with pytest.raises(ValueError, match=re.escape(message)):
        MADE.edited(changes)
    assert MADE.to_query() == before


IRIS = Scenario(surface=SURFACES.create("iris_regression", mix=0.5), noise=NOISES.create("minibatch", size=7), steps=50)


def test_another_surface_with_data_keeps_the_mini_batches_and_one_without_ends_them_and_nothing_else():
    assert IRIS.edited({"surface": "iris_logistic"}).noise == IRIS.noise
    edited = IRIS.edited({"surface": "beale"})
    assert edited.noise.is_silent
    assert (edited.arms, edited.steps) == (IRIS.arms, 50)


def test_mini_batches_without_data_are_refused():
    for scenario, changes in ((MADE, {"noise": "minibatch"}), (IRIS, {"surface": "beale", "noise": "minibatch"})):
        with pytest.raises(ValueError, match="noise: minibatch needs a surface with data"):
            scenario.edited(changes)


def test_noise_and_surface_can_be_changed_together_in_any_order():
    changes = [("surface", "iris_logistic"), ("noise", "minibatch"), ("noise.size", "9")]
    for order in (changes, changes[::-1]):
        edited = MADE.edited(dict(order))
        assert edited.noise == NOISES.create("minibatch", size=9)


@given(scenarios())
@settings(max_examples=25)
def test_editing_nothing_or_a_value_to_itself_changes_nothing(scenario):
    assert scenario.edited({}) == scenario
    query = scenario.to_query()
    numbers = {key: text for key, text in query.items() if key == "steps" or key.endswith(".peak")}
    assert scenario.edited(numbers) == scenario


@given(scenarios())
@settings(max_examples=25)
def test_every_kind_can_be_chosen_whatever_was_chosen_before(scenario):
    for key, query in (("surface", "beale"), ("start", "point"), ("arm1.optimizer", "adamw"), ("arm1.schedule", "one_cycle")):
        edited = scenario.edited({key: query})
        assert edited.complaints == ()
        assert edited.to_query()[key] == query
