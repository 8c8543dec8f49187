"""PyTorch's and Transformers' schedulers as code makes them, and what Lightning says about stepping them."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lr_explorer.configs.code import Code, called
from lr_explorer.configs.loops import Loop, loop_around
from lr_explorer.configs.optimizers import default_rate, is_optimizer, positional, read_class
from lr_explorer.configs.settings import Configuration, Notes, Settings, finished, made, tell_influential
from lr_explorer.configs.transformers import curve
from lr_explorer.optimizers import Optimizer
from lr_explorer.params import shortened
from lr_explorer.schedules import Schedule
from lr_explorer.training import Training

# The names of the arguments after the optimizer, and each one's default where it has one.
_SIGNATURES: dict[str, tuple[str, ...]] = {
    "StepLR": ("step_size", "gamma"),
    "MultiStepLR": ("milestones", "gamma"),
    "ExponentialLR": ("gamma",),
    "LinearLR": ("start_factor", "end_factor", "total_iters"),
    "ConstantLR": ("factor", "total_iters"),
    "PolynomialLR": ("total_iters", "power"),
    "CosineAnnealingLR": ("T_max", "eta_min"),
    "CosineAnnealingWarmRestarts": ("T_0", "T_mult", "eta_min"),
    "OneCycleLR": ("max_lr", "total_steps", "epochs", "steps_per_epoch", "pct_start", "anneal_strategy"),
    "CyclicLR": ("base_lr", "max_lr", "step_size_up", "step_size_down", "mode", "gamma"),
    "SequentialLR": ("schedulers", "milestones"),
    "get_linear_schedule_with_warmup": ("num_warmup_steps", "num_training_steps"),
    "get_cosine_schedule_with_warmup": ("num_warmup_steps", "num_training_steps", "num_cycles"),
    "get_cosine_with_hard_restarts_schedule_with_warmup": ("num_warmup_steps", "num_training_steps", "num_cycles"),
    "get_polynomial_decay_schedule_with_warmup": ("num_warmup_steps", "num_training_steps", "lr_end", "power"),
    "get_constant_schedule": (),
    "get_constant_schedule_with_warmup": ("num_warmup_steps",),
    "get_inverse_sqrt_schedule": ("num_warmup_steps", "timescale"),
    "get_wsd_schedule": ("num_warmup_steps", "num_decay_steps", "num_training_steps"),
    "get_scheduler": ("optimizer", "num_warmup_steps", "num_training_steps"),
    "ReduceLROnPlateau": ("mode", "factor", "patience"),
    "LambdaLR": ("lr_lambda",),
    "ChainedScheduler": ("schedulers",),
}
_TRANSFORMERS_CALLS = {
    "get_linear_schedule_with_warmup": "linear",
    "get_cosine_schedule_with_warmup": "cosine",
    "get_cosine_with_hard_restarts_schedule_with_warmup": "cosine_with_restarts",
    "get_polynomial_decay_schedule_with_warmup": "polynomial",
    "get_constant_schedule": "constant",
    "get_constant_schedule_with_warmup": "constant_with_warmup",
    "get_inverse_sqrt_schedule": "inverse_sqrt",
    "get_wsd_schedule": "warmup_stable_decay",
}
MADE_BY = set(_SIGNATURES)
# What says how many steps the whole run has.
_TOTALS = ("num_training_steps", "total_steps", "steps_per_epoch")


def read_code(code: Code, scheduler: ast.Call, text: str, training: Training) -> Configuration:
    notes = Notes()
    is_lightning = bool(re.search(r"configure_optimizers|lightning|[\"']interval[\"']|[\"']lr_scheduler[\"']", text, re.IGNORECASE))
    loop = None if is_lightning else loop_around(code, scheduler)
    run, names_run = _looped_run(loop, training, notes) if loop else _trainer_run(code, training, notes)
    if not loop:
        run = run.with_values(stepped=_stepping(code, notes, is_lightning))
    peak, optimizer = _optimizer(code, scheduler, notes)
    source = _Source(called(scheduler), _by_name(code, scheduler), code, "Lightning" if is_lightning else "PyTorch")
    return _configuration(source, peak, optimizer, run, notes, names_run=names_run)


@dataclass(frozen=True)
class _Source:
    """A scheduler as a text makes it: its class or function, the arguments, the code around it if there is any, and whose words these are."""

    name: str
    values: Mapping[str, Any]
    code: Code | None
    framework: str


def _configuration(source: _Source, peak: float, optimizer: Optimizer | None, run: Training, notes: Notes, *, names_run: bool) -> Configuration:
    """Return what was read; names_run: whether the text says how long the run is, besides what the schedule was built for."""
    name, code = source.name, source.code
    settings = Settings(source.values, notes, name)
    framework = source.framework
    if name in _TRANSFORMERS_CALLS or name == "get_scheduler":
        kind = _TRANSFORMERS_CALLS.get(name) or settings.word("name", "linear")
        label = f"{kind} (Transformers)"
        steps = settings.whole("num_training_steps", run.calls, least=1)
        warmup = settings.whole("num_warmup_steps", 0)
        schedule = curve(kind, settings, peak, warmup, steps)
    else:
        steps = _built_for(name, settings, run)
        schedule = _schedule(name, settings, code, peak, steps)
        label = f"{name} ({framework})"
    if not names_run:
        run = _unnamed_run(settings, run, steps, notes)
    counted = run if steps == run.updates and run.stepped == "update" else run.with_values(total=steps)
    per = {"update": "updates", "batch": "batches", "epoch": "epochs"}[run.stepped]
    notes.understood.insert(0, f"{name} from a rate of {schedule.peak:g}, counted in {per}: {steps:,} steps.")
    # The optimizer and what only concerns resuming or printing are no settings of the curve.
    rest = [key for key in settings.rest() if key not in ("optimizer", "last_epoch", "verbose")]
    return finished(label, framework, schedule, counted, notes, rest, optimizer)


def _unnamed_run(settings: Settings, run: Training, steps: int, notes: Notes) -> Training:
    """Return the run where the text names none: the one that its schedule was built for, if it says so, else the given one."""
    if run.stepped == "update" and any(name in settings for name in _TOTALS):
        notes.assumed.append(f"No length of the run is in the text, so it is the {steps:,} updates that the schedule is built for.")
        return run.with_values(max_steps=steps)
    notes.assumed.append(f"The run is the one under Training units: {run.updates:,} updates in {run.epochs:,} epochs.")
    return run


def _by_name(code: Code, call: ast.Call) -> dict[str, Any]:
    """Return a scheduler call's arguments by name: the optimizer comes first, except in `get_scheduler`, where the name does."""
    first = "name" if called(call) == "get_scheduler" else "optimizer"
    return code.arguments(call, (first, *_SIGNATURES[called(call)]))


