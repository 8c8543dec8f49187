"""Losses over the steps beside their exact or approximate expectation, and where on the map of noise and length a run stands."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Map, Picture
from lr_explorer.claims.views.axes import out_of_picture
from lr_explorer.claims.views.seen import drawn, looks, quartiles, runs
from lr_explorer.experiments.ensemble import above_lowest
from lr_explorer.noise import Gaussian
from lr_explorer.noise.minibatch import MiniBatch
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.start import Circle
from lr_explorer.statistics import SMALLEST
from lr_explorer.story import percent, told
from lr_explorer.surfaces.bowls import Quadratic
from lr_explorer.surfaces.data import LeastSquares
from lr_explorer.surfaces.valleys import River
from lr_explorer.theory import batch_losses, expected_losses, normal_losses, squares_at_start, tuned_gain

Array = NDArray[np.float64]

# What a mean over the replicates may fall short of its expectation by chance.
_RARE = 0.5
_SIGMAS = np.geomspace(0.003, 10.0, 15)
_LENGTHS = np.unique(np.geomspace(5, 1000, 15).round().astype(int))


def losses(result: Result) -> Picture:
    """Draw each arm's loss above the lowest over the steps: its mean beside what theory expects, or its median where theory expects nothing."""
    curves, offs = [], []
    is_expected = all(_expected(scenario, arm) is not None for scenario in result.experiment.scenarios for arm in scenario.arms)
    for place, scenario, arm in runs(result):
        steps = looks(scenario.steps)
        excess = np.maximum(above_lowest(scenario.surface, arm.loss[steps]), SMALLEST)
        expected = _expected(scenario, arm.arm)
        if not is_expected or expected is None:
            low, middle, high = quartiles(excess)
            curves.append(Curve(arm.arm.name, steps, middle, place, low=low, high=high))
            continue
        mean = excess.mean(axis=1)
        curves.append(Curve(arm.arm.name, steps, mean, place))
        curves.append(Curve(f"{arm.arm.name}, theory", steps, np.maximum(expected[steps], SMALLEST), place, is_theory=True))
        offs.append(mean[-1] / max(float(expected[-1]), SMALLEST))
    if not offs:
        said = "Lines are medians, and the areas hold the middle half of the replicates."
    else:
        ends = ", ".join(f"{told(off)} for {name}" for off, name in zip(offs, result.experiment.names, strict=True))
        said = f"Full lines are means over the replicates, dashed ones the expected loss. Measured ÷ expected at the end: {ends}."
        if min(offs) < _RARE:
            said += " Where that is far below 1, rare runs that these replicates do not hold carry the expectation."
        if gone := out_of_picture(curves):
            said += f" Too far from what was measured, theory runs out of the picture: {'; '.join(gone)}."
    return Picture("Loss over the steps", "step", "loss above the lowest", said + drawn(result), tuple(curves), log_y=True)


def _expected(scenario: Scenario, arm: Arm) -> Array | None:
    """Return the expected loss of an arm above the lowest, (steps + 1,), None where theory has none."""
    surface, noise, start = scenario.surface, scenario.noise, scenario.start
    rates = arm.rates(scenario.steps)
    if not arm.is_plain or rates is None or arm.batch.name != "constant":
        return None
    centre, radius = (start.x, start.y), start.radius if isinstance(start, Circle) else 0.0
    if isinstance(surface, LeastSquares) and isinstance(noise, MiniBatch) and noise.order != "cycle":
        return batch_losses(surface, rates, noise.size, centre, radius, replace=noise.order == "with")
    if not isinstance(noise, Gaussian) or noise.on_x != 1 or noise.on_y != 1:
        return None
    if isinstance(surface, Quadratic):
        hessian = surface.hessian(np.zeros(2))
        low, high = np.linalg.eigvalsh(hessian)
        return expected_losses((float(low), float(high)), squares_at_start(hessian, centre, radius), rates, noise.sigma)
    return normal_losses(surface, centre, rates, noise.sigma) if isinstance(surface, River) and radius == 0 else None


def phases(result: Result) -> Picture:
    """Draw by how much the cosine, tuned, beats a constant rate, tuned, for every noise and length of run, with the reader's own point on it."""
    scenario = result.experiment.scenarios[0]
    surface, noise = scenario.surface, scenario.noise
    assert isinstance(surface, Quadratic)
    assert isinstance(noise, Gaussian)
    hessian = surface.hessian(np.zeros(2))
    radius = scenario.start.radius if isinstance(scenario.start, Circle) else 0.0
    low, high = map(float, np.linalg.eigvalsh(hessian))
    squares = squares_at_start(hessian, (scenario.start.x, scenario.start.y), radius)
    values = _gains(low, high, squares, tuple(_SIGMAS), tuple(_LENGTHS.tolist()))
    share = float((values > 0).mean())
    here = f"You are at σ = {told(noise.sigma)}, T = {scenario.steps}."
    is_on_map = _SIGMAS[0] <= noise.sigma <= _SIGMAS[-1] and _LENGTHS[0] <= scenario.steps <= _LENGTHS[-1]
    if not is_on_map:
        own = float(_gains(low, high, squares, (noise.sigma,), (scenario.steps,))[0, 0])
        here += f" That is off the map, whose axes have no 0: the ring is at its nearest edge. Where you are, the cosine's gain is {told(own)} dex."
    return Picture(
        "Who wins where, by theory",
        "noise σ",
        "steps T",
        f"In {percent(share, 0)} of this map the cosine ends lower, each schedule tuned. {here}",
        map=Map(_SIGMAS, _LENGTHS, values, "gain of the cosine, dex", (noise.sigma, scenario.steps)),
        log_x=True,
        log_y=True,
    )


@lru_cache(maxsize=16)
def _gains(low: float, high: float, squares: tuple[float, float], sigmas: tuple[float, ...], lengths: tuple[int, ...]) -> Array:
    return tuned_gain((low, high), squares, sigmas, lengths, SCHEDULES.create("constant"), SCHEDULES.create("cosine"))
