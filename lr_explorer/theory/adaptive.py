"""What methods with a rate of their own for every coordinate make of a schedule's."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def adagrad_rates(lr: Array | float, sigma: float, steps: int) -> Array:
    """Return the rates that AdaGrad uses along an axis on which the gradient is noise alone: η/(σ√(t + 1)), (steps,).

    lr: η, one number or one for each update. A constant rate so falls like 1/√t by itself; where the gradient is more than noise, faster.
    It leaves out how the sum of squares varies, by √(2/t) of itself for normal noise. Source: Duchi, Hazan & Singer (2011); Ward, Wu & Bottou (2020).
    """
    return lr / (sigma * np.sqrt(np.arange(1, steps + 1)))


def periodic_drift(gradients: Array, beta1: float, beta2: float, *, amsgrad: bool = False) -> float:
    """Return how far Adam moves in one period of gradients that repeat for ever, per unit of its rate; gradient descent moves −Σ g.

    −Σ m_k/√v_k over the period with both running means in their steady state, ε left out; AMSGrad divides by the largest v of the period
    throughout, so its direction is that of −Σ g. gradients: (period,). A rare large gradient raises v, which divides it itself the most and the small
    ones after it less and less: those can win although their sum is smaller. Source: Reddi, Kale & Kumar (2018), with a period of 101 and
    gradients 1010, −10, −10, …; exact while the gradients do not depend on the place.
    """
    mean, square = _steady_mean(gradients, beta1), _steady_mean(np.square(gradients), beta2)
    return -float(np.sum(mean / np.sqrt(square.max() if amsgrad else square)))


def _steady_mean(values: Array, kept: float) -> Array:
    """Return the running mean that keeps the share `kept`, of values (period,) that repeat for ever, at each of them."""
    lags = np.arange(len(values))
    weights = (1 - kept) * kept**lags / (1 - kept ** len(values))
    return weights[(lags[:, None] - lags) % len(values)] @ values
