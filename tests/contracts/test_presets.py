"""Every preset is a scenario that can be linked, run and told; the tests walk them all."""

from functools import cache

import numpy as np
import pytest

from lr_explorer.experiments.presets import PRESETS
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.story import what_happened

every_preset = pytest.mark.parametrize("key", PRESETS)


@cache
def answers(key):
    """Return for each arm whether the preset's measure holds for each of 200 replicates."""
    preset = PRESETS[key]
    return [preset.measure.holds(preset.scenario.surface, arm) for arm in simulate(preset.scenario, 200).arms]


@every_preset
def test_every_preset_says_what_it_shows(key):
    preset = PRESETS[key]
    assert preset.label
    assert preset.says.endswith(".")
    assert preset.look.endswith(".")
    assert preset.measure.says
    assert not preset.measure.says.endswith(".")


def test_no_label_is_used_twice():
    assert len({preset.label for preset in PRESETS.values()}) == len(PRESETS)


@every_preset
def test_every_preset_survives_its_link(key):
    scenario = PRESETS[key].scenario
    read = Scenario.from_query(scenario.to_query())
    assert read == scenario
    assert read.complaints == ()


@every_preset
def test_arms_of_a_preset_can_be_told_apart(key):
    arms = PRESETS[key].scenario.arms
    assert len({arm.name for arm in arms}) == len({arm.colour for arm in arms}) == len(arms)


@every_preset
def test_every_preset_is_told_without_a_number_missing(key):
    sentences = what_happened(simulate(PRESETS[key].scenario))
    assert len(sentences) == len(PRESETS[key].scenario.arms)
    assert not any(word in sentence for sentence in sentences for word in ("nan", "inf", "None"))


@every_preset
def test_the_measure_answers_for_every_replicate(key):
    for holds in answers(key):
        assert holds.shape == (200,)
        assert holds.dtype == np.bool_


@every_preset
def test_the_replicate_shown_does_in_every_arm_what_most_do(key):
    for holds in answers(key):
        assert holds[PRESETS[key].scenario.replicate] == (holds.mean() > 0.5)
