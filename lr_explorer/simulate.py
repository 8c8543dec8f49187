"""The only training loop: every arm and replicate of a scenario, step by step, as lanes of one array."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lr_explorer.averaging import NoAveraging
from lr_explorer.controllers.base import Control, Controller
from lr_explorer.draws import Draws, Stream, whole_groups
from lr_explorer.optimizers.base import Loss, Task, by_step
from lr_explorer.outcome import Ends, ends, first_divergence
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.update import Update, structure_of, update_of

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

# Paths and losses are kept up to this many bytes; beyond it, only those of the first replicates.
MEMORY_BUDGET = 128 * 2**20
# What is in hand at a time: these bound memory and leave results as they are.
_BLOCK_BYTES = 64 * 2**20
_DRAWN_STEPS = 256
# Numbers of each coordinate that are drawn together, for fewer steps where there are many replicates: more would leave a processor's own cache.
_DRAWN = 2**17
# Losses computed together, which with what is computed on the way stay in a processor's own cache.
_CACHED = 16384
# Numbers of a path that is not to be kept which are in hand at a time, for the same reason.
_STRETCH = 2**16
# At least so many steps are drawn together, since there is an effort to each time.
_LEAST_DRAWN = 16


@dataclass(frozen=True)
class ArmRun:
    """What one arm did.

    path: (steps + 1, 2, shown), NaN from divergence on. loss: (steps + 1, shown), inf from there on. lr: (steps,), the rate of every update;
    of a controller (steps, shown), NaN after divergence. start, final, final_loss: the first and the last point (2, replicates) and the last
    loss (replicates,) of all replicates. diverged_at: (replicates,), −1 for never. averaged…: the same of the arm's average; only of an arm that
    has one. clipped: (replicates,), in how many updates the gradient was clipped; only of an arm that clips it.
    gradient, memory: (steps, 2, shown), what each update saw and what it was made of; only with anatomy. endings: what `ends` answers with;
    None if it was not asked for. basin: the minimum to which gradient flow leads from each last point, for whoever has found it; else None.
    """

    arm: Arm
    lr: Array
    path: Array
    loss: Array
    start: Array
    final: Array
    final_loss: Array
    diverged_at: Whole
    endings: Ends | None
    averaged_path: Array | None = None
    averaged_loss: Array | None = None
    averaged_final: Array | None = None
    averaged_final_loss: Array | None = None
    clipped: Whole | None = None
    gradient: Array | None = None
    memory: Array | None = None
    basin: Whole | None = None

    @property
    def ends(self) -> Ends:
        """How each replicate ended; ValueError if the run was made without."""
        if self.endings is None:
            raise ValueError("ArmRun.ends: this run was simulated without endings")
        return self.endings

    @property
    def outcome(self) -> NDArray[np.object_]:
        """How each replicate ended, shape (replicates,) of `Outcome`."""
        return self.ends.outcome

    @property
    def first_lr(self) -> Array:
        """The rate of every update in the first replicate shown, (steps,)."""
        return self.lr[:, 0] if self.lr.ndim == 2 else self.lr


@dataclass(frozen=True)
class Run:
    """A simulated scenario; `arms` in the scenario's order, `replicates` the numbers of all replicates.

    `shown` are the numbers of those that have a path: the first ones, all of them while memory allows, or none if no paths were asked for.
    """

    scenario: Scenario
    replicates: Whole
    shown: Whole
    arms: tuple[ArmRun, ...]


class _Group(NamedTuple):
    """Neighbouring arms that one rule moves; `lr[t]` broadcasts against (2, arms, replicates).

    control: what decides their rate, if their schedules are controllers; `lr[t]` then multiplies that.
    """

    lanes: slice
    update: Update
    lr: list[Array]
    control: Control | None


class _Course(NamedTuple):
    """What a block's arms did on their path; what there is not has no steps.

    start: where they began, (2, replicates). last: which point of the path is the last one. diverged_at: first step at which a run has diverged,
    −1 for never, (arms, replicates). rates: what controllers decided, (steps, arms, replicates). clipped: of each arm where its gradient was
    clipped, (steps, replicates). gradients, memories: the anatomy, (2, steps, arms, replicates).
    """

    start: Array
    last: int
    diverged_at: Whole
    rates: Array
    clipped: list[NDArray[np.bool_] | None]
    gradients: Array
    memories: Array


def simulate(
    scenario: Scenario, replicates: int | Sequence[int] | None = None, *, anatomy: bool = False, endings: bool = True, paths: bool = True
) -> Run:
    """Run every arm of the scenario on the same noise.

    replicates: how many, from number 0; or their numbers; by default the one that the scenario shows.
    endings: whether to tell how each ended, which takes a third of the time of a large ensemble. paths: whether to keep what lies between the
    first and the last point, with its losses: up to 128 MB for every replicate, beyond that for the first ones only.
    Divergence is a result, never an exception.
    """
    numbers, steps = _numbers(scenario, replicates), scenario.steps
    kept = min(len(numbers), most_with_paths(scenario)) if paths else 0
    order = sorted(range(len(scenario.arms)), key=lambda place: _group_key(scenario.arms[place], steps))
    arms = [scenario.arms[place] for place in order]
    size = whole_groups(_BLOCK_BYTES // _bytes_each(scenario))
    path, loss = np.empty((2, steps + 1, len(arms), kept)), np.empty((steps + 1, len(arms), kept))
    # Replicates without a path of their own all write over this one: memory that is new for each block would cost a sixth of the time.
    spare_lanes = len(arms), min(size, len(numbers) - kept)
    is_whole = paths or endings or any(_averages(arm) for arm in arms)
    stretch = steps if is_whole else min(steps, max(1, _STRETCH // (2 * max(1, prod(spare_lanes)))))
    spare = np.empty((2, stretch + 1, *spare_lanes))
    blocks: list[tuple[Whole, Array, Array | None]] = [(numbers[here], path[..., here], loss[..., here]) for here in _slices(0, kept, size)]
    blocks += [(numbers[here], spare[..., : here.stop - here.start], None) for here in _slices(kept, len(numbers), size)]
    told = [_run_block(scenario, arms, *block, anatomy, endings) for block in blocks]
    runs = [
        ArmRun(**{"arm": arm, "lr": _told_rates(arm, steps), "path": np.moveaxis(path[:, :, place], 0, 1), "loss": loss[:, place]} | _joined(parts))
        for place, (arm, parts) in enumerate(zip(arms, zip(*told, strict=True), strict=True))
    ]
    return Run(scenario, numbers, numbers[:kept], tuple(runs[order.index(place)] for place in range(len(runs))))


def _told_rates(arm: Arm, steps: int) -> Array:
    """Return the rate of every update, of a controller as it is of no replicate."""
    rates = arm.rates(steps)
    return np.empty((steps, 0)) if rates is None else rates


def most_with_paths(scenario: Scenario) -> int:
    """Return how many replicates of the scenario may be asked for at a time and all have a path."""
    return max(1, MEMORY_BUDGET // _bytes_each(scenario))


def _slices(first: int, last: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, last)) for start in range(first, last, size)]


def _bytes_each(scenario: Scenario) -> int:
    # A point takes two floats and its loss one, the same for an average, and a controller's rate one more.
    averages = sum(map(_averages, scenario.arms))
    controllers = len(scenario.arms) if any(isinstance(arm.schedule, Controller) for arm in scenario.arms) else 0
    return 8 * (scenario.steps + 1) * (3 * (len(scenario.arms) + averages) + controllers)


def _averages(arm: Arm) -> bool:
    return not isinstance(arm.averaging, NoAveraging)


def _numbers(scenario: Scenario, replicates: int | Sequence[int] | None) -> Whole:
    if replicates is None:
        return np.array([scenario.replicate])
    numbers = np.arange(replicates) if isinstance(replicates, int | np.integer) else np.array(replicates)
    if numbers.ndim != 1 or len(numbers) < 1 or numbers.dtype.kind != "i" or numbers.min() < 0:
        raise ValueError(f"simulate: replicates must be at least one number, none below 0; got {replicates!r}")
    return numbers


def _run_block(
    scenario: Scenario, arms: Sequence[Arm], numbers: Whole, path: Array, loss: Array | None, anatomy: bool, endings: bool
) -> list[dict[str, Any]]:
    """Run some replicates and return what `ArmRun` says of each arm, but for path, loss and a schedule's rates.

    path: (2, steps + 1, arms, replicates), into which the points are written; loss: (steps + 1, arms, replicates), into which their losses, None
    where no paths are to be kept. A path that is neither kept nor asked about may have fewer points: it then has the last ones in the end.
    """
    course = _advance(scenario, arms, numbers, path, anatomy)
    path = path[:, : course.last + 1]
    return [
        _arm_run(scenario, arm, place, course, path[:, :, place], None if loss is None else loss[:, place], anatomy, endings)
        for place, arm in enumerate(arms)
    ]


def _group_key(arm: Arm, steps: int) -> tuple[str, bytes, str]:
    """Return what arms must have in common to be computed as one."""
    momentum = arm.momentum(steps)
    controller = (arm.schedule.name, arm.schedule.structure()) if isinstance(arm.schedule, Controller) else ""
    return repr(structure_of(arm)), b"" if momentum is None else momentum.tobytes(), repr(controller)


def _groups(arms: Sequence[Arm], scenario: Scenario, numbers: Whole, seen: Callable[..., Array]) -> list[_Group]:
    """Return one group for each run of neighbouring arms that differ in numbers only; `seen`: what `_gradients` returned."""
    steps, normals = scenario.steps, _own_normals(scenario, numbers)
    groups = []
    for _, members in groupby(enumerate(arms), lambda place: _group_key(place[1], steps)):
        places, alike = zip(*members, strict=True)
        lanes, together = (2, len(alike), len(numbers)), slice(places[0], places[-1] + 1)
        loss = Loss(scenario.surface, partial(seen, arms=together))
        schedules: list[Any] = [arm.schedule for arm in alike]
        update = update_of(alike, Task(lanes, steps, alike[0].momentum(steps), loss, normals))
        control = type(schedules[0]).begins(schedules, lanes, scenario.surface.lowest) if isinstance(schedules[0], Controller) else None
        groups.append(_Group(together, update, _rates(alike, steps), control))
    return groups


def _rates(arms: Sequence[Arm], steps: int) -> list[Array]:
    """Return the rates of each step, or the multiples of a controller's, in the smallest shape that broadcasts against (2, arms, replicates)."""
    rates = [arm.rates(steps) for arm in arms]
    table = np.array([arm.drops(steps) if values is None else values for arm, values in zip(arms, rates, strict=True)]).T
    multipliers = np.array([[arm.rate_x for arm in arms], [arm.rate_y for arm in arms]])
    if np.any(multipliers != 1):
        return list(table[:, None, :, None] * multipliers[:, :, None])
    return by_step(table[:, 0] if len(arms) == 1 else table[:, :, None])


