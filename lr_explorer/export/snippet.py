"""What all snippets have in common: pieces in a framework's words, the sections of the text, a few ways of writing."""

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lr_explorer.export.plain import indented, names_in

# What stands below this line is there to look at the rates, and is not needed in training.
COLLECTING = "# What follows only collects the rate of every update; leave it out in training."

# The length of a run whose schedule moves on once per epoch, as code.
ALL_UPDATES = "steps * updates_per_epoch"

_WIDTH = 110


@dataclass(frozen=True)
class Piece:
    """A stretch of a run: the expression that makes its schedule in a framework's words, and the updates for which it is in force."""

    name: str
    code: str
    updates: int


@dataclass(frozen=True)
class Native:
    """A curve in a framework's own words: pieces one after another, none where it has no such words.

    notes: what to know, or why there is none. before: lines that the pieces need. peak: what the schedule's own peak is multiplied by.
    """

    pieces: tuple[Piece, ...] = ()
    notes: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    peak: float = 1.0

    @classmethod
    def of(cls, code: str, updates: int, *notes: str) -> "Native":
        return cls((Piece("decay", code, updates),), notes)

    def behind(self, *before: Piece) -> "Native":
        """Return the curve with other pieces before it."""
        return replace(self, pieces=(*before, *self.pieces))


NOTHING = Native()


@dataclass(frozen=True)
class OptimizerLines:
    """An optimizer in a framework's words: the expression that makes it, and what to know about it.

    rates: what the rate is multiplied by for the parameters that stand for x and for y.
    """

    code: str
    notes: tuple[str, ...] = ()
    rates: tuple[float, float] = (1.0, 1.0)

    @property
    def has_groups(self) -> bool:
        """Whether x and y have rates of their own."""
        return self.rates != (1.0, 1.0)


def document(*sections: Iterable[str]) -> str:
    """Return the sections as one text, a blank line between them and two around definitions, as PEP 8 has it."""
    text = ""
    previous_is_definition = False
    for section in filter(None, map(list, sections)):
        is_definition = section[0].startswith(("def ", "class ", "@"))
        if text:
            text += "\n\n" if is_definition or previous_is_definition else "\n"
        text += "\n".join(section) + "\n"
        previous_is_definition = is_definition
    return text


def comments(notes: Iterable[str]) -> list[str]:
    """Return the notes as comment lines, broken where they grow long."""
    return [line for note in notes for line in _wrapped(note)]


def settings(peak: float, steps: int, code: Iterable[str], per_epoch: int = 0) -> list[str]:
    """Return the line that sets `steps`, `updates_per_epoch` and `peak`, as far as the code mentions them."""
    used = names_in(code)
    values = {name: value for name, value in {"steps": steps, "updates_per_epoch": per_epoch, "peak": peak}.items() if name in used}
    return [f"{', '.join(values)} = {', '.join(map(repr, values.values()))}"] if values else []


def standard_imports(code: Sequence[str]) -> list[str]:
    """Return the import of what the code uses of Python's own library."""
    used = names_in(code)
    return [*(["import math"] if "math" in used else []), *(["from functools import cache"] if "cache" in used else [])]


def options(values: Mapping[str, Any]) -> str:
    """Return keyword arguments."""
    return ", ".join(f"{name}={json.dumps(value) if isinstance(value, str) else repr(value)}" for name, value in values.items())


def broken(line: str) -> list[str]:
    """Return an assignment of a call on several lines if it is too long for one."""
    statement = ast.parse(line).body[0]
    if len(line) <= _WIDTH or not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return [line]
    call = statement.value
    arguments = [ast.get_source_segment(line, part) or "" for part in call.args]
    arguments += [f"{part.arg}={ast.get_source_segment(line, part.value)}" for part in call.keywords]
    rows = [""]
    for argument in arguments:
        if len(rows[-1]) + len(argument) > _WIDTH - 10:
            rows.append("")
        rows[-1] += f"{argument}, "
    return [line[: line.index("(") + 1], *indented(row.rstrip() for row in rows), ")"]


def of_peak(fraction: float) -> str:
    """Return a rate that is given as a fraction of the peak, as code."""
    return {0.0: "0.0", 1.0: "peak"}.get(fraction, f"{fraction!r} * peak")


def times(factor: float, rate: str) -> str:
    """Return a rate multiplied by a number, as code."""
    return rate if factor == 1 else f"{factor!r} * {rate}"


def _wrapped(note: str) -> list[str]:
    lines = [""]
    for word in note.split():
        if len(lines[-1]) + len(word) > _WIDTH:
            lines.append("")
        lines[-1] += f" {word}"
    return [f"#{line}" for line in lines]
