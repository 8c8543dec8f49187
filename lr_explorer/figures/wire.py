"""What the player receives: a short JSON header and float32 arrays in one block of bytes.

Layout: length of the header (uint32, little endian), header (UTF-8 JSON, padded with spaces to a multiple of four bytes), then all
arrays end to end. `header["arrays"]` maps each name to [offset, length], counted in floats from the end of the header.
"""

import json
import math
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.figures.theme import ARM_SHADES, DASHES, SURFACE_SCALE, arm_marker
from lr_explorer.outcome import ended_at
from lr_explorer.simulate import ArmRun, Run
from lr_explorer.story import factors
from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]

# What of the player can be left out: the bar with play and scrub, the curves, the table of values, the paths themselves – then it stands at
# the start –, and the handles that move the start and the drop of the rate.
PLAYER_PARTS = ("bar", "curves", "table", "paths", "start", "drop", "branch")
GRID_POINTS = 121
# Pixels of ink and gap of the circle that starts lie on.
START_DASH = (3, 3)
TICKS = 6
MOST_SADDLES = 30
# A linear scale shows a span of up to this many decades; beyond it the low part would be one flat colour.
LINEAR_DECADES = 1.5
# float32 carries seven digits; structure further below the range could not be told from rounding.
MOST_DECADES = 7.0


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return header and arrays as one block of bytes; arrays of any shape travel flat, as float32."""
    with np.errstate(over="ignore"):  # past float32's range a value becomes infinite, which is drawn as a gap
        flat = {name: np.ascontiguousarray(values, dtype="<f4").ravel() for name, values in arrays.items()}
    places: dict[str, list[int]] = {}
    offset = 0
    for name, values in flat.items():
        places[name] = [offset, values.size]
        offset += values.size
    # JSON has no NaN or infinity: a header that holds one is refused here rather than by the browser.
    text = json.dumps({**header, "arrays": places}, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"".join((struct.pack("<I", len(text)), text, *(values.tobytes() for values in flat.values())))


def unpack(block: bytes) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    """Return the header and the flat arrays of a block made by `pack`."""
    (length,) = struct.unpack_from("<I", block)
    header = json.loads(block[4 : 4 + length])
    floats = np.frombuffer(block, dtype="<f4", offset=4 + length)
    return header, {name: floats[offset : offset + size] for name, (offset, size) in header["arrays"].items()}


@dataclass(frozen=True)
class Display:
    """How a loss becomes a height: as it is, or log10(loss − offset) where the losses span decades."""

    is_log: bool
    offset: float = 0.0

    def height(self, loss: Array) -> Array:
        return np.log10(loss - self.offset) if self.is_log else np.asarray(loss, dtype=float)

    def loss(self, height: Array) -> Array:
        return self.offset + 10.0 ** np.asarray(height) if self.is_log else np.asarray(height, dtype=float)


def choose_display(values: Array, lowest: float) -> Display:
    """Choose the transform under which wells, valleys and saddles of `values` all show.

    values: finite losses on the grid. lowest: the least loss known, on the grid or at a declared minimum.
    """
    above = values - lowest
    above = above[above > 0]
    if above.size == 0:
        return Display(is_log=False)
    top = float(above.max())
    floor, low = np.quantile(above, (0.003, 0.03))
    if np.log10(top / low) <= LINEAR_DECADES:
        return Display(is_log=False)
    # The lowest 0.3 % of the box share the darkest colour; without such a shift a minimum on a grid point would be −infinity.
    shift = max(float(floor), top * 10.0**-MOST_DECADES)
    return Display(is_log=True, offset=lowest - shift)


def colour_ticks(display: Display, low: float, high: float, lowest: float) -> tuple[list[float], list[str]]:
    """Return up to `TICKS` heights between `low` and `high` and the true losses to write beside them, both rising."""
    if not high > low:
        return [low], [f"{float(display.loss(np.array(low))):.3g}"]
    losses = _round_losses(display, low, high, lowest)
    heights = display.height(losses)
    inside = (heights >= low - 1e-9 * (high - low)) & (heights <= high)
    return [float(height) for height in heights[inside]], [_tick_text(float(loss)) for loss in losses[inside]]


def _round_losses(display: Display, low: float, high: float, lowest: float) -> Array:
    """Return round losses, evenly spread over the heights."""
    first, last = float(display.loss(np.array(low))), float(display.loss(np.array(high)))
    if display.is_log and abs(lowest) < 1e-9 * max(abs(first), abs(last)):
        # Measured from zero, whole decades are the roundest numbers there are.
        decades = np.arange(np.ceil(np.log10(first - display.offset)), np.floor(np.log10(last)) + 1)
        if decades.size >= 3:
            return 10.0 ** decades[:: -(-decades.size // TICKS)]
    if not display.is_log:
        step = _round_step((last - first) / (TICKS - 1))
        multiples = np.arange(np.ceil(first / step - 1e-9), np.floor(last / step + 1e-9) + 1)
        # Where the ends lie badly, two of the roundest numbers are all that fit between them.
        return multiples * step if multiples.size > 2 else np.arange(np.ceil(2 * first / step), np.floor(2 * last / step) + 1) * step / 2
    exact = display.loss(np.linspace(low, high, TICKS))
    gaps = np.diff(exact)
    room = np.minimum(np.append(gaps, gaps[-1]), np.insert(gaps, 0, gaps[0]))
    unit = 10.0 ** np.floor(np.log10(room / 2))
    # Inwards at both ends, to the nearest between them.
    rounded = np.round(exact / unit) * unit
    rounded[0], rounded[-1] = np.ceil(exact[0] / unit[0]) * unit[0], np.floor(exact[-1] / unit[-1]) * unit[-1]
    return rounded


def _round_step(size: float) -> float:
    """Return the least of 1, 2, 2.5, 5 and 10 times a power of ten that is at least `size`."""
    unit = 10.0 ** math.floor(math.log10(size))
    return next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= size * (1 - 1e-9))


def _tick_text(loss: float) -> str:
    """Return `loss` as a label: plain where that is short, with a true minus sign."""
    loss = float(f"{loss:.6g}") + 0.0
    plain = f"{loss:,.6g}" if loss == 0 or 1e-3 <= abs(loss) < 1e5 else f"{loss:.3g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return plain.replace("-", "−")


def surface_payload(surface: Surface, key: str) -> bytes:
    """Return the drawn box of `surface` for the player's contour; `key` names it, runs refer to it by this name.

    Header: id, label, bounds, shape (rows, columns), invert {log, offset}, ticks {values, text}, minima, saddles, scale {light, dark}.
    Array `height`: rows from low y to high y; where the loss is not finite, NaN.
    """
    (x0, x1), (y0, y1) = surface.bounds
    points = np.stack(np.meshgrid(np.linspace(x0, x1, GRID_POINTS), np.linspace(y0, y1, GRID_POINTS)))
    with np.errstate(all="ignore"):
        loss = np.asarray(surface.value(points), dtype=float)
    loss = np.where(np.isfinite(loss), loss, np.nan)
    finite = loss[np.isfinite(loss)]
    if finite.size == 0:
        raise ValueError(f"{type(surface).__name__} has no finite loss in its box, so there is nothing to draw")
    lowest = min(float(finite.min()), *(minimum.value for minimum in surface.minima), np.inf)
    display = choose_display(finite, lowest)
    height = display.height(loss)
    low, high = float(np.nanmin(height)), float(np.nanmax(height))
    ticks, texts = colour_ticks(display, low, high, lowest)
    header = {
        "id": key,
        "label": surface.label,
        "bounds": [[float(x0), float(x1)], [float(y0), float(y1)]],
        "shape": list(loss.shape),
        "range": [low, high],
        "invert": {"log": display.is_log, "offset": float(display.offset)},
        "ticks": {"values": ticks, "text": texts},
        "minima": _minima(surface),
        "saddles": _saddles(surface),
        "scale": SURFACE_SCALE,
    }
    return pack(header, {"height": height})


def map_marks(surface: Surface) -> dict[str, str]:
    """Return what the marks on the map stand for, with a sign like each; what each arm looks like is told beside its values."""
    minima = {place["name"]: "★" if place["global"] else "○" for place in _minima(surface)}
    return {"start": "◯"} | minima | {place["name"]: "×" for place in _saddles(surface)}


def _minima(surface: Surface) -> list[dict[str, Any]]:
    """Return the minima at which a run can rest, and of those on an edge that holds nobody the lowest of all."""
    found = " found" if surface.is_searched else ""
    names = {
        (True, True): f"lowest minimum{found}",
        (True, False): f"lowest in the box{found}, on its edge",
        (False, True): f"local minimum{found}",
    }
    return [
        _place(minimum.point, minimum.value) | {"global": is_global, "name": names[is_global, holds]}
        for minimum, is_global, holds in ((minimum, surface.is_global(minimum), surface.holds(minimum)) for minimum in surface.minima)
        if holds or is_global
    ]


def _saddles(surface: Surface) -> list[dict[str, Any]]:
    """Return the saddles, unless there are so many that they would hide the surface."""
    saddles = surface.saddles
    if len(saddles) > MOST_SADDLES:
        return []
    return [_place(saddle, float(surface.value(np.array(saddle)))) | {"name": "saddle"} for saddle in saddles]


def _place(point: tuple[float, float], value: float) -> dict[str, Any]:
    return {"x": float(point[0]), "y": float(point[1]), "value": float(value)}


def run_payload(
    run: Run,
    *,
    key: str,
    surface_key: str,
    selected: int = 0,
    anatomy_arm: int | None = None,
    view: str = "2d",
    summary: str = "",
    hidden: Collection[str] = (),
) -> bytes:
    """Return what the player shows of `run`: the first member of the replicate axis.

    key: name of these data; equal keys mean equal data. surface_key: the `key` given to `surface_payload`. selected: position of the arm
    that the player's own buttons change. anatomy_arm: position of the
    arm whose steps are taken apart, if the run recorded that. view: "2d" or "3d". summary: one sentence for those who cannot see the picture.
    hidden: which of PLAYER_PARTS are not shown.
    Header: id, surface, steps, start {x, y, radius, dash}, loss {offset, label}, arms, anatomy, view, summary, hidden. Arrays of arm i: `x{i}`,
    `y{i}`, `loss{i}` (steps + 1; the loss above the offset), `lr{i}` (steps; before the arm's own factors for x and y); of the arm taken apart also
    `gradient` and `memory` (all x, then all y).
    """
    if view not in ("2d", "3d"):
        raise ValueError(f"view must be 2d or 3d; got {view!r}")
    if unknown := set(hidden) - set(PLAYER_PARTS):
        raise ValueError(f"hidden must be of {', '.join(PLAYER_PARTS)}; got {', '.join(sorted(unknown))}")
    reference = loss_reference(run)
    start = run.scenario.start
    arrays: dict[str, NDArray[Any]] = {}
    for place, arm in enumerate(run.arms):
        arrays[f"x{place}"], arrays[f"y{place}"] = arm.path[:, 0, 0], arm.path[:, 1, 0]
        arrays[f"loss{place}"], arrays[f"lr{place}"] = arm.loss[:, 0] - reference.offset, _first_member(arm.lr)
    anatomy = anatomy_arm if anatomy_arm is not None and run.arms[anatomy_arm].gradient is not None else None
    if anatomy is not None:
        arrays |= {name: _coordinates(getattr(run.arms[anatomy], name)) for name in ("gradient", "memory")}
    header = {
        "id": key,
        "surface": surface_key,
        "steps": run.scenario.steps,
        "start": {"x": start.x, "y": start.y, "radius": getattr(start, "radius", 0.0) or None, "dash": START_DASH},
        "loss": {"offset": reference.offset, "label": reference.label},
        "arms": [_arm_header(place, arm) for place, arm in enumerate(run.arms)],
        "selected": selected,
        "anatomy": anatomy,
        "view": view,
        "summary": summary,
        "hidden": sorted(hidden),
    }
    return pack(header, arrays)


@dataclass(frozen=True)
class Reference:
    """What is taken off the loss, so that a logarithmic axis can show it, and what the axis must then be called."""

    offset: float
    label: str


def loss_reference(run: Run) -> Reference:
    """Return the declared least loss if no run went below it, else the least loss seen; nothing where that is zero.

    Taken off in double precision: float32 would leave nothing of a loss of 1e-9 above a minimum of −1.
    """
    seen = min((float(arm.loss[:, 0][np.isfinite(arm.loss[:, 0])].min(initial=np.inf)) for arm in run.arms), default=np.inf)
    known = min((minimum.value for minimum in run.scenario.surface.minima), default=np.inf)
    if np.isfinite(known) and known <= seen:
        return Reference(float(known), "loss − f*") if known != 0 else Reference(0.0, "loss")
    if seen > 0:
        return Reference(0.0, "loss")
    return Reference(seen, "loss − least loss seen")


def _first_member(lr: Array) -> Array:
    return lr[:, 0] if lr.ndim == 2 else lr


def _coordinates(vectors: Array) -> Array:
    return vectors[..., 0].T


def _arm_header(place: int, run: ArmRun) -> dict[str, Any]:
    return {
        "name": run.arm.name,
        "factors": factors(run.arm),
        "colour": ARM_SHADES[run.arm.colour].as_dict(),
        "dash": list(DASHES[place % len(DASHES)]),
        "marker": arm_marker(place),
        "diverged_at": int(run.diverged_at[0]),
        "gone": f"{run.outcome[0].value} at step {ended_at(run.outcome[0], run.diverged_at[0], len(run.path) - 1)}",
        "drop_at": run.arm.drop_at,
        "memory_label": run.arm.optimizer.memory_label,
    }
