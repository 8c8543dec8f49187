"""The optimizers that pasted texts name, as the app has them: PyTorch's classes, the Trainer's `optim`, timm's `opt`."""

import re
from collections.abc import Mapping
from typing import Any

from lr_explorer.configs.settings import Notes, Settings
from lr_explorer.optimizers import OPTIMIZERS, Optimizer

# PyTorch's classes: ours, and their arguments after the parameters and the rate, in their order.
_CLASSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "SGD": ("sgd", ("momentum", "dampening", "weight_decay", "nesterov")),
    "Adam": ("adam", ("betas", "eps", "weight_decay", "amsgrad")),
    "AdamW": ("adamw", ("betas", "eps", "weight_decay", "amsgrad")),
    "RMSprop": ("rmsprop", ("alpha", "eps", "weight_decay", "momentum", "centered")),
    "Adagrad": ("adagrad", ("lr_decay", "weight_decay", "initial_accumulator_value", "eps")),
    "Adadelta": ("adadelta", ("rho", "eps", "weight_decay")),
    "Adamax": ("adamax", ("betas", "eps", "weight_decay")),
    "NAdam": ("nadam", ("betas", "eps", "weight_decay", "momentum_decay", "decoupled_weight_decay")),
    "RAdam": ("radam", ("betas", "eps", "weight_decay", "decoupled_weight_decay")),
    "ASGD": ("asgd", ("lambd", "alpha", "t0", "weight_decay")),
    "Rprop": ("rprop", ("etas", "step_sizes")),
}
_DEFAULT_RATE = 1e-3  # Adam's, AdamW's, RAdam's and SGD's
_DEFAULT_RATES = {"RMSprop": 1e-2, "Adagrad": 1e-2, "Adadelta": 1.0, "Adamax": 2e-3, "NAdam": 2e-3, "ASGD": 1e-2, "Rprop": 1e-2}
_PAIRS = {"betas": ("beta1", "beta2"), "etas": ("eta_minus", "eta_plus"), "step_sizes": ("step_min", "step_max")}
# Says nothing about the path of an optimizer.
_HOW_COMPUTED = {"params", "lr", "foreach", "fused", "capturable", "differentiable", "t0"}

# The Trainer's names, which differ in who computes them and in how many bits.
_TRAINERS = {
    r"(paged_)?adamw(_torch.*|_apex_fused|_hf|_anyprecision|_bnb_8bit|_8bit|_32bit)?": "adamw",
    r"sgd": "sgd",
    r"adagrad": "adagrad",
    r"rmsprop(_bnb.*)?": "rmsprop",
    r"(paged_)?lion(_8bit|_32bit)?": "lion",
    r"(paged_)?ademamix(_8bit|_32bit)?": "ademamix",
    r"schedule_free_sgd": "schedule_free_sgd",
    r"schedule_free_adamw": "schedule_free_adamw",
}
# timm's names: ours, and what it sets of its own.
_TIMMS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("sgd", {"nesterov": True}),
    "nesterov": ("sgd", {"nesterov": True}),
    "momentum": ("sgd", {}),
    "adam": ("adam", {}),
    "adamw": ("adamw", {}),
    "nadam": ("nadam", {}),
    "radam": ("radam", {}),
    "adamax": ("adamax", {}),
    "adadelta": ("adadelta", {}),
    "adagrad": ("adagrad", {"eps": 1e-8}),
    "rmsprop": ("rmsprop", {"alpha": 0.9}),
    "lion": ("lion", {}),
}

_KEPT = "the arm keeps its own, and a new arm has SGD"


def is_optimizer(name: str) -> bool:
    """Return whether a class is one of PyTorch's optimizers that are known here."""
    return name in _CLASSES


def positional(name: str) -> tuple[str, ...]:
    """Return the names of an optimizer's arguments, in their order; of any other's those that all have."""
    return ("params", "lr", *_CLASSES.get(name, ("", ()))[1])


def default_rate(name: str) -> float:
    """Return the rate that PyTorch's class has if none is given."""
    return _DEFAULT_RATES.get(name, _DEFAULT_RATE)


