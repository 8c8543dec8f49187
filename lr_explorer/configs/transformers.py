"""Transformers' `TrainingArguments`, and the curves of its `get_scheduler`."""

import math
from collections.abc import Mapping
from typing import Any

from lr_explorer.configs.optimizers import read_optim
from lr_explorer.configs.settings import Configuration, Notes, Settings, finished, made
from lr_explorer.params import shortened
from lr_explorer.schedules import Schedule
from lr_explorer.training import Training


def read_arguments(values: Mapping[str, Any], training: Training, caller: str) -> Configuration:
    notes = Notes()
    settings = Settings(values, notes, caller)
    kind = settings.word("lr_scheduler_type", "linear").lower().removeprefix("schedulertype.")
    peak = settings.rate("learning_rate", 5e-5)
    run = _run(settings, training)
    warmup = _warmup(settings, run.updates)
    options = Settings(settings.mapping("lr_scheduler_kwargs"), notes, "lr_scheduler_kwargs")
    schedule = curve(kind, options, peak, warmup, run.updates)
    notes.understood.insert(0, f"{caller}: {kind} from a rate of {peak:g} over {run.updates:,} updates{_rise(kind, schedule, warmup)}.")
    if kind == "constant" and warmup:
        notes.understood.append("Transformers' constant has no warm-up, whatever warmup_steps and warmup_ratio say; constant_with_warmup has one.")
    optimizer = read_optim(settings)
    return finished(f"{kind} (Transformers)", "Transformers", schedule, run, notes, settings.rest() + options.rest(), optimizer)


def _rise(kind: str, schedule: Schedule, warmup: int) -> str:
    """Return what is to be said of the warm-up: how long it is, and where it really begins."""
    if kind == "constant" or not warmup:
        return ", without warm-up"
    return f", {warmup:,} of them warm-up from {schedule.values(1)[0]:g}"


