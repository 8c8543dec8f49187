"""Typed formulas: text of named variables, such as `0.5(1 + cos(pi t/T))`, as a function of numpy arrays.

The text is read by Python's own grammar into a tree of numbers, names, operators and a few functions; whatever else the grammar knows is
refused, and nothing is ever evaluated or compiled by Python. A refusal is a ValueError with a sentence.

>>> parse("1 - t/T", ("t", "T"))(t=25.0, T=100.0)
array(0.75)
"""

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LONGEST = 200
MOST_NODES = 60
DEEPEST = 25
LARGEST_NUMBER = 1e6
LARGEST_EXPONENT = 12.0

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}
_LATEX_CONSTANTS = {"pi": r"\pi", "e": r"\mathrm{e}"}


@dataclass(frozen=True)
class Function:
    """A function that may be written: how many arguments it takes, what it computes, and its LaTeX."""

    fewest: int
    most: int
    compute: Callable[..., Any]
    latex: str

    @property
    def takes(self) -> str:
        if self.most == self.fewest:
            return f"{self.fewest} argument{'s' if self.fewest > 1 else ''}"
        return f"{self.fewest} to {self.most} arguments"


def _several(compute: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: reduce(compute, values)


def _plain(name: str, compute: Callable[..., Any]) -> Function:
    return Function(1, 1, compute, rf"\{name}\left({{}}\right)")


FUNCTIONS: Mapping[str, Function] = {
    **{name: _plain(name, getattr(np, name)) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp")},
    "log": _plain("ln", np.log),
    "ln": _plain("ln", np.log),
    "sqrt": Function(1, 1, np.sqrt, r"\sqrt{{{}}}"),
    "abs": Function(1, 1, np.abs, r"\left|{}\right|"),
    "floor": Function(1, 1, np.floor, r"\left\lfloor {}\right\rfloor"),
    "ceil": Function(1, 1, np.ceil, r"\left\lceil {}\right\rceil"),
    "mod": Function(2, 2, np.mod, r"\left({} \bmod {}\right)"),
    "min": Function(2, 8, _several(np.minimum), r"\min\left({}\right)"),
    "max": Function(2, 8, _several(np.maximum), r"\max\left({}\right)"),
    "where": Function(3, 3, np.where, r"\begin{{cases}}{1} & {0}\\ {2} & \text{{otherwise}}\end{{cases}}"),
}

OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
}  # fmt: skip
COMPARISONS: Mapping[type, tuple[Callable[[Any, Any], Any], str]] = {
    ast.Lt: (np.less, "<"), ast.LtE: (np.less_equal, r"\le"), ast.Gt: (np.greater, ">"), ast.GtE: (np.greater_equal, r"\ge"),
}  # fmt: skip

_SPELLINGS = {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "**": "^", "π": "pi", "≤": "<=", "≥": ">="}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign><=|>=|[-+*/^(),<>]))", re.ASCII
)
_HINTS = {
    "|": "write abs(…) for an absolute value", "=": "a formula has no equals sign; compare with <, <=, > or >=",
    "%": "write mod(a, b) for a remainder",
    "[": "use round brackets", "{": "use round brackets", "²": "write ^2 for a square", "³": "write ^3 for a cube", "√": "write sqrt(…) for a root",
    "!": "a factorial is not known", ";": "arguments are separated by commas",
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A formula that was read: call it with its variables, arrays that broadcast.

    text: as typed. source: the same in Python's spelling, every product written out. tree: its parsed form, numbers all floats.
    """

    text: str
    variables: tuple[str, ...]
    source: str
    tree: ast.expr

    def __call__(self, **variables: ArrayLike) -> NDArray[np.float64]:
        """Return the formula's values, float64; where it has none they are NaN or infinite."""
        with np.errstate(all="ignore"):
            value = _value(self.tree, {name: np.asarray(value, dtype=float) for name, value in variables.items()})
        shape = np.broadcast_shapes(*(np.shape(value) for value in variables.values()))
        return np.array(np.broadcast_to(value, shape), dtype=float)

    def is_finite_throughout(self, **variables: ArrayLike) -> bool:
        """Return whether every operation on the way to the values has a finite result."""
        try:
            with np.errstate(all="raise", under="ignore"):
                _value(self.tree, {name: np.asarray(value, dtype=float) for name, value in variables.items()})
        except FloatingPointError:
            return False
        return True

    def python(self, names: Mapping[str, str], module: str) -> str:
        """Return the formula as Python source, its variables by other names, its functions those of `module`: "math" or "np"."""
        return ast.unparse(_Python(names, module).visit(deepcopy(self.tree)))


@lru_cache(maxsize=256)
def parse(text: str, variables: tuple[str, ...]) -> Expression:
    """Read a formula of `variables`; ValueError with the reason if it is none."""
    if len(text) > LONGEST:
        raise ValueError(f"a formula has at most {LONGEST} characters, this one {len(text)}")
    source = "".join(_spelled_out(_tokens(text), variables))
    try:
        tree = ast.parse(source, mode="eval").body
    except SyntaxError as wrong:
        raise ValueError(_incomplete(source)) from wrong
    _check(tree, variables)
    return Expression(text, variables, ast.unparse(tree), tree)


class _Python(ast.NodeTransformer):
    """Rewrites a formula in the words of Python and `math`, or of numpy."""

    def __init__(self, names: Mapping[str, str], module: str) -> None:
        self.names, self.module = names, module

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.names:
            return ast.Name(self.names[node.id])
        return ast.Attribute(ast.Name(self.module), node.id) if node.id in CONSTANTS else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name, arguments = _called(node), [self.visit(argument) for argument in node.args]
        if name == "mod":
            return ast.BinOp(arguments[0], ast.Mod(), arguments[1])
        if self.module == "np" and name in ("min", "max"):
            return reduce(lambda left, right: ast.Call(ast.Attribute(ast.Name("np"), f"{name}imum"), [left, right], []), arguments)
        if self.module == "math" and name == "where":
            return ast.IfExp(*arguments)
        if self.module == "math" and name in ("abs", "min", "max"):
            return ast.Call(ast.Name(name), arguments, [])
        return ast.Call(ast.Attribute(ast.Name(self.module), "log" if name == "ln" else name), arguments, [])


def called(expression: Expression) -> frozenset[str]:
    """Return the names of the functions that the formula calls."""
    return frozenset(_called(node) for node in ast.walk(expression.tree) if isinstance(node, ast.Call))


def readable(expression: Expression) -> str:
    """Return the formula as it was understood, in LaTeX."""
    return _latex(expression.tree)[0]


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return (kind, spelling) of every number, name and sign."""
    for written, meant in _SPELLINGS.items():
        text = text.replace(written, f" {meant} " if meant == "pi" else meant)
    text, tokens, place = text.strip(), [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            odd = text[place:].lstrip()[0]
            raise ValueError(f"{odd!r} is not understood here" + (f": {_HINTS[odd]}" if odd in _HINTS else ""))
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        place = match.end()
    if not tokens:
        raise ValueError("it is empty")
    return tokens


def _spelled_out(tokens: list[tuple[str, str]], variables: tuple[str, ...]) -> Iterator[str]:
    """Yield the formula in Python's spelling, implied products written out.

    A product without a sign holds no tighter than one with it, and looser than a power. After a division that would surprise some
    people – 1/2t – so it is refused there.
    """
    names = (*variables, *CONSTANTS, *FUNCTIONS)
    outside: list[bool] = []  # for each open bracket, whether it stands after a division
    after_division, ends_factor, function = False, False, ""
    for kind, spelling in [*tokens, ("end", "")]:
        is_call = bool(function) and spelling == "("
        if function and not is_call:
            raise ValueError(f"{function} needs brackets: {function}(…)")
        begins_factor = kind in ("number", "name") or spelling == "("
        if begins_factor and ends_factor and not is_call:
            if kind == "number":
                raise ValueError(f"a sign is missing before {spelling[:20]}")
            if after_division:
                raise ValueError("a product without a sign after a division, as in 1/2t, can be read in two ways: write (1/2)*t or 1/(2*t)")
            yield "*"
        if kind == "name" and spelling not in names:
            raise ValueError(f"unknown name {spelling[:20]!r}; known: {', '.join(names)}")
        if spelling == "(":
            outside.append(after_division)
            after_division = False
        elif spelling == ")":
            if not outside:
                raise ValueError("a closing bracket has no opening one")
            after_division = outside.pop()
        elif spelling == "," and not outside:
            raise ValueError("a comma separates arguments; decimals are written with a point, 0.5")
        elif kind == "sign" and spelling != "^" and (ends_factor or spelling not in "+-"):
            # A power, or the sign of a number, stays in the division that it stands in.
            after_division = spelling == "/"
        if len(outside) > DEEPEST:
            raise ValueError(f"brackets are nested more than {DEEPEST} deep")
        function = spelling if kind == "name" and spelling in FUNCTIONS else ""
        ends_factor = kind in ("number", "name") or spelling == ")"
        yield _number(spelling) if kind == "number" else "**" if spelling == "^" else spelling
    if outside:
        raise ValueError("an opening bracket has no closing one")


def _number(spelling: str) -> str:
    value = float(spelling)
    if not value <= LARGEST_NUMBER:
        raise ValueError(f"numbers go up to {LARGEST_NUMBER:,.0f}; got {spelling[:20]}")
    return repr(value)


def _incomplete(source: str) -> str:
    return f"something is missing {'at the end' if source[-1] in '+-*/(,<>' else 'between its signs'}"


def _check(tree: ast.expr, variables: tuple[str, ...]) -> None:
    """Refuse whatever is no arithmetic of known names, too large or too deep."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
    if len(nodes) > MOST_NODES:
        raise ValueError(f"a formula has at most {MOST_NODES} numbers, names and operations, this one {len(nodes)}")
    if _depth(tree) > DEEPEST:
        raise ValueError(f"operations are nested more than {DEEPEST} deep")
    conditions = {id(node.args[0]) for node in nodes if isinstance(node, ast.Call) and _called(node) == "where" and node.args}
    for node in nodes:
        _check_node(node, is_condition=id(node) in conditions)


def _check_node(node: ast.expr, *, is_condition: bool) -> None:
    match node:
        case ast.Compare(comparators=[_], ops=[op]) if type(op) in COMPARISONS:
            if not is_condition:
                raise ValueError("a comparison belongs into where(condition, then, else)")
            return
        case ast.Compare():
            raise ValueError("a condition compares two things: where(t < 10, then, else)")
        case ast.Call():
            name, function = _called(node), FUNCTIONS[_called(node)]
            if node.keywords:
                raise ValueError(f"something is missing or too much in the brackets of {name}")
            if not function.fewest <= len(node.args) <= function.most:
                raise ValueError(f"{name} takes {function.takes}; got {len(node.args)}")
        case ast.BinOp(op=ast.Pow(), right=exponent) if not _has_variable(exponent):
            with np.errstate(all="ignore"):
                size = abs(float(_value(exponent, {})))
            if not size <= LARGEST_EXPONENT:
                raise ValueError(f"a constant exponent goes up to {LARGEST_EXPONENT:g} in size; got {size:g}")
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            pass
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()) | ast.Name() | ast.Constant(value=float()):
            pass
        case ast.Tuple():
            raise ValueError("a comma separates the arguments of a function; decimals are written with a point, 0.5")
        case _:
            raise ValueError("only numbers, names, + − · / ^, brackets and functions are understood")
    if is_condition:
        raise ValueError("where begins with a comparison: where(t < 10, then, else)")


