"""A sweep's cells are what its axes say, and each does what it does alone."""

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lr_explorer.experiments.blocks import Stopped
from lr_explorer.experiments.crowd import crowd
from lr_explorer.experiments.measures import below, global_basin
from lr_explorer.experiments.sweep import MOST_CELLS, Axis, Sweep, spaced, sweep
from lr_explorer.noise import NOISES, Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm

WELLS = Scenario(noise=Gaussian(sigma=2.0), arms=(arm("cosine", peak=0.13), arm(peak=0.02)), steps=60)


def axes(*written, of=WELLS):
    return tuple(Axis.read(text, of) for text in written)


def assert_same(one, other):
    """Assert that what two arms did is equal to the bit, but for bands, which a sweep tells at two steps alone."""
    for field in dataclasses.fields(one):
        if field.name not in ("bands", "gone"):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


# Axes


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("noise.sigma=0.5, 1,2", ("0.5", "1", "2")),
        ("noise.sigma = 0..1/5", ("0", "0.25", "0.5", "0.75", "1")),
        ("noise.sigma=1..0.1/10", ("1", "0.9", "0.8", "0.7", "0.6", "0.5", "0.4", "0.3", "0.2", "0.1")),
        ("arm*.schedule.peak=0.001 .. 10 / 5 log", ("0.001", "0.01", "0.1", "1", "10")),
        ("noise.sigma=0, 1..2/3, 5", ("0", "1", "1.5", "2", "5")),
        ("arm1.optimizer=sgd, adam", ("sgd", "adam")),
        # Whole numbers, each once.
        ("steps=10..1000/5 log", ("10", "32", "100", "316", "1000")),
        ("steps=1..3/5", ("1", "2", "3")),
        # Values that have commas themselves.
        ("arm1.schedule.formula=min(1, t); 1 - t/T", ("min(1, t)", "1 - t/T")),
        ("arm1.schedule.milestones=10, 20;", ("10, 20",)),
    ],
)
def test_an_axis_reads_as_it_is_written(written, values):
    assert Axis.read(written, WELLS).values == values


def test_equal_factors_have_the_ratio_that_they_should():
    values = [float(value) for value in spaced(0.003, 0.7, 12, log=True)]
    assert values[0] == 0.003
    assert values[-1] == 0.7
    assert np.diff(np.log(values)) == pytest.approx(math.log(0.7 / 0.003) / 11, rel=1e-9)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("noise.sigma", "an axis is written KEY=VALUES, such as noise.sigma=0.5, 1, 2 or noise.sigma=0.5..2/4; got 'noise.sigma'"),
        ("noise.sigma=", "an axis is written KEY=VALUES"),
        ("noise.sigma=0..1", "noise.sigma: a range is written 0.5..2/4 for four even values, 0.01..1/5 log for equal factors; got '0..1'"),
        ("noise.sigma=0..1/0.5", "noise.sigma: a range is written"),
        ("noise.sigma=0..1/1", "noise.sigma: a range has 2 to 1000 values; got 1"),
        ("noise.sigma=0..1/5 log", "noise.sigma: a range by equal factors has ends above 0; got 0 and 1"),
        ("noise.sigma=0..1e999/5", "noise.sigma: a range ends at finite numbers; got 0 and inf"),
    ],
)
def test_an_axis_that_cannot_be_read_is_refused_with_the_reason(written, reason):
    with pytest.raises(ValueError, match=reason.replace("(", r"\(")):
        Axis.read(written, WELLS)


def test_an_axis_knows_its_numbers_and_what_describes_them():
    peak, kind = axes("arm*.schedule.peak=0.1, 1", "arm2.optimizer=sgd, adam")
    assert peak.numbers == (0.1, 1.0)
    assert kind.numbers is None
    assert axes("steps=10, 20")[0].numbers == (10, 20)
    assert peak.described(WELLS) == type(WELLS.arms[0].schedule).params()["peak"]
    assert kind.described(WELLS).label == "Optimizer"


# Cells


def test_cells_are_every_combination_and_each_is_found_by_its_places():
    made = Sweep(WELLS, axes("noise.sigma=0.5, 1, 2", "arm*.schedule.peak=0.1, 0.2", "steps=10, 20"))
    assert made.shape == (3, 2, 2)
    assert len(made.scenarios) == len(set(made.scenarios)) == 12
    for place in made.places:
        cell = made.at(*place)
        assert cell.noise.sigma == (0.5, 1, 2)[place[0]]
        assert [one.schedule.peak for one in cell.arms] == [(0.1, 0.2)[place[1]]] * 2
        assert cell.steps == (10, 20)[place[2]]
    assert [made.at(*place) for place in made.places] == list(made.scenarios)


def test_without_axes_a_sweep_has_the_scenario_as_its_only_cell():
    assert Sweep(WELLS, ()).scenarios == (WELLS,)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (["noise.sigma=1, -2, -3"], r"^the cell noise.sigma=-2 is refused, as 1 more of 3 are: noise.sigma must be between 0 and .*; got -2"),
        (["noise.sigmo=1"], "^noise.sigmo is no setting of this scenario; similar ones are noise.sigma"),
        (["arm*.schedule.num_cycles=1"], "^arm2.schedule.num_cycles is no setting of this scenario"),
        (["arm3.schedule.peak=1"], "^arm3.schedule.peak: the arms of this scenario are numbered from 1 to 2$"),
        (["arm1.optimizer=adam, adan-x"], "^the cell arm1.optimizer=adan-x is refused: unknown optimizer 'adan-x'"),
        (["noise.sigma=1, 1"], "^noise.sigma: each value is there once"),
        (["arm*.schedule.peak=1", "arm2.schedule.peak=2"], "^arm2.schedule.peak: arm2.schedule.peak is varied by two axes$"),
        (["noise.sigma=0..1/200", "seed=1..200/200"], f"^a sweep has at most {MOST_CELLS:,} cells; got 200 × 200 = 40,000$"),
        (["arm1.schedule=step, cosine", "arm1.schedule.step_size=5"], "^the cell arm1.schedule=cosine, arm1.schedule.step_size=5 is refused: "),
    ],
)
def test_what_no_cell_can_be_made_of_is_refused_before_anything_runs(written, reason):
    with pytest.raises(ValueError, match=reason):
        Sweep(WELLS, axes(*written))


