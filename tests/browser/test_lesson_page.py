"""What only a browser shows of a lesson: its code on the wall, and the class's side of it."""

from urllib.parse import urlencode

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from tests.browser.conftest import IDLE

# A browser for what AppTest covers in part: CI's second round runs them.
pytestmark = pytest.mark.slow

LESSON = {
    "lesson.title": "Noise",
    "lesson.question": "What settles?",
    "lesson.controls": "noise.sigma",
    "arm1.name": "Only",
    "arm1.schedule": "cosine",
    "steps": "200",
}


def opened(chromium, address, query, **how):
    """Open the Lesson page cold, as a student does who scans the code."""
    page = chromium.new_context(**how).new_page()
    page.goto(query if isinstance(query, str) else f"{address}/Lesson?{urlencode(query)}")
    return settled(page)


def settled(page):
    page.wait_for_selector(".lrx[data-painted]", timeout=30_000)
    page.wait_for_selector(IDLE, timeout=30_000)
    return page


def decoded(path):
    image = np.array(Image.open(path).convert("L"))
    return [found.text for found in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_code_on_the_screen_opens_the_lesson_for_a_class(chromium, address, tmp_path, scheme):
    teacher = opened(chromium, address, LESSON, viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    link = teacher.locator(".st-key-share input").input_value()
    teacher.locator(".st-key-share .large").click()
    teacher.wait_for_function("document.fullscreenElement !== null")
    teacher.wait_for_timeout(500)
    teacher.screenshot(path=tmp_path / "wall.png")
    assert decoded(tmp_path / "wall.png") == [link]
    lesson = opened(chromium, address, link, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert lesson.get_by_role("heading", name="Noise").is_visible()
    assert lesson.get_by_text("What settles?").is_visible()
    assert lesson.get_by_role("link", name="Playground").count() == 0
    assert lesson.locator("[data-testid=stSidebar]").count() == 0
    assert lesson.evaluate("[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]") == [390, 390]


def test_a_class_moves_its_own_controls_alone_and_keeps_the_lesson_when_it_loads_the_page_again(chromium, address):
    page = opened(chromium, address, LESSON | {"lesson.audience": "class"}, viewport={"width": 1280, "height": 900})
    box = page.locator('[data-key="noise.sigma"] .box')
    box.fill("0.5")
    box.press("Enter")
    page.wait_for_function("location.search.includes('changed.noise.sigma=0.5')")
    # Neither a click nor a key moves the start, which the lesson keeps to itself.
    start = page.locator(".lrx-start").get_attribute("aria-label")
    frame = page.locator(".lrx-map").bounding_box()
    page.mouse.click(frame["x"] + 0.3 * frame["width"], frame["y"] + 0.3 * frame["height"])
    assert page.locator(".lrx-start").is_disabled()
    assert page.locator(".lrx-drop").is_hidden()
    page.wait_for_timeout(500)
    assert page.locator(".lrx-start").get_attribute("aria-label") == start
    assert "changed.start" not in page.url
    page.reload()
    settled(page)
    assert page.locator('[data-key="noise.sigma"] .box').input_value() == "0.5"
    assert page.get_by_role("heading", name="Noise").is_visible()
    page.get_by_role("button", name="Back to the lesson's values").click()
    page.wait_for_function("!location.search.includes('changed.')")


def test_the_figure_keeps_what_happens_to_itself_until_an_answer_is_chosen(chromium, address):
    page = opened(chromium, address, LESSON | {"lesson.audience": "class", "lesson.answers": "Yes\nNo"}, viewport={"width": 390, "height": 844})
    figure = page.locator(".lrx")
    assert [page.locator(part).is_visible() for part in (".lrx-bar", ".lrx-curves", ".lrx-table")] == [False] * 3
    figure.press("End")
    assert figure.get_attribute("data-step") == "0"
    page.get_by_text("B: No").click()
    page.get_by_role("button", name="Show what happens").click()
    page.locator(".lrx-play").click()
    page.wait_for_function("document.querySelector('.lrx').dataset.step === '200'")
    assert page.locator(".lrx-curves").is_visible()
    assert page.get_by_text("You predicted").is_visible()
