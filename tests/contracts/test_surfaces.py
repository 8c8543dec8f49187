"""Every registered surface keeps its promises: derivatives, shapes, declared minima, descriptions.

The tests walk the registry, over the default and several other settings of each surface; a new surface is tested by being registered
and by restating its formula in `FORMULAS`.
"""

import math
import zlib
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from scipy.interpolate import make_interp_spline
from scipy.ndimage import minimum_filter
from scipy.optimize import minimize

from lr_explorer.params import Number
from lr_explorer.registry import documentation
from lr_explorer.surfaces import SURFACES
from lr_explorer.surfaces.landscapes import Landscape

# Sums over the iris table in Fisher's paper and in R, in millimetres: 150 petals of length l and width w.
RESIDUAL = "(30233 - 1799**2/150 - (86911 - 5637*1799/150)**2/(258271 - 5637**2/150))/30000"
# How many of the 50 flowers of a species have petals so many millimetres wide.
SETOSAS = {1: 5, 2: 29, 3: 7, 4: 7, 5: 1, 6: 1}
VERSICOLORS = {10: 7, 11: 3, 12: 5, 13: 13, 14: 7, 15: 10, 16: 3, 17: 1, 18: 1}
VIRGINICAS = {14: 1, 15: 2, 16: 1, 17: 1, 18: 11, 19: 5, 20: 6, 21: 6, 22: 3, 23: 8, 24: 3, 25: 3}


def logistic_loss(first, second):
    """Return the loss of the logistic regression that tells two species by standardised width, as a formula of x and y."""
    flowers = [*first.items(), *second.items()]
    mean = Fraction(sum(width * count for width, count in flowers), 100)
    variance = Fraction(sum((width - mean) ** 2 * count for width, count in flowers), 100)
    odds = {width: f"(x*({width} - {mean})/sqrt({variance}) + y)" for width, _ in flowers}
    wrong = [f"{count}*log(1 + exp({sign}{odds[width]}))" for species, sign in ((first, ""), (second, "-")) for width, count in species.items()]
    return f"({' + '.join(wrong)})/100"


