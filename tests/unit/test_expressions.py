"""Typed formulas mean what people mean by them, or are refused with the reason; whatever is typed, the answer comes at once."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lr_explorer.expressions import CONSTANTS, FUNCTIONS, Expression, parse, readable

NAMES = ("t", "T")


def value(text, t=3.0, T=10.0):
    return float(parse(text, NAMES)(t=t, T=T))


def refusal(text, names=NAMES):
    with pytest.raises(ValueError, match=r".") as refused:
        parse(text, names)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 - t/T", 0.7),
        ("2t", 6.0),
        ("2(t+1)", 8.0),
        ("t(1-t)", -6.0),
        ("(t+1)(t-1)", 8.0),
        ("2 pi t", 6 * math.pi),
        ("2πt", 6 * math.pi),
        ("3×t·2 − 1", 17.0),
        ("t ÷ 2", 1.5),
        ("t**2", 9.0),
        ("-t^2", -9.0),
        ("(-t)^2", 9.0),
        ("2^3^2", 512.0),
        ("2^-1", 0.5),
        ("-2^-2", -0.25),
        ("2^3t", 24.0),
        ("2t^2", 18.0),
        ("t^2(1-t)", -18.0),
        ("1 - 2t", -5.0),
        ("1/2*t", 1.5),
        ("1/2 + 3t", 9.5),
        ("1/(2t)", 1 / 6),
        ("(1/2)t", 1.5),
        ("2e", 2 * math.e),
        ("2e1", 20.0),
        ("1e-5t", 3e-5),
        (".5t + 1.", 2.5),
        ("007", 7.0),
        ("--t", 3.0),
        ("sin(t)^2 + cos(t)^2", 1.0),
        ("2sin(t)", 2 * math.sin(3)),
        ("exp(log(t))", 3.0),
        ("ln(e)", 1.0),
        ("e^(-t)", math.exp(-3)),
        ("sqrt(abs(-t)) ^ 2", 3.0),
        ("min(t, 5, 2)", 2.0),
        ("max(t, T)", 10.0),
        ("floor(t/2) + ceil(t/2)", 3.0),
        ("mod(T, t)", 1.0),
        ("where(t < 5, 1, 0.1)", 1.0),
        ("where(t ≥ T, 1, where(t <= 3, 0.5, 0))", 0.5),
        ("tanh(0) + sinh(0) + cosh(0)", 1.0),
    ],
)
def test_formulas_mean_what_people_mean_by_them(text, expected):
    assert value(text) == pytest.approx(expected, rel=1e-14)


AMBIGUOUS = "a product without a sign after a division, as in 1/2t, can be read in two ways: write (1/2)*t or 1/(2*t)"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        *((text, AMBIGUOUS) for text in ("1/2t", "1/2(t+1)", "t/T(1-t)", "1/sin(t)t", "1/2^3t", "1/-2t", "(1/2t)")),
        ("tT", "unknown name 'tT'; known: t, T, pi, e, sin"),
        ("x + y", "unknown name 'x'"),
        ("t if T else 1", "unknown name 'if'"),
        ("lambda: t", "':' is not understood here"),
        ("__import__", "unknown name '__import__'"),
        ("t.real", "'.' is not understood here"),
        ("'t'", '"\'" is not understood here'),
        ("t[0]", "'[' is not understood here: use round brackets"),
        ("|t|", "'|' is not understood here: write abs(…) for an absolute value"),
        ("t²", "'²' is not understood here: write ^2 for a square"),
        ("y = t", "'=' is not understood here: a formula has no equals sign"),
        ("t == 3", "'=' is not understood here: a formula has no equals sign"),
        ("5 % 3", "'%' is not understood here: write mod(a, b) for a remainder"),
        ("t\x00", "'\\x00' is not understood here"),
        ("٣", "'٣' is not understood here"),
        ("0,5", "a comma separates arguments; decimals are written with a point, 0.5"),
        ("(0,5)", "a comma separates the arguments of a function"),
        ("2 3", "a sign is missing before 3"),
        ("(t)2", "a sign is missing before 2"),
        ("1..2", "a sign is missing before .2"),
        ("sin t", "sin needs brackets: sin(…)"),
        ("sin^2(t)", "sin needs brackets: sin(…)"),
        ("2 + sin", "sin needs brackets: sin(…)"),
        ("(t", "an opening bracket has no closing one"),
        ("t)", "a closing bracket has no opening one"),
        ("t +", "something is missing at the end"),
        ("* t", "something is missing between its signs"),
        ("t * / T", "something is missing between its signs"),
        ("()", "a comma separates"),
        ("sin()", "sin takes 1 argument; got 0"),
        ("sin(t, T)", "sin takes 1 argument; got 2"),
        ("min(t)", "min takes 2 to 8 arguments; got 1"),
        ("sin(*t)", "only numbers, names, + − · / ^, brackets and functions are understood"),
        ("sin(**t)", "something is missing or too much in the brackets of sin"),
        ("t < 5", "a comparison belongs into where(condition, then, else)"),
        ("where(t, 1, 2)", "where begins with a comparison: where(t < 10, then, else)"),
        ("where(1 < t < 3, 1, 2)", "a condition compares two things"),
        ("where(t < 3, t < 2, 1)", "a comparison belongs into where"),
        ("1000001", "numbers go up to 1,000,000; got 1000001"),
        ("1e999", "numbers go up to 1,000,000; got 1e999"),
        ("t^13", "a constant exponent goes up to 12 in size; got 13"),
        ("t^-13", "a constant exponent goes up to 12 in size; got 13"),
        ("t^(6+7)", "a constant exponent goes up to 12 in size; got 13"),
        ("t^log(0)", "a constant exponent goes up to 12 in size; got inf"),
        ("t^sqrt(-1)", "a constant exponent goes up to 12 in size; got nan"),
        ("9**9**9", "a constant exponent goes up to 12 in size; got 3.8742e+08"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(text, reason):
    assert refusal(text).startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("t" * 100_000, "a formula has at most 200 characters, this one 100000"),
        ("(" * 10_000 + "t" + ")" * 10_000, "a formula has at most 200 characters, this one 20001"),
        ("(" * 90 + "t" + ")" * 90, "brackets are nested more than 25 deep"),
        ("-" * 199 + "t", "a formula has at most 60 numbers, names and operations, this one 200"),
        ("-" * 40 + "t", "operations are nested more than 25 deep"),
        ("t" + "+t" * 60, "a formula has at most 60 numbers, names and operations, this one 121"),
        ("9^" * 90 + "9", "a formula has at most 60"),
        ("9^" * 20 + "9", "a constant exponent"),
    ],
)
def test_long_deep_and_explosive_formulas_are_answered_at_once(text, reason):
    began = time.perf_counter()
    assert refusal(text).startswith(reason)
    assert time.perf_counter() - began < 0.5


def test_a_formula_of_the_largest_size_is_read():
    assert value("+".join(["t"] * 25)) == 75.0
    assert value("t" + " " * 199) == 3.0


def test_each_function_has_one_place():
    assert not set(FUNCTIONS) & set(CONSTANTS)
    for name, function in FUNCTIONS.items():
        arguments = ["t < 5" if name == "where" else "0.5", *["0.25"] * (function.fewest - 1)]
        assert math.isfinite(value(f"{name}({', '.join(arguments)})"))


def test_values_are_arrays_that_broadcast():
    formula = parse("x^2 + 20y^2 + 1", ("x", "y"))
    x, y = np.arange(3.0)[:, None], np.arange(4.0)
    np.testing.assert_array_equal(formula(x=x, y=y), x**2 + 20 * y**2 + 1)
    constant = parse("1", ("x", "y"))(x=x, y=y)
    assert constant.shape == (3, 4)
    constant[0, 0] = 5.0  # a result is nobody else's


def test_where_there_is_no_value_it_is_nan_or_infinite_and_never_complex():
    found = parse("sqrt(t) + (0*t)", NAMES)(t=np.array([-1.0, 4.0]), T=1.0)
    assert math.isnan(found[0])
    assert found[1] == 2.0
    assert found.dtype == np.float64
    assert math.isnan(value("(-8)^(1/t)"))
    assert value("1/(t - 3)") == math.inf
    assert value("2^(2^(2^(2^t)))") == math.inf
    # The branch that is not taken may be without a value.
    assert value("where(t > 0, log(t), 0)", t=0.0) == 0.0


def test_the_source_spells_everything_out():
    formula = parse("2t(1 − t/T)^2", NAMES)
    assert formula.source == "2.0 * t * (1.0 - t / T) ** 2.0"
    assert (formula.text, formula.variables) == ("2t(1 − t/T)^2", NAMES)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("1 - t/T", r"1 - \frac{t}{T}"),
        ("2t", r"2 \cdot t"),
        ("-t^2", "-{t}^{2}"),
        ("(-t)^2", r"{\left(-t\right)}^{2}"),
        ("2^3^2", "{2}^{{3}^{2}}"),
        ("t - (T - 1)", r"t - \left(T - 1\right)"),
        ("t - T - 1", "t - T - 1"),
        ("2(t + 1)", r"2 \cdot \left(t + 1\right)"),
        ("2*-t", r"2 \cdot \left(-t\right)"),
        ("(1/2)^t", r"{\left(\frac{1}{2}\right)}^{t}"),
        ("0.5(1 + cos(π t/T))", r"0.5 \cdot \left(1 + \cos\left(\frac{\pi \cdot t}{T}\right)\right)"),
        ("sqrt(abs(t))", r"\sqrt{\left|t\right|}"),
        ("min(t, 1)", r"\min\left(t, 1\right)"),
        ("where(t < 5, 1, e)", r"\begin{cases}1 & t < 5\\ \mathrm{e} & \text{otherwise}\end{cases}"),
        ("1e-5", r"1 \cdot 10^{-5}"),
    ],
)
def test_a_formula_is_shown_as_it_was_understood(text, latex):
    assert readable(parse(text, NAMES)) == latex


PIECES = st.sampled_from([*"()+-*/^,<> .", "t", "T", "pi", "e", "sin", "where(", "min(", "1", "2.5", "9e9", "**", "−", "lambda", "__class__", "²"])


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join)))
@settings(max_examples=400)
def test_any_text_is_read_or_refused_and_nothing_else(text):
    try:
        formula = parse(text, NAMES)
    except ValueError:
        assert 0 < len(refusal(text)) < 300
        return
    assert isinstance(formula, Expression)
    assert formula(t=np.arange(3.0), T=3.0).shape == (3,)
    assert readable(formula)
    # Its own spelling of itself is read as the same.
    np.testing.assert_array_equal(parse(formula.source, NAMES)(t=np.arange(3.0), T=3.0), formula(t=np.arange(3.0), T=3.0))
