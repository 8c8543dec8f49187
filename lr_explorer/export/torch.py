"""PyTorch: its own scheduler classes where they give the curve, joined by SequentialLR; LambdaLR otherwise.

Where an arm multiplies the rate on x and on y, two parameter groups have it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from lr_explorer.export.plain import NO_DROP, Drop, Span, begins, indented, names_in, rate_function
from lr_explorer.export.snippet import (
    ALL_UPDATES,
    COLLECTING,
    NOTHING,
    Native,
    OptimizerLines,
    Piece,
    broken,
    comments,
    document,
    of_peak,
    options,
    settings,
    standard_imports,
    times,
)  # fmt: skip
from lr_explorer.schedules import Schedule

Form = Callable[[Any, Span], Native]

RESUME = "To resume, save and load the state_dict() of optimizer and scheduler: either alone goes on at a wrong rate."
EPOCHS = "Call scheduler.step() once per epoch, after its last update: this schedule counts epochs."
_CLASSES = (
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR", "LambdaLR", "LinearLR",
    "MultiStepLR", "OneCycleLR", "PolynomialLR", "SequentialLR", "StepLR",
)  # fmt: skip
_PLACES = ("first", "second", "third")
_OVERWRITING = ("one_cycle", "cyclic")
_MULTIPLYING = ("constant", "step", "multistep", "exponential", "linear", "cosine", "polynomial")
_MODEL = "model = torch.nn.Linear(2, 1)  # your model"
_SGD = OptimizerLines("torch.optim.SGD(model.parameters(), lr=peak)")
_TWO_PARTS = ["model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))  # your model"]
_OF_ONE = 'optimizer.param_groups[0]["lr"]'
_OF_BOTH = '[group["lr"] for group in optimizer.param_groups]'


def export(
    schedule: Schedule, steps: int, optimizer: OptimizerLines | None = None, drop: Drop = NO_DROP, notes: Sequence[str] = (), *, per_epoch: int = 0
) -> str:
    """Return the snippet; `notes` are comments besides its own, `per_epoch` the updates for which each rate of the schedule holds, 0 for one."""
    span = Span.of(schedule, steps)
    if _never_changes(schedule, span) and drop == NO_DROP:
        return snippet(schedule.peak, steps, optimizer, [], [], [*notes, "A constant rate needs no scheduler."], per_epoch=per_epoch)
    native = run_of_classes(schedule, span) if drop == NO_DROP else NOTHING
    if optimizer and optimizer.has_groups:
        native = _for_groups(native, optimizer.rates)
    if native.pieces:
        scheduler = [*native.before, *_joined(native.pieces)]
        return snippet(schedule.peak * native.peak, steps, optimizer, [], scheduler, [*native.notes, *notes], per_epoch=per_epoch)
    function = rate_function(schedule, steps, drop, "factor", scale="", counted="epoch" if per_epoch else "update")
    scheduler = ["scheduler = LambdaLR(optimizer, lr_lambda=factor)"]
    return snippet(schedule.peak, steps, optimizer, function, scheduler, [*native.notes, *notes], per_epoch=per_epoch)


def snippet(
    peak: float, steps: int, optimizer: OptimizerLines | None, function: Sequence[str], scheduler: Sequence[str] = (),
    notes: Sequence[str] = (), imports: Sequence[str] = (), *, per_epoch: int = 0, steps_by_epoch: bool = True,
) -> str:  # fmt: skip
    """Return a snippet around the lines that make `scheduler`; without any the optimizer keeps its rate.

    steps_by_epoch: whether the loop calls `scheduler.step()` once per epoch where there are updates `per_epoch`; else it does so after every update.
    """
    optimizer = optimizer or _SGD
    model, parameters, rate = (
        (_two_groups(optimizer.rates), "groups", _OF_BOTH) if optimizer.has_groups else ([_MODEL], "model.parameters()", _OF_ONE)
    )
    made = [*model, *comments(optimizer.notes), *broken(f"optimizer = {optimizer.code.replace('model.parameters()', parameters)}")]
    counts_epochs = bool(per_epoch and scheduler and steps_by_epoch)
    collect = [COLLECTING, "lr = []", *_loop(rate, per_epoch, steps_scheduler=bool(scheduler), counts_epochs=counts_epochs)]
    code = [*function, *made, *scheduler, *collect]
    classes = sorted(name for name in _CLASSES if any(f"{name}(" in line for line in scheduler))
    from_torch = [f"from torch.optim.lr_scheduler import {', '.join(classes)}"] if classes else []
    numpy = ["import numpy as np"] if "np" in names_in(code) else []
    lines = [part for line in scheduler for part in broken(line)]
    scheduling = [*comments([*notes, *([EPOCHS] if counts_epochs else [])]), *lines, *comments([RESUME] if scheduler else [])]
    values = settings(peak, steps, code, per_epoch)
    return document(
        standard_imports(code), [*numpy, "import torch", *imports, *from_torch], values, function, [*made, *scheduling], collect
    )  # fmt: skip


def _loop(rate: str, per_epoch: int, *, steps_scheduler: bool, counts_epochs: bool) -> list[str]:
    """Return a training loop that keeps each update's rate in `lr`."""
    update = [f"lr.append({rate})", "optimizer.step()"]
    step = ["scheduler.step()"] if steps_scheduler else []
    if counts_epochs:
        return ["for epoch in range(steps):", *indented(["for _ in range(updates_per_epoch):", *indented(update), *step])]
    return [f"for _ in range({ALL_UPDATES if per_epoch else 'steps'}):", *indented([*update, *step])]


