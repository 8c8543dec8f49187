"""Keras: its own LearningRateSchedule classes where one gives the curve; a subclass otherwise. All of it is float32 by default."""

from collections.abc import Callable
from typing import Any

from lr_explorer.export.arrays import for_arrays
from lr_explorer.export.plain import NO_DROP, Drop, Span, indented, rate_function
from lr_explorer.export.snippet import (
    ALL_UPDATES,
    COLLECTING,
    NOTHING,
    Native,
    OptimizerLines,
    broken,
    comments,
    document,
    of_peak,
    settings,
    standard_imports,
)
from lr_explorer.schedules import Schedule

PRECISION = "Keras computes schedules in its floatx, float32 by default: seven digits."
RESUME = "To resume, save and load the whole model, optimizer included: the schedule reads optimizer.iterations."
_SGD = OptimizerLines("keras.optimizers.SGD(learning_rate=schedule)")
EPOCHS = "Keras calls a schedule once per update; this one moves on once per epoch, so it counts epochs itself."
_COLLECT = "lr = [float(schedule(step)) for step in range({})]"
_CONSTANT = "lr = [float(optimizer.learning_rate) for step in range({})]"


def export(schedule: Schedule, steps: int, optimizer: OptimizerLines | None = None, drop: Drop = NO_DROP, *, per_epoch: int = 0) -> str:
    """Return the snippet; `per_epoch`: the updates for which each rate of the schedule holds, 0 for one."""
    optimizer = optimizer or _SGD
    span = Span.of(schedule, steps)
    native = own_class(schedule, span) if drop == NO_DROP else NOTHING
    if per_epoch and native.pieces and native.pieces[0].code != "peak":
        native = Native(notes=(EPOCHS,))  # its own classes count updates
    if native.pieces:
        function, made = [], broken(f"schedule = {native.pieces[0].code}")
    else:
        function, made = _subclass(schedule, steps, drop, per_epoch), ["schedule = Schedule()"]
    is_constant = made == ["schedule = peak"]
    collect = [COLLECTING, (_CONSTANT if is_constant else _COLLECT).format(ALL_UPDATES if per_epoch else "steps")]
    use = [*comments(optimizer.notes), *broken(f"optimizer = {optimizer.code}"), *comments([PRECISION, RESUME])]
    code = [*function, *made, *use, *collect]
    imports = ["import keras", *(["from keras import ops"] if function else []), *_imports(made)]
    made = [] if is_constant else made
    if is_constant:
        use = [line.replace("learning_rate=schedule", "learning_rate=peak") for line in use]
    values = settings(schedule.peak, steps, code, per_epoch)
    return document(standard_imports(code), imports, values, function, [*comments(native.notes), *made, *use], collect)


def own_class(schedule: Schedule, span: Span) -> Native:
    """Return the run in one of Keras's classes; only its cosine knows a warm-up, and none a cool-down or a floor that cuts off."""
    is_cut_off = schedule.floor_is_a_clip and schedule.floor_matters(span.total)
    if span.cooldown or is_cut_off or schedule.name not in FORMS or (span.warmup and schedule.name != "cosine"):
        return NOTHING
    return FORMS[schedule.name](schedule, span)


def _imports(made: list[str]) -> list[str]:
    names = [name for name in _CLASSES if any(f"= {name}(" in line for line in made)]
    return [f"from keras.optimizers.schedules import {', '.join(names)}"] if names else []


