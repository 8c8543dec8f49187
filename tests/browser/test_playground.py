"""What only a browser shows of the Playground."""

from urllib.parse import parse_qs, urlencode, urlparse

import pytest

from lr_explorer.experiments.presets import PRESETS
from lr_explorer.simulate import simulate


def query_of(tab) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlparse(tab.page.url).query).items()}


def slide(tab, key: str, presses: int) -> None:
    """Move a parameter's slider by the keyboard."""
    knob = tab.page.locator(f'[data-key="{key}"] input[type=range]')
    knob.focus()
    for _ in range(presses):
        knob.press("ArrowRight")


def type_value(tab, key: str, text: str) -> None:
    box = tab.page.locator(f'[data-key="{key}"] .box')
    box.fill(text)
    box.press("Enter")


def test_a_cold_deep_link_opens_the_very_run_that_the_link_names(tab):
    scenario = PRESETS["river"].scenario.with_values(steps=321, seed=11)
    tab.open("/?" + urlencode(scenario.to_query()))
    run = simulate(scenario)
    for head, arm in zip(tab.heads(), run.arms, strict=True):
        assert head == pytest.approx(arm.final[:, 0].tolist(), rel=1e-6, abs=1e-6)  # float32 on the wire
    assert query_of(tab)["steps"] == "321"


@pytest.mark.slow
def test_the_address_always_holds_the_scenario_and_adds_nothing_to_the_back_button(tab):
    tab.open("/")
    entries = tab.page.evaluate("history.length")
    tab.painted_after(lambda: type_value(tab, "steps", "222"))
    tab.painted_after(lambda: slide(tab, "arm1.schedule.peak", 1))
    tab.page.wait_for_function("location.search.includes('steps=222')")
    assert tab.page.evaluate("history.length") == entries
    peak = query_of(tab)["arm1.schedule.peak"]
    assert float(peak) != 0.13
    heads = tab.heads()
    tab.page.reload()
    tab.settled()
    assert query_of(tab)["arm1.schedule.peak"] == peak
    assert tab.heads() == heads


@pytest.mark.slow
def test_a_preset_shows_its_claim_and_its_arms(tab):
    tab.open("/")
    tab.painted_after(lambda: tab.page.get_by_role("radio", name="A saddle that only noise leaves").click())
    tab.page.get_by_text("High rates leave").or_(tab.page.get_by_text(PRESETS["saddle"].says)).first.wait_for()
    assert len(tab.heads()) == len(PRESETS["saddle"].scenario.arms)
    tab.page.wait_for_function("location.search.includes('preset=saddle')")


def test_play_moves_the_heads_and_keeps_the_contour(tab):
    tab.open("/")
    at_end = tab.heads()
    tab.page.get_by_role("button", name="Play").click()
    tab.page.wait_for_function("document.querySelector('.lrx').lrx.step() > 20 && document.querySelector('.lrx').lrx.step() < 480")
    first = tab.heads()
    tab.page.wait_for_timeout(300)
    second = tab.heads()
    assert first != at_end
    assert second != first
    assert tab.page.locator(".lrx-map .contourlayer path, .lrx-map .contour path").count() > 5
    tab.page.get_by_role("button", name="Pause").click()
    assert tab.player("playing") == "false"


def test_the_heads_stand_where_the_simulation_put_them(tab):
    scenario = PRESETS["oscillation"].scenario
    tab.open("/?preset=oscillation")
    tab.page.get_by_role("button", name="To the start").or_(tab.page.get_by_label("start", exact=False)).first.wait_for()
    tab.page.evaluate("document.querySelector('.lrx').focus()")
    tab.page.keyboard.press("Home")
    for _ in range(3):
        tab.page.keyboard.press("ArrowRight")
    assert tab.player("step") == "3"
    for head, arm in zip(tab.heads(), simulate(scenario).arms, strict=True):
        assert head == pytest.approx(arm.path[3, :, 0].tolist(), rel=1e-6, abs=1e-6)  # float32 on the wire


def test_a_slider_repaints_the_run_while_playback_goes_on(tab):
    tab.open("/")
    tab.page.get_by_role("button", name="Play").click()
    tab.painted_after(lambda: slide(tab, "arm1.schedule.peak", 2))
    assert tab.player("playing") == "true"


@pytest.mark.slow
def test_a_drag_answers_while_the_finger_is_down(tab):
    tab.open("/")
    box = tab.page.locator('[data-key="arm1.schedule.peak"] input[type=range]').bounding_box()
    y = box["y"] + box["height"] / 2
    before = int(tab.player("painted"))
    tab.page.mouse.move(box["x"] + box["width"] * 0.6, y)
    tab.page.mouse.down()
    for share in range(60, 80):
        tab.page.mouse.move(box["x"] + box["width"] * share / 100, y)
        tab.page.wait_for_timeout(60)
    while_down = int(tab.player("painted"))
    tab.page.mouse.up()
    assert while_down - before >= 2


