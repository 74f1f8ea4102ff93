"""A real browser at a real server: the page lives, asks through its form, and talks to nobody else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests import browser
from tests.sluicegate.reports.test_in_browser import _FAINTEST, _WIDTH

PHONE, DESKTOP = 390, 1280
STABLE, CANARY = "9007199254740993", "9007199254740994"
ROW = {"colour": "red", "size": 0.25, "count": 1}


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser.chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def driver(profile: webdriver.Chrome, address: str) -> Iterator[webdriver.Chrome]:
    """At the page, after it heard from the server; what it asked and complained about is checked after every test."""
    browser.set_width(profile, DESKTOP)
    profile.get("about:blank")
    browser.complaints(profile)
    browser.requests(profile)
    profile.get(address)
    until(profile, lambda d: text(d, "#pulse-text") == "live")
    asked = browser.requests(profile)
    assert address + "state.json" in asked, "the log of requests does not work"
    yield profile
    asked += browser.requests(profile)
    assert [a for a in asked if not a.startswith((address, "data:", "about:"))] == []


def until(driver: webdriver.Chrome, found: Callable[[webdriver.Chrome], Any]) -> Any:
    return WebDriverWait(driver, 15, poll_frequency=0.1).until(found)


def text(driver: webdriver.Chrome, selector: str) -> str:
    return str(driver.find_element(By.CSS_SELECTOR, selector).text)


def fill(driver: webdriver.Chrome, name: str, value: str) -> None:
    box = driver.find_element(By.CSS_SELECTOR, f'#fields [name="{name}"]')
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(Keys.BACKSPACE, value)


def choose(driver: webdriver.Chrome, box: str, value: str) -> None:
    Select(driver.find_element(By.ID, f"choose-{box}")).select_by_value(value)


def send(driver: webdriver.Chrome) -> str:
    """Presses the button; the answer that is shown then."""
    driver.execute_script("document.getElementById('answer').replaceChildren()")
    driver.find_element(By.ID, "send").click()
    until(driver, lambda d: text(d, "#answer"))
    return text(driver, "#answer")


def predict(address: str, row: dict[str, object]) -> Any:
    """The same request without the page."""
    body = json.dumps({"signature_name": "serving_raw", "instances": [row]}).encode()
    with urlopen(Request(f"{address}v1/models/small:predict", body)) as answer:
        return json.load(answer)["predictions"]


def points(driver: webdriver.Chrome, chart: str, line: int = 0) -> int:
    """How many points a line of a chart has."""
    found: int = driver.execute_script(f"return charts.{chart}.lines[{line}]?.points.length ?? 0")
    return found


def test_shows_models_versions_and_traffic(driver: webdriver.Chrome) -> None:
    assert text(driver, "h1") == "small"
    assert [li.text for li in driver.find_elements(By.CSS_SELECTOR, "#models li")] == ["small", "plain & <b>"]
    rows = [row.text for row in driver.find_elements(By.CSS_SELECTOR, "#versions tr")]
    assert [row.split()[:3] for row in rows] == [[CANARY, "AVAILABLE", "canary"], [STABLE, "AVAILABLE", "stable"]]
    parts = text(driver, "#parts")
    assert f"stable version {STABLE}: 75 % of requests" in parts
    assert f"canary version {CANARY}: 25 % of requests" in parts
    assert "Log: written" in text(driver, "#figures")
    assert browser.complaints(driver) == []


def test_sends_what_the_fields_say_and_shows_the_scores(driver: webdriver.Chrome, address: str) -> None:
    assert driver.find_element(By.NAME, "colour").get_attribute("value") == "red", "no example from model.json"
    fill(driver, "colour", "it's <b>")
    fill(driver, "size", "1.5")
    fill(driver, "count", "")
    sent = json.loads(str(driver.find_element(By.ID, "body").get_property("value")))
    assert sent["instances"][0]["colour"] == "it's <b>"
    assert sent["instances"][0]["count"] != sent["instances"][0]["count"], "an empty number is not missing"
    fill(driver, "count", "2")
    answer = send(driver)
    [[no, yes]] = predict(address, {"colour": "it's <b>", "size": 1.5, "count": 2})
    assert answer.startswith("200")
    assert f"no\n{no:.4f}\nyes\n{yes:.4f}" in answer
    assert "bought: yes" in answer
    assert "version 900719925474099" in answer
    assert "arm stable" in answer or "arm canary" in answer
    curl = text(driver, "#curl")
    assert curl.endswith(f"'{address}v1/models/small:predict'")
    assert r"it'\''s <b>" in curl
    assert browser.complaints(driver) == []


def test_a_tf_example_made_in_the_browser_is_the_row_that_was_typed(driver: webdriver.Chrome, address: str) -> None:
    choose(driver, "signature", "serving_default")
    for name, value in {"Colour": "red", "Size": "-0.75", "Count": "-3"}.items():
        fill(driver, name, value)
    [[_, yes]] = predict(address, {"colour": "red", "size": -0.75, "count": -3})
    assert f"yes\n{yes:.4f}" in send(driver)
    fill(driver, "Count", "1.5")
    assert "Count must be a whole number" in send(driver)


def test_versions_and_labels_can_be_asked_for(driver: webdriver.Chrome) -> None:
    choose(driver, "target", f"v:{CANARY}")
    assert f"version {CANARY} · arm canary" in send(driver)
    assert f"/v1/models/small/versions/{CANARY}:predict" in text(driver, "#curl")
    choose(driver, "target", "l:stable")
    assert f"version {STABLE} · arm stable" in send(driver)


def test_an_error_is_shown_as_the_server_words_it(driver: webdriver.Chrome) -> None:
    fill(driver, "size", "many")
    answer = send(driver)
    assert answer.startswith("400")
    assert 'JSON Value: "many"' in answer
    assert "200" not in answer
    assert driver.find_elements(By.CSS_SELECTOR, "#answer .error")


def test_a_request_changed_by_hand_is_sent_as_it_is_until_a_field_changes(driver: webdriver.Chrome) -> None:
    body = driver.find_element(By.ID, "body")
    body.clear()
    body.send_keys('{"instances": 7}')
    assert "by hand" in text(driver, "#edited")
    assert "Expecting 'instances' to be an list/array" in send(driver)
    fill(driver, "size", "2")
    assert send(driver).startswith("200")


def test_charts_grow_and_follow_the_requests(driver: webdriver.Chrome, address: str) -> None:
    def burst(d: webdriver.Chrome) -> bool:
        for _ in range(5):
            predict(address, ROW)
        return points(d, "rates") >= 2

    until(driver, burst)
    before = points(driver, "rates")
    drawn = str(driver.find_element(By.CSS_SELECTOR, "#charts path.line").get_attribute("d"))
    until(driver, lambda d: burst(d) and points(d, "rates") >= before + 2)
    grown = str(driver.find_element(By.CSS_SELECTOR, "#charts path.line").get_attribute("d"))
    assert grown.count("L") > drawn.count("L")
    assert float(text(driver, "#figures dd")) > 1
    latency = driver.find_elements(By.CSS_SELECTOR, "#charts figure")[1].text
    assert "stable" in latency
    assert " ms / " in latency or " µs / " in latency
    assert browser.complaints(driver) == []


def test_the_keyboard_reaches_everything_and_moves_through_time(driver: webdriver.Chrome, address: str) -> None:
    predict(address, ROW)
    until(driver, lambda d: points(d, "rates"))
    plot = driver.find_element(By.CSS_SELECTOR, "#charts .plot")
    driver.execute_script("arguments[0].focus()", plot)
    plot.send_keys(Keys.ARROW_LEFT * 3)
    assert plot.get_attribute("aria-valuenow") == "-3"
    assert str(plot.get_attribute("aria-valuetext")).startswith("3 seconds ago: ")
    assert len(driver.find_elements(By.CSS_SELECTOR, "#charts .cursor")) == 3
    box = driver.find_element(By.NAME, "size")
    box.send_keys(Keys.ENTER)
    until(driver, lambda d: text(d, "#answer").startswith("200"))
    assert driver.switch_to.active_element == box, "the page took the focus away"


def test_another_model_with_a_hostile_name_and_a_broken_version(driver: webdriver.Chrome) -> None:
    driver.find_element(By.LINK_TEXT, "plain & <b>").click()
    until(driver, lambda d: text(d, "h1") == "plain & <b>")
    broken, whole = (row.text for row in driver.find_elements(By.CSS_SELECTOR, "#versions tr"))
    assert broken.split()[:2] == ["2", "END"]
    assert "saved_model.pb" in broken
    assert whole.split()[:3] == ["1", "AVAILABLE", "prod"]
    choose(driver, "signature", "table")
    assert driver.find_element(By.NAME, "values").get_attribute("value") == "[0, 0]"
    fill(driver, "values", "[1.5, 2]")
    assert "3.5" in send(driver)
    choose(driver, "target", "l:prod")
    assert "version 1" in send(driver)
    assert browser.complaints(driver) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_a_phone_and_can_be_read(driver: webdriver.Chrome, scheme: str) -> None:
    send(driver)
    browser.set_scheme(driver, scheme)
    for width in (PHONE, DESKTOP):
        browser.set_width(driver, width)
        reached = driver.execute_script(_WIDTH)
        assert reached <= width, f"{reached} px wide at {width}"
        ratio, where = driver.execute_script(_FAINTEST)
        assert ratio >= 4.5, f"{where}: {ratio:.2f}"
    browser.set_scheme(driver, "light")


def test_asks_nothing_while_nobody_looks_and_goes_on_afterwards(driver: webdriver.Chrome) -> None:
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});"
    tell = "document.dispatchEvent(new Event('visibilitychange'))"
    driver.execute_script(hide % "true" + tell)
    time.sleep(0.3)
    browser.requests(driver)
    time.sleep(1.5)
    assert browser.requests(driver) == []
    driver.execute_script(hide % "false" + tell)
    until(driver, browser.requests)


def test_tells_when_the_server_is_gone_and_when_it_is_back(driver: webdriver.Chrome) -> None:
    driver.execute_script("window.kept = fetch; window.fetch = () => Promise.reject(new TypeError('no route'))")
    until(driver, lambda d: text(d, "#pulse-text") == "no news from the server: no route")
    driver.execute_script("window.fetch = window.kept")
    until(driver, lambda d: text(d, "#pulse-text") == "live")


QUANTILES = [
    ([0, 0, 0], 0.5, None),
    ([10, 0, 0], 0.5, 5),
    ([0, 4, 0], 0.25, 15),
    ([0, 4, 0], 1.0, 30),
    ([1, 0, 9], 0.99, 30),  # beyond the last end nobody knows
    ([99, 1, 0], 0.99, 10),
]


@pytest.mark.parametrize(("counts", "share", "expected"), QUANTILES)
def test_quantiles_lie_within_their_bucket(
    driver: webdriver.Chrome, counts: list[int], share: float, expected: float | None
) -> None:
    assert driver.execute_script("return quantile(arguments[0], [10, 30], arguments[1])", counts, share) == expected


def test_a_restarted_server_begins_a_new_history(driver: webdriver.Chrome) -> None:
    script = """
    const state = (time, answers) => ({time, bucket_ends: [10], models: [], counters: [],
      latencies: [{model: 'm', version: '1', arm: 'stable', buckets: [answers, 0]}]});
    const history = new History();
    const told = [];
    for (const [time, answers] of arguments[0]) {
      history.add(state(time, answers));
      told.push(history.points.get(keyOf('m', '1', 'stable'))?.at(-1).rate ?? null);
    }
    return told
    """
    assert driver.execute_script(script, [[1, 100], [2, 110], [3, 130]]) == [None, 10, 15]
    assert driver.execute_script(script, [[1, 100], [2, 110], [3, 5], [4, 9]]) == [None, 10, None, 4]
    # After a break, such as a hidden page, there is nothing to compare with for a moment.
    assert driver.execute_script(script, [[1, 100], [2, 110], [60, 500], [61, 503]]) == [None, 10, 10, 3]


def test_a_broken_release_state_is_shown_until_it_is_mended(
    driver: webdriver.Chrome, address: str, models: Path
) -> None:
    driver.get(f"{address}#small")
    file = models / "small" / "release.json"
    good = file.read_bytes()
    try:
        file.write_bytes(b"null")
        until(driver, lambda d: "release.json" in text(d, "#problem"))
        assert "null where an object should stand" in text(driver, "#problem")
    finally:
        file.write_bytes(good)
    until(driver, lambda d: not d.find_element(By.ID, "problem").is_displayed())


def test_a_broken_config_and_a_watcher_that_is_late_are_shown(driver: webdriver.Chrome) -> None:
    watches = [
        {"watch": "model config", "model": "", "problem": "it holds null", "late": ""},
        {
            "watch": "versions",
            "model": "small",
            "problem": "",
            "late": "nobody has looked at the versions of small for 9 s",
        },
        {"watch": "versions", "model": "small", "problem": "told at the model", "late": ""},
    ]
    told = driver.execute_script("state = {...state, watches: arguments[0]}; render(); return watchTroubles()", watches)
    assert told == [
        "The model config cannot be used, and stays as it was: it holds null.",
        "Nobody has looked at the versions of small for 9 s.",
    ]
    assert text(driver, "#watch-problem") == " ".join(told)
