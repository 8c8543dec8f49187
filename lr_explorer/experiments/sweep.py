"""A scenario many times over: one cell for every combination of some of its link's values.

An axis is a key and its values, written as `noise.sigma=0.5, 1, 2` or as a range: `0.5..2/4` are four even values from 0.5 to 2, both included,
`0.001..1/7 log` are seven by equal factors. `arm*.schedule.peak` changes every arm alike. Values that have commas themselves are parted by
semicolons.
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain, product
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.blocks import IsStopped, Progress, computed, parts, replicate_blocks
from lr_explorer.experiments.crowd import ArmCrowd, CrowdPart, crowd_blocks, crowd_row, gathered, looks_of
from lr_explorer.experiments.ensemble import DEFAULT_MEASURE, REPLICATES
from lr_explorer.experiments.measures import Measure
from lr_explorer.params import Number, Param, Part, shortened
from lr_explorer.scenario import MAX_ARMS, Arm, Scenario, described_at

Array = NDArray[np.float64]

MOST_CELLS = 20_000
_MOST_OF_A_RANGE = 1000
_END = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_RANGE = re.compile(rf"{_END}\s*\.\.\s*{_END}\s*/\s*(\d+)(\s+log)?", re.ASCII)
_LIKE_A_RANGE = re.compile(r"[-+.\d]\S*\s*\.\.")
# The digits of a value within a range: more would be the noise of its arithmetic.
_DIGITS = 12
_EVERY_ARM = "arm*."
# Bands over the steps are no part of a sweep's rows; a crowd tells them at two steps or more.
_LOOKS = 2
_AVERAGED = ("averaged_25", "averaged_50", "averaged_75")


# Axes


@dataclass(frozen=True)
class Axis:
    """A key of a scenario's link, and the texts that it takes in turn; a key that begins with `arm*.` stands for that of every arm."""

    key: str
    values: tuple[str, ...]

    @classmethod
    def read(cls, written: str, scenario: Scenario) -> Self:
        """Read `key=values` as an axis of this scenario; ValueError says what is wrong."""
        key, equals, values = (part.strip() for part in written.partition("="))
        if not (key and equals and values):
            raise ValueError(f"an axis is written KEY=VALUES, such as noise.sigma=0.5, 1, 2 or noise.sigma=0.5..2/4; got {shortened(written)}")
        described = described_at(key.replace("*", "1", 1), scenario.to_query())
        is_whole = isinstance(described, Number) and described.whole
        separator = ";" if ";" in values else ","
        items = [item.strip() for item in values.split(separator) if item.strip()]
        return cls(key, tuple(chain.from_iterable(_values(key, item, is_whole) for item in items)))

    def keys(self, scenario: Scenario) -> list[str]:
        """Return the keys of the scenario's link that it changes together; ValueError if there is no such arm."""
        count = len(scenario.arms)
        if self.key.startswith(_EVERY_ARM):
            return [f"arm{number}.{self.key.removeprefix(_EVERY_ARM)}" for number in range(1, count + 1)]
        if (arm := re.match(r"arm([0-9]+)\.", self.key)) and not 1 <= int(arm[1]) <= count:
            raise ValueError(f"{self.key}: the arms of this scenario are numbered from 1 to {count}")
        return [self.key]

    def described(self, scenario: Scenario) -> Param | Part | None:
        """Return what describes its values, with their label and scale; None if only another axis makes this a key of the scenario."""
        return described_at(self.keys(scenario)[0], scenario.to_query())

    @property
    def numbers(self) -> tuple[int | float, ...] | None:
        """Its values as numbers, whole ones if all are; None if one is not a number."""
        for read in (int, float):
            try:
                return tuple(read(value) for value in self.values)
            except ValueError:
                continue
        return None


