"""Public name -> class; an unknown name answers with the known ones."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain
from typing import Any, TypeVar

from lr_explorer.params import Described, shortened

T = TypeVar("T", bound=Described)

# More names than these are no help in a message: of them the few that are most alike are told.
_MOST_NAMED = 12
_MOST_ALIKE = 3


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
        known = [*cls.params(), *cls.parts()]
        for key in values:
            if key not in known:
                raise ValueError(f"{cls.__name__} has no parameter {key!r}; known: {', '.join(known)}")
        return cls(**values)

    def __getitem__(self, name: str) -> type[T]:
        return _found(self._classes, name, self.kind)

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


class Union(Mapping[str, type[T]]):
    """Several registries seen as one, in their order, for a choice among all of them; what is registered in them later is in it too."""

    def __init__(self, kind: str, *registries: Mapping[str, type[T]]) -> None:
        self.kind = kind
        self._registries = registries

    def __getitem__(self, name: str) -> type[T]:
        return _found({known: cls for registry in self._registries for known, cls in registry.items()}, name, self.kind)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._registries)

    def __len__(self) -> int:
        return sum(map(len, self._registries))


def _found(classes: Mapping[str, type[T]], name: str, kind: str) -> type[T]:
    if not isinstance(name, str) or name not in classes:
        raise UnknownName(f"unknown {kind} {shortened(name)}; {_near(name, list(classes))}")
    return classes[name]


def _near(name: object, known: list[str]) -> str:
    """Return the known names, or of many those that are most like the unknown one."""
    alike = get_close_matches(name, known, _MOST_ALIKE, cutoff=0.4) if isinstance(name, str) else []
    if len(known) <= _MOST_NAMED or not alike:
        return f"known: {', '.join(known)}"
    return f"the most alike of {len(known)}: {', '.join(alike)}"


class Without(Mapping[str, type[T]]):
    """A registry less some of its names; what is registered in it later is in this too."""

    def __init__(self, registry: Registry[T], *names: str) -> None:
        self.kind = registry.kind
        self._registry = registry
        self._names = names

    def __getitem__(self, name: str) -> type[T]:
        return _found({known: self._registry[known] for known in self}, name, self.kind)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._registry if name not in self._names)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def discover(package: str) -> None:
    """Import every module of `package`, so that a new file there is all that a new class needs."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")


def documentation(cls: type[Described]) -> str:
    """Return the first paragraph of the class's docstring as one line, for the reference page and help texts."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
