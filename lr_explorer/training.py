"""A training run as practitioners count it – samples, batches, epochs – and what a loop so counted makes of a schedule.

A schedule knows steps only. What a run does with it depends on when `scheduler.step()` is called and on the total that the schedule
was built for; `used` follows both, and `mistakes` says where the result is not what was meant.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Described, choice, whole
from lr_explorer.scenario import Arm
from lr_explorer.schedules import Schedule
from lr_explorer.story import told

Array = NDArray[np.float64]

MOST_UPDATES = 1_000_000  # a curve of more is neither drawn nor told, only counted
UNITS = {"step": "updates", "epoch": "epochs", "sample": "samples", "token": "tokens"}
SCALINGS = {"linear": "linear: peak × ratio", "sqrt": "square root: peak × √ratio"}

# A peak that lies between two updates, as a one-cycle's may, is missed by less than this.
_REACHED = 0.99
_STEPPED = {"update": "after every update", "batch": "after every batch", "epoch": "once per epoch"}


@dataclass(frozen=True)
class Training(Described):
    """How many updates a run has, and how its loop advances the schedule."""

    samples: int = whole(
        50_000, 1, 10**12, "Samples", "Size of the training set.", unit="per epoch", scale="log", slider=(100, 10_000_000)
    )  # fmt: skip
    batch: int = whole(128, 1, 10**7, "Batch size", "Samples in a batch, on all devices together.", unit="samples", scale="log", slider=(1, 8192))
    accumulation: int = whole(
        1, 1, 10_000, "Gradient accumulation", "Batches whose gradients are added up for one update.", unit="batches", scale="log", slider=(1, 64)
    )  # fmt: skip
    epochs: int = whole(10, 1, 100_000, "Epochs", "Passes over the training set.", scale="log", slider=(1, 300))
    sequence: int = whole(
        1, 1, 10**8, "Sequence length", "Tokens in a sample; it only matters to the axis in tokens.", unit="tokens", scale="log", slider=(1, 8192)
    )  # fmt: skip
    batches: int = whole(0, 0, 10**9, "Batches per epoch", "0 computes them from samples and batch size; the last batch may be smaller.")
    max_steps: int = whole(0, 0, 10**12, "Updates, if given", "0 lets the epochs decide; else the run ends after so many updates (max_steps).")
    total: int = whole(0, 0, 10**12, "Schedule built for", "Steps that the schedule was told it has (total_steps, T_max, …); 0 is the run's updates.")
    stepped: str = choice(
        "update", _STEPPED, "scheduler.step() is called", "Most schedules in code count updates; PyTorch's examples step per epoch."
    )

    @property
    def batches_per_epoch(self) -> int:
        return self.batches or math.ceil(self.samples / self.batch)

    @property
    def updates_per_epoch(self) -> int:
        return math.ceil(self.batches_per_epoch / self.accumulation)

    @property
    def updates(self) -> int:
        """How many times the optimizer moves."""
        return self.max_steps or self.epochs * self.updates_per_epoch

    @property
    def samples_per_update(self) -> int:
        return self.batch * self.accumulation

    @property
    def planned(self) -> int:
        """How many steps the schedule was built for."""
        return self.total or self.updates

    @property
    def calls(self) -> int:
        """How many values of the schedule the loop passes through."""
        return int(self._place(np.array([self.updates - 1]))[0]) + 1

    @property
    def updates_per_step(self) -> int:
        """For how many updates a rate of the schedule holds: an epoch's where the loop advances it once per epoch, else one."""
        return self.updates_per_epoch if self.stepped == "epoch" else 1

    def place_of_updates(self) -> NDArray[np.int64]:
        """Return for each update how often the schedule was advanced before it: shape (updates,)."""
        return self._place(np.arange(self.updates))

    def position(self, update: NDArray[Any], unit: str) -> Array:
        """Return updates in one of `UNITS`."""
        per_update = {
            "step": 1.0,
            "epoch": 1 / self.updates_per_epoch,
            "sample": float(self.samples_per_update),
            "token": float(self.samples_per_update) * self.sequence,
        }
        return np.asarray(update) * per_update[unit]

    def _place(self, update: NDArray[np.int64]) -> NDArray[np.int64]:
        epoch, within = np.divmod(update, self.updates_per_epoch)
        if self.stepped == "epoch":
            return epoch
        if self.stepped == "batch":
            # The update comes with its last batch; the epoch's last one may hold fewer.
            return epoch * self.batches_per_epoch + np.minimum((within + 1) * self.accumulation, self.batches_per_epoch) - 1
        return update


