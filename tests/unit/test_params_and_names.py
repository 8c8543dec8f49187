"""Parameters read and refuse text as documented; unknown names answer with the known ones."""

import math

import numpy as np
import pytest

import lr_explorer as lrx
from lr_explorer.params import Flag, Formula, Number, Points, Series, Text, shortened
from lr_explorer.registry import Registry, UnknownName
from lr_explorer.schedules import Schedule

REAL = Number(0.5, 0.0, 1.0, "Real", "Help.")
WHOLE = Number(3, 1, 100, "Whole", "Help.", whole=True)
PLACES = Series((100, 300), 0, 1000, "Places", "Help.", most=3, whole=True, rising=True)
SHARES = Series((1.0, 0.1), 0.0, 1.0, "Shares", "Help.")
CURVE = Points(((0.0, 1.0), (1.0, 0.0)), ((0.0, 1.0), (-1.0, 1.0)), "Curve", "Help.", most=4)


@pytest.mark.parametrize(
    ("text", "value"), [("0.30000000000000004", 0.1 + 0.2), ("1e-3", 0.001), (" .5 ", 0.5), ("1.", 1.0), ("+0", 0.0), ("5E-324", 5e-324)]
)
def test_numbers_are_read_as_people_write_them(text, value):
    assert REAL.parse(text, "x") == value


@pytest.mark.parametrize(
    "text", ["", " ", "0,1", "1_0", "0x1", "nan", "inf", "-inf", "1e", "e5", "½", "٣", "0.5 0.5", "0.5\n0.1", "True", "0" * 61, "9" * 400_000]
)
def test_what_is_no_number_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"x must be a number such as 0\.1 or 3e-4; got ") as refusal:
        REAL.parse(text, "x")
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("text", ["1.0", "1e1", "", "0x10", "1_0"])
def test_whole_numbers_are_written_without_point_or_power(text):
    with pytest.raises(ValueError, match="x must be a whole number such as 100; got "):
        WHOLE.parse(text, "x")


@pytest.mark.parametrize("text", ["1e3", "-0.1", "1.0000000000000002", "1e999"])
def test_numbers_out_of_range_are_refused_with_the_range(text):
    with pytest.raises(ValueError, match=r"x must be between 0 and 1; got "):
        REAL.parse(text, "x")


@pytest.mark.parametrize("value", [10**400, -(10**400), 10**20])
def test_whole_numbers_of_any_size_are_refused_not_tripped_over(value):
    with pytest.raises(ValueError, match="x must be between 1 and 100"):
        WHOLE.check(value, "x")


@pytest.mark.parametrize("value", [np.float64(0.5), np.float32(0.5), np.array(0.5)])
def test_numpy_numbers_become_python_numbers(value):
    assert type(REAL.check(value, "x")) is float
    assert type(WHOLE.check(np.int64(5), "x")) is type(WHOLE.check(5.0, "x")) is int


@pytest.mark.parametrize("value", [True, np.bool_(True), "0.5", None, 1j, [0.5], np.array([0.5, 0.6]), math.nan])
def test_other_types_are_no_numbers(value):
    with pytest.raises(ValueError, match="x must be "):
        REAL.check(value, "x")


@pytest.mark.parametrize("text", ["True", "1", "yes", "", " true"])
def test_switches_are_written_true_or_false(text):
    with pytest.raises(ValueError, match="x must be true or false; got "):
        Flag(False, "Flag", "Help.").parse(text, "x")


def test_texts_of_the_longest_length_are_allowed_and_no_longer():
    param = Text("A", "Text", "Help.", longest=5)
    assert param.parse("αβ–∇5", "x") == "αβ–∇5"
    with pytest.raises(ValueError, match="x must be 1 to 5 printable characters"):
        param.parse("abcdef", "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [("100, 300", (100, 300)), ("5", (5,)), (" 1,1 ,2 ", (1, 1, 2)), ("[0, 10]", (0, 10)), ("(7,)", None), ("1e2, 300", (100, 300))],
)
def test_several_numbers_are_written_with_commas_between_them(text, value):
    if value is None:
        with pytest.raises(ValueError, match="x must be 1 to 3 whole numbers"):
            PLACES.parse(text, "x")
        return
    assert PLACES.parse(text, "x") == value
    assert all(type(number) is int for number in PLACES.parse(text, "x"))
    assert SHARES.parse("0.30000000000000004, 1", "x") == (0.1 + 0.2, 1.0)


