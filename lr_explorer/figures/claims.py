"""What a claim's card draws: the effect's interval against the margin, and the experiment's own picture with the theory's prediction in it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lr_explorer.claims.pictures import Curve, Map, Picture
from lr_explorer.claims.views.axes import log_reach
from lr_explorer.figures.charts import arrange, faint
from lr_explorer.figures.theme import ARM_SHADES, GRID, INK, PAGE, QUIET, Shade, arm_marker
from lr_explorer.scenario import Arm
from lr_explorer.statistics import Status, Verdict
from lr_explorer.story import told

Array = NDArray[np.float64]

HEIGHT = 340  # pixels
_INTERVAL_HEIGHT = 120
_TITLE = 14  # pixels: the longest is as wide as a phone
# Pixels of ink and gap of what is predicted; what is measured is solid.
THEORY_DASH = (7, 4)
_MOST_MARKS = 7
# A logarithmic axis of fewer decades than the first has ticks within them, and one of more than the second not at each.
_FEW_DECADES = 2.3
_MANY_DECADES = 9
_ROOM = 0.05
# What a label takes of a phone's plot: of its width for each character, and of its height.
_LETTER, _LETTERS = 0.025, 0.08
_LABEL_ROW = 18  # pixels
_MARGINS = 60  # above and below the axes, pixels
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
            marker={"symbol": "diamond", "size": 10, "color": ink},
            hovertemplate="%{x:.3g}<extra></extra>",
        )
    )
    arrange(figure, unit, "", dark=dark, height=_INTERVAL_HEIGHT)
    figure.add_vrect(-verdict.margin, verdict.margin, fillcolor=grid, opacity=0.75, line_width=0, layer="below")
    for value, dash in ((-verdict.margin, "dash"), (0.0, "solid"), (verdict.margin, "dash")):
        figure.add_vline(value, line={"color": quiet, "width": 1.5, "dash": dash})
    figure.update_xaxes(range=ends, title={"font": {"size": _TITLE}})
    figure.update_yaxes(range=[-1, 1], showticklabels=False, showgrid=False, fixedrange=True)
    figure.update_layout(hovermode="closest", margin={"l": 16, "r": 16, "t": 6, "b": 48})
    return figure


def picture_figure(picture: Picture, arms: Sequence[Arm], *, dark: bool) -> go.Figure:
    """Return a picture; arms: those whose colours its curves have, by their places over all scenarios."""
    figure = go.Figure()
    x_lines = _merged(picture.x_lines)
    arrange(figure, picture.x_label, picture.y_label, dark=dark, height=HEIGHT + _LABEL_ROW * len(x_lines))
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(title={"font": {"size": _TITLE}})
    if picture.map:
        figure.add_traces(_map(picture.map, dark=dark))
        figure.update_xaxes(**_axis(picture.log_x, _extent([picture.map.x])))
        figure.update_yaxes(**_axis(picture.log_y, _extent([picture.map.y])))
        figure.update_layout(hovermode="closest")
        return figure
    x_ends = _with_room(_extent([*(curve.x for curve in picture.curves), [at for at, _ in x_lines]], is_log=picture.log_x), is_log=picture.log_x)
    y_ends = _y_ends(picture)
    figure.add_traces([trace for curve in picture.curves for trace in _curve(curve, picture, y_ends, curve_colour(curve, arms, dark=dark))])
    figure.update_xaxes(**_axis(picture.log_x, x_ends), range=_scaled(x_ends, is_log=picture.log_x))
    figure.update_yaxes(**_axis(picture.log_y, y_ends), range=_scaled(y_ends, is_log=picture.log_y))
    # Each label of a line across has a row of its own above the picture, where it covers nothing, and its line reaches up to it.
    figure.update_layout(margin={"t": 12 + _LABEL_ROW * len(x_lines)})
    middle = _share(np.array([at for at, _ in x_lines]), x_ends, is_log=picture.log_x) - 0.5
    for row, place in enumerate(sorted(range(len(x_lines)), key=lambda place: (middle[place] > 0, abs(middle[place])))):
        value, label = x_lines[place]
        anchor = {"xanchor": "right", "xshift": -2} if middle[place] > 0 else {"xanchor": "left", "xshift": 2}
        _line(figure, "x", value, 1 + _LABEL_ROW * (row + bool(row)) / (HEIGHT - _MARGINS), dark=dark)
        # Another line on its way up passes behind it.
        _label(figure, "x", value, picture.log_x, label, dark=dark, y=1, yshift=_LABEL_ROW * row, bgcolor=PAGE.on(dark=dark), **anchor)
    for value, label in _merged(picture.y_lines):
        if y_ends[0] <= value <= y_ends[1]:
            x, side = _clearest(picture, value, label, x_ends, y_ends)
            _line(figure, "y", value, 1, dark=dark)
            _label(figure, "y", value, picture.log_y, label, dark=dark, x=x, xanchor="right" if x else "left", yanchor=side)
    return figure


def _merged(lines: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return lines with one label for all that stand at the same value."""
    labels: dict[float, list[str]] = {}
    for value, label in lines:
        labels.setdefault(value, []).append(label)
    return [(value, ", ".join(dict.fromkeys(several))) for value, several in labels.items()]


