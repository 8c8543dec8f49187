"""What only a browser shows of the Schedules page."""

import pytest

from tests.browser.conftest import IDLE

# Half a minute of browser for what AppTest covers in part: CI's second round runs them.
pytestmark = pytest.mark.slow

FIGURE = ".st-key-curves .js-plotly-plot"


def opened(tab):
    """Come from the Playground, as people do."""
    tab.open("/?steps=234")
    tab.page.get_by_role("link", name="Schedules").click()
    tab.page.wait_for_url("**/Schedules?**")
    tab.page.wait_for_selector(f"{FIGURE} .scatterlayer", timeout=30_000)
    tab.page.wait_for_selector(IDLE, timeout=30_000)
    return tab.page


def highest(page) -> float:
    """Return the highest rate of the thick curve."""
    return page.evaluate(f"Math.max(...document.querySelector('{FIGURE}').calcdata.at(-1).map(point => point.y))")


def type_value(page, key: str, text: str) -> None:
    box = page.locator(f'[data-key="{key}"] .box')
    box.fill(text)
    box.press("Enter")


def test_the_arms_controls_change_its_curve_and_the_address(tab):
    page = opened(tab)
    assert highest(page) == pytest.approx(0.13)
    type_value(page, "arm1.schedule.peak", "0.5")
    page.wait_for_function("location.search.includes('arm1.schedule.peak=0.5')")
    page.wait_for_function(f"Math.max(...document.querySelector('{FIGURE}').calcdata.at(-1).map(point => point.y)) > 0.49")
    assert "steps=234" in page.url


def test_a_card_puts_its_schedule_into_the_arm_and_says_so_where_it_was_clicked(tab):
    page = opened(tab)
    page.locator(".st-key-put-rex button").click()
    page.locator(".st-key-card-gallery-rex").get_by_text("This is arm 1's schedule.").wait_for()
    page.wait_for_function("location.search.includes('arm1.schedule=rex')")
    page.locator(".st-key-card-gallery-rex").get_by_role("link", name="Watch it in the Playground").click()
    page.wait_for_selector(".lrx[data-painted]")
    assert "arm1.schedule=rex" in page.url


def test_training_units_draw_the_curves_for_the_run_that_they_make(tab):
    page = opened(tab)
    page.get_by_role("radio", name="Training units", exact=True).click()
    type_value(page, "training.epochs", "3")
    page.wait_for_function("location.search.includes('training.epochs=3') && location.search.includes('budget=training')")
    type_value(page, "training.batch", "500")
    page.get_by_text("300 updates").first.wait_for()
    page.wait_for_function(f"document.querySelector('{FIGURE}').calcdata.at(-1).length === 300")


def test_a_pasted_configuration_is_read_and_becomes_an_arm(tab):
    page = opened(tab)
    page.get_by_role("radio", name="Paste a configuration").click()
    page.locator(".st-key-pasted textarea").fill("TrainingArguments(learning_rate=2e-5, warmup_steps=10, max_steps=200)")
    page.get_by_role("button", name="Read it").click()
    page.get_by_role("button", name="Add it as an arm").click()
    page.wait_for_function("location.search.includes('arm4.schedule.peak=2e-05')")
    page.wait_for_selector(IDLE)
    assert highest(page) == pytest.approx(2e-5)


def test_a_phone_scrolls_the_page_in_one_direction_only(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/Schedules")
    page.wait_for_selector(f"{FIGURE} .scatterlayer", timeout=30_000)
    page.wait_for_selector(IDLE, timeout=30_000)
    widths = page.evaluate("[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]")
    cut = page.evaluate("[...document.querySelectorAll('.katex-display')].filter((box) => box.scrollWidth > box.clientWidth + 1).length")
    context.close()
    assert max(widths) <= 390
    assert cut == 0
