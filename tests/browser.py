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


def _log(driver: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    logged: list[dict[str, Any]] = driver.get_log(kind)  # type: ignore[no-untyped-call]
    return logged


def requests(driver: webdriver.Chrome) -> list[str]:
    """The address of every request since the last call, in order."""
    messages: list[dict[str, Any]] = [json.loads(e["message"])["message"] for e in _log(driver, "performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def complaints(driver: webdriver.Chrome) -> list[str]:
    """What the browser's console said since the last call: errors, refused resources, violated policies."""
    return [e["message"] for e in _log(driver, "browser") if e["level"] in ("SEVERE", "WARNING")]


#: Texts longer than this without a place to break are nobody's word: digests, paths, names from a hostile table.
LONGEST_WORD = 26
#: A word ends at white space, and after the signs that a line may break behind. U+202F holds a number and its unit together.
_TORN = """
const torn = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const lines = (node, start, length) => {
  const range = document.createRange();
  range.setStart(node, start); range.setEnd(node, start + length);
  return new Set([...range.getClientRects()].filter(r => r.width > 0.5).map(r => Math.round(r.top))).size;
};
while (walker.nextNode()) {
  const node = walker.currentNode, box = node.parentElement;
  if (!node.data.trim() || node.data.length > 4000 || !box.checkVisibility() || box.closest('style, title, pre, svg')) continue;
  for (const words of [/[^\\s\\/\\-\\u2013,:;=_.]+[\\/\\-\\u2013,:;=_.]?/g, /(?<!\\w)\\d[\\d,.]*(?:\\u202f\\S+)*(?!\\w)/g])
    for (const match of node.data.matchAll(words))
      if (match[0].length <= arguments[0] && lines(node, match.index, match[0].length) > 1)
        torn.push(match[0] + ' in <' + box.tagName.toLowerCase() + ' class="' + box.className + '"> ' + node.data.trim().slice(0, 50));
}
return [...new Set(torn)];
"""
_CUT = """
const width = document.documentElement.clientWidth, cut = [];
for (const e of document.querySelectorAll('body *')) {
  if (!e.checkVisibility() || e.closest('svg, .sprite')) continue;
  const style = getComputedStyle(e), said = '<' + e.tagName.toLowerCase() + ' class="' + e.className + '"> ' + e.textContent.trim().replace(/\\s+/g, ' ').slice(0, 50);
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  if (own && style.overflowX === 'hidden' && style.clipPath === 'none' && e.scrollWidth > e.clientWidth + 1) cut.push('clipped: ' + said);
  if (own && !e.closest('thead') && style.display !== 'inline' && style.overflowX === 'visible' && e.clientWidth && e.scrollWidth > e.clientWidth + 1)
    cut.push('wider than its box: ' + said);
  if (!own || e.closest('.scroll, pre, thead')) continue;
  const box = e.getBoundingClientRect();
  if (box.right > width + 1 || box.left < -1) cut.push('over the edge: ' + said);
}
return cut;
"""
_SIDEWAYS = """
return [...document.querySelectorAll('.scroll')].filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
  .map(e => (e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')) + ' by ' + (e.scrollWidth - e.clientWidth) + ' px');
"""


def torn_words(driver: webdriver.Chrome) -> list[str]:
    """Words and numbers that begin on one line and end on another, and where."""
    found: list[str] = driver.execute_script(_TORN, LONGEST_WORD)
    return found


def cut_texts(driver: webdriver.Chrome) -> list[str]:
    """Texts that their box hides in part, or that reach over the edge of the page."""
    found: list[str] = driver.execute_script(_CUT)
    return found


def sideways_tables(driver: webdriver.Chrome) -> list[str]:
    """Tables that must be scrolled sideways, and by how many pixels."""
    found: list[str] = driver.execute_script(_SIDEWAYS)
    return found


#: A phone, a tablet, a laptop, a wide screen. From the third on no table of a shipped example scrolls sideways.
WIDTHS = (390, 800, 1200, 1600)
WIDE_ENOUGH = 1200


def refuse_bad_layout(driver: webdriver.Chrome, address: str) -> None:
    """Opens a page, unfolds everything and lays it out at WIDTHS. Raises AssertionError with all that is torn, cut or out of reach."""
    driver.get(address)
    driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width in WIDTHS:
        set_width(driver, width)
        reached = driver.execute_script("return document.documentElement.scrollWidth")
        assert reached <= width, f"{address} is {reached} px wide at {width}"
        bad = [*torn_words(driver), *cut_texts(driver)]
        bad += sideways_tables(driver) if width >= WIDE_ENOUGH else []
        assert not bad, f"{address} at {width} px:\n  " + "\n  ".join(bad)
