"""Cases from other projects' trackers, each with the right value by theory or by an independent computation; the id names the case."""

import math
import time

import numpy as np
import pytest
import sympy
from scipy.optimize import minimize

import lr_explorer as lrx
from lr_explorer.expressions import parse
from lr_explorer.figures.wire import surface_payload, unpack
from lr_explorer.outcome import Outcome
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.start import Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES
from tests.contracts.test_surfaces import FORMULAS

CLOSED = [name for name in SURFACES if name in FORMULAS]


def box_grid(surface, points):
    return np.stack(np.meshgrid(*(np.linspace(low, high, points) for low, high in surface.bounds)))


def descent(surface, start, lr, steps):
    arm = Arm(schedule=lrx.schedule("constant", peak=lr))
    quiet = Scenario().noise.with_values(sigma=0.0)
    return lrx.simulate(Scenario(surface=surface, start=Point(*start), noise=quiet, arms=(arm,), steps=steps))


# P01: a slip of the pen that a value at the minimum does not show


def test_p01_beale_has_its_published_value_slope_and_highest_value():
    beale = SURFACES["beale"]()
    assert beale.value(np.array([3, 0.5])) == 0
    assert beale.gradient(np.array([3, 0.5])).tolist() == [0, 0]
    loss = beale.value(box_grid(beale, 181))
    assert loss.max() == pytest.approx(181853.6, abs=0.05)
    # The slip in the case keeps the zero, and has values of −37.68.
    assert loss.min() >= 0


def test_p01_the_slip_itself_is_noticed_when_it_is_typed():
    # Two stars became one: 2 is a factor.
    slip = SURFACES.create("formula", expression="(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)*2", width=9.0, height=9.0)
    point = np.array([3.0, 0.5])
    assert slip.value(point) == 0
    assert slip.gradient(point).tolist() == [-1.75, 4.5]
    assert slip.minima[0].value == pytest.approx(-37.68, abs=0.005)


@pytest.mark.parametrize("name", SURFACES)
def test_p01_no_surface_is_anywhere_in_its_box_below_its_least_minimum_and_each_minimum_is_stationary(name):
    surface = SURFACES[name]()
    if not surface.minima:
        return
    assert np.nanmin(surface.value(box_grid(surface, 301))) >= surface.minima[0].value - 1e-9
    for minimum in surface.minima:
        if minimum.interior:
            point = np.array(minimum.point)
            assert np.abs(surface.gradient(point)).max() <= 1e-10 * (1 + np.abs(surface.hessian(point)).max())


# P02: a slip that only values away from the minimum show; values from 3 to a million


def test_p02_goldstein_price_has_its_published_values_at_all_four_minima():
    surface = SURFACES["goldstein_price"]()
    points = np.array([[0, -1], [-0.6, -0.4], [1.8, 0.2], [1.2, 0.8]]).T
    np.testing.assert_allclose(surface.value(points), [3, 30, 84, 840], rtol=1e-12)
    assert [minimum.value for minimum in surface.minima] == [3, 30, 84, 840]
    np.testing.assert_allclose(surface.gradient(points), 0, atol=1e-9)
    assert surface.value(box_grid(surface, 401)).max() == pytest.approx(1015685, abs=5)


def test_p02_a_start_near_the_global_minimum_may_end_in_a_local_one():
    surface = SURFACES["goldstein_price"]()
    # The case's method and start.
    end = minimize(surface.value, [0.2, -0.17], method="Nelder-Mead").x
    np.testing.assert_allclose(end, [-0.6, -0.4], atol=1e-4)
    run = descent(surface, (-0.45, -0.35), 1e-4, 2000)
    assert run.arms[0].outcome.tolist() == [Outcome.SETTLED]
    assert "a local minimum (−0.6, −0.4)" in what_happened(run)[0]


@pytest.mark.parametrize("name", CLOSED)
def test_p02_values_away_from_the_minima_are_those_of_the_formula(name):
    """At a few plain numbers, by sympy, so that a lost sign or power shows that every minimum hides."""
    surface = SURFACES[name]()
    x, y = sympy.symbols("x y", real=True)
    values = {key: sympy.nsimplify(getattr(surface, key)) for key in surface.params() if isinstance(getattr(surface, key), int | float)}
    loss = sympy.sympify(FORMULAS[name], locals={"x": x, "y": y} | values)
    for at in ((0.25, -0.75), (-1.5, 0.5), (1.75, 1.25)):
        expected = float(loss.subs({x: sympy.Rational(at[0]), y: sympy.Rational(at[1])}).evalf(30))
        assert float(surface.value(np.array(at))) == pytest.approx(expected, rel=1e-11, abs=1e-11)


