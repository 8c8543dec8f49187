"""Transformers: its get_*_schedule functions where one gives the curve; PyTorch's words otherwise, which its Trainer takes as they are."""

from collections.abc import Callable
from typing import Any

from lr_explorer.export import torch
from lr_explorer.export.plain import NO_DROP, Drop, Span, begins, rate_function
from lr_explorer.export.snippet import NOTHING, Native, OptimizerLines, of_peak
from lr_explorer.schedules import Schedule

OWN = "In the Trainer: Trainer(..., optimizers=(optimizer, scheduler)), which then saves and loads both."
NOT_OWN = "Transformers has no such curve of its own; Trainer(..., optimizers=(optimizer, scheduler)) takes this one."


EPOCHS = "The Trainer calls scheduler.step() after every update; this schedule moves on once per epoch, so it counts epochs itself."
_BY_EPOCH = "scheduler = LambdaLR(optimizer, lr_lambda=lambda update: factor(update // updates_per_epoch))"


def export(schedule: Schedule, steps: int, optimizer: OptimizerLines | None = None, drop: Drop = NO_DROP, *, per_epoch: int = 0) -> str:
    """Return the snippet; `per_epoch`: the updates for which each rate of the schedule holds, 0 for one."""
    if per_epoch:
        function = rate_function(schedule, steps, drop, "factor", scale="", counted="epoch")
        return torch.snippet(schedule.peak, steps, optimizer, function, [_BY_EPOCH], [EPOCHS, OWN], per_epoch=per_epoch, steps_by_epoch=False)
    native = own_function(schedule, Span.of(schedule, steps)) if drop == NO_DROP else NOTHING
    if not native.pieces:
        return torch.export(schedule, steps, optimizer, drop, notes=(NOT_OWN,))
    code = native.pieces[0].code
    imports = [f"from transformers import {code.partition('(')[0]}"]
    return torch.snippet(schedule.peak, steps, optimizer, [], [f"scheduler = {code}"], [*native.notes, OWN], imports)


def own_function(schedule: Schedule, span: Span) -> Native:
    """Return the run as one of Transformers' functions: each has a linear warm-up from 0, but for WSD's, which has shapes and a start."""
    if span.cooldown and schedule.name != "constant":
        return NOTHING
    if schedule.floor_is_a_clip and schedule.floor_matters(span.total):
        return NOTHING
    if span.warmup and begins(schedule, span) != 1:
        return NOTHING
    starts_at_zero = not span.warmup or (schedule.warmup_shape == "linear" and not schedule.warmup_start)
    if not span.after and starts_at_zero:
        return _whole(f"get_constant_schedule_with_warmup(optimizer, num_warmup_steps={span.warmup})", span)
    if schedule.name in STARTING_ANYWHERE:
        return STARTING_ANYWHERE[schedule.name](schedule, span)
    return FORMS.get(schedule.name, _nothing)(schedule, span) if starts_at_zero else NOTHING


def _nothing(schedule: Any, span: Span) -> Native:
    return NOTHING


def _whole(code: str, span: Span, *notes: str) -> Native:
    return Native.of(code, span.steps, *notes)


def _lengths(span: Span) -> str:
    return f"num_warmup_steps={span.warmup}, num_training_steps=steps"


def _linear(s: Any, span: Span) -> Native:
    return NOTHING if s.floor else _whole(f"get_linear_schedule_with_warmup(optimizer, {_lengths(span)})", span)


def _cosine(s: Any, span: Span) -> Native:
    if s.exponent != 1 or s.t_max not in (0, span.total):
        return NOTHING
    cycles = "" if s.num_cycles == 0.5 else f", num_cycles={s.num_cycles!r}"
    # Without t_max nothing is past the end.
    if s.floor:
        return _whole(f"get_cosine_with_min_lr_schedule_with_warmup(optimizer, {_lengths(span)}{cycles}, min_lr_rate={s.floor!r})", span)
    return _whole(f"get_cosine_schedule_with_warmup(optimizer, {_lengths(span)}{cycles})", span)


def _cosine_restarts(s: Any, span: Span) -> Native:
    if not s.num_cycles or s.floor or s.cycle_decay != 1 or 0 < s.cycle_limit < s.num_cycles:
        return NOTHING
    return _whole(f"get_cosine_with_hard_restarts_schedule_with_warmup(optimizer, {_lengths(span)}, num_cycles={s.num_cycles})", span)


def _polynomial(s: Any, span: Span) -> Native:
    # lr_end has to lie below the rate.
    if s.decay_steps not in (0, span.total) or s.floor == 1 or s.peak == 0:
        return NOTHING
    options = f"lr_end={of_peak(s.floor)}, power={s.power!r}"
    return _whole(f"get_polynomial_decay_schedule_with_warmup(optimizer, {_lengths(span)}, {options})", span)


def _inverse_sqrt(s: Any, span: Span) -> Native:
    timescale = f", timescale={s.timescale}" if s.timescale else ""
    return _whole(f"get_inverse_sqrt_schedule(optimizer, num_warmup_steps={span.warmup}{timescale})", span)


_RAMPS = {"linear": "linear", "cosine": "cosine", "one_minus_sqrt": "1-sqrt"}


def _constant(s: Any, span: Span) -> Native:
    if span.cooldown:
        return _wsd_code(s, span, span.cooldown, s.cooldown_shape)
    if not span.warmup:
        return _whole("get_constant_schedule(optimizer)", span)
    if s.warmup_start or s.warmup_shape != "linear":
        return NOTHING
    return _whole(f"get_constant_schedule_with_warmup(optimizer, num_warmup_steps={span.warmup})", span)


def _wsd(s: Any, span: Span) -> Native:
    length = min(round(s.decay * (span.total + span.warmup)), span.total)
    return _wsd_code(s, span, length, s.decay_shape) if s.stable == "constant" else NOTHING


def _wsd_code(s: Any, span: Span, decay: int, shape: str) -> Native:
    # Its warm-up begins at min_lr_ratio.
    starts_elsewhere = span.warmup and (s.warmup_start != s.floor or s.warmup_shape not in _RAMPS)
    if shape not in _RAMPS or starts_elsewhere or not span.after:
        return NOTHING
    options = {"num_decay_steps": decay, "num_training_steps": "steps", "decay_type": f'"{_RAMPS[shape]}"'}
    options |= {"min_lr_ratio": s.floor} if s.floor else {}
    options |= {"warmup_type": f'"{_RAMPS[s.warmup_shape]}"'} if span.warmup and s.warmup_shape != "linear" else {}
    written = ", ".join(f"{name}={value}" for name, value in options.items())
    return _whole(f"get_wsd_schedule(optimizer, num_warmup_steps={span.warmup}, {written})", span)


Form = Callable[[Any, Span], Native]
STARTING_ANYWHERE: dict[str, Form] = {"constant": _constant, "wsd": _wsd}
# What Transformers has a function for, by the schedule's name; every other curve is PyTorch's.
FORMS: dict[str, Form] = {
    "linear": _linear,
    "cosine": _cosine,
    "cosine_restarts": _cosine_restarts,
    "polynomial": _polynomial,
    "inverse_sqrt": _inverse_sqrt,
}
