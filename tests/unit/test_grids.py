"""A grid that is read is the grid in the file; what is none gets a sentence that names the row."""

import io
import json
import time
from pathlib import Path

import numpy as np
import pytest

import lr_explorer as lrx
from lr_explorer import grids
from lr_explorer.experiments.ensemble import ensemble
from lr_explorer.figures.animation import animation_html
from lr_explorer.figures.wire import run_payload, unpack
from lr_explorer.grids import Grid, read_grid
from lr_explorer.outcome import Outcome
from lr_explorer.scenario import Scenario
from lr_explorer.start import Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES

X, Y = np.array([-1.0, 0.0, 0.5, 2.0, 3.0]), np.array([0.0, 1.0, 2.0, 4.0])
LOSS = X**2 + 10 * Y[:, None]


@pytest.fixture(autouse=True)
def _nothing_is_offered():
    grids.offer({})
    yield
    grids.offer({})


def columns(order="yx", delimiter=",", names=("x", "y", "loss")):
    """Return rows of x, y, loss, the first letter of `order` changing slowest."""
    points = [(x, y) for y in Y for x in X] if order == "yx" else [(x, y) for x in X for y in Y]
    rows = [dict(zip(("x", "y", "loss"), (x, y, x**2 + 10 * y), strict=True)) for x, y in points]
    return [delimiter.join(names), *(delimiter.join(str(row[name]) for name in names) for row in rows)]


def matrix():
    return [",".join(["y", *map(str, X)]), *(",".join(map(str, [y, *losses])) for y, losses in zip(Y, LOSS, strict=True))]


def text(lines, end="\n"):
    return (end.join(lines) + end).encode()


def npz(**arrays):
    block = io.BytesIO()
    np.savez_compressed(block, **arrays)
    return block.getvalue()


def changed(lines, row, line):
    """Return the lines with row number `row`, counted from 1, replaced; with None left out."""
    return lines[: row - 1] + ([line] if line is not None else []) + lines[row:]


@pytest.mark.parametrize(
    "content",
    [
        text(columns()),
        text(columns("xy")),
        text(columns(delimiter=";")),
        text(columns(delimiter="\t")),
        text(columns(names=("loss", "x", "y"))),
        text([line.upper() for line in columns()]),
        text(columns(), end="\r\n"),
        b"\xef\xbb\xbf" + text(columns()),
        text(columns()) + b"\n\n",
        text(matrix()),
        text(changed(matrix(), 1, "," + matrix()[0].partition(",")[2])),
        npz(x=X, y=Y, loss=LOSS),
        npz(x=X, y=Y, loss=LOSS, weights=np.ones(3)),
    ],
)
def test_every_form_gives_the_same_grid(content):
    grid = read_grid(content, "some/where/slice.csv")
    np.testing.assert_array_equal(grid.x, X)
    np.testing.assert_array_equal(grid.y, Y)
    np.testing.assert_array_equal(grid.loss, LOSS)
    assert grid.label == "slice.csv"
    # Its name tells its numbers, not its file.
    assert grid.name == Grid("another", X, Y, LOSS).name != Grid("another", X, Y, LOSS + 1e-9).name


