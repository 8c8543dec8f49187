"""Flat text values: how a described thing is spelled in a link, and how one is read back.

Reading never fails: a value that cannot be used is named in a complaint and replaced by its default, and nothing else is lost.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from lr_explorer.params import Described, shortened

T = TypeVar("T", bound=Described)
Query = Mapping[str, str]

_MOST_COMPLAINTS = 20


def spelled(key: str, thing: Described) -> dict[str, str]:
    """Return a thing's kind and all that is in it as values of a link: `key` itself, and `key.parameter` for each."""
    return {key: type(thing).name} | spelled_inside(f"{key}.", thing)


def spelled_inside(prefix: str, thing: Described) -> dict[str, str]:
    """Return a thing's parameters, and its parts with theirs, as values of a link whose keys begin with `prefix`."""
    query = {prefix + name: value for name, value in thing.texts().items()}
    for name in thing.parts():
        query |= spelled(prefix + name, getattr(thing, name))
    return query


def spelled_briefly(prefix: str, thing: T, default: T) -> dict[str, str]:
    """Return what `spelled_inside` does, less what one who reads it over `default` takes for what is missing."""
    usual = default.texts()
    query = {prefix + name: value for name, value in thing.texts().items() if value != usual[name]}
    for name, part in thing.parts().items():
        mine, there = getattr(thing, name), getattr(default, name)
        if type(mine) is not type(there):
            query[prefix + name] = mine.name
            there = part.made(mine.name)
        query |= spelled_briefly(f"{prefix}{name}.", mine, there)
    return query


def without(query: Query, key: str, keeps: Iterable[str] = ()) -> dict[str, str]:
    """Return the query less what is below `key`, but for the parameters and parts named in `keeps`."""
    start = f"{key}."
    return {k: v for k, v in query.items() if not k.startswith(start) or k.removeprefix(start).partition(".")[0] in keeps}


class Reader:
    """Takes values out of a query one by one, and remembers what it could not use."""

    def __init__(self, query: Query) -> None:
        self._left = dict(query)
        self._complaints: list[str] = []
        self.reasons: list[str] = []  # why values were refused, without what was used in their place

    def version(self, known: str) -> None:
        """Read the version key, which says what a missing value means."""
        version = self._left.pop("v", known)
        if version != known:
            self._complaints.append(f"This link says version {shortened(version)}; it was read as version {known}.")

    def described(self, key: str, registry: Mapping[str, type[T]], default: T, **defaults: Any) -> T:
        """Read a kind and its parameters; without a kind the default object is the one that they change."""
        base = default
        name = self._left.pop(key, None)
        if name is not None:
            try:
                cls = registry[name]
            except ValueError as unknown:
                self.complain(f"{key}: {unknown}", f"{type(default).name} was used")
            else:
                base = cls(**{field: value for field, value in defaults.items() if field in cls.params()})
        return self.filled(f"{key}.", base)

    def filled(self, prefix: str, base: T) -> T:
        """Return `base` with the parameters and parts that the query has for it below `prefix`."""
        values = self._parsed(prefix, base)
        for name, part in base.parts().items():
            values[name] = self.described(prefix + name, part.registry, getattr(base, name), **part.defaults)
        return self._applied(base, values, prefix)

    def values(self, prefix: str, default: Described) -> dict[str, Any]:
        """Read the plain parameters of `default` whose keys begin with `prefix`."""
        return {name: getattr(default, name) for name in default.params()} | self._parsed(prefix, default)

    def below(self, prefix: str) -> dict[str, str]:
        """Take all values whose keys begin with `prefix`, and return them by the rest of their keys."""
        found = {key.removeprefix(prefix): value for key, value in self._left.items() if key.startswith(prefix)}
        self._left = {key: value for key, value in self._left.items() if not key.startswith(prefix)}
        return found

    def numbered(self, stem: str, most: int) -> list[str]:
        """Return the keys stem1, stem2, … that values belong to, at most so many; values of further ones are left out and named."""
        written = (match[1] for match in map(re.compile(f"{stem}([1-9][0-9]{{0,8}})\\.").match, self._left) if match)
        keys = [f"{stem}{number}" for number in sorted(map(int, set(written)))]
        for key in keys[most:]:
            self._complaints.append(f"There can be at most {most} {stem}s; {key} was left out.")
            self._left = without(self._left, key)
        for place, key in enumerate(keys[:most], 1):
            if key != f"{stem}{place}":
                self._complaints.append(f"{stem.capitalize()}s are numbered from 1 without gaps; {key} was read as {stem}{place}.")
        return keys[:most]

    def complain(self, reason: str, remedy: str) -> None:
        """Remember why something could not be used, and what was done instead."""
        self.reasons.append(f"{reason}.")
        self._complaints.append(f"{reason}; {remedy}.")

    def closing(self) -> tuple[str, ...]:
        """Return all complaints, with one for each key that nothing asked for."""
        unused = [f"{shortened(key)} is not a setting here and was left out." for key in self._left]
        complaints = self._complaints + unused
        hidden = len(complaints) - _MOST_COMPLAINTS
        if hidden > 0:
            complaints = [*complaints[:_MOST_COMPLAINTS], f"{hidden} more values could not be used."]
        return tuple(complaints)

    def _parsed(self, prefix: str, default: Described) -> dict[str, Any]:
        values = {}
        for name, param in default.params().items():
            written = self._left.pop(prefix + name, None)
            if written is None:
                continue
            try:
                values[name] = param.parse(written, prefix + name)
            except ValueError as refusal:
                used = param.format(getattr(default, name))  # type: ignore[arg-type]
                self.complain(str(refusal), f"{used} was used" if used else "it was left empty")
        return values

    def _applied(self, base: T, values: Mapping[str, Any], prefix: str) -> T:
        """Set the values one at a time, so that one that does not go with the others is named alone."""
        waiting = dict(values)
        refusal = ""
        while waiting:
            for name, value in waiting.items():
                try:
                    base = base.with_values(**{name: value})
                except ValueError as refused:
                    refusal = str(refused)
                else:
                    break
            else:
                self.complain(refusal, f"{', '.join(prefix + name for name in waiting)} kept the default")
                break
            del waiting[name]
        return base