def test_a_surface_on_which_the_noise_cannot_act_is_refused_rather_than_run_without_it():
    sampled = next(name for name, cls in NOISES.items() if cls.refusal(SURFACES["double_well"]()))
    iris = next(name for name, cls in SURFACES.items() if not NOISES[sampled].refusal(cls()))
    base = Scenario(surface=SURFACES.create(iris), noise=NOISES.create(sampled))
    with pytest.raises(ValueError, match=f"^the cell surface=double_well is refused: noise: {sampled} "):
        Sweep(base, axes(f"surface={iris}, double_well", of=base))


def test_a_setting_may_belong_to_a_kind_that_another_axis_brings():
    made = Sweep(WELLS, axes("arm1.schedule=step, exponential", "arm1.schedule.gamma=0.5, 0.9"))
    assert [(cell.arms[0].schedule.name, cell.arms[0].schedule.gamma) for cell in made.scenarios] == [
        ("step", 0.5), ("step", 0.9), ("exponential", 0.5), ("exponential", 0.9),
    ]  # fmt: skip


# Results

VARIED = {
    "arms and noise": (WELLS, ["arm*.schedule.peak=0.01..1/4 log", "noise.sigma=1, 2"]),
    "one arm of two": (WELLS, ["arm2.schedule.peak=0.01..1/7 log"]),
    "kinds": (WELLS, ["arm1.optimizer=sgd, adam", "steps=20, 40"]),
    "start and surface": (WELLS.with_values(start=Circle(radius=2.0)), ["surface.b=0.1, 0.2", "seed=1, 2"]),
}


@pytest.mark.parametrize(("base", "written"), VARIED.values(), ids=VARIED)
def test_every_cell_does_what_it_does_alone(base, written):
    measure = global_basin()
    swept = sweep(base, axes(*written, of=base), measure, 70, tolerance=0.1)
    for place in swept.sweep.places:
        for mine, alone in zip(swept.at(*place), crowd(swept.sweep.at(*place), measure, 70, tolerance=0.1).arms, strict=True):
            assert_same(mine, alone)


def test_an_arm_that_is_the_same_in_many_cells_is_run_once():
    made = Sweep(WELLS, axes("arm2.schedule.peak=0.1..1/11"), count=10)
    # Eleven second arms and one first, six at a time.
    assert len(made.blocks()) == 2


def test_a_sweep_does_not_depend_on_who_computes_it():
    written = axes("noise.sigma=0.5, 1, 2", "arm1.schedule.peak=0.1, 0.2")
    with ThreadPoolExecutor(3) as pool:
        told = []
        pooled = sweep(WELLS, written, count=20, executor=pool, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert pooled.rows() == sweep(WELLS, written, count=20).rows()


def test_a_sweep_stops_when_it_is_told_to():
    with pytest.raises(Stopped):
        sweep(WELLS, axes("noise.sigma=0.5, 1, 2"), count=5, is_stopped=lambda: True)


def test_rows_have_the_axes_values_and_every_arms_numbers():
    swept = sweep(WELLS, axes("arm1.optimizer=sgd, adam", "noise.sigma=1, 2.5"), below(0.5), 30)
    rows = swept.rows()
    assert [(row["arm1.optimizer"], row["noise.sigma"], row["arm_number"]) for row in rows] == [
        (kind, sigma, number) for kind in ("sgd", "adam") for sigma in (1, 2.5) for number in (1, 2)
    ]
    for row, arm_crowd in zip(rows, (made for cell in swept.cells for made in cell), strict=True):
        assert row["success"] == arm_crowd.hits.mean()
        assert row["success_low"] <= row["success"] <= row["success_high"]
        assert row["replicates"] == 30
        assert row["loss_50"] == arm_crowd.quartiles[1]


def test_an_arms_average_has_a_loss_of_its_own():
    rows = sweep(WELLS, axes("arm1.averaging=none, ema"), count=20).rows()
    names = ("averaged_25", "averaged_50", "averaged_75")
    run = simulate(WELLS.edited({"arm1.averaging": "ema"}), 20).arms[0]
    ranked = np.sort(run.averaged_final_loss - WELLS.surface.lowest)
    assert [tuple(row[name] for name in names) for row in rows] == [
        (None,) * 3, (None,) * 3, tuple(ranked[[round(share * 19) for share in (0.25, 0.5, 0.75)]]), (None,) * 3,
    ]  # fmt: skip
    assert "averaged_50" not in sweep(WELLS, (), count=5).rows()[0]


def test_a_grid_has_a_number_of_every_cell_where_its_axes_say():
    swept = sweep(WELLS, axes("arm1.schedule.peak=0.1, 0.2, 0.3", "noise.sigma=1, 2"), count=20)
    medians = swept.grid(lambda found: found.quartiles[1], arm=1)
    assert medians.shape == (3, 2)
    for place in swept.sweep.places:
        assert medians[place] == swept.at(*place)[1].quartiles[1]
    # The second arm knows nothing of the first one's peak.
    assert (medians == medians[0]).all()