def _looped_run(loop: Loop, training: Training, notes: Notes) -> tuple[Training, bool]:
    """Return the run that the loop around step() makes, and whether it says how long that is."""
    given = {"epochs": loop.epochs or training.epochs, "batches": loop.batches or training.batches, "max_steps": loop.updates}
    run = training.with_values(stepped=loop.stepped, total=0, **given)
    often = "once per epoch" if loop.stepped == "epoch" else "after every update"
    turns = f"{loop.updates:,} updates" if loop.updates else f"{run.updates:,} updates in {run.epochs:,} epochs"
    is_long = bool(loop.epochs or loop.updates)
    notes.understood.append(f"Your loop calls step() of the schedule {often}{f': {turns}' if is_long else ''}.")
    if loop.epochs and not loop.batches:
        notes.assumed.append(f"An epoch has the {run.updates_per_epoch:,} updates that it has under Training units.")
    return run, is_long


def _trainer_run(code: Code, training: Training, notes: Notes) -> tuple[Training, bool]:
    """Return the run that a Lightning Trainer in the text asks for, else the given one, and whether the text says how long it is."""
    for call in code.calls:
        if called(call) == "Trainer":
            return _lightning_run(code.keywords(call), training, notes)
    return training.with_values(total=0), False


def _lightning_run(values: Mapping[str, Any], training: Training, notes: Notes) -> tuple[Training, bool]:
    settings = Settings(values, notes, "Trainer")
    steps = settings.number("max_steps", -1, told=False)
    run = training.with_values(
        epochs=settings.whole("max_epochs", training.epochs, least=1, told=False),
        accumulation=settings.whole("accumulate_grad_batches", training.accumulation, least=1, told=False),
        max_steps=int(steps) if steps > 0 else 0,
        total=0,
    )
    tell_influential(settings.rest(), notes)
    return run, "max_epochs" in settings or steps > 0