LONG, WIDE = columns(), matrix()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (changed(LONG, 4, "0.5,0.0,nan"), "row 4: loss must be a finite number; got nan"),
        (changed(LONG, 4, "0.5,0.0,-inf"), "row 4: loss must be a finite number; got -inf"),
        (changed(LONG, 4, "0.5,0.0,"), "row 4: loss must be a number; got ''"),
        (changed(LONG, 4, "0.5,0.0,1_0"), "row 4: loss must be a number; got '1_0'"),
        (changed(LONG, 4, "0.5,0.0"), "row 4 has 2 cells where the first row has 3"),
        (changed(LONG, 4, "0.5,0.0,1,2"), "row 4 has 4 cells where the first row has 3"),
        (changed(LONG, 4, LONG[2]), "row 4 repeats the point x = 0, y = 0 of row 3"),
        (changed(LONG, 9, LONG[2]), "row 9 repeats the point x = 0, y = 0 of row 3"),
        (changed(changed(LONG, 4, LONG[4]), 5, LONG[3]), "row 5: x = 0.5 is below 2 before it: rows and columns must be sorted"),
        ([LONG[0], *LONG[6:11], *LONG[1:6], *LONG[11:]], "row 7: y = 0 is below 1 before it: rows and columns must be sorted"),
        (changed(LONG, 9, None), "row 9 has x = 2 where in the first 5 rows 0.5 stands there"),
        (changed(LONG, 8, "0.25,1.0,7"), "row 8 has x = 0.25 where in the first 5 rows 0 stands there: every y must have the same x"),
        (LONG[:-1], "row 20: y = 4 has ended after 4 points, where the first has 5"),
        (changed(WIDE, 3, "1.0,1,2,nan,4,5"), "row 3, column 4 must be a finite number; got nan"),
        (changed(WIDE, 3, "1.0,1,2,3"), "row 3 has 4 cells where the first row has 6"),
        (changed(WIDE, 3, WIDE[1]), "row 3: y = 0 repeats 0 before it: rows and columns must be sorted"),
        (changed(changed(WIDE, 2, WIDE[2]), 3, WIDE[1]), "row 3: y = 0 is below 1 before it"),
        (changed(WIDE, 1, "y,-1,0.5,0,2,3"), "row 1, column 4: x = 0 is below 0.5 before it"),
        (LONG[:10], "a landscape has at least 4 points along each axis; got 9 rows"),
        (WIDE[:4], "a landscape has 4 to 401 points along each axis; got 3 along y"),
        (LONG[1:], "row 1 must name what follows – columns x, y, loss; or the x axis"),
        (["x,y", "1,2"], "row 1 must name what follows"),
        (["x;y;loss", "0,5;1;2"], "row 2: x must be a number; got '0,5': decimals are written with a point"),
        ([""], "the file is empty"),
        ([LONG[0]], "a landscape has at least 4 points along each axis; got 0 rows"),
        ([line.replace("3.0,", "30000.0,") for line in LONG], "x must lie within ±10,000; got -1 … 30000"),
        ([line.replace("0.5,4.0,40.25", "0.5,4.0,1e300") for line in LONG], "losses must lie within ±1e100; got 1e+300"),
    ],
)
def test_a_table_that_is_no_grid_is_refused_with_the_row(lines, reason):
    with pytest.raises(ValueError, match=r".") as refused:
        read_grid(text(lines), "f.csv")
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (npz(x=X, y=Y, loss=LOSS.T), "loss must have a row for each y and a column for each x; got shapes x (5,), y (4,), loss (5, 4)"),
        (npz(x=X, loss=LOSS), "an NPZ holds the arrays x, y and loss; y missing among x, loss"),
        (npz(x=X[::-1], y=Y, loss=LOSS), "element 2 of x, 2, is below the one before: an axis must rise"),
        (npz(x=X, y=np.array([0, 1, 1, 2]), loss=LOSS), "element 3 of y, 1, repeats the one before"),
        (npz(x=X, y=Y, loss=np.where(LOSS == 14, np.nan, LOSS)), "row 2 of loss (y = 1), column 4 must be a finite number; got nan"),
        (npz(x=X, y=Y, loss=LOSS.astype(complex)), "loss must hold real numbers; got an array of complex128"),
        (npz(x=X.astype(str), y=Y, loss=LOSS), "x must hold real numbers"),
        (npz(x=np.zeros(4_000_000), y=Y, loss=LOSS), "the arrays of a landscape have at most 20 MB; got 31 MB"),
        (npz(x=X, y=Y, loss=LOSS)[:200], "this NPZ file cannot be read"),
        (b"PK", "this NPZ file cannot be read"),
        (b"\x89PNG\r\n\x1a\n\0\0", "the file is neither an NPZ nor a text in UTF-8"),
        (b"x,y,loss\n1,2,\0", "the file is neither an NPZ nor a text in UTF-8"),
        (b"", "the file is empty"),
        (b" " * (21 * 2**20), "a landscape has at most 20 MB; got 21 MB"),
    ],
)
def test_a_file_that_is_no_grid_is_refused_with_the_reason(content, reason):
    with pytest.raises(ValueError, match=r".") as refused:
        read_grid(content, "f.npz")
    assert str(refused.value).startswith(reason)