# P04: an overflow must not take the picture with it


def test_p04_a_run_that_overflows_keeps_its_finite_part_and_says_when_it_diverged():
    surface = SURFACES["rosenbrock"]()
    run = descent(surface, (-1.2, 1.0), 0.01, 1000)
    path = run.arms[0].path[:, :, 0]
    np.testing.assert_allclose(path[1:4], [[0.956, 1.88], [4.651109, -0.052128], [-398.858, 43.3178]], rtol=1e-5)
    assert float(surface.value(path[3])) > 1e12
    # |x| passes 1e6 at the fourth step, where the loss is 4e35.
    assert run.arms[0].diverged_at.tolist() == [4]
    assert np.isnan(path[4:]).all()
    assert run.arms[0].outcome.tolist() == [Outcome.DIVERGED]
    assert what_happened(run)[0].startswith("Diverged at step 4:")
    # The axes are the surface's, whatever a run does.
    header, _ = unpack(surface_payload(surface, "key"))
    assert header["bounds"] == [[-2.0, 2.0], [-1.0, 3.0]]


def test_p04_a_fifth_of_that_rate_stays_finite():
    run = descent(SURFACES["rosenbrock"](), (-1.2, 1.0), 0.002, 1000)
    assert run.arms[0].diverged_at.tolist() == [-1]
    np.testing.assert_allclose(run.arms[0].final[:, 0], [0.734, 0.538], atol=5e-4)


@pytest.mark.parametrize("name", SURFACES)
def test_p04_on_every_surface_a_mad_rate_is_a_result_with_a_sentence(name):
    surface = SURFACES[name]()
    # From the middle of the longer slope, so that not every run begins at a stationary point.
    (x0, x1), (y0, y1) = surface.bounds
    run = descent(surface, (x0 + 0.3 * (x1 - x0), y0 + 0.6 * (y1 - y0)), 100.0, 50)
    assert what_happened(run)[0].endswith(".")
    stop = int(run.arms[0].diverged_at[0])
    path = run.arms[0].path[:, :, 0]
    assert np.isfinite(path[: stop if stop >= 0 else None]).all()
    assert stop < 0 or np.isnan(path[stop:]).all()


# P05: levels where values span decades, are zero or negative


@pytest.mark.parametrize(
    ("name", "box", "least", "most"),
    [
        ("rosenbrock", None, 0, 2509),
        ("six_hump_camel", ((-2, 2), (-1, 1)), -1.0316, 5.7333),
        ("plain_saddle", None, -4, 4),
    ],
)
def test_p05_ranges_are_those_of_the_case(name, box, least, most):
    surface = SURFACES[name]()
    loss = surface.value(np.stack(np.meshgrid(*(np.linspace(low, high, 801) for low, high in box or surface.bounds))))
    assert loss.min() == pytest.approx(least, abs=2e-4)
    assert loss.max() == pytest.approx(most, abs=1e-3)


def test_p05_shares_are_those_of_the_case():
    rosenbrock = SURFACES["rosenbrock"]()
    assert (rosenbrock.value(box_grid(rosenbrock, 801)) < 10).mean() == pytest.approx(0.12, abs=0.005)
    camel = SURFACES["six_hump_camel"]().value(np.stack(np.meshgrid(np.linspace(-2, 2, 801), np.linspace(-1, 1, 801))))
    assert (camel <= 0).mean() == pytest.approx(0.199, abs=0.003)


LEVELS = 18  # as the map draws


