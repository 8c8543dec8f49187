"""What another batch size asks for: the same data in fewer or more updates, and a schedule that takes the same shares of them."""

import re
from typing import Any, TypeVar

from lr_explorer.params import Described, Number, Series
from lr_explorer.scenario import Arm
from lr_explorer.training import Training, scaled_peak

Thing = TypeVar("Thing", bound=Described)


def rescaled(arm: Arm, training: Training, batch: int, scaling: str) -> tuple[Arm, Training]:
    """Return an arm and a run for batches of another size: the peak by one of `SCALINGS`, what counts updates by the number of updates.

    What the loop counts in epochs stays. ValueError if a value then leaves its range.
    """
    run = with_batch(training, batch)
    schedule = stretched(arm.schedule, run.calls / training.calls)
    peak = scaled_peak(arm.schedule.peak, training.batch, batch, scaling)
    ratio = run.updates / training.updates
    counted = {name: _scaled(getattr(arm, name), ratio, Arm.params()[name]) for name in ("drop_at", "unfreeze_at")}
    return arm.with_values(schedule=schedule.with_values(peak=peak), **counted), run


def with_batch(training: Training, batch: int) -> Training:
    """Return the run over the same data in batches of another size; given numbers of batches, updates and steps go with it."""
    counts = ["batches", "max_steps", *(["total"] if training.stepped != "epoch" else [])]
    # Rounded up, as a last batch may be smaller.
    given = {name: -(-getattr(training, name) * training.batch // batch) for name in counts}
    return training.with_values(batch=batch, **given)


def stretched(thing: Thing, ratio: float) -> Thing:
    """Return a schedule for a run of `ratio` times as many updates: every number of updates, and every factor per update, goes with it."""
    old = {name: getattr(thing, name) for name in thing.params()}
    new = old | {name: _scaled(old[name], ratio, param) for name, param in thing.params().items()}
    if old.get("decay_steps"):
        # As a number of updates is at least 1, it cannot always be scaled, but what happens in so many can: so many new periods are an old one.
        periods = new["decay_steps"] / (old["decay_steps"] * ratio)
        new |= {"gamma": old["gamma"] ** periods} if "gamma" in old else {"decay_rate": old["decay_rate"] * periods} if "decay_rate" in old else {}
    if {"step_size_up", "gamma"} <= old.keys():
        new["gamma"] = old["gamma"] ** (1 / ratio)
    return thing.with_values(**new, **{name: stretched(getattr(thing, name), ratio) for name in thing.parts()})


def _scaled(value: Any, ratio: float, param: object) -> Any:
    """Return a value scaled if it counts updates, alone or as places in the run; else as it is."""
    if isinstance(param, Number) and param.unit == "updates":
        return _times(value, ratio, param.high)
    if isinstance(param, Series) and param.whole:
        return tuple(_times(place, ratio, param.high) for place in value)
    return value


def differences(before: Described, after: Described) -> list[str]:
    """Return each parameter that differs, parts included, as its label with both values; the peak is left out."""
    told = []
    for name, param in before.params().items():
        values = [param.format(getattr(thing, name)) for thing in (before, after)]  # type: ignore[arg-type]
        if values[0] != values[1] and name != "peak":
            told.append(f"{param.label} {values[0]} → {values[1]}")
    return told + [sentence for name in before.parts() for sentence in differences(getattr(before, name), getattr(after, name))]


def keeps_numbers(thing: Described) -> bool:
    """Return whether a formula that someone typed holds numbers, which may be updates and are not scaled."""
    typed = str(getattr(thing, "expression", ""))
    return bool(re.search(r"\d", typed)) or any(keeps_numbers(getattr(thing, name)) for name in thing.parts())


def _times(count: float, ratio: float, most: float) -> int:
    """Return a number of updates scaled and rounded: none stays none, and one does not become none."""
    return int(min(max(round(count * ratio), 1), most)) if count else 0
