"""The animation as one HTML file: Plotly frames, plotly.js inside, no network."""

from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.io import to_html
from plotly.subplots import make_subplots

from lr_explorer.figures.raster import raster
from lr_explorer.figures.theme import ARM_SHADES, FONT, INK, PAGE, arm_dash, arm_marker, surface_scale
from lr_explorer.figures.wire import loss_reference, surface_payload, unpack
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import ArmRun, Run
from lr_explorer.story import what_happened

Array = NDArray[np.float64]

FRAMES = 120
# Points of path behind each head that a frame draws bold.
_TAIL = 60
_SECONDS = 6
# The map's background: pixels along each side, and bands between contour lines.
_PIXELS = 600
_BANDS = 18
_STYLE = (
    f"body{{font-family:{FONT};color:{INK.light};background:{PAGE.light};margin:1rem auto;max-width:75rem;padding:0 1rem}}"
    "code{word-break:break-all}"
)
# On a narrow screen the panels stand one above the other.
_STACK_ON_PHONES = """
const figure = document.getElementById("{plot_id}");
if (window.innerWidth < 700) {
  figure.style.height = figure.parentElement.style.height = "980px";
  const titles = [[0.5, 1], [0.5, 0.44], [0.5, 0.2]];
  Plotly.relayout(figure, {
    height: 980, "margin.l": 48, "margin.r": 8,
    "xaxis.domain": [0, 0.84], "yaxis.domain": [0.54, 0.97],
    "xaxis2.domain": [0, 1], "yaxis2.domain": [0.27, 0.41],
    "xaxis3.domain": [0, 1], "yaxis3.domain": [0.04, 0.17],
    "legend.y": -0.14, "updatemenus[0].y": -0.04, "sliders[0].x": 0, "sliders[0].len": 1, "sliders[0].y": -0.28,
    ...Object.fromEntries(titles.flatMap(([x, y], i) => [[`annotations[${i}].x`, x], [`annotations[${i}].y`, y]])),
  });
  const bar = figure.data.findIndex((trace) => trace.marker?.showscale);
  Plotly.restyle(figure, { "marker.colorbar.x": 0.86, "marker.colorbar.y": 0.755, "marker.colorbar.len": 0.43 }, [bar]);
}
"""
_PANELS = ((1, 1), (1, 2), (2, 2))  # map, learning rate, loss: row and column


def animation(run: Run) -> dict[str, Any]:
    """Return map, learning rate and loss of the run's first replicate as a Plotly figure with frames, in plain dictionaries.

    Static traces come first; then for each arm a tail and a head on the map, and a head on each curve: these the frames move.
    """
    figure = make_subplots(
        rows=2,
        cols=2,
        column_widths=[0.58, 0.42],
        specs=[[{"rowspan": 2}, {}], [None, {}]],
        vertical_spacing=0.14,
        horizontal_spacing=0.1,
        subplot_titles=(_title(run.scenario), "Learning rate", f"{loss_reference(run).label.capitalize()} (log)"),
    )
    figure.add_trace(_colour_bar(run.scenario), row=1, col=1)
    figure.add_layout_image(_background(run.scenario))
    for place, arm in enumerate(run.arms):
        for trace, (row, col) in zip(_still(run, place, arm), _PANELS, strict=True):
            figure.add_trace(trace, row=row, col=col)
    first = len(figure.data)
    for place, arm in enumerate(run.arms):
        for trace, (row, col) in zip(_movers(place, arm), ((1, 1), *_PANELS), strict=True):
            figure.add_trace(trace, row=row, col=col)
    moved = list(range(first, len(figure.data)))
    for trace, values in zip(figure.data[first:], _at(run, run.scenario.steps), strict=True):
        trace.update(values)
    steps = np.unique(np.linspace(0, run.scenario.steps, FRAMES + 1).round().astype(int))
    _arrange(figure, run.scenario, [str(step) for step in steps])
    # Frames go in as plain dictionaries: validating each of their traces would take seconds.
    frames = [{"name": str(step), "data": _at(run, int(step)), "traces": moved} for step in steps]
    return figure.to_dict() | {"frames": frames}


def animation_html(run: Run) -> bytes:
    """Return a whole HTML page that plays the run offline and says what happened."""
    config = {"displaylogo": False, "responsive": True}
    body = to_html(
        animation(run), full_html=False, include_plotlyjs=True, auto_play=False, config=config, validate=False, post_script=_STACK_ON_PHONES
    )
    told = "".join(f"<li><b>{escape(arm.arm.name)}</b>: {escape(text)}</li>" for arm, text in zip(run.arms, what_happened(run), strict=True))
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(_title(run.scenario))} – LR Explorer</title><style>{_STYLE}</style></head><body>{body}<ul>{told}</ul>"
        f"<details><summary>Open it in LR Explorer</summary>Append <code>?{escape(run.scenario.link)}</code> to its address.</details></body></html>"
    )
    return page.encode()


def _title(scenario: Scenario) -> str:
    return f"{scenario.surface.label}, {scenario.steps} steps"


def _heights(scenario: Scenario) -> tuple[dict[str, Any], Array]:
    """Return header and display heights of the surface, rows from low y to high y."""
    header, arrays = unpack(surface_payload(scenario.surface, "surface"))
    return header, arrays["height"].reshape(header["shape"]).astype(float)


def _background(scenario: Scenario) -> dict[str, Any]:
    """Return the contour as a picture under the map: Plotly's frames take a contour trace away with the first step."""
    header, heights = _heights(scenario)
    (x0, x1), (y0, y1) = header["bounds"]
    picture = raster(heights, (_PIXELS, _PIXELS), header["range"], _BANDS)
    place = {"x": x0, "y": y1, "sizex": x1 - x0, "sizey": y1 - y0, "xref": "x", "yref": "y", "sizing": "stretch", "layer": "below"}
    return {"source": picture, **place}


