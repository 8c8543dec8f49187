"""What only a browser shows of the Compare page."""

import pytest

from tests.browser.conftest import IDLE

# Half a minute of browser for what AppTest covers in part: CI's second round runs them.
pytestmark = pytest.mark.slow


def opened(tab, query: str):
    """Come from the Playground, as people do."""
    tab.open(f"/?{query}")
    tab.page.get_by_role("link", name="Compare").click()
    tab.page.wait_for_selector(".st-key-ends .scatterlayer", timeout=30_000)
    tab.page.wait_for_selector(IDLE, timeout=30_000)
    return tab.page


def test_another_click_stops_the_fair_fight_and_leaves_nothing_of_it(tab):
    page = opened(tab, "steps=8000&n=100")
    page.locator(".st-key-fair-fight button").click()
    page.wait_for_selector("[data-testid=stProgress]")
    page.locator(".st-key-n").get_by_role("radio", name="200").click()
    page.get_by_text("What 200 replicates of each arm did").wait_for()
    page.wait_for_selector(IDLE)
    page.wait_for_function("location.search.includes('n=200')")
    assert page.locator(".st-key-fight-sides").count() == 0


def test_the_worst_replicate_opens_in_the_playground_and_the_way_back_keeps_the_pair(tab):
    page = opened(tab, "n=100&baseline=3")
    worst = page.locator(".st-key-watch-worst-1 button")
    number = worst.inner_text().removeprefix("Worst: ")
    worst.click()
    page.wait_for_selector(".lrx[data-painted]")
    assert f"replicate={number}&" in page.url
    page.get_by_role("link", name="Compare").click()
    page.get_by_text("Median difference Constant, low − Cosine").wait_for()
    assert "baseline=3" in page.url


# The place on the screen of the point of a chart that lies farthest from all others, and what it carries.
LONELY = """plot => {
  const { xaxis, yaxis, _size } = plot._fullLayout, box = plot.getBoundingClientRect();
  const points = plot.calcdata.flatMap((trace) => trace.map(({ x, y }, i) => {
    const [left, top] = [xaxis.c2p(x), yaxis.c2p(y)];
    return { left, top, x: box.left + _size.l + left, y: box.top + _size.t + top, carries: trace[0].trace.customdata[i] };
  })).filter(({ left, top }) => left > 9 && top > 9 && left < _size.w - 9 && top < _size.h - 9);
  const lonely = (one) => Math.min(...points.filter((other) => other !== one).map(({ x, y }) => Math.hypot(x - one.x, y - one.y)));
  return points.reduce((best, one) => (lonely(one) > lonely(best) ? one : best));
}"""


@pytest.mark.parametrize("chart", ["ends-map-2", "ends"])
def test_a_click_on_a_point_opens_its_replicate_and_the_way_back_stays_on_the_page(tab, chart):
    page = opened(tab, "n=100&arm1.schedule.peak=0.02&arm2.schedule.peak=0.1")
    plot = page.locator(f".st-key-{chart} .js-plotly-plot")
    plot.scroll_into_view_if_needed()
    point = plot.evaluate(LONELY)
    page.mouse.click(point["x"], point["y"])
    page.wait_for_selector(".lrx[data-painted]")
    replicate, place = point["carries"]
    page.wait_for_function(f"location.search.includes('replicate={replicate}&') && location.search.includes('&arm={place + 1}&')")
    page.get_by_role("link", name="Compare").click()
    page.wait_for_selector(f".st-key-{chart} .scatterlayer")
    page.wait_for_selector(IDLE)
    assert "/Compare" in page.url


def test_branch_here_leads_to_the_branches_of_the_step_that_is_shown(tab):
    page = tab.open("/?n=100&steps=200&arm=2").page
    branch, before = page.get_by_role("button", name="Branch here"), page.url
    # At the end there is nothing to branch: the button can be reached, says why and does nothing.
    branch.focus()
    assert branch.get_attribute("aria-description").startswith("The run ends here: move the cursor")
    assert branch.get_attribute("title") == branch.get_attribute("aria-description")
    branch.press("Enter")
    page.wait_for_timeout(500)
    assert page.url == before
    page.locator(".lrx-scrub").evaluate("scrub => { scrub.value = 70; scrub.dispatchEvent(new Event('input')); }")
    branch.click()
    page.get_by_role("button", name="Branch it at step 70").click()
    page.wait_for_selector(".st-key-branch-bands .scatterlayer")
    page.wait_for_selector(IDLE)
    assert "branch=70&" in page.url
    assert page.evaluate("document.querySelector('.st-key-branch').getBoundingClientRect().top") < 900
    page.get_by_role("button", name="Open the branches in the Playground").click()
    page.wait_for_selector(".lrx[data-painted]")
    page.get_by_role("radio", name="4 · Restart from 70").wait_for()


def test_a_click_on_a_cell_of_the_map_chooses_it_and_its_scenario_opens_in_the_playground(tab):
    page = opened(tab, "n=100&steps=100&map_cells=5&map_n=50&map_x=arm*.schedule.peak%3D0.05..0.2&map_y=noise.sigma%3D1..3")
    page.get_by_role("button", name="Map 5 × 5 cells").click()
    plot = page.locator(".st-key-map-2 .js-plotly-plot")
    plot.locator(".scatterlayer").wait_for()
    page.wait_for_selector(IDLE)
    plot.scroll_into_view_if_needed()
    # Off the middle of the cell: all of it counts.
    x, y = plot.evaluate("""plot => {
      const { xaxis, yaxis, _size } = plot._fullLayout, box = plot.getBoundingClientRect();
      return [box.left + _size.l + xaxis.c2p(3.3), box.top + _size.t + yaxis.c2p(0.7)];
    }""")
    page.mouse.click(x, y)
    for axis, value in (("x", "0.141"), ("y", "1.5")):
        page.wait_for_function(f"document.querySelector('.st-key-map-cell-{axis} input').value === '{value}'")
    page.wait_for_selector(IDLE)
    page.get_by_role("button", name="Open this cell in the Playground").click()
    page.wait_for_selector(".lrx[data-painted]")
    page.wait_for_function("location.search.includes('noise.sigma=1.5&') && location.search.includes('arm2.schedule.peak=0.141&')")


def test_a_finger_scrolls_past_a_chart_whose_points_can_be_clicked(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/Compare?n=100")
    plot = page.locator(".st-key-ends .js-plotly-plot")
    plot.wait_for()
    page.wait_for_selector(IDLE)
    plot.evaluate("plot => plot.scrollIntoView({ block: 'center' })")
    box, hand = plot.bounding_box(), context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for moved in range(10, 210, 10):
        hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - moved}]})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function(f"document.querySelector('[data-testid=stMain]').scrollTop > {before + 50}")
    context.close()


def test_nothing_is_wider_than_a_phone(tab):
    page = opened(tab, "n=100")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
