"""What a claim's card draws: the effect's interval against the margin, and the experiment's own picture with the theory's prediction in it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lr_explorer.claims.pictures import Curve, Map, Picture
from lr_explorer.figures.charts import arrange, faint, log_bottom
from lr_explorer.figures.theme import ARM_SHADES, GRID, INK, PAGE, QUIET, Shade, arm_marker
from lr_explorer.scenario import Arm
from lr_explorer.statistics import Status, Verdict

Array = NDArray[np.float64]

HEIGHT = 340  # pixels
_INTERVAL_HEIGHT = 120
# Pixels of ink and gap of what is predicted; what is measured is solid.
THEORY_DASH = (7, 4)
_MOST_MARKS = 7
# An axis from its lowest to so many times that would have two powers of ten on it, or one.
_FEW_TICKS = 200
# A mark and a colour for each status; the page's colour is written on it.
STATUS_LOOKS: dict[Status, tuple[str, Shade]] = {
    Status.SUPPORTED: ("✔", Shade("#00714F", "#2FC79B")),
    Status.REFUTED: ("✖", Shade("#A8450A", "#F2A33A")),
    Status.REVERSED: ("⇄", Shade("#8A2E5C", "#FF9EC4")),
    Status.INCONCLUSIVE: ("?", QUIET),
}


def interval_figure(verdict: Verdict, unit: str, *, dark: bool) -> go.Figure:
    """Return the effect with its interval beside the band of what does not matter, between minus the margin and the margin."""
    ink, quiet, grid = (shade.on(dark=dark) for shade in (INK, QUIET, GRID))
    bounds = np.array([verdict.low, verdict.estimate, verdict.high])
    seen = np.concatenate([bounds[np.isfinite(bounds)], [-verdict.margin, 0.0, verdict.margin]])
    room = 0.06 * float(np.ptp(seen)) or 1.0
    ends = float(seen.min()) - room, float(seen.max()) + room
    low, middle, high = np.clip(bounds, *ends)
    figure = go.Figure(
        go.Scatter(
            x=[middle],
            y=[0],
            mode="markers",
            error_x={"array": [high - middle], "arrayminus": [middle - low], "color": ink, "thickness": 2.5, "width": 7},
            marker={"symbol": "diamond", "size": 13, "color": ink},
            hovertemplate="%{x:.3g}<extra></extra>",
        )
    )
    arrange(figure, f"{unit} (grey: within the margin)", "", dark=dark, height=_INTERVAL_HEIGHT)
    figure.add_vrect(-verdict.margin, verdict.margin, fillcolor=grid, opacity=0.75, line_width=0, layer="below")
    for value, dash in ((-verdict.margin, "dash"), (0.0, "solid"), (verdict.margin, "dash")):
        figure.add_vline(value, line={"color": quiet, "width": 1.5, "dash": dash})
    figure.update_xaxes(range=ends)
    figure.update_yaxes(range=[-1, 1], showticklabels=False, showgrid=False, fixedrange=True)
    figure.update_layout(hovermode="closest", margin={"l": 16, "r": 16, "t": 6, "b": 48})
    return figure


def picture_figure(picture: Picture, arms: Sequence[Arm], *, dark: bool) -> go.Figure:
    """Return a picture; arms: those whose colours its curves have, by their places over all scenarios."""
    figure = go.Figure()
    figure.add_traces(_map(picture.map, dark=dark) if picture.map else _curves(picture, arms, dark=dark))
    arrange(figure, picture.x_label, picture.y_label, dark=dark, height=HEIGHT)
    if picture.log_x:
        figure.update_xaxes(**_powers([curve.x for curve in picture.curves]))
    if picture.log_y:
        figure.update_yaxes(**_powers([curve.y for curve in picture.curves]))
    for axis, lines, is_log in (("x", picture.x_lines, picture.log_x), ("y", picture.y_lines, picture.log_y)):
        for value, label in lines:
            _line(figure, axis, value, label, is_log=is_log, dark=dark)
    if picture.map:
        figure.update_layout(hovermode="closest")
    return figure


def _powers(shown: Sequence[NDArray[Any]]) -> dict[str, Any]:
    """Return a logarithmic axis with a tick at every power of ten, or within them where that would be too few."""
    values = np.concatenate([np.ravel(values) for values in shown]) if shown else np.empty(0)
    values = values[np.isfinite(values) & (values > 0)]
    is_short = values.size > 0 and values.max() < _FEW_TICKS * values.min()
    return {"type": "log"} | ({"dtick": "D2"} if is_short else {"exponentformat": "power", "dtick": 1})


def curve_colour(curve: Curve, arms: Sequence[Arm], *, dark: bool) -> str:
    """Return the colour of a curve: its arm's, or a neutral one."""
    return (QUIET if curve.arm is None else ARM_SHADES[arms[curve.arm].colour]).on(dark=dark)


