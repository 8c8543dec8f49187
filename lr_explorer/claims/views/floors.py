"""How high a constant rate hovers, against the rate."""

import numpy as np

from lr_explorer.claims.base import Result
from lr_explorer.claims.effects import slope
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.claims.views.seen import quartiles
from lr_explorer.noise import Gaussian
from lr_explorer.noise.added import Stable
from lr_explorer.scenario import Scenario
from lr_explorer.statistics import SMALLEST
from lr_explorer.story import told
from lr_explorer.surfaces.bowls import Quadratic
from lr_explorer.theory import noise_floor, sign_floor, stable_slope

# The median of ½(x² + y²) over its mean where x and y are normal and alike: an exponential law.
_MEDIAN = np.log(2)


def floors(result: Result) -> Picture:
    """Draw the loss at which each arm hovers against its rate, beside the floor, or the slope of it, that theory says."""
    scenario = result.experiment.scenarios[0]
    rates = np.array([arm.schedule.peak for arm in scenario.arms])
    low, middle, high = quartiles(np.maximum(result.readings, SMALLEST))
    curves = [Curve("Median over the replicates", rates, middle, is_marks=True, low=low, high=high)]
    theory = _floors(scenario, rates, middle)
    measured = float(np.median(slope(result.readings, rates)))
    said = f"Slope of the marks: {told(measured)}"
    if theory is not None:
        curves.append(Curve("Theory", rates, theory, is_theory=True))
        predicted = float(slope([np.array([one]) for one in theory], rates)[0])
        said += f"; of theory's line: {told(predicted)}"
    return Picture("How high they hover", "rate η", "loss above the lowest", f"{said}.", tuple(curves), log_x=True, log_y=True)


def _floors(scenario: Scenario, rates: np.ndarray, middle: np.ndarray) -> np.ndarray | None:
    """Return the median loss by theory at each rate, or its slope laid through the marks' middle; None where theory has no floor."""
    surface, noise = scenario.surface, scenario.noise
    assert isinstance(surface, Quadratic)
    both = surface.lambda1, surface.lambda2
    if scenario.arms[0].optimizer.name == "sign_sgd":
        return np.array([sign_floor(both, rate) for rate in rates])
    if scenario.arms[0].clipping.name != "none":
        return None
    if isinstance(noise, Gaussian) and noise.sigma > 0:
        return np.array([_MEDIAN * noise_floor(both, rate, noise.sigma) for rate in rates])
    if isinstance(noise, Stable):
        through = np.exp(np.mean(np.log(middle)) - stable_slope(noise.tail) * np.mean(np.log(rates)))
        return through * rates ** stable_slope(noise.tail)
    return None


def heights(result: Result) -> Picture:
    """Draw the mean loss at which each arm hovers, as a multiple of the floor that theory says."""
    scenario = result.experiment.scenarios[0]
    rates = np.array([arm.schedule.peak for arm in scenario.arms])
    shares = np.array(result.readings)
    reach = 1.96 * shares.std(axis=1) / np.sqrt(shares.shape[1])
    mean = shares.mean(axis=1)
    curve = Curve("Mean with its 95 % interval", rates, mean, is_marks=True, low=mean - reach, high=mean + reach)
    said = f"Between {told(float(mean.min()))} and {told(float(mean.max()))} of the floor of theory."
    return Picture("Measured ÷ predicted", "rate η", "mean loss ÷ floor", said, (curve,), log_x=True, y_lines=((1.0, "theory"),))