def _colour_bar(scenario: Scenario) -> go.Scatter:
    """Return a trace without points that carries the surface's colour bar, labelled with true losses."""
    header, _ = _heights(scenario)
    ticks = {"tickvals": header["ticks"]["values"], "ticktext": header["ticks"]["text"]}
    bar = {"title": "loss", **ticks, "thickness": 10, "len": 0.9, "x": 0.535}
    low, high = header["range"]
    marker = {"color": [low], "cmin": low, "cmax": high, "colorscale": surface_scale(dark=False), "showscale": True, "colorbar": bar}
    return go.Scatter(x=[None], y=[None], mode="markers", marker=marker, hoverinfo="skip", showlegend=False)


def _still(run: Run, place: int, arm: ArmRun) -> tuple[go.Scatter, go.Scatter, go.Scatter]:
    """Return an arm's whole path, rates and losses, faint on the map."""
    line = {"color": _colour(arm), "dash": arm_dash(place), "width": 1.5, "simplify": False}
    shared: dict[str, Any] = {"mode": "lines", "line": line, "legendgroup": str(place), "name": escape(arm.arm.name)}
    x, y = _near(run.scenario, arm.path[..., 0]).T
    path = go.Scatter(x=x, y=y, opacity=0.45, hoverinfo="skip", showlegend=True, **shared)
    rate = go.Scatter(x=np.arange(len(arm.lr)), y=arm.first_lr, showlegend=False, **shared)
    loss = go.Scatter(x=np.arange(len(arm.loss)), y=_shown_loss(run, arm), showlegend=False, **shared)
    return path, rate, loss


def _movers(place: int, arm: ArmRun) -> list[go.Scatter]:
    """Return an arm's tail and head on the map and its heads on the curves, still without data."""
    line = {"color": _colour(arm), "width": 2.5}
    marker = {"symbol": arm_marker(place), "size": 11, "color": _colour(arm), "line": {"color": "white", "width": 1.5}}
    quiet: dict[str, Any] = {"hoverinfo": "skip", "showlegend": False}
    return [go.Scatter(mode="lines", line=line, **quiet), *(go.Scatter(mode="markers", marker=marker, **quiet) for _ in _PANELS)]


def _at(run: Run, step: int) -> list[dict[str, Any]]:
    """Return the data of all movers at `step`."""
    moved: list[dict[str, Any]] = []
    for arm in run.arms:
        tail = _near(run.scenario, arm.path[max(0, step - _TAIL) : step + 1, :, 0])
        update = min(step, len(arm.lr) - 1)
        moved.append({"x": tail[:, 0], "y": tail[:, 1]})
        moved += [{"x": [x], "y": [y]} for x, y in (tail[-1], (update, arm.first_lr[update]), (step, _shown_loss(run, arm)[step]))]
    return moved


def _near(scenario: Scenario, points: Array) -> Array:
    """Return the points (n, 2) with a gap for those ten boxes away: a browser takes a second over a line of a million pixels."""
    (x0, x1), (y0, y1) = scenario.surface.bounds
    far = np.abs(points - [(x0 + x1) / 2, (y0 + y1) / 2]) > 10 * np.array([x1 - x0, y1 - y0])
    return np.where(far.any(axis=1, keepdims=True), np.nan, points)


def _shown_loss(run: Run, arm: ArmRun) -> Array:
    """Return the loss as a logarithmic axis can show it: what is not positive or not finite is a gap."""
    loss = arm.loss[:, 0] - loss_reference(run).offset
    return np.where(np.isfinite(loss) & (loss > 0), loss, np.nan)


def _colour(arm: ArmRun) -> str:
    return ARM_SHADES[arm.arm.colour].light


def _arrange(figure: go.Figure, scenario: Scenario, names: list[str]) -> None:
    """Set axes, play button and slider."""
    (x0, x1), (y0, y1) = scenario.surface.bounds
    duration = 1000 * _SECONDS / len(names)
    at_once = {"mode": "immediate", "frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}}
    play = {"fromcurrent": True, "frame": {"duration": duration, "redraw": False}, "transition": {"duration": 0}, "mode": "immediate"}
    figure.update_xaxes(range=[x0, x1], row=1, col=1, title="x")
    figure.update_yaxes(range=[y0, y1], row=1, col=1, title="y")
    figure.update_xaxes(range=[0, scenario.steps], col=2)
    figure.update_xaxes(title="step", row=2, col=2)
    figure.update_yaxes(rangemode="tozero", exponentformat="power", row=1, col=2)
    figure.update_yaxes(type="log", exponentformat="power", row=2, col=2)
    figure.update_layout(
        template="plotly_white",
        font={"family": FONT, "color": INK.light},
        paper_bgcolor=PAGE.light,
        height=640,
        margin={"l": 60, "r": 20, "t": 50, "b": 20},
        legend={"orientation": "h", "y": -0.08, "yanchor": "top"},
        updatemenus=[
            {
                "type": "buttons",
                "direction": "left",
                "x": 0,
                "y": -0.2,
                "xanchor": "left",
                "yanchor": "top",
                "buttons": [
                    {"label": "▶ Play", "method": "animate", "args": [None, play]},
                    {"label": "❚❚ Pause", "method": "animate", "args": [[None], at_once]},
                ],
            }
        ],
        sliders=[
            {
                "active": len(names) - 1,
                "currentvalue": {"prefix": "step "},
                "x": 0.18,
                "len": 0.82,
                "y": -0.18,
                "pad": {"t": 0},
                "steps": [{"label": name, "method": "animate", "args": [[name], at_once]} for name in names],
            }
        ],
    )