def _extent(parts: Sequence[Any], *, is_log: bool = False) -> tuple[float, float]:
    """Return the least and the greatest finite value, of those above 0 on a logarithmic axis; 0 and 1 where there are none, or 1 and 1."""
    values = np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in parts]) if parts else np.empty(0)
    values = values[np.isfinite(values) & (values > 0 if is_log else True)]
    return (float(values.min()), float(values.max())) if values.size else (float(is_log), 1.0)


def _with_room(ends: tuple[float, float], *, is_log: bool) -> tuple[float, float]:
    """Return an axis around its ends: a decade at the least, or as much around a single value as from 0 to it."""
    low, high = _scaled(ends, is_log=is_log)
    least = 1.0 if is_log else (abs(low) or 1.0) * (high == low)
    room = max(_ROOM * (high - low), (least - (high - low)) / 2)
    return (10 ** (low - room), 10 ** (high + room)) if is_log else (low - room, high + room)


def _y_ends(picture: Picture) -> tuple[float, float]:
    lines = [value for value, _ in picture.y_lines]
    if picture.log_y:
        return _with_room(log_reach(picture.curves, lines), is_log=True)
    if picture.y_label.startswith("share"):
        return _with_room((0.0, 1.0), is_log=False)
    every = [values for curve in picture.curves for values in (curve.y, curve.low, curve.high) if values is not None]
    return _with_room(_extent([*every, lines]), is_log=False)


def _scaled(ends: tuple[float, float], *, is_log: bool) -> tuple[float, float]:
    """Return the ends of an axis as plotly takes them: a logarithmic one by its exponents."""
    return (float(np.log10(ends[0])), float(np.log10(ends[1]))) if is_log else ends


def _share(values: Any, ends: tuple[float, float], *, is_log: bool) -> Any:
    """Return where along an axis values are, from 0 to 1; what has no place there is beyond all ends."""
    low, high = _scaled(ends, is_log=is_log)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((np.log10(values) if is_log else values) - low) / (high - low)


def _axis(is_log: bool, ends: tuple[float, float]) -> dict[str, Any]:
    """Return the kind of an axis and its ticks: a logarithmic one has them at powers of ten, or at full numbers where those would be too few."""
    if not is_log:
        return {}
    low, high = _scaled(ends, is_log=True)
    if high - low > _FEW_DECADES:
        return {"type": "log", "exponentformat": "power", "dtick": int(np.ceil((high - low) / _MANY_DECADES))}
    values = [digit * 10.0**power for power in range(int(np.floor(low)), int(np.ceil(high))) for digit in (1, 2, 5)]
    return {"type": "log", "tickvals": values, "ticktext": [told(value) for value in values]}


def curve_colour(curve: Curve, arms: Sequence[Arm], *, dark: bool) -> str:
    """Return the colour of a curve: its arm's, or a neutral one."""
    return (QUIET if curve.arm is None else ARM_SHADES[arms[curve.arm].colour]).on(dark=dark)