def plain(updates: int) -> Training:
    """Return a run of so many updates with nothing else to it."""
    return Training(batch=1, samples=updates, epochs=1)


@dataclass(frozen=True)
class Tally:
    """A curve in numbers: Ση, first, highest and last rate, where the highest is, and how many rates are exactly 0."""

    total: float
    first: float
    peak: float
    peak_at: int
    last: float
    zeros: int


def tally(lr: Array) -> Tally:
    """Return a curve's numbers; what is NaN was never run and is left out."""
    lr = lr[: _length(lr)]
    highest = int(np.argmax(lr))
    return Tally(float(lr.sum()), float(lr[0]), float(lr[highest]), highest, float(lr[-1]), int(np.count_nonzero(lr == 0)))


def used(schedule: Schedule, training: Training) -> Array:
    """Return the rate of each update as the loop runs it, shape (updates,); NaN where the framework would have stopped with an error."""
    if training.updates > MOST_UPDATES or training.planned > MOST_UPDATES or training.calls > 10 * MOST_UPDATES:
        raise ValueError(
            f"a run of {training.updates:,} updates with a schedule of {training.planned:,} steps is too long to be drawn; "
            f"{MOST_UPDATES:,} are the most"
        )
    return continued(schedule, training.planned, training.calls)[training.place_of_updates()]


def used_by(arm: Arm, training: Training) -> Array | None:
    """Return `used` of an arm's schedule with the arm's drop; None if a controller decides the rate while the run goes on."""
    if not isinstance(arm.schedule, Schedule):
        return None
    return used(arm.schedule, training) * arm.drops(training.updates)


def continued(schedule: Schedule, total: int, steps: int) -> Array:
    """Return what a schedule built for `total` steps gives when it is advanced through `steps` of them.

    Past its end a schedule that knows no total goes on, PyTorch's cosine climbs again, its one-cycle raises (NaN), and the others hold
    the rate at which they end.
    """
    curve = schedule.values(total)
    if steps <= total:
        return curve[:steps]
    longer = _tried(schedule, steps)
    if longer is not None and np.array_equal(longer[:total], curve):
        return longer
    if _climbs(schedule) and total > schedule.warmup:
        return schedule.with_values(t_max=getattr(schedule, "t_max", 0) or total - schedule.warmup, cooldown=0).values(steps)
    beyond = np.full(steps - total, _end(schedule, total))
    if _raises(schedule):
        # PyTorch accepts as many calls as there are steps, and raises at the next.
        beyond[1:] = np.nan
    return np.concatenate([curve, beyond])


def scaled_peak(peak: float, samples: int, new_samples: int, scaling: str) -> float:
    """Return the peak for another number of samples per update, by one of `SCALINGS`.

    Linear: Goyal et al. (2017), for SGD. Square root: Krizhevsky (2014), and Malladi et al. (2022) for Adam.
    """
    ratio = new_samples / samples
    return peak * (math.sqrt(ratio) if scaling == "sqrt" else ratio)


def warnings(schedule: Schedule, training: Training) -> list[str]:
    """Return a sentence for each thing about the schedule in this loop that people get wrong: mistakes, then remarks."""
    return mistakes(schedule, training) + remarks(schedule, training)


def mistakes(schedule: Schedule, training: Training) -> list[str]:
    """Return a sentence for each way in which the run does not do what the schedule was meant to do."""
    lr = used(schedule, training)
    has_end = _knows_its_end(schedule, training.planned)
    found = [
        *_pace(schedule, training, lr, has_end=has_end),
        *_warm_up(schedule, training, lr),
        *_climb(schedule, training),
        *_never_reached(schedule, training),
        *_in_epochs(schedule, training),
        *_early_switch(schedule, training),
    ]
    return found or ([] if has_end else list(_low(schedule, training, lr)))


def remarks(schedule: Schedule, training: Training) -> list[str]:
    """Return a sentence for each thing that is so by design and still surprises."""
    told_once = []
    if overwriter := _overwriter(schedule):
        told_once.append(
            f"PyTorch's {overwriter} overwrites the optimizer's lr at every step: only its max_lr of {told(schedule.peak)} counts, "
            "whatever rate the optimizer was made with."
        )
    if continued(schedule, training.planned, 1)[0] == 0 and schedule.peak > 0:
        told_once.append(
            "The first update runs at a rate of exactly 0 and moves nothing, as in Transformers; a start fraction above 0 avoids it. "
            "On the logarithmic axis it is marked at the bottom."
        )
    return told_once


