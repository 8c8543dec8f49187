"""A typed formula is the surface that its author means: read aloud, finite where it is, its minima found, its links whole."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lr_explorer as lrx
from lr_explorer.expressions import parse
from lr_explorer.outcome import Outcome
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.start import Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES
from tests.contracts.test_surfaces import FORMULAS, random_points


def typed(text, **box):
    return SURFACES.create("formula", expression=text, **box)


def quiet_run(surface, start, peak=0.1, steps=50):
    arm = Arm(schedule=SCHEDULES.create("constant", peak=peak))
    return lrx.simulate(Scenario(surface=surface, start=Point(*start), noise=Scenario().noise.with_values(sigma=0.0), arms=(arm,), steps=steps))


def is_said(text):
    """Return whether a formula as long as they may be can say it, in plain words."""
    try:
        return bool(parse(text, ("x", "y")))
    except ValueError:
        return False


# Of the surfaces with a name those that a typed formula can say, in their own box.
SAID = {name: text.replace("**", "^") for name, text in FORMULAS.items() if not SURFACES[name].params() and is_said(text.replace("**", "^"))}


@pytest.mark.parametrize("name", SAID)
def test_a_known_surface_that_is_typed_is_the_known_surface(name):
    known = SURFACES[name]()
    (x0, x1), (y0, y1) = known.bounds
    surface = typed(SAID[name], centre_x=(x0 + x1) / 2, centre_y=(y0 + y1) / 2, width=x1 - x0, height=y1 - y0)
    assert surface.bounds == known.bounds
    points = random_points(known, 50)
    for answer in ("value", "gradient", "hessian"):
        expected = getattr(known, answer)(points)
        np.testing.assert_allclose(getattr(surface, answer)(points), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    # Whatever theory declares, the search finds.
    found = np.array([minimum.point for minimum in surface.minima])
    for minimum in known.minima:
        assert np.hypot(*(found - minimum.point).T).min() < 1e-4 * known.diagonal, minimum
    assert len(surface.minima) == len(known.minima) or known.undeclared


def test_paths_on_a_typed_rosenbrock_are_those_on_the_known_one():
    typed_run = quiet_run(typed("(1 - x)^2 + 100(y - x^2)^2", centre_y=1.0, width=4.0, height=4.0), (-1.2, 1.0), peak=0.001, steps=200)
    known_run = quiet_run(SURFACES.create("rosenbrock"), (-1.2, 1.0), peak=0.001, steps=200)
    np.testing.assert_allclose(typed_run.arms[0].path, known_run.arms[0].path, rtol=1e-9)


def test_a_formula_is_echoed_as_it_was_read():
    assert typed("x*x - 4x").remarks == (r"Read as $f(x, y) = x \cdot x - 4 \cdot x$",)
    assert r"\frac{1}{2} \cdot x" in typed("(1/2)x").remarks[0]


def test_where_the_formula_has_no_value_the_surface_says_so_and_a_run_that_comes_there_ends():
    surface = typed("sqrt(x) + y^2", width=4.0, height=4.0)
    # Of 61 columns 30 lie left of 0.
    assert surface.remarks[1].startswith("On 49 % of the box, as at x = -2, y = -2, this has no finite value")
    assert np.isnan(surface.value(np.array([-1.0, 0.0])))
    assert np.isnan(surface.gradient(np.array([-1.0, 0.0]))).all()
    assert np.isfinite(surface.value(np.array(surface.start)))
    run = quiet_run(surface, (0.03, 1.0), peak=0.1)
    assert run.arms[0].outcome.tolist() == [Outcome.LEFT]
    assert "no loss is known" in what_happened(run)[0]


@pytest.mark.parametrize("text", ["log(-1 - x^2)", "1/0", "0/0 + x", "sqrt(-1)"])
def test_a_formula_without_a_finite_value_in_its_box_is_refused(text):
    with pytest.raises(ValueError, match=r"TypedFormula.expression must have a finite value somewhere in the box; got"):
        typed(text)


def test_a_cone_has_a_slope_of_nought_at_its_tip_and_keeps_it_beside():
    cone = typed("sqrt(x^2 + y^2)")
    assert cone.gradient(np.zeros(2)).tolist() == [0.0, 0.0]
    np.testing.assert_allclose(cone.gradient(np.array([3e-9, -4e-9])), [0.6, -0.8])
    assert [minimum.smooth for minimum in cone.minima] == [False]


def test_kinks_and_jumps_are_announced():
    assert "abs, max: at a kink" in typed("abs(x) + max(y, 0)").remarks[-1]
    assert len(typed("x^2 + y^2").remarks) == 1


@pytest.mark.parametrize(
    ("text", "minima", "saddles"),
    [
        ("x^4 + y^4", [(0, 0)], []),
        ("abs(x - 1) + abs(y + 1)", [(1, -1)], []),
        ("x^2 - y^2", [(0, -5), (0, 5)], [(0, 0)]),
        ("x^3 - 3x y^2", None, [(0, 0)]),
        ("x + y", [(-5, -5)], []),
        ("(x y - 1)^2", [], [(0, 0)]),
        ("3", [], []),
        ("x^2", [], []),
        ("(x^2 - 1)^2 + y^2", [(-1, 0), (1, 0)], [(0, 0)]),
        ("-exp(-100(x - 1.5)^2 - 100 y^2)", [(1.5, 0)], []),
        ("floor(x)^2 + y^2", [], []),
        ("1/x + y^2", [(5, 0)], []),
        ("log(x^2 + y^2)", [], []),
        ("tan(x) + y^2", [(-5, 0)], []),
    ],
)
def test_the_search_finds_what_anybody_sees(text, minima, saddles):
    surface = typed(text)
    if minima is not None:
        assert np.reshape(sorted(minimum.point for minimum in surface.minima), (-1, 2)) == pytest.approx(np.reshape(minima, (-1, 2)), abs=1e-5)
    assert np.reshape(sorted(surface.saddles), (-1, 2)) == pytest.approx(np.reshape(saddles, (-1, 2)), abs=1e-6)


@pytest.mark.parametrize("text", ["sin(50x) sin(50y)", "sin(10x)", "mod(x, 0.01) + mod(y, 0.01)", "sin(1e6 x y)", "tan(9x) tan(9y)"])
def test_a_formula_with_endless_ripples_is_still_searched_at_once(text):
    began = time.perf_counter()
    surface = typed(text)
    assert len(surface.minima) <= 150
    assert isinstance(surface.saddles, tuple)
    assert time.perf_counter() - began < 5  # half a second on a quiet machine


def test_a_link_carries_the_formula_and_its_box_exactly():
    scenario = Scenario(surface=typed("x^2 + 20·y² ".replace("²", "^2"), centre_x=0.1, width=3.3))
    assert Scenario.from_query(scenario.to_query()) == scenario


def test_a_refused_formula_loses_nothing_else_of_a_link():
    query = Scenario(surface=typed("x^2 + y^2", width=3.0), seed=7).to_query() | {"surface.expression": "__import__('os')"}
    scenario = Scenario.from_query(query)
    assert (scenario.surface.width, scenario.seed) == (3.0, 7)
    assert scenario.surface.expression == typed("x").params()["expression"].default
    assert len(scenario.complaints) == 1
    assert "surface.expression must be a formula of x, y" in scenario.complaints[0]


ANY = st.text(alphabet="xy0123456789.+-*/^()<>=, sincopexlgqrtabmwh_'\"[]{}|;:²−×·π", max_size=40)


@given(ANY)
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_surface_or_refused_with_a_sentence(text):
    try:
        surface = typed(text)
    except ValueError as refused:
        reason = str(refused)
        assert reason.startswith("TypedFormula.expression must ")
        return
    points = random_points(surface, 5)
    np.testing.assert_array_equal(surface.value(points), parse(text, ("x", "y"))(x=points[0], y=points[1]))
    assert surface.remarks
