"""A map over two of a scenario's numbers: how often runs succeed in every cell, and the lines that theory draws there."""

import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.blocks import IsStopped, Progress, computed
from lr_explorer.experiments.ensemble import DEFAULT_MEASURE
from lr_explorer.experiments.fair import largest_stable_rate
from lr_explorer.experiments.measures import Measure
from lr_explorer.experiments.sweep import Axis, Sweep, Swept, spaced
from lr_explorer.experiments.wells import well_rates
from lr_explorer.params import Number, Part, shortened
from lr_explorer.scenario import Arm, Scenario, described_at
from lr_explorer.theory import crossed_share

Array = NDArray[np.float64]

# What makes runs replicates of one another is no axis.
_NO_AXES = ("seed", "replicate")
_EVERY = "arm*."
_SPAN = re.compile(r"([^=]+)=(\S+)\.\.(\S+)")
# How far a range reaches from the scenario's value: factors below and above.
_BY_FACTORS = (5.0, 5.0)
_EVENLY = (4.0, 2.0)


# Axes


@dataclass(frozen=True)
class Span:
    """A number of the scenario's link and the range of it that an axis covers; `arm*.…` is that of every arm."""

    key: str
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.key}={self.low:.12g}..{self.high:.12g}"

    def divided(self, scenario: Scenario, count: int) -> Axis:
        """Return its axis with `count` values: by equal factors where a slider moves so, else evenly; of whole numbers perhaps fewer."""
        param = number_at(self.key, scenario)
        values = spaced(self.low, self.high, count, log=param.scale == "log" and self.low > 0, whole=param.whole)
        # Three digits are what the map shows, so they are what is run, where they tell the values apart.
        short = tuple(f"{float(value):.3g}" for value in values)
        return Axis(self.key, short if not param.whole and len(set(short)) == len(values) else values)


def number_at(key: str, scenario: Scenario) -> Number:
    """Return what describes a number of the scenario by its link key; ValueError if no axis can have it."""
    found = described_at(key.replace("*", "1", 1), scenario.to_query()) if key not in _NO_AXES else None
    if not isinstance(found, Number):
        raise ValueError(f"{shortened(key)} is no number of this scenario that can be varied")
    return found


def axis_keys(scenario: Scenario, places: Sequence[int]) -> dict[str, str]:
    """Return the link keys of the numbers that an axis can have, with labels: what the arms at `places` share, the scenario's, each arm's."""
    query = scenario.to_query()
    numbers = [key for key in query if isinstance(described_at(key, query), Number) and key not in _NO_AXES]
    of_arms = [[key.partition(".")[2] for key in numbers if key.startswith(f"arm{place + 1}.")] for place in places]
    shared = [_EVERY + inner for inner in of_arms[0] if len(places) > 1 and all(inner in others for others in of_arms)]
    own = [f"arm{place + 1}.{inner}" for place, inners in zip(places, of_arms, strict=True) for inner in inners]
    world = [key for key in numbers if not re.match(r"arm[0-9]+\.", key)]
    return {key: _label(key, scenario, query) for key in [*shared, *world, *own]}


def _label(key: str, scenario: Scenario, query: dict[str, str]) -> str:
    """Return whose number it is, through the parts that it belongs to, and its label."""
    owner, _, inner = key.partition(".") if key.startswith("arm") else ("", "", key)
    whose = {"": "", "arm*": "Every arm"}.get(owner) if owner in ("", "arm*") else scenario.arms[int(owner[3:]) - 1].name
    prefix = "" if not owner else f"{owner.replace('*', '1')}."
    names = inner.split(".")
    described = [described_at(prefix + ".".join(names[: depth + 1]), query) for depth in range(len(names))]
    path = [part.label for part in described if isinstance(part, Part)] + [param.label for param in described if isinstance(param, Number)]
    number = f"{owner.replace('arm', '')} " if owner not in ("", "arm*") else ""
    return " · ".join(filter(None, [f"{number}{whose}", *path]))


def usual_spans(scenario: Scenario, places: Sequence[int]) -> tuple[Span, Span]:
    """Return the axes of a map that nobody has chosen yet: the peak rate, and the noise, or the steps where the noise has no number."""
    noise = next((f"noise.{name}" for name, param in scenario.noise.params().items() if isinstance(param, Number)), "steps")
    peak = f"{_EVERY}schedule.peak" if len(places) > 1 else f"arm{places[0] + 1}.schedule.peak"
    return usual_span(peak, scenario, places[0]), usual_span(noise, scenario, places[0])


def usual_span(key: str, scenario: Scenario, place: int) -> Span:
    """Return a range around the scenario's own value, that of the arm at `place` where every arm has one; its slider's where that has no around."""
    param = number_at(key, scenario)
    value = float(scenario.to_query()[key.replace("*", str(place + 1), 1)])
    below, above = _BY_FACTORS if param.scale == "log" else _EVENLY
    low, high = (min(max(float(f"{end:.2g}"), param.low), param.high) for end in (value / below, value * above))
    if param.whole:
        low, high = math.floor(low), math.ceil(high)
    return Span(key, low, high) if 0 <= low < high and value > 0 and param.scale != "near_one" else Span(key, *param.slider_range)


def read_span(written: str, scenario: Scenario, places: Sequence[int]) -> Span:
    """Read `key=low..high` as a range of one of the `axis_keys`; ValueError says what is wrong."""
    found = _SPAN.fullmatch(written.strip())
    if found is None:
        raise ValueError(f"an axis is written KEY=LOW..HIGH, such as noise.sigma=0.5..2; got {shortened(written)}")
    key, *ends = found.groups()
    if key not in axis_keys(scenario, places):
        raise ValueError(f"{shortened(key)} is no number of this scenario and these arms that can be varied")
    param = number_at(key, scenario)
    low, high = (param.parse(end, key) for end in ends)
    if not low < high:
        raise ValueError(f"{key}: a range rises; got {low:g} to {high:g}")
    return Span(key, low, high)


