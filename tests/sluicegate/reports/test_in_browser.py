"""A real browser opens every page from disk: no request, no complaint, no sideways scroll; and it prints."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from sluicegate.reports.build import PAGES
from tests import browser
from tests.sluicegate.reports import run_folders

PHONE, DESKTOP = 375, 1280
PAPER = 703  # A4 without the margins of @page, at 96 px per inch
# Not window.innerWidth: on a phone it grows with whatever sticks out, and would always be wide enough.
_WIDTH = "return document.documentElement.scrollWidth"
#: AA asks 4.5 for text; measured between the text's colour and the nearest painted background.
_FAINTEST = """
const lum = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => { v /= 255;
  return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
  if (/^rgb\\(/.test(c)) return c } return 'rgb(255,255,255)' };
return [...document.querySelectorAll('main *, header *, footer *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .filter(e => !e.closest('svg, .cell, .share'))
  .map(e => { const a = lum(getComputedStyle(e).color), b = lum(ground(e));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.className + ': ' + e.textContent.trim().slice(0, 30)] })
  .sort((a, b) => a[0] - b[0])[0]
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser.chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def addresses(output: Path, run: str) -> list[str]:
    return [(output / "runs" / run / "reports" / name).as_uri() for name, _ in PAGES]


@pytest.mark.parametrize("run", tuple(run_folders.ALL))
def test_pages_load_nothing_and_never_scroll_sideways(driver: webdriver.Chrome, output: Path, run: str) -> None:
    for address in addresses(output, run):
        for width in (PHONE, DESKTOP):
            browser.set_width(driver, width)
            browser.requests(driver)
            driver.get(address)
            asked = browser.requests(driver)
            assert address in asked, "the log of requests does not work"
            assert [a for a in asked if not a.startswith(("file:", "data:"))] == []
            assert browser.complaints(driver) == []
            reached = driver.execute_script(_WIDTH)
            assert reached <= width, f"{address} is {reached} px wide at {width}"
    assert driver.execute_script("return document.scripts.length") == 0


@pytest.mark.parametrize("run", ["refused_by_fairness", "regression", "hostile"])
@pytest.mark.parametrize("name", ["fairness.html", "explanation.html"])
def test_tables_scroll_inside_themselves_with_everything_unfolded(
    driver: webdriver.Chrome, output: Path, run: str, name: str
) -> None:
    for width in (PHONE, DESKTOP):
        browser.set_width(driver, width)
        driver.get((output / "runs" / run / "reports" / name).as_uri())
        driver.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
        reached = driver.execute_script(_WIDTH)
        assert reached <= width, f"{name} of {run} is {reached} px wide at {width}"
        levels = [int(h.tag_name[1]) for h in driver.find_elements(By.CSS_SELECTOR, "h1, h2, h3, h4")]
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), "a heading skips a level"
        nameless = "return document.querySelectorAll('svg[role=img]:not([aria-label]):not([aria-labelledby]), svg[role=img][aria-label=\"\"]').length"
        assert driver.execute_script(nameless) == 0
        assert driver.execute_script("return document.querySelectorAll('table:not(:has(caption))').length") == 0


@pytest.mark.parametrize("run", [name for name in run_folders.ALL if name != "hostile"])
def test_no_word_is_torn_and_no_text_is_cut_at_any_width(driver: webdriver.Chrome, output: Path, run: str) -> None:
    """A hostile table's names have no end and break where they must; all else keeps its words and numbers whole."""
    for address in addresses(output, run):
        browser.refuse_bad_layout(driver, address)


def test_the_index_of_runs_leads_to_a_report_and_back(driver: webdriver.Chrome, output: Path) -> None:
    browser.set_width(driver, PHONE)
    driver.get((output / "runs" / "index.html").as_uri())
    assert driver.execute_script(_WIDTH) <= PHONE
    driver.find_element(By.LINK_TEXT, "refused_by_data").click()
    assert driver.find_element(By.TAG_NAME, "h1").text == "REFUSED"
    driver.find_element(By.LINK_TEXT, "All runs").click()
    assert driver.title.startswith("Runs")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("run", ["passed", "refused_by_data", "failed", "overridden"])
def test_text_has_enough_contrast(driver: webdriver.Chrome, output: Path, run: str, scheme: str) -> None:
    browser.set_width(driver, DESKTOP)
    browser.set_scheme(driver, scheme)
    for address in addresses(output, run):
        driver.get(address)
        ratio, where = driver.execute_script(_FAINTEST)
        assert ratio >= 4.5, f"{where} in {address}: {ratio:.2f}"
    browser.set_scheme(driver, "light")


@pytest.mark.parametrize("run", ["passed", "refused_by_data", "refused_by_quality", "overridden"])
def test_prints_within_the_paper(driver: webdriver.Chrome, output: Path, run: str) -> None:
    for address in addresses(output, run):
        browser.set_width(driver, PAPER)
        browser.set_media(driver, "print")
        driver.get(address)
        reached = driver.execute_script(_WIDTH)
        browser.set_media(driver, "screen")
        assert reached <= PAPER, f"{address} is {reached} px wide on paper of {PAPER}"
        paper = base64.b64decode(driver.print_page())
        assert paper.startswith(b"%PDF")
        assert len(paper) > 8000