# Each loss once more, independent of the code under test, in the names of the surface's parameters.
FORMULAS = {
    "quadratic": "lambda1/2*(x*cos(pi*angle/180) + y*sin(pi*angle/180))**2 + lambda2/2*(y*cos(pi*angle/180) - x*sin(pi*angle/180))**2",
    "quartic": "scale*(x**4 + y**4)/4",
    "power_bowl": "(Abs(x)**power + Abs(y)**power)/power",
    "logcosh": "(log(cosh(k*x)) + log(cosh(k*y)))/k",
    "booth": "(x + 2*y - 7)**2 + (2*x + y - 5)**2",
    "matyas": "26*(x**2 + y**2)/100 - 48*x*y/100",
    "trid": "(x - 1)**2 + (y - 1)**2 - x*y",
    "saddle": "x**2/2 + gamma/4*(y**2 - 1)**2",
    "plateau": "1 - width**2/(width**2 + x**2 + y**2)",
    "plain_saddle": "x**2 - y**2",
    "monkey_saddle": "x**3 - 3*x*y**2",
    "pitchfork": "x**2 - a*y**2/2 + y**4/4",
    "easom": "-cos(x)*cos(y)*exp(-(x - pi)**2 - (y - pi)**2)",
    "flower": "x*sin(y) + y*sin(x) + x**2 + y**2",
    "iris_regression": f"(258271*x**2 + 2*56370*x*y + 15000*y**2 - 2*86911*x - 2*17990*y + 30233)/30000 - (1 - mix**2)*{RESIDUAL}",
    "iris_logistic": logistic_loss(VERSICOLORS, VIRGINICAS),
    "iris_separable": logistic_loss(SETOSAS, VERSICOLORS),
    "product": "(x*y - target)**2/2",
    "squared_product": "(1 - x**2*y**2)**2/2",
    "reddi": "(large - small*(period - 1))/period*x + y**2/2",
    "rastrigin": "2*amplitude + x**2 + y**2 - amplitude*(cos(2*pi*x) + cos(2*pi*y))",
    "ackley": "-20*exp(-sqrt((x**2 + y**2)/2)/5) - exp((cos(2*pi*x) + cos(2*pi*y))/2) + E + 20",
    "griewank": "1 + (x**2 + y**2)/4000 - cos(x)*cos(y/sqrt(2))",
    "levy13": "sin(3*pi*x)**2 + (x - 1)**2*(1 + sin(3*pi*y)**2) + (y - 1)**2*(1 + sin(2*pi*y)**2)",
    "rings": (
        "-sin(10*sqrt(x**2 + y**2) + Rational(1, 100))/(10*sqrt(x**2 + y**2) + Rational(1, 100)) + (10*sqrt(x**2 + y**2) + Rational(1, 100))**2/100"
    ),
    "eggholder": "-(y + 47)*sin(sqrt(abs(x/2 + y + 47))) - x*sin(sqrt(abs(x - y - 47)))",
    "pretraining": "((x - 1 - shift)**2 + y**2)/2",
    # The errors' mean square, and their mean products with the two features.
    "fine_tuning": (
        "((x - 1 - 6*error/25)**2 + (y - 1 - 103*error/400)**2 + error**2*(Rational(80919, 80000) - Rational(6, 25)**2 - Rational(103, 400)**2))/2"
    ),
    "rosenbrock": "(1 - x)**2 + b*(y - x**2)**2",
    "beale": "(3/2 - x + x*y)**2 + (9/4 - x + x*y**2)**2 + (21/8 - x + x*y**3)**2",
    "river": "hill*y**2 + slope*(sqrt(1 + (x - 6)**2) - 1)",
    "endless_river": "hill*y**2 + height*exp(-x/length)",
    "goldstein_price": (
        "(1 + (x + y + 1)**2*(19 - 14*x + 3*x**2 - 14*y + 6*x*y + 3*y**2))*(30 + (2*x - 3*y)**2*(18 - 32*x + 12*x**2 + 48*y - 36*x*y + 27*y**2))"
    ),
    "dixon_price": "(x - 1)**2 + 2*(2*y**2 - x)**2",
    "mccormick": "sin(x + y) + (x - y)**2 - 3*x/2 + 5*y/2 + 1",
    "double_well": "a*(x**2 - 1)**2 + b*x + c*y**2/2",
    "twin_wells": "Piecewise((barrier*(x**2/left**2 - 1)**2, x < 0), (barrier*(x**2/right**2 - 1)**2, True)) + y**2/2",
    "styblinski_tang": "scale*(x**4 - 16*x**2 + tilt*x + y**4 - 16*y**2 + tilt*y)",
    "himmelblau": "scale*((x**2 + y - 11)**2 + (x + y**2 - 7)**2)",
    "six_hump_camel": "(4 - 21*x**2/10 + x**4/3)*x**2 + x*y + 4*(y**2 - 1)*y**2",
    "three_hump_camel": "2*x**2 - 105*x**4/100 + x**6/6 + x*y + y**2",
    "branin": "(y - Rational(51, 10)*x**2/(4*pi**2) + 5*x/pi - 6)**2 + 10*(1 - 1/(8*pi))*cos(x) + 10",
    "two_gaussians": "1*(x**2 + y**2) - left_depth*exp(-((x + 1)**2 + y**2)/left_spread) - right_depth*exp(-((x - 1)**2 + y**2)/right_spread)",
    "narrow_well": (
        "Rational(1, 20)*(x**2 + y**2) - left_depth*exp(-((x + Rational(3, 2))**2 + y**2)/left_spread) - right_depth*exp(-((x - "
        "Rational(6, 5))**2 + y**2)/right_spread)"
    ),
    "sharp_and_flat": (
        "Rational(1, 20)*(x**2 + y**2) - left_depth*exp(-((x + Rational(3, 2))**2 + y**2)/left_spread) - right_depth*exp(-((x - "
        "Rational(3, 2))**2 + y**2)/right_spread)"
    ),
    "formula": "sin(x)*cos(y) + (x**2 + y**2)/10",  # its default
}
# Differentiated to |x|^q/x, which has no value at 0, where finite differences have to do.
NOT_AT_ZERO = {"power_bowl"}
# Exponential functions pass the largest number before a run counts as diverged.
GROWS_WITHOUT_BOUND = {"endless_river"}
# Known on a grid alone.
LANDSCAPES = [name for name, cls in SURFACES.items() if issubclass(cls, Landscape)]


