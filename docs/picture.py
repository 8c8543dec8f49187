"""Make the README's picture with the project itself: python docs/picture.py (needs Chromium)."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.browser.conftest import FLAGS, start_server, stop_server

PICTURE = Path(__file__).parent / "playground.png"


def main() -> None:
    server, address = start_server()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1360, "height": 1180}, device_scale_factor=1.5)
            page.goto(f"{address}/?preset=escape")
            page.wait_for_selector(".lrx[data-painted]")
            page.get_by_text("replicates did").wait_for()
            page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
            page.wait_for_timeout(1500)
            page.screenshot(path=PICTURE)
            browser.close()
    finally:
        stop_server(server)


if __name__ == "__main__":
    main()