def test_pickled_objects_are_never_opened():
    block = io.BytesIO()
    np.savez(block, x=np.array([{}], dtype=object), y=Y, loss=LOSS)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        read_grid(block.getvalue(), "f.npz")


@pytest.mark.slow
def test_the_largest_table_is_read_in_a_few_seconds():
    axis = np.arange(401.0)
    lines = ["x,y,loss", *(f"{x},{y},{x + y}" for y in axis for x in axis)]
    began = time.process_time()
    assert read_grid(text(lines), "large.csv").loss.shape == (401, 401)
    assert time.process_time() - began < 6


# As a surface


def uploaded():
    grid = Grid("mine.csv", X, Y, LOSS)
    grids.offer({grid.name: grid})
    return SURFACES.create("grid", data=grid.name)


def test_a_spline_of_a_polynomial_of_third_degree_is_the_polynomial():
    x, y = np.array([-1.0, -0.3, 0.1, 0.8, 1.5]), np.array([0.0, 0.2, 1.0, 1.1, 1.9, 2.0])
    grid = Grid("cubic", x, y, x**3 * y[:, None] - 2 * x * y[:, None] ** 3 + 1)
    grids.offer({grid.name: grid})
    surface, (px, py) = SURFACES.create("grid", data=grid.name), np.random.default_rng(0).uniform([[-1], [0]], [[1.5], [2]], (2, 20))
    point = np.array([px, py])
    np.testing.assert_allclose(surface.value(point), px**3 * py - 2 * px * py**3 + 1, atol=1e-12)
    np.testing.assert_allclose(surface.gradient(point), [3 * px**2 * py - 2 * py**3, px**3 - 6 * px * py**2], atol=1e-11)
    cross = 3 * px**2 - 6 * py**2
    np.testing.assert_allclose(surface.hessian(point), [[6 * px * py, cross], [cross, -12 * px * py]], atol=1e-10)


def test_a_run_that_leaves_the_grid_ends_there_and_says_so():
    arm = lrx.Arm(schedule=lrx.schedule("constant", peak=0.1))
    scenario = Scenario(surface=uploaded(), start=Point(1.0, 3.0), noise=Scenario().noise.with_values(sigma=0.0), arms=(arm,), steps=20)
    run = lrx.simulate(scenario)
    # The slope along y is 10 everywhere: 3, 2, 1, 0 lie on the grid, −1 does not.
    assert run.arms[0].outcome.tolist() == [Outcome.LEFT]
    assert run.arms[0].diverged_at.tolist() == [5]
    assert what_happened(run)[0].startswith("Left the known landscape at step 4: at (")
    assert "no loss is known" in what_happened(run)[0]


def test_leaving_with_the_last_update_is_leaving_too():
    arm = lrx.Arm(schedule=lrx.schedule("constant", peak=0.1))
    scenario = Scenario(surface=uploaded(), start=Point(1.0, 3.0), noise=Scenario().noise.with_values(sigma=0.0), arms=(arm,), steps=4)
    run = lrx.simulate(scenario)
    assert run.arms[0].outcome.tolist() == [Outcome.LEFT]
    assert run.arms[0].diverged_at.tolist() == [-1]
    assert what_happened(run)[0].startswith("Left the known landscape at step 4: at (")
    (summary,) = ensemble(scenario, replicates=3)
    assert (summary.hits, summary.diverged, summary.loss) == (0, 3, (np.inf, np.inf, np.inf))