# Lines of theory


@dataclass(frozen=True)
class Line:
    """A line that theory draws on a map: where its values change their sign.

    label: what the line is. says: where it lies. beyond: what is so where values are above 0. values: of the arm at a place, given the cells'
    scenarios, one for each, NaN where theory says nothing.
    """

    label: str
    says: str
    beyond: str
    values: Callable[[Sequence[Scenario], int], Array]


def _past_edge(cells: Sequence[Scenario], place: int) -> Array:
    return np.array([_edge(cell, cell.arms[place]) for cell in cells])


def _edge(scenario: Scenario, arm: Arm) -> float:
    rates = arm.rates(scenario.steps)
    highest = arm.schedule.peak if rates is None else float(rates.max())
    if arm.stability_limit() is None or highest <= 0:
        return np.nan
    return float(np.log(highest) - np.log(largest_stable_rate(scenario, arm)))


def _past_half(cells: Sequence[Scenario], place: int) -> Array:
    values = np.full(len(cells), np.nan)
    found = [well_rates(cell, cell.arms[place]) for cell in cells]
    # Cells of as many updates are followed together, since following takes an effort for every update.
    alike: dict[tuple[int, bool], list[int]] = {}
    for index, rates in enumerate(found):
        if rates is not None:
            alike.setdefault((len(rates.leaving), rates.is_deep), []).append(index)
    for (_, is_deep), indices in alike.items():
        leaving, returning = (np.array([getattr(found[index], name) for index in indices]).T for name in ("leaving", "returning"))
        values[indices] = crossed_share(leaving, returning, float(is_deep))[-1] - 0.5
    # Past the edge no run settles in a well, from which it could escape.
    values[_past_edge(cells, place) > 0] = np.nan
    return values


LINES: tuple[Line, ...] = (
    Line(
        "edge of stability",
        "where the highest rate reaches the optimizer's limit over λmax, the largest curvature at the start and the minima",
        "past the edge of stability",
        _past_edge,
    ),
    Line(
        "escape by theory",
        "where Kramers' rates of escape expect half of the runs in the deep well; it ends at the edge of stability, up to which they hold",
        "expected to have more than half of its runs in the deep well",
        _past_half,
    ),
)


# The map


@dataclass(frozen=True)
class SuccessMap:
    """What the arms did in every cell, the first axis along x and the second along y, and theory's values there.

    theory: for each arm, by line, an array (x values, y values), NaN where there is none.
    """

    swept: Swept
    theory: tuple[dict[Line, Array], ...]

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.swept.sweep.axes

    def highest(self, arm: int) -> tuple[int, int]:
        """Return the places on the axes of the cell where most of the arm's replicates succeeded."""
        shares = self.swept.grid(lambda one: one.success.estimate, arm)
        across, upwards = np.unravel_index(shares.argmax(), shares.shape)
        return int(across), int(upwards)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of which theory says something about at least one of the arms."""
        return tuple(line for line in LINES if any(np.isfinite(values[line]).any() for values in self.theory))

    def sentence(self, arm: int, line: Line) -> str:
        """Return where a line lies that cannot be seen, or that there is none; empty if it can be seen."""
        values = self.theory[arm][line]
        known = values[~np.isnan(values)]
        if not known.size:
            return f"For {self.swept.sweep.base.arms[arm].name} there is no {line.label}."
        return "" if known.min() < 0 < known.max() else f"{'Every' if known.max() > 0 else 'No'} cell is {line.beyond}."


def success_map(
    scenario: Scenario,
    places: Sequence[int],
    spans: tuple[Span, Span],
    cells: int,
    measure: Measure = DEFAULT_MEASURE,
    count: int = 100,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
) -> SuccessMap:
    """Run `count` replicates of the arms at `places` in every cell of a grid of `cells` values along each span.

    Where no cell is random one replicate says all. executor, progress, is_stopped: as in `blocks.computed`. ValueError if a cell is refused.
    """
    base = scenario.with_values(arms=tuple(scenario.arms[place] for place in places))
    axes = tuple(_within(span.divided(scenario, cells), places) for span in spans)
    job = Sweep(base, axes, measure, count)
    if not any(cell.is_random for cell in job.scenarios):
        job = Sweep(base, axes, measure, 1)
    swept = job.gathered(computed(job.blocks(), executor, progress, is_stopped))
    theory = tuple({line: line.values(job.scenarios, arm).reshape(job.shape) for line in LINES} for arm in range(len(places)))
    return SuccessMap(swept, theory)


def changes(scenario: Scenario, spans: tuple[Span, Span], cells: int, place: tuple[int, int]) -> dict[str, str]:
    """Return what of the scenario's link is another value in the cell at these places of the axes."""
    axes = [span.divided(scenario, cells) for span in spans]
    return {key: axis.values[index] for axis, index in zip(axes, place, strict=True) for key in axis.keys(scenario)}


def unvaried(scenario: Scenario, spans: tuple[Span, Span], cells: int) -> Scenario:
    """Return the scenario with the values of the first cell: the same for all that differ in nothing but what the axes vary."""
    return scenario.edited(changes(scenario, spans, cells, (0, 0)))


def _within(axis: Axis, places: Sequence[int]) -> Axis:
    """Return the axis for a scenario of the arms at `places` alone."""
    arm = re.match(r"arm([0-9]+)\.", axis.key)
    return axis if arm is None else Axis(f"arm{places.index(int(arm[1]) - 1) + 1}.{axis.key.partition('.')[2]}", axis.values)
