"""Arm and Scenario: everything about a what-if, and its form as a link.

A link is flat text, one value a key: `surface=rosenbrock`, `surface.b=10.0`, `arm1.schedule.peak=0.1`, … Reading one never fails:
what cannot be used is named in `complaints`, replaced by its default, and nothing else is lost.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from lr_explorer.averaging import AVERAGINGS, Averaging
from lr_explorer.batches import BATCHES, BatchSchedule
from lr_explorer.clipping import CLIPPINGS, Clipping
from lr_explorer.controllers import CONTROLLERS, Controller
from lr_explorer.freezing import Freeze
from lr_explorer.links import Query, Reader, spelled, spelled_briefly, spelled_inside, without
from lr_explorer.noise import NOISES, Gaussian, Noise
from lr_explorer.optimizers import OPTIMIZERS, Optimizer
from lr_explorer.params import Described, Param, Part, choice, flag, number, part, text, whole
from lr_explorer.registry import Union
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.start import STARTS, Point, Start
from lr_explorer.surfaces import SURFACES, Surface
from lr_explorer.wrappers import WRAPPERS, Wrapper

Array = NDArray[np.float64]

VERSION = "1"
MAX_ARMS = 6
# The largest whole number that every program between here and a browser reads exactly.
MAX_SEED = 2**53 - 1
# What may decide the rate of an arm: schedules, which are pure functions of the step, then controllers, which answer to the run.
RATES: Union[Schedule | Controller] = Union("schedule", SCHEDULES, CONTROLLERS)
ARM_COLOURS = {"blue": "blue", "orange": "orange", "green": "green", "pink": "pink", "sky": "sky blue", "grey": "grey"}


def _multiplier(axis: str) -> Any:
    return number(
        1.0, 0.0, 1e4, f"Rate × on {axis}",
        f"Multiplies the rate of the {axis} coordinate, as for a layer with its own rate; at 0 it stands still while its optimizer's state goes on.",
        scale="log", slider=(0.01, 100.0),
    )  # fmt: skip


def _freeze(axis: str) -> Any:
    return flag(
        False,
        f"Freeze {axis}",
        f"The {axis} coordinate, as a layer with requires_grad=False: no update, no decay; its optimizer's state begins when it is unfrozen.",
    )


@dataclass(frozen=True)
class Arm(Described):
    """One contender: an optimizer with a schedule, under a name and a colour."""

    name: str = text("Arm", "Name", "What this arm is called in the legend and the sentences.")  # type: ignore[misc]
    colour: str = choice("blue", ARM_COLOURS, "Colour", "Colour of this arm; its dash and marker come from its place.")
    optimizer: Optimizer = part(OPTIMIZERS, "sgd", "Optimizer", "The update rule.")
    schedule: Schedule | Controller = part(
        RATES, "constant", "Schedule", "The learning rate over the steps, or a controller that sets it by what the run does."
    )
    rate_x: float = _multiplier("x")
    rate_y: float = _multiplier("y")
    freeze_x: bool = _freeze("x")
    freeze_y: bool = _freeze("y")
    unfreeze_at: int = whole(
        0, 0, 20_000, "Unfreeze at step", "From this update on what is frozen moves, at the schedule's rate of then; 0 for never.", unit="updates",
        slider=(0, 500),
    )  # fmt: skip
    wrapper: Wrapper = part(WRAPPERS, "none", "Wrapper", "What stands around the optimizer, whichever it is.")
    clipping: Clipping = part(
        CLIPPINGS, "none", "Gradient clipping", "A bound on the gradient that the optimizer is handed; the run says how often it bit."
    )
    averaging: Averaging = part(
        AVERAGINGS, "none", "Averaging", "An average of the iterates, followed beside the run; the loss that is drawn stays that of the raw iterate."
    )
    batch: BatchSchedule = part(
        BATCHES,
        "constant",
        "Batch schedule",
        "How the batch grows over the steps, in multiples of that which the noise speaks of: what noise it leaves.",
    )
    drop_at: int = whole(
        0, 0, 20_000, "Drop at step", "From this update on the rate, a schedule's or a controller's, is multiplied by the drop factor; 0 for never.",
        unit="updates", slider=(0, 500),
    )  # fmt: skip
    drop_factor: float = number(
        0.1,
        0.0,
        1.0,
        "Drop factor",
        "What the rate is multiplied by from the drop on, even where that leads below the floor.",
        needs="drop_at",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.momentum(1) is not None and not self.optimizer.momentum_name:
            raise ValueError(
                f"{type(self.schedule).__name__}.cycle_momentum needs an optimizer with momentum or β₁, as in PyTorch; "
                f"got {type(self.optimizer).__name__}"
            )
        if not self.wrapper.fits(self.optimizer):
            raise ValueError(f"Arm.wrapper: {self.wrapper.label} needs {self.wrapper.needs}; got {self.optimizer.label}")
        if self.optimizer.is_reference and self.clipping.name != "none":
            raise ValueError(f"Arm.clipping needs an optimizer that steps by the gradient that it is handed; got {self.optimizer.label}")

    @property
    def freeze(self) -> Freeze:
        """Which coordinates are frozen, and until when."""
        return Freeze((self.freeze_x, self.freeze_y), self.unfreeze_at) if self.freeze_x or self.freeze_y else Freeze()

    @property
    def is_plain(self) -> bool:
        """Whether it is SGD without momentum, with one rate for both coordinates and nothing around it, as most of theory has it."""
        plain = Arm(name=self.name, colour=self.colour, schedule=self.schedule)
        return self == plain and self.momentum(1) is None and self.rates(1) is not None

    def multipliers(self, steps: int) -> Array:
        """Return what each coordinate's rate is multiplied by in every update, shape (2, steps): 0 while it is frozen."""
        begins = np.array(self.freeze.begins(steps))[:, None]
        return np.where(np.arange(steps) >= begins, np.array([[self.rate_x], [self.rate_y]]), 0.0)

    def stability_limit(self) -> float | None:
        """Return the largest stable η·λ, None where none is known, or where it changes, as the momentum does in a cycle."""
        return self.optimizer.stability_limit() if self.wrapper.keeps_limits and self.momentum(1) is None else None

    def drops(self, steps: int) -> Array:
        """Return what the drop multiplies the rate of every update by, shape (steps,): 1, and the drop factor from the drop on."""
        return np.where((np.arange(steps) >= self.drop_at) & (self.drop_at > 0), self.drop_factor, 1.0)

    def rates(self, steps: int) -> Array | None:
        """Return the rate of every update, the drop included, shape (steps,); None if a controller decides it during the run."""
        return None if isinstance(self.schedule, Controller) else self.schedule.values(steps) * self.drops(steps)

    def momentum(self, steps: int) -> Array | None:
        """Return the momentum or β₁ of every update if the schedule cycles it, shape (steps,); None if it is the optimizer's own."""
        return None if isinstance(self.schedule, Controller) else self.schedule.momentum(steps)