def _curves(picture: Picture, arms: Sequence[Arm], *, dark: bool) -> list[go.Scatter]:
    every = [values for curve in picture.curves for values in (curve.y, curve.low, curve.high) if values is not None]
    # Below the axis lies what is 0 or has a bound below it, which has no place on a logarithmic one.
    bottom = log_bottom(np.concatenate(every)) if picture.log_y and every else -np.inf
    return [trace for curve in picture.curves for trace in _curve(curve, bottom, curve_colour(curve, arms, dark=dark))]


def _curve(curve: Curve, bottom: float, colour: str) -> list[go.Scatter]:
    """Return a curve with the band of its interval, or marks with bars."""
    shape: dict[str, Any] = {"x": curve.x, "y": np.where(curve.y > bottom, curve.y, np.nan), "name": curve.name, "hovertemplate": "%{y:.3g}"}
    marker = {"symbol": arm_marker(curve.arm or 0), "size": 9, "color": colour}
    bounds = None if curve.low is None or curve.high is None else np.maximum((curve.low, curve.high), bottom)
    if curve.is_marks:
        bars = None if bounds is None else {"array": bounds[1] - curve.y, "arrayminus": curve.y - bounds[0], "color": colour, "width": 4}
        return [go.Scatter(**shape, mode="markers", marker=marker, error_y=bars)]
    if curve.is_theory:
        dash = ",".join(f"{length}px" for length in THEORY_DASH)
        return [*_band(curve, bounds, colour), go.Scatter(**shape, mode="lines", line={"color": colour, "width": 2.5, "dash": dash})]
    line = go.Scatter(**shape, mode="lines+markers", line={"color": colour, "width": 2.5}, marker=marker | {"maxdisplayed": _MOST_MARKS})
    return [*_band(curve, bounds, colour), line]


def _band(curve: Curve, bounds: Array | None, colour: str) -> list[go.Scatter]:
    if bounds is None:
        return []
    hidden = {"x": curve.x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "name": f"{curve.name}: interval"}
    return [go.Scatter(y=bounds[0], **hidden), go.Scatter(y=bounds[1], fill="tonexty", fillcolor=faint(colour), **hidden)]


def _map(shown: Map, *, dark: bool) -> list[Any]:
    """Return a map in which opposite signs have opposite colours and 0 is the page, and the reader's point on it."""
    ink, page, quiet = (shade.on(dark=dark) for shade in (INK, PAGE, QUIET))
    ends = [ARM_SHADES[name].on(dark=dark) for name in ("orange", "blue")]
    most = float(np.nanmax(np.abs(shown.values), initial=0.0, where=np.isfinite(shown.values))) or 1.0
    heat = go.Heatmap(
        x=shown.x,
        y=shown.y,
        z=np.clip(shown.values, -most, most),
        zmin=-most,
        zmax=most,
        colorscale=[(0.0, ends[0]), (0.5, page), (1.0, ends[1])],
        colorbar={"title": {"text": shown.label, "side": "right"}, "thickness": 12, "outlinewidth": 0, "tickfont": {"color": quiet}},
        hovertemplate="%{x:.3g}, %{y:.3g}: %{z:.3g}<extra></extra>",
    )
    if shown.mark is None:
        return [heat]
    here = {"symbol": "circle-open", "size": 16, "color": ink, "line": {"width": 3}}
    return [heat, go.Scatter(x=shown.mark[:1], y=shown.mark[1:], mode="markers", marker=here, hovertemplate="here<extra></extra>")]


def _line(figure: go.Figure, axis: str, value: float, label: str, *, is_log: bool, dark: bool) -> None:
    """Draw a line across at a value of an axis, with its label at the far end."""
    other = "y" if axis == "x" else "x"
    quiet = QUIET.on(dark=dark)
    along = {f"{axis}0": value, f"{axis}1": value, f"{other}0": 0, f"{other}1": 1, f"{axis}ref": axis, f"{other}ref": "paper"}
    figure.add_shape(type="line", line={"color": quiet, "width": 1.5, "dash": "dot"}, **along)
    # Shapes take values as they are, annotations their logarithm.
    at = {axis: float(np.log10(value)) if is_log else value, f"{axis}ref": axis, f"{other}ref": "paper", other: 1}
    text = {"xanchor": "left", "yanchor": "top"} if axis == "x" else {"xanchor": "right", "yanchor": "bottom"}
    figure.add_annotation(text=label, showarrow=False, font={"size": 12, "color": quiet}, bgcolor=PAGE.on(dark=dark), opacity=0.9, **at, **text)