def _pace(schedule: Schedule, training: Training, lr: Array, *, has_end: bool) -> Iterator[str]:
    """The total and the calls of step() do not agree."""
    calls, planned = training.calls, training.planned
    if calls == planned or (not has_end and training.stepped == "update"):
        return
    counted = _counted(training)
    if calls < planned:
        meant = continued(schedule, planned, planned)
        peak = "" if np.nanmax(lr) >= _REACHED * meant.max() else f", and the peak of {told(meant.max())} is never reached"
        yield (
            f"scheduler.step() is called {_STEPPED[training.stepped]}, {calls:,} times, but the schedule was built for {planned:,} steps{counted}: "
            f"the last rate used is {_exactly(lr[-1])}, not {_exactly(meant[-1])}{peak}. {_remedy(training)}"
        )
    elif _raises(schedule):
        yield (
            f"PyTorch's OneCycleLR raises ValueError at call {planned + 1:,} of step(): total_steps is {planned:,}, and the loop calls it "
            f"{_STEPPED[training.stepped]}, {calls:,} times{counted}. {_remedy(training)}"
        )
    elif has_end:
        yield (
            f"scheduler.step() is called {_STEPPED[training.stepped]}, {calls:,} times, but the schedule was built for {planned:,} steps{counted}: "
            f"{_past_the_end(schedule, training, lr)}. {_remedy(training)}"
        )
    else:
        yield f"scheduler.step() is called {_STEPPED[training.stepped]}: the schedule runs through {calls:,} steps in {training.updates:,} updates."


def _past_the_end(schedule: Schedule, training: Training, lr: Array) -> str:
    ended = int(np.searchsorted(training.place_of_updates(), training.planned))
    if _climbs(schedule):
        return f"it ends with update {ended:,} and then climbs again, up to {told(float(lr[ended:].max()))}"
    zeros = int(np.count_nonzero(lr[ended:] == 0))
    if zeros:
        return f"{zeros:,} of {training.updates:,} updates run at rate 0"
    return f"from update {ended:,} on the rate stays at {told(float(lr[-1]))}"


def _counted(training: Training) -> str:
    batches = training.epochs * training.batches_per_epoch
    if training.accumulation > 1 and training.total and training.total in (batches, training.updates * training.accumulation):
        return " (the total counts batches, not updates)"
    counts_epochs = training.total and not training.max_steps and training.total == training.epochs != training.calls
    return " (the total counts epochs)" if counts_epochs else ""


def _remedy(training: Training) -> str:
    if training.stepped == "epoch" and training.updates_per_epoch > 1 and training.total != training.epochs:
        return "Call it after every update, or count the schedule in epochs."
    if training.stepped == "batch" and training.accumulation > 1:
        return f"Call it after every update: {training.updates:,} times, which is the number of batches divided by {training.accumulation}."
    return f"Build it for {training.calls:,} steps."


def _warm_up(schedule: Schedule, training: Training, lr: Array) -> Iterator[str]:
    steps = min(training.calls, training.planned)
    if schedule.warmup >= steps:
        highest = float(np.nanmax(lr))
        peak = "" if highest >= schedule.peak else f" The highest rate used is {told(highest)}, the peak of {told(schedule.peak)} is never reached."
        longer = "longer than" if schedule.warmup > steps else "as long as"
        yield f"The warm-up of {schedule.warmup:,} steps is {longer} the run's {steps:,}: the schedule's own shape never begins.{peak}"


def _climb(schedule: Schedule, training: Training) -> Iterator[str]:
    t_max = int(getattr(schedule, "t_max", 0))
    bottom = schedule.warmup + t_max
    if not (t_max and _climbs(schedule) and bottom < training.calls - 1):
        return
    after = continued(schedule, training.planned, training.calls)[bottom:]
    if after.max() > after[0]:
        yield (
            f"The cosine reaches its lowest rate at step {bottom:,} and then climbs again, up to {told(float(after.max()))} by the end of "
            f"{training.calls:,} steps: PyTorch's and Transformers' are not held after T_max, Keras's and Optax's are."
        )


def _never_reached(schedule: Schedule, training: Training) -> Iterator[str]:
    """Boundaries, drops, switches and cycles that lie beyond the end of the run."""
    steps = training.calls
    begins = schedule.warmup
    for name in ("milestones", "boundaries"):
        places = [begins + int(place) for place in getattr(schedule, name, ())]
        beyond = [place for place in places if place >= steps]
        if beyond:
            which = "The" if len(beyond) == len(places) else f"{len(beyond)} of the"
            yield f"{which} {name} {_listed(places)} are never reached: the run has {_steps(steps)}."
    single = {
        "step_size": "the first drop",
        "t_0": "the first restart",
        "switch1": "the second part",
        "step_size_up": "the first peak",
    }
    for name, event in single.items():
        if name == "t_0" and _divides(schedule):
            continue
        place = begins + int(getattr(schedule, name, 0))
        if place >= steps and place > begins:
            yield f"{event.capitalize()} would come at step {place:,} and is never reached: the run has {_steps(steps)}."


