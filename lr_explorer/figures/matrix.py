"""Schedules by tasks: who wins where, what a winner costs elsewhere, which of two is better on what, and what choosing the best of many flatters."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lr_explorer.experiments.selection import Selection
from lr_explorer.experiments.task_choice import TIE, behind, ranks, regrets
from lr_explorer.experiments.task_matrix import TaskMatrix
from lr_explorer.experiments.tasks import CONTENDERS, TASKS
from lr_explorer.figures.charts import arrange
from lr_explorer.figures.theme import ARM_SHADES, INK, QUIET, arm_dash, arm_marker
from lr_explorer.statistics import Interval
from lr_explorer.story import percent, told

Array = NDArray[np.float64]

# From none to much behind the best. Narrow in lightness, so that the ink is readable on all of it; blue and orange are told apart by everybody.
_SCALE = {"light": ("#A9CFEF", "#E3EDF6", "#FBEBDD", "#F3BF93"), "dark": ("#1D5480", "#1B3045", "#3B2A1E", "#85471A")}
# So many dex behind and more have the last colour.
_MOST = 3.0
_ROW = 44  # pixels
# The lines of `selection_figure` by their names: place in the tables of dashes and markers, and colour.
LINES = {"optimism": (0, "blue"), "regret": (1, "orange"), "bound": (2, "grey")}


def matrix_figure(matrix: TaskMatrix, *, dark: bool) -> go.Figure:
    """Return each schedule's rank on each task, and below it how many dex it is behind the best; framed where that is at most `TIE`."""
    gaps, ranked = behind(matrix.scores), ranks(matrix.scores)
    texts = [[f"<b>{rank:g}</b><br>{_gap(gap)}" for rank, gap in zip(*row, strict=True)] for row in zip(ranked, gaps, strict=True)]
    hover = [[_told_of(matrix, task, contender) for contender in matrix.contenders] for task in matrix.tasks]
    columns = [CONTENDERS[contender].short for contender in matrix.contenders]
    figure = _heat_map(gaps, texts, hover, columns, [TASKS[task].label for task in matrix.tasks], dark=dark)
    figure.update_traces(textfont_size=12)
    for row, column in np.argwhere(gaps <= TIE):
        box = {"x0": column - 0.47, "x1": column + 0.47, "y0": row - 0.46, "y1": row + 0.46}
        figure.add_shape(type="rect", line={"color": INK.on(dark=dark), "width": 2}, **box)
    return figure


def carried_figure(matrix: TaskMatrix, *, dark: bool) -> go.Figure:
    """Return how many dex the winner of each task, the row, is behind the best on each other, the column."""
    costs = regrets(matrix.scores)
    names = [TASKS[task].label for task in matrix.tasks]
    winners = [CONTENDERS[matrix.contenders[place]].label for place in matrix.scores.argmin(axis=1)]
    hover = [
        [f"{winner}, best on {here}:<br>on {there} {told(cost)} dex behind the best" for there, cost in zip(names, row, strict=True)]
        for here, winner, row in zip(names, winners, costs, strict=True)
    ]
    texts = [["·" if here == there else _short(cost) for there, cost in enumerate(row)] for here, row in enumerate(costs)]
    figure = _heat_map(costs, texts, hover, names, names, dark=dark)
    figure.update_traces(textfont_size=11)
    figure.update_xaxes(tickangle=-90)
    figure.update_layout(height=len(names) * 30 + 120, margin_t=110)
    return figure


def sides_figure(intervals: Sequence[Interval], names: Sequence[str], effect: str, margin: float, *, dark: bool) -> go.Figure:
    """Return the interval of the difference of two schedules on every task; full marks lie beyond the margin on either side."""
    bounds = np.array([(one.low, one.estimate, one.high) for one in intervals])
    finite = np.append(bounds[np.isfinite(bounds)], [-margin, margin])
    room = 0.05 * np.ptp(finite)
    low, middle, high = np.clip(bounds, finite.min() - room, finite.max() + room).T
    ink = INK.on(dark=dark)
    is_clear = (bounds[:, 0] > margin) | (bounds[:, 2] < -margin)
    figure = go.Figure(
        go.Scatter(
            x=middle,
            y=list(names),
            mode="markers",
            error_x={"array": high - middle, "arrayminus": middle - low, "color": ink, "thickness": 1.5, "width": 4},
            marker={"symbol": np.where(is_clear, "circle", "circle-open"), "size": 10, "color": ink, "line": {"width": 2, "color": ink}},
            text=[f"{told(one.estimate)} ({told(one.low)} to {told(one.high)})" for one in intervals],
            hovertemplate="%{y}: %{text} dex<extra></extra>",
        )
    )
    arrange(figure, effect, "", dark=dark, height=28 * len(names) + 90)
    for value, dash in ((0.0, "solid"), (-margin, "dash"), (margin, "dash")):
        figure.add_vline(value, line={"color": QUIET.on(dark=dark), "width": 1.5, "dash": dash})
    figure.update_xaxes(range=[finite.min() - room, finite.max() + room])
    figure.update_yaxes(range=[len(names) - 0.4, -0.6])
    figure.update_layout(hovermode="closest")
    return figure


