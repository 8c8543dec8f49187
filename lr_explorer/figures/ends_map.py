"""Where the replicates of an arm ended, over the surface's contour."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lr_explorer.experiments.crowd import ArmCrowd, Ending
from lr_explorer.figures.charts import WATCH, arrange, carried
from lr_explorer.figures.raster import data_address, raster
from lr_explorer.figures.theme import PAGE, Shade
from lr_explorer.figures.wire import unpack

HEIGHT = 380  # pixels
_PIXELS = (480, 320)
_BANDS = 18
# More points would only cover one another.
MOST = 1000
# Colours of their own, since the others stand for arms; the symbols tell the same.
LOOKS: Mapping[Ending, tuple[str, str, Shade]] = {
    Ending.GLOBAL: ("circle", "●", Shade("#6B3FA0", "#C9A6FF")),
    Ending.LOCAL: ("triangle-up", "▲", Shade("#A33B20", "#FF9E80")),
    Ending.NONE: ("x", "✖", Shade("#4A5867", "#AAB7C4")),
}


def contour(block: bytes, *, dark: bool) -> dict[str, Any]:
    """Return the surface, as it travels to the browser, as a picture for `ends_map`."""
    header, arrays = unpack(block)
    heights = arrays["height"].reshape(header["shape"]).astype(float)
    (x0, x1), (y0, y1) = header["bounds"]
    source = data_address(raster(heights, _PIXELS, header["range"], _BANDS, flat=True, dark=dark))
    place = {"x": x0, "y": y1, "sizex": x1 - x0, "sizey": y1 - y0, "xref": "x", "yref": "y", "sizing": "stretch", "layer": "below"}
    return {"source": source, **place}


def ends_map(picture: dict[str, Any], arm: ArmCrowd, endings: Mapping[Ending, np.ndarray], place: int, *, dark: bool) -> go.Figure:
    """Return the last points of the first replicates over the contour, by where the gradient flow leads from there.

    A point carries its replicate and the arm's place, which is `place`.
    """
    figure = go.Figure()
    for ending, those in endings.items():
        symbol, _, shade = LOOKS[ending]
        replicates = np.flatnonzero(those[:MOST])
        x, y = arm.final[:, replicates]
        marker = {"symbol": symbol, "size": 7, "color": shade.on(dark=dark), "opacity": 0.75, "line": {"color": PAGE.on(dark=dark), "width": 0.75}}
        says = "(%{x:.3g}, %{y:.3g})<br>" + WATCH
        points = go.Scatter(x=x, y=y, mode="markers", name=ending.value, marker=marker, customdata=carried(replicates, place), hovertemplate=says)
        figure.add_trace(points)
    arrange(figure, "x", "y", dark=dark, height=HEIGHT)
    figure.add_layout_image(picture)
    # Far points, of runs that diverged, must not stretch the box.
    figure.update_xaxes(range=[picture["x"], picture["x"] + picture["sizex"]], showgrid=False)
    figure.update_yaxes(range=[picture["y"] - picture["sizey"], picture["y"]], showgrid=False)
    figure.update_layout(hovermode="closest")
    return figure
