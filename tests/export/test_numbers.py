"""Exported numbers are exact and complete."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lr_explorer.controllers import CONTROLLERS
from lr_explorer.export import export_csv, export_json
from lr_explorer.scenario import Arm
from lr_explorer.schedules import SCHEDULES
from tests.helpers import any_of


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", SCHEDULES)
def test_csv_holds_every_rate_to_the_last_digit(name):
    schedule = SCHEDULES.create(name)
    read = rows(export_csv(schedule, 50))
    assert [int(row["step"]) for row in read] == list(range(50))
    assert [float(row["lr"]) for row in read] == schedule.values(50).tolist()


@pytest.mark.parametrize("name", SCHEDULES)
def test_json_holds_every_rate_and_every_parameter(name):
    schedule = SCHEDULES.create(name, peak=0.3)
    read = json.loads(export_json(schedule, 50))
    assert read["lr"] == schedule.values(50).tolist()
    assert read["steps"] == 50
    assert read["schedule"]["kind"] == name
    assert set(read["schedule"]) == {"kind", *schedule.params(), *schedule.parts()}
    assert read["schedule"]["peak"] == 0.3


def test_json_names_the_parts_of_a_composition():
    read = json.loads(export_json(SCHEDULES.create("sequential"), 10))
    assert read["schedule"]["first"]["kind"] == "constant"
    assert read["schedule"]["third"] == {"kind": "none"}


@given(schedule=any_of(SCHEDULES), steps=st.integers(1, 60))
def test_any_schedule_that_has_a_curve_has_its_numbers(schedule, steps):
    try:
        expected = schedule.values(steps).tolist()
    except ValueError:
        return
    assert json.loads(export_json(schedule, steps))["lr"] == expected
    assert [float(row["lr"]) for row in rows(export_csv(schedule, steps))] == expected


def test_one_cycle_holds_one_value_an_update_and_its_end():
    read = rows(export_csv(SCHEDULES.create("one_cycle", peak=0.01), 50))
    assert len(read) == 50
    assert float(read[-1]["lr"]) == pytest.approx(4e-8)


def test_cycled_momentum_stands_beside_the_rate():
    schedule = SCHEDULES.create("one_cycle", cycle_momentum=True)
    assert [float(row["momentum"]) for row in rows(export_csv(schedule, 20))] == schedule.momentum(20).tolist()
    assert "momentum" not in rows(export_csv(SCHEDULES.create("cosine"), 20))[0]


def test_an_arms_drop_is_in_its_numbers():
    dropped = Arm(drop_at=3, drop_factor=0.5)
    assert [float(row["lr"]) for row in rows(export_csv(dropped, 5))] == [0.1, 0.1, 0.1, 0.05, 0.05]


@pytest.mark.parametrize("export", [export_csv, export_json])
def test_numbers_that_do_not_exist_are_refused_with_a_sentence(export):
    with pytest.raises(ValueError, match="steps must be a whole number of at least 1; got 0"):
        export(SCHEDULES.create("cosine"), 0)
    with pytest.raises(ValueError, match="sets the rate by what the run does"):
        export(Arm(schedule=CONTROLLERS.create(next(iter(CONTROLLERS)))), 10)