@pytest.mark.parametrize("text", ["", " ", ",", "1,,2", "1 2", "300, 100", "1, 2, 3, 4", "1.5", "-1", "1001", "nan", "1; 2", "1, x", "9" * 400_000])
def test_what_are_no_such_numbers_is_refused_with_the_rule(text):
    with pytest.raises(
        ValueError, match=r"x must be 1 to 3 whole numbers between 0 and 1000, none below the one before, such as 100, 300; got "
    ) as refusal:
        PLACES.parse(text, "x")
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize("value", [[100, 300], (100.0, 300.0), np.array([100, 300])])
def test_lists_and_arrays_become_tuples(value):
    assert PLACES.check(value, "x") == (100, 300)
    assert PLACES.format(PLACES.check(value, "x")) == "100, 300"
    assert hash(CURVE.check(np.array([[0, 1], [1, 0]]), "x")) == hash(((0.0, 1.0), (1.0, 0.0)))


def test_points_are_written_as_pairs_and_read_back():
    assert CURVE.format(CURVE.default) == "0:1, 1:0"
    assert CURVE.parse("0:1, 0.5 : 0.3,1:-0", "x") == ((0.0, 1.0), (0.5, 0.3), (1.0, -0.0))
    assert CURVE.format(((0.0, 0.1 + 0.2), (1.0, -0.0))) == "0:0.30000000000000004, 1:-0"


@pytest.mark.parametrize(
    "text", ["", "0:1", "0:1, 0:0", "1:0, 0:1", "0, 1", "0:1:2, 1:0", "0:2, 1:0", "0:1, 2:0", "0:nan, 1:0", "0:1, 1e-7:0", "9:" * 9999]
)
def test_what_are_no_points_is_refused_with_the_rule(text):
    rule = r"x must be 2 to 4 points x:y, x rising within 0 … 1 and y within -1 … 1, such as 0:1, 1:0; got "
    with pytest.raises(ValueError, match=rule) as refusal:
        CURVE.parse(text, "x")
    assert len(str(refusal.value)) < 250


def test_a_formula_names_its_variables_and_the_reason():
    param = Formula("x + y", ("x", "y"), "Formula", "Help.")
    assert param.parse("x^2 + 20y^2", "f") == "x^2 + 20y^2"
    with pytest.raises(ValueError, match=r"f must be a formula of x, y: unknown name 't'; known: x, y, .*; got '2t'"):
        param.parse("2t", "f")
    for value in (None, 3, b"x"):
        with pytest.raises(ValueError, match=r"f must be a formula of x, y: it is empty; got "):
            param.check(value, "f")


def test_long_input_is_shortened_in_messages_and_its_length_told():
    assert shortened("abc") == "'abc'"
    assert shortened("x" * 400_000) == "'" + "x" * 39 + "…' (400000 characters)"


def test_unknown_names_answer_with_the_known_ones():
    # Of a few all are named, of many those that are most alike, if any is.
    with pytest.raises(UnknownName) as refusal:
        lrx.controller("gready")
    assert str(refusal.value) == f"unknown controller 'gready'; known: {', '.join(lrx.controllers())}"
    with pytest.raises(ValueError, match=rf"unknown schedule 'cosin'; the most alike of {len(lrx.schedules())}: cosine, "):
        lrx.schedule("cosin")
    with pytest.raises(ValueError, match=r"unknown surface '§§§'; known: quadratic, "):
        lrx.surface("§§§")
    with pytest.raises(KeyError):
        lrx.schedules()[3]


def test_unknown_parameters_answer_with_the_known_ones():
    with pytest.raises(ValueError, match=r"Cosine has no parameter 'lr'; known: peak, warmup, warmup_start, warmup_shape, cooldown"):
        lrx.schedule("cosine", lr=0.1)


def test_a_name_is_registered_once():
    registry = Registry("thing")
    registry.register("one")(Schedule)
    with pytest.raises(ValueError, match="thing 'one' is registered twice"):
        registry.register("one")(Schedule)
    Schedule.name = ""


def test_nesterov_without_momentum_is_refused_by_name():
    for values in ({}, {"momentum": 0.9, "dampening": 0.1}):
        with pytest.raises(ValueError, match=r"SGD\.nesterov needs momentum above 0 and dampening 0, as in PyTorch; got momentum"):
            lrx.optimizer("sgd", nesterov=True, **values)
    assert lrx.optimizer("sgd", nesterov=True, momentum=0.9).nesterov


def test_a_changed_copy_is_checked_too():
    assert lrx.schedule("cosine").with_values(peak=0.5).peak == 0.5
    with pytest.raises(ValueError, match=r"Cosine\.floor must be between 0 and 1; got 7"):
        lrx.schedule("cosine").with_values(floor=7)
