"""How a class says what of it can be tuned: a field for each parameter, and `Described`, which checks, copies and spells them."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Self

from lr_explorer.params.kinds import Choice, Flag, Formula, Number, Param, Points, Series, Text, Upload


@dataclass(frozen=True)
class Part:
    """One of a registry's things, with parameters of its own; a link names its kind under the field's key, its parameters below that.

    kind: which one it is by default; "" where its owner decides. defaults: values that a parameter has here, of whatever kind the thing is,
    until it is told otherwise.
    """

    registry: Mapping[str, "type[Described]"]
    label: str
    help: str
    defaults: Mapping[str, Any]
    kind: str = ""

    def made(self, kind: str) -> "Described":
        """Return the thing of this kind with the defaults that it has here."""
        cls = self.registry[kind]
        return cls(**{name: value for name, value in self.defaults.items() if name in cls.params()})


def number(default: float, low: float, high: float, label: str, help: str, **more: Any) -> Any:
    """Describe a real-valued field; `more` as in `Number`."""
    return _field(Number(default, low, high, label, help, **more))


def whole(default: int, low: int, high: int, label: str, help: str, **more: Any) -> Any:
    """Describe a whole-number field; `more` as in `Number`."""
    return _field(Number(default, low, high, label, help, whole=True, **more))


def choice(default: str, options: Mapping[str, str], label: str, help: str, needs: str = "") -> Any:
    """Describe a field that is one of `options` (name -> label); `needs` as in `Number`."""
    return _field(Choice(default, options, label, help, needs))


def flag(default: bool, label: str, help: str, needs: str = "") -> Any:
    """Describe a field that is true or false; `needs` as in `Number`."""
    return _field(Flag(default, label, help, needs))


def text(default: str, label: str, help: str, longest: int = 40, **more: Any) -> Any:
    """Describe a field of short printable text; `more` as in `Text`."""
    return _field(Text(default, label, help, longest, **more))


def expression(default: str, variables: tuple[str, ...], label: str, help: str) -> Any:
    """Describe a field that is a formula of `variables`."""
    return _field(Formula(default, variables, label, help))


def upload(default: str, known: Callable[[], Mapping[str, Any]], read: Callable[[bytes, str], Any], label: str, help: str) -> Any:
    """Describe a field that names something which comes in a file; `known` and `read` as in `Upload`."""
    return _field(Upload(default, known, read, label, help))


def series(default: tuple[float, ...], low: float, high: float, label: str, help: str, **more: Any) -> Any:
    """Describe a field of several numbers; `more` as in `Series`."""
    return _field(Series(default, low, high, label, help, **more))


def points(default: tuple[tuple[float, float], ...], box: tuple[tuple[float, float], tuple[float, float]], label: str, help: str, **more: Any) -> Any:
    """Describe a field of points; `more` as in `Points`."""
    return _field(Points(default, box, label, help, **more))


def part(registry: Mapping[str, "type[Described]"], kind: str | None, label: str, help: str, **defaults: Any) -> Any:
    """Describe a field that holds one of the registry's things: by default the one called `kind`, or what its owner puts there.

    The registry is read when a thing is made, so it may still be filled when the field is described. `defaults` as in `Part`.
    """
    described = Part(registry, label, help, defaults, kind or "")
    return field(default_factory=lambda: described.made(kind) if kind else None, metadata={"part": described})


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
    def params(cls) -> Mapping[str, Param]:
        """Return this class's parameters by name, in the order of its fields."""
        return _described(cls, "param")  # type: ignore[arg-type]

    @classmethod
    def parts(cls) -> Mapping[str, Part]:
        """Return the fields that hold things with parameters of their own."""
        return _described(cls, "part")  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        for name, param in self.params().items():
            value = param.check(getattr(self, name), f"{type(self).__name__}.{name}")
            object.__setattr__(self, name, value)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said about these very values, sentences in markdown: how a formula was read, what it leaves out."""
        return ()

    def with_values(self, **values: Any) -> Self:
        """Return a copy with some parameters changed; ValueError if one is refused."""
        return dataclasses.replace(self, **values)  # type: ignore[type-var]

    def texts(self) -> dict[str, str]:
        """Return every parameter as the text that a link carries."""
        return {name: param.format(getattr(self, name)) for name, param in self.params().items()}  # type: ignore[arg-type]


# Kept, since every thing that is made asks for it.
@cache
def _described(cls: type[Described], kind: str) -> Mapping[str, Any]:
    """Return what the fields of a class have in their metadata under `kind`, by their names."""
    return MappingProxyType({f.name: f.metadata[kind] for f in dataclasses.fields(cls) if kind in f.metadata})  # type: ignore[arg-type]


def _field(param: Param) -> Any:
    return field(default=param.default, metadata={"param": param})
