"""The reports of real runs in a real browser: nothing is asked for over a network, nothing sticks out on a phone."""

import pytest

from tests import browser

PHONE = 375


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with browser.chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.mark.parametrize("name", ["census", "penguins", "taxi_tips"])
def test_no_word_is_torn_and_no_text_is_cut_at_any_width(driver, name, request):
    """Binary, multiclass and regression, as real tables fill the pages."""
    ended = request.getfixturevalue(name)
    for page in [*sorted(ended.output.glob("runs/2*/reports/*.html")), ended.output / "runs" / "index.html"]:
        browser.refuse_bad_layout(driver, page.as_uri())


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
