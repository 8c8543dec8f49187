"""The schedule that is typed as a formula; how formulas are read is tested with them."""

import numpy as np
import pytest

from lr_explorer.links import Reader
from lr_explorer.scenario import Scenario
from lr_explorer.schedules import SCHEDULES


def typed(expression, **values):
    return SCHEDULES.create("lambda", **{"peak": 1.0, "expression": expression} | values)


@pytest.mark.parametrize("steps", [1, 2, 3, 61])
@pytest.mark.parametrize(
    ("expression", "name", "values"),
    [
        ("1 - t/T", "linear", {}),
        ("0.5(1 + cos(pi t / T))", "cosine", {}),
        ("(1 - t/T)^0.9", "polynomial", {"power": 0.9}),
        ("0.5^floor(t/10)", "step", {"step_size": 10, "gamma": 0.5}),
        ("1/(1 + 0.02 t)", "inverse_time", {"decay_rate": 0.02}),
        ("where(t < 30, 1, 0.1)", "multistep", {"milestones": (30,)}),
        ("1", "constant", {}),
    ],
)
def test_named_schedules_can_be_typed(steps, expression, name, values):
    np.testing.assert_allclose(
        typed(expression, warmup=0).values(steps), SCHEDULES.create(name, peak=1.0, **values).values(steps), rtol=1e-13, atol=1e-15
    )


def test_noam_is_typed_with_a_guard_at_step_zero():
    """The right values, and those of a sign that is wrong, as computed in Python."""
    rates = typed("512^-0.5 * min(max(t, 1)^-0.5, max(t, 1) * 4000^-1.5)").values(16_001)
    assert rates[[1, 4000, 16_000]] == pytest.approx([1.746928e-07, 0.0006987712, 0.0003493856], rel=1e-6)
    wrong = typed("512^-0.5 * min(max(t, 1)^0.5, max(t, 1) * 4000^-0.5)").values(16_001)
    assert wrong[16_000] > 1


def test_t_counts_from_the_end_of_warm_up():
    np.testing.assert_allclose(typed("1 - t/T", warmup=5).values(15)[5:], 1 - np.arange(10) / 10, rtol=1e-15)


def test_a_factor_above_one_is_allowed():
    assert typed("1 + t").values(4).tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("expression", "steps", "says"),
    [
        ("1 - t/10", 20, "Lambda.expression is negative, -0.1 at t = 11 with T = 20: 1 - t/10"),
        ("1/t", 3, "Lambda.expression has no finite value at t = 0 with T = 3: 1/t"),
        ("sqrt(5 - t)", 10, "Lambda.expression has no finite value at t = 6 with T = 10: sqrt(5 - t)"),
        ("exp(t^12)", 10, "Lambda.expression has no finite value at t = 2 with T = 10: exp(t^12)"),
        ("log(T - t)", 5, "Lambda.expression"),
    ],
)
def test_a_rate_that_is_none_is_refused_and_the_update_named(expression, steps, says):
    if says == "Lambda.expression":
        # log 1 = 0 is a rate, if a still one.
        assert typed(expression).values(steps)[-1] == 0
        return
    with pytest.raises(ValueError, match="at t = ") as refusal:
        typed(expression).values(steps)
    assert str(refusal.value) == says


def test_a_formula_that_cannot_be_read_is_refused_when_it_is_typed():
    with pytest.raises(
        ValueError, match=r"Lambda\.expression must be a formula of t, T: unknown name 'steps'; known: t, T, pi, .*; got '1 - t/steps'"
    ):
        typed("1 - t/steps")


def test_a_bad_formula_in_a_link_is_named_and_replaced():
    reader = Reader({"s": "lambda", "s.expression": "__import__('os').system('ls')", "s.peak": "0.5"})
    assert reader.described("s", SCHEDULES, SCHEDULES.create("constant")) == SCHEDULES.create("lambda", peak=0.5)
    (complaint,) = reader.closing()
    assert complaint.startswith("s.expression must be a formula of t, T: ")
    assert complaint.endswith("; 1 - t/T was used.")


def test_a_formula_survives_its_link():
    query = {"arm1.schedule": "lambda", "arm1.schedule.expression": "0.5(1 + cos(π·t/T)) − 0"}
    scenario = Scenario.from_query(query)
    assert scenario.complaints == ()
    assert Scenario.from_query(scenario.to_query()) == scenario
    assert scenario.arms[0].schedule.expression == query["arm1.schedule.expression"]
