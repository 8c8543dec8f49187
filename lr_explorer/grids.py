"""Loss landscapes given as a grid of values, from a file: read strictly, so that a landscape that is shown is the one that was meant.

Three forms are understood. CSV with the columns x, y and loss, a row for each point, sorted. CSV as a matrix: the first line holds the x
axis after one cell that is no number, every further line a y and its losses. NPZ with the arrays x, y and loss, loss[row, column] at
(x[column], y[row]). A refusal is a ValueError with a sentence that names the row.
"""

import csv
import hashlib
import io
import math
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
T = TypeVar("T")

NETWORK = "network"
UPLOAD = "upload-"
FEWEST, MOST = 4, 401  # points along an axis; a bicubic spline needs four
FARTHEST = 1e4  # as far as a run may start
_MOST_BYTES = 20 * 2**20
_COLUMNS = ("x", "y", "loss")
_FORMS = "columns x, y, loss; or the x axis after a first cell that is no number, such as y"


@dataclass(frozen=True, eq=False)
class Grid:
    """Losses on a grid: axes x (n,) and y (m,), rising; loss (m, n), loss[i, j] at (x[j], y[i]). label: what people call it."""

    label: str
    x: Array
    y: Array
    loss: Array

    def remembered(self, what: str, compute: Callable[[], T]) -> T:
        """Return what was computed of this grid once; kept with it, not in a cache that all sessions share."""
        if what not in self.__dict__:
            self.__dict__[what] = compute()
        return self.__dict__[what]

    @cached_property
    def name(self) -> str:
        """The name by which a link knows it: made from its numbers alone, so the same landscape has the same name everywhere."""
        digest = hashlib.sha256()
        for values in (self.x, self.y, self.loss):
            digest.update(repr(values.shape).encode() + np.ascontiguousarray(values, dtype="<f8").tobytes())
        return f"{UPLOAD}{digest.hexdigest()[:16]}"

    @cached_property
    def spline(self) -> Any:
        """The bicubic spline through all values, of (y, x)."""
        # Imported where it is needed: it takes longer to import than everything else here.
        from scipy.interpolate import RectBivariateSpline

        return RectBivariateSpline(self.y, self.x, self.loss, kx=3, ky=3, s=0)


# What the session at hand has uploaded. Grids are one person's own, so there is no store that all sessions share.
_UPLOADED: ContextVar[Mapping[str, Grid]] = ContextVar("uploaded", default=MappingProxyType({}))


def offer(uploaded: Mapping[str, Grid]) -> None:
    """Make these grids, by their names, known to the surfaces that are made in this context from now on."""
    _UPLOADED.set(dict(uploaded))


def at_hand() -> Mapping[str, Grid]:
    """Return the grids that a surface may be made of, by name: the network's, which comes with the program, and what was offered."""
    return {NETWORK: network()} | dict(_UPLOADED.get())


@lru_cache(maxsize=1)
def network() -> Grid:
    """Return the slice of a small trained network's loss; docs/train_landscape.py made it."""
    with np.load(Path(__file__).parent / "surfaces" / "network_landscape.npz", allow_pickle=False) as data:
        return Grid("a small trained network", *(data[name] for name in _COLUMNS))


def read_grid(content: bytes, filename: str) -> Grid:
    """Return the grid in an NPZ or CSV file; ValueError with a sentence, naming the row where there is one, if it is none."""
    if len(content) > _MOST_BYTES:
        raise ValueError(f"a landscape has at most {_MOST_BYTES // 2**20} MB; got {len(content) / 2**20:.0f} MB")
    label = Path(filename).name[:60] or "unnamed"
    if content[:2] == b"PK":
        return _checked(label, *_from_npz(content))
    return _checked(label, *_from_csv(content))


# NPZ


