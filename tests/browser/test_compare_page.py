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
    page.get_by_role("radio", name="200").click()
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


def test_nothing_is_wider_than_a_phone(tab):
    page = opened(tab, "n=100")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
