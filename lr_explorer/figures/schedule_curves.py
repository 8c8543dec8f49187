"""Schedules over one another: the rate at every update, on a linear or a logarithmic axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lr_explorer.figures.charts import arrange, log_bottom
from lr_explorer.figures.theme import ARM_SHADES, Shade, arm_dash

Array = NDArray[np.float64]

# A longer curve is drawn by the extremes of so many stretches; nothing narrower would be seen.
MOST_POINTS = 4_000


@dataclass(frozen=True)
class Curve:
    """A schedule's rates under a name; `place` gives colour and dash, `is_main` the thick line."""

    name: str
    lr: Array
    place: int = 0
    is_main: bool = False
    shade: Shade | None = None

    @property
    def colour(self) -> Shade:
        return self.shade or list(ARM_SHADES.values())[self.place % len(ARM_SHADES)]

    @property
    def dash_place(self) -> int:
        """Which dash it has: the second round of colours comes with other ones."""
        return self.place + self.place // len(ARM_SHADES)


def curves_figure(curves: Sequence[Curve], position: Array, axis: str, *, log: bool, dark: bool) -> go.Figure:
    """Return all curves over `position`, the place of each update on an axis called `axis`.

    On the logarithmic axis rates of exactly 0 are marked at the bottom with a triangle each, thinned where they are many.
    """
    bottom = log_bottom(np.concatenate([curve.lr for curve in curves])) if log and curves else 0.1
    figure = go.Figure()
    for curve in sorted(curves, key=lambda curve: curve.is_main):
        figure.add_trace(_line(curve, position, log=log, dark=dark))
        if log and (curve.lr == 0).any():
            figure.add_trace(_zeros(curve, position, bottom, dark=dark))
    arrange(figure, axis, "learning rate", dark=dark)
    figure.update_xaxes(range=_span(position))
    if log:
        highest = max((float(np.nanmax(curve.lr)) for curve in curves), default=1.0) or 1.0
        figure.update_yaxes(type="log", range=[np.log10(bottom) - 0.1, np.log10(highest) + 0.15], exponentformat="power", dtick=1)
    else:
        figure.update_yaxes(rangemode="tozero")
    return figure


def thinned(lr: Array, most: int = MOST_POINTS) -> NDArray[np.int64]:
    """Return the updates that are drawn: all, or of each of many equal stretches the first, the lowest and the highest."""
    if len(lr) <= most:
        return np.arange(len(lr))
    width = -(-len(lr) * 3 // most)
    whole = len(lr) // width * width
    stretches = lr[:whole].reshape(-1, width)
    begins = np.arange(0, whole, width)
    found = np.where(np.isnan(stretches), np.inf, stretches).argmin(axis=1), np.where(np.isnan(stretches), -np.inf, stretches).argmax(axis=1)
    return np.unique(np.concatenate([begins, *(begins + place for place in found), np.arange(whole, len(lr)), [len(lr) - 1]]))


def _line(curve: Curve, position: Array, *, log: bool, dark: bool) -> go.Scatter:
    shown = thinned(curve.lr)
    lr = curve.lr[shown]
    return go.Scatter(
        x=position[shown],
        # What is 0 has no place on a logarithmic axis: a gap, and a mark of its own.
        y=np.where(lr > 0, lr, np.nan) if log else lr,
        mode="lines" if len(shown) > 1 else "markers",
        name=curve.name,
        line={"color": curve.colour.on(dark=dark), "width": 3.5 if curve.is_main else 2, "dash": arm_dash(curve.dash_place), "simplify": False},
        hovertemplate="%{y:.6g}",
    )


def _zeros(curve: Curve, position: Array, bottom: float, *, dark: bool) -> go.Scatter:
    at = np.flatnonzero(curve.lr == 0)
    at = at[:: -(-len(at) // 60)]
    colour = curve.colour.on(dark=dark)
    return go.Scatter(
        x=position[at],
        y=np.full(len(at), bottom),
        mode="markers",
        name=f"{curve.name}: exactly 0",
        marker={"symbol": "triangle-down-open", "size": 11, "color": colour, "line": {"width": 2, "color": colour}},
        cliponaxis=False,
        hovertemplate="exactly 0",
    )


def _span(position: Array) -> list[float]:
    """Return the ends of the axis: a single update gets some room around it."""
    first, last = float(position[0]), float(position[-1])
    return [first, last] if last > first else [first - 1, last + 1]
