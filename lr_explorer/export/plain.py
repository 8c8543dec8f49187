"""A run's learning rate as a Python function: the form that needs nothing of any framework, and that the others can be made from.

A schedule states its shape once (`Schedule.python`). Warm-up and cool-down are the same for all and written here, without a condition on
the update that is not an expression, so that array frameworks can take the function over (see `arrays`).
"""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lr_explorer.schedules import Schedule
from lr_explorer.schedules.base import falling_code

INDENT = "    "

# More values in one line are hard to tell apart.
_TOGETHER = 4


@dataclass(frozen=True)
class Drop:
    """A factor by which an arm multiplies its rate from some update on; `at` 0 is never."""

    at: int = 0
    factor: float = 1.0


NO_DROP = Drop()


@dataclass(frozen=True)
class Span:
    """How a run divides, in updates: warm-up, then `after` more, the last `cooldown` of which fall; the shape runs on `total`.

    total_code: the total as code, in terms of `steps`.
    """

    steps: int
    warmup: int
    after: int
    total: int
    cooldown: int
    total_code: str

    @classmethod
    def of(cls, schedule: Schedule, steps: int, steps_code: str = "steps") -> "Span":
        after = max(steps - schedule.warmup, 0)
        # As in `Schedule.fractions`: a run that is all warm-up still needs to know where the shape would begin.
        total = after or steps
        total_code = f"{steps_code} - {schedule.warmup}" if schedule.warmup and after else steps_code
        return cls(steps, schedule.warmup, after, total, min(schedule.cooldown, total), total_code)


def begins(schedule: Schedule, span: Span) -> float:
    """Return the fraction of the peak at which the shape begins, and a warm-up ends."""
    return float(schedule.floored(np.arange(span.total, dtype=float), span.total)[0])


def rate_function(
    schedule: Schedule, steps: int, drop: Drop = NO_DROP, name: str = "rate", scale: str = "peak", counted: str = "update"
) -> list[str]:
    """Return, line by line, a function `name`(t) of the update t, and before it those that it calls.

    scale: "peak" for the rate itself, "" for the rate as a fraction of the peak. counted: what t counts, for the docstring. The code around
    must know `steps` and, where it is the scale, `peak`. ValueError if the schedule does not say in Python what it is.
    """
    what = f"The learning rate of {counted} t, counted from 0." if scale else f"The rate of {counted} t, counted from 0, as a fraction of the peak."
    before, body = _function(schedule, steps, scale, drop, outer=("steps", "peak"))
    return [*before, *_defined(name, [f'"""{what}"""', *body])]


def indented(lines: Iterable[str]) -> list[str]:
    """Return the lines one level further in."""
    return [INDENT + line if line else "" for line in lines]


def names_in(lines: Iterable[str]) -> set[str]:
    """Return the names that the code mentions."""
    return {node.id for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.Name)}


