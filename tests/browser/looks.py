"""What a page must look like to those who cannot see it as others do, and on the smallest phone."""

from __future__ import annotations

import json
from dataclasses import dataclass

from house import LIVE_ROOM, expect
from playwright.sync_api import Page


@dataclass(frozen=True)
class Size:
    width: int
    height: int
    scheme: str


SIZES = {
    "phone": Size(360, 740, "light"),
    "phone-dark": Size(412, 915, "dark"),
    "desktop": Size(1440, 900, "light"),
}

# A finger's width, by WCAG 2.2 at least 24; the phone's own guides ask for 44.
TARGET_PX = 44

_AXE = """async () => {
  const found = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return found.violations.map((one) => [one.id, one.nodes.map((node) => node.target.join(" "))]);
}"""

_SMALL = """(least) => [...document.querySelectorAll("button, a, label")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }))
  .map((one) => [one.className || one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.height < least || box.width < least))
  .map(([name, box]) => `${name}: ${box.width}x${box.height}`)"""

_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check(page: Page, what: str) -> None:
    source = (LIVE_ROOM / "node_modules/axe-core/axe.min.js").read_text()
    page.evaluate(source)
    violations = page.evaluate(_AXE)
    expect(not violations, f"{what}: axe objects: {json.dumps(violations)}")
    small = page.evaluate(_SMALL, TARGET_PX)
    expect(not small, f"{what}: too small for a finger: {small}")
    expect(page.evaluate(_TOO_WIDE) <= 0, f"{what}: wider than the screen")


def focused(page: Page) -> str:
    return page.evaluate("(document.activeElement?.textContent ?? '').trim()")


def open_panel(page: Page, panel: str) -> None:
    """On a wide screen only the settings need opening."""
    if panel == "settings":
        page.locator(".top .round").click()
    elif page.locator(".bottom").is_visible():
        page.locator(".bottom button").nth(0 if panel == "shelf" else 1).click()
    page.locator(f"#{panel}").wait_for()
