"""What is drawn beside an experiment: measured and predicted curves, or a map, as plain numbers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A line or marks: x, y of the same length; low, high: the bounds of an interval around y.

    arm: the place of the arm, over all scenarios, whose colour it has; None for a neutral one. is_theory: predicted, not measured. is_marks: points
    instead of a line.
    """

    name: str
    x: NDArray[Any]
    y: Array
    arm: int | None = None
    is_theory: bool = False
    is_marks: bool = False
    low: Array | None = None
    high: Array | None = None


@dataclass(frozen=True)
class Map:
    """A number over two axes: values (y, x); centred maps have opposite colours on both sides of 0. mark: the reader's point (x, y)."""

    x: Array
    y: Array
    values: Array
    label: str
    mark: tuple[float, float] | None = None


@dataclass(frozen=True)
class Picture:
    """Curves over a common axis, or a map; says: what to see, in a sentence computed from what is drawn."""

    title: str
    x_label: str
    y_label: str
    says: str = ""
    curves: tuple[Curve, ...] = ()
    map: Map | None = None
    log_x: bool = False
    log_y: bool = False
    # Values of x or y that are worth a line: (value, label).
    x_lines: tuple[tuple[float, str], ...] = field(default=())
    y_lines: tuple[tuple[float, str], ...] = field(default=())
