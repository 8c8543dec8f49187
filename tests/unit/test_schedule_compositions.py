"""Schedules made of schedules: what a part sees, where a switch lies, and how a link spells it."""

import numpy as np
import pytest

from lr_explorer.export import export_code
from lr_explorer.links import Reader, spelled
from lr_explorer.registry import UnknownName
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.schedules.sequences import MAYBE_PARTS, NOTHING, PARTS, TRUNKS

NONE = NOTHING.create("none")


def made(name, **values):
    return SCHEDULES.create(name, **values)


def test_three_constants_one_after_another():
    """PyTorch's SequentialLR of ConstantLR factors 1, 0.1 and 0.5 at 0.01 with milestones 2 and 5, as run."""
    first, second, third = (made("constant", peak=factor) for factor in (1.0, 0.1, 0.5))
    rates = made("sequential", peak=0.01, first=first, second=second, third=third, switch1=2, switch2=5).values(8)
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.001, 0.001, 0.005, 0.005, 0.005], rel=1e-12)


@pytest.mark.parametrize(("switch", "expected"), [(0, [1, 0.9, 0.81, 0.729]), (3, [0.1, 0.28, 0.46, 1.0, 0.9, 0.81])])
def test_a_switch_at_zero_leaves_the_first_part_out_and_one_within_a_warm_up_jumps(switch, expected):
    """PyTorch's LinearLR from 0.1 over 5, then ExponentialLR 0.9, with milestones [0] and [3], as run."""
    warm = made("constant", peak=1.0, warmup=5, warmup_start=0.1)
    rates = made("sequential", peak=1.0, first=warm, second=made("exponential", peak=1.0, gamma=0.9), switch1=switch).values(len(expected))
    assert rates == pytest.approx(expected, rel=1e-12)


def test_a_part_runs_over_its_own_stage_from_its_own_peak():
    part = made("cosine", peak=0.5, warmup=3, floor=0.1)
    rates = made("sequential", peak=0.2, first=part, second=part, third=part, switch1=10, switch2=30).values(70)
    np.testing.assert_allclose(rates, 0.2 * np.concatenate([part.values(10), part.values(20), part.values(40)]), rtol=1e-15)


@pytest.mark.parametrize("steps", [1, 2, 9, 10, 11])
def test_a_run_that_ends_before_a_switch_never_gets_to_the_next_part(steps):
    first = made("exponential", peak=1.0, gamma=0.9)
    whole = made("sequential", peak=1.0, first=first, second=made("constant", peak=0.0), third=first, switch1=10, switch2=11).values(steps)
    np.testing.assert_allclose(whole[:10], 0.9 ** np.arange(min(steps, 10)), rtol=1e-12)
    assert (whole[10:] == 0).all()


@pytest.mark.parametrize("switch2", [0, 5, 10])
def test_a_second_switch_at_or_before_the_first_leaves_the_second_part_out(switch2):
    first, second, third = (made("constant", peak=peak) for peak in (1.0, 0.5, 0.25))
    rates = made("sequential", peak=1.0, first=first, second=second, third=third, switch1=10, switch2=switch2).values(12)
    assert rates.tolist() == [1.0] * 10 + [0.25] * 2


def test_warm_up_and_cool_down_of_the_whole_lie_around_its_parts():
    stages = {"first": made("constant", peak=1.0), "second": made("constant", peak=0.5), "switch1": 5}
    rates = made("sequential", peak=1.0, warmup=4, cooldown=2, **stages).values(16)
    np.testing.assert_allclose(rates, [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25], rtol=1e-15)


def test_chained_curves_are_multiplied_whatever_their_own_peaks():
    """PyTorch's documentation: ConstantLR 0.1 for 2 and ExponentialLR 0.9 at a rate of 1."""
    first = made("piecewise", peak=7.0, boundaries=(2,), factors=(0.1, 1.0))
    rates = made("chained", peak=1.0, first=first, second=made("exponential", peak=0.0, gamma=0.9)).values(5)
    assert rates == pytest.approx([0.1, 0.09, 0.81, 0.729, 0.6561], rel=1e-12)


def test_three_factors_are_the_product_of_three():
    parts = [made("linear"), made("step", step_size=5, gamma=0.5), made("cosine_restarts", t_0=4)]
    rates = made("chained", peak=2.0, **dict(zip(("first", "second", "third"), parts, strict=True))).values(30)
    np.testing.assert_allclose(rates, 2.0 * np.prod([part.fractions(30) for part in parts], axis=0), rtol=1e-15)


def test_a_momentum_that_one_stage_cycles_stays_where_it_was_left():
    cycle = made("one_cycle", peak=1.0, cycle_momentum=True)
    rest = made("constant", peak=0.1)
    after = made("sequential", first=cycle, second=rest, switch1=20).momentum(30)
    np.testing.assert_array_equal(after, [*cycle.momentum(20), *[cycle.momentum(20)[-1]] * 10])
    # PyTorch's scheduler sets the optimizer's momentum when it is made, before its turn has come.
    before = made("sequential", first=rest, second=cycle, switch1=20).momentum(30)
    np.testing.assert_array_equal(before, [*[cycle.momentum(10)[0]] * 20, *cycle.momentum(10)])


def test_of_two_chained_momenta_the_last_has_the_say():
    first, last = made("one_cycle", cycle_momentum=True), made("cyclic", cycle_momentum=True)
    np.testing.assert_array_equal(made("chained", first=first, second=last).momentum(40), last.momentum(40))
    np.testing.assert_array_equal(made("chained", first=first).momentum(40), first.momentum(40))