def _from_npz(content: bytes) -> tuple[Array, Array, Array]:
    try:
        sizes = [member.file_size for member in zipfile.ZipFile(io.BytesIO(content)).infolist()]
        # What is packed small may be large; its size is written in front.
        if sum(sizes) > _MOST_BYTES:
            raise ValueError(f"the arrays of a landscape have at most {_MOST_BYTES // 2**20} MB; got {sum(sizes) / 2**20:.0f} MB")
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            missing = [name for name in _COLUMNS if name not in data]
            if missing:
                raise ValueError(f"an NPZ holds the arrays x, y and loss; {', '.join(missing)} missing among {', '.join(data)}")
            x, y, loss = (_numbers(name, data[name]) for name in _COLUMNS)
    except (zipfile.BadZipFile, EOFError, OSError, KeyError, NotImplementedError, RuntimeError) as wrong:
        raise ValueError("this NPZ file cannot be read: it is damaged or holds something else than arrays") from wrong
    if x.ndim != 1 or y.ndim != 1 or loss.shape != (len(y), len(x)):
        raise ValueError(f"loss must have a row for each y and a column for each x; got shapes x {x.shape}, y {y.shape}, loss {loss.shape}")
    for name, axis in (("x", x), ("y", y)):
        for place, value in enumerate(axis):
            _is_finite(float(value), f"element {place + 1} of {name}")
            if place and not value > axis[place - 1]:
                kind = "repeats" if value == axis[place - 1] else "is below"
                raise ValueError(f"element {place + 1} of {name}, {value:g}, {kind} the one before: an axis must rise")
    _finite_rows(loss, lambda row: f"row {row + 1} of loss (y = {y[row]:g})")
    return x, y, loss


def _numbers(name: str, values: NDArray[Any]) -> Array:
    if values.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold real numbers; got an array of {values.dtype}")
    return values.astype(float)


# CSV


def _from_csv(content: bytes) -> tuple[Array, Array, Array]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise ValueError("the file is neither an NPZ nor a text in UTF-8") from wrong
    if "\0" in text:
        raise ValueError("the file is neither an NPZ nor a text in UTF-8")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    # Rows are counted as an editor counts lines, blank ones too.
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as wrong:
        raise ValueError(f"row {reader.line_num} is no CSV: {wrong}") from wrong
    if not rows:
        raise ValueError("the file is empty")
    (_, head), *body = rows
    if len(body) > MOST**2:
        raise ValueError(f"a landscape has at most {MOST} points along an axis; got {len(body):,} rows")
    names = [cell.lower() for cell in head]
    if sorted(names) == sorted(_COLUMNS):
        return _from_columns(names, body)
    if len(head) > 3 and not _is_number(head[0]) and all(map(_is_number, head[1:])):
        return _from_matrix(head, rows[0][0], body)
    raise ValueError(f"row {rows[0][0]} must name what follows – {_FORMS}; got {', '.join(head)[:60]!r}")


def _from_matrix(head: Sequence[str], line: int, body: Sequence[tuple[int, list[str]]]) -> tuple[Array, Array, Array]:
    x = [_number(cell, f"row {line}, column {column}") for column, cell in enumerate(head[1:], 2)]
    for column, (before, value) in enumerate(pairwise(x), 3):
        _rises(before, value, f"row {line}, column {column}: x")
    y: list[float] = []
    losses = []
    for number, cells in body:
        _has_length(cells, len(head), number)
        values = [_number(cell, f"row {number}, column {column}") for column, cell in enumerate(cells, 1)]
        if y:
            _rises(y[-1], values[0], f"row {number}: y")
        y.append(values[0])
        losses.append(values[1:])
    return np.array(x), np.array(y), np.array(losses, dtype=float).reshape(len(y), len(x))


def _from_columns(names: Sequence[str], body: Sequence[tuple[int, list[str]]]) -> tuple[Array, Array, Array]:
    numbers, points = [], []
    seen: dict[tuple[float, float], int] = {}
    order = [names.index(name) for name in _COLUMNS]
    for number, cells in body:
        _has_length(cells, 3, number)
        x, y, loss = (_number(cells[place], f"row {number}: {name}") for name, place in zip(_COLUMNS, order, strict=True))
        if (x, y) in seen:
            raise ValueError(f"row {number} repeats the point x = {x:g}, y = {y:g} of row {seen[x, y]}")
        seen[x, y] = number
        numbers.append(number)
        points.append((x, y, loss))
    if len(points) < FEWEST**2:
        raise ValueError(f"a landscape has at least {FEWEST} points along each axis; got {len(points)} rows")
    # Whichever coordinate stays the same from the first row to the second is the one of the blocks.
    slow = 0 if points[0][0] == points[1][0] else 1
    blocks = _blocks(points, numbers, slow)
    inner, outer = np.array([point[1 - slow] for point in blocks[0]]), np.array([block[0][slow] for block in blocks])
    loss_by_block = np.array([[point[2] for point in block] for block in blocks])
    return (outer, inner, loss_by_block.T) if slow == 0 else (inner, outer, loss_by_block)


