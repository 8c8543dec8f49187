"""A loss that someone types."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lr_explorer.calculus import KINKED, derivatives
from lr_explorer.expressions import called, parse, readable
from lr_explorer.params import expression, number
from lr_explorer.surfaces import search
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface, paired, searched_minima, shortened, symmetric

VARIABLES = ("x", "y")


@SURFACES.register("formula")
@dataclass(frozen=True)
class TypedFormula(Surface):
    """A formula of your own in x and y; its derivatives are taken symbolically, its minima and saddles found by a search of the box.

    Numbers, + − * / ^, brackets, pi, e and sin, cos, tan, exp, log, sqrt, abs, min, max, floor, ceil, mod, tanh, where(x < 1, x^2, 2x - 1) …
    A product may go without a sign, 2x, but not after a division. Where the loss is finite and has no derivative, as at the tip of a cone,
    the derivative is given as 0; where the formula has no value there is no loss, and a run that comes there ends.
    """

    label = "Typed formula"
    family = "Your own"
    teaches = "whatever you want to see"
    formula = r"f = f(x, y),\quad |x - x_c| \le w/2,\quad |y - y_c| \le h/2"
    source = "You."
    is_searched = True

    expression: str = expression(
        "sin(x) cos(y) + (x^2 + y^2)/10",
        VARIABLES,
        "Formula",
        "A formula of x and y, such as (1 - x)^2 + 100(y - x^2)^2; pi, e, sin, exp, log, sqrt, abs, min, max and where(x < 0, -x, x) are known too.",
    )
    centre_x: float = number(0.0, -5000.0, 5000.0, "Centre x", "Middle of the box that is drawn.", symbol="x_c", slider=(-10.0, 10.0))
    centre_y: float = number(0.0, -5000.0, 5000.0, "Centre y", "Middle of the box that is drawn.", symbol="y_c", slider=(-10.0, 10.0))
    width: float = number(10.0, 0.001, 10_000.0, "Width", "Width of the box that is drawn.", symbol="w", scale="log", slider=(0.5, 50.0))
    height: float = number(10.0, 0.001, 10_000.0, "Height", "Height of the box that is drawn.", symbol="h", scale="log", slider=(0.5, 50.0))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self._survey[0]:
            raise ValueError(f"{type(self).__name__}.expression must have a finite value somewhere in the box; got {self.expression!r}")

    @property
    def bounds(self) -> Bounds:
        return (
            (self.centre_x - 0.5 * self.width, self.centre_x + 0.5 * self.width),
            (self.centre_y - 0.5 * self.height, self.centre_y + 0.5 * self.height),
        )

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return searched_minima(self)

    @property
    def is_known_everywhere(self) -> bool:  # type: ignore[override]
        return self._survey[0] == 1

    @property
    def start(self) -> tuple[float, float]:
        return self._survey[1]

    @property
    def remarks(self) -> tuple[str, ...]:
        share, _, first = self._survey
        words = [f"Read as $f(x, y) = {readable(parse(self.expression, VARIABLES))}$"]
        if share < 1:
            part = f"{100 * (1 - share):.0f} %" if share < 0.99 else "less than 1 %"
            words.append(
                f"On {part} of the box, as at x = {first[0]:.4g}, y = {first[1]:.4g}, this has no finite value: "
                "it is left blank there, and a run that comes there ends."
            )
        kinked = [name for name in KINKED if name in called(parse(self.expression, VARIABLES))]
        if kinked:
            words.append(
                f"{', '.join(kinked)}: at a kink the slope is taken as the mean of both sides, at a jump as that beside it, "
                "so a run does not see a jump."
            )
        return tuple(words)

    @cached_property
    def _survey(self) -> tuple[float, tuple[float, float], tuple[float, float]]:
        """Return the share of a grid of the box where the loss is finite, a start where it is, and a place where it is not."""
        points = search.grid_of(self, 61)
        is_finite = np.isfinite(self.value(points))
        off = np.array(self.place(0.2, 0.75))[:, None, None] - points
        away = np.where(is_finite, np.hypot(off[0] / self.width, off[1] / self.height), np.inf)
        start, gap = points.reshape(2, -1)[:, [away.argmin(), is_finite.argmin()]].T
        return float(is_finite.mean()), (shortened(start[0]), shortened(start[1])), (shortened(gap[0]), shortened(gap[1]))

    def value(self, point: Array) -> Array:
        x, y = np.asarray(point, dtype=float)
        with np.errstate(all="ignore"):
            value = derivatives(self.expression).value(x, y)
        return np.array(np.broadcast_to(value, np.shape(x)), dtype=float)

    def gradient(self, point: Array) -> Array:
        x, y = np.asarray(point, dtype=float)
        with np.errstate(all="ignore"):
            return self._known(point, paired(point, *derivatives(self.expression).gradient(x, y)))

    def hessian(self, point: Array) -> Array:
        x, y = np.asarray(point, dtype=float)
        with np.errstate(all="ignore"):
            return self._known(point, symmetric(point, *derivatives(self.expression).hessian(x, y)))

    def _known(self, point: Array, derivative: Array) -> Array:
        """Return `derivative` with 0 where it is no number though the loss is one, and no number where the loss is none."""
        value = self.value(point)
        derivative[np.isnan(derivative) & np.isfinite(value)] = 0.0
        derivative[..., np.isnan(value)] = np.nan
        return derivative
