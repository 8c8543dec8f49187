"""Measure the Playground in a real browser and print what was found: python tests/bench/browser.py

Latency: from a slider's key press to the run painted. Wire: websocket bytes that the press caused. Playback: frames a second. Cold: from
navigation to the first painted run, on a server that has just started. Needs Chromium; take ratios and medians, the machine is noisy.
"""

import base64
import shutil
import statistics
import sys
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from lr_explorer.scenario import ARM_COLOURS, Scenario
from tests.browser.conftest import FLAGS, start_server, stop_server

CHANGES = 40
_PRESS = """
(key) => new Promise((done) => {
  const root = document.querySelector(".lrx");
  const shadows = [...document.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean);
  const knob = shadows.map((shadow) => shadow.querySelector(`[data-key="${key}"] input[type=range]`)).find(Boolean);
  const began = performance.now();
  new MutationObserver((_, observer) => { observer.disconnect(); done(performance.now() - began); })
    .observe(root, { attributes: true, attributeFilter: ["data-painted"] });
  knob.value = Number(knob.value) + (Number(knob.value) > 100 ? -1 : 1);
  knob.dispatchEvent(new Event("input", { bubbles: true }));
  knob.dispatchEvent(new Event("change", { bubbles: true }));
})
"""
# The page's own clock, from navigation to the mark of the first painted run; asking from outside would add its own time.
_FIRST_PAINT = """
  new MutationObserver((_, observer) => {
    if (!document.querySelector(".lrx[data-painted]")) return;
    observer.disconnect();
    window.firstPaint = performance.now();
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-painted"] });
"""
_FRAMES = """
() => new Promise((done) => {
  const times = [];
  const tick = (now) => { times.push(now); times.length < 181 ? requestAnimationFrame(tick) : done((1000 * 180) / (times[180] - times[0])); };
  requestAnimationFrame(tick);
})
"""


def six_by_two_thousand() -> Scenario:
    """Return the default scenario with six arms of 2,000 steps."""
    scenario = Scenario()
    arms = tuple(arm.with_values(colour=colour) for arm, colour in zip(scenario.arms * 2, ARM_COLOURS, strict=True))
    return scenario.with_values(arms=arms, steps=2000)


def measure_changes(page: Page, received: list[int]) -> tuple[list[float], list[int]]:
    """Return the latencies in ms and the bytes of `CHANGES` slider changes, each made after the page has come to rest."""
    latencies, sizes = [], []
    for _ in range(CHANGES):
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        page.wait_for_timeout(250)
        received.clear()
        latencies.append(page.evaluate(_PRESS, "arm1.schedule.peak"))
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        page.wait_for_timeout(100)
        sizes.append(sum(received))
    return latencies[3:], sizes[3:]


def opened(browser, address: str, query: dict[str, str]) -> tuple[Page, list[int], float]:
    """Open the page in a fresh context; return it, the sizes of the websocket frames it receives, and ms to its first painted run."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(_FIRST_PAINT)
    page = context.new_page()
    received: list[int] = []
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.webSocketFrameReceived", lambda event: received.append(_size(event["response"])))
    page.goto(f"{address}/?{urlencode(query)}")
    page.wait_for_selector(".lrx[data-painted]", timeout=60_000)
    painted = page.evaluate("window.firstPaint")
    page.locator('[data-key="arm1.schedule.peak"] input[type=range]').wait_for()
    return page, received, painted


def _size(response: dict) -> int:
    text = response["payloadData"]
    return len(base64.b64decode(text)) if response["opcode"] == 2 else len(text)


def report(name: str, page: Page, received: list[int]) -> None:
    latencies, sizes = measure_changes(page, received)
    p95 = statistics.quantiles(latencies, n=20)[-1]
    wire = statistics.median(sizes) / 1000
    print(f"{name}: change to paint median {statistics.median(latencies):.0f} ms, p95 {p95:.0f} ms; wire median {wire:.1f} kB")
    page.evaluate("document.querySelector('.lrx-play').click()")
    page.wait_for_timeout(500)
    print(f"{name}: playback {page.evaluate(_FRAMES):.0f} frames a second")


def main() -> None:
    server, address = start_server()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page, received, cold = opened(browser, address, {})
            print(f"cold start: first painted run {cold:.0f} ms after navigation")
            report("3 arms x 500 steps", page, received)
            page.context.close()
            page, received, warm = opened(browser, address, six_by_two_thousand().to_query())
            print(f"warm server: first painted run {warm:.0f} ms after navigation")
            report("6 arms x 2,000 steps", page, received)
            browser.close()
    finally:
        stop_server(server)


if __name__ == "__main__":
    main()