def _stepping(code: Code, notes: Notes, is_lightning: bool) -> str:
    """Return when the loop advances the schedule: Lightning says so, and its default is once per epoch."""
    for node in code.dicts:
        entries = code.value(node)
        if isinstance(entries, dict) and "scheduler" in entries:
            return _interval(entries, notes)
    if is_lightning:
        notes.assumed.append('No interval is given: Lightning\'s default is "epoch", one step of the schedule per epoch.')
        return "epoch"
    notes.assumed.append("scheduler.step() after every update; where your loop calls it once per epoch, say so under Training units.")
    return "update"


def _interval(entries: Mapping[str, Any], notes: Notes) -> str:
    settings = Settings(entries, notes, "lr_scheduler")
    interval = settings.word("interval", "epoch")
    if interval not in ("step", "epoch"):
        raise ValueError(f"interval must be step or epoch; got {shortened(interval)}")
    if settings.number("frequency", 1, told=False) != 1:
        notes.missed.append("A frequency other than 1 is not followed: the schedule is drawn as advanced at every interval.")
    return "update" if interval == "step" else "epoch"


def _optimizer(code: Code, scheduler: ast.Call, notes: Notes) -> tuple[float, Optimizer | None]:
    """Return the rate of the optimizer that the scheduler is for, and the optimizer if it is one that is known here."""
    call = _optimizer_call(code, scheduler)
    name = called(call) if call else ""
    return _rate_and_optimizer(name, code.arguments(call, positional(name)) if call else {}, notes)


def _rate_and_optimizer(name: str, values: Mapping[str, Any], notes: Notes) -> tuple[float, Optimizer | None]:
    settings = Settings(values, notes, name or "optimizer")
    rate = settings.rate("lr", default_rate(name), told=False)
    if "lr" not in settings:
        notes.assumed.append(f"The optimizer's rate is not in the text: {rate:g}, PyTorch's default.")
    return rate, read_class(name, settings)


def _optimizer_call(code: Code, scheduler: ast.Call) -> ast.Call | None:
    """Return what makes the scheduler's optimizer; where that is not in the text, the last optimizer that is."""
    own = _by_name(code, scheduler).get("optimizer")
    others = [call for call in reversed(code.calls) if called(call) not in MADE_BY]
    for call in [own, *others] if isinstance(own, ast.Call) else others:
        if is_optimizer(called(call)) or "lr" in code.keywords(call):
            return call
    return None


def _built_for(name: str, settings: Settings, run: Training) -> int:
    """Return how many steps the schedule was built for."""
    if name != "OneCycleLR":
        return run.calls
    if "total_steps" in settings:
        return settings.whole("total_steps", run.calls, least=1)
    if "epochs" in settings or "steps_per_epoch" in settings:
        return settings.whole("epochs", run.epochs, least=1) * settings.whole("steps_per_epoch", run.updates_per_epoch, least=1)
    return run.calls