@pytest.mark.slow
def test_a_click_on_the_map_sets_the_start(tab):
    tab.open("/?" + urlencode(PRESETS["oscillation"].scenario.to_query()))
    plot = tab.page.locator(".lrx-map .nsewdrag").first.bounding_box()
    tab.painted_after(lambda: tab.page.mouse.click(plot["x"] + plot["width"] * 0.75, plot["y"] + plot["height"] * 0.25))
    tab.page.wait_for_function("location.search.includes('start.x=2.5')")
    assert float(query_of(tab)["start.x"]) == pytest.approx(2.5, abs=0.1)  # the box is −5…5, and a pixel 0.03
    assert float(query_of(tab)["start.y"]) == pytest.approx(2.5, abs=0.1)


@pytest.mark.slow
def test_the_drop_handle_is_dragged_along_the_curve_and_back_to_the_end(tab):
    tab.open("/?preset=settle")
    handle = tab.page.locator(".lrx-drop")
    assert handle.get_attribute("aria-valuetext") == "never"
    # Hovering waits until the page around it has come to rest.
    handle.hover()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.mouse.down()
    tab.painted_after(lambda: tab.page.mouse.move(x - 60, y, steps=5))
    tab.page.mouse.up()
    # What was sent on the way is still being answered; handle, run and address agree once all has arrived.
    tab.page.wait_for_function("""() => {
      const { drop_at: at, lr } = document.querySelector(".lrx").lrx.run().arms[0];
      const drops = [...lr.keys()].filter((t) => t > 0 && lr[t] < 0.5 * lr[t - 1]);
      const shown = document.querySelector(".lrx-drop").getAttribute("aria-valuetext");
      return at > 0 && drops.join() === String(at) && shown === `from step ${at}` && location.search.includes(`arm1.drop_at=${at}&`);
    }""")
    handle.focus()
    tab.painted_after(lambda: tab.page.keyboard.press("End"))
    tab.page.wait_for_function("location.search.includes('arm1.drop_at=0')")


@pytest.mark.slow
def test_exact_values_can_be_typed_and_bad_ones_are_told(tab):
    tab.open("/")
    tab.painted_after(lambda: type_value(tab, "arm1.schedule.peak", "1e-5"))
    tab.page.wait_for_function("location.search.includes('arm1.schedule.peak=1e-05')")
    type_value(tab, "arm1.schedule.peak", "0,1")
    assert "0.1" in tab.page.locator('[data-key="arm1.schedule.peak"] .error').inner_text()
    assert query_of(tab)["arm1.schedule.peak"] == "1e-05"


@pytest.mark.slow
def test_zoom_survives_a_slider(tab):
    tab.open("/")
    zoomed = "const map = document.querySelector('.lrx-map .js-plotly-plot'); return map._fullLayout.xaxis.range.map(v => +v.toFixed(3))"
    plot = tab.page.locator(".lrx-map .nsewdrag").first.bounding_box()
    tab.page.mouse.move(plot["x"] + 60, plot["y"] + 60)
    tab.page.mouse.down()
    tab.page.mouse.move(plot["x"] + 160, plot["y"] + 160, steps=8)
    tab.page.mouse.up()
    tab.page.wait_for_timeout(400)
    before = tab.page.evaluate(f"() => {{ {zoomed} }}")
    assert before != [-2, 2]
    tab.painted_after(lambda: slide(tab, "arm1.schedule.peak", 2))
    assert tab.page.evaluate(f"() => {{ {zoomed} }}") == before


@pytest.mark.slow
def test_the_relief_shows_on_demand_and_is_part_of_the_link(tab):
    tab.open("/")
    tab.page.get_by_role("button", name="3-D").click()
    tab.page.wait_for_selector(".lrx-relief .gl-container canvas, .lrx-relief canvas")
    tab.page.wait_for_function("location.search.includes('view=3d')")


@pytest.mark.slow
def test_a_bad_link_opens_with_its_complaints(tab):
    tab.open("/?" + urlencode({"surface": "moon", "start.x": "nan", "steps": "123"}))
    tab.page.get_by_text("unknown surface 'moon'").wait_for()
    tab.page.get_by_text("start.x must be a number").wait_for()
    assert query_of(tab)["steps"] == "123"


@pytest.mark.slow
def test_the_reference_carries_the_scenario_both_ways(tab):
    tab.open("/?steps=234")
    tab.page.get_by_role("link", name="Reference").click()
    tab.page.wait_for_url("**/Reference?**")
    tab.page.wait_for_function("location.search.includes('steps=234')")
    tab.page.get_by_role("link", name="Playground").click()
    tab.page.wait_for_selector(".lrx[data-painted]")
    assert query_of(tab)["steps"] == "234"


@pytest.mark.slow
def test_a_phone_scrolls_in_one_direction_only(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".lrx[data-painted]")
    widths = page.evaluate("[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]")
    context.close()
    assert max(widths) <= 390
