"""Small quiet pictures for the Reference: a surface with its minima, a schedule's curve, an optimizer's path, a cloud of points, a loss.

The examples – which run, which parameters – are made by functions of their own; the pictures draw what they are handed.
"""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lr_explorer.averaging import Averaging
from lr_explorer.batches import BatchSchedule
from lr_explorer.controllers import Controller
from lr_explorer.figures.theme import ARM_SHADES, FONT, INK, PAGE, QUIET, Shade, surface_scale
from lr_explorer.figures.wire import surface_payload, unpack
from lr_explorer.noise import Noise
from lr_explorer.optimizers import Optimizer
from lr_explorer.params import Number
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.simulate import Run, simulate
from lr_explorer.start import Point, Start
from lr_explorer.surfaces import SURFACES, Surface

WIDTH, HEIGHT = 220, 160  # pixels
SCHEDULE_STEPS = 300
SCHEDULE_WARMUP = 30
OPTIMIZER_STEPS = 400
REPLICATES = 200

# At a picture's size a quarter of the map's points looks the same.
_EVERY = 2
_LINE = ARM_SHADES["blue"]
_LEVEL = Shade("rgba(60,80,100,0.35)", "rgba(170,190,210,0.3)")


def example_schedule(cls: type[Schedule]) -> Schedule:
    """Return the class's defaults with a warm-up to look at, unless the shape itself rises first, as a one-cycle does."""
    plain = cls()
    lr = plain.values(SCHEDULE_STEPS)
    return plain.with_values(warmup=SCHEDULE_WARMUP) if lr[0] > 0.99 * lr.max() else plain


def example_run(optimizer: Optimizer, **around: Any) -> Run:
    """Run `optimizer` at its suggested constant rate down a slanting ravine without noise: 1:30 in curvature, 25° against the axes.

    around: other fields of the arm, such as its wrapper.
    """
    ravine = SURFACES.create("quadratic", lambda1=0.5, lambda2=15.0, angle=25.0)
    arm = Arm(optimizer=optimizer, schedule=SCHEDULES.create("constant", peak=optimizer.suggested_peak), **around)
    return simulate(Scenario(surface=ravine, start=Point(-4.0, 1.0), noise=_quiet(), arms=(arm,), steps=OPTIMIZER_STEPS))


def example_control(controller: Controller) -> Run:
    """Run gradient descent in a noisy bowl under `controller`, which looks often and is patient for two looks only, so that it acts."""
    eager = {name: value for name, value in {"every": 5, "patience": 2}.items() if name in controller.params()}
    return simulate(_noisy_bowl(Arm(schedule=controller.with_values(**eager))))


def example_average(averaging: Averaging) -> Run:
    """Run gradient descent at a constant rate in a noisy bowl with `averaging` beside it."""
    return simulate(_noisy_bowl(Arm(schedule=SCHEDULES.create("constant", peak=0.1), averaging=averaging)))


def example_noise(noise: Noise) -> Run:
    """Run one update of plain gradient descent from one point under many draws of `noise`; a silent one is turned up to show."""
    if noise.is_silent:
        middles = {name: sum(param.slider_range) / 2 for name, param in noise.params().items() if isinstance(param, Number) and not param.whole}
        noise = noise.with_values(**middles)
    bowl = _one_update(start=Point(-2.0, 1.0))
    if not noise.refusal(bowl.surface):
        return simulate(bowl.with_values(noise=noise), replicates=REPLICATES)
    suited = next(surface for surface in (cls() for cls in SURFACES.values()) if not noise.refusal(surface))
    return simulate(_one_update(surface=suited, noise=noise, start=Point(*suited.start)), replicates=REPLICATES)


def example_start(start: Start) -> Run:
    """Return a run whose first points are those that `start` gives to many replicates."""
    return simulate(_one_update(noise=_quiet(), start=start), replicates=REPLICATES)


