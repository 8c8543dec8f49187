"""Derivatives of typed formulas are those that sympy takes, and kinks and jumps are answered as promised."""

import time

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from lr_explorer.calculus import derivatives
from lr_explorer.expressions import MOST_NODES, parse

SYMBOLS = dict(zip("xy", sympy.symbols("x y", real=True), strict=True))
WORDS = {
    "abs": sympy.Abs,
    "min": sympy.Min,
    "max": sympy.Max,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "mod": lambda a, b: a - b * sympy.floor(a / b),
    "where": lambda condition, then, otherwise: sympy.Piecewise((then, condition), (otherwise, True)),
    "ln": sympy.log,
    "e": sympy.E,
}


def expected(text, x, y):
    """Return value, both slopes and the three second derivatives by sympy, shape (6, n)."""
    loss = sympy.sympify(parse(text, ("x", "y")).source, locals=SYMBOLS | WORDS)
    orders = ((), ("x",), ("y",), ("x", "x"), ("x", "y"), ("y", "y"))
    entries = [loss.diff(*(SYMBOLS[name] for name in order)) if order else loss for order in orders]
    # Steps and kinks have derivatives only as distributions, which are 0 beside them; floor has none that sympy would evaluate.
    entries = [entry.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0)) for entry in entries]
    entries = [entry.replace(sympy.Derivative, lambda inside, *_: sympy.Integer(0)) for entry in entries]
    # At 30 digits, so that the cancellation of sympy's longer forms does not count.
    places = [{symbol: sympy.Rational(float(at)) for symbol, at in zip(SYMBOLS.values(), place, strict=True)} for place in zip(x, y, strict=True)]
    return np.array([[float(entry.doit().evalf(30, subs=place)) for place in places] for entry in entries])


def found(text, x, y):
    made = derivatives(text)
    with np.errstate(all="ignore"):
        return np.array([np.broadcast_to(entry, x.shape) for entry in (made.value(x, y), *made.gradient(x, y), *made.hessian(x, y))])


X, Y = np.random.default_rng(5).uniform(0.2, 2.5, (2, 6))


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "x",
        "-x^2 + 2y - 1",
        "(1 - x)^2 + 100(y - x^2)^2",
        "x^3 y^-2",
        "x^0.5 + x^(1/3)",
        "x^y",
        "2^x*3^-y",
        "x^(y^2)",
        "(x + y)^(x y)",
        "x/y/(1 + x)",
        "1/(x^2 + y^2)",
        "sin(x) cos(y) tan(x/3)",
        "sinh(x) + cosh(y) tanh(x y)",
        "exp(-x^2 - y^2)",
        "e^(x/2) + ln(y) log(x)",
        "sqrt(x^2 + y^2)",
        "sqrt(x)/(y + sqrt(y))",
        "log(cosh(5x))",
        "--x - +y",
        "pi x + e y",
        "abs(x - 1) abs(y)",
        "min(x, y, x y) + max(x^2, y, 1, 2)",
        "x floor(3y) + ceil(x) y^2",
        "mod(x^2, y) + mod(y, 0.7)",
        "where(x < y, x^2 y, sin(x))",
        "where(x >= 1, where(y > 1, x, y), x y)",
        "where(x <= 2 y, log(x), 0)",
    ],
)
def test_value_and_derivatives_are_those_of_sympy(text):
    # Double precision, after the cancellation of a few terms.
    np.testing.assert_allclose(found(text, X, Y), expected(text, X, Y), rtol=1e-11, atol=1e-11)


TREES = st.recursive(
    st.sampled_from(["x", "y", "2", "0.5", "pi"]),
    lambda inside: st.one_of(
        st.tuples(st.sampled_from("+-*/"), inside, inside).map(lambda parts: f"({parts[1]} {parts[0]} {parts[2]})"),
        st.tuples(st.sampled_from(["sin", "cos", "tanh", "exp", "abs", "sqrt", "ln"]), inside).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(st.sampled_from(["2", "3", "-1", "0.5"]), inside).map(lambda parts: f"({parts[1]})^{parts[0]}"),
    ),
    max_leaves=6,
)


def quotient(value, x, y, step):
    along_x, along_y = value(x + step, y) - value(x - step, y), value(x, y + step) - value(x, y - step)
    return np.array([np.broadcast_to(difference, x.shape) for difference in (along_x, along_y)]) / (2 * step)


@given(TREES)
@settings(max_examples=150, deadline=None)
def test_slopes_of_any_formula_are_its_difference_quotients(text):
    try:
        made = derivatives(text)
    except ValueError:
        return  # too long, or a constant that is too large
    x, y = X[:3], Y[:3]
    with np.errstate(all="ignore"):
        slopes = np.array([np.broadcast_to(slope, x.shape) for slope in made.gradient(x, y)])
        quotients = np.array([quotient(made.value, x, y, step) for step in (1e-4, 1e-5, 1e-6)])
        # Where the quotients of three steps agree there is a slope to speak of, and rounding has not eaten it.
        spread = np.ptp(quotients, axis=0)
        clear = np.isfinite(quotients).all(axis=0) & (spread <= 1e-3 * np.abs(quotients).max(axis=0)) & (np.abs(made.value(x, y)) < 1e6)
    np.testing.assert_allclose(slopes[clear], quotients[1][clear], rtol=5e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("abs(x)", 0.0, 0.0),
        ("x + abs(x)", 0.0, 1.0),
        ("max(0, x)", 0.0, 0.5),
        ("min(x, 3x)", 0.0, 2.0),
        ("max(x, x)", 1.0, 1.0),
        ("floor(x)", 1.0, 0.0),
        ("x floor(x)", 1.0, 1.0),
        ("mod(x, 1)", 2.0, 1.0),
        ("where(x < 1, x, 5x)", 1.0, 5.0),
        ("where(x <= 1, x, 5x)", 1.0, 1.0),
    ],
)
def test_at_a_kink_the_slope_is_the_mean_and_at_a_jump_that_beside_it(text, x, slope):
    assert derivatives(text).gradient(np.float64(x), np.float64(0))[0] == slope


def test_the_largest_formula_is_differentiated_at_once():
    derivatives.cache_clear()
    product = "*".join(["(x+y)"] * 15)
    tower = "sin(" * 22 + "x*y" + ")" * 22
    for text in (product, tower, "x^" * 11 + "y", "exp(" * 20 + "x/y" + ")" * 20):
        began = time.perf_counter()
        found(text, X, Y)
        assert time.perf_counter() - began < 0.5
    assert len([sign for sign in product if sign in "xy+*"]) <= MOST_NODES
