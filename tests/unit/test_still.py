"""The Reference's pictures as images: they show the figure's data, in its place and its colours."""

import base64
from io import BytesIO
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from lr_explorer.figures import thumbnails
from lr_explorer.figures.still import still, svg
from lr_explorer.figures.theme import SURFACE_SCALE
from lr_explorer.schedules import SCHEDULES
from lr_explorer.surfaces import SURFACES

SVG = "{http://www.w3.org/2000/svg}"
BOX = (42, 208, 8, 138)  # left, right, top and bottom of a thumbnail's plot, in pixels


def drawn(figure, *, dark=False):
    return ElementTree.fromstring(svg(figure, dark=dark))


def points_of(path):
    """Return the corners of a line as an array (n, 2) in pixels."""
    return np.array([tuple(map(float, pair.split())) for pair in path.get("d").replace("M", "L").split("L")[1:]])


def picture_of(root):
    address = root.find(f"{SVG}image").get("href")
    return np.asarray(Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))


def brightness(colour):
    return sum(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def test_an_image_holds_the_svg_and_says_what_it_shows():
    figure = thumbnails.schedule_thumbnail(SCHEDULES.create("cosine"), 300, dark=False)
    image = ElementTree.fromstring(still(figure, 'a "curve" & more', dark=False).replace("<img", "<img xmlns='x'").replace(">", "/>"))
    assert image.get("alt") == 'a "curve" & more'
    kind, _, text = image.get("src").partition(",")
    assert kind == "data:image/svg+xml"
    assert unquote(text) == svg(figure, dark=False)
    # What would end the attribute, or the address, is spelled out.
    assert not set(text) & set('"<>#%') - {"%"}


def test_a_line_runs_through_its_points():
    schedule = SCHEDULES.create("linear", peak=0.5)
    (line,) = drawn(thumbnails.schedule_thumbnail(schedule, 100, dark=False)).iter(f"{SVG}path")
    left, right, top, bottom = BOX
    # Rates from 0.5 down to 0.005 on an axis from 0 to 0.54, updates 0 to 99 on one from 0 to 100: a straight line keeps its ends.
    height = bottom - top
    expected = [[left, bottom - height * 0.5 / 0.54], [left + (right - left) * 0.99, bottom - height * 0.005 / 0.54]]
    np.testing.assert_allclose(points_of(line), expected, atol=0.06)


def test_a_line_keeps_every_bend_and_its_gaps():
    figure = thumbnails.schedule_thumbnail(SCHEDULES.create("constant", peak=1.0), 6, dark=False)
    figure.data[0].update(x=np.arange(6.0), y=np.array([0.2, 0.2, np.nan, 1.0, 1.0, 0.4]))
    (line,) = drawn(figure).iter(f"{SVG}path")
    assert line.get("d").count("M") == 2
    assert len(points_of(line)) == 5


def test_a_run_far_outside_is_cut_off_at_the_box():
    figure = thumbnails.schedule_thumbnail(SCHEDULES.create("constant", peak=1.0), 6, dark=False)
    figure.data[0].update(x=np.arange(6.0), y=np.array([0.2, 1e30, 0.2, -1e30, np.inf, 0.3]))
    (window,) = drawn(figure).findall(f"{SVG}svg")
    assert [float(window.get(name)) for name in ("x", "y", "width", "height")] == [42, 8, 166, 130]
    assert np.abs(points_of(window.find(f"{SVG}path"))).max() <= 9999


@pytest.mark.parametrize("dark", [False, True])
def test_a_surface_is_darkest_on_the_page_of_its_theme_where_the_loss_is_lowest(dark):
    surface = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    colours = picture_of(drawn(thumbnails.surface_thumbnail(surface, dark=dark), dark=dark)).sum(axis=2)
    rows, columns = colours.shape
    assert (rows, columns) == (260, 332)
    scale = SURFACE_SCALE["dark" if dark else "light"]
    middle, corner = colours[rows // 2, columns // 2], colours[5, 5]
    assert abs(int(middle) - brightness(scale[0])) < abs(int(middle) - brightness(scale[-1]))
    assert abs(int(corner) - brightness(scale[-1])) < abs(int(corner) - brightness(scale[0]))


def test_the_upper_side_of_a_surface_is_up():
    surface = SURFACES.create("rosenbrock")  # high at the lower corners, low along the parabola that ends in the upper ones
    colours = picture_of(drawn(thumbnails.surface_thumbnail(surface, dark=False))).sum(axis=2).astype(int)
    assert colours[-3, 3] > colours[3:20, 3:60].min()


def test_minima_are_marked_where_they_are():
    surface = SURFACES.create("double_well")
    root = drawn(thumbnails.surface_thumbnail(surface, dark=False))
    (star,), (dot,) = root.findall(f"{SVG}polygon"), root.findall(f"{SVG}circle")
    left, right, top, bottom = BOX
    corners = np.array([tuple(map(float, pair.split(","))) for pair in star.get("points").split()])
    for place, minimum in ((corners.mean(axis=0), surface.minima[0]), ((float(dot.get("cx")), float(dot.get("cy"))), surface.minima[1])):
        x, y = minimum.point
        np.testing.assert_allclose(place, [left + (right - left) * (x + 2) / 4, bottom - (bottom - top) * (y + 2) / 4], atol=0.1)


def test_what_it_cannot_draw_is_refused():
    with pytest.raises(TypeError, match="bar"):
        svg(thumbnails.schedule_thumbnail(SCHEDULES.create("linear"), 9, dark=False).add_trace(go.Bar(y=[1])), dark=False)
    marked = go.Scatter(x=[1], y=[0.05], mode="markers", marker={"symbol": "hexagon", "size": 3, "color": "#000000"})
    with pytest.raises(TypeError, match="hexagon"):
        svg(thumbnails.schedule_thumbnail(SCHEDULES.create("linear"), 9, dark=False).add_trace(marked), dark=False)