def _advance(scenario: Scenario, arms: Sequence[Arm], numbers: Whole, path: Array, anatomy: bool) -> _Course:
    """Write the path (2, steps + 1, arms, replicates), or one of fewer points again and again, each time from the last one on."""
    steps, surface = scenario.steps, scenario.surface
    lanes = (2, len(arms), len(numbers))
    seen = _gradients(scenario, arms, numbers)
    groups = _groups(arms, scenario, numbers, seen)
    rates = np.empty((steps if any(group.control for group in groups) else 0, *lanes[1:]))
    gradients, memories = (np.empty((2, steps if anatomy else 0, *lanes[1:])) for _ in range(2))
    answers = [(group.lanes, group.update.rule.answer) for group in groups if group.update.rule.answer is not None]
    # Where the gradient is taken; for nearly every optimizer that is the last point of the path.
    start = scenario.start.points(scenario.seed, numbers)
    x = np.broadcast_to(start[:, None, :], lanes).copy()
    path[:, 0] = x
    first, last = 0, 0
    diverged_at = np.full(lanes[1:], -1)
    is_confined = surface.domain is not None
    # A path that diverges overflows on its way; that is a result, and no reason to warn. Set here, since threads do not inherit it.
    with np.errstate(all="ignore"):
        for t in range(steps):
            last = t - first
            grad = seen(t, x)
            for places, update, lr, control in groups:
                rate, own = lr[t], grad[:, places]
                if update.freeze.is_on:
                    update.freeze.hidden(own, t)
                if anatomy:
                    gradients[:, t, places] = own
                if control is not None:
                    rates[t, places] = control.at(t, surface.value(path[:, last, places]), own)
                    rate = rates[t, places] * rate
                update.rule.step(t, rate, x[:, places], own)
                if anatomy:
                    memories[:, t, places] = update.rule.memory(t)
            if is_confined:
                surface.project(x)
            last += 1
            path[:, last] = x
            for where, answer in answers:
                path[:, last, where] = answer()
            if last + 1 == path.shape[1] or t + 1 == steps:
                # Of all arms together, as that takes a third of the time.
                lost = first_divergence(path[:, : last + 1])
                np.copyto(diverged_at, first + lost, where=(diverged_at < 0) & (lost >= 0))
                if t + 1 < steps:
                    first, path[:, 0] = t + 1, path[:, last]
    bites = [(group.update.clipped, place) for group in groups for place in range(group.lanes.stop - group.lanes.start)]
    clipped = [None if where is None else where[:, place] for where, place in bites]
    return _Course(start, last, diverged_at, rates, clipped, gradients, memories)


