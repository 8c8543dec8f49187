"""Schedules are their formulas, written once more as plain loops."""

import math
from itertools import pairwise, product

import numpy as np
import pytest

from lr_explorer.schedules import SCHEDULES

# Two orders of operations in double precision; 1e-15 of the peak where a cosine ends near zero.
CLOSE = {"rtol": 1e-13, "atol": 1e-15}


def half_wave(share):
    return math.cos(math.pi * share / 2) ** 2


def eased(share, anneal_strategy):
    return share if anneal_strategy == "linear" else 1 - half_wave(share)


def multistep(t, total, milestones, gamma, change="at"):
    factor = 1.0
    for milestone in milestones:
        if t > milestone or (t == milestone and change == "at"):
            factor *= gamma
    return factor


def piecewise(t, total, boundaries, factors, change="at"):
    rate = factors[0]
    for boundary, factor in zip(boundaries, factors[1:], strict=False):
        if t > boundary or (t == boundary and change == "at"):
            rate = factor
    return rate


def cosine(t, total, t_max=0, past_end="rise", exponent=1.0, num_cycles=0.5):
    share = t / (t_max or total)
    if past_end == "hold" and share > 1:
        share = 1.0
    return half_wave(2 * num_cycles * share) ** exponent


def polynomial(t, total, power, decay_steps=0, cycle=False):
    length = decay_steps or total
    ends = length
    while cycle and ends < t:
        ends += length
    return math.pow(max(ends - t, 0) / ends, power)


def flat_then(fall):
    return lambda t, total, flat: 1.0 if t <= flat * total else fall((t - flat * total) / (total - flat * total))


def slanted_triangular(t, total, cut, ratio):
    top = math.floor(cut * total)
    lowest = 1 / ratio
    return lowest + (1 - lowest) * (t / top if t < top else (total - t) / (total - top) if total > top else 1)


def wsd(t, total, decay, decay_shape, decay_ratio=0.1, stable="constant", timescale=10_000, exponent=0.5):
    level = {"constant": 1.0, "inverse_sqrt": math.sqrt(timescale / (timescale + t)), "power": (timescale / (timescale + t)) ** exponent}[stable]
    falling = round(decay * total)
    begins = total - falling
    if t < begins:
        return level
    share = (t - begins) / falling
    fall = {
        "linear": 1 - share,
        "cosine": half_wave(share),
        "exponential": (decay_ratio**share - decay_ratio) / (1 - decay_ratio),
        "one_minus_sqrt": 1 - math.sqrt(share),
        "one_minus_square": (1 - share) * (1 + share),
    }
    return level * fall[decay_shape]


def one_cycle(t, total, pct_start, div_factor, final_div_factor, anneal_strategy, three_phase=False, convention="torch", pct_final=0.85):
    low = 1 / div_factor
    if convention == "torch":
        top = pct_start * total - 1
        corners = [(0, low), (top, 1), *([(2 * top, low)] if three_phase else []), (total - 1, low / final_div_factor)]
    elif convention == "fastai":
        top = pct_start * total
        corners = [(0, low), (top, 1), *([(2 * top, low)] if three_phase else []), (total, 1 / final_div_factor)]
    else:
        if total == 1 and anneal_strategy == "linear":
            return low**2  # see the last test of this file
        back = [(int(pct_final * total), low)] if anneal_strategy == "linear" else []
        corners = [(0, low), (int(pct_start * total), 1), *back, (total, low / final_div_factor)]
    for (left, start), (right, stop) in pairwise(corners):
        if t <= right and right > left:
            return start + (stop - start) * eased((t - left) / (right - left), anneal_strategy)
    return corners[-1][1]


def swalr(t, total, swa_start, swa_rate, anneal_steps, anneal_strategy):
    """As PyTorch's scheduler has it: each rate from the one before, which is first taken back to where the move began."""
    rate = 1.0
    for step in range(t - round(swa_start * total) + 1):
        before, now = (eased(min(1, max(0, at / max(1, anneal_steps))), anneal_strategy) for at in (step - 1, step or (0 if anneal_steps else 1)))
        origin = rate if before == 1 else (rate - before * swa_rate) / (1 - before)
        rate = swa_rate * now + origin * (1 - now)
    return rate


