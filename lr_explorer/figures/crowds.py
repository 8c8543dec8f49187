"""Many replicates of several arms: bands of the loss over the steps, how the final losses are distributed, what each peak rate led to."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lr_explorer.experiments.crowd import QUANTILES, ArmCrowd, Crowd
from lr_explorer.experiments.fair import RateCurve
from lr_explorer.figures.charts import WATCH, arrange, carried, faint, log_bottom
from lr_explorer.figures.theme import ARM_SHADES, INK, QUIET, arm_dash, arm_marker
from lr_explorer.scenario import Arm
from lr_explorer.statistics import Status, Verdict

Array = NDArray[np.float64]

HEIGHT = 340  # pixels
LOSS = "loss above the lowest"
# What diverges leaves a loss axis at so many times the loss at the start, or at the end of the arm that ended lowest.
_ROOM = 1e3
# A distribution of more replicates is drawn by so many of them.
_MOST_RANKS = 400
# Markers on a line: enough to tell it by, few enough to see it.
_MARKS = 7
_MEDIAN = QUANTILES.index(0.5)
_QUARTILES = QUANTILES.index(0.25), QUANTILES.index(0.75)


def bands_figure(crowd: Crowd, *, dark: bool, fork: int | None = None) -> go.Figure:
    """Return for each arm the median of the loss above the lowest over the steps, and faint the middle half of its replicates.

    fork: the step from which on the arms differ, if it is to be marked.
    """
    figure = go.Figure()
    low, high = _span(crowd, [arm.bands[[*_QUARTILES, _MEDIAN]] for arm in crowd.arms])
    for place, arm in enumerate(crowd.arms):
        # Below the axis' end lies rounding, or 0, which has no place on it.
        bands = np.clip(arm.bands, low, high * 10)
        figure.add_traces(_band(arm.arm, crowd.looks, *bands[list(_QUARTILES)], dark=dark))
        figure.add_trace(_line(place, arm.arm, crowd.looks, np.where(np.isfinite(arm.bands[_MEDIAN]), bands[_MEDIAN], np.nan), dark=dark))
    arrange(figure, "step", LOSS, dark=dark, height=HEIGHT)
    figure.update_yaxes(**_logarithmic(low, high))
    if fork is not None:
        mark = {"text": f"fork at {fork:,}", "showarrow": False, "yref": "paper", "y": 1, "yanchor": "top", "font": {"color": QUIET.on(dark=dark)}}
        figure.add_vline(fork, line={"color": QUIET.on(dark=dark), "width": 1.5, "dash": "dot"})
        figure.add_annotation(x=fork, xanchor="left" if fork < crowd.scenario.steps / 2 else "right", **mark)
    return figure


def ends_figure(crowd: Crowd, *, dark: bool) -> go.Figure:
    """Return for each arm the share of replicates that ended at or below a loss; what diverged is missing from the share at the right end.

    A point carries its replicate and the arm's place.
    """
    figure = go.Figure()
    low, high = _span(crowd, [arm.loss for arm in crowd.arms])
    for place, arm in enumerate(crowd.arms):
        losses, shares, replicates = _distribution(arm)
        trace = _line(place, arm.arm, np.clip(losses, low, high), shares, dark=dark)
        says = "%{y:.1%} ended at or below %{x:.3g}<br>" + WATCH
        figure.add_trace(trace.update(line_shape="hv", customdata=carried(replicates, place), hovertemplate=says))
    arrange(figure, f"final {LOSS}", "share of replicates at or below", dark=dark, height=HEIGHT)
    figure.update_xaxes(**_logarithmic(low, high))
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_layout(hovermode="closest")
    return figure


def repetitions_figure(verdicts: Sequence[Verdict], effect: str, *, dark: bool) -> go.Figure:
    """Return the interval of each of several verdicts on one claim, numbered from 1 at the top; a full mark is one that supports the claim."""
    figure, margin = go.Figure(), verdicts[0].margin
    bounds = np.array([(verdict.low, verdict.estimate, verdict.high) for verdict in verdicts])
    finite = np.concatenate([bounds[np.isfinite(bounds)], [-margin, margin]])
    room = 0.05 * np.ptp(finite)
    ends = float(finite.min() - room), float(finite.max() + room)
    low, middle, high = np.clip(bounds, *ends).T
    ink = INK.on(dark=dark)
    numbers = list(range(1, len(verdicts) + 1))
    figure.add_trace(
        go.Scatter(
            x=middle,
            y=numbers,
            mode="markers",
            error_x={"array": high - middle, "arrayminus": middle - low, "color": ink, "thickness": 1.5, "width": 4},
            marker={"symbol": _symbols(verdicts), "size": 10, "color": ink, "line": {"width": 2, "color": ink}},
            text=[verdict.status.value for verdict in verdicts],
            hovertemplate="%{x:.3g}: %{text}<extra></extra>",
        )
    )
    arrange(figure, effect, "repetition", dark=dark, height=HEIGHT)
    for value, dash in ((0.0, "solid"), (-margin, "dash"), (margin, "dash")):
        figure.add_vline(value, line={"color": QUIET.on(dark=dark), "width": 1.5, "dash": dash})
    figure.update_xaxes(range=ends)
    figure.update_yaxes(range=[len(verdicts) + 0.6, 0.4], dtick=1)
    figure.update_layout(hovermode="closest")
    return figure


def losses_by_rate_figure(curves: Sequence[RateCurve], *, dark: bool) -> go.Figure:
    """Return for each arm the median final loss over the peak rate, faint the middle half; the chosen peak is the large mark."""
    figure = go.Figure()
    medians = np.concatenate([curve.quartiles[1] for curve in curves])
    finite = medians[np.isfinite(medians)]
    # What nearly diverged would squeeze everything else.
    high = min(float(finite.max(initial=1.0)), _ROOM * float(np.median(finite))) if finite.size else 1.0
    low = log_bottom(medians, high)
    for place, curve in enumerate(curves):
        lower, median, upper = np.clip(curve.quartiles, low, high * 10)
        shown = np.where(np.isfinite(curve.quartiles[1]), median, np.nan)
        figure.add_traces(_band(curve.arm, curve.rates, lower, upper, dark=dark))
        figure.add_trace(_line(place, curve.arm, curve.rates, shown, dark=dark))
        figure.add_trace(_chosen(place, curve, shown, dark=dark))
    arrange(figure, "peak rate", f"final {LOSS}", dark=dark, height=HEIGHT)
    figure.update_xaxes(type="log", exponentformat="power", dtick=1)
    figure.update_yaxes(**_logarithmic(low, high))
    return figure


def success_by_rate_figure(curves: Sequence[RateCurve], *, dark: bool) -> go.Figure:
    """Return for each arm the share of replicates that succeeded over the peak rate; the chosen peak is the large mark."""
    figure = go.Figure()
    for place, curve in enumerate(curves):
        figure.add_trace(_line(place, curve.arm, curve.rates, curve.success, dark=dark))
        figure.add_trace(_chosen(place, curve, curve.success, dark=dark))
    arrange(figure, "peak rate", "share of replicates that succeed", dark=dark, height=HEIGHT)
    figure.update_xaxes(type="log", exponentformat="power", dtick=1)
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%")
    return figure


def _symbols(verdicts: Sequence[Verdict]) -> list[str]:
    return ["circle" if verdict.status is Status.SUPPORTED else "circle-open" for verdict in verdicts]


def _span(crowd: Crowd, losses: Sequence[Array]) -> tuple[float, float]:
    """Return the ends of the axis of these losses: up to some decades above where runs start or end, or one that diverges squeezes the rest."""
    seen = np.concatenate([some.ravel() for some in losses])
    starts, ends = (np.array([arm.bands[_MEDIAN, look] for arm in crowd.arms]) for look in (0, -1))
    usual = max(starts[np.isfinite(starts)].max(initial=0.0), ends.min())
    finite = seen[np.isfinite(seen)]
    high = float(min(finite.max(initial=0.0), _ROOM * usual)) or 1.0
    return log_bottom(finite, high), high


def _distribution(arm: ArmCrowd) -> tuple[Array, Array, NDArray[np.int64]]:
    """Return the final losses in their order, the share of replicates at or below each, and whose they are; infinite ones are left out."""
    count = len(arm.loss)
    order = np.argsort(arm.loss, kind="stable")
    ranks = np.unique(np.linspace(1, count, min(count, _MOST_RANKS)).round().astype(int))
    ranks = ranks[np.isfinite(arm.loss[order[ranks - 1]])]
    replicates = order[ranks - 1]
    return arm.loss[replicates], ranks / count, replicates


def _line(place: int, arm: Arm, x: Array | NDArray[np.int64], y: Array, *, dark: bool) -> go.Scatter:
    colour = ARM_SHADES[arm.colour].on(dark=dark)
    return go.Scatter(
        x=x,
        y=y,
        mode="lines+markers",
        name=arm.name,
        line={"color": colour, "width": 2.5, "dash": arm_dash(place)},
        marker={"symbol": arm_marker(place), "size": 9, "color": colour, "maxdisplayed": _MARKS},
        hovertemplate="%{y:.3g}",
    )


def _band(arm: Arm, x: Array | NDArray[np.int64], lower: Array, upper: Array, *, dark: bool) -> list[go.Scatter]:
    """Return a faint area between two curves, as plotly draws it: filled from the second to the first."""
    hidden = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "x": x, "name": f"{arm.name}: middle half"}
    return [go.Scatter(y=lower, **hidden), go.Scatter(y=upper, fill="tonexty", fillcolor=faint(ARM_SHADES[arm.colour].on(dark=dark)), **hidden)]


def _chosen(place: int, curve: RateCurve, y: Array, *, dark: bool) -> go.Scatter:
    colour = ARM_SHADES[curve.arm.colour].on(dark=dark)
    return go.Scatter(
        x=[curve.peak],
        y=[y[curve.best]],
        mode="markers",
        name=f"{curve.arm.name}: chosen",
        marker={"symbol": f"{arm_marker(place)}-open", "size": 17, "color": colour, "line": {"width": 2.5}},
        hoverinfo="skip",
    )


def _logarithmic(low: float, high: float) -> dict[str, object]:
    return {"type": "log", "range": [np.log10(low), np.log10(high) + 0.1], "exponentformat": "power", "dtick": 1}