def _run(settings: Settings, training: Training) -> Training:
    notes = settings.notes
    batch = settings.whole("per_device_train_batch_size", 8, least=1)
    accumulation = settings.whole("gradient_accumulation_steps", 1, least=1, told=False)
    epochs = settings.number("num_train_epochs", 3.0, told="max_steps" not in settings)
    most = settings.number("max_steps", -1, told=False)
    if not 0 < epochs <= 100_000:
        raise ValueError(f"num_train_epochs must be above 0 and at most 100,000; got {epochs:g}")
    run = Training(samples=training.samples, batch=batch, accumulation=accumulation, epochs=math.ceil(epochs), sequence=training.sequence)
    if settings.flag("dataloader_drop_last"):
        run = run.with_values(batches=max(run.samples // batch, 1))
    if most > 0:
        return run.with_values(max_steps=int(most))
    notes.assumed.append(
        f"One device and {training.samples:,} samples, as under Training units, since the size of the data set is not in the text: "
        f"{run.updates_per_epoch:,} updates per epoch."
    )
    return run if epochs == int(epochs) else run.with_values(max_steps=math.ceil(epochs * run.updates_per_epoch))


def _warmup(settings: Settings, updates: int) -> int:
    steps = settings.number("warmup_steps", 0, told=False)
    ratio = settings.number("warmup_ratio", 0, told=False)
    if not 0 <= ratio <= 1:
        raise ValueError(f"warmup_ratio must be between 0 and 1; got {ratio:g}")
    if steps >= 1:
        if ratio:
            settings.notes.understood.append("warmup_steps is given, so warmup_ratio does not count.")
        return int(steps)
    # Since Transformers 5 warmup_steps below 1 is a share of the run as well.
    return math.ceil(updates * (steps or ratio))


def curve(kind: str, options: Settings, peak: float, warmup: int, updates: int) -> Schedule:
    """Return what `get_scheduler(kind)` makes; its arguments' defaults are Transformers 5's."""
    common: dict[str, Any] = {"peak": peak, "warmup": warmup}
    after = max(updates - warmup, 1)
    if kind == "linear":
        return made("linear", common)
    if kind in ("cosine", "cosine_with_min_lr", "cosine_warmup_with_min_lr"):
        waves = options.number("num_cycles", 0.5, told=False)
        lowest = options.number("min_lr_rate", 0.0, told=False) or options.number("min_lr", 0.0, told=False) / (peak or 1)
        if kind == "cosine_warmup_with_min_lr":
            return made("lambda", {"peak": peak, "expression": _one_later(options, warmup, after, waves, lowest)})
        return made("cosine", common | {"floor": lowest, "num_cycles": waves})
    if kind == "cosine_with_restarts":
        return made("cosine_restarts", common | {"num_cycles": options.whole("num_cycles", 1, least=1)})
    if kind == "polynomial":
        end = options.number("lr_end", 1e-7)
        if not 0 <= end < (peak or 1):
            raise ValueError(f"lr_end must be at least 0 and below the rate, {peak:g}; got {end:g}")
        return made("polynomial", common | {"power": options.number("power", 1.0), "floor": end / (peak or 1)})
    if kind in ("constant", "constant_with_warmup"):
        return made("constant", common if kind == "constant_with_warmup" else {"peak": peak})
    if kind == "inverse_sqrt":
        return made("inverse_sqrt", common | {"timescale": options.whole("timescale", 0, told=False)})
    if kind == "warmup_stable_decay":
        return _stable(options, common, updates)
    if kind in ("reduce_lr_on_plateau", "greedy"):
        raise ValueError(f"{kind} follows the loss of the run, so there is no curve to read; its arm is made in the Playground.")
    raise ValueError(f"lr_scheduler_type {shortened(kind)} is not known here; known are {', '.join(_KINDS)}.")


_WSD_SHAPES = {"cosine": "cosine", "linear": "linear", "1-sqrt": "one_minus_sqrt"}


def _stable(options: Settings, common: dict[str, Any], updates: int) -> Schedule:
    """Return what get_wsd_schedule makes: warm-up, then the peak, then a decay, then the least rate for as long as the run goes on."""
    warmup = common["warmup"]
    decay = options.whole("num_decay_steps", 0)
    stable = options.whole("num_stable_steps", max(updates - warmup - decay, 0), told=False)
    shape, rise = options.word("decay_type", "cosine"), options.word("warmup_type", "linear", told=False)
    for name, value in (("decay_type", shape), ("warmup_type", rise)):
        if value not in _WSD_SHAPES:
            raise ValueError(f"{name} must be one of {', '.join(_WSD_SHAPES)}; got {shortened(value)}")
    floor = options.number("min_lr_ratio", 0.0, told=False)
    waves = options.number("num_cycles", 0.5, told=False)
    # Transformers' WSD rises from its floor, its other schedules from 0.
    common = common | {"warmup_start": floor, "warmup_shape": _WSD_SHAPES[rise]}
    if warmup + stable + decay == updates and waves == 0.5:
        return made("wsd", common | {"decay_shape": _WSD_SHAPES[shape], "decay": min(decay / updates, 1.0), "floor": floor})
    options.notes.understood.append(
        f"Warm-up, stable and decay phases make {warmup + stable + decay:,} updates, the run has {updates:,}: "
        f"the decay begins with update {warmup + stable:,}."
    )
    share = f"(t - {stable})/{max(decay, 1)}"
    falls = {"cosine": f"0.5*(1 + cos({2 * waves:.12g}*pi*{share}))", "linear": f"(1 - {share})", "1-sqrt": f"(1 - sqrt(max({share}, 0)))"}
    fall = f"{floor:.12g} + {1 - floor:.12g}*{falls[shape]}"
    return made("lambda", common | {"expression": f"where(t < {stable}, 1, where(t < {stable + decay}, {fall}, {floor:.12g}))"})


def _one_later(options: Settings, warmup: int, after: int, waves: float, lowest: float) -> str:
    """Return the formula of cosine_warmup_with_min_lr, whose phases count from 1."""
    begins = options.number("warmup_lr_rate", -1.0, told=False)
    rise = f"(t + 1)/{max(warmup, 1)}" if begins < 0 else f"{begins:.12g} + {1 - begins:.12g}*t/{max(warmup - 1, 1)}"
    fall = f"{lowest:.12g} + {1 - lowest:.12g}*0.5*(1 + cos(pi*{2 * waves:.12g}*(t - {warmup - 1})/{after}))".replace("- -1", "+ 1")
    return f"where(t < {warmup}, {rise}, {fall})" if warmup else fall


_KINDS = (
    "linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup", "inverse_sqrt", "cosine_with_min_lr",
    "cosine_warmup_with_min_lr", "warmup_stable_decay",
)  # fmt: skip