def drawn(param, rng):
    """Return a value from anywhere in the hard range, by decades where the slider moves so."""
    if not isinstance(param, Number):
        return param.default
    if param.scale == "log":
        value = math.exp(rng.uniform(math.log(param.low or param.slider_range[0]), math.log(param.high)))
    else:
        value = rng.uniform(param.low, param.high)
    return round(value) if param.whole else value


def settings(name):
    """Return the surface with its default, lowest, highest and three drawn settings."""
    cls = SURFACES[name]
    # What names a draw of random numbers is in no formula.
    numbers = {key: param for key, param in cls.params().items() if isinstance(param, Number) and key != "draw"}
    if not numbers:
        return [cls()]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    ends = [{key: getattr(param, end) for key, param in numbers.items()} for end in ("low", "high")]
    draws = [{key: drawn(param, rng) for key, param in cls.params().items() if key != "draw"} for _ in range(3)]
    return [cls(**values) for values in ({}, *ends, *draws)]


def random_points(surface, count, seed=0):
    (x0, x1), (y0, y1) = surface.bounds
    return np.random.default_rng(seed).uniform([[x0], [y0]], [[x1], [y1]], (2, count))


def places(surface):
    """Return random points of the box and the declared minima inside it that have derivatives, shape (2, n)."""
    smooth = [minimum.point for minimum in surface.minima if minimum.smooth and minimum.interior]
    return np.concatenate([random_points(surface, 20), np.reshape(smooth, (-1, 2)).T[:, :10]], axis=1)


def central_difference(function, point, step=1e-6):
    """Return the derivatives of `function` along x and y, stacked on a new first axis."""
    shifts = np.array([[step, 0.0], [0.0, step]])[:, :, None]
    return np.stack([(function(point + shift) - function(point - shift)) / (2 * step) for shift in shifts])


def inside(surface, points):
    """Return `points`, shape (2, ...), moved to the nearest point of the box."""
    low, high = np.array(surface.bounds).T.reshape(2, 2, *[1] * (points.ndim - 1))
    return np.clip(points, low, high)


every_surface = pytest.mark.parametrize("name", SURFACES)
every_setting = pytest.mark.parametrize(
    "surface", [pytest.param(surface, id=f"{name}-{number}") for name in SURFACES for number, surface in enumerate(settings(name))]
)


# Derivatives


@every_setting
def test_every_gradient_is_the_derivative_of_the_value(surface):
    point = places(surface)
    expected, value = central_difference(surface.value, point), np.abs(surface.value(point))
    # Rounding of the value, divided by the step, limits the difference quotient.
    assert np.all(np.abs(surface.gradient(point) - expected) <= 1e-5 * np.abs(expected) + 1e-8 * (1 + value))


@every_setting
def test_every_hessian_is_the_derivative_of_the_gradient(surface):
    point = places(surface)
    expected, size = central_difference(surface.gradient, point), np.abs(surface.gradient(point)).max(axis=0)
    assert np.all(np.abs(surface.hessian(point) - expected) <= 1e-5 * np.abs(expected) + 1e-8 * (1 + size))


def test_every_surface_has_an_independent_formula():
    assert set(FORMULAS) == set(SURFACES) - set(LANDSCAPES)