def run_of_classes(schedule: Schedule, span: Span) -> Native:
    """Return the whole run in PyTorch's classes – warm-up, the schedule's own, cool-down –, or nothing where they do not give it."""
    if span.warmup and not (begins(schedule, span) == 1 and schedule.warmup_shape == "linear"):
        return NOTHING
    warmup = (_warmup(schedule),) if span.warmup else ()
    if not span.after:
        return Native(warmup)
    if schedule.name == "constant":
        return _held(schedule, span, warmup)
    # None of PyTorch's classes has a floor that cuts off.
    is_cut_off = schedule.floor_is_a_clip and schedule.floor_matters(span.total)
    if schedule.name not in FORMS or span.cooldown or is_cut_off:
        return NOTHING
    own = FORMS[schedule.name](schedule, span)
    return own.behind(*warmup) if own.pieces else own


def _two_groups(rates: tuple[float, float]) -> list[str]:
    """Return the lines that make a model of two parts and a parameter group of each."""
    listed = [f'    {{"params": model[{i}].parameters(), "lr": {times(rate, "peak")}}},  # stands for {"xy"[i]}' for i, rate in enumerate(rates)]
    return [*_TWO_PARTS, "groups = [", *listed, "]"]


def _for_groups(native: Native, rates: tuple[float, float]) -> Native:
    """Return the curve for two groups: a class that sets absolute rates gets a list of them, or is given up where it takes none."""
    if any(re.search(r"eta_min=(?!0\.0\b)", piece.code) for piece in native.pieces):
        return Native(notes=("PyTorch's eta_min is one rate for all groups, which would end at different fractions of theirs.",))
    return replace(native, pieces=tuple(replace(piece, code=_with_lists(piece.code, rates)) for piece in native.pieces))


def _with_lists(code: str, rates: tuple[float, float]) -> str:
    """Return the code with a rate for each group where OneCycleLR and CyclicLR would give all of them the same."""
    return re.sub(r"\b(base_lr|max_lr)=([^,]+)", lambda found: f"{found[1]}=[{', '.join(times(rate, found[2]) for rate in rates)}]", code)


def _never_changes(schedule: Schedule, span: Span) -> bool:
    return schedule.name == "constant" and not span.warmup and not span.cooldown


def _warmup(schedule: Schedule) -> Piece:
    length = schedule.warmup
    if not schedule.warmup_start:
        return Piece("warmup", f"LambdaLR(optimizer, lambda t: min(t / {length}, 1))  # LinearLR cannot begin at 0", length)
    return Piece("warmup", f"LinearLR(optimizer, start_factor={schedule.warmup_start!r}, total_iters={length})", length)