def surface_thumbnail(surface: Surface, *, dark: bool) -> go.Figure:
    """Return the surface's box with its declared minima: the lowest as stars, the others as dots."""
    figure = go.Figure([_contour(surface, dark=dark), *_minima(surface, dark=dark)])
    _arrange(figure, dark=dark, box=surface.bounds)
    return figure


def schedule_thumbnail(schedule: Schedule, steps: int, *, dark: bool) -> go.Figure:
    """Return the rate of each of `steps` updates, those of the warm-up faint."""
    lr, update = schedule.values(steps), np.arange(steps)
    line = {"color": _LINE.on(dark=dark), "width": 2}
    # One point in common, so that the two parts of the curve meet.
    rise = go.Scatter(x=update[: schedule.warmup + 1], y=lr[: schedule.warmup + 1], mode="lines", line=line, opacity=0.45, name="warm-up")
    shape = go.Scatter(x=update[schedule.warmup :], y=lr[schedule.warmup :], mode="lines", line=line, name="rate")
    figure = go.Figure([rise, shape] if schedule.warmup else [shape])
    # Noam's peak is a factor that its rates do not come near.
    highest = schedule.peak if lr.max() > schedule.peak / 2 else float(lr.max())
    _arrange(figure, dark=dark, box=((0, steps), (0.0, 1.08 * highest)))
    figure.update_yaxes(tickvals=[0, highest], ticktext=["0", "peak" if highest == schedule.peak else "top"])
    return figure


def rate_thumbnail(run: Run, *, dark: bool) -> go.Figure:
    """Return the rates that the controller of the run's first arm chose."""
    lr, peak = run.arms[0].first_lr, run.arms[0].arm.schedule.peak
    line = go.Scatter(x=np.arange(len(lr)), y=lr, mode="lines", line={"color": _LINE.on(dark=dark), "width": 2}, name="rate")
    figure = go.Figure([line])
    _arrange(figure, dark=dark, box=((0, len(lr)), (0.0, 1.08 * max(peak, float(np.nanmax(lr))))))
    figure.update_yaxes(tickvals=[0, peak], ticktext=["0", "peak"])
    return figure


def average_thumbnail(run: Run, *, dark: bool) -> go.Figure:
    """Return the loss of the iterate, faint, and of the average, if there is one, by their powers of ten."""
    arm, step = run.arms[0], np.arange(run.scenario.steps + 1)
    line = {"color": _LINE.on(dark=dark), "width": 2}
    raw = go.Scatter(x=step, y=np.log10(arm.loss[:, 0]), mode="lines", line=line | {"width": 1}, opacity=0.45, name="loss")
    average = [] if arm.averaged_loss is None else [go.Scatter(x=step, y=np.log10(arm.averaged_loss[:, 0]), mode="lines", line=line, name="average")]
    figure = go.Figure([raw, *average])
    _arrange(figure, dark=dark, box=((0, run.scenario.steps), (-4.0, 2.0)))
    figure.update_yaxes(tickvals=[-4, 2], ticktext=["0.0001", "100"])
    return figure


def batch_thumbnail(batch: BatchSchedule, steps: int, *, dark: bool) -> go.Figure:
    """Return the batch of each of `steps` updates, in multiples of the first."""
    multiples = batch.multiples(steps)
    figure = go.Figure([go.Scatter(x=np.arange(steps), y=multiples, mode="lines", line={"color": _LINE.on(dark=dark), "width": 2}, name="batch")])
    _arrange(figure, dark=dark, box=((0, steps), (0.0, 1.08 * float(multiples.max()))))
    figure.update_yaxes(tickvals=[0, 1, multiples.max()], ticktext=["0", "1×", f"{multiples.max():.0f}×"])
    return figure


