"""What every page of the console must be for everybody: judged by axe in the browser, and by what axe leaves out."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = {"runOnly": {"type": "tag", "values": [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice",
]}}  # fmt: skip
TABLES = """() => {
  const faults = [];
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption || !table.caption.textContent.trim()) faults.push("no caption");
  }
  for (const cell of document.querySelectorAll("th")) {
    if (!cell.scope) faults.push("no scope: " + cell.textContent);
  }
  return faults;
}"""
"""What axe leaves to a person to judge."""


def assert_fits_everybody(page: Page, path: str = "") -> None:
    """Fail where an opened page scrolls sideways or breaks a rule of WCAG 2.2 AA."""
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], (path, width)
    assert page.evaluate(TABLES) == [], path
    found = Axe().run(page, options=WCAG).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], path