@pytest.mark.parametrize("name", SURFACES)
def test_p05_every_surface_is_drawn_without_holes_at_true_values_and_with_levels_that_show_it(name):
    surface = SURFACES[name]()
    header, arrays = unpack(surface_payload(surface, "key"))
    height = arrays["height"].astype(float)
    # Zero and negative losses are no hole in a logarithmic picture.
    assert np.isfinite(height).all()
    # The colour bar names true losses: each label, put back through the scale, stands at its height.
    for at, text in zip(header["ticks"]["values"], header["ticks"]["text"], strict=True):
        loss = float(text.replace("−", "-").replace(",", ""))
        shown = math.log10(loss - header["invert"]["offset"]) if header["invert"]["log"] else loss
        # A label of three digits may be off by half of its last one.
        slack = 5e-3 * abs(loss) / (max(loss - header["invert"]["offset"], 1e-300) * math.log(10)) if header["invert"]["log"] else 5e-3 * abs(loss)
        assert shown == pytest.approx(at, abs=slack + 1e-6)
    # Between most pairs of neighbouring levels there is something of the surface: no flat sheet with one crowded corner.
    low, high = header["range"]
    shares = np.histogram(height, bins=LEVELS, range=(low, high))[0] / height.size
    if name not in ("easom",):  # a needle in a plain is just that
        assert shares.max() < 0.65
        assert (shares > 1e-4).sum() >= LEVELS // 2


def test_p05_log_and_linear_scales_go_where_they_belong():
    scales = {name: unpack(surface_payload(SURFACES[name](), "key"))[0]["invert"]["log"] for name in SURFACES}
    assert all(scales[name] for name in ("rosenbrock", "goldstein_price", "beale", "dixon_price"))
    assert not any(scales[name] for name in ("plain_saddle", "eggholder", "easom", "rastrigin", "ackley"))


# P07: what a typed formula means


def typed(text, x=3.0, y=2.0):
    return float(SURFACES.create("formula", expression=text).value(np.array([x, y])))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("-x^2", -9), ("2x^2", 18), ("x(x+1)", 12), ("x*x-4x", -3), ("2^3^2 + 0x", 512), ("3^2 + 0x", 9), ("(-x)^2", 9), ("2 - -x", 5),
        ("−x^2", -9),
        ("x^-1", 1 / 3), ("x y", 6), ("2x y", 12), ("x^2y", 18), ("(1/2)x", 1.5), ("sin(x)^2 + cos(x)^2", 1), ("x**2", 9), ("1/2*x", 1.5),
        ("x/2/3", 0.5),
    ],
)  # fmt: skip
def test_p07_a_formula_means_what_a_person_expects(text, right):
    assert typed(text) == pytest.approx(right, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sin^2 x", "sin needs brackets: sin(…)"),
        ("sin x", "sin needs brackets: sin(…)"),
        ("1/2x", "can be read in two ways: write (1/2)*t or 1/(2*t)"),
        ("xy", "unknown name 'xy'; known: x, y"),
        ("x²", "write ^2 for a square"),
        ("|x|", "write abs(…) for an absolute value"),
        ("x = y", "a formula has no equals sign"),
        ("x XOR 2", "unknown name 'XOR'"),
    ],
)
def test_p07_what_could_mean_two_things_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=r".") as refused:
        typed(text)
    assert reason in str(refused.value)


@pytest.mark.parametrize("text", ["-x^2", "2x^2", "x(x+1)", "2^3^2 + x", "x^-2 y", "-(x - y)^2/3"])
def test_p07_the_echo_and_the_link_give_the_same_formula_back(text):
    surface = SURFACES.create("formula", expression=text)
    assert surface.remarks[0].startswith("Read as $f(x, y) = ")
    again = parse(parse(text, ("x", "y")).source, ("x", "y"))
    points = np.random.default_rng(0).uniform(-3, 3, (2, 20))
    np.testing.assert_array_equal(again(x=points[0], y=points[1]), surface.value(points))
    assert Scenario.from_query(Scenario(surface=surface).to_query()).surface == surface


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "x^9^9^9",
        "(" * 10_000 + "x" + ")" * 10_000,
        "x+" * 50_000 + "x",
        "-" * 100_000 + "x",
        "2^" * 60 + "x",
        "exp(" * 40 + "x" + ")" * 40,
    ],
)
def test_p07_explosive_deep_and_long_formulas_are_answered_at_once_with_a_sentence(text):
    began = time.perf_counter()
    with pytest.raises(ValueError, match=r"TypedFormula\.expression must be a formula of x, y: "):
        SURFACES.create("formula", expression=text)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "text", ["__import__('os').system('x')", "x.__class__", "eval(x)", "lambda: x", "[x for x in y]", "f'{x}'", "x if y else x", "x;y"]
)
def test_p07_nothing_that_is_typed_is_ever_run(text):
    with pytest.raises(ValueError, match=r"TypedFormula\.expression must be a formula of x, y: "):
        SURFACES.create("formula", expression=text)
