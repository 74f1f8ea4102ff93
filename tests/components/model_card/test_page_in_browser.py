"""A real browser opens the card from disk: nothing is loaded, nothing sticks out, every text can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from tests import browser
from tests.sluicegate.reports.test_in_browser import _FAINTEST

PHONE, DESKTOP = 375, 1280


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser.chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def test_the_page_on_a_phone_and_in_the_dark(driver: webdriver.Chrome, made: Callable[..., Any]) -> None:
    address = (Path(made().uri) / "model_card.html").as_uri()
    for width in (PHONE, DESKTOP):
        browser.set_width(driver, width)
        browser.requests(driver)
        driver.get(address)
        assert browser.requests(driver) == [address]
        assert browser.complaints(driver) == []
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.execute_script("return document.scripts.length") == 0
    for scheme in ("light", "dark"):
        browser.set_scheme(driver, scheme)
        driver.get(address)
        ratio, where = driver.execute_script(_FAINTEST)
        assert ratio >= 4.5, f"{where}: {ratio:.2f}"
