"""The console in a real browser: narrow and wide, light and dark, by keyboard, without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.api.small_platform import Running
from tests.console.test_pages import PAGES, WHY

pytestmark = pytest.mark.services
LOOKED_AT = (*PAGES, f"{WHY}dpv:ResearchAndDevelopment", f"{WHY}dpv:Marketing", "/nothing")

CONTRAST = """() => {
  const channel = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) continue;
    if (!node.getClientRects().length) continue;
    const ink = light(parse(getComputedStyle(node).color).slice(0, 3)), under = light(ground(node));
    const ratio = (Math.max(ink, under) + 0.05) / (Math.min(ink, under) + 0.05);
    if (ratio < 4.5) poor.push(node.tagName + "." + node.className + " " + ratio.toFixed(2));
  }
  return poor;
}"""
STRUCTURE = """() => {
  const faults = [];
  for (const part of ["header", "main", "footer", "nav"]) {
    if (!document.querySelector(part)) faults.push("no " + part);
  }
  for (const field of document.querySelectorAll("input, select")) {
    if (!field.labels || !field.labels.length) faults.push("no label: " + field.id);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption || !table.caption.textContent.trim()) faults.push("no caption");
  }
  for (const cell of document.querySelectorAll("th")) {
    if (!cell.scope) faults.push("no scope: " + cell.textContent);
  }
  const ids = [...document.querySelectorAll("[id]")].map(node => node.id);
  for (const id of new Set(ids)) if (ids.filter(one => one === id).length > 1) faults.push("id twice: " + id);
  for (const node of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    const wanted = node.getAttribute("aria-labelledby") || node.getAttribute("aria-describedby");
    if (!document.getElementById(wanted)) faults.push("names nobody: " + wanted);
  }
  for (const link of document.querySelectorAll("a")) if (!link.textContent.trim()) faults.push("empty link");
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) faults.push("heading skips to " + heading.textContent);
    level = now;
  }
  return faults;
}"""


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
def test_no_page_scrolls_sideways_lacks_structure_or_contrast(running: Running, page: Page, language: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in LOOKED_AT:
        answer = page.goto(f"{running.url}/{language}{path}")
        assert answer is not None
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], (path, width)
        assert page.evaluate(STRUCTURE) == [], path
        assert page.evaluate(CONTRAST) == [], path
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
    page.get_by_role("link", name="Subventions versées").click()
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