def spaced(low: float, high: float, count: int, *, log: bool = False, whole: bool = False) -> tuple[str, ...]:
    """Return `count` values from low to high as a link spells them, evenly spaced or by equal factors; ValueError if there are none such.

    whole: the nearest whole numbers, each once.
    """
    if not 2 <= count <= _MOST_OF_A_RANGE:
        raise ValueError(f"a range has 2 to {_MOST_OF_A_RANGE} values; got {count}")
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"a range ends at finite numbers; got {low:g} and {high:g}")
    if log and not (low > 0 and high > 0):
        raise ValueError(f"a range by equal factors has ends above 0; got {low:g} and {high:g}")
    values = (np.geomspace if log else np.linspace)(low, high, count)
    return tuple(dict.fromkeys(f"{round(value)}" if whole else f"{value:.{_DIGITS}g}" for value in values.tolist()))


def _values(key: str, item: str, whole: bool) -> tuple[str, ...]:
    found = _RANGE.fullmatch(item)
    if found is None:
        if _LIKE_A_RANGE.match(item):
            raise ValueError(f"{key}: a range is written 0.5..2/4 for four even values, 0.01..1/5 log for equal factors; got {shortened(item)}")
        return (item,)
    low, high, count, log = found.groups()
    try:
        return spaced(float(low), float(high), int(count), log=bool(log), whole=whole)
    except ValueError as refusal:
        raise ValueError(f"{key}: {refusal}") from refusal


# Cells


@dataclass(frozen=True)
class Sweep:
    """A scenario with every combination of its axes' values, each to be run with the replicates 0 … count − 1.

    scenarios: the cells, the last axis varying fastest. tolerance: as in `crowd`. ValueError if an axis or a cell is refused: before anything is
    run.
    """

    base: Scenario
    axes: tuple[Axis, ...]
    measure: Measure = DEFAULT_MEASURE
    count: int = REPLICATES
    tolerance: float | None = None
    scenarios: tuple[Scenario, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"Sweep.count must be at least 1; got {self.count}")
        _check_axes(self.base, self.axes)
        object.__setattr__(self, "scenarios", _cells(self.base, self.axes))

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def places(self) -> list[tuple[int, ...]]:
        """Where on each axis every cell stands, in the order of `scenarios`."""
        return list(np.ndindex(self.shape))

    def at(self, *place: int) -> Scenario:
        """Return the scenario of the cell at these places of the axes."""
        return self.scenarios[int(np.ravel_multi_index(place, self.shape))]

    def blocks(self) -> list[Callable[[], tuple[CrowdPart, ...]]]:
        """Return what there is to compute as blocks, for `gathered` to put together in this order."""
        packs = [(pack, looks_of(pack, self.count, _LOOKS)) for pack in self._packs]
        return [block for pack, looks in packs for block in crowd_blocks(pack, self.measure, self.count, looks, self.tolerance)]

    def gathered(self, results: Sequence[tuple[CrowdPart, ...]]) -> "Swept":
        """Put the results of all blocks, in their order, together."""
        left = iter(results)
        found: dict[tuple[Any, Arm], ArmCrowd] = {}
        for pack in self._packs:
            mine = [next(left) for _ in replicate_blocks(pack, self.count)]
            crowd = gathered(pack, self.measure, looks_of(pack, self.count, _LOOKS), mine)
            found |= {(_world(pack), arm.arm): arm for arm in crowd.arms}
        return Swept(self, tuple(tuple(found[_world(cell), arm] for arm in cell.arms) for cell in self.scenarios))

    @property
    def _packs(self) -> list[Scenario]:
        """The different arms of cells that differ in nothing else, a few at a time as the arms of one scenario: so they share the noise's cost."""
        alike: dict[Any, list[Scenario]] = {}
        for cell in self.scenarios:
            alike.setdefault(_world(cell), []).append(cell)
        return [
            cells[0].with_values(arms=tuple(some))
            for cells in alike.values()
            # First arms first, then second ones: arms of one rule are computed as one if they come together.
            for some in parts(list(dict.fromkeys(chain.from_iterable(zip(*(cell.arms for cell in cells), strict=True)))), MAX_ARMS)
        ]


def _world(scenario: Scenario) -> tuple[Any, ...]:
    """Return what arms must have in common to be run together."""
    return scenario.surface, scenario.start, scenario.noise, scenario.steps, scenario.seed