def _curve(curve: Curve, picture: Picture, ends: tuple[float, float], colour: str) -> list[go.Scatter]:
    """Return a curve with the band of its interval, or marks with bars; what has no place on a logarithmic axis from end to end is cut off."""
    y = np.where(curve.y > 0, curve.y, np.nan) if picture.log_y else curve.y
    shape: dict[str, Any] = {"x": curve.x, "y": y, "name": curve.name, "hovertemplate": "%{y:.3g}"}
    marker = {"symbol": arm_marker(curve.arm or 0), "size": 9, "color": colour}
    bounds = None if curve.low is None or curve.high is None else np.array((curve.low, curve.high))
    if bounds is not None and picture.log_y:
        bounds = np.clip(bounds, *ends)
    if curve.is_marks:
        bars = None if bounds is None else {"array": bounds[1] - curve.y, "arrayminus": curve.y - bounds[0], "color": colour, "width": 4}
        # Round, as in the page's legend.
        return [go.Scatter(**shape, mode="markers", marker=marker | {"symbol": "circle"}, error_y=bars)]
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
        colorbar={
            "title": {"text": shown.label, "side": "right", "font": {"size": _TITLE}},
            "thickness": 12,
            "outlinewidth": 0,
            "tickfont": {"color": quiet},
        },
        hovertemplate="%{x:.3g}, %{y:.3g}: %{z:.3g}<extra></extra>",
    )
    if shown.mark is None:
        return [heat]
    here = {"symbol": "circle-open", "size": 16, "color": ink, "line": {"width": 3}}
    # A point off the map, or at the 0 of a logarithmic axis, is at the edge that is nearest.
    x, y = np.clip(shown.mark[0], *shown.x[[0, -1]]), np.clip(shown.mark[1], *shown.y[[0, -1]])
    return [heat, go.Scatter(x=[x], y=[y], mode="markers", marker=here, hovertemplate="here<extra></extra>")]


def _clearest(picture: Picture, value: float, label: str, x_ends: tuple[float, float], y_ends: tuple[float, float]) -> tuple[int, str]:
    """Return at which end of a line along x its label is farthest from the curves, 0 or 1, and which side of the label is at the line."""
    x = _share(np.concatenate([[], *(curve.x for curve in picture.curves)]), x_ends, is_log=picture.log_x)
    y = _share(np.concatenate([[], *(curve.y for curve in picture.curves)]), y_ends, is_log=picture.log_y)
    at, long = _share(value, y_ends, is_log=picture.log_y), _LETTER * len(label)

    def free(end: int, side: str) -> float:
        middle = at + (_LETTERS if side == "bottom" else -_LETTERS) / 2
        if not _LETTERS / 2 <= middle <= 1 - _LETTERS / 2:
            return -1.0
        near = np.abs(y[(x >= 1 - long) if end else (x <= long)] - middle)
        return float(np.min(near, initial=np.inf, where=np.isfinite(near)))

    return max(((end, side) for end in (1, 0) for side in ("bottom", "top")), key=lambda place: free(*place))


def _line(figure: go.Figure, axis: str, value: float, end: float, *, dark: bool) -> None:
    """Draw a line across at a value of an axis, to an end that is 1 at the picture's edge."""
    other = "y" if axis == "x" else "x"
    along = {f"{axis}0": value, f"{axis}1": value, f"{other}0": 0, f"{other}1": end, f"{axis}ref": axis, f"{other}ref": "paper"}
    figure.add_shape(type="line", line={"color": QUIET.on(dark=dark), "width": 1.5, "dash": "dot"}, **along)


def _label(figure: go.Figure, axis: str, value: float, is_log: bool, label: str, *, dark: bool, **place: Any) -> None:
    """Write a line's label; place: where it is along the line, and which of its sides is there."""
    other = "y" if axis == "x" else "x"
    # Shapes take values as they are, annotations their logarithm.
    at = {axis: float(np.log10(value)) if is_log else value, f"{axis}ref": axis, f"{other}ref": "paper"}
    figure.add_annotation(text=label, showarrow=False, font={"size": 12, "color": QUIET.on(dark=dark)}, **({"yanchor": "bottom"} | at | place))
