"""A parameter described once: default, range, scale, unit, label and help.

Everything that can be tuned is a frozen dataclass whose fields are made with `number`, `whole`, `choice`, `flag` or `text`.
Validation, widgets, link keys, documentation and contract tests all read these descriptions.
"""

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

Scale = Literal["linear", "log", "near_one"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


def shortened(text: object, longest: int = 40) -> str:
    """Return `repr(text)`, cut so that a message about bad input stays readable."""
    shown = repr(text if not isinstance(text, str) else text[: longest + 1])
    return shown if len(shown) <= longest + 2 else f"{shown[:longest]}…' ({len(str(text))} characters)"


@dataclass(frozen=True)
class Number:
    """A real or whole number between `low` and `high`, both included.

    scale: how a slider moves over it – "linear", "log" (by decades) or "near_one" (by decades of 1 − value, for factors such as 0.999).
    slider: the part of the range that a slider covers; the whole range can be typed.
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


@dataclass(frozen=True)
class Choice:
    """One of a few named options; `options` maps each name to its label."""

    default: str
    options: Mapping[str, str]
    label: str
    help: str

    def check(self, value: Any, owner: str) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise ValueError(f"{owner} must be one of {', '.join(self.options)}; got {shortened(value)}")
        return value

    def parse(self, text: str, owner: str) -> str:
        return self.check(text, owner)

    def format(self, value: str) -> str:
        return value

    def invalid(self) -> tuple[Any, ...]:
        return ("no such option", None, 3)


@dataclass(frozen=True)
class Flag:
    """A switch."""

    default: bool
    label: str
    help: str

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
class Text:
    """A short line of printable text."""

    default: str
    label: str
    help: str
    longest: int = 40

    def check(self, value: Any, owner: str) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= self.longest or not value.isprintable() or not value.strip():
            raise ValueError(f"{owner} must be 1 to {self.longest} printable characters; got {shortened(value)}")
        return value

    def parse(self, text: str, owner: str) -> str:
        return self.check(text, owner)

    def format(self, value: str) -> str:
        return value

    def invalid(self) -> tuple[Any, ...]:
        return ("", " ", "a\nb", "x" * (self.longest + 1), None)


Param = Number | Choice | Flag | Text


@dataclass(frozen=True)
class Part:
    """One of a registry's things, with parameters of its own; a link names its kind under the field's key, its parameters below that."""

    registry: Mapping[str, "type[Described]"]
    label: str
    help: str


def number(default: float, low: float, high: float, label: str, help: str, **more: Any) -> Any:
    """Describe a real-valued field; `more` as in `Number`."""
    return _field(Number(default, low, high, label, help, **more))


def whole(default: int, low: int, high: int, label: str, help: str, **more: Any) -> Any:
    """Describe a whole-number field; `more` as in `Number`."""
    return _field(Number(default, low, high, label, help, whole=True, **more))


def choice(default: str, options: Mapping[str, str], label: str, help: str) -> Any:
    """Describe a field that is one of `options` (name -> label)."""
    return _field(Choice(default, options, label, help))


def flag(default: bool, label: str, help: str) -> Any:
    """Describe a field that is true or false."""
    return _field(Flag(default, label, help))


def text(default: str, label: str, help: str, longest: int = 40) -> Any:
    """Describe a field of short printable text."""
    return _field(Text(default, label, help, longest))


def part(registry: Mapping[str, "type[Described]"], kind: str | None, label: str, help: str, **values: Any) -> Any:
    """Describe a field that holds one of the registry's things: by default the one called `kind` with `values`, or what its owner puts there."""
    return field(default_factory=lambda: registry[kind](**values) if kind else None, metadata={"part": Part(registry, label, help)})


class Described:
    """Base of everything that is chosen by name and tuned by parameters; subclasses are frozen dataclasses.

    name: public name, set by the registry. label: name in menus. formula: LaTeX. source: where it comes from.
    The docstring's first paragraph says what it is for; the reference page prints it.
    """

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""

    @classmethod
    def params(cls) -> dict[str, Param]:
        """Return this class's parameters by name, in the order of its fields."""
        return {f.name: f.metadata["param"] for f in dataclasses.fields(cls) if "param" in f.metadata}  # type: ignore[arg-type]

    @classmethod
    def parts(cls) -> dict[str, Part]:
        """Return the fields that hold things with parameters of their own."""
        return {f.name: f.metadata["part"] for f in dataclasses.fields(cls) if "part" in f.metadata}  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        for name, param in self.params().items():
            value = param.check(getattr(self, name), f"{type(self).__name__}.{name}")
            object.__setattr__(self, name, value)

    def with_values(self, **values: Any) -> Self:
        """Return a copy with some parameters changed; ValueError if one is refused."""
        return dataclasses.replace(self, **values)  # type: ignore[type-var]

    def texts(self) -> dict[str, str]:
        """Return every parameter as the text that a link carries."""
        return {name: param.format(getattr(self, name)) for name, param in self.params().items()}  # type: ignore[arg-type]


def _field(param: Param) -> Any:
    return field(default=param.default, metadata={"param": param})


def _truncated(value: float) -> float:
    # A whole number may be too large to be asked whether it is finite.
    return math.trunc(value) if isinstance(value, int) or math.isfinite(value) else math.nan
