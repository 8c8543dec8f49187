"""Optax: its own schedules where they give the curve, joined by join_schedules; a function in jnp otherwise. All of it is float32 by default."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from lr_explorer.export.arrays import for_arrays
from lr_explorer.export.plain import NO_DROP, Drop, Span, begins, rate_function
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
    settings,
    standard_imports,
    times,
)  # fmt: skip
from lr_explorer.schedules import Schedule

PRECISION = "Optax computes in float32 unless jax_enable_x64 is set: seven digits."
RESUME = "To resume, save and load the optimizer's state: it holds the count that the schedule is called with."
_SGD = OptimizerLines("optax.sgd(schedule)")
EPOCHS = "Optax calls a schedule once per update; this one moves on once per epoch."
_BY_EPOCH = ["def schedule(count):", "    return by_epoch(count // updates_per_epoch)"]
_RATE = "float(schedule(step))"
# More pieces than a person would write.
_MOST_CYCLES = 8


def export(schedule: Schedule, steps: int, optimizer: OptimizerLines | None = None, drop: Drop = NO_DROP, *, per_epoch: int = 0) -> str:
    """Return the snippet; `per_epoch`: the updates for which each rate of the schedule holds, 0 for one."""
    optimizer = optimizer or _SGD
    name, counted, updates = ("by_epoch", "epoch", ALL_UPDATES) if per_epoch else ("schedule", "update", "steps")
    span = Span.of(schedule, steps)
    native = run_of_schedules(schedule, span) if drop == NO_DROP else NOTHING
    function: list[str] = []
    made: list[str] = []
    if native.pieces:
        made = joined(native.pieces, name)
    else:
        function = _called_with_a_count(for_arrays(rate_function(schedule, steps, drop, name, counted=counted), "jnp"), name)
    made = [*comments(native.notes), *made]
    use = [*comments(optimizer.notes), *_made(optimizer), *comments([PRECISION, RESUME])]
    rate = f"[{', '.join(times(factor, _RATE) for factor in optimizer.rates)}]" if optimizer.has_groups else _RATE
    collect = [COLLECTING, f"lr = [{rate} for step in range({updates})]"]
    code = [*function, *made, *_BY_EPOCH * bool(per_epoch), *use, *collect]
    imports = [*(["import jax.numpy as jnp"] if function else []), "import optax"]
    values = settings(schedule.peak * native.peak, steps, code, per_epoch)
    if per_epoch:
        return document(standard_imports(code), imports, values, function, made, _BY_EPOCH, [*comments([EPOCHS]), *use], collect)
    return document(standard_imports(code), imports, values, function, [*made, *use], collect)


def _made(optimizer: OptimizerLines) -> list[str]:
    """Return the lines that make the optimizer; rates of x and y multiply its updates, whose last factor the rate is."""
    if not optimizer.has_groups:
        return broken(f"optimizer = {optimizer.code}")
    scales = ", ".join(f'"{part}": optax.scale({factor!r})' for part, factor in zip("xy", optimizer.rates, strict=True))
    return [
        'parts = {"x": "x", "y": "y"}  # your parameters, with a label in place of each',
        "optimizer = optax.chain(",
        f"    {optimizer.code},",
        f"    optax.multi_transform({{{scales}}}, parts),",
        ")",
    ]


def run_of_schedules(schedule: Schedule, span: Span) -> Native:
    """Return the whole run in Optax's schedules – warm-up, the schedule's own, cool-down –, or nothing where they do not give it."""
    if span.warmup and schedule.warmup_shape != "linear":
        return NOTHING
    warmup = (_warmup(schedule, begins(schedule, span)),) if span.warmup else ()
    if not span.after:
        return Native(warmup)
    if span.cooldown:
        return _held(schedule, span, warmup)
    if schedule.name == "cosine" and warmup:
        whole = _warm_cosine(schedule, span)
        if whole.pieces:
            return whole
    own = FORMS.get(schedule.name, _nothing)(schedule, span)
    return own.behind(*warmup) if own.pieces else own


def joined(pieces: Sequence[Piece], name: str = "schedule") -> list[str]:
    """Return the lines that make `name` of the pieces."""
    if len(pieces) == 1:
        return broken(f"{name} = {pieces[0].code}")
    boundaries = [*accumulate(piece.updates for piece in pieces)][:-1]
    listed = [f"        {piece.code}," for piece in pieces]
    return [f"{name} = optax.join_schedules(", "    [", *listed, "    ],", f"    boundaries={boundaries},", ")"]


def _called_with_a_count(function: list[str], name: str) -> list[str]:
    """Return the function with an argument named as Optax does, an array from the first line on."""
    at = function.index(f"def {name}(t):")
    return [*function[:at], f"def {name}(count):", function[at + 1], "    t = jnp.asarray(count)", *function[at + 2 :]]


def _nothing(schedule: Any, span: Span) -> Native:
    return NOTHING


def _warmup(schedule: Schedule, end_fraction: float) -> Piece:
    start, end = of_peak(schedule.warmup_start * end_fraction), of_peak(end_fraction)
    return Piece("warmup", f"optax.linear_schedule({start}, {end}, transition_steps={schedule.warmup})", schedule.warmup)


def _held(schedule: Schedule, span: Span, warmup: tuple[Piece, ...]) -> Native:
    """Return a constant rate with its cool-down; other schedules are cut off by theirs at a rate that only a number could give."""
    if schedule.name != "constant" or schedule.cooldown_shape != "linear":
        return NOTHING
    hold = span.after - span.cooldown
    before = (Piece("hold", "optax.constant_schedule(peak)", hold),) if hold else ()
    fall = f"optax.linear_schedule(peak, {of_peak(schedule.floor)}, transition_steps={span.cooldown})"
    return Native((*warmup, *before, Piece("cooldown", fall, span.cooldown)))


def _warm_cosine(s: Any, span: Span) -> Native:
    if s.num_cycles != 0.5 or not _stays_down(s, span):
        return NOTHING
    decay_steps = s.t_max + s.warmup if s.t_max else "steps"
    exponent = "" if s.exponent == 1 else f", exponent={s.exponent!r}"
    code = (
        f"optax.warmup_cosine_decay_schedule({of_peak(s.warmup_start)}, peak, warmup_steps={s.warmup}, decay_steps={decay_steps}, "
        f"end_value={of_peak(s.floor)}{exponent})"
    )
    return Native.of(code, span.steps, "Optax's decay_steps includes the warm-up, unlike Keras's.")


def _stays_down(s: Any, span: Span) -> bool:
    """Return whether Optax, which holds the end of a cosine, is right about this one."""
    return s.past_end == "hold" or not 0 < s.t_max < span.after


def _constant(s: Any, span: Span) -> Native:
    return Native.of("optax.constant_schedule(peak)", span.after)


def _exponential_code(rate: float, every: int, staircase: bool, s: Any, span: Span) -> Native:
    if not rate:
        return NOTHING  # which exponential_decay takes for a constant rate
    if staircase and _misses_a_stair(every, span):
        return Native(notes=(f"exponential_decay(staircase=True) is not used: under jit XLA turns count / {every} into a product and drops late.",))
    options = [f"transition_steps={every}", f"decay_rate={rate!r}", *(["staircase=True"] if staircase else [])]
    # With a rate of 1 Optax takes the end value for a ceiling.
    options += [f"end_value={of_peak(s.floor)}"] if s.floor_matters(span.total) else []
    return Native.of(f"optax.exponential_decay(peak, {', '.join(options)})", span.after)


def _misses_a_stair(every: int, span: Span) -> bool:
    """Return whether a stair is missed in float32 if dividing becomes multiplying by the inverse."""
    stairs = np.arange(every, span.total, every)
    return bool((np.floor(stairs.astype(np.float32) * (np.float32(1) / np.float32(every))) != stairs // every).any())


def _step(s: Any, span: Span) -> Native:
    return _exponential_code(s.gamma, s.step_size, True, s, span)


def _exponential(s: Any, span: Span) -> Native:
    return _exponential_code(s.gamma, s.decay_steps, s.staircase and s.decay_steps > 1, s, span)


def _multistep(s: Any, span: Span) -> Native:
    if s.floor_matters(span.total):
        return NOTHING
    # The boundary is the first update at the new rate.
    milestones = [milestone + (s.change == "after") for milestone in s.milestones]
    scales = ", ".join(
        f"{milestone}: {s.gamma!r}" + (f" ** {milestones.count(milestone)}" if milestones.count(milestone) > 1 else "")
        for milestone in dict.fromkeys(milestones)
    )
    return Native.of(f"optax.piecewise_constant_schedule(peak, {{{scales}}})", span.after, "Each scale multiplies the rate that it finds.")


def _piecewise(s: Any, span: Span) -> Native:
    if s.floor_matters(span.total):
        return NOTHING
    starts = [0, *(boundary + (s.change == "after") for boundary in s.boundaries)]
    stages = [(start, fraction) for start, fraction in zip(starts, s.factors, strict=False) if start < span.after or not start]
    ends = [*(start for start, _ in stages[1:]), span.after]
    return Native(
        tuple(
            Piece("stage", f"optax.constant_schedule({of_peak(fraction)})", end - start) for (start, fraction), end in zip(stages, ends, strict=True)
        )
    )


def _linear(s: Any, span: Span) -> Native:
    return Native.of(f"optax.linear_schedule(peak, {of_peak(s.floor)}, transition_steps={span.total_code})", span.after)


def _cosine(s: Any, span: Span) -> Native:
    if s.num_cycles != 0.5 or not _stays_down(s, span):
        return NOTHING
    exponent = "" if s.exponent == 1 else f", exponent={s.exponent!r}"
    return Native.of(f"optax.cosine_decay_schedule(peak, decay_steps={s.t_max or span.total_code}, alpha={s.floor!r}{exponent})", span.after)


def _polynomial(s: Any, span: Span) -> Native:
    if s.cycle and 0 < s.decay_steps < span.after:
        return NOTHING
    length = s.decay_steps or span.total_code
    return Native.of(f"optax.polynomial_schedule(peak, {of_peak(s.floor)}, power={s.power!r}, transition_steps={length})", span.after)


def _cosine_restarts(s: Any, span: Span) -> Native:
    if s.num_cycles or s.cycle_limit or s.cycle_decay != 1:
        return NOTHING
    lengths: list[int] = []
    covered = 0
    while covered < span.after:
        lengths.append(s.t_0 * s.t_mult ** len(lengths))
        covered += lengths[-1]
        if len(lengths) > _MOST_CYCLES:
            return NOTHING
    codes = [f"optax.cosine_decay_schedule(peak, decay_steps={length}, alpha={s.floor!r})" for length in lengths]
    return Native(tuple(Piece("cycle", code, length) for code, length in zip(codes, lengths, strict=True)))


def _one_cycle(s: Any, span: Span) -> Native:
    if s.convention != "optax" or s.floor_matters(span.total):
        return NOTHING
    kind, final = ("cosine", "") if s.anneal_strategy == "cos" else ("linear", f", pct_final={s.pct_final!r}")
    options = f"pct_start={s.pct_start!r}{final}, div_factor={s.div_factor!r}, final_div_factor={s.final_div_factor!r}"
    return Native.of(f"optax.{kind}_onecycle_schedule(transition_steps={span.total_code}, peak_value=peak, {options})", span.after)


def _knee(s: Any, span: Span) -> Native:
    """Return the held peak and the fall, where the one ends at a whole update."""
    held = s.flat * span.total
    if held != int(held) or held == span.total:
        return NOTHING
    fall = span.total - int(held)
    if s.name == "knee":
        code = f"optax.linear_schedule(peak, {of_peak(s.floor)}, transition_steps={fall})"
    else:
        code = f"optax.cosine_decay_schedule(peak, decay_steps={fall}, alpha={s.floor!r})"
    hold = (Piece("hold", "optax.constant_schedule(peak)", int(held)),) if held else ()
    return Native((*hold, Piece("fall", code, fall)))


def _sequential(s: Any, span: Span) -> Native:
    stages = list(s.stages(span.total))
    peaks = {part.peak for part, _ in stages}
    if len(peaks) > 1 or span.warmup or s.floor_matters(span.total):
        return NOTHING
    pieces: list[Piece] = []
    for part, length in stages:
        own = run_of_schedules(part, Span.of(part, length, str(length)))
        if not own.pieces:
            return NOTHING
        code = own.pieces[0].code if len(own.pieces) == 1 else f"optax.join_schedules([{', '.join(piece.code for piece in own.pieces)}], "
        if len(own.pieces) > 1:
            code += f"{[*accumulate(piece.updates for piece in own.pieces)][:-1]})"
        pieces.append(Piece("stage", code, length))
    return Native(tuple(pieces), peak=peaks.pop())


# What Optax has a schedule for, by the name of ours; every other curve is a function in jnp.
FORMS: dict[str, Callable[[Any, Span], Native]] = {
    "constant": _constant,
    "step": _step,
    "multistep": _multistep,
    "piecewise": _piecewise,
    "exponential": _exponential,
    "linear": _linear,
    "cosine": _cosine,
    "polynomial": _polynomial,
    "flat_cosine": _knee,
    "knee": _knee,
    "one_cycle": _one_cycle,
    "cosine_restarts": _cosine_restarts,
    "sequential": _sequential,
}
