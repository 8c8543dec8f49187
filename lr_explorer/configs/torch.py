"""PyTorch's and Transformers' schedulers as code makes them, and what Lightning says about stepping them."""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from lr_explorer.configs.code import Code, called
from lr_explorer.configs.settings import Configuration, Notes, Settings, finished, made
from lr_explorer.configs.transformers import curve
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
_DEFAULT_RATE = 1e-3  # the default of torch's Adam, AdamW and SGD


def read_code(code: Code, scheduler: ast.Call, text: str, training: Training) -> Configuration:
    notes = Notes()
    is_lightning = bool(re.search(r"configure_optimizers|lightning|[\"']interval[\"']|[\"']lr_scheduler[\"']", text, re.IGNORECASE))
    run = _trainer_run(code, training, notes)
    stepped = _stepping(code, notes, is_lightning)
    run = run.with_values(stepped=stepped)
    peak = _optimizer_rate(code, notes)
    values = _by_name(code, scheduler)
    return _configuration(called(scheduler), values, code, peak, run, notes, "Lightning" if is_lightning else "PyTorch")


def _configuration(
    name: str, values: Mapping[str, Any], code: Code | None, peak: float, run: Training, notes: Notes, framework: str
) -> Configuration:
    settings = Settings(values, notes, name)
    if name in _TRANSFORMERS_CALLS or name == "get_scheduler":
        kind = _TRANSFORMERS_CALLS.get(name) or settings.word("name", "linear")
        steps = settings.whole("num_training_steps", run.calls, least=1)
        warmup = settings.whole("num_warmup_steps", 0)
        schedule = curve(kind, settings, peak, warmup, steps)
    else:
        steps = _built_for(name, settings, run)
        schedule = _schedule(name, settings, code, peak, steps)
    counted = run if steps == run.updates and run.stepped == "update" else run.with_values(total=steps)
    per = {"update": "updates", "batch": "batches", "epoch": "epochs"}[run.stepped]
    notes.understood.insert(0, f"{name} from a rate of {schedule.peak:g}, counted in {per}: {steps:,} steps.")
    # The optimizer and what only concerns resuming or printing are no settings of the curve.
    rest = [key for key in settings.rest() if key not in ("optimizer", "last_epoch", "verbose")]
    return finished(f"{name} ({framework})", framework, schedule, counted, notes, rest)


def _by_name(code: Code, call: ast.Call) -> dict[str, Any]:
    """Return a scheduler call's arguments by name: the optimizer comes first, except in `get_scheduler`, where the name does."""
    first = "name" if called(call) == "get_scheduler" else "optimizer"
    return code.arguments(call, (first, *_SIGNATURES[called(call)]))


def _trainer_run(code: Code, training: Training, notes: Notes) -> Training:
    """Return the run that a Lightning Trainer in the text asks for, else the given one."""
    for call in code.calls:
        if called(call) == "Trainer":
            return _lightning_run(code.keywords(call), training, notes)
    notes.assumed.append(f"The run is the one under Training units: {training.updates:,} updates in {training.epochs:,} epochs.")
    return training.with_values(total=0)


def _lightning_run(values: Mapping[str, Any], training: Training, notes: Notes) -> Training:
    settings = Settings(values, notes, "Trainer")
    steps = settings.number("max_steps", -1, told=False)
    return training.with_values(
        epochs=settings.whole("max_epochs", training.epochs, least=1, told=False),
        accumulation=settings.whole("accumulate_grad_batches", training.accumulation, least=1, told=False),
        max_steps=int(steps) if steps > 0 else 0,
        total=0,
    )


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


def _optimizer_rate(code: Code, notes: Notes) -> float:
    for call in reversed(code.calls):
        keywords = code.keywords(call)
        if "lr" in keywords and called(call) not in MADE_BY:
            return Settings(keywords, notes, called(call)).number("lr", _DEFAULT_RATE)
    notes.assumed.append(f"The optimizer's rate is not in the text: {_DEFAULT_RATE:g}, PyTorch's default.")
    return _DEFAULT_RATE


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
    peak = Settings({"lr": rates[0]} if rates else {}, notes, "optimizer").number("lr", _DEFAULT_RATE)
    around = stem.rstrip(".").rpartition(".")[0]
    interval = {key: found[f"{around}.{key}"] for key in ("interval", "frequency") if around and f"{around}.{key}" in found}
    run = _lightning_run(trainer, training, notes).with_values(stepped=_interval(interval, notes))
    return _configuration(name, values, None, peak, run, notes, "Lightning")
