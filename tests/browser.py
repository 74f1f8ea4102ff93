"""A real headless Chromium for tests that look at pages, with a record of every request it made."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

CHROMIUM = Path("/usr/bin/chromium")
DRIVER = Path("/usr/bin/chromedriver")
#: Set to 1 where everything must really run: what is missing then fails instead of being skipped.
REQUIRE_REAL = "SLUICEGATE_REQUIRE_REAL"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A running browser with the empty folder `profile` as its user data; it is closed at the end.

    Skips the test where Chromium is not installed, or fails it when SLUICEGATE_REQUIRE_REAL is 1.
    """
    absent = [str(p) for p in (CHROMIUM, DRIVER) if not p.exists()]
    if absent:
        reason = f"{' and '.join(absent)} not installed: apt-get install chromium chromium-driver"
        (pytest.fail if os.environ.get(REQUIRE_REAL) == "1" else pytest.skip)(reason)
    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        driver.get("about:blank")
        requests(driver)  # what the browser's own first tab loaded is not the page's doing
        yield driver
    finally:
        driver.quit()


def set_width(driver: webdriver.Chrome, width: int, height: int = 900) -> None:
    """Makes the page `width` CSS pixels wide, below the 500 that a real window allows; phones count below 640."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 640}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def set_scheme(driver: webdriver.Chrome, scheme: str) -> None:
    """Sets what the page is told the reader prefers: "light" or "dark"."""
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )


def set_media(driver: webdriver.Chrome, media: str) -> None:
    """Lays the page out for "screen" or for "print"."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})


def requests(driver: webdriver.Chrome) -> list[str]:
    """The address of every request since the last call, in order."""
    messages: list[dict[str, Any]] = [json.loads(e["message"])["message"] for e in driver.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def complaints(driver: webdriver.Chrome) -> list[str]:
    """What the browser's console said since the last call: errors, refused resources, violated policies."""
    return [e["message"] for e in driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]