def _blocks(points: Sequence[tuple[float, ...]], numbers: Sequence[int], slow: int) -> list[list[tuple[float, ...]]]:
    """Return the rows in blocks in which the coordinate `slow` stays the same, each block along the same rising axis."""
    fast = 1 - slow
    names = _COLUMNS[slow], _COLUMNS[fast]
    blocks: list[list[tuple[float, ...]]] = []
    for number, point in zip(numbers, points, strict=True):
        if blocks and point[slow] == blocks[-1][-1][slow]:
            _rises(blocks[-1][-1][fast], point[fast], f"row {number}: {names[1]}")
            blocks[-1].append(point)
        else:
            if blocks:
                _is_complete(blocks, number, names)
                _rises(blocks[-1][-1][slow], point[slow], f"row {number}: {names[0]}")
            blocks.append([point])
        place = len(blocks[-1]) - 1
        if len(blocks) > 1 and (place >= len(blocks[0]) or point[fast] != blocks[0][place][fast]):
            there = f"{blocks[0][place][fast]:g} stands there" if place < len(blocks[0]) else "nothing follows there"
            raise ValueError(
                f"row {number} has {names[1]} = {point[fast]:g} where in the first {len(blocks[0])} rows {there}: "
                f"every {names[0]} must have the same {names[1]}"
            )
    _is_complete(blocks, numbers[-1], names)
    return blocks


def _is_complete(blocks: Sequence[Sequence[tuple[float, ...]]], number: int, names: tuple[str, str]) -> None:
    if len(blocks[-1]) != len(blocks[0]):
        at = blocks[-1][0][_COLUMNS.index(names[0])]
        raise ValueError(f"row {number}: {names[0]} = {at:g} has ended after {len(blocks[-1])} points, where the first has {len(blocks[0])}")


# Checks that all forms share


def _checked(label: str, x: Array, y: Array, loss: Array) -> Grid:
    for name, axis in (("x", x), ("y", y)):
        if not FEWEST <= len(axis) <= MOST:
            raise ValueError(f"a landscape has {FEWEST} to {MOST} points along each axis; got {len(axis)} along {name}")
        if not (np.abs(axis) <= FARTHEST).all():
            raise ValueError(f"{name} must lie within ±{FARTHEST:,.0f}; got {axis[0]:g} … {axis[-1]:g}")
    if not (np.abs(loss) <= 1e100).all():
        raise ValueError(f"losses must lie within ±1e100; got {np.abs(loss).max():g}")
    return Grid(label, x, y, loss)


def _finite_rows(loss: Array, named: Any) -> None:
    wrong = np.argwhere(~np.isfinite(loss))
    if len(wrong):
        row, column = wrong[0]
        _is_finite(float(loss[row, column]), f"{named(row)}, column {column + 1}")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _number(cell: str, where: str) -> float:
    try:
        value = float(cell) if "_" not in cell else None  # Python alone reads 1_000 as a number
    except ValueError:
        value = None
    if value is None:
        hint = ": decimals are written with a point" if _is_number(cell.replace(",", ".")) else ""
        raise ValueError(f"{where} must be a number; got {cell[:20]!r}{hint}")
    return _is_finite(value, where)


def _is_finite(value: float, where: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{where} must be a finite number; got {value}")
    return value


def _has_length(cells: Sequence[str], length: int, number: int) -> None:
    if len(cells) != length:
        raise ValueError(f"row {number} has {len(cells)} cell{'s' if len(cells) > 1 else ''} where the first row has {length}")


def _rises(before: float, value: float, where: str) -> None:
    if not value > before:
        raise ValueError(f"{where} = {value:g} {'repeats' if value == before else 'is below'} {before:g} before it: rows and columns must be sorted")
