"""What a parameter is: its default and range, how a link writes it and reads it, and what is refused."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from lr_explorer.expressions import LONGEST as LONGEST_FORMULA
from lr_explorer.expressions import parse

Scale = Literal["linear", "log", "near_one"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# -2.2250738585072014e-308 with a comma and a space behind it, and some to spare.
_LONGEST_NUMBER = 28
# Points closer than a millionth of the axis are one point to the eye, and infinite slopes to the arithmetic.
_NEAREST_POINTS = 1e-6
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


def shortened(text: object, longest: int = 40) -> str:
    """Return `repr(text)`, cut so that a message about bad input stays readable."""
    shown = repr(text if not isinstance(text, str) else text[: longest + 1])
    return shown if len(shown) <= longest + 2 else f"{shown[:longest]}…' ({len(str(text))} characters)"


@dataclass(frozen=True)
class Number:
    """A real or whole number between `low` and `high`, both included.

    scale: how a slider moves over it – "linear", "log" (by decades) or "near_one" (by decades of 1 − value, for factors such as 0.999).
    slider: the part of the range that a slider covers; the whole range can be typed. needs: the parameter without which, when it is 0 or off,
    this one does nothing; controls leave it out then.
    """

    default: float
    low: float
    high: float
    label: str
    help: str
    unit: str = ""
    symbol: str = ""
    scale: Scale = "linear"
    slider: tuple[float, float] | None = None
    whole: bool = False
    needs: str = ""

    @property
    def slider_range(self) -> tuple[float, float]:
        return self.slider or (self.low, self.high)

    def check(self, value: Any, owner: str) -> float:
        """Return `value` as a Python number; ValueError names the owner, the rule and the value."""
        kind = "a whole number" if self.whole else "a number"
        try:
            plain = value.item() if hasattr(value, "item") else value
        except ValueError:
            plain = value
        if isinstance(plain, bool) or not isinstance(plain, int | float) or (self.whole and plain != _truncated(plain)):
            raise ValueError(f"{owner} must be {kind} between {self.low:g} and {self.high:g}; got {shortened(value)}")
        # Written this way round, the comparison refuses NaN as well.
        if not self.low <= plain <= self.high:
            raise ValueError(f"{owner} must be between {self.low:g} and {self.high:g}; got {plain!r}")
        return int(plain) if self.whole else float(plain)

    def parse(self, text: str, owner: str) -> float:
        """Read a number as links and text fields spell it."""
        text = text.strip()
        pattern, kind, example = (_WHOLE, "a whole number", "100") if self.whole else (_NUMBER, "a number", "0.1 or 3e-4")
        # No number in range needs more digits; a longer text would only cost time.
        if len(text) > 60 or not pattern.fullmatch(text):
            raise ValueError(f"{owner} must be {kind} such as {example}; got {shortened(text)}")
        return self.check(int(text) if self.whole else float(text), owner)

    def format(self, value: float) -> str:
        """Return the shortest text that reads back as exactly `value`."""
        return repr(int(value) if self.whole else float(value))

    def invalid(self) -> tuple[Any, ...]:
        """Return values that `check` must refuse, for the contract tests."""
        return (math.nan, math.inf, self.low - 1, self.high * 2 + 1, "0.5", None, *((0.5,) if self.whole else ()))


class _AsWritten(ABC):
    """A value that is a text, and that a link spells as it is."""

    @abstractmethod
    def check(self, value: Any, owner: str) -> str:
        """Return `value`; ValueError names the owner, the rule and the value."""

    def parse(self, text: str, owner: str) -> str:
        return self.check(text, owner)

    def format(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Choice(_AsWritten):
    """One of a few named options; `options` maps each name to its label. needs: as in `Number`."""

    default: str
    options: Mapping[str, str]
    label: str
    help: str
    needs: str = ""

    def check(self, value: Any, owner: str) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise ValueError(f"{owner} must be one of {', '.join(self.options)}; got {shortened(value)}")
        return value

    def invalid(self) -> tuple[Any, ...]:
        return ("no such option", None, 3)


@dataclass(frozen=True)
class Flag:
    """A switch. needs: as in `Number`."""

    default: bool
    label: str
    help: str
    needs: str = ""

    def check(self, value: Any, owner: str) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{owner} must be true or false; got {shortened(value)}")
        return value

    def parse(self, text: str, owner: str) -> bool:
        if text not in ("true", "false"):
            raise ValueError(f"{owner} must be true or false; got {shortened(text)}")
        return text == "true"

    def format(self, value: bool) -> str:
        return "true" if value else "false"

    def invalid(self) -> tuple[Any, ...]:
        return (None, 2, "yes")


@dataclass(frozen=True)
class Text(_AsWritten):
    """A short printable text. lines: how many it may have. is_needed: whether it must say something."""

    default: str
    label: str
    help: str
    longest: int = 40
    lines: int = 1
    is_needed: bool = True

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        lines = f" in at most {self.lines} lines" if self.lines > 1 else ""
        return f"{int(self.is_needed)} to {self.longest} printable characters{lines}"

    def check(self, value: Any, owner: str) -> str:
        lines = value.split("\n") if isinstance(value, str) else []
        is_long = len(lines) > self.lines or not lines or len(value) > self.longest
        if is_long or not all(map(str.isprintable, lines)) or (self.is_needed and not value.strip()):
            raise ValueError(f"{owner} must be {self.rule}; got {shortened(value)}")
        return value

    def invalid(self) -> tuple[Any, ...]:
        empty = ("", " ") if self.is_needed else ()
        return (*empty, "a" + "\nb" * self.lines, "a\tb", "x" * (self.longest + 1), None)


@dataclass(frozen=True)
class Formula(_AsWritten):
    """A typed formula of some variables, as `expressions.parse` reads it."""

    default: str
    variables: tuple[str, ...]
    label: str
    help: str
    longest: int = LONGEST_FORMULA

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        return f"a formula of {', '.join(self.variables)}"

    def check(self, value: Any, owner: str) -> str:
        try:
            parse(value if isinstance(value, str) else "", self.variables)
        except ValueError as reason:
            raise ValueError(f"{owner} must be {self.rule}: {reason}; got {shortened(value)}") from reason
        return value

    def invalid(self) -> tuple[Any, ...]:
        return ("", "1 +", "no_such_name", "1/2pi", "9**9**9", "(" * 50 + "1" + ")" * 50, "1" * (self.longest + 1), "__import__('os')", None, 3)


@dataclass(frozen=True)
class Upload(_AsWritten):
    """Something that comes in a file, by its name among those at hand; what someone uploaded is at hand for them alone.

    known: returns what is at hand, by name; each has a `label`. read: makes such a thing, with a `name`, of a file's content and name.
    """

    default: str
    known: Callable[[], Mapping[str, Any]]
    read: Callable[[bytes, str], Any]
    label: str
    help: str
    longest: int = 40

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        return f"the name of one at hand ({', '.join(self.known())})"

    def check(self, value: Any, owner: str) -> str:
        if not isinstance(value, str) or value not in self.known():
            asked = " – an upload does not travel in a link, so load the same file here" if str(value).startswith("upload-") else ""
            raise ValueError(f"{owner} must be {self.rule}; got {shortened(value)}{asked}")
        return value

    def invalid(self) -> tuple[Any, ...]:
        return ("", "no such upload", "upload-0", None, 3)


@dataclass(frozen=True)
class Series:
    """One to `most` numbers between `low` and `high`; a link writes them as `100, 300`.

    rising: each is at least the one before.
    """

    default: tuple[float, ...]
    low: float
    high: float
    label: str
    help: str
    most: int = 20
    whole: bool = False
    rising: bool = False

    @property
    def longest(self) -> int:
        """The longest text, in characters."""
        return _LONGEST_NUMBER * self.most

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        kind = "whole numbers" if self.whole else "numbers"
        order = ", none below the one before" if self.rising else ""
        return f"1 to {self.most} {kind} between {self.low:g} and {self.high:g}{order}, such as {self.format(self.default)}"

    def check(self, value: Any, owner: str) -> tuple[float, ...]:
        """Return `value` as a tuple of Python numbers; ValueError names the owner, the rule and the value."""
        one = Number(self.low, self.low, self.high, "", "", whole=self.whole)
        try:
            numbers = tuple(one.check(number, owner) for number in _items(value, self.most))
        except ValueError:
            numbers = ()
        if not numbers or (self.rising and any(after < before for before, after in pairwise(numbers))):
            raise ValueError(f"{owner} must be {self.rule}; got {shortened(value)}")
        return numbers

    def parse(self, text: str, owner: str) -> tuple[float, ...]:
        """Read numbers with commas between them."""
        return self.check(_read(text, self.longest, _plain_number), owner)

    def format(self, value: tuple[float, ...]) -> str:
        """Return the shortest text that reads back as exactly `value`."""
        return ", ".join(map(_shortest, value))

    def invalid(self) -> tuple[Any, ...]:
        falling = ((self.high, self.low),) if self.rising else ()
        fractional = ((self.low + 0.5,),) if self.whole else ()
        return ((), "100", None, 3, (math.nan,), (self.low - 1,), (self.low,) * (self.most + 1), *falling, *fractional)


@dataclass(frozen=True)
class Points:
    """Two to `most` points (x, y) within `box`, x rising each time by a millionth of the box or more; a link writes `0:1, 0.5:0.3, 1:0`.

    box: ((x low, x high), (y low, y high)).
    """

    default: tuple[tuple[float, float], ...]
    box: tuple[tuple[float, float], tuple[float, float]]
    label: str
    help: str
    most: int = 50

    @property
    def longest(self) -> int:
        """The longest text, in characters."""
        return 2 * _LONGEST_NUMBER * self.most

    @property
    def rule(self) -> str:
        """What a value must be, in words."""
        (x0, x1), (y0, y1) = self.box
        sides = f"x rising within {x0:g} … {x1:g} and y within {y0:g} … {y1:g}"
        return f"2 to {self.most} points x:y, {sides}, such as {self.format(self.default)}"

    def check(self, value: Any, owner: str) -> tuple[tuple[float, float], ...]:
        """Return `value` as a tuple of pairs of Python floats; ValueError names the owner, the rule and the value."""
        sides = [Number(low, low, high, "", "") for low, high in self.box]
        try:
            points = tuple((sides[0].check(x, owner), sides[1].check(y, owner)) for x, y in (_items(item, 2) for item in _items(value, self.most)))
        except ValueError:
            points = ()
        nearest = _NEAREST_POINTS * (self.box[0][1] - self.box[0][0])
        if len(points) < 2 or any(after - before < nearest for (before, _), (after, _) in pairwise(points)):
            raise ValueError(f"{owner} must be {self.rule}; got {shortened(value)}")
        return points

    def parse(self, text: str, owner: str) -> tuple[tuple[float, float], ...]:
        """Read points with commas between them, x and y with a colon."""
        return self.check(_read(text, self.longest, lambda item: tuple(map(_plain_number, item.split(":")))), owner)

    def format(self, value: tuple[tuple[float, float], ...]) -> str:
        """Return the shortest text that reads back as exactly `value`."""
        return ", ".join(":".join(map(_shortest, point)) for point in value)

    def invalid(self) -> tuple[Any, ...]:
        (x0, x1), (y0, y1) = self.box
        many = tuple((x0 + (x1 - x0) * i / self.most, y0) for i in range(self.most + 1))
        return ((), "0:1", None, 3, ((x0, y0),), ((x1, y0), (x0, y0)), ((x0, y0), (x0, y1)), ((x0, y0), (x1, math.nan)), ((x0,), (x1,)), many)


Param = Number | Choice | Flag | Text | Formula | Upload | Series | Points


def _items(value: Any, most: int) -> tuple[Any, ...]:
    """Return the items of a tuple, list or array; ValueError if it is none, or has more than `most`."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, tuple | list) or len(value) > most:
        raise ValueError("no such list")
    return tuple(value)


def _read(text: str, longest: int, read: Callable[[str], Any]) -> Any:
    """Return the items of a text with commas between them, in brackets or not; the text itself if it is none."""
    if len(text) > longest:
        return text
    inside = text.strip()
    if inside[:1] + inside[-1:] in ("[]", "()"):
        inside = inside[1:-1]
    try:
        return tuple(read(item) for item in inside.split(","))
    except ValueError:
        return text


def _plain_number(text: str) -> float:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError("no number")
    return float(text)


def _shortest(value: float) -> str:
    return repr(value).removesuffix(".0")


def _truncated(value: float) -> float:
    # A whole number may be too large to be asked whether it is finite.
    return math.trunc(value) if isinstance(value, int) or math.isfinite(value) else math.nan