def _in_epochs(schedule: Schedule, training: Training) -> Iterator[str]:
    """Numbers that were written down in epochs and are read as updates."""
    for name in ("milestones", "boundaries"):
        places = [int(place) for place in getattr(schedule, name, ())]
        if places and training.stepped != "epoch" and training.epochs > 1 and max(places) <= min(training.epochs, 0.05 * training.calls):
            scaled = _listed([place * training.updates_per_epoch for place in places])
            yield (
                f"All {name} lie in the first {max(places):,} of {training.calls:,} steps: if {_listed(places)} are epochs, "
                f"they are {scaled} in updates."
            )


def _early_switch(schedule: Schedule, training: Training) -> Iterator[str]:
    first, switch = getattr(schedule, "first", None), int(getattr(schedule, "switch1", 0))
    if isinstance(first, Schedule) and 0 < switch < first.warmup and schedule.warmup + switch < training.calls:
        lr = continued(schedule, training.planned, training.calls)
        place = schedule.warmup + switch
        yield (
            f"The second part begins at step {place:,}, before the warm-up of {first.warmup:,} steps has ended: "
            f"the rate jumps from {told(float(lr[place - 1]))} to {told(float(lr[place]))}."
        )


def _low(schedule: Schedule, training: Training, lr: Array) -> Iterator[str]:
    """Whatever the reason: a longer run would have reached a higher rate."""
    highest, longer = float(np.nanmax(lr)), _tried(schedule, min(max(4 * training.planned, 1000), 4 * MOST_UPDATES))
    if longer is None or highest >= _REACHED * longer.max():
        return
    yield f"The highest rate used is {told(highest)}; in a longer run the schedule would rise to {told(float(longer.max()))}."


def _knows_its_end(schedule: Schedule, total: int) -> bool:
    """Whether the curve depends on the total that it was built for."""
    longer = _tried(schedule, 2 * total)
    return longer is None or not np.array_equal(schedule.values(total), longer[:total])


def _tried(schedule: Schedule, steps: int) -> Array | None:
    """Return the curve of a run that nobody asked for, None if there is none: a typed formula may turn negative later on."""
    try:
        return schedule.values(steps)
    except ValueError:
        return None


def _climbs(schedule: Schedule) -> bool:
    return getattr(schedule, "past_end", "") == "rise" and not _has_cooldown(schedule)


def _has_cooldown(schedule: Schedule) -> bool:
    """Whether a cool-down of its own ends the schedule, whatever its shape would do later."""
    return schedule.cooldown > 0


def _divides(schedule: Schedule) -> bool:
    """Whether restarts divide the run, whatever t_0 says."""
    return "t_0" in schedule.params() and getattr(schedule, "num_cycles", 0) > 0


def _raises(schedule: Schedule) -> bool:
    return "div_factor" in schedule.params() and getattr(schedule, "convention", "torch") == "torch"


def _overwriter(schedule: Schedule) -> str:
    if _raises(schedule):
        return "OneCycleLR"
    return "CyclicLR" if "step_size_up" in schedule.params() else ""


def _end(schedule: Schedule, total: int) -> float:
    """Return the rate one step past the last."""
    after = max(total - schedule.warmup, 1)
    # After cycles that divide the run Transformers stays at the floor, where the formula would begin another one.
    if _has_cooldown(schedule) or _divides(schedule):
        return schedule.peak * schedule.floor
    try:
        # A composition has no rate of its own past its end, so the last one is what it keeps.
        fraction = float(schedule.floored(np.array([float(after)]), after)[-1])
    except (ValueError, IndexError):  # a typed formula that turns negative, Chebyshev's list of rates that is used up
        return float(schedule.values(total)[-1])
    return schedule.peak * max(fraction, 0.0)


def _length(lr: Array) -> int:
    """Return how many rates come before the first NaN, at least 1."""
    bad = np.flatnonzero(np.isnan(lr))
    return max(int(bad[0]), 1) if bad.size else len(lr)


def _steps(count: int) -> str:
    return f"{count:,} step" if count == 1 else f"{count:,} steps"


def _listed(places: list[int]) -> str:
    shown = ", ".join(f"{place:,}" for place in places[:6])
    return f"({shown}{', …' if len(places) > 6 else ''})"


def _exactly(rate: float) -> str:
    """Return a rate with enough digits to tell a flat line from a constant."""
    return f"{rate:.6g}".replace("-", "−")
