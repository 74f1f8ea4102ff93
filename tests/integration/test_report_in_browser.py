"""The reports of real runs in a real browser: nothing is asked for over a network, nothing sticks out on a phone."""

import pytest

from tests import browser

PHONE = 375


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with browser.chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.mark.parametrize("name", ["penguins", "taxi", "taxi_tips"])
def test_the_report_of_a_real_run_works_offline(driver, name, request):
    ended = request.getfixturevalue(name)
    pages = sorted((ended.output / "runs" / "latest").resolve().glob("reports/*.html"))
    assert len(pages) >= 7
    for page in [*pages, ended.output / "runs" / "index.html"]:
        browser.set_width(driver, PHONE)
        browser.requests(driver)
        driver.get(page.as_uri())
        asked = browser.requests(driver)
        assert page.as_uri() in asked, "the log of requests does not work"
        assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
        assert browser.complaints(driver) == []
        assert driver.execute_script("return document.documentElement.scrollWidth") <= PHONE, page.name