def path_thumbnail(run: Run, *, dark: bool) -> go.Figure:
    """Return the path of the run's first arm over its surface, from a ring at the start to a dot at the end."""
    x, y = run.arms[0].path[:, :, 0].T
    colour, edge = _LINE.on(dark=dark), PAGE.on(dark=dark)
    good = np.flatnonzero(np.isfinite(x))
    path = go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 1.75}, name="path")
    ends = go.Scatter(
        x=x[good[[0, -1]]],
        y=y[good[[0, -1]]],
        mode="markers",
        marker={"size": [8, 8], "color": [edge, colour], "line": {"color": [colour, edge], "width": [2, 1]}},
        name="start and end",
    )
    figure = go.Figure([_contour(run.scenario.surface, dark=dark), *_minima(run.scenario.surface, dark=dark), path, ends])
    _arrange(figure, dark=dark, box=run.scenario.surface.bounds)
    return figure


def points_thumbnail(run: Run, step: int, *, dark: bool) -> go.Figure:
    """Return where the run's replicates are after `step` updates."""
    x, y = run.arms[0].path[step]
    marker = {"color": _LINE.on(dark=dark), "size": 4, "opacity": 0.6}
    figure = go.Figure([_contour(run.scenario.surface, dark=dark), go.Scatter(x=x, y=y, mode="markers", marker=marker, name="replicates")])
    _arrange(figure, dark=dark, box=run.scenario.surface.bounds)
    return figure


def _quiet() -> Noise:
    return Scenario().noise.with_values(sigma=0.0)


def _noisy_bowl(arm: Arm) -> Scenario:
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
    return Scenario(surface=bowl, start=Point(6.0, 1.0), noise=Scenario().noise.with_values(sigma=1.0), arms=(arm,), steps=SCHEDULE_STEPS)


def _one_update(surface: Surface | None = None, **values: Any) -> Scenario:
    """Return one update of SGD at rate 0.1, on a round bowl unless another surface is given."""
    surface = surface or SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    return Scenario(surface=surface, arms=(Arm(schedule=SCHEDULES.create("constant", peak=0.1)),), steps=1, **values)


def _contour(surface: Surface, *, dark: bool) -> go.Contour:
    header, arrays = unpack(surface_payload(surface, "thumbnail"))
    rows, columns = header["shape"]
    (x0, x1), (y0, y1) = header["bounds"]
    return go.Contour(
        x=np.linspace(x0, x1, columns)[::_EVERY],
        y=np.linspace(y0, y1, rows)[::_EVERY],
        z=arrays["height"].reshape(rows, columns)[::_EVERY, ::_EVERY],
        colorscale=surface_scale(dark=dark),
        ncontours=12,
        line={"width": 0.5, "color": _LEVEL.on(dark=dark)},
        showscale=False,
        name="loss",
    )


def _minima(surface: Surface, *, dark: bool) -> list[go.Scatter]:
    """Return marks of the declared minima: stars for the lowest, dots for the others."""
    lowest = [minimum.point for minimum in surface.minima if surface.is_global(minimum)]
    others = [minimum.point for minimum in surface.minima if not surface.is_global(minimum)]
    edge = {"color": PAGE.on(dark=dark), "width": 1}
    marks = ((others, "minima", {"symbol": "circle", "size": 3, "color": QUIET.on(dark=dark)}),
             (lowest, "lowest", {"symbol": "star", "size": 11, "color": INK.on(dark=dark), "line": edge}))  # fmt: skip
    return [
        go.Scatter(x=[x for x, _ in points], y=[y for _, y in points], mode="markers", marker=marker, name=name, cliponaxis=False)
        for points, name, marker in marks
        if points
    ]


def _arrange(figure: go.Figure, *, dark: bool, box: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """Set size, type and axes: a box with its limits written at the corners, and nothing else."""
    quiet = QUIET.on(dark=dark)
    axis = {"showgrid": False, "zeroline": False, "showline": True, "mirror": True, "linecolor": quiet, "linewidth": 1}
    figure.update_xaxes(range=box[0], tickvals=list(box[0]), **axis)
    figure.update_yaxes(range=box[1], tickvals=list(box[1]), **axis)
    figure.update_layout(
        template="none",
        width=WIDTH,
        height=HEIGHT,
        margin={"l": 42, "r": 12, "t": 8, "b": 22},
        font={"family": FONT, "size": 12, "color": quiet},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        hovermode=False,
    )
