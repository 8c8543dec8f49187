"""A small Plotly figure as an image: forty live charts on a page take a browser seconds, and nobody zooms into a thumbnail."""

from collections.abc import Iterator
from html import escape
from math import cos, pi, sin
from typing import Any
from urllib.parse import quote

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lr_explorer.figures.raster import data_address, raster

Array = NDArray[np.float64]

# Screens have up to two pixels for each of a page's.
_SHARPNESS = 2
# What an address may hold as it is, beside letters and digits.
_AS_THEY_ARE = " =/:;,.()+-'"


def still(figure: go.Figure, alt: str, *, dark: bool) -> str:
    """Return the figure, drawn for the dark page or the light one, as an HTML image with `alt` as its text."""
    # Streamlit lets no SVG element through, but images.
    address = f"data:image/svg+xml,{quote(svg(figure, dark=dark), safe=_AS_THEY_ARE)}"
    return f'<img src="{address}" alt="{escape(alt)}" width="{figure.layout.width}" height="{figure.layout.height}">'


def svg(figure: go.Figure, *, dark: bool) -> str:
    """Return the figure as SVG; made for one pair of axes, contours, lines and markers. Raises TypeError for a trace that it cannot draw."""
    layout = figure.layout
    frame = _Frame(figure)
    inside = "".join(part for trace in figure.data for part in _drawn(trace, frame, dark=dark))
    text = f'font-family="{escape(layout.font.family)}" font-size="{layout.font.size}" fill="{layout.font.color}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.width}" height="{layout.height}" {text}>'
        f"{inside}{''.join(_axes(figure, frame))}</svg>"
    )


class _Frame:
    """The box of the plot in pixels, and the way from data into it."""

    def __init__(self, figure: go.Figure) -> None:
        layout, margin = figure.layout, figure.layout.margin
        self.left, self.right = margin.l, layout.width - margin.r
        self.top, self.bottom = margin.t, layout.height - margin.b
        self.x_range, self.y_range = layout.xaxis.range, layout.yaxis.range

    def x(self, values: Any) -> Array:
        return self._share(values, self.x_range) * (self.right - self.left) + self.left

    def y(self, values: Any) -> Array:
        return self.bottom - self._share(values, self.y_range) * (self.bottom - self.top)

    def clipped(self, drawn: str) -> str:
        """Return what is drawn, cut off at the box."""
        x, y, width, height = self.left, self.top, self.right - self.left, self.bottom - self.top
        return f'<svg x="{x}" y="{y}" width="{width}" height="{height}" viewBox="{x} {y} {width} {height}">{drawn}</svg>'

    @staticmethod
    def _share(values: Any, span: tuple[float, float]) -> Array:
        return (np.asarray(values, dtype=float) - span[0]) / (span[1] - span[0])


def _drawn(trace: Any, frame: _Frame, *, dark: bool) -> Iterator[str]:
    match trace:
        case go.Contour():
            yield _picture(trace, frame, dark=dark)
        case go.Scatter(mode="lines"):
            yield _line(trace, frame)
        case go.Scatter(mode="markers") if isinstance(trace.marker.color, str) and not trace.marker.symbol and not trace.marker.line.width:
            yield _dots(trace, frame)
        case go.Scatter(mode="markers"):
            yield from _marks(trace, frame)
        case _:
            raise TypeError(f"a still cannot show a {trace.type} trace like {trace.name!r}")


def _picture(trace: go.Contour, frame: _Frame, *, dark: bool) -> str:
    heights = np.asarray(trace.z, dtype=float)
    width, height = frame.right - frame.left, frame.bottom - frame.top
    span = (float(np.nanmin(heights)), float(np.nanmax(heights)))
    picture = raster(heights, (width * _SHARPNESS, height * _SHARPNESS), span, trace.ncontours, flat=True, dark=dark)
    return f'<image x="{frame.left}" y="{frame.top}" width="{width}" height="{height}" preserveAspectRatio="none" href="{data_address(picture)}"/>'


