"""How often runs succeed over two of a scenario's numbers, with the lines that theory draws there."""

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from lr_explorer.experiments.maps import SuccessMap
from lr_explorer.experiments.sweep import Axis
from lr_explorer.figures.charts import arrange
from lr_explorer.figures.theme import INK, PAGE, SHARE_SCALE
from lr_explorer.story import percent, told

HEIGHT = 420  # pixels
# With more cells than these every other one has its value on the axis, and all have smaller numbers.
_FEW = 8
# From this share on a number is read better in the page's colour than in the ink's, on the light page and on the dark one.
_DEEP = {False: 0.75, True: 0.61}
# What stands on a cell of which more than half of the runs diverged: that nobody succeeded has another reason there.
GONE = "✕"
# Of the lines of theory, in their order: pixels of ink and gap, in turn.
LINE_DASHES = ((9, 4), (2, 3))


def success_figure(found: SuccessMap, arm: int, labels: tuple[str, str], chosen: tuple[int, int] | None, *, dark: bool) -> go.Figure:
    """Return the share of one arm's replicates that succeeded in every cell; `chosen` is the cell that is framed.

    Cells have one size, whatever their values, which stand on the axes. Over each lies an unseen point that carries the cell's places.
    """
    figure, swept = go.Figure(), found.swept
    x, y = (np.arange(len(axis.values)) for axis in found.axes)
    shares = swept.grid(lambda one: one.success.estimate, arm).T
    gaps = {"xgap": 1, "ygap": 1}
    figure.add_trace(go.Heatmap(x=x, y=y, z=shares, zmin=0, zmax=1, colorscale=_scale(dark=dark), showscale=False, hoverinfo="skip", **gaps))
    for values, dash in zip(found.theory[arm].values(), LINE_DASHES, strict=True):
        contours = {"start": 0, "end": 0, "size": 1, "coloring": "none"}
        line = {"color": INK.on(dark=dark), "width": 2.5, "dash": ",".join(f"{length}px" for length in dash), "smoothing": 0}
        figure.add_trace(go.Contour(x=x, y=y, z=values.T, contours=contours, line=line, showscale=False, hoverinfo="skip"))
    figure.add_trace(_cells(found, arm, labels, dark=dark))
    arrange(figure, *labels, dark=dark, height=HEIGHT)
    figure.update_layout(margin_b=64)
    # Small enough to stand upright under eight cells on a phone.
    figure.update_xaxes(title_standoff=14, tickangle=0, tickfont_size=11)
    for update, axis in ((figure.update_xaxes, found.axes[0]), (figure.update_yaxes, found.axes[1])):
        update(range=[-0.5, len(axis.values) - 0.5], showgrid=False, **_ticks(axis))
    # However large a cell is, the pointer is over its point.
    figure.update_layout(hovermode="closest", hoverdistance=-1)
    if chosen is not None:
        corners = {"x0": chosen[0] - 0.5, "x1": chosen[0] + 0.5, "y0": chosen[1] - 0.5, "y1": chosen[1] + 0.5}
        figure.add_shape(type="rect", **corners, line={"color": PAGE.on(dark=dark), "width": 5})
        figure.add_shape(type="rect", **corners, line={"color": INK.on(dark=dark), "width": 2.5})
    return figure


def _cells(found: SuccessMap, arm: int, labels: tuple[str, str], *, dark: bool) -> go.Scatter:
    """Return each cell's share as a number, with what the pointer is told, and the places that a click hands on."""
    places = found.swept.sweep.places
    arms = [found.swept.at(*place)[arm] for place in places]
    shares = [one.success.estimate for one in arms]
    marks = [f"<br>{GONE}" if one.divergence.estimate > 0.5 else "" for one in arms]
    inks = [ink_on(share, dark=dark) for share in shares]
    x, y = zip(*places, strict=True)
    return go.Scatter(
        x=x,
        y=y,
        mode="markers+text",
        marker={"size": 12, "opacity": 0},
        text=[f"{share:.0%}{mark}" for share, mark in zip(shares, marks, strict=True)],
        textfont={"color": inks, "size": 13 if max(found.swept.sweep.shape) <= _FEW else 9, "shadow": [_halo(share, dark=dark) for share in shares]},
        hovertext=[_told(found, arm, labels, place) for place in places],
        hovertemplate="%{hovertext}<extra></extra>",
        customdata=[list(place) for place in places],
    )


def ink_on(share: float, *, dark: bool) -> str:
    """Return the colour of a number on the cell of a share."""
    return (PAGE if share > _DEEP[dark] else INK).on(dark=dark)


def _halo(share: float, *, dark: bool) -> str:
    """Return a shadow in the colour of a share's cell, on which its number is read where a line crosses it."""
    places, shades = zip(*_scale(dark=dark), strict=True)
    red, green, blue = (np.interp(share, places, channel) for channel in zip(*map(hex_to_rgb, shades), strict=True))
    return ", ".join([f"0px 0px 2px rgb({red:.0f}, {green:.0f}, {blue:.0f})"] * 4)


def _scale(*, dark: bool) -> list[tuple[float, str]]:
    return [(place / (len(SHARE_SCALE) - 1), shade.on(dark=dark)) for place, shade in enumerate(SHARE_SCALE)]


def _told(found: SuccessMap, arm: int, labels: tuple[str, str], place: tuple[int, ...]) -> str:
    cell, count = found.swept.at(*place)[arm], found.swept.sweep.count
    share = cell.success
    values = [f"{label}: {told(float(axis.values[index]))}" for label, axis, index in zip(labels, found.axes, place, strict=True)]
    bounds = f" ({percent(share.low)} – {percent(share.high)}) of {count:,}" if count > 1 else ", one run"
    return "<br>".join([f"{percent(share.estimate)}{bounds}", f"diverged: {percent(cell.divergence.estimate)}", *values])


def _ticks(axis: Axis) -> dict[str, object]:
    every = 1 if len(axis.values) <= _FEW else 2
    places = range(0, len(axis.values), every)
    return {"tickvals": [*places], "ticktext": [told(float(axis.values[place])) for place in places], "zeroline": False}
