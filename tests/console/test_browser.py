"""The console in a real browser: narrow and wide, light and dark, by keyboard, without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.api.small_platform import Running
from tests.console.accessible import assert_fits_everybody
from tests.console.test_pages import PAGES, WHY

pytestmark = pytest.mark.services
LOOKED_AT = (*PAGES, f"{WHY}dpv:ResearchAndDevelopment", f"{WHY}dpv:Marketing", "/nothing")


@pytest.fixture(params=[(1280, "light"), (360, "dark")], ids=["wide-light", "narrow-dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=True
    )
    opened = context.new_page()
    yield opened
    context.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_scrolls_sideways_breaks_a_rule_of_wcag(running: Running, page: Page, language: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in LOOKED_AT:
        answer = page.goto(f"{running.url}/{language}{path}")
        assert answer is not None
        assert_fits_everybody(page, path)
    assert [text for text in complaints if "404" not in text] == []


def test_keyboard_reaches_the_content_first_and_then_the_main_action(running: Running, page: Page) -> None:
    page.goto(f"{running.url}/fr/why")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        if reached[-1] == "BUTTON":
            break
    assert reached[:5] == ["organisation", "dataset", "action", "channel", "purpose"]
    assert reached[-1] == "BUTTON"
    page.keyboard.press("Enter")
    page.wait_for_url("**/why?**")
    assert page.locator("#answer").count() == 1


def test_focus_is_visible(running: Running, page: Page) -> None:
    page.goto(f"{running.url}/fr/")
    for _ in range(4):
        page.keyboard.press("Tab")
        outline = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert outline >= 2


def test_everything_works_without_javascript(running: Running, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{running.url}/")
    assert page.url.endswith("/fr/")
    page.get_by_role("region", name="Les données").get_by_role("link", name="Subventions versées").click()
    assert page.locator("h1").inner_text() == "Subventions versées"
    page.get_by_role("link", name="English").click()
    assert page.url.endswith("/en/datasets/subventions")
    page.get_by_role("link", name="Why?").click()
    page.get_by_label("Who?").select_option("exemple-eau")
    page.get_by_label("Which dataset?").select_option("consommation_energie")
    page.get_by_label("For which purpose?").fill("dpv:ResearchAndDevelopment")
    page.get_by_role("button", name="Ask for the decision").click()
    assert "agreement_expired" in page.locator("main").inner_text()
    context.close()


def test_text_can_be_doubled_without_loss(running: Running, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 640, "height": 800}, device_scale_factor=1)
    page = context.new_page()
    for path in LOOKED_AT:
        page.goto(f"{running.url}/fr{path}")
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