def _held(schedule: Schedule, span: Span, warmup: tuple[Piece, ...]) -> Native:
    """Return a constant rate and its cool-down; a warm-up needs nothing after it, since it stays where it ended."""
    hold = span.after - span.cooldown
    if not span.cooldown:
        return Native(warmup or (Piece("hold", "ConstantLR(optimizer, factor=1.0)", hold),))
    if schedule.cooldown_shape != "linear":
        return NOTHING
    before = (Piece("hold", "ConstantLR(optimizer, factor=1.0)", hold),) if hold else ()
    if warmup:
        before = (Piece("warmup", warmup[0].code, span.warmup + hold),)
    fall = f"LinearLR(optimizer, start_factor=1.0, end_factor={schedule.floor!r}, total_iters={span.cooldown})"
    return Native((*before, Piece("cooldown", fall, span.cooldown)))


def _joined(pieces: Sequence[Piece]) -> list[str]:
    """Return the lines that make `scheduler` of the pieces."""
    if len(pieces) == 1:
        return [f"scheduler = {pieces[0].code}"]
    milestones = [*accumulate(piece.updates for piece in pieces)][:-1]
    made = [f"{piece.name} = {piece.code}" for piece in pieces]
    return [*made, f"scheduler = SequentialLR(optimizer, [{', '.join(piece.name for piece in pieces)}], milestones={milestones})"]


def _all_of(form: Callable[[Any, Span], str | None]) -> Form:
    """Return a form of a single class that covers all that follows the warm-up."""

    def native(schedule: Any, span: Span) -> Native:
        code = form(schedule, span)
        return Native.of(code, span.after) if code else NOTHING

    return native


def _step(s: Any, span: Span) -> str:
    return f"StepLR(optimizer, step_size={s.step_size}, gamma={s.gamma!r})"


def _multistep(s: Any, span: Span) -> str:
    # PyTorch's milestone is the first update at the new rate.
    milestones = [milestone + (s.change == "after") for milestone in s.milestones]
    return f"MultiStepLR(optimizer, milestones={milestones}, gamma={s.gamma!r})"


def _exponential(s: Any, span: Span) -> str:
    if s.decay_steps == 1:
        return f"ExponentialLR(optimizer, gamma={s.gamma!r})"
    if s.staircase:
        return f"StepLR(optimizer, step_size={s.decay_steps}, gamma={s.gamma!r})"
    return f"ExponentialLR(optimizer, gamma={s.gamma!r} ** (1 / {s.decay_steps}))"


def _linear(s: Any, span: Span) -> str:
    return f"LinearLR(optimizer, start_factor=1.0, end_factor={s.floor!r}, total_iters={span.total_code})"


def _cosine(s: Any, span: Span) -> str | None:
    if s.exponent != 1 or s.num_cycles != 0.5:
        return None
    if s.past_end == "hold" and 0 < s.t_max < span.after:
        return None  # CosineAnnealingLR climbs again
    return f"CosineAnnealingLR(optimizer, T_max={s.t_max or span.total_code}, eta_min={of_peak(s.floor)})"


def _polynomial(s: Any, span: Span) -> str | None:
    if s.floor or (s.cycle and 0 < s.decay_steps < span.after):
        return None
    return f"PolynomialLR(optimizer, total_iters={s.decay_steps or span.total_code}, power={s.power!r})"


def _cosine_restarts(s: Any, span: Span) -> str | None:
    if s.cycle_decay != 1 or s.cycle_limit or s.num_cycles:
        return None
    return f"CosineAnnealingWarmRestarts(optimizer, T_0={s.t_0}, T_mult={s.t_mult}, eta_min={of_peak(s.floor)})"