def restarts(t, total, t_0=100, t_mult=1, cycle_decay=1.0, cycle_limit=0, num_cycles=0):
    length, since, cycle = (total / num_cycles, t, 0) if num_cycles else (t_0, t, 0)
    while since >= length:
        since -= length
        length *= 1 if num_cycles else t_mult
        cycle += 1
    return 0.0 if cycle_limit and cycle >= cycle_limit else cycle_decay**cycle * half_wave(since / length)


def cyclic(t, total, base, step_size_up, step_size_down=0, mode="triangular", gamma=0.999):
    cycle, since = divmod(t, step_size_up + (step_size_down or step_size_up))
    height = since / step_size_up if since <= step_size_up else 1 - (since - step_size_up) / (step_size_down or step_size_up)
    return base + (1 - base) * height * {"triangular": 1, "triangular2": 0.5**cycle, "exp_range": gamma**t}[mode]


def paper_order(total):
    """The fractal order of the paper, from 1: 1; 1 2; 1 4 2 3; …, without what is past `total`."""
    order = [1]
    while len(order) < total:
        order = [place for one in order for place in (one, 2 * len(order) + 1 - one)]
    return [place for place in order if place <= total]


def chebyshev(t, total, lowest, fractal):
    place = paper_order(total)[t] if fractal else t + 1
    curvature = (1 + lowest) / 2 - (1 - lowest) / 2 * math.cos(math.pi * (place - 0.5) / total)
    return lowest / curvature


def drawn(t, total, points, interpolation):
    share = t / total
    before = [point for point in points if point[0] <= share] or [points[0]]
    after = [point for point in points if point[0] > share] or [points[-1]]
    (x0, y0), (x1, y1) = before[-1], after[0]
    if interpolation == "step" or x1 <= x0 or share < x0:
        return y0
    return y0 + (y1 - y0) * (share - x0) / (x1 - x0)


def staged(t, total, switch1, switch2=10_000, **parts):
    """A constant of 0.5, then a linear fall, then a constant of 0.1."""
    if t < switch1:
        return 0.5
    ends = min(max(switch1, switch2), total)
    return 1 - (t - switch1) / (ends - switch1) if t < ends else 0.1


def range_test(t, total, lowest, rise="exponential"):
    """A ladder with both ends on it: rung by rung from the lowest rate, or all at once."""
    if total == 1:
        return 1.0
    if rise == "linear":
        return (lowest * (total - 1 - t) + t) / (total - 1)
    return lowest * math.pow(1 / lowest, t / (total - 1))


def forked(t, total, trunk, fork, branch):
    """A trunk that falls linearly from one half."""
    at = 0.5 * (total - min(t, fork)) / total
    if t < fork or branch == "constant":
        return at
    return (0.5 if branch == "restart" else at) * (total - t) / (total - fork)