def _line(trace: go.Scatter, frame: _Frame) -> str:
    # Far points would make numbers that no browser draws.
    x, y = (np.clip(place, -9999, 9999) for place in (frame.x(trace.x), frame.y(trace.y)))
    pieces, pen_is_up = [], True
    for place in _bends(x, y):
        if np.isfinite(x[place] + y[place]):
            pieces.append(f"{'M' if pen_is_up else 'L'}{x[place]:.1f} {y[place]:.1f}")
        pen_is_up = not np.isfinite(x[place] + y[place])
    opacity = "" if trace.opacity is None else f' opacity="{trace.opacity}"'
    stroke = f'stroke="{trace.line.color}" stroke-width="{trace.line.width}" stroke-linejoin="round"'
    return frame.clipped(f'<path d="{"".join(pieces)}" fill="none" {stroke}{opacity}/>')


def _bends(x: Array, y: Array) -> list[int]:
    """Return the points that do not lie on the straight line between their neighbours; all where the line has a gap."""
    ways = np.diff(np.stack([x, y]), axis=1)
    turns = np.abs(ways[0, :-1] * ways[1, 1:] - ways[1, :-1] * ways[0, 1:])
    return [0, *(np.flatnonzero(~(turns < 1e-6)) + 1), len(x) - 1] if len(x) > 1 else list(range(len(x)))


def _dots(trace: go.Scatter, frame: _Frame) -> str:
    """Return many equal dots as one line of no length for each, whose ends are round."""
    points = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in zip(frame.x(trace.x), frame.y(trace.y), strict=True))
    stroke = f'stroke="{trace.marker.color}" stroke-width="{trace.marker.size}" stroke-linecap="round"'
    return frame.clipped(f'<path d="{points}" fill="none" {stroke} opacity="{trace.marker.opacity or 1}"/>')


def _marks(trace: go.Scatter, frame: _Frame) -> Iterator[str]:
    sizes, colours = (_each(value, len(trace.x)) for value in (trace.marker.size, trace.marker.color))
    edges, widths = (_each(value, len(trace.x)) for value in (trace.marker.line.color, trace.marker.line.width))
    opacity = "" if trace.marker.opacity is None else f' opacity="{trace.marker.opacity}"'
    for x, y, size, colour, edge, width in zip(frame.x(trace.x), frame.y(trace.y), sizes, colours, edges, widths, strict=True):
        if not (frame.left - 1 <= x <= frame.right + 1 and frame.top - 1 <= y <= frame.bottom + 1):
            continue
        outline = f' stroke="{edge}" stroke-width="{width}"' if edge else ""
        paint = f'fill="{colour}"{outline}{opacity}'
        if trace.marker.symbol == "star":
            yield f'<polygon points="{_star(x, y, size / 2)}" {paint}/>'
        elif trace.marker.symbol in (None, "circle"):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size / 2:g}" {paint}/>'
        else:
            raise TypeError(f"a still cannot show the marker {trace.marker.symbol}")


def _each(value: Any, count: int) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else [value] * count


def _star(x: float, y: float, radius: float) -> str:
    corners = [(radius * (0.4 if place % 2 else 1.0), pi * place / 5) for place in range(10)]
    return " ".join(f"{x + length * sin(angle):.1f},{y - length * cos(angle):.1f}" for length, angle in corners)


def _axes(figure: go.Figure, frame: _Frame) -> Iterator[str]:
    """Yield the box and the labels of its corners."""
    xaxis, yaxis = figure.layout.xaxis, figure.layout.yaxis
    yield (
        f'<rect x="{frame.left}" y="{frame.top}" width="{frame.right - frame.left}" height="{frame.bottom - frame.top}" fill="none" '
        f'stroke="{xaxis.linecolor}" stroke-width="{xaxis.linewidth}"/>'
    )
    for value, text in _ticks(xaxis):
        x = float(frame.x(value))
        at_the_end = x > frame.right - 9  # where half of the label would have no room
        place = f'x="{x + 8 * at_the_end:.1f}" y="{frame.bottom + 15}" text-anchor="{"end" if at_the_end else "middle"}"'
        yield f"<text {place}>{escape(text)}</text>"
    for value, text in _ticks(yaxis):
        yield f'<text x="{frame.left - 5}" y="{float(frame.y(value)) + 4:.1f}" text-anchor="end">{escape(text)}</text>'


def _ticks(axis: Any) -> Iterator[tuple[float, str]]:
    return zip(axis.tickvals, axis.ticktext or map(_plain, axis.tickvals), strict=True)


def _plain(value: float) -> str:
    return f"{value:,.6g}".replace("-", "−")