def _schedule(name: str, settings: Settings, code: Code | None, peak: float, steps: int) -> Schedule:
    if name == "SequentialLR":
        return _sequential(settings, code, peak, steps)
    if name not in _SCHEDULERS:
        reasons = {
            "ReduceLROnPlateau": "follows the loss of the run, so there is no curve to read; its arm is made in the Playground",
            "LambdaLR": "runs a function, and nothing pasted here is run; type its expression into the Lambda schedule",
        }
        raise ValueError(f"{name} {reasons.get(name, 'is not read yet')}.")
    return _SCHEDULERS[name](settings, peak, steps)


def _floor(settings: Settings, peak: float) -> float:
    return settings.number("eta_min", 0.0, told=False) / (peak or 1.0)


def _linear_lr(settings: Settings, peak: float, steps: int) -> Schedule:
    start, end = settings.number("start_factor", 1 / 3), settings.number("end_factor", 1.0, told=False)
    length = settings.whole("total_iters", 5)
    if end == 1.0:
        return made("constant", {"peak": peak, "warmup": length, "warmup_start": start if length else 0.0})
    if start == 1.0 and length == steps:
        return made("linear", {"peak": peak, "floor": end})
    share = f"min(t/{length}, 1)" if length else "1"
    return made("lambda", {"peak": peak, "expression": f"{start:.12g} + ({end:.12g} - {start:.12g})*{share}"})


def _cosine_lr(settings: Settings, peak: float, steps: int) -> Schedule:
    t_max = settings.whole("T_max", steps, least=1)
    return made("cosine", {"peak": peak, "floor": _floor(settings, peak)} | ({"t_max": t_max} if t_max != steps else {}))


def _polynomial_lr(settings: Settings, peak: float, steps: int) -> Schedule:
    length = settings.whole("total_iters", 5, least=1)
    return made("polynomial", {"peak": peak, "power": settings.number("power", 1.0)} | ({"decay_steps": length} if length != steps else {}))


def _leave_momentum(settings: Settings) -> None:
    """Say that the momentum is left alone, unless the text says so itself."""
    if settings.flag("cycle_momentum") or "cycle_momentum" not in settings:
        settings.notes.missed.append("cycle_momentum, which is on unless switched off, is left off: it needs an optimizer with momentum in the arm.")


def _one_cycle_lr(settings: Settings, peak: float, steps: int) -> Schedule:
    _leave_momentum(settings)
    return made(
        "one_cycle",
        {
            "peak": settings.number("max_lr", peak),
            "pct_start": settings.number("pct_start", 0.3, told=False),
            "div_factor": settings.number("div_factor", 25.0, told=False),
            "final_div_factor": settings.number("final_div_factor", 1e4, told=False),
            "anneal_strategy": settings.word("anneal_strategy", "cos", told=False),
            "three_phase": settings.flag("three_phase"),
        },
    )


def _cyclic_lr(settings: Settings, peak: float, steps: int) -> Schedule:
    _leave_momentum(settings)
    high = settings.number("max_lr", peak)
    up = settings.whole("step_size_up", 2000, least=1)
    return made(
        "cyclic",
        {
            "peak": high,
            "base": settings.number("base_lr", 0.0) / (high or 1.0),
            "step_size_up": up,
            "step_size_down": settings.whole("step_size_down", 0, told=False),
            "mode": settings.word("mode", "triangular", told=False),
            "gamma": settings.number("gamma", 1.0, told=False),
        },
    )