@pytest.mark.parametrize("name", LANDSCAPES)
def test_a_landscape_is_the_tensor_product_of_cubic_splines_through_its_grid(name):
    surface = SURFACES[name]()
    grid = surface.grid
    # Another construction of the same spline: interpolate along y first, then what comes of that along x.
    for x, y in random_points(surface, 8).T:
        for along_x, along_y, found in (
            (0, 0, surface.value),
            (1, 0, lambda at: surface.gradient(at)[0]),
            (0, 1, lambda at: surface.gradient(at)[1]),
            (2, 0, lambda at: surface.hessian(at)[0, 0]),
            (1, 1, lambda at: surface.hessian(at)[0, 1]),
            (0, 2, lambda at: surface.hessian(at)[1, 1]),
        ):
            row = make_interp_spline(grid.y, grid.loss, k=3)(y, nu=along_y)
            assert found(np.array([x, y])) == pytest.approx(float(make_interp_spline(grid.x, row, k=3)(x, nu=along_x)), rel=1e-9, abs=1e-9)
    nodes = np.stack(np.meshgrid(grid.x, grid.y))
    np.testing.assert_allclose(surface.value(nodes), grid.loss, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", LANDSCAPES)
def test_outside_its_grid_a_landscape_has_no_loss_and_no_derivatives(name):
    surface = SURFACES[name]()
    (x0, x1), (y0, y1) = surface.bounds
    outside = np.array([[x0 - 1e-9, x1 + 1e-9, 0.0, 1e9, np.nan], [0.0, 0.0, y1 + 1e-9, 0.0, 0.0]])
    assert np.isnan(surface.value(outside)).all()
    assert np.isnan(surface.gradient(outside)).all()
    assert np.isnan(surface.hessian(outside)).all()
    assert np.isfinite(surface.value(np.array([[x0, x1], [y0, y1]]))).all()


@pytest.mark.parametrize("name", FORMULAS)
def test_value_gradient_and_hessian_agree_with_the_formula(name):
    params = sympy.symbols([key for key, param in SURFACES[name].params().items() if isinstance(param, Number)], real=True)
    x, y = sympy.symbols("x y", real=True)
    loss = sympy.sympify(FORMULAS[name], locals={symbol.name: symbol for symbol in (x, y, *params)})
    slopes = [loss.diff(x), loss.diff(y)]
    # The jump of a slope at a kink is no curvature beside it.
    bends = [slope.diff(axis).replace(sympy.DiracDelta, lambda *_: sympy.Integer(0)) for slope in slopes for axis in (x, y)]
    exact = sympy.lambdify((x, y, *params), [loss, *slopes, *bends], modules="mpmath")
    for surface in settings(name):
        point = random_points(surface, 20) if name in NOT_AT_ZERO else places(surface)
        values = [getattr(surface, symbol.name) for symbol in params]
        with mpmath.workdps(40):  # so that no overflow or cancellation of the plain formula counts
            expected = np.array([[float(entry) for entry in exact(*map(mpmath.mpf, (*at, *values)))] for at in point.T]).T
        found = np.concatenate([surface.value(point)[None], surface.gradient(point), surface.hessian(point).reshape(4, -1)])
        # Double precision, after the cancellation of terms up to about 1e5.
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@every_setting
def test_points_as_far_as_the_limit_of_divergence_have_a_loss_and_derivatives(surface):
    if type(surface).name in LANDSCAPES:
        return
    corners = 1e6 * np.array([[1.0, 1.0, -1.0, -1.0, 1.0, 0.0], [1.0, -1.0, 1.0, -1.0, 0.0, -1.0]])
    with np.errstate(over="ignore"):
        answers = surface.value(corners), surface.gradient(corners), surface.hessian(corners)
    for answer in answers:
        # Past the largest number there is infinity, which ends a run; what is no number at all would not tell where it went.
        assert not np.isnan(answer).any()
        assert np.isfinite(answer).all() or type(surface).name in GROWS_WITHOUT_BOUND


def test_derivatives_at_a_cone_tip_are_finite_and_its_slope_is_kept_beside_it():
    ackley = SURFACES["ackley"]()
    tip = np.zeros(2)
    assert ackley.value(tip) == 0.0
    assert ackley.gradient(tip).tolist() == [0.0, 0.0]
    np.testing.assert_allclose(ackley.hessian(tip), 2 * math.pi**2 * math.e * np.eye(2))
    for tiny in (1e-9, 1e-200):
        # 20 · 0.2/√2 is the slope of the cone.
        np.testing.assert_allclose(ackley.gradient(np.array([tiny, 0.0])), [4 / math.sqrt(2), 0.0], rtol=1e-6)
        assert np.isfinite(ackley.hessian(np.array([tiny, 0.0]))).all()


def test_at_a_cusp_the_part_that_has_it_is_given_the_mean_slope_of_both_sides():
    eggholder = SURFACES["eggholder"]()
    # x/2 + y + 47 = 0 here; what is left is the slope of −x sin √|x − y − 47|, by hand.
    x, y = 100.0, -97.0
    root = math.sqrt(x - y - 47)
    slope = x * math.cos(root) / (2 * root)
    np.testing.assert_allclose(eggholder.gradient(np.array([x, y])), [-math.sin(root) - slope, slope], rtol=1e-13)
    assert np.isfinite(eggholder.hessian(np.array([x, y]))).all()
    # x − y − 47 = 0 here; beside the cusp the slopes of both sides are opposite and large.
    on = np.array([100.0, 53.0])
    left, right = (eggholder.gradient(on + np.array([side, 0.0]))[0] for side in (-1e-6, 1e-6))
    assert left > 1e4
    assert right < -1e4
    assert eggholder.gradient(on)[0] == pytest.approx((left + right) / 2, abs=1e-2)  # what the two sides differ by, besides the cusp


# Shapes


@every_setting
@pytest.mark.parametrize("shape", [(2,), (2, 3, 4)])
def test_every_shape_agrees_with_point_by_point(surface, shape):
    point = random_points(surface, math.prod(shape) // 2, seed=1).reshape(shape)
    value, gradient, hessian = surface.value(point), surface.gradient(point), surface.hessian(point)
    assert np.shape(value) == shape[1:]
    assert gradient.shape == shape
    assert hessian.shape == (2, *shape)
    assert value.dtype == gradient.dtype == hessian.dtype == np.float64
    for where in np.ndindex(shape[1:]):
        at = (..., *where)
        np.testing.assert_allclose(value[at], surface.value(point[at]), rtol=1e-13)
        np.testing.assert_allclose(gradient[at], surface.gradient(point[at]), rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(hessian[at], surface.hessian(point[at]), rtol=1e-13, atol=1e-13)


@every_surface
def test_answers_are_new_arrays_and_the_point_is_left_alone(name):
    surface = SURFACES[name]()
    point = random_points(surface, 3)
    before = point.copy()
    first, second = surface.gradient(point), surface.gradient(point)
    surface.value(point)
    hessian = surface.hessian(point)
    assert not np.shares_memory(first, point)
    assert not np.shares_memory(first, second)
    assert not np.shares_memory(hessian, surface.hessian(point))
    np.testing.assert_array_equal(point, before)


@every_setting
def test_every_hessian_is_symmetric(surface):
    hessian = surface.hessian(random_points(surface, 50))
    np.testing.assert_array_equal(hessian, hessian.swapaxes(0, 1))


@every_surface
@pytest.mark.parametrize("kind", [tuple, list, np.array])
def test_whole_numbers_and_lists_are_points_too(name, kind):
    surface, point = SURFACES[name](), np.array([1.0, -1.0])
    assert surface.value(kind([1, -1])) == surface.value(point)
    np.testing.assert_array_equal(surface.gradient(kind([1, -1])), surface.gradient(point))
    np.testing.assert_array_equal(surface.hessian(kind([1, -1])), surface.hessian(point))


# Declared minima


@every_setting
def test_declared_minima_lie_in_the_box_with_their_value_the_lowest_first(surface):
    for minimum in surface.minima:
        assert [type(number) for number in (*minimum.point, minimum.value)] == [float] * 3
        on_the_edge = [at in side for at, side in zip(minimum.point, surface.bounds, strict=True)]
        assert minimum.interior == (not any(on_the_edge))
        assert all(low <= at <= high for at, (low, high) in zip(minimum.point, surface.bounds, strict=True))
        assert minimum.value == pytest.approx(float(surface.value(np.array(minimum.point))), rel=1e-14, abs=1e-14)
    values = [minimum.value for minimum in surface.minima]
    assert values == sorted(values)
    assert len(set(surface.minima)) == len(values)


@every_surface
def test_default_settings_declare_a_minimum_or_say_what_else_there_is(name):
    assert SURFACES[name]().minima or SURFACES[name].undeclared


@every_setting
def test_declared_minima_are_stationary_and_curve_upwards(surface):
    for minimum in surface.minima:
        point = np.array(minimum.point)
        gradient, hessian = surface.gradient(point), surface.hessian(point)
        # A point given to full double precision leaves a gradient of a few roundings of point × curvature.
        roundings = 4e-15 * (np.abs(hessian).max() * (1 + np.abs(point).max()) + 1)
        reached = inside(surface, point - gradient) - point if not minimum.interior else gradient
        assert np.abs(reached).max() <= roundings
        if minimum.interior:
            assert np.linalg.eigvalsh(hessian)[0] >= -1e-15 * np.abs(hessian).max()


@every_setting
def test_declared_minima_are_lower_than_their_surroundings(surface):
    if not surface.minima:
        return
    centres = np.array([minimum.point for minimum in surface.minima]).T[:, :, None]
    values = np.array([minimum.value for minimum in surface.minima])[:, None]
    angle = np.linspace(0.0, 2 * math.pi, 64, endpoint=False)
    for radius in (1e-3, 1e-5):
        ring = radius * np.array([np.cos(angle), np.sin(angle)])[:, None, :]
        assert np.all(surface.value(inside(surface, centres + ring)) >= values - 1e-14 * (1 + np.abs(values)))


@pytest.mark.slow
@every_setting
def test_a_search_of_the_box_finds_the_declared_minima_and_no_others(surface):
    # A search of its own promises to find all of them where they are some cells of its grid apart, not in any box.
    if not surface.minima or (surface.is_searched and surface != type(surface)()):
        return
    axes = [np.linspace(low, high, 401) for low, high in surface.bounds]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"))
    loss = surface.value(grid)
    assert loss.min() >= surface.minima[0].value - 1e-9
    rng = np.random.default_rng(0)
    dips = rng.permutation(grid[:, loss == minimum_filter(loss, size=3)], axis=1)[:, :20]
    declared = np.array([minimum.point for minimum in surface.minima])
    found = set()
    for start in np.concatenate([dips, random_points(surface, 10)], axis=1).T:
        end = descended(surface, start)
        distance = np.linalg.norm(declared - end, axis=1)
        if surface.undeclared and distance.min() >= 2e-3:
            assert surface.value(end) >= surface.minima[0].value
            continue
        assert distance.min() < 2e-3, f"undeclared minimum near {end} with value {surface.value(end)}"
        assert surface.value(end) >= surface.minima[0].value - 1e-9
        found.add(int(distance.argmin()))
    assert len(found) >= min(len(declared), 20) or surface.undeclared


def descended(surface, start):
    """Return where L-BFGS-B ends, improved by Newton steps as long as they descend; from a saddle on it goes down the side."""
    search = {"method": "L-BFGS-B", "bounds": surface.bounds, "options": {"ftol": 1e-15, "gtol": 1e-11}}
    point = start
    for _ in range(2):  # a second search forgets the curvature that stalled the first
        point = minimize(surface.value, point, jac=surface.gradient, **search).x
    if any(at in side for at, side in zip(point, surface.bounds, strict=True)):
        return point  # held by the edge, which Newton's method does not know
    for _ in range(20):
        step = np.linalg.pinv(surface.hessian(point), hermitian=True) @ surface.gradient(point)
        candidate = inside(surface, point - step)
        if not surface.value(candidate) < surface.value(point):
            break
        point = candidate
    curvature, axes = np.linalg.eigh(surface.hessian(point))
    # On a plain the curvature is rounding, or less.
    if curvature[0] < -1e-9 and np.abs(surface.gradient(point)).max() < 1e-6:
        return descended(surface, inside(surface, point + 1e-3 * surface.diagonal * axes[:, 0]))
    return point


# Single surfaces


def test_beale_is_as_steep_as_published():
    beale = SURFACES["beale"]()
    axis = np.linspace(-4.5, 4.5, 181)
    loss = beale.value(np.stack(np.meshgrid(axis, axis)))
    # A power lost in the formula keeps the minimum at (3, 0.5), but not these.
    assert loss.max() == pytest.approx(181853.6, abs=0.1)
    assert loss.min() >= 0.0


def test_ripples_of_height_ten_make_121_minima_and_none_leave_the_bowl():
    assert len(SURFACES["rastrigin"]().minima) == 121
    assert len(SURFACES["rastrigin"](amplitude=0.0).minima) == 1
    # On both sides of A = 1/(2π²), where the curvature first changes sign.
    assert len(SURFACES["rastrigin"](amplitude=0.05).minima) == len(SURFACES["rastrigin"](amplitude=0.06).minima) == 1


def test_a_double_well_keeps_one_minimum_when_the_tilt_fills_the_other():
    double_well = SURFACES["double_well"]
    assert [round(minimum.point[0], 3) for minimum in double_well().minima] == [-1.036, 0.960]
    assert len(double_well(b=0.0).minima) == 2
    # The wells merge at b = 8/√27 · a.
    assert len(double_well(b=1.539).minima) == 2
    assert len(double_well(b=1.540).minima) == 1
    assert double_well(b=1.540).saddle is None


@pytest.mark.parametrize("tilt", [-1.5, -0.3, 0.0, 0.3, 1.5])
def test_the_saddle_between_two_wells_is_stationary_and_curves_down_along_x(tilt):
    surface = SURFACES["double_well"](b=tilt)
    saddle = np.array(surface.saddle)
    np.testing.assert_allclose(surface.gradient(saddle), 0.0, atol=1e-14)
    assert surface.hessian(saddle)[0, 0] < 0 < surface.hessian(saddle)[1, 1]
    assert surface.value(saddle) > surface.minima[-1].value


def test_twin_wells_differ_sixteenfold_in_curvature_and_not_in_depth():
    twin_wells = SURFACES["twin_wells"]()
    curvatures = [float(twin_wells.hessian(np.array(minimum.point))[0, 0]) for minimum in twin_wells.minima]
    assert curvatures == [16.0, 1.0]
    assert twin_wells.minima[0].value == twin_wells.minima[1].value == 0.0
    assert twin_wells.value(np.zeros(2)) == 0.5


# Descriptions


@every_surface
def test_every_surface_is_described(name):
    cls = SURFACES[name]
    assert cls.name == name
    for text in (cls.label, cls.family, cls.teaches, cls.formula, cls.source):
        assert text
    assert cls.source.endswith(".")
    # Without a docstring of its own a dataclass documents itself as its signature.
    assert documentation(cls).endswith(".")
    assert not documentation(cls).startswith(f"{cls.__name__}(")


@every_surface
def test_every_parameter_has_a_label_and_a_help_and_stands_in_the_formula(name):
    for param in SURFACES[name].params().values():
        assert param.label
        assert param.help.endswith(".")
        if isinstance(param, Number):
            # What has no symbol changes the picture alone.
            assert param.symbol in SURFACES[name].formula
            assert param.low <= param.slider_range[0] <= param.default <= param.slider_range[1] <= param.high


@every_setting
def test_every_start_lies_in_the_box(surface):
    assert all(low < at < high for at, (low, high) in zip(surface.start, surface.bounds, strict=True))


def test_no_label_is_used_twice():
    labels = [cls.label for cls in SURFACES.values()]
    assert len(set(labels)) == len(labels)
