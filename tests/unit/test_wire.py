"""What the player receives: nothing lost, nothing that JSON or the browser would refuse, and small enough to follow a finger."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from lr_explorer.figures.theme import ARM_SHADES, DASHES, GRID, INK, MARKERS, PAGE, QUIET, SURFACE_SCALE, arm_dash, surface_scale
from lr_explorer.figures.wire import (
    MOST_SADDLES,
    Display,
    choose_display,
    colour_ticks,
    loss_reference,
    map_marks,
    pack,
    run_payload,
    surface_payload,
    unpack,
)
from lr_explorer.scenario import ARM_COLOURS, MAX_ARMS, Arm, Scenario
from lr_explorer.simulate import simulate
from lr_explorer.surfaces import SURFACES, Minimum
from lr_explorer.surfaces.bowls import Quadratic

FLOAT32 = 1e-6  # seven digits, of which rounding may take one


@dataclass(frozen=True)
class Landscape(Quadratic):
    """A bowl that is stretched and lowered: `scale`·f + `lift`, with a hole in it if `has_hole`."""

    scale: float = 1.0
    lift: float = 0.0
    has_hole: bool = False

    @property
    def minima(self):
        return (Minimum((0.0, 0.0), self.lift),)

    def value(self, point):
        loss = self.scale * super().value(point) + self.lift
        return np.where(point[0] > 4, np.inf, loss) if self.has_hole else loss


def scenario(**changes) -> Scenario:
    return Scenario.from_query({"surface": "quadratic", "noise.sigma": "0.5", "steps": "50"}).with_values(**changes)


def test_header_and_arrays_come_back_as_they_went():
    arrays = {"x": np.array([1.5, np.nan, np.inf]), "empty": np.empty(0), "grid": np.arange(6.0).reshape(2, 3)}
    header, back = unpack(pack({"name": "Grüße – η"}, arrays))
    assert header["name"] == "Grüße – η"
    assert list(back) == list(arrays)
    for name, values in arrays.items():
        np.testing.assert_array_equal(back[name], values.ravel().astype(np.float32))


@pytest.mark.parametrize("name", ["", "a", "ab", "abc", "η"])
def test_floats_start_at_a_multiple_of_four_whatever_the_header(name):
    block = pack({"name": name}, {"x": np.array([1.0])})
    assert int.from_bytes(block[:4], "little") % 4 == 0


def test_a_header_that_json_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        pack({"x": float("nan")}, {})


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(0, 1, 1000),
        np.linspace(-1000, -990, 1000),
        np.geomspace(1e-3, 1e3, 1000),
        np.geomspace(1e-6, 1, 1000) - 5,
        np.array([0.0] * 500 + [1.0] * 500),
    ],
    ids=["linear", "negative", "six decades", "six decades above −5", "plateau"],
)
def test_heights_rise_with_the_loss_and_give_it_back(values):
    display = choose_display(values, float(values.min()))
    height = display.height(values)
    assert np.isfinite(height).all()
    assert (np.diff(height) >= 0).all()
    np.testing.assert_allclose(display.loss(height), values, rtol=1e-9, atol=1e-9 * np.ptp(values))


def test_losses_that_span_decades_are_shown_by_decades_and_others_as_they_are():
    assert choose_display(np.geomspace(1e-3, 1e3, 1000), 0.0).is_log
    assert not choose_display(np.sqrt(np.linspace(0, 1, 1000)), 0.0).is_log
    assert not choose_display(np.full(10, 3.0), 3.0).is_log


@pytest.mark.parametrize(
    ("display", "low", "high", "lowest"),
    [
        (Display(False), 0.0, 17.3, 0.0),
        (Display(False), -3.1, 4.4, -3.1),
        (Display(True, -1e-3), -3.0, 3.0, 0.0),
        (Display(True, -1000.01), -2.0, 3.2, -1000.0),
        (Display(True, -0.33), -1.6, 1.1, -0.3),
    ],
)
def test_ticks_tell_true_losses_in_rising_order(display, low, high, lowest):
    heights, texts = colour_ticks(display, low, high, lowest)
    losses = [float(text.replace("−", "-").replace(",", "")) for text in texts]
    assert 3 <= len(heights) <= 12
    assert low - 1e-6 <= heights[0]
    assert heights[-1] <= high
    assert (np.diff(heights) > 0).all()
    assert (np.diff(losses) > 0).all()
    # A label of three digits may be off by half of its last one.
    np.testing.assert_allclose(display.loss(np.array(heights)), losses, rtol=5e-3, atol=1e-6)


@pytest.mark.parametrize("surface", [SURFACES.create(name) for name in SURFACES], ids=list(SURFACES))
def test_every_surface_can_be_drawn(surface):
    block = surface_payload(surface, "key")
    header, arrays = unpack(block)
    (x0, x1), (y0, y1) = surface.bounds
    rows, columns = header["shape"]
    height = arrays["height"].reshape(rows, columns).astype(float)
    finite = np.isfinite(height)
    loss = header["invert"]["offset"] + 10**height if header["invert"]["log"] else height
    points = np.stack(np.meshgrid(np.linspace(x0, x1, columns), np.linspace(y0, y1, rows)))
    true = surface.value(points)
    # In log height, float32 rounds the loss above its offset, not the loss.
    slack = 1e-5 * (np.abs(true - header["invert"]["offset"]) + np.abs(true))
    assert (np.abs(loss - true)[finite] <= slack[finite] + 1e-9).all()
    assert np.ptp(height[finite]) > 0
    assert len(header["ticks"]["values"]) >= 3
    assert len(header["minima"]) == sum(surface.holds(minimum) or surface.is_global(minimum) for minimum in surface.minima)
    assert len(header["saddles"]) <= MOST_SADDLES
    assert len(block) < 120_000
    # Every mark stands in the legend, and nothing else but the start.
    assert set(map_marks(surface)) == {"start"} | {place["name"] for place in (*header["minima"], *header["saddles"])}


@pytest.mark.parametrize(
    "surface",
    [
        Landscape(lift=-7.0),
        Landscape(scale=1e4),
        Landscape(scale=1e-9),
        Landscape(lift=1e6),
        Landscape(has_hole=True),
        Landscape(lambda1=0.0, lambda2=0.0),
    ],
    ids=["negative", "steep", "tiny", "high up", "with a hole", "flat"],
)
def test_awkward_landscapes_stay_finite_where_they_are(surface):
    header, arrays = unpack(surface_payload(surface, "key"))
    assert np.isfinite(arrays["height"]).any()
    assert np.isfinite(header["range"]).all()
    assert len(header["ticks"]["values"]) == len(header["ticks"]["text"]) >= 1


def test_a_surface_without_any_loss_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="nothing to draw"):
        surface_payload(Landscape(lift=np.nan), "key")


def test_the_run_that_arrives_is_the_run_that_was_made():
    run = simulate(scenario(), anatomy=True)
    header, arrays = unpack(run_payload(run, key="r", surface_key="s", anatomy_arm=1, summary="Three arms."))
    assert (header["id"], header["surface"], header["steps"], header["summary"]) == ("r", "s", 50, "Three arms.")
    for place, arm in enumerate(run.arms):
        for name, values in {"x": arm.path[:, 0, 0], "y": arm.path[:, 1, 0], "lr": arm.lr, "loss": arm.loss[:, 0] - header["loss"]["offset"]}.items():
            np.testing.assert_allclose(arrays[f"{name}{place}"], values, rtol=FLOAT32)
    for name in ("gradient", "memory"):
        np.testing.assert_allclose(arrays[name].reshape(2, 50).T, getattr(run.arms[1], name)[..., 0], rtol=FLOAT32)


def test_an_arm_whose_coordinates_have_rates_of_their_own_says_both_and_others_say_nothing():
    arms = (Arm(), Arm("Layers", rate_x=40**0.5, rate_y=40**-0.5), Arm("Twice", rate_x=2.0, rate_y=2.0))
    header, _ = unpack(run_payload(simulate(scenario(arms=arms)), key="r", surface_key="s"))
    assert [arm["factors"] for arm in header["arms"]] == ["", "× (6.32, 0.158)", "× (2, 2)"]


def test_without_recorded_anatomy_there_is_none():
    header, arrays = unpack(run_payload(simulate(scenario()), key="r", surface_key="s", anatomy_arm=0))
    assert header["anatomy"] is None
    assert "gradient" not in arrays


def test_a_run_that_diverged_ends_in_gaps():
    run = simulate(Scenario.from_query({"surface": "quadratic", "arm1.schedule.peak": "1.0", "steps": "50"}))
    header, arrays = unpack(run_payload(run, key="r", surface_key="s"))
    end = header["arms"][0]["diverged_at"]
    assert 0 < end <= 50
    assert np.isnan(arrays["x0"][end:]).all()
    assert np.isfinite(arrays["x0"][:end]).all()


def test_a_loss_close_to_a_minimum_below_zero_keeps_its_digits():
    made = simulate(scenario(surface=Landscape(lift=-1.0)))
    made.arms[0].loss[-1] = -1.0 + 1e-9
    header, arrays = unpack(run_payload(made, key="r", surface_key="s"))
    assert header["loss"] == {"offset": -1.0, "label": "loss − f*"}
    assert arrays["loss0"][-1] == pytest.approx(1e-9, rel=1e-6)


def test_the_axis_says_what_was_taken_off_the_loss():
    assert loss_reference(simulate(scenario())).label == "loss"
    assert loss_reference(simulate(scenario(surface=Landscape(lift=3.0)))).label == "loss − f*"
    below = simulate(scenario(surface=Landscape(lift=-1.0)))
    below.arms[0].loss[3] = -2.0
    assert loss_reference(below).offset == -2.0
    assert loss_reference(below).label == "loss − least loss seen"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"}],"arms":[', "\\u0000 \\", "η – 学習率", "\u202eabc"])
def test_hostile_names_stay_text(name):
    run = simulate(scenario(arms=(Arm(name=name),)) if name.isprintable() else scenario())
    header, _ = unpack(run_payload(run, key="r", surface_key="s", summary=name))
    assert header["summary"] == name
    assert json.loads(json.dumps(header))["arms"][0]["name"] == run.arms[0].arm.name


def test_six_arms_of_two_thousand_steps_fit_the_budget():
    arms = tuple(Arm(name=f"Arm {place}", colour=colour) for place, colour in enumerate(ARM_COLOURS))
    run = simulate(scenario(arms=arms, steps=2000), anatomy=True)
    assert len(run_payload(run, key="r", surface_key="s", anatomy_arm=0)) <= 250_000


def test_an_unknown_view_is_refused():
    with pytest.raises(ValueError, match="2d or 3d"):
        run_payload(simulate(scenario()), key="r", surface_key="s", view="4d")


def test_parts_of_the_player_that_are_hidden_are_named_and_others_are_refused():
    run = simulate(scenario())
    assert unpack(run_payload(run, key="r", surface_key="s"))[0]["hidden"] == []
    assert unpack(run_payload(run, key="r", surface_key="s", hidden={"drop", "bar"}))[0]["hidden"] == ["bar", "drop"]
    with pytest.raises(ValueError, match=r"hidden must be of bar, curves, .*; got legend"):
        run_payload(run, key="r", surface_key="s", hidden=("bar", "legend"))


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_theme_has_a_shade_for_every_colour_an_arm_can_have():
    assert list(ARM_SHADES) == list(ARM_COLOURS)


def test_places_differ_in_dash_and_marker():
    assert len(set(DASHES)) == len(set(MARKERS)) == MAX_ARMS
    assert arm_dash(0) == "solid"
    assert arm_dash(1) == "9px,4px"


@pytest.mark.parametrize("dark", [False, True])
def test_lines_and_text_stand_out_from_the_page(dark):
    page = PAGE.on(dark=dark)
    for name, shade in ARM_SHADES.items():
        assert contrast(shade.on(dark=dark), page) >= 3, name
    assert contrast(INK.on(dark=dark), page) >= 7
    assert contrast(QUIET.on(dark=dark), page) >= 4.5
    assert GRID.on(dark=dark) != page


@pytest.mark.parametrize("dark", [False, True])
def test_the_surface_scale_is_even_in_order_and_leaves_lines_readable(dark):
    scale = surface_scale(dark=dark)
    light = [luminance(colour) for _, colour in scale]
    assert [place for place, _ in scale] == [0, 0.25, 0.5, 0.75, 1]
    assert light == sorted(light)
    # Trails are cased; this is what is left where a casing is covered by another trail.
    for shade in ARM_SHADES.values():
        assert min(contrast(shade.on(dark=dark), colour) for colour in SURFACE_SCALE["dark" if dark else "light"]) >= 1.8