FORMULAS = {
    "constant": lambda t, total: 1.0,
    "step": lambda t, total, step_size, gamma: math.prod([gamma] * (t // step_size)),
    "multistep": multistep,
    "piecewise": piecewise,
    "exponential": lambda t, total, gamma, decay_steps=1, staircase=False: math.pow(gamma, t // decay_steps if staircase else t / decay_steps),
    "inverse_time": lambda t, total, decay_rate, decay_steps=1, staircase=False: (
        decay_steps / (decay_steps + decay_rate * (t - t % decay_steps if staircase else t))
    ),
    "inverse_sqrt": lambda t, total, timescale: math.sqrt(timescale / (timescale + t)),
    "noam": lambda t, total, model_dim: 1 / math.sqrt(model_dim) / math.sqrt(t or 1),
    "linear": lambda t, total: (total - t) / total,
    "cosine": cosine,
    "polynomial": polynomial,
    "k_decay": lambda t, total, k: half_wave(math.pow(t / total, k)),
    "rex": lambda t, total: (1 - t / total) / (0.5 + 0.5 * (1 - t / total)),
    "tanh": lambda t, total, lb, ub: 1 / (1 + math.exp(2 * (lb + (ub - lb) * t / total))),
    "wsd": wsd,
    "flat_cosine": flat_then(half_wave),
    "knee": flat_then(lambda share: 1 - share),
    "slanted_triangular": slanted_triangular,
    "one_cycle": one_cycle,
    "swalr": swalr,
    "cosine_restarts": restarts,
    "cyclic": cyclic,
    "chebyshev": chebyshev,
    "sequential": staged,
    "chained": lambda t, total, **parts: (total - t) / total * 0.9**t,
    "forked": forked,
    "lambda": lambda t, total, expression: 0.5 * (1 + math.cos(math.pi * t / total)) / math.sqrt(t + 1),
    "drawn": drawn,
    "range_test": range_test,
}

STAGES = {
    "first": SCHEDULES.create("constant", peak=0.5), "second": SCHEDULES.create("linear", peak=1.0), "third": SCHEDULES.create("constant", peak=0.1)
}  # fmt: skip
RAMPS = ("linear", "cosine", "exponential", "one_minus_sqrt", "one_minus_square")
CURVE = ((0.1, 0.2), (0.4, 1.0), (0.5, 0.3), (0.9, 0.0))
CYCLE = {"pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4}


def settings(name, **options):
    """Return every combination of the options, each a list."""
    return [(name, dict(zip(options, values, strict=True))) for values in product(*options.values())]


SETTINGS = [
    ("constant", {}),
    ("step", {"step_size": 7, "gamma": 0.3}),
    ("step", {"step_size": 1, "gamma": 0.0}),
    *settings("multistep", milestones=[(0,), (3, 20), (2, 2, 60), (100,)], gamma=[0.3], change=["at", "after"]),
    *settings("piecewise", boundaries=[(3, 20), (0, 1)], factors=[(0.2, 1.0, 0.5), (1.0,), (0.3, 0.1, 0.7, 0.9)], change=["at", "after"]),
    *settings("exponential", gamma=[0.93, 0.0], decay_steps=[1, 8], staircase=[False, True]),
    *settings("inverse_time", decay_rate=[0.3], decay_steps=[1, 8], staircase=[False, True]),
    *settings("inverse_sqrt", timescale=[1, 40]),
    ("noam", {"model_dim": 64}),
    ("linear", {}),
    ("cosine", {}),
    *settings("cosine", t_max=[1, 20, 200], past_end=["rise", "hold"], exponent=[1.0, 2.5]),
    *settings("cosine", num_cycles=[0.0, 0.5, 1.75], past_end=["rise", "hold"]),
    *settings("polynomial", power=[0.0, 1.0, 2.5], decay_steps=[0, 7], cycle=[False, True]),
    *settings("k_decay", k=[0.5, 1.0, 3.0]),
    ("rex", {}),
    *settings("tanh", lb=[-7.0, -1.0], ub=[3.0, 0.5]),
    *settings("wsd", decay=[0.0, 0.2, 1.0], decay_shape=RAMPS),
    *settings("wsd", decay=[0.3], decay_shape=["exponential"], decay_ratio=[0.5, 0.01]),
    *settings("wsd", decay=[0.3], decay_shape=["linear"], stable=["inverse_sqrt", "power"], timescale=[10], exponent=[1.5]),
    *settings("flat_cosine", flat=[0.0, 0.75, 1.0]),
    *settings("knee", flat=[0.0, 0.5, 1.0]),
    *settings("slanted_triangular", cut=[0.0, 0.1, 1.0], ratio=[1.0, 32.0]),
    *(
        ("one_cycle", CYCLE | {"anneal_strategy": curve, "three_phase": three, "convention": convention})
        for curve, three, convention in product(("cos", "linear"), (False, True), ("torch", "optax", "fastai"))
    ),
    *settings("swalr", swa_start=[0.0, 0.75, 1.0], swa_rate=[0.05], anneal_steps=[0, 1, 10], anneal_strategy=["cos", "linear"]),
    *settings("cosine_restarts", t_0=[5, 3], t_mult=[1, 3], cycle_decay=[1.0, 0.5], cycle_limit=[0, 2]),
    # Cycles of a whole number of updates: at others Transformers' own rounding decides which of two cycles an update belongs to.
    *settings("cosine_restarts", num_cycles=[1, 61], cycle_decay=[0.9]),
    *settings("cyclic", base=[0.0, 0.25], step_size_up=[1, 4], step_size_down=[0, 7], mode=["triangular", "triangular2", "exp_range"], gamma=[0.9]),
    *settings("chebyshev", lowest=[0.05, 1.0], fractal=[True, False]),
    *settings("sequential", switch1=[0, 1, 10, 100], **{name: [schedule] for name, schedule in STAGES.items()}, switch2=[0, 2, 30, 300]),
    ("chained", {"first": SCHEDULES.create("linear"), "second": SCHEDULES.create("exponential", gamma=0.9)}),
    *settings("forked", trunk=[SCHEDULES.create("linear", peak=0.5)], fork=[0, 1, 20, 300], branch=["constant", "decay", "restart"]),
    ("lambda", {"expression": "0.5(1 + cos(pi t/T)) / sqrt(t + 1)"}),
    *settings("range_test", lowest=[1e-3, 1.0], rise=["exponential", "linear"]),
    *settings("drawn", points=[CURVE, ((0.0, 1.0), (1.0, 0.0))], interpolation=["linear", "step"]),
]
# Whose shape depends on the warm-up itself, or has a share of the whole run.
OWN_WARMUP = ("wsd", "noam")


def test_every_schedule_has_an_independent_formula():
    assert set(FORMULAS) == set(SCHEDULES) == {name for name, _ in SETTINGS}


@pytest.mark.parametrize(("name", "values"), SETTINGS)
def test_rates_are_those_of_the_formula(name, values):
    for steps in (1, 2, 3, 61):
        expected = [0.4 * FORMULAS[name](t, steps, **values) for t in range(steps)]
        np.testing.assert_allclose(SCHEDULES.create(name, peak=0.4, **values).values(steps), expected, **CLOSE)


@pytest.mark.parametrize(("name", "values"), [setting for setting in SETTINGS if setting[0] not in OWN_WARMUP])
def test_after_warm_up_the_shape_runs_over_what_is_left(name, values):
    for warmup in (1, 9, 60):
        rates = SCHEDULES.create(name, peak=0.4, warmup=warmup, warmup_start=0.1, **values).values(61)
        shape = [FORMULAS[name](t, 61 - warmup, **values) for t in range(61 - warmup)]
        rise = [shape[0] * (0.1 + 0.9 * t / warmup) for t in range(warmup)]
        np.testing.assert_allclose(rates, 0.4 * np.array([*rise, *shape]), **CLOSE)


# As PyTorch's eta_min; the others are cut off as by Optax's end_value, where PyTorch has none.
SQUEEZED = ("linear", "cosine", "polynomial", "k_decay", "rex", "tanh", "flat_cosine", "knee", "cosine_restarts")


@pytest.mark.parametrize(("name", "values"), [setting for setting in SETTINGS if setting[1].get("stable", "constant") == "constant"])
def test_a_floor_squeezes_the_annealing_curves_and_cuts_off_the_others(name, values):
    shape = np.array([FORMULAS[name](t, 61, **values) for t in range(61)])
    expected = 0.1 + 0.9 * shape if name in (*SQUEEZED, "wsd") else np.maximum(shape, 0.1)
    np.testing.assert_allclose(SCHEDULES.create(name, peak=0.4, floor=0.1, **values).values(61), 0.4 * expected, **CLOSE)


def test_a_wsd_whose_stable_phase_falls_goes_from_there_to_the_floor():
    """timm: lr_min + (max(lr · stable, lr_min) − lr_min) · decay."""
    rates = SCHEDULES.create("wsd", peak=0.4, floor=0.1, decay=0.5, stable="inverse_sqrt", timescale=1).values(300)
    expected = []
    for t in range(300):
        stable = max(0.4 / math.sqrt(1 + t), 0.04)
        expected.append(0.04 + (stable - 0.04) * (1 if t < 150 else 1 - (t - 150) / 150))
    np.testing.assert_allclose(rates, expected, **CLOSE)
    assert rates[100:] == pytest.approx(0.04, rel=1e-15)


def test_the_decay_share_of_wsd_is_of_the_whole_run_with_warm_up():
    rates = SCHEDULES.create("wsd", peak=1.0, warmup=20, decay=0.3).values(100)
    np.testing.assert_array_equal(rates[20:71], 1.0)
    np.testing.assert_allclose(rates[70:], 1 - np.arange(30) / 30, rtol=1e-12)


def test_a_wsd_whose_warm_up_leaves_less_than_its_decay_falls_at_once():
    rates = SCHEDULES.create("wsd", peak=1.0, warmup=90, decay=0.5).values(100)
    np.testing.assert_allclose(rates[90:], 1 - np.arange(10) / 10, rtol=1e-12)


@pytest.mark.parametrize("rotation", ["step", "exponential"])
def test_a_factor_of_zero_leaves_one_drop(rotation):
    values = {"step_size": 2} if rotation == "step" else {}
    rates = SCHEDULES.create(rotation, peak=1.0, gamma=0.0, **values).values(4)
    assert rates.tolist() == ([1.0, 1.0, 0.0, 0.0] if rotation == "step" else [1.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("schedule", "warmup", "timescale"), [("inverse_sqrt", 0, 10_000), ("inverse_sqrt", 25, 25), ("wsd", 0, 10_000), ("wsd", 25, 25)]
)
def test_a_time_scale_of_zero_is_the_warm_up_or_ten_thousand(schedule, warmup, timescale):
    more = {"stable": "inverse_sqrt", "decay": 0.0} if schedule == "wsd" else {}
    rates = SCHEDULES.create(schedule, peak=1.0, warmup=warmup, **more).values(400)
    np.testing.assert_allclose(rates[warmup:], [math.sqrt(timescale / (timescale + t)) for t in range(400 - warmup)], rtol=1e-13)


@pytest.mark.parametrize("warmup", [1, 4, 100])
def test_noam_is_the_papers_formula_with_steps_from_zero(warmup):
    rates = SCHEDULES.create("noam", peak=2.0, warmup=warmup, model_dim=16).values(200)
    expected = [0.0] + [2.0 / 4 * min(step**-0.5, step * warmup**-1.5) for step in range(1, 200)]
    np.testing.assert_allclose(rates, expected, rtol=1e-13)


@pytest.mark.parametrize("total", [1, 2, 5, 8, 30])
@pytest.mark.parametrize("fractal", [True, False])
def test_chebyshev_steps_shrink_every_error_to_what_chebyshevs_polynomial_leaves(total, fractal):
    """Π(1 − η_t λ) over the run is T_T(z)/T_T(z₀), the smallest that any T steps can promise for curvatures from m to 1."""
    lowest = 0.1
    rates = SCHEDULES.create("chebyshev", peak=1 / lowest, lowest=lowest, fractal=fractal).values(total)
    curvatures = np.linspace(lowest, 1, 101)
    left = np.prod(1 - rates[:, None] * curvatures, axis=0)
    polynomial = np.polynomial.chebyshev.Chebyshev.basis(total)
    place = (1 + lowest - 2 * curvatures) / (1 - lowest)
    np.testing.assert_allclose(left, polynomial(place) / polynomial((1 + lowest) / (1 - lowest)), atol=1e-9)


def test_the_fractal_order_is_the_papers():
    assert paper_order(8) == [1, 8, 4, 5, 2, 7, 3, 6]
    rates = SCHEDULES.create("chebyshev", lowest=0.1).values(8)
    assert (np.argsort(np.argsort(-rates)) + 1).tolist() == paper_order(8)


def test_fractal_order_keeps_the_products_along_the_way_small():
    """In order of size the many small steps come last, and until then the large ones have blown up the steep directions."""
    curvatures = np.linspace(0.01, 1, 200)

    def worst(fractal):
        rates = SCHEDULES.create("chebyshev", peak=100.0, lowest=0.01, fractal=fractal).values(64)
        return np.abs(np.cumprod(1 - rates[:, None] * curvatures, axis=0)).max()

    assert worst(True) < 200 < 1e6 < worst(False)


SMOOTH = {"points": CURVE, "interpolation": "smooth"}


def test_a_smooth_drawn_curve_goes_through_its_points_and_turns_only_there():
    rates = SCHEDULES.create("drawn", peak=1.0, **SMOOTH).values(1000)
    assert [rates[round(1000 * x)] for x, _ in CURVE] == pytest.approx([y for _, y in CURVE], abs=1e-12)
    rises = np.sign(np.diff(rates))
    assert (rises[:100] == 0).all()
    assert (rises[101:399] > 0).all()
    assert (rises[401:899] < 0).all()
    assert (rises[900:] == 0).all()


def test_a_smooth_drawn_curve_of_two_points_is_their_line():
    rates = SCHEDULES.create("drawn", peak=1.0, points=((0.0, 1.0), (1.0, 0.2)), interpolation="smooth").values(50)
    np.testing.assert_allclose(rates, 1 - 0.8 * np.arange(50) / 50, rtol=1e-13)


def test_optax_keeps_the_later_of_two_phases_that_end_at_one_update():
    """A run of one update has both ends at 0, and Optax's dictionary of them one entry: the scale back, 1/25 of the first rate."""
    values = CYCLE | {"anneal_strategy": "linear", "convention": "optax"}
    assert SCHEDULES.create("one_cycle", peak=1.0, **values).values(1) == pytest.approx([1 / 625], rel=1e-12)