def _check_axes(base: Scenario, axes: Sequence[Axis]) -> None:
    query, taken = base.to_query(), set[str]()
    every_key = [key for axis in axes for key in axis.keys(base)]
    for axis in axes:
        repeats = [value for place, value in enumerate(axis.values) if value in axis.values[:place]]
        if not axis.values or repeats:
            raise ValueError(f"{axis.key}: each value is there once, and there is at least one; got {shortened(', '.join(axis.values))}")
        keys = axis.keys(base)
        if again := taken.intersection(keys):
            raise ValueError(f"{axis.key}: {min(again)} is varied by two axes")
        for key in keys:
            # What is no setting now may be one of a kind that another axis brings.
            if described_at(key, query) is None and not any(key.startswith(f"{other}.") for other in every_key):
                near = get_close_matches(key, query)
                raise ValueError(f"{key} is no setting of this scenario" + (f"; similar ones are {', '.join(near)}" if near else ""))
        taken.update(keys)
    if (count := prod(len(axis.values) for axis in axes)) > MOST_CELLS:
        sides = " × ".join(str(len(axis.values)) for axis in axes)
        raise ValueError(f"a sweep has at most {MOST_CELLS:,} cells; got {sides} = {count:,}")


def _cells(base: Scenario, axes: Sequence[Axis]) -> tuple[Scenario, ...]:
    made, refused = [], []
    for values in product(*(axis.values for axis in axes)):
        changes = {key: value for axis, value in zip(axes, values, strict=True) for key in axis.keys(base)}
        try:
            cell = base.edited(changes)
            if "noise" not in changes and (reason := base.noise.refusal(cell.surface)):
                raise ValueError(f"noise: {base.noise.name} {reason}.")
            made.append(cell)
        except ValueError as reason:
            named = ", ".join(f"{axis.key}={value}" for axis, value in zip(axes, values, strict=True))
            refused.append((named, reason))
    if refused:
        more = f", as {len(refused) - 1} more of {len(made) + len(refused)} are" if len(refused) > 1 else ""
        raise ValueError(f"the cell {refused[0][0]} is refused{more}: {refused[0][1]}")
    return tuple(made)


# Results


@dataclass(frozen=True)
class Swept:
    """What every cell's arms did: `cells` in the order of the sweep's scenarios, each with its arms in theirs."""

    sweep: Sweep
    cells: tuple[tuple[ArmCrowd, ...], ...]

    def at(self, *place: int) -> tuple[ArmCrowd, ...]:
        """Return what the arms of the cell at these places of the axes did."""
        return self.cells[int(np.ravel_multi_index(place, self.sweep.shape))]

    def grid(self, number: Callable[[ArmCrowd], float], arm: int = 0) -> Array:
        """Return a number of one arm of every cell, in the sweep's shape."""
        return np.array([number(cell[arm]) for cell in self.cells], dtype=float).reshape(self.sweep.shape)

    def rows(self) -> list[dict[str, object]]:
        """Return a row for every cell and arm: the axes' values, then the arm's numbers; losses are final ones above the lowest.

        Where an arm has an average, the quartiles of its loss follow, empty for arms without one.
        """
        values = [axis.numbers or axis.values for axis in self.sweep.axes]
        averages = any(len(arm.averaged) for cell in self.cells for arm in cell)
        rows = []
        for place, cell in zip(self.sweep.places, self.cells, strict=True):
            where = {axis.key: known[index] for axis, known, index in zip(self.sweep.axes, values, place, strict=True)}
            for number, arm in enumerate(cell, 1):
                more = dict(zip(_AVERAGED, arm.averaged_quartiles or [None] * len(_AVERAGED), strict=True)) if averages else {}
                rows.append({**where, "arm_number": number, **crowd_row(arm), **more})
        return rows


def sweep(
    scenario: Scenario,
    axes: Sequence[Axis],
    measure: Measure = DEFAULT_MEASURE,
    count: int = REPLICATES,
    *,
    tolerance: float | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
) -> Swept:
    """Run the replicates 0 … count − 1 of every cell of a sweep and tell what they did; executor, progress, is_stopped: as in `blocks.computed`."""
    job = Sweep(scenario, tuple(axes), measure, count, tolerance)
    return job.gathered(computed(job.blocks(), executor, progress, is_stopped))
