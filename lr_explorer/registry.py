"""Public name -> class; an unknown name answers with the known ones."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from lr_explorer.params import Described, shortened

T = TypeVar("T", bound=Described)


class UnknownName(KeyError, ValueError):
    """A name that no registered class bears; its text lists the known ones."""

    def __str__(self) -> str:
        return str(self.args[0])


class Registry(Mapping[str, type[T]]):
    """Classes of one kind by their public names, in the order of the menus: by module, then as written there."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._classes: dict[str, type[T]] = {}

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Return a class decorator that makes a class known as `name`."""

        def add(cls: type[T]) -> type[T]:
            if name in self._classes:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            cls.name = name
            self._classes[name] = cls
            return cls

        return add

    def create(self, name: str, **values: Any) -> T:
        """Return a new object of the class called `name`; ValueError if a parameter is unknown or refused."""
        cls = self[name]
        for key in values:
            if key not in cls.params():
                raise ValueError(f"{cls.__name__} has no parameter {key!r}; known: {', '.join(cls.params())}")
        return cls(**values)

    def __getitem__(self, name: str) -> type[T]:
        if not isinstance(name, str) or name not in self._classes:
            raise UnknownName(f"unknown {self.kind} {shortened(name)}; known: {', '.join(self._classes)}")
        return self._classes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


def discover(package: str) -> None:
    """Import every module of `package`, so that a new file there is all that a new class needs."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")


def documentation(cls: type[Described]) -> str:
    """Return the first paragraph of the class's docstring as one line, for the reference page and help texts."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
