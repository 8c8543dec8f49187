"""What the charts share that have axes and a page's own legend above them."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lr_explorer.figures.theme import FONT, GRID, INK, PAGE, QUIET

HEIGHT = 420  # pixels
# Of the lowest values a logarithmic axis shows so many decades below the highest.
_DECADES = 8.0
# What the hover of a point that stands for a replicate ends with.
WATCH = "replicate %{customdata[0]}: click to watch it"


def carried(replicates: NDArray[np.int64], place: int) -> list[list[int]]:
    """Return what points carry that stand for replicates of the arm at `place`: both numbers, in lists, since a click reports no array."""
    return [[replicate, place] for replicate in replicates.tolist()]


def log_bottom(values: NDArray[np.float64], highest: float = np.inf) -> float:
    """Return the lower end of a logarithmic axis up to `highest`: below the lowest value above 0, but not endlessly."""
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return 0.1
    return float(max(values.min() / 2, min(values.max(), highest) * 10.0**-_DECADES))


def faint(colour: str) -> str:
    """Return a colour, "#005A9C", as that of an area behind lines."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def arrange(figure: go.Figure, x: str, y: str, *, dark: bool, height: int = HEIGHT) -> None:
    """Give a chart the house's looks and its axes their titles."""
    ink, quiet, grid, page = (shade.on(dark=dark) for shade in (INK, QUIET, GRID, PAGE))
    line = {"gridcolor": grid, "zeroline": False, "linecolor": quiet, "tickfont": {"color": quiet}, "fixedrange": False}
    figure.update_xaxes(title={"text": x}, hoverformat=",.6~g", **line)
    figure.update_yaxes(title={"text": y, "standoff": 12}, automargin=True, **line)
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 66, "r": 12, "t": 12, "b": 48},
        font={"family": FONT, "size": 14, "color": ink},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="x unified",
        hoverlabel={"bgcolor": page, "bordercolor": grid, "font": {"color": ink}},
        showlegend=False,  # the page has one of its own, which wraps on a phone
        dragmode=False,
    )