def test_a_run_that_left_is_drawn_and_exported():
    arm = lrx.Arm(schedule=lrx.schedule("constant", peak=0.1))
    run = lrx.simulate(Scenario(surface=uploaded(), start=Point(1.0, 3.0), noise=Scenario().noise.with_values(sigma=0.0), arms=(arm,), steps=20))
    header, arrays = unpack(run_payload(run, key="run", surface_key="surface"))
    assert header["arms"][0]["gone"] == "left the known landscape at step 4"
    assert np.isfinite(arrays["x0"][:5]).all()
    assert np.isnan(arrays["x0"][5:]).all()
    assert "NaN" not in json.dumps(header)
    assert b"<html" in animation_html(run)


def test_a_link_names_the_grid_and_who_has_no_such_grid_keeps_everything_else():
    scenario = Scenario(surface=uploaded(), start=Point(1.5, 2.5), steps=123, seed=4)
    query = scenario.to_query()
    assert query["surface.data"] == scenario.surface.grid.name
    assert Scenario.from_query(query) == scenario
    grids.offer({})
    elsewhere = Scenario.from_query(query)
    assert (elsewhere.start, elsewhere.steps, elsewhere.seed, elsewhere.arms) == (scenario.start, 123, 4, scenario.arms)
    assert (elsewhere.surface.name, elsewhere.surface.data) == ("grid", grids.NETWORK)
    (complaint,) = elsewhere.complaints
    assert scenario.surface.grid.name in complaint
    assert "load the same file here" in complaint
    # The surface that was made keeps its data.
    assert scenario.surface.value(np.array([0.0, 0.0])) == pytest.approx(0.0, abs=1e-12)


def test_only_what_was_uploaded_is_private():
    assert uploaded().is_private
    assert "stays in this session" in uploaded().remarks[0]
    assert not SURFACES.create("grid").is_private
    assert not any(cls().is_private for cls in SURFACES.values())


# The landscape that comes with the program


def test_the_networks_landscape_is_the_loss_of_its_weights():
    """Recomputed in numpy from the weights, directions and data that lie in the same file."""
    with np.load(Path(grids.__file__).parent / "surfaces" / "network_landscape.npz") as data:
        stored = dict(data)
    assert (Path(grids.__file__).parent / "surfaces" / "network_landscape.npz").stat().st_size < 100_000

    def loss(weights):
        layer = stored["inputs"]
        sizes = [(2, 12), (12, 12), (12, 1)]
        for number, (inside, outside) in enumerate(sizes):
            matrix, weights = weights[: inside * outside].reshape(outside, inside), weights[inside * outside :]
            bias, weights = weights[:outside], weights[outside:]
            layer = layer @ matrix.T + bias
            layer = np.tanh(layer) if number < 2 else layer
        logit = layer[:, 0]
        return np.mean(np.logaddexp(0, logit) - stored["labels"] * logit)

    for row, column in np.random.default_rng(0).integers(0, 61, (40, 2)):
        moved = stored["weights"] + stored["x"][column] * stored["along_x"] + stored["y"][row] * stored["along_y"]
        assert stored["loss"][row, column] == pytest.approx(loss(moved), rel=1e-9)
    # It was trained: at the middle, where the weights are, the loss is a hundredth of that of a network which knows nothing.
    assert stored["loss"][30, 30] < 0.01 * np.log(2)


def test_the_networks_directions_are_as_long_as_its_weights_neuron_by_neuron():
    with np.load(Path(grids.__file__).parent / "surfaces" / "network_landscape.npz") as data:
        weights, *directions = data["weights"], data["along_x"], data["along_y"]
    offset = 0
    for inside, outside in ((2, 12), (12, 12), (12, 1)):
        block, bias = slice(offset, offset + inside * outside), slice(offset + inside * outside, offset + (inside + 1) * outside)
        for direction in directions:
            expected = np.linalg.norm(weights[block].reshape(outside, inside), axis=1)
            np.testing.assert_allclose(np.linalg.norm(direction[block].reshape(outside, inside), axis=1), expected, rtol=1e-12)
            assert not direction[bias].any()
        offset += (inside + 1) * outside