def _default_arms() -> tuple[Arm, ...]:
    sgd = OPTIMIZERS.create("sgd")
    return (
        Arm("Cosine", "blue", sgd, SCHEDULES.create("cosine", peak=0.13)),
        Arm("Constant, high", "orange", sgd, SCHEDULES.create("constant", peak=0.13)),
        Arm("Constant, low", "green", sgd, SCHEDULES.create("constant", peak=0.02)),
    )


@dataclass(frozen=True)
class Scenario(Described):
    """A what-if: a surface, a start, noise, a budget and one to six arms. The default shows annealing escape a shallow minimum."""

    surface: Surface = part(SURFACES, "double_well", "Loss surface", "What is minimised.")
    start: Start = part(STARTS, None, "Start", "Where a run begins; by default where the surface says.")
    noise: Noise = part(NOISES, "gaussian", "Noise", "How the gradient that the optimizer sees differs from the surface's.", sigma=2.0)
    arms: tuple[Arm, ...] = field(default_factory=_default_arms)
    steps: int = whole(500, 1, 20_000, "Steps", "Updates in a run; warm-up counts.", unit="updates", scale="log", slider=(10, 5000))
    seed: int = whole(1, 0, MAX_SEED, "Seed", "Names the noise: the same seed gives the same run, to the last digit.", slider=(0, 99))
    replicate: int = whole(0, 0, 99_999, "Replicate", "Which member of the ensemble is shown.", slider=(0, 199))
    complaints: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start is None:
            object.__setattr__(self, "start", Point(*self.surface.start))
        if refusal := self.noise.refusal(self.surface):
            raise ValueError(f"Scenario.noise: {self.noise.name} {refusal}")
        if not 1 <= len(self.arms) <= MAX_ARMS:
            raise ValueError(f"Scenario.arms must hold 1 to {MAX_ARMS} arms; got {len(self.arms)}")

    @property
    def is_random(self) -> bool:
        """Whether replicates differ: by the gradient's noise, by their starts, or by noise that an optimizer draws."""
        return self.noise.is_random or not self.start.is_fixed or any(arm.optimizer.is_random for arm in self.arms)

    def to_query(self) -> dict[str, str]:
        """Return the scenario as a link's keys and values, every value spelled out."""
        query = {"v": VERSION} | spelled_inside("", self)
        for i, arm in enumerate(self.arms, 1):
            query |= spelled_inside(f"arm{i}.", arm)
        return query

    def to_brief_query(self) -> dict[str, str]:
        """Return a link's keys and values without the parameters that are at the default which this version gives their kind."""
        query = {"v": VERSION} | self.texts()
        # A kind that is named is read over its own defaults, whatever a page would put in its place.
        for name, mine in {"surface": self.surface, "noise": self.noise}.items():
            query |= {name: mine.name} | spelled_briefly(f"{name}.", mine, type(mine)())
        query |= spelled("start", self.start)
        for i, arm in enumerate(self.arms, 1):
            query |= {f"arm{i}.name": arm.name} | spelled_briefly(f"arm{i}.", arm, _plain_arm(i))
        return query

    @property
    def link(self) -> str:
        """The canonical text of this scenario: its query string, which also keys every cache."""
        return urlencode(self.to_query())

    @classmethod
    def from_query(cls, query: Query) -> Self:
        """Read a link's keys and values; what could not be used is named in `.complaints`."""
        return cls.read(Reader(query))

    @classmethod
    def read(cls, reader: Reader, fallback: Self | None = None) -> Self:
        """Read what a page left of a link, over `fallback`; every remaining key that is not a scenario's is named in `.complaints`."""
        reader.version(VERSION)
        fallback = fallback or cls()
        surface = reader.described("surface", SURFACES, fallback.surface)
        # A start that suits one surface says nothing on another.
        usual = fallback.start if surface == fallback.surface else Point(*surface.start)
        start = reader.described("start", STARTS, usual, x=surface.start[0], y=surface.start[1])
        noise = _suited(reader.described("noise", NOISES, fallback.noise), surface, reader)
        values = reader.values("", fallback)
        arms = tuple(_read_arm(reader, key, place, values["steps"]) for place, key in enumerate(reader.numbered("arm", MAX_ARMS), 1))
        return cls(surface=surface, start=start, noise=noise, arms=arms or fallback.arms, **values, complaints=reader.closing())

    def with_values(self, **values: Any) -> Self:
        """Return a copy with some fields changed and without complaints."""
        return replace(self, complaints=(), **values)

    def keys_of(self, key: str) -> list[str]:
        """Return the keys that `key` stands for: itself or, where it begins with `arm*`, one for every arm."""
        return [key.replace("arm*", f"arm{i}", 1) for i in range(1, len(self.arms) + 1)] if key.startswith("arm*.") else [key]

    def edited(self, changes: Query) -> Self:
        """Return the scenario with some of its link's values changed, as a control does; ValueError names what is refused.

        `arm*` stands for every arm.

        Choosing another kind keeps the parameters that both kinds describe alike. Another surface brings its own parameters and start, and ends
        a noise that cannot act on it; the same one with other data or another formula, of which the start knows no loss, brings its start.
        """
        query = self.to_query()
        changes = {one: text for key, text in changes.items() for one in self.keys_of(key)}
        # Kinds come before what is below them, since they decide which values there are.
        for key, value in sorted(changes.items(), key=lambda change: change[0].count(".")):
            before, query[key] = query.get(key), value
            chosen = described_at(key, query)
            if isinstance(chosen, Part) and before is not None:
                query = without(query, key, () if key == "surface" else _shared(chosen.registry[before], chosen.registry[value]))
            if key == "surface":
                query = without(query, "start", set(STARTS[query["start"]].params()) - {"x", "y"})
                if "noise" not in changes and NOISES[query["noise"]].refusal(SURFACES[value]()):
                    query = without(query, "noise") | {"noise": Gaussian.name}
        reader = Reader(query)
        changed = type(self).read(reader)
        if changed.complaints:
            raise ValueError(" ".join(reader.reasons or changed.complaints))
        surface, start = changed.surface, changed.start
        if surface != self.surface and np.isnan(surface.value(np.array([start.x, start.y]))):
            x, y = surface.start
            return changed.with_values(start=start.with_values(x=x, y=y))
        return changed


