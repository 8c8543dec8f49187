"""A real browser on a real server; where there is no Chromium these tests are skipped, in CI they fail."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def start_server() -> tuple[subprocess.Popen, str]:
    """Start the app on a free port of this machine and wait until it answers; return the process and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.address",
        "127.0.0.1",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            with urlopen(f"{address}/_stcore/health"):
                return server, address
        except OSError:
            time.sleep(0.25)
    stop_server(server)
    raise TimeoutError("the server did not answer within a minute")


def stop_server(server: subprocess.Popen) -> None:
    server.terminate()
    server.wait(timeout=30)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    server, where = start_server()
    yield where
    stop_server(server)


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium")
    if path is None:
        reason = "no Chromium on this machine; on Debian `apt install chromium` brings it"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Tab:
    """A browser tab on the app that remembers what the console complained about."""

    def __init__(self, page, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str = "/") -> "Tab":
        self.page.goto(self.address + path)
        return self.settled()

    def settled(self) -> "Tab":
        """Wait until the script has run and the player has painted."""
        self.page.wait_for_selector(IDLE, timeout=30_000)
        if "Reference" not in self.page.url:
            self.page.wait_for_selector(".lrx[data-painted]", timeout=30_000)
        return self

    def player(self, name: str) -> str:
        return self.page.locator(".lrx").get_attribute(f"data-{name}")

    def heads(self) -> list[list[float]]:
        return self.page.evaluate("document.querySelector('.lrx').lrx.heads()")

    def painted_after(self, act) -> None:
        """Do something that changes the run and wait until the new one is on the screen."""
        before = int(self.player("painted"))
        act()
        self.page.wait_for_function(f"Number(document.querySelector('.lrx')?.dataset.painted) > {before}", timeout=15_000)


@pytest.fixture
def tab(chromium, address) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = Tab(context.new_page(), address)
    yield opened
    context.close()
    assert opened.errors == []
