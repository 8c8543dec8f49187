"""Plain Python turned into the words of an array framework.

Frameworks that compile a schedule call it with an array whose value is not known yet: `if`, `min` and `math.cos` cannot be asked about
it, `where`, `minimum` and the framework's `cos` can. Only what depends on the update is rewritten; the rest stays ordinary Python.
"""

import ast
from collections.abc import Iterable
from functools import reduce

_FOLDED = {"min": "minimum", "max": "maximum"}
_OTHER_NAMES = {"fabs": "abs", "pow": "power"}


def for_arrays(lines: Iterable[str], module: str, argument: str = "t") -> list[str]:
    """Return functions of `argument` with everything that depends on it in words of `module`: "jnp" or "ops".

    Functions of anything else are left as they are.
    """
    tree = ast.parse("\n".join(lines))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and [name.arg for name in node.args.args] == [argument]:
            # What guards numpy against warnings is not needed by anyone else.
            node.decorator_list = []
            arrays = _Arrays(module, node.body, argument)
            statements = [arrays.visit(statement) for statement in node.body]
            node.body = [statement for statement in statements if not _says_nothing(statement)]
    return [_without_brackets(line) for line in "\n\n\n".join(map(ast.unparse, tree.body)).splitlines()]


def _says_nothing(statement: ast.stmt) -> bool:
    """Return whether a statement sets a name to itself, as one does that made numpy's number of it."""
    return isinstance(statement, ast.Assign) and ast.dump(statement.value) == ast.dump(statement.targets[0]).replace("Store()", "Load()")


def _without_brackets(line: str) -> str:
    """Return `a, b = (1, 2)`, as ast.unparse writes it, the way that people do."""
    names, equals, values = line.partition(" = (")
    if not equals or "(" in names or not isinstance(ast.parse(f"({values}", mode="eval").body, ast.Tuple):
        return line
    return f"{names} = {values[:-1]}"


class _Arrays(ast.NodeTransformer):
    def __init__(self, module: str, body: list[ast.stmt], argument: str) -> None:
        self.module = module
        self.unknown = {argument}
        self.zeros: set[str] = set()
        # Twice, for what a loop hands on from one turn to the next.
        for node in [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Assign)] * 2:
            self._assign(node.targets[0], node.value)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        if not self._depends(node.test):
            return self._inside(node)
        return self._call("where", *map(self.visit, (node.test, node.body, node.orelse)))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if not self._depends(node) or len(node.ops) == 1:
            return self._inside(node)
        sides = [node.left, *node.comparators]
        pairs: list[ast.expr] = [ast.Compare(low, [op], [high]) for low, op, high in zip(sides, node.ops, sides[1:], strict=False)]
        return self.visit(ast.BoolOp(ast.And(), pairs))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        if not self._depends(node):
            return self._inside(node)
        name = "logical_and" if isinstance(node.op, ast.And) else "logical_or"
        return reduce(lambda left, right: self._call(name, left, right), map(self.visit, node.values))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        match node:
            case ast.BinOp(ast.Name(base), ast.Pow(), power) if (
                self._depends(power) and not self._is_count(power) and base not in self.zeros | self.unknown
            ):
                # A base in single precision is off by what the power then multiplies; its logarithm in double precision is not.
                logarithm = ast.Call(ast.Attribute(ast.Name("math"), "log"), [node.left], [])
                return self._call("exp", ast.BinOp(self.visit(power), ast.Mult(), logarithm))
        return self._inside(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if not self._depends(node.slice):
            return self._inside(node)
        # Where a branch that is not taken asks beyond the end, frameworks differ.
        last = ast.BinOp(ast.Call(ast.Name("len"), [node.value], []), ast.Sub(), ast.Constant(1))
        place = self._call("clip", self.visit(node.slice), ast.Constant(0), last)
        if self.module == "ops":
            place = self._call("cast", place, ast.Constant("int32"))
        return self._call("take", self._call("array", node.value), place)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not self._depends(node):
            return self._inside(node)
        match node:
            case ast.Call(ast.Name("sum"), [ast.GeneratorExp(ast.Compare() as test) as numbers]):
                # A sum of truths is a count in Python; not every framework adds them up.
                numbers.elt = self._call("where", self.visit(test), ast.Constant(1.0), ast.Constant(0.0))
                return node
            case ast.Call(ast.Name(name)) if name in _FOLDED:
                return reduce(lambda left, right: self._call(_FOLDED[name], left, right), map(self.visit, node.args))
            case ast.Call(ast.Attribute(ast.Name("np"), "float64"), [number]):
                return self.visit(number)
            case ast.Call(ast.Attribute(ast.Name("math" | "np"), name)):
                return self._call(_OTHER_NAMES.get(name, name), *map(self.visit, node.args))
        return self._inside(node)

    def _inside(self, node: ast.expr) -> ast.expr:
        return self.generic_visit(node)  # type: ignore[return-value]

    def _call(self, name: str, *arguments: ast.expr) -> ast.expr:
        return ast.Call(ast.Attribute(ast.Name(self.module), name), list(arguments), [])

    def _depends(self, node: ast.AST) -> bool:
        return any(isinstance(inner, ast.Name) and inner.id in self.unknown for inner in ast.walk(node))

    @staticmethod
    def _is_count(node: ast.expr) -> bool:
        """Return whether an exponent is a number of times, which stays small."""
        return isinstance(node, ast.Call) or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv))

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, its_value in zip(target.elts, value.elts, strict=True):
                self._assign(one, its_value)
        elif isinstance(target, ast.Name):
            if self._depends(value):
                self.unknown.add(target.id)
            if isinstance(value, ast.Constant) and value.value == 0:
                self.zeros.add(target.id)