def _function(schedule: Schedule, steps: int, scale: str, drop: Drop, outer: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the definitions that a rate's function needs before it, and its statements; `outer` are the names that are known without."""
    span = Span.of(schedule, steps)
    definitions, before, shape = _shape(schedule, span)
    if not span.after:
        # All warm-up: of the shape only where it would begin matters.
        return [], _body(schedule, span, [f"factor = {begins(schedule, span)!r}"], scale, drop, outer)
    for name, (part, length) in schedule.python_parts(span.total).items():
        inner, body = _function(part, length, "peak" if part.peak != 1 else "", NO_DROP, outer=())
        definitions += [*inner, *_defined(name, body), "", ""]
    return definitions, _body(schedule, span, [*before, f"factor = {shape}"], scale, drop, outer)


def _defined(name: str, body: Sequence[str]) -> list[str]:
    guard = ['@np.errstate(all="ignore")  # where the formula divides by 0, numpy goes on with inf'] if any("np." in line for line in body) else []
    return [*guard, f"def {name}(t):", *indented(body)]


def _shape(schedule: Schedule, span: Span) -> tuple[list[str], list[str], str]:
    """Return the schedule's statement of its shape: functions that it defines, assignments, and the expression."""
    lines = schedule.floored_python(span.total)
    if not lines:
        raise ValueError(f"{schedule.label} cannot be written as code: it does not say in Python what its shape is.")
    *statements, shape = lines
    nodes = ast.parse("\n".join(statements)).body
    ends = [node.end_lineno or 0 for node in nodes if isinstance(node, ast.FunctionDef)]
    split = max(ends, default=0)
    return ([*statements[:split], "", ""] if split else []), statements[split:], shape


def _body(schedule: Schedule, span: Span, lines: list[str], scale: str, drop: Drop, outer: Sequence[str]) -> list[str]:
    factors, falls = [scale, "factor"], _cooldown(schedule, span)
    lines = lines + falls
    if not falls:
        factors[1] = lines.pop().removeprefix("factor = ")
    if span.warmup:
        lines += _warmup(schedule)
        factors.append("rise")
    if 0 < drop.at < span.steps:
        lines.append(f"drop = {drop.factor!r} if t >= {drop.at} else 1.0")
        factors.append("drop")
    lines.append(f"return {_product(factors)}")
    lines = [*_clock(lines, span), *lines]
    if not span.warmup:
        lines = _renamed(lines, {"total": "steps"} | ({} if span.cooldown else {"update": "t"}))
    known = {name: getattr(schedule, name) for name in schedule.params()} | {"cooldown": span.cooldown, "steps": span.steps}
    used = names_in(lines)
    return [*_assigned({name: value for name, value in known.items() if name in used and name not in outer}), *lines]


def _product(factors: Sequence[str]) -> str:
    needed = [factor for factor in factors if factor not in ("", "1.0")]
    return " * ".join(map(_in_brackets, needed)) if len(needed) > 1 else needed[0] if needed else "1.0"


def _in_brackets(code: str) -> str:
    """Return an expression so that it can be a factor."""
    node = ast.parse(code, mode="eval").body
    # A remainder or a rounded quotient would be taken of the whole product.
    binds = isinstance(node, ast.Call | ast.Name | ast.Constant) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.Pow)
    )
    return code if binds else f"({code})"


def _clock(lines: list[str], span: Span) -> list[str]:
    """Return what sets `update`, counted from the end of warm-up and standing still in the cool-down, and `total`."""
    used = names_in(lines)
    cools = span.cooldown and "update" in used
    clock = []
    if span.warmup and ("total" in used or cools):
        clock.append("total = steps - warmup")
    if "update" in used:
        since = "max(t - warmup, 0)" if span.warmup else "t"
        if cools:
            clock.append(f"update = min({since}, total - cooldown)")
        elif since != "t":
            clock.append(f"update = {since}")
    return clock


def _cooldown(schedule: Schedule, span: Span) -> list[str]:
    if not span.cooldown or not span.after:
        return []
    return [
        "fallen = max(t - (steps - cooldown), 0) / cooldown",
        f"left = {falling_code(schedule.cooldown_shape, 'fallen')}",
        "factor = floor + (factor - floor) * left" if schedule.floor else "factor = factor * left",
    ]


def _warmup(schedule: Schedule) -> list[str]:
    lines = ["rise = min(t / warmup, 1)"]
    if schedule.warmup_shape != "linear":
        # A rise is the fall of its name, mirrored in time.
        lines = ["ahead = 1 - min(t / warmup, 1)", f"rise = {falling_code(schedule.warmup_shape, 'ahead')}"]
    return [*lines, "rise = warmup_start + (1 - warmup_start) * rise"] if schedule.warmup_start else lines


def _assigned(values: dict[str, Any]) -> list[str]:
    """Return assignments of the values to their names: a few single ones together in a line, collections in a line each."""
    single = [(name, value) for name, value in values.items() if not isinstance(value, tuple)]
    groups = [single[i : i + _TOGETHER] for i in range(0, len(single), _TOGETHER)]
    together = [f"{', '.join(name for name, _ in group)} = {', '.join(repr(value) for _, value in group)}" for group in groups]
    return together + [f"{name} = {[*value]!r}" for name, value in values.items() if isinstance(value, tuple)]


def _renamed(lines: Iterable[str], names: dict[str, str]) -> list[str]:
    pattern = re.compile(rf"\b({'|'.join(names)})\b")
    return [pattern.sub(lambda match: names[match[0]], line) for line in lines]