def _shared(one: type[Described], other: type[Described]) -> list[str]:
    """Return the fields that both describe alike; a γ per update is no γ per hundred, and each keeps its own default."""
    mine, theirs = ({**cls.params(), **cls.parts()} for cls in (one, other))
    return [name for name, field in theirs.items() if mine.get(name) == field]


def described_at(key: str, query: Query) -> Param | Part | None:
    """Return what describes the value of a link's key, given the kinds that the query names; None where no scenario of these has the key."""
    owner: type[Described] = Scenario
    path = ""
    for name in key.split("."):
        if not path and re.fullmatch(r"arm[0-9]+", name):
            owner, path = Arm, name
            continue
        path = f"{path}.{name}" if path else name
        found = owner.parts().get(name)
        if path == key:
            return found or owner.params().get(name)
        if found is None or path not in query:
            return None
        owner = found.registry[query[path]]
    return None


def _suited(noise: Noise, surface: Surface, reader: Reader) -> Noise:
    """Return the noise if it can act on the surface, else none that is heard; the reader remembers why."""
    if refusal := noise.refusal(surface):
        reader.complain(f"noise: {noise.name} {refusal}", f"{Gaussian.name} was used")
        return Gaussian()
    return noise


def _plain_arm(place: int) -> Arm:
    """Return what the arm at a place, counted from 1, is until a link says otherwise."""
    return Arm(name=f"Arm {place}", colour=list(ARM_COLOURS)[place - 1])


def _read_arm(reader: Reader, key: str, place: int, steps: int) -> Arm:
    arm = reader.filled(f"{key}.", _plain_arm(place))
    try:
        arm.rates(steps)
    except ValueError as refusal:
        # A typed formula may have no value at some step, which only a run of this length can tell.
        reader.complain(f"{key}.schedule: {refusal}", f"the default {type(arm.schedule).label} was used")
        return arm.with_values(schedule=type(arm.schedule)(peak=arm.schedule.peak))
    return arm
