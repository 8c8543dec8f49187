"""What only a browser shows of the claims lab."""

import pytest

from tests.browser.conftest import IDLE

# What these show has its like in the Playground's tests: CI's second round runs them.
pytestmark = pytest.mark.slow


def opened(tab, claim: str):
    """Come from the Playground, as people do, and open a claim."""
    tab.open()
    tab.page.get_by_role("link", name="Claims").click()
    tab.page.locator(f".st-key-tile-{claim} button").click()
    tab.page.locator(".st-key-prediction").wait_for()
    return tab.page


def test_the_typical_run_plays_on_the_card_and_nothing_in_it_is_moved(tab):
    page = opened(tab, "M2")
    assert page.locator(".lrx").count() == 0
    page.get_by_role("button", name="Constant more often").click()
    page.wait_for_selector(".lrx[data-painted]", timeout=30_000)
    page.get_by_text("That is right.").wait_for()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("0 < Number(document.querySelector('.lrx').dataset.step) && document.querySelector('.lrx').dataset.playing === 'true'")
    page.get_by_role("button", name="Pause").click()
    before = page.url
    page.locator(".lrx-map").click(position={"x": 150, "y": 150})
    page.wait_for_timeout(500)
    assert page.url == before
    assert page.locator(".lrx-start").is_disabled()
    assert not page.get_by_role("button", name="Drop rate here").is_visible()


def test_the_knob_is_turned_by_the_keyboard_and_the_card_follows(tab):
    page = opened(tab, "M2")
    page.get_by_role("button", name="Just show me").click()
    page.wait_for_selector(".lrx[data-painted]", timeout=30_000)
    page.wait_for_selector(IDLE)
    run = tab.player("run")
    knob = page.locator(".st-key-knob").get_by_role("slider")
    knob.focus()
    tab.painted_after(lambda: knob.press("Home"))
    page.locator(".lrx-verdict").get_by_text("Refuted").wait_for()
    assert tab.player("run") != run
    page.wait_for_function("location.search.includes('knob=0.15')")


def test_no_card_is_wider_than_a_phone(tab):
    page = opened(tab, "E5")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Just show me").click()
    page.wait_for_selector(".lrx[data-painted]", timeout=30_000)
    page.wait_for_selector(IDLE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # Its formula is the widest of all, and its pill the last but one.
    assert page.evaluate("[...document.querySelectorAll('.katex-display')].map((box) => box.scrollWidth - box.clientWidth)") == [0, 0]
    assert page.evaluate("document.querySelector('.st-key-claim [aria-checked=true]').getBoundingClientRect().right") <= 390
