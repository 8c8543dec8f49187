"""The animation as one HTML file: Plotly frames, plotly.js inside, no network."""

from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.io import to_html
from plotly.subplots import make_subplots

from lr_explorer.figures.theme import ARM_SHADES, FONT, INK, PAGE, arm_dash, arm_marker, surface_scale
from lr_explorer.figures.wire import loss_reference, surface_payload, unpack
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import ArmRun, Run
from lr_explorer.story import what_happened

Array = NDArray[np.float64]

FRAMES = 150
# Points of path behind each head that a frame draws bold.
_TAIL = 60
_SECONDS = 6
_STYLE = (
    f"body{{font-family:{FONT};color:{INK.light};background:{PAGE.light};margin:1rem auto;max-width:75rem;padding:0 1rem}}"
    "code{word-break:break-all}"
)
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
    figure.add_trace(_contour(run.scenario), row=1, col=1)
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
    body = to_html(animation(run), full_html=False, include_plotlyjs=True, auto_play=False, config=config, validate=False)
    told = "".join(f"<li><b>{escape(arm.arm.name)}</b>: {escape(text)}</li>" for arm, text in zip(run.arms, what_happened(run), strict=True))
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(_title(run.scenario))} – LR Explorer</title><style>{_STYLE}</style></head><body>{body}<ul>{told}</ul>"
        f"<p>Open it in LR Explorer: append <code>?{escape(run.scenario.link)}</code> to its address.</p></body></html>"
    )
    return page.encode()


def _title(scenario: Scenario) -> str:
    return f"{scenario.surface.label}, {scenario.steps} steps"


def _contour(scenario: Scenario) -> go.Contour:
    header, arrays = unpack(surface_payload(scenario.surface, "surface"))
    rows, columns = header["shape"]
    (x0, x1), (y0, y1) = header["bounds"]
    return go.Contour(
        x=np.linspace(x0, x1, columns),
        y=np.linspace(y0, y1, rows),
        z=arrays["height"].reshape(rows, columns),
        colorscale=surface_scale(dark=False),
        ncontours=20,
        line={"width": 0.5, "color": "rgba(60,80,100,0.35)"},
        colorbar={
            "title": "loss",
            "tickvals": header["ticks"]["values"],
            "ticktext": header["ticks"]["text"],
            "thickness": 10,
            "len": 0.9,
            "x": 0.535,
        },
        hoverinfo="skip",
        showlegend=False,
    )


def _still(run: Run, place: int, arm: ArmRun) -> tuple[go.Scatter, go.Scatter, go.Scatter]:
    """Return an arm's whole path, rates and losses, faint on the map."""
    line = {"color": _colour(arm), "dash": arm_dash(place), "width": 1.5}
    shared: dict[str, Any] = {"mode": "lines", "line": line, "legendgroup": str(place), "name": escape(arm.arm.name)}
    path = go.Scatter(x=arm.path[:, 0, 0], y=arm.path[:, 1, 0], opacity=0.45, hoverinfo="skip", showlegend=True, **shared)
    rate = go.Scatter(x=np.arange(len(arm.lr)), y=arm.lr, showlegend=False, **shared)
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
        tail = arm.path[max(0, step - _TAIL) : step + 1, :, 0]
        update = min(step, len(arm.lr) - 1)
        moved.append({"x": tail[:, 0], "y": tail[:, 1]})
        moved += [{"x": [x], "y": [y]} for x, y in (tail[-1], (update, arm.lr[update]), (step, _shown_loss(run, arm)[step]))]
    return moved


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
