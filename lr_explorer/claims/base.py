"""What a claim is: experiments that can fail, each with the status that is expected of it, and what theory says."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, partial
from itertools import cycle
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.effects import Effect
from lr_explorer.claims.pictures import Picture
from lr_explorer.claims.readings import Reading, asked, needs_paths
from lr_explorer.experiments.blocks import IsStopped, Progress, computed, replicate_blocks
from lr_explorer.experiments.fair import CRITERIA, PER_DECADE, TUNING_REPLICATES, RateCurve, rate_grid, tune
from lr_explorer.experiments.measures import Measure, below
from lr_explorer.experiments.seeds import Purpose, under
from lr_explorer.scenario import ARM_COLOURS, Arm, Scenario
from lr_explorer.simulate import simulate
from lr_explorer.statistics import MARGIN, Status, Verdict, judge

REPLICATES = 200
# A value of its own is one of so many.
_OWN = 99_999


class Kind(StrEnum):
    """What an experiment does to its claim."""

    CLAIM = "the claim"
    COUNTER = "a counter-example"
    RESTORED = "the claim restored"


def _itself(arm: Arm) -> tuple[Arm, ...]:
    return (arm,)


@dataclass(frozen=True)
class Tuned:
    """Every arm's peak is chosen on seeds of its own, from a grid that reaches past the largest stable rate.

    criterion: a key of CRITERIA. measures: what success is, one for all arms or one each. count: replicates for each rate. variants: what else of
    an arm is chosen, as the arms to choose from.
    """

    criterion: str = "median"
    measures: tuple[Measure, ...] = field(default_factory=lambda: (below(0.01),))
    count: int = TUNING_REPLICATES
    per_decade: int = PER_DECADE
    variants: Callable[[Arm], tuple[Arm, ...]] = _itself

    def curves(self, scenario: Scenario, executor: Executor | None, progress: Progress | None, is_stopped: IsStopped | None) -> tuple[RateCurve, ...]:
        """Return how the best variant of every arm fared over the grid of peaks, on the tuning seed."""
        rates, criterion = rate_grid(scenario, self.per_decade), CRITERIA[self.criterion]

        def curve(arm: Arm, measure: Measure) -> RateCurve:
            alone = scenario.with_values(arms=(arm,))
            return tune(alone, measure, criterion, self.count, rates=rates, executor=executor, progress=progress, is_stopped=is_stopped)[0]

        measures = self.measures if len(self.measures) > 1 else self.measures * len(scenario.arms)
        pairs = zip(scenario.arms, measures, strict=True)
        return tuple(min((curve(one, measure) for one in self.variants(arm)), key=_score) for arm, measure in pairs)


def _score(curve: RateCurve) -> tuple[float, float]:
    return float(curve.scores[curve.best]), float(curve.quartiles[1][curve.best])


@dataclass(frozen=True)
class Theory:
    """What theory says of an experiment: its formula in LaTeX, what that means in words, and where it comes from."""

    formula: str
    says: str
    source: str


@dataclass(frozen=True)
class Knob:
    """The one thing that flips a verdict: `values` in their order, and what they do to an experiment."""

    label: str
    values: tuple[Any, ...]
    turned: Callable[["Experiment", Any], "Experiment"]
    default: Any
    help: str = ""
    spelled: Callable[[Any], str] = "{:g}".format


def link_knob(key: str, label: str, values: Sequence[Any], default: Any, help: str = "") -> Knob:
    """Return a knob that changes one value of a link in every scenario of an experiment; `arm*` stands for every arm."""
    return Knob(label, tuple(values), partial(_edited, key=key), default, help, str if isinstance(default, str) else "{:g}".format)


def _edited(experiment: "Experiment", value: Any, key: str) -> "Experiment":
    return experiment.with_scenarios([scenario.edited({key: str(value)}) for scenario in experiment.scenarios])


@dataclass(frozen=True)
class Experiment:
    """One run that can fail: scenarios whose arms are read, an effect, and the status that is expected of the claim it makes.

    name: unique within its claim. says: what is claimed here, as a sentence without its full stop. scenarios: their arms in the effect's order.
    readings: what of a run is read, for each replicate: one for all arms, or one each. needless: the claim is that something is not needed, see
    `judge`. own: a link's key that each replicate has a value of its own of, its number, where its noise is not all that differs.
    why: what makes it come out so. pictures: what is drawn, with the theory's prediction in it, the first of them beside the verdict.
    """

    name: str
    label: str
    says: str
    scenarios: tuple[Scenario, ...]
    readings: tuple[Reading, ...]
    effect: Effect
    expected: Status
    kind: Kind = Kind.CLAIM
    count: int = REPLICATES
    margin: float = MARGIN
    needless: bool = False
    tuned: Tuned | None = None
    own: str = ""
    why: str = ""
    theory: Theory | None = None
    knob: Knob | None = None
    pictures: tuple[Callable[["Result"], Picture], ...] = ()

    @property
    def names(self) -> list[str]:
        """The arms' names, over all scenarios."""
        return [arm.name for arm in self.arms]

    def __post_init__(self) -> None:
        """Give every arm the colour of its place over all scenarios."""
        if len(self.scenarios) > 1:
            colours = cycle(ARM_COLOURS)
            coloured = [one.with_values(arms=tuple(arm.with_values(colour=next(colours)) for arm in one.arms)) for one in self.scenarios]
            object.__setattr__(self, "scenarios", tuple(coloured))

    @property
    def measure(self) -> Measure | None:
        """What every arm is asked, yes or no; None where a number is read, or arms are asked different things."""
        return asked(self.readings[0]) if len(self.readings) == 1 else None

    @property
    def is_tuned_for_success(self) -> bool:
        """Whether peaks are chosen by what the measure counts, and not by losses."""
        return self.tuned is not None and self.tuned.criterion == "success"

    @property
    def arms(self) -> list[Arm]:
        """The arms, over all scenarios."""
        return [arm for scenario in self.scenarios for arm in scenario.arms]

    @property
    def outcomes(self) -> dict[Status, str]:
        """What a reader may predict, by the status that it would be."""
        return self.effect.needless_outcomes(self.names) if self.needless else self.effect.outcomes(self.names)

    @cached_property
    def stands(self) -> Any:
        """Where the knob stands in this experiment: its value that changes nothing; None if it has no knob, or one without such a value."""
        values = self.knob.values if self.knob else ()
        return next((value for value in values if self.turned(value).scenarios == self.scenarios), None)

    def turned(self, value: Any) -> "Experiment":
        """Return the experiment with its knob at a value."""
        return self.knob.turned(self, value) if self.knob else self

    def with_scenarios(self, scenarios: Sequence[Scenario]) -> Self:
        """Return the experiment with other scenarios."""
        return replace(self, scenarios=tuple(scenarios))

    def but(self, name: str, label: str, says: str, expected: Status, **changes: Any) -> Self:
        """Return another experiment that differs in the changes alone, and has no knob of its own unless it is given.

        Changes that name no field are a link's values, with __ for the dot.
        """
        own = {key: value for key, value in changes.items() if key in self.__dataclass_fields__}
        edits = {key.replace("__", "."): str(value) for key, value in changes.items() if key not in own}
        made = replace(self, name=name, label=label, says=says, expected=expected, **({"kind": Kind.COUNTER, "knob": None} | own))
        return made.with_scenarios([scenario.edited(edits) for scenario in made.scenarios]) if edits else made

    def run(self, seed: int = 0, **how: Any) -> Verdict:
        """Return the verdict under a master seed; how: as in `result`."""
        return self.result(seed, **how).verdict

    def result(
        self, seed: int = 0, *, executor: Executor | None = None, progress: Progress | None = None, is_stopped: IsStopped | None = None
    ) -> "Result":
        """Tune if need be, run all arms, and judge what their replicates say, under a master seed.

        executor, progress, is_stopped: as in `blocks.computed`; progress counts the blocks of each stage.
        """
        scenarios: list[Scenario] = []
        curves: list[RateCurve] = []
        for scenario in (one.with_values(seed=seed) for one in self.scenarios):
            if self.tuned is None:
                scenarios.append(scenario)
                continue
            found = self.tuned.curves(scenario, executor, progress, is_stopped)
            scenarios.append(under(scenario.with_values(arms=tuple(curve.tuned for curve in found)), Purpose.EVALUATION))
            curves += found
        readings = self._read(scenarios, executor, progress, is_stopped)
        verdict = judge(self.effect.interval(readings), self.margin, needless=self.needless)
        return Result(self.with_scenarios(scenarios), verdict, readings, tuple(curves))

    def _read(
        self, scenarios: Sequence[Scenario], executor: Executor | None, progress: Progress | None, is_stopped: IsStopped | None
    ) -> tuple[NDArray[Any], ...]:
        places = [place for place, scenario in enumerate(scenarios) for _ in self._parts(scenario)]
        blocks = [partial(_read, one, self.readings, numbers) for scenario in scenarios for one, numbers in self._parts(scenario)]
        found = computed(blocks, executor, progress, is_stopped)
        readings: list[NDArray[Any]] = []
        for place, _ in enumerate(scenarios):
            mine = [block for of, block in zip(places, found, strict=True) if of == place]
            readings += [np.concatenate(parts) for parts in zip(*mine, strict=True)]
        return tuple(readings)

    def _parts(self, scenario: Scenario) -> list[tuple[Scenario, Sequence[int]]]:
        """Return the replicates of a scenario as blocks, or one by one where each has a scenario of its own."""
        if self.own:
            return [(self.member(scenario, number), [number]) for number in range(self.count)]
        return [(scenario, numbers) for numbers in replicate_blocks(scenario, self.count)]

    def member(self, scenario: Scenario, number: int) -> Scenario:
        """Return a scenario as one replicate sees it, and showing that one."""
        shown = scenario.with_values(replicate=number)
        # Numbers that another seed's replicates do not have; 0 is what the scenario has by itself.
        return shown.edited({self.own: str(1 + (scenario.seed * self.count + number) % _OWN)}) if self.own else shown


