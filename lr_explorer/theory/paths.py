"""Ways without noise: how large the sum of the rates must be to come from here to there.

Times are those of gradient flow, dx = −∇f dt. Small rates η_t come as far as flow does in the time Σ η_t, whatever their order.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def plateau_time(far: Array | float, near: Array | float, width: float = 1.0) -> Array | float:
    """Return the time from distance `far` to `near` on f = r²/(w² + r²): F(far) − F(near) with F(r) = ½[w²·ln r + r² + r⁴/(4w²)].

    Distances above 0. Far out it grows with the fourth power of the distance. Source: dt = −dr/f′(r), integrated.
    """
    return _plateau(far, width) - _plateau(near, width)


def _plateau(distance: Array | float, width: float) -> Array | float:
    square = np.square(distance)
    return 0.5 * (width**2 * np.log(distance) + square + square**2 / (4 * width**2))
