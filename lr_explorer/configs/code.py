"""Python texts as far as they can be known without running them."""

import ast
import io
import math
import re
import textwrap
import tokenize
from collections.abc import Callable, Sequence
from typing import Any

from lr_explorer.configs.settings import LARGEST, Unread, source_of
from lr_explorer.configs.texts import DEEPEST, is_json
from lr_explorer.params import shortened


def python_in(text: str) -> ast.Module | None:
    """Return the text as Python if it calls something; None for JSON, YAML and command lines."""
    if not re.search(r"\w\(", text):
        return None
    try:
        tree = ast.parse(textwrap.dedent(text).strip())
    except SyntaxError as error:
        if is_json(text):
            return None
        number, message = _left_open(text) or (error.lineno or 1, error.msg)
        line = text.strip().splitlines()[number - 1 : number]
        raise ValueError(f"Line {number} is not Python ({message}): {shortened(line[0].strip() if line else '')}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ValueError("The text looks like Python, but it is nested too deeply or holds characters that cannot be read.") from None
    return tree if any(isinstance(node, ast.Call) for node in ast.walk(tree)) else None


def _left_open(text: str) -> tuple[int, str] | None:
    """Return the line of the first bracket that is never closed and what to say of it; None if all are.

    Python names it only if nothing after it looks wrong, which then is no fault of its line's.
    """
    opened: list[tuple[str, int]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text.strip()).readline):
            if token.type == tokenize.OP and token.string in "([{":
                opened.append((token.string, token.start[0]))
            elif token.type == tokenize.OP and token.string in ")]}" and opened:
                opened.pop()
    except (tokenize.TokenError, SyntaxError):
        pass  # the end of the text within a bracket is one of these
    return (opened[0][1], f"'{opened[0][0]}' was never closed") if opened else None


class Code:
    """The values in a Python text that can be known without running it."""

    def __init__(self, tree: ast.Module) -> None:
        self.loops = _loops_around_calls(tree)
        self.calls = sorted(self.loops, key=lambda call: (call.lineno, call.col_offset))
        self.dicts = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
        self._named: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._named[ast.unparse(node.targets[0])[:200]] = node.value

    def names_of(self, node: ast.expr) -> list[str]:
        """Return the names that the text gives to what an expression makes."""
        return [name for name, value in self._named.items() if value is node]

    def value(self, node: ast.expr, depth: int = 0) -> Any:
        """Return a constant, or a list or dict of such; a call stays a node; anything else is unread."""
        if depth > DEEPEST:
            return Unread("…")
        node = self.resolved(node)
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.List | ast.Tuple):
            return [self.value(element, depth + 1) for element in node.elts]
        if isinstance(node, ast.Dict):
            return {str(self.value(key, depth + 1)): self.value(value, depth + 1) for key, value in zip(node.keys, node.values, strict=True) if key}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("SchedulerType", "IntervalStrategy"):
            return node.attr.lower()
        if isinstance(node, ast.Call):
            if called(node) == "dict":
                return self.keywords(node)
            return node
        computed = self._computed(node, depth)
        return Unread(source_of(node)) if computed is None else computed

    def keywords(self, call: ast.Call) -> dict[str, Any]:
        return {keyword.arg: self.value(keyword.value) for keyword in call.keywords if keyword.arg}

    def arguments(self, call: ast.Call, names: Sequence[str]) -> dict[str, Any]:
        """Return a call's arguments by name; `names` are those of the positional ones."""
        return dict(zip(names, map(self.value, call.args), strict=False)) | self.keywords(call)

    def resolved(self, node: ast.expr) -> ast.expr:
        """Follow names that the text assigns once to what they stand for."""
        for _ in range(10):
            if not isinstance(node, ast.Name | ast.Attribute):
                break
            known = self._named.get(source_of(node, 200))
            if known is None or known is node:
                break
            node = known
        return node

    def _computed(self, node: ast.expr, depth: int) -> float | None:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.value(node.operand, depth + 1)
            return -value if is_number(value) else None
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
            left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
            if is_number(left) and is_number(right):
                try:
                    result = _OPERATIONS[type(node.op)](float(left), float(right))
                except (ZeroDivisionError, OverflowError):
                    return None
                return result if isinstance(result, float) and math.isfinite(result) else None
        return None


def _loops_around_calls(tree: ast.Module) -> dict[ast.Call, tuple[ast.For | ast.AsyncFor, ...]]:
    """Return every call with the for loops that it stands in, the outermost first."""
    around: dict[ast.Call, tuple[ast.For | ast.AsyncFor, ...]] = {}
    waiting: list[tuple[ast.AST, tuple[ast.For | ast.AsyncFor, ...]]] = [(tree, ())]
    while waiting:
        node, loops = waiting.pop()
        if isinstance(node, ast.Call):
            around[node] = loops
        inside = (*loops, node) if isinstance(node, ast.For | ast.AsyncFor) else loops
        waiting += [(child, inside) for child in ast.iter_child_nodes(node)]
    return around


_OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Pow: lambda a, b: a**b,
}


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