def _one_cycle(s: Any, span: Span) -> Native:
    if s.convention != "torch" or span.warmup:
        return NOTHING
    rise, last = s.pct_start * span.total - 1, span.total - 1
    knots = [0, rise, 2 * rise, last] if s.three_phase else [0, rise, last]
    if any(end == start for start, end in pairwise(knots)):
        why = f"OneCycleLR would divide by zero: with pct_start {s.pct_start:g} of {span.total} updates one of its phases has no width."
        return Native(notes=(why,))
    chosen = {
        "pct_start": s.pct_start, "anneal_strategy": s.anneal_strategy, "div_factor": s.div_factor, "final_div_factor": s.final_div_factor,
        "three_phase": s.three_phase, "cycle_momentum": s.cycle_momentum,
    }  # fmt: skip
    return Native.of(
        f"OneCycleLR(optimizer, max_lr=peak, total_steps=steps, {options(chosen | _momenta(s))})", span.after,
        "OneCycleLR overwrites the optimizer's rate; calling its step() more than total_steps times is an error.",
    )  # fmt: skip


def _cyclic(s: Any, span: Span) -> Native:
    if span.warmup or s.floor:
        return NOTHING
    down = {"step_size_down": s.step_size_down} if s.step_size_down else {}
    mode = {"mode": s.mode, **({"gamma": s.gamma} if s.mode == "exp_range" else {}), "cycle_momentum": s.cycle_momentum}
    sizes = options({"step_size_up": s.step_size_up} | down | mode | _momenta(s))
    return Native.of(f"CyclicLR(optimizer, base_lr={of_peak(s.base)}, max_lr=peak, {sizes})", span.after, "CyclicLR overwrites the optimizer's rate.")


def _sequential(s: Any, span: Span) -> Native:
    """Return the stages' pieces one after another: they share the optimizer's rate, so they need one peak, and none that sets it itself."""
    stages = list(s.stages(span.total))
    peaks = {part.peak for part, _ in stages}
    if len(peaks) > 1 or any(part.name in _OVERWRITING for part, _ in stages):
        return NOTHING
    pieces: list[Piece] = []
    for place, (part, length) in zip(_PLACES, stages, strict=False):
        own = run_of_classes(part, Span.of(part, length, str(length)))
        if not own.pieces:
            return NOTHING
        lengths = [piece.updates for piece in own.pieces]
        # A stage lasts as long as it lasts, whatever its last piece was made for.
        lengths[-1] = length - sum(lengths[:-1])
        pieces += [Piece(f"{place}_{piece.name}", piece.code, updates) for piece, updates in zip(own.pieces, lengths, strict=True)]
    return Native(tuple(pieces), peak=peaks.pop())


def _chained(s: Any, span: Span) -> Native:
    """Return the product, where every class multiplies the rate that it finds, as those do that have no floor of their own."""
    factors = list(s.python_parts(span.total).values())
    codes = []
    for part, length in factors:
        is_plain = part.name in _MULTIPLYING and not part.warmup and not part.cooldown
        own = run_of_classes(part, Span.of(part, length, span.total_code)) if is_plain else NOTHING
        if not own.pieces or (part.name == "cosine" and (part.floor or 0 < part.t_max < length)):
            return NOTHING
        codes.append(own.pieces[0].code)
    names = _PLACES[: len(codes)]
    chain = Piece("chain", f"ChainedScheduler([{', '.join(names)}])", span.after)
    return Native((chain,), before=tuple(f"{name} = {code}" for name, code in zip(names, codes, strict=True))) if not span.warmup else NOTHING


def _momenta(s: Any) -> dict[str, float]:
    return {"base_momentum": s.base_momentum, "max_momentum": s.max_momentum} if s.cycle_momentum else {}


# What PyTorch has a class for, by the schedule's name; every other curve is a LambdaLR of its plain form.
FORMS: dict[str, Form] = {
    "step": _all_of(_step),
    "multistep": _all_of(_multistep),
    "exponential": _all_of(_exponential),
    "linear": _all_of(_linear),
    "cosine": _all_of(_cosine),
    "polynomial": _all_of(_polynomial),
    "cosine_restarts": _all_of(_cosine_restarts),
    "one_cycle": _one_cycle,
    "cyclic": _cyclic,
    "sequential": _sequential,
    "chained": _chained,
}