def read_class(name: str, settings: Settings) -> Optimizer | None:
    """Return PyTorch's optimizer of this class with the settings of its call; None, and why, if it is not known here."""
    notes = settings.notes
    if not name:
        notes.assumed.append(f"No optimizer is in the text: {_KEPT}.")
        return None
    if name not in _CLASSES:
        _tell_unknown(name, notes)
        return None
    ours, arguments = _CLASSES[name]
    values: dict[str, Any] = {}
    for argument in arguments:
        if argument in _PAIRS:
            values |= dict(zip(_PAIRS[argument], settings.numbers(argument), strict=False))
        elif argument in settings and argument not in _HOW_COMPUTED:
            values[argument] = _one(settings, ours, argument)
    rest = [key for key in settings.rest() if key not in _HOW_COMPUTED]
    if rest:
        notes.missed.append(f"{name}: not read {', '.join(rest[:12])}.")
    return _made(ours, values, notes)


def read_optim(settings: Settings) -> Optimizer | None:
    """Return the optimizer of Transformers' TrainingArguments; its default is AdamW, without weight decay."""
    notes = settings.notes
    optim = settings.word("optim", "adamw_torch", told=False).lower().removeprefix("optimizernames.")
    decay = settings.number("weight_decay", 0.0, told=False)
    adam = {
        "beta1": settings.number("adam_beta1", 0.9, told=False),
        "beta2": settings.number("adam_beta2", 0.999, told=False),
        "eps": settings.number("adam_epsilon", 1e-8, told=False),
    }
    # "momentum=0.9, nesterov=true": for the optimizers that are not Adam's kin.
    more = dict(pair.split("=", 1) for pair in re.split(r"[\s,]+", settings.word("optim_args", "", told=False)) if "=" in pair)
    ours = next((name for pattern, name in _TRAINERS.items() if re.fullmatch(pattern, optim)), "")
    if not ours:
        _tell_unknown(optim, notes)
        return None
    known = OPTIMIZERS[ours].params()
    takes_adam = {"beta1", "beta2"} <= known.keys()
    values: dict[str, Any] = {key: value for key, value in adam.items() if takes_adam and key in known} | {"weight_decay": decay}
    own = Settings(more, notes, "optim_args")
    values |= {key: _one(own, ours, key) for key in more if key in known}
    return _made(ours, values, notes)


def read_opt(settings: Settings) -> Optimizer | None:
    """Return the optimizer of timm's train.py; its default is SGD with Nesterov momentum."""
    notes = settings.notes
    opt = settings.word("opt", "sgd", told=False).lower()
    values: dict[str, Any] = {"weight_decay": settings.number("weight_decay", 2e-5, told=False)}
    momentum = settings.number("momentum", 0.9, told=False)
    if opt not in _TIMMS:
        _tell_unknown(opt, notes)
        return None
    ours, own = _TIMMS[opt]
    known = OPTIMIZERS[ours].params()
    if "opt_eps" in settings and "eps" in known:
        own = own | {"eps": settings.number("opt_eps", 1e-8)}
    if "opt_betas" in settings and "beta1" in known:
        own = own | dict(zip(("beta1", "beta2"), settings.numbers("opt_betas"), strict=False))
    return _made(ours, values | ({"momentum": momentum} if "momentum" in known else {}) | own, notes)


def _one(settings: Settings, ours: str, name: str) -> Any:
    """Return a setting of one of our optimizers: a switch or a number, by the parameter of that name."""
    default = OPTIMIZERS[ours].params()[name].default
    return settings.flag(name) if isinstance(default, bool) else settings.number(name, float(default))  # type: ignore[arg-type]


def _made(ours: str, values: Mapping[str, Any], notes: Notes) -> Optimizer | None:
    try:
        optimizer = OPTIMIZERS.create(ours, **values)
    except ValueError as refusal:
        notes.missed.append(f"The optimizer is not taken – {refusal}: {_KEPT}.")
        return None
    changed = [f"{name} {text}" for name, text in optimizer.texts().items() if getattr(optimizer, name) != optimizer.params()[name].default]
    notes.understood.append(f"The optimizer is {optimizer.label}{' with ' if changed else ''}{', '.join(changed)}.")
    return optimizer


def _tell_unknown(name: str, notes: Notes) -> None:
    notes.missed.append(f"The optimizer, {name[:60]}, is not known here: {_KEPT}.")