_CLASSES = ("CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "PiecewiseConstantDecay", "PolynomialDecay")


def _subclass(schedule: Schedule, steps: int, drop: Drop, per_epoch: int) -> list[str]:
    """Return the definition of a schedule class around the rate's function."""
    lines = for_arrays(rate_function(schedule, steps, drop, "rate", counted="epoch" if per_epoch else "update"), "ops")
    clock = "step // updates_per_epoch" if per_epoch else "step"
    at = lines.index("def rate(t):")
    definition = [
        "@keras.saving.register_keras_serializable()",
        "class Schedule(keras.optimizers.schedules.LearningRateSchedule):",
        *indented([
            lines[at + 1].strip(),
            "",
            "def __call__(self, step):",
            *indented([f't = ops.cast({clock}, "float32")', *(line.removeprefix("    ") for line in lines[at + 2 :])]),
            "",
            "def get_config(self):",
            "    return {}  # nothing to set: all numbers stand in the code",
        ]),
    ]  # fmt: skip
    return [*lines[:at], *definition]


def _constant(s: Any, span: Span) -> Native:
    return Native.of("peak", span.after)


def _step(s: Any, span: Span) -> Native:
    return Native.of(f"ExponentialDecay(peak, decay_steps={s.step_size}, decay_rate={s.gamma!r}, staircase=True)", span.after)


def _exponential(s: Any, span: Span) -> Native:
    stairs = ", staircase=True" if s.staircase else ""
    return Native.of(f"ExponentialDecay(peak, decay_steps={s.decay_steps}, decay_rate={s.gamma!r}{stairs})", span.after)


def _inverse_time(s: Any, span: Span) -> Native:
    stairs = ", staircase=True" if s.staircase else ""
    return Native.of(f"InverseTimeDecay(peak, decay_steps={s.decay_steps}, decay_rate={s.decay_rate!r}{stairs})", span.after)


def _multistep(s: Any, span: Span) -> Native:
    milestones = sorted(set(s.milestones))
    counts = [sum(other <= milestone for other in s.milestones) for milestone in milestones]
    values = ["peak", *(f"{s.gamma!r} * peak" if count == 1 else f"{s.gamma!r} ** {count} * peak" for count in counts)]
    return _stairs(milestones, values, s.change, span)


def _piecewise(s: Any, span: Span) -> Native:
    stages = min(len(s.boundaries), len(s.factors) - 1)
    # Of two stages at one boundary the first takes no time.
    kept = [i for i in range(stages) if i + 1 == stages or s.boundaries[i] != s.boundaries[i + 1]]
    values = [s.factors[0], *(s.factors[i + 1] for i in kept)]
    return _stairs([s.boundaries[i] for i in kept], [of_peak(value) for value in values], s.change, span)


def _stairs(boundaries: list[int], values: list[str], change: str, span: Span) -> Native:
    if not boundaries:
        return NOTHING
    # The boundary is the last update at the old rate.
    shifted = [boundary - (change == "at") for boundary in boundaries]
    note = "Keras's boundary is the last update at the old rate: one less than PyTorch's and Optax's." if change == "at" else ""
    return Native.of(f"PiecewiseConstantDecay(boundaries={shifted}, values=[{', '.join(values)}])", span.after, *filter(None, [note]))


def _linear(s: Any, span: Span) -> Native:
    return Native.of(f"PolynomialDecay(peak, decay_steps={span.total_code}, end_learning_rate={of_peak(s.floor)})", span.after)


def _polynomial(s: Any, span: Span) -> Native:
    options = f"end_learning_rate={of_peak(s.floor)}, power={s.power!r}{', cycle=True' if s.cycle else ''}"
    return Native.of(f"PolynomialDecay(peak, decay_steps={s.decay_steps or span.total_code}, {options})", span.after)


def _cosine(s: Any, span: Span) -> Native:
    rises = s.past_end == "rise" and 0 < s.t_max < span.after
    if s.num_cycles != 0.5 or s.exponent != 1 or rises or (span.warmup and s.warmup_shape != "linear"):
        return NOTHING
    length = f"decay_steps={s.t_max or span.total_code}, alpha={s.floor!r}"
    if not span.warmup:
        return Native.of(f"CosineDecay(peak, {length})", span.after)
    return Native.of(
        f"CosineDecay({of_peak(s.warmup_start)}, {length}, warmup_target=peak, warmup_steps={s.warmup})", span.steps,
        "Keras's decay_steps leaves the warm-up out, unlike Optax's; alpha is a fraction of warmup_target.",
    )  # fmt: skip


def _cosine_restarts(s: Any, span: Span) -> Native:
    if s.num_cycles or s.cycle_limit:
        return NOTHING
    if s.t_mult > 1:
        why = "CosineDecayRestarts is not used: with t_mul above 1 it finds the cycle by a float32 logarithm, which can miss a restart."
        return Native(notes=(why,))
    options = f"t_mul=1.0, m_mul={s.cycle_decay!r}, alpha={s.floor!r}"
    return Native.of(f"CosineDecayRestarts(peak, first_decay_steps={s.t_0}, {options})", span.after)


# What Keras has a class for, by the schedule's name; every other curve is a subclass.
FORMS: dict[str, Callable[[Any, Span], Native]] = {
    "constant": _constant,
    "step": _step,
    "multistep": _multistep,
    "piecewise": _piecewise,
    "exponential": _exponential,
    "inverse_time": _inverse_time,
    "linear": _linear,
    "cosine": _cosine,
    "polynomial": _polynomial,
    "cosine_restarts": _cosine_restarts,
}