def selection_figure(found: Selection, *, dark: bool) -> go.Figure:
    """Return over the number of replicates that choose: how much too good the chosen one looks, theory's bound of it, and what it costs."""
    figure = go.Figure()
    for name, (place, shade) in LINES.items():
        colour = ARM_SHADES[shade].on(dark=dark)
        figure.add_trace(
            go.Scatter(
                x=list(found.counts),
                y=getattr(found, name),
                mode="lines+markers",
                name=name,
                line={"color": colour, "width": 2.5, "dash": arm_dash(place)},
                marker={"symbol": arm_marker(place), "size": 9, "color": colour},
                hovertemplate="%{y:.3g} dex",
            )
        )
    arrange(figure, "replicates that choose", "dex", dark=dark, height=320)
    first, *_, last = np.log10(found.counts)
    figure.update_xaxes(type="log", tickvals=list(found.counts), range=[first - 0.08, last + 0.08])
    figure.update_yaxes(rangemode="tozero")
    return figure


def _heat_map(gaps: Array, texts: list[list[str]], hover: list[list[str]], columns: list[str], rows: list[str], *, dark: bool) -> go.Figure:
    # The root spreads what matters, the first tenths of a decade, over more of the colours.
    shades = np.sqrt(np.minimum(gaps, _MOST) / _MOST)
    colours = _SCALE["dark" if dark else "light"]
    scale = [[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)]
    map_of: dict[str, Any] = {"z": shades, "zmin": 0, "zmax": 1, "colorscale": scale, "showscale": False, "xgap": 2, "ygap": 2}
    ink = INK.on(dark=dark)
    figure = go.Figure(
        go.Heatmap(
            **map_of, text=texts, texttemplate="%{text}", textfont={"color": ink}, customdata=hover, hovertemplate="%{customdata}<extra></extra>"
        )
    )
    arrange(figure, "", "", dark=dark, height=_ROW * len(rows) + 60)
    figure.update_xaxes(tickvals=list(range(len(columns))), ticktext=columns, side="top", showgrid=False, tickfont={"color": ink, "size": 12})
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=rows, range=[len(rows) - 0.5, -0.5], showgrid=False, tickfont={"color": ink, "size": 12}
    )
    figure.update_layout(hovermode="closest", margin={"l": 8, "r": 8, "t": 50, "b": 10})
    return figure


def _told_of(matrix: TaskMatrix, task: str, contender: str) -> str:
    made = matrix.trial(task, contender)
    score = matrix.scores[matrix.tasks.index(task), matrix.contenders.index(contender)]
    return (
        f"<b>{CONTENDERS[contender].label}</b> on {TASKS[task].label}<br>peak {told(made.curve.peak)}, median loss {_loss(10**score)}"
        f"<br>{percent(made.held_out.hits.mean(), 0)} {TASKS[task].measure.says}"
    )


def _loss(loss: float) -> str:
    return told(loss) if np.isfinite(loss) else "∞"


def _gap(gap: float) -> str:
    """Return how far behind the best it is, in as many digits as it takes to see on which side of a tie, as the frames have it."""
    if gap == 0:
        return "best"
    digits = next(digits for digits in range(2, 20) if (float(f"{gap:.{digits}f}") <= TIE) == (gap <= TIE))
    return f"+{_short(gap, digits)}"


def _short(gap: float, digits: int = 2) -> str:
    """Return dex in three characters or so, for there is little room in a cell; digits: behind the point, for less than one dex."""
    if not np.isfinite(gap):
        return "∞"
    return f"{gap:.1f}" if gap >= 0.95 else f"{gap:.{digits}f}".removeprefix("0")
