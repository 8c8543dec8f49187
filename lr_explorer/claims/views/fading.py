"""How fast noise that fades with the distance lets the loss shrink, against the rate."""

import numpy as np

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.claims.views.seen import TRIED, at_rates, quartiles
from lr_explorer.experiments.ensemble import above_lowest
from lr_explorer.noise.minibatch import MiniBatch
from lr_explorer.statistics import SMALLEST
from lr_explorer.story import told
from lr_explorer.surfaces.data import LeastSquares
from lr_explorer.theory import batch_decay, batch_edge, batch_floor

# Multiples of the limit of the mean.
_RATES = np.geomspace(0.1, 1.15, 14)
# By then the slowest part of the distance is what is left.
_STEPS = 200
_FINE = np.geomspace(0.1, 0.999, 200)


def halvings(result: Result) -> Picture:
    """Draw in how many updates a constant rate halves the loss, from the middle of the run on, beside theory's number of the expected loss."""
    scenario = result.experiment.scenarios[0]
    surface, noise = scenario.surface, scenario.noise
    assert isinstance(surface, LeastSquares)
    assert isinstance(noise, MiniBatch)
    replace = noise.order == "with"
    edge = batch_edge(surface, noise.size, replace=replace)
    steps = min(scenario.steps, _STEPS)
    middle = steps // 2
    measured = []
    for arm in at_rates(scenario.with_values(steps=steps), edge * _RATES):
        excess = np.maximum(above_lowest(surface, arm.loss[[middle, -1]]), SMALLEST)
        with np.errstate(divide="ignore"):
            per_update = np.log2(excess[0] / excess[1]) / (steps - middle)
            # What grows, or has diverged by then, never halves.
            measured.append(np.where(per_update > 0, 1 / per_update, np.inf))
    low, half, high = quartiles(np.array(measured))
    shown = np.isfinite(half)
    marks = Curve(
        "Typical run, median", edge * _RATES[shown], half[shown], is_marks=True, low=low[shown], high=np.where(np.isinf(high), half, high)[shown]
    )
    kept = batch_decay(surface, edge * _FINE, noise.size, replace=replace)
    theory = Curve("Expected loss, theory", edge * _FINE, -1 / np.log2(kept), is_theory=True)
    said = f"The expected loss shrinks up to η = {told(edge)}; {TRIED} runs at each rate."
    floor = batch_floor(surface, edge / 2, noise.size, replace=replace)
    if floor > SMALLEST:
        said += f" The labels cannot all be fitted, so nothing halves below a floor: {told(floor)} at half that rate."
    peaks = tuple((arm.schedule.peak, arm.name) for arm in scenario.arms)
    return Picture(
        "How fast it shrinks", "rate η", "updates in which the loss halves", said, (marks, theory), log_x=True, log_y=True,
        x_lines=((edge, "limit of the mean"), *peaks),
    )  # fmt: skip
