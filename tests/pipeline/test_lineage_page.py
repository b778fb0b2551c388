"""The lineage page in a real browser: an auditor walks it by clicking and by keyboard alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from alm_pipeline.orchestration.lineage_view import write_lineage_page
from tests.pipeline.banks import write_folder
from tests.pipeline.browsers import chromium

DELTA_EVE = "reports.irrbb_outlier_test.delta_eve"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    return write_lineage_page(write_folder(folder / "bank").bank, folder / "lineage.html")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def visit(browser: Chrome, page: Path) -> Callable[[str], None]:
    """Open the page anew at a table or column."""

    def opened(name: str = "") -> None:
        browser.get("about:blank")
        browser.get(f"{page.as_uri()}#{name}")

    return opened


def shows(browser: Chrome, heading: str) -> bool:
    """Say whether the page comes to show a heading: it is drawn anew after its address changed."""
    wait = WebDriverWait(browser, 10, ignored_exceptions=[StaleElementReferenceException])
    return wait.until(
        lambda drawn: drawn.find_element(By.CSS_SELECTOR, "main h2").text == heading,
        f"the page does not show {heading}",
    )


def section(browser: Chrome, label: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, f"section[aria-label='{label}']").text


def follow(browser: Chrome, label: str, text: str) -> None:
    links = browser.find_elements(By.CSS_SELECTOR, f"section[aria-label='{label}'] a")
    next(link for link in links if link.text == text).click()


def test_the_page_is_one_file_that_asks_for_nothing(browser: Chrome, visit, page: Path):
    browser.get("about:blank")
    browser.get_log("performance")  # what the browser's own first page asked for
    visit()
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        message["params"]["request"]["url"].partition("#")[0]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    assert asked - {page.as_uri(), "about:blank"} == set()
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert "default-src 'none'" in page.read_text(encoding="utf-8")


def test_clicking_leads_from_a_report_to_the_banks_file(browser: Chrome, visit):
    visit()
    follow(browser, "Begin with a report", "reports.irrbb_outlier_test")
    assert "Loss of economic value and of income" in browser.find_element(By.TAG_NAME, "main").text
    follow(browser, "Columns", "delta_eve")
    assert shows(browser, "delta_eve")
    marked = browser.find_element(By.CSS_SELECTOR, "pre mark")
    assert marked.text == "cast(delta_eve as decimal(18, 2)) as delta_eve"
    follow(browser, "Made from", "present_value")
    assert browser.current_url.endswith("#metrics.eve.present_value")
    follow(browser, "Made from", "present_value")
    assert browser.current_url.endswith("#scenarios.position_values.present_value")
    follow(browser, "Made from", "quote")
    follow(browser, "Made from", "quote")
    assert browser.current_url.endswith("#raw.curve_quote.quote")
    follow(browser, "Made from", "delivery/curve_quote")
    assert "curve_quote.csv" in browser.find_element(By.TAG_NAME, "main").text
    trail = browser.find_element(By.CSS_SELECTOR, "ul.trail")
    assert trail.text.count("›") == 0  # the mark is drawn, not text
    assert [item.text for item in trail.find_elements(By.TAG_NAME, "li")][:3] == [
        "Start",
        "reports.irrbb_outlier_test",
        DELTA_EVE,
    ]
    trail.find_element(By.LINK_TEXT, DELTA_EVE).click()
    assert shows(browser, "delta_eve")
    browser.back()
    assert shows(browser, "delivery/curve_quote")


def test_a_column_says_what_it_means_what_it_feeds_and_what_decides_its_rows(
    browser: Chrome, visit
):
    visit("staging.loan.coupon_rate")
    said = browser.find_element(By.TAG_NAME, "main").text
    assert "decimal per year" in said
    assert "book.positions" in section(browser, "Feeds")
    assert "quarantine.loan" in section(browser, "Which rows there are")
    assert "1 file" in section(browser, "Begins in")
    assert "delivery/loan" in section(browser, "Begins in")


def test_search_and_arrows_need_no_mouse(browser: Chrome, visit):
    visit()
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys("/")
    search = browser.switch_to.active_element
    assert search.get_attribute("id") == "search"
    search.send_keys("outlier delta_eve")
    options = browser.find_elements(By.CSS_SELECTOR, "#found [role=option]")
    assert options[0].text.startswith(DELTA_EVE)
    assert options[0].get_attribute("aria-selected") == "true"
    search.send_keys(Keys.ENTER)
    assert shows(browser, "delta_eve")
    browser.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert browser.switch_to.active_element.text == "behaviour.undecided_balances"
    for _ in range(20):  # down its columns to the next table
        if browser.switch_to.active_element.text == "book.reporting_units":
            break
        browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    focused = browser.switch_to.active_element
    assert focused.text == "consolidation_factor"
    assert focused.value_of_css_property("outline-style") == "solid"
    focused.send_keys(Keys.ENTER)
    assert browser.current_url.endswith("#book.reporting_units.consolidation_factor")


def test_a_word_that_means_nothing_says_so(browser: Chrome, visit):
    visit("reports.nothing")
    assert "Nothing is called reports.nothing" in browser.find_element(By.TAG_NAME, "main").text
    browser.find_element(By.ID, "search").send_keys("zzzz")
    assert browser.find_element(By.ID, "found").text == "Nothing found"


CONTRASTS = """
const light = (colour) => {
  const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  }
  return "rgb(255, 255, 255)";
};
const hasText = (node) => node.offsetParent
  && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
return [...document.querySelectorAll("body *")].filter(hasText).map((node) => {
  const ends = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
  return [(ends[0] + 0.05) / (ends[1] + 0.05), node.textContent.slice(0, 40)];
});
"""


@pytest.mark.parametrize("name", ["", "reports.scorecard", DELTA_EVE, "scenarios.position_values"])
def test_text_stands_out_from_its_ground(browser: Chrome, visit, name):
    # WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1.
    visit(name)
    found = browser.execute_script(CONTRASTS)
    assert len(found) > 20
    assert [what for ratio, what in found if ratio < 4.5] == []


@pytest.mark.parametrize("width", [1366, 420])
def test_nothing_is_wider_than_the_window(browser: Chrome, visit, width):
    browser.set_window_size(width, 768)
    for name in ("", DELTA_EVE, "book.positions", "scenarios.position_values.present_value"):
        visit(name)
        wide, window = browser.execute_script(
            "return [document.documentElement.scrollWidth, window.innerWidth]"
        )
        assert wide <= window, name
    browser.set_window_size(1366, 768)