def _read(scenario: Scenario, readings: tuple[Reading, ...], numbers: Sequence[int]) -> tuple[NDArray[Any], ...]:
    arms = simulate(scenario, numbers, endings=False, paths=any(map(needs_paths, readings))).arms
    each = readings if len(readings) > 1 else readings * len(arms)
    return tuple(reading(scenario, arm) for reading, arm in zip(each, arms, strict=True))


@dataclass(frozen=True)
class Result:
    """What one run of an experiment gave: `experiment` as it ran, with the tuned peaks and the seed that it was judged on.

    readings: one array (replicates,) for each arm. curves: how the arms fared over the grid of peaks, where they were tuned.
    """

    experiment: Experiment
    verdict: Verdict
    readings: tuple[NDArray[Any], ...]
    curves: tuple[RateCurve, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict in words, with effect, interval, margin and number of replicates."""
        made = self.experiment
        return made.effect.sentence(self.verdict, made.names, made.says, self.readings)

    @property
    def as_expected(self) -> bool:
        return self.verdict.status is self.experiment.expected

    @property
    def runs(self) -> tuple[Scenario, ...]:
        """The scenarios, showing a replicate in which every arm does what most of its replicates do."""
        number = int(np.argmin(np.max([_oddity(reading) for reading in self.readings], axis=0)))
        return tuple(self.experiment.member(scenario, number) for scenario in self.experiment.scenarios)

    @property
    def typical(self) -> Scenario:
        """The first of the runs."""
        return self.runs[0]


def _oddity(reading: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far each replicate is from what is usual, 0 to 1: from the more frequent answer, or from the middle rank."""
    if reading.dtype == bool:
        return (reading != (np.mean(reading) > 0.5)).astype(float)
    return np.abs((np.argsort(np.argsort(reading)) + 0.5) / len(reading) - 0.5)


@dataclass(frozen=True)
class Claim:
    """One claim about reducing the learning rate; the first experiment is the one that its card shows.

    says: the claim in a sentence. question: what a reader is asked to predict of the first experiment, before seeing it. experiments: each an
    `Experiment`, or what has its name, label, says, kind, expected, why and run. wording: where the claim is wrong as it is often worded, what to
    say instead and why.
    """

    id: str
    label: str
    says: str
    question: str
    experiments: tuple[Any, ...]
    wording: str = ""

    def __post_init__(self) -> None:
        names = [experiment.name for experiment in self.experiments]
        if len(set(names)) < len(names):
            raise ValueError(f"Claim.experiments must have different names; got {', '.join(names)}")

    def __getitem__(self, name: str) -> Any:
        """Return the experiment of that name; KeyError with the known ones."""
        found = {experiment.name: experiment for experiment in self.experiments}
        if name not in found:
            raise KeyError(f"claim {self.id} has no experiment {name!r}; it has {', '.join(found)}")
        return found[name]