def _gradients(scenario: Scenario, arms: Sequence[Arm], numbers: Whole) -> Callable[..., Array]:
    """Return seen(t, x, arms=slice(None)): the gradient that optimizers see in step t at x, shape (2, arms, replicates), as a new array.

    arms: the slice of arms that x is of, if not of all. It may be asked several times in a step, each time for other points, and draws the
    same noise; steps come in their order.
    """
    surface, noise, steps = scenario.surface, scenario.noise, scenario.steps
    if noise.is_silent:
        return lambda t, x, arms=slice(None): surface.gradient(x)
    source = noise.begins(surface, np.array([arm.batch.multiples(steps) for arm in arms]).T)
    together = max(_LEAST_DRAWN, min(_DRAWN_STEPS, _DRAWN // len(numbers)) // source.words)
    first = 0
    drawn: NDArray[Any] = np.empty(0)

    def seen(t: int, x: Array, arms: slice = slice(None)) -> Array:
        nonlocal first, drawn
        if t - first >= len(drawn):
            first, drawn = t, source.draw(Draws(scenario.seed, numbers, t, min(together, steps - t)))
        return source.seen(t, x, drawn[t - first], arms)

    return seen


def _own_normals(scenario: Scenario, numbers: Whole) -> Callable[[int], Array]:
    """Return what draws noise of an optimizer's own in update t, (2, 1, replicates): keyed as the gradient's is, and apart from it."""
    first = 0
    drawn = np.empty(0)

    def normals(t: int) -> Array:
        nonlocal first, drawn
        if t - first >= len(drawn):
            first = t
            drawn = Draws(scenario.seed, numbers, t, min(_DRAWN_STEPS, scenario.steps - t), Stream.OPTIMIZER).normals()[:, :, None, :]
        return drawn[t - first]

    return normals


def _arm_run(
    scenario: Scenario, arm: Arm, place: int, course: _Course, path: Array, loss: Array | None, anatomy: bool, endings: bool
) -> dict[str, Any]:
    """Return what `ArmRun` says of the arm at `place`; path: (2, …, replicates), its last points; loss: as `_run_block` has it."""
    steps, diverged_at, clipped = scenario.steps, course.diverged_at[place], course.clipped[place]
    gone = np.zeros(path.shape[1:], dtype=bool)
    lost = diverged_at >= 0
    if lost.any():
        points = np.arange(steps + 1 - path.shape[1], steps + 1)
        gone[:, lost] = points[:, None] >= diverged_at[lost]
        path[:, gone] = np.nan
    is_kept = loss is not None
    # Where no path is kept, the last loss is all that is told.
    shown = slice(None) if is_kept else slice(-1, None)
    told = {
        "start": course.start,
        "final": path[:, -1].copy(),
        "final_loss": _loss(scenario, path[:, shown], gone[shown], loss)[-1].copy(),
        "diverged_at": diverged_at,
        "endings": ends(scenario.surface, np.moveaxis(path, 0, 1), diverged_at) if endings else None,
        "clipped": None if clipped is None else (clipped & (~lost | (np.arange(steps)[:, None] < diverged_at))).sum(axis=0),
    }
    if is_kept and isinstance(arm.schedule, Controller):
        told["lr"] = np.where(gone[:-1], np.nan, course.rates[:, place] * arm.drops(steps)[:, None])
    if is_kept and anatomy:
        for name, values in (("gradient", course.gradients[:, :, place]), ("memory", course.memories[:, :, place])):
            values[:, gone[1:]] = np.nan
            told[name] = np.moveaxis(values, 0, 1)
    average = arm.averaging.over(path)
    if average is not None:
        average[:, gone] = np.nan
        averaged_loss = _loss(scenario, average[:, shown], gone[shown])
        told |= {"averaged_final": average[:, -1].copy(), "averaged_final_loss": averaged_loss[-1].copy()}
        told |= {"averaged_path": np.moveaxis(average, 0, 1), "averaged_loss": averaged_loss} if is_kept else {}
    return told


def _loss(scenario: Scenario, path: Array, gone: NDArray[np.bool_], out: Array | None = None) -> Array:
    """Return the losses of points (2, steps, replicates), infinite where a run is gone; shape (steps, replicates), in `out` if it is given."""
    loss = np.empty(gone.shape) if out is None else out
    with np.errstate(all="ignore"):
        for some in _slices(0, len(loss), max(1, _CACHED // loss.shape[1])):
            loss[some] = scenario.surface.value(path[:, some])
    loss[gone] = np.inf
    return loss


def _joined(parts: Sequence[Any]) -> Any:
    """Return the blocks' values as one: every array has the replicates last; what is told of kept paths alone, later blocks may lack."""
    first = parts[0]
    if len(parts) == 1 or first is None:
        return first
    if isinstance(first, dict):
        return {name: _joined([part[name] for part in parts if name in part]) for name in first}
    if isinstance(first, Ends):
        return Ends(**_joined([vars(part) for part in parts]))
    return np.concatenate(parts, axis=-1)
