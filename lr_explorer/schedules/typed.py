"""Rates that someone writes down: as a formula, or as a curve of points."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.expressions import parse, readable
from lr_explorer.params import choice, expression, points
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule, progress

VARIABLES = ("t", "T")


@SCHEDULES.register("lambda")
@dataclass(frozen=True)
class Lambda(Schedule):
    """A formula of your own for the factor of the peak: t is the update since warm-up, from 0, and T how many follow warm-up.

    Numbers, + − * / ^, brackets, pi, e and sin, cos, tan, exp, log, sqrt, abs, min, max, floor, ceil, mod, tanh, where(t < 10, 1, 0.1) …
    A product may go without a sign, 2t, but not after a division. Factors above 1 are allowed, below 0 not.
    """

    label = "Lambda (typed formula)"
    family = "Your own"
    also_called = "LambdaLR, formula, expression"
    use_when = "A paper or a code base gives a formula that no named schedule has."
    watch_for = "t starts at 0: 1/t and 1/sqrt(t) have no value there, so write t + 1."
    formula = r"\eta_t = \eta_{\max}\,f(t, T)"
    source = "PyTorch LambdaLR (lr_lambda); Optax: any function of the step."
    floor_is_a_clip = True
    reaches_peak = False
    stays_below_peak = False

    expression: str = expression(
        "1 - t/T", VARIABLES, "Formula", "Factor of the peak as a formula of t (updates since warm-up, from 0) and T (how many there are)."
    )

    @property
    def remarks(self) -> tuple[str, ...]:
        return (f"Read as $f(t, T) = {readable(parse(self.expression, VARIABLES))}$",)

    def shape(self, update: Array, total: int) -> Array:
        factor = parse(self.expression, VARIABLES)(t=update, T=np.float64(total))
        wrong = np.flatnonzero(~(np.isfinite(factor) & (factor >= 0)))
        if len(wrong):
            t = int(wrong[0])
            found = f"is negative, {factor[t]:.6g}" if factor[t] < 0 else "has no finite value"
            raise ValueError(f"{type(self).__name__}.expression {found} at t = {t} with T = {total}: {self.expression}")
        return factor

    def python(self, total: int) -> list[str]:
        formula = parse(self.expression, VARIABLES)
        names = {"t": "update", "T": "total"}
        # PyTorch asks for the rate of the update past the last one too.
        if formula.is_finite_throughout(t=np.arange(total + 1, dtype=float), T=np.float64(total)):
            return [formula.python(names, "math")]
        # Plain Python refuses to divide by 0 on the way, even where the result is finite; numpy goes on with inf, as this curve did.
        return ["update = np.float64(update)", formula.python(names, "np")]


@SCHEDULES.register("drawn")
@dataclass(frozen=True)
class Drawn(Schedule):
    """A curve of your own through a few points: shares of the run and fractions of the peak, joined by lines, steps or a smooth curve."""

    label = "Drawn curve"
    family = "Your own"
    also_called = "table, piecewise linear"
    use_when = "You want to try a shape without a formula, or to redraw a curve seen in a paper or a log."
    watch_for = "Points are shares of the updates after warm-up, so a longer run stretches the curve; the last update lies just before share 1."
    formula = r"\eta_t = \eta_{\max}\,y(p),\quad p = \frac{t - w}{T - w},\quad y(x_i) = y_i"
    source = "Smooth: the monotone cubic of Fritsch & Butland (1984), as scipy's PchipInterpolator, which never overshoots its points."
    floor_is_a_clip = True
    reaches_peak = False

    points: tuple[tuple[float, float], ...] = points(
        ((0.0, 1.0), (0.5, 0.3), (1.0, 0.0)), ((0.0, 1.0), (0.0, 1.0)), "Points",
        "Share of the run : fraction of the peak, as in 0:1, 0.5:0.3, 1:0. Before the first and after the last point the rate stays.",
    )  # fmt: skip
    interpolation: str = choice(
        "linear", {"linear": "straight lines", "step": "steps", "smooth": "smooth"}, "Between the points",
        "Straight lines; steps that hold each fraction until the next point; or a smooth curve that rises and falls only where the points do.",
    )  # fmt: skip

    def shape(self, update: Array, total: int) -> Array:
        x, y = np.array(self.points).T
        share = np.clip(progress(update, total), x[0], x[-1])
        match self.interpolation:
            case "step":
                return y[np.searchsorted(x, share, side="right") - 1]
            case "smooth":
                # Imported where it is needed: it takes longer to import than everything else here.
                from scipy.interpolate import PchipInterpolator

                with np.errstate(over="ignore"):  # a slope of almost nothing has a reciprocal of infinity, which is meant
                    return np.clip(PchipInterpolator(x, y)(share), y.min(), y.max())
        return np.interp(share, x, y)

    def python(self, total: int) -> list[str]:
        if self.interpolation == "smooth":
            return self._smooth_code()
        if self.interpolation == "linear":
            return [
                "share = min(max(update / total, points[0][0]), points[-1][0])",
                "level = points[0][1]",
                "for (x0, y0), (x1, y1) in zip(points, points[1:]):",
                "    level = y0 + (y1 - y0) * (share - x0) / (x1 - x0) if share >= x0 else level",
                "level",
            ]
        # The first update of a step is a whole number, which a share may miss by a rounding.
        return ["level = points[0][1]", "for x, y in points[1:]:", "    level = y if update >= math.ceil(x * total - 1e-9) else level", "level"]

    def _smooth_code(self) -> list[str]:
        from scipy.interpolate import PchipInterpolator

        x, y = np.array(self.points).T
        slopes = PchipInterpolator(x, y).derivative()(x).tolist()
        return [
            f"slopes = {slopes}  # at the points",
            "share = min(max(update / total, points[0][0]), points[-1][0])",
            "level = points[0][1]",
            "for (x0, y0), (x1, y1), slope0, slope1 in zip(points, points[1:], slopes, slopes[1:]):",
            "    width, s = x1 - x0, (share - x0) / (x1 - x0)",
            "    begin = (y0 * (1 + 2 * s) + width * slope0 * s) * (1 - s) ** 2",
            "    end = (y1 * (3 - 2 * s) - width * slope1 * (1 - s)) * s ** 2",
            "    level = begin + end if share >= x0 else level",
            f"min(max(level, {y.min().item()!r}), {y.max().item()!r})",
        ]