@pytest.mark.parametrize("branch", ["constant", "decay", "restart"])
@pytest.mark.parametrize("trunk", [made("cosine", peak=1.0, warmup=7, floor=0.1), made("sequential", peak=1.0), made("cyclic", peak=1.0)])
def test_a_fork_is_its_trunk_to_the_bit_until_it_parts(trunk, branch):
    whole = trunk.with_values(peak=0.3).values(200)
    for fork in (0, 1, 5, 100, 199, 200, 300):
        rates = made("forked", peak=0.3, trunk=trunk, fork=fork, branch=branch).values(200)
        np.testing.assert_array_equal(rates[:fork], whole[:fork])


def test_branches_keep_the_rate_or_decay_from_it_or_restart_at_the_peak():
    """The trunk is 10 − t of ten updates; at update 4 its rate is 6."""
    trunk = made("linear", peak=1.0)
    rates = {branch: made("forked", peak=10.0, trunk=trunk, fork=4, branch=branch).values(10) for branch in ("constant", "decay", "restart")}
    assert rates["constant"] == pytest.approx([10, 9, 8, 7, 6, 6, 6, 6, 6, 6], rel=1e-15)
    assert rates["decay"] == pytest.approx([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], rel=1e-15)
    assert rates["restart"] == pytest.approx([10, 9, 8, 7, 10, 10 * 5 / 6, 10 * 4 / 6, 5, 10 * 2 / 6, 10 / 6], rel=1e-15)


def test_a_branch_falls_to_the_floor_of_its_trunk_but_never_rises_to_it():
    trunk = made("constant", peak=1.0, warmup=10, floor=0.2)
    late = made("forked", peak=1.0, trunk=trunk, fork=20, branch="decay").values(30)
    np.testing.assert_allclose(late[20:], 0.2 + 0.8 * (1 - np.arange(10) / 10), rtol=1e-15)
    early = made("forked", peak=1.0, trunk=trunk, fork=1, branch="decay").values(30)
    np.testing.assert_allclose(early[1:], 0.1, rtol=1e-15)


def test_a_momentum_that_the_trunk_cycles_stays_where_it_is_at_the_fork():
    cycle = made("one_cycle", peak=1.0, cycle_momentum=True)
    np.testing.assert_array_equal(made("forked", trunk=cycle, fork=12).momentum(40), [*cycle.momentum(40)[:12], *[cycle.momentum(40)[12]] * 28])
    assert made("forked", fork=12).momentum(40) is None


def test_a_fork_of_a_composition_is_exported_with_all_that_is_in_it():
    trunk = made("sequential", peak=1.0, second=made("wsd", peak=1.0, floor=0.1), switch1=10)
    schedule = made("forked", peak=0.3, trunk=trunk, fork=20, branch="restart", decay_shape="cosine")
    names: dict = {}
    exec(export_code(schedule, 50, "python"), names)
    np.testing.assert_allclose(names["lr"], schedule.values(50), rtol=1e-12, atol=1e-15)


def test_parts_are_any_schedules_but_those_made_of_others():
    assert list(PARTS) == [name for name in SCHEDULES if name not in ("sequential", "chained", "forked")]
    assert list(MAYBE_PARTS) == ["none", *PARTS]
    assert len(PARTS) == len(SCHEDULES) - 3
    assert list(TRUNKS) == [name for name in SCHEDULES if name != "forked"]
    for name in ("chained", "cosin", 3):
        with pytest.raises(UnknownName, match=r"unknown schedule .*; (known: constant, step|the most alike of)"):
            PARTS[name]


def test_a_composition_spells_its_parts_in_a_link():
    query = spelled("arm1.schedule", made("sequential", second=made("step", gamma=0.5), switch1=40))
    assert query["arm1.schedule"] == "sequential"
    assert query["arm1.schedule.switch1"] == "40"
    assert query["arm1.schedule.first"] == "constant"
    assert query["arm1.schedule.second.gamma"] == "0.5"
    assert query["arm1.schedule.third"] == "none"


def test_a_link_cannot_put_a_composition_into_a_composition():
    reader = Reader({"s": "chained", "s.first": "sequential", "s.third": "linear", "s.third.floor": "0.5"})
    read = reader.described("s", SCHEDULES, made("constant"))
    assert read == made("chained", third=made("linear", floor=0.5))
    assert len(reader.closing()) == 1
    assert "s.first: unknown schedule 'sequential'; " in reader.closing()[0]


def test_a_part_is_changed_and_taken_out_as_everything_else_is():
    scenario = Scenario(arms=(Arm(schedule=made("sequential")),))
    edited = scenario.edited({"arm1.schedule.third": "exponential"}).edited({"arm1.schedule.third.gamma": "0.5"})
    assert edited.arms[0].schedule.third == made("exponential", peak=1.0, gamma=0.5)
    # Its peak is a fraction of the whole's, and all of it until told otherwise; another kind keeps what both describe alike.
    lower = edited.edited({"arm1.schedule.third.floor": "0.25"}).edited({"arm1.schedule.third": "step"})
    assert lower.arms[0].schedule.third == made("step", peak=1.0, floor=0.25)
    assert edited.edited({"arm1.schedule.third": "none"}).arms[0].schedule.third == NONE
    with pytest.raises(ValueError, match="unknown schedule 'chained'"):
        scenario.edited({"arm1.schedule.third": "chained"})


def test_a_part_that_has_no_rate_for_its_stage_says_so():
    broken = made("lambda", peak=1.0, expression="1/(t - 3)^2")
    schedule = made("sequential", second=broken, switch1=10)
    assert np.isfinite(schedule.values(13)).all()
    with pytest.raises(ValueError, match="no finite value at t = 3"):
        schedule.values(14)
