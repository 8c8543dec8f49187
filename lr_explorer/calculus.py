"""Derivatives of typed formulas, taken symbolically: a formula and its derivatives as one graph in which equal parts exist once.

A graph rather than trees, since the derivative of a product repeats its factors: as trees a formula of 60 signs could have second
derivatives of many thousands, as a graph they stay within a few hundred.

At a kink – of abs, min or max – the slope is the mean of both sides; at a jump – of floor, ceil, mod or where – it is that beside the jump.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.expressions import COMPARISONS, CONSTANTS, FUNCTIONS, OPERATORS, Expression, parse

Array = NDArray[np.float64]

KINKED = ("abs", "min", "max", "floor", "ceil", "mod", "where")


def _between(left: Array, right: Array, below: Array, above: Array) -> Array:
    """Return `below` where left < right, `above` where left > right, and their mean where both are equal."""
    return np.where(left < right, below, np.where(left > right, above, 0.5 * (below + above)))


_COMPUTED: Mapping[str, Callable[..., Any]] = {
    **{kind.__name__: compute for kind, compute in OPERATORS.items()},
    **{kind.__name__: compute for kind, (compute, _) in COMPARISONS.items()},
    **{name: function.compute for name, function in FUNCTIONS.items()},
    "min": np.minimum, "max": np.maximum, "negative": np.negative, "sign": np.sign, "between": _between,
}  # fmt: skip


@dataclass(frozen=True)
class Derivatives:
    """A formula of x and y with its first and second derivatives, each a function of two arrays."""

    value: Callable[[Any, Any], Any]
    gradient: Callable[[Any, Any], tuple[Any, ...]]
    hessian: Callable[[Any, Any], tuple[Any, ...]]


@lru_cache(maxsize=64)
def derivatives(text: str) -> Derivatives:
    """Return the formula `text` of x and y with its derivatives; ValueError with the reason if it is none.

    Their results may be single numbers where they do not depend on the point, and are NaN or infinite where there is no value.
    """
    graph = _Graph()
    value = graph.read(parse(text, ("x", "y")))
    x, y = (graph.derived(value, name) for name in ("x", "y"))
    second = graph.derived(x, "x"), graph.derived(x, "y"), graph.derived(y, "y")
    of_value = graph.function(value)
    return Derivatives(lambda at_x, at_y: of_value(at_x, at_y)[0], graph.function(x, y), graph.function(*second))


class _Graph:
    """Nodes known by their places: each is an operation's name and the places of what it works on, a number, or a variable's name."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Any, ...]] = []
        self._places: dict[tuple[Any, ...], int] = {}
        self._derived: dict[tuple[int, str], int] = {}

    # Reading and computing

    def put(self, *node: Any) -> int:
        """Return the place of a node, a new one if there is none such."""
        if node not in self._places:
            self._places[node] = len(self.nodes)
            self.nodes.append(node)
        return self._places[node]

    def number(self, value: float) -> int:
        return self.put("number", float(value))

    def read(self, formula: Expression) -> int:
        """Return the place of a formula's value, each operation as it was typed."""
        return self._read(formula.tree)

    def _read(self, tree: ast.expr) -> int:
        match tree:
            case ast.Constant(value=float(value)):
                return self.number(value)
            case ast.Name(id=name):
                return self.number(CONSTANTS[name]) if name in CONSTANTS else self.put("variable", name)
            case ast.UnaryOp(op=op, operand=operand):
                return self.put("negative", self._read(operand)) if isinstance(op, ast.USub) else self._read(operand)
            case ast.BinOp(left=left, op=operator, right=right):
                return self.put(type(operator).__name__, self._read(left), self._read(right))
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return self.put(type(operator).__name__, self._read(left), self._read(right))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                places = [self._read(argument) for argument in arguments]
                while name in ("min", "max") and len(places) > 2:
                    places[:2] = [self.put(name, *places[:2])]
                return self.put("log" if name == "ln" else name, *places)
        raise TypeError(f"no formula: {ast.dump(tree)}")

    def function(self, *roots: int) -> Callable[[Any, Any], tuple[Any, ...]]:
        """Return a function of x and y that computes the nodes at `roots`, each part once."""
        numbers = {place: np.float64(self.nodes[place][1]) for place in self._needed(roots) if self.nodes[place][0] == "number"}
        variables = {place: self.nodes[place][1] for place in self._needed(roots) if self.nodes[place][0] == "variable"}
        steps = [
            (place, _COMPUTED[self.nodes[place][0]], self.nodes[place][1:])
            for place in self._needed(roots)
            if place not in numbers and place not in variables
        ]

        def compute(x: Any, y: Any) -> tuple[Any, ...]:
            values: dict[int, Any] = numbers | {place: x if name == "x" else y for place, name in variables.items()}
            for place, operation, parts in steps:
                values[place] = operation(*[values[part] for part in parts])
            return tuple(values[root] for root in roots)

        return compute

    def _needed(self, roots: tuple[int, ...]) -> list[int]:
        """Return the places of all that the nodes at `roots` are made of, parts first: a part was always put before what it is part of."""
        needed, waiting = set(roots), list(roots)
        while waiting:
            operation, *parts = self.nodes[waiting.pop()]
            for part in parts if operation not in ("number", "variable") else ():
                if part not in needed:
                    needed.add(part)
                    waiting.append(part)
        return sorted(needed)

    # Derivatives, with what is 0 or 1 left out

    def derived(self, place: int, variable: str) -> int:
        """Return the place of the derivative of a node."""
        key = (place, variable)
        if key not in self._derived:
            self._derived[key] = self._derive(place, variable)
        return self._derived[key]

    def _derive(self, place: int, variable: str) -> int:
        operation, *parts = self.nodes[place]
        if operation == "number":
            return self.number(0)
        if operation == "variable":
            return self.number(parts[0] == variable)
        if operation in ("floor", "ceil", "sign"):
            return self.number(0)
        if operation == "where":
            condition, *branches = parts
            return self._chosen("where", (condition,), *(self.derived(branch, variable) for branch in branches))
        if operation == "between":
            left, right, *branches = parts
            return self._chosen("between", (left, right), *(self.derived(branch, variable) for branch in branches))
        slopes = [self.derived(part, variable) for part in parts]
        if len(parts) == 1:
            return self.times(self._outer(operation, place, parts[0]), slopes[0])
        return self._of_two(operation, place, *parts, *slopes)

    def _outer(self, operation: str, place: int, inside: int) -> int:
        """Return the derivative of a function of one argument; `place` is its own value."""
        one = self.number(1)
        match operation:
            case "negative":
                return self.number(-1)
            case "sin":
                return self.put("cos", inside)
            case "cos":
                return self.put("negative", self.put("sin", inside))
            case "tan":
                return self.plus(one, self.times(place, place))
            case "sinh":
                return self.put("cosh", inside)
            case "cosh":
                return self.put("sinh", inside)
            case "tanh":
                return self.minus(one, self.times(place, place))
            case "exp":
                return place
            case "log":
                return self.over(one, inside)
            case "sqrt":
                return self.over(self.number(0.5), place)
            case "abs":
                return self.put("sign", inside)
        raise TypeError(f"no derivative of {operation} is known")

    def _of_two(self, operation: str, place: int, left: int, right: int, left_slope: int, right_slope: int) -> int:
        """Return the derivative of an operation on two parts, given theirs."""
        match operation:
            case "Add":
                return self.plus(left_slope, right_slope)
            case "Sub":
                return self.minus(left_slope, right_slope)
            case "Mult":
                return self.plus(self.times(left_slope, right), self.times(left, right_slope))
            case "Div":
                return self.minus(self.over(left_slope, right), self.over(self.times(place, right_slope), right))
            case "Pow":
                return self._of_power(place, left, right, left_slope, right_slope)
            case "mod":
                return self.minus(left_slope, self.times(self.put("floor", self.put("Div", left, right)), right_slope))
            case "min":
                return self._chosen("between", (left, right), left_slope, right_slope)
            case "max":
                return self._chosen("between", (right, left), left_slope, right_slope)
        raise TypeError(f"no derivative of {operation} is known")

    def _of_power(self, place: int, base: int, exponent: int, base_slope: int, exponent_slope: int) -> int:
        by_base = self.times(self.times(exponent, self.power(base, self.minus(exponent, self.number(1)))), base_slope)
        if self._is(exponent_slope, 0):
            return by_base
        return self.plus(by_base, self.times(self.times(place, self.put("log", base)), exponent_slope))

    def _chosen(self, operation: str, by: tuple[int, ...], one: int, other: int) -> int:
        return one if one == other else self.put(operation, *by, one, other)

    def plus(self, left: int, right: int) -> int:
        if self._is(left, 0):
            return right
        return left if self._is(right, 0) else self._folded("Add", left, right)

    def minus(self, left: int, right: int) -> int:
        if self._is(right, 0):
            return left
        return self.put("negative", right) if self._is(left, 0) else self._folded("Sub", left, right)

    def times(self, left: int, right: int) -> int:
        if self._is(left, 0) or self._is(right, 0):
            return self.number(0)
        if self._is(left, 1):
            return right
        return left if self._is(right, 1) else self._folded("Mult", left, right)

    def over(self, left: int, right: int) -> int:
        if self._is(left, 0):
            return left
        return left if self._is(right, 1) else self._folded("Div", left, right)

    def power(self, base: int, exponent: int) -> int:
        if self._is(exponent, 0):
            return self.number(1)
        return base if self._is(exponent, 1) else self._folded("Pow", base, exponent)

    def _is(self, place: int, value: float) -> bool:
        return self.nodes[place] == ("number", float(value))

    def _folded(self, operation: str, *parts: int) -> int:
        """Return the place of an operation, or of its result where it works on numbers alone."""
        if all(self.nodes[part][0] == "number" for part in parts):
            with np.errstate(all="ignore"):
                return self.number(float(_COMPUTED[operation](*(np.float64(self.nodes[part][1]) for part in parts))))
        return self.put(operation, *parts)
