"""How far a logarithmic axis reaches: all that was measured is on it, and of what lies around that as much as fits."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.pictures import Curve

Array = NDArray[np.float64]

# Theory, intervals and limits may lie so many times above or below all that was measured; what is farther off leaves the picture.
_AROUND = 100.0


def log_reach(curves: Sequence[Curve], lines: Iterable[float] = ()) -> tuple[float, float]:
    """Return the lowest and the highest y on a logarithmic axis; lines: values of y that are to be on it, too, if they are not too far off."""
    around = _positive([*(values for curve in curves for values in (curve.y, curve.low, curve.high) if values is not None), np.array([*lines])])
    measured = _positive([curve.y for curve in curves if not curve.is_theory])
    core = measured if measured.size else around
    if not core.size:
        return 1.0, 1.0
    low, high = float(core.min()), float(core.max())
    return max(min(low, float(around.min())), low / _AROUND), min(max(high, float(around.max())), high * _AROUND)


def _positive(parts: Sequence[Array]) -> Array:
    values = np.concatenate([np.empty(0), *map(np.ravel, parts)])
    return values[np.isfinite(values) & (values > 0)]


def out_of_picture(curves: Sequence[Curve]) -> list[str]:
    """Return the names of the curves of theory that leave a logarithmic axis somewhere."""
    low, high = log_reach(curves)
    return [curve.name for curve in curves if curve.is_theory and not ((curve.y >= low) & (curve.y <= high)).all()]