def _called(node: ast.Call) -> str:
    """Return the name of the function that is called; what is called is always a function's name, since other brackets became products."""
    assert isinstance(node.func, ast.Name)
    return node.func.id


def _children(node: ast.expr) -> list[ast.expr]:
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _depth(node: ast.expr) -> int:
    return 1 + max(map(_depth, _children(node)), default=0)


def _has_variable(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) and part.id not in (*CONSTANTS, *FUNCTIONS) for part in ast.walk(node))


def _value(node: ast.expr, variables: Mapping[str, NDArray[np.float64]]) -> Any:
    match node:
        case ast.Constant(value=float(value)):
            return np.float64(value)
        case ast.Name(id=name):
            return variables[name] if name in variables else np.float64(CONSTANTS[name])
        case ast.UnaryOp(op=op, operand=operand):
            value = _value(operand, variables)
            return -value if isinstance(op, ast.USub) else value
        case ast.BinOp(left=left, op=operator, right=right):
            return OPERATORS[type(operator)](_value(left, variables), _value(right, variables))
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return COMPARISONS[type(operator)][0](_value(left, variables), _value(right, variables))
        case ast.Call(args=arguments):
            return FUNCTIONS[_called(node)].compute(*(_value(argument, variables) for argument in arguments))
    raise TypeError(f"no formula: {ast.dump(node)}")