_SCHEDULERS: dict[str, Callable[[Settings, float, int], Schedule]] = {
    "StepLR": lambda s, peak, _: made("step", {"peak": peak, "step_size": s.whole("step_size", 1, least=1), "gamma": s.number("gamma", 0.1)}),
    "MultiStepLR": lambda s, peak, _: made(
        "multistep", {"peak": peak, "milestones": tuple(sorted(s.wholes("milestones", ()))), "gamma": s.number("gamma", 0.1)}
    ),
    "ExponentialLR": lambda s, peak, _: made("exponential", {"peak": peak, "gamma": s.number("gamma", 1.0)}),
    "LinearLR": _linear_lr,
    "ConstantLR": lambda s, peak, _: made(
        "piecewise", {"peak": peak, "boundaries": (s.whole("total_iters", 5),), "factors": (s.number("factor", 1 / 3), 1.0)}
    ),
    "PolynomialLR": _polynomial_lr,
    "CosineAnnealingLR": _cosine_lr,
    "CosineAnnealingWarmRestarts": lambda s, peak, _: made(
        "cosine_restarts",
        {"peak": peak, "t_0": s.whole("T_0", 1, least=1), "t_mult": s.whole("T_mult", 1, least=1, told=False), "floor": _floor(s, peak)},
    ),
    "OneCycleLR": _one_cycle_lr,
    "CyclicLR": _cyclic_lr,
}


def _sequential(settings: Settings, code: Code | None, peak: float, steps: int) -> Schedule:
    """Return schedules one after another; a rising LinearLR before another one is its warm-up."""
    switches = settings.wholes("milestones", ())
    nodes = settings.raw("schedulers")
    if code is None or not isinstance(nodes, list) or len(nodes) != len(switches) + 1 or not 1 <= len(switches) <= 2:
        raise ValueError("SequentialLR is read with two or three schedulers in a list and one milestone fewer; this one has other arguments.")
    parts = []
    for place, node in enumerate(nodes):
        if not isinstance(node, ast.Call) or called(node) not in _SCHEDULERS:
            raise ValueError(f"Scheduler {place + 1} of SequentialLR is not one that is known here: {shortened(getattr(node, 'source', node))}")
        # The last part runs to the end; each counts from its own 0.
        length = ([*switches, steps][place] - ([0, *switches][place])) or 1
        inner = Settings(_by_name(code, node), settings.notes, called(node))
        parts.append(_SCHEDULERS[called(node)](inner, peak, length))
    first, second = parts[0], parts[1]
    if len(parts) == 2 and type(first).name == "constant" and first.warmup == switches[0]:
        return second.with_values(warmup=first.warmup, warmup_start=first.warmup_start)
    # A part's own peak is a fraction of the whole one's.
    scaled = [part.with_values(peak=part.peak / (peak or 1.0)) for part in parts]
    values = {"peak": peak, "first": scaled[0], "second": scaled[1], "switch1": switches[0]}
    return made("sequential", values | ({"third": scaled[2], "switch2": switches[1]} if len(parts) == 3 else {}))


def read_lightning_yaml(found: Mapping[str, Any], class_key: str, training: Training) -> Configuration:
    """Read Lightning's command-line YAML: class_path and init_args of a scheduler, of an optimizer, and the trainer's limits."""
    notes = Notes()
    stem = class_key.removesuffix("class_path")
    name = str(found[class_key]).rsplit(".", 1)[-1]
    values = {key.removeprefix(f"{stem}init_args."): value for key, value in found.items() if key.startswith(f"{stem}init_args.")}
    trainer = {key.rsplit(".", 1)[-1]: value for key, value in found.items() if key.startswith("trainer.")}
    rates = [value for key, value in found.items() if key.endswith("optimizer.init_args.lr") or key == "optimizer.lr"]
    optimizers = [str(value).rsplit(".", 1)[-1] for key, value in found.items() if re.search(r"(^|\.)optimizer\.class_path$", key)]
    own = {key.rsplit(".", 1)[-1]: value for key, value in found.items() if "optimizer.init_args." in key}
    peak, optimizer = _rate_and_optimizer(optimizers[0] if optimizers else "", own | ({"lr": rates[0]} if rates else {}), notes)
    around = stem.rstrip(".").rpartition(".")[0]
    interval = {key: found[f"{around}.{key}"] for key in ("interval", "frequency") if around and f"{around}.{key}" in found}
    run, names_run = _lightning_run(trainer, training, notes)
    run = run.with_values(stepped=_interval(interval, notes))
    return _configuration(_Source(name, values, None, "Lightning"), peak, optimizer, run, notes, names_run=names_run)