# How tightly a piece of LaTeX holds together: a sum, a product, a sign before it, a power, a single thing.
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)


def _latex(node: ast.expr) -> tuple[str, int]:
    """Return LaTeX and how tightly it binds."""
    match node:
        case ast.Constant(value=float(value)):
            mantissa, _, exponent = f"{value:.12g}".partition("e")
            return (rf"{mantissa} \cdot 10^{{{int(exponent)}}}", _PRODUCT) if exponent else (mantissa, _ATOM)
        case ast.Name(id=name):
            return _LATEX_CONSTANTS.get(name, name if len(name) == 1 else rf"\mathit{{{name}}}"), _ATOM
        case ast.UnaryOp(op=op, operand=operand):
            return ("-" if isinstance(op, ast.USub) else "+") + _inside(operand, _SIGN), _SIGN
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_latex(left)[0]}}}{{{_latex(right)[0]}}}", _PRODUCT
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"{{{_inside(left, _ATOM)}}}^{{{_latex(right)[0]}}}", _POWER
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return rf"{_inside(left, _PRODUCT)} \cdot {_inside(right, _POWER if isinstance(right, ast.UnaryOp) else _PRODUCT)}", _PRODUCT
        case ast.BinOp(left=left, op=operator, right=right):
            sign, tightness = ("+", _SUM) if isinstance(operator, ast.Add) else ("-", _PRODUCT)
            return f"{_inside(left, _SUM)} {sign} {_inside(right, _POWER if isinstance(right, ast.UnaryOp) else tightness)}", _SUM
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return f"{_latex(left)[0]} {COMPARISONS[type(operator)][1]} {_latex(right)[0]}", _SUM
        case ast.Call(args=arguments):
            function, written = FUNCTIONS[_called(node)], [_latex(argument)[0] for argument in arguments]
            return function.latex.format(*written if function.most == function.fewest else [", ".join(written)]), _ATOM
    raise TypeError(f"no formula: {ast.dump(node)}")


def _inside(node: ast.expr, tightness: int) -> str:
    latex, binds = _latex(node)
    return latex if binds >= tightness else rf"\left({latex}\right)"
