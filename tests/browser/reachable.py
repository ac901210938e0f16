"""Whether everybody can use a screen: what axe-core says, what has no name, what spills at twice the text size."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")
# What is wider than the screen, or cut off inside its box.
SPILLED = """() => {
  const name = (e) => `${e.tagName.toLowerCase()}.${e.className} ${(e.textContent || '').trim().slice(0, 40)}`;
  const seen = (e) => e.checkVisibility() && !e.closest('.unseen');
  const wide = [...document.querySelectorAll('body *')]
    .filter((e) => seen(e) && e.getBoundingClientRect().right > innerWidth + 1).map(name);
  const cut = [...document.querySelectorAll('button, a, label, h1, h2, h3, legend')]
    .filter((e) => seen(e) && getComputedStyle(e).overflow !== 'visible'
      && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)).map(name);
  return [...(document.documentElement.scrollWidth > innerWidth ? wide : []), ...cut.map((one) => `cut: ${one}`)];
}"""
# Everything that can be operated needs a name.
NAMELESS = """() => [...document.querySelectorAll('button, a, input, textarea, select')]
  .filter((e) => e.checkVisibility())
  .filter((e) => !((e.labels?.[0] ?? e).textContent.trim() || e.getAttribute('aria-label') || e.title
    || e.getAttribute('aria-labelledby')?.split(' ').some((id) => document.getElementById(id)?.textContent.trim())))
  .map((e) => e.outerHTML.slice(0, 120))"""
# Names that are still in Chinese on an English screen; what people wrote (a scenario, a town) is handed over.
UNTRANSLATED = """(free) => [...document.querySelectorAll('button, a, label, h1, h2, [aria-label]')]
  .filter((e) => e.checkVisibility() && !e.closest('[lang]:not(html)'))
  .map((e) => free.reduce((words, one) => words.replaceAll(one, ''), e.getAttribute('aria-label') || e.textContent))
  .filter((words) => /[\\u4e00-\\u9fff]/.test(words))"""
RINGED = """() => {
  const { outlineStyle, boxShadow } = getComputedStyle(document.activeElement);
  return outlineStyle !== 'none' || boxShadow !== 'none';
}"""


def obstacles(page: Page, schemes: tuple[str, ...] = ("light", "dark")) -> list[str]:
    """List what stands in somebody's way on the screen that is shown; empty when nothing does."""
    found = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{scheme}: {one}" for one in serious(page)]
    page.emulate_media(color_scheme="light")
    found += [f"without a name: {one}" for one in page.evaluate(NAMELESS)]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found += [f"200 % text: {one}" for one in page.evaluate(SPILLED)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    where = page.evaluate("document.body.dataset.screen")
    return [f"{where}: {one}" for one in found]


def serious(page: Page) -> list[str]:
    """List what axe-core calls serious or critical."""
    rows = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{row['id']}: {row['help']}: {row['nodes'][0]['html'][:160]} {row['nodes'][0].get('failureSummary', '')[:200]}"
        for row in rows
        if row["impact"] in SERIOUS
    ]


def tab_to(page: Page, selector: str, most: int = 250) -> None:
    """Press Tab until something is reached, as somebody without a pointer must, and see that it shows the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            assert page.evaluate(RINGED), f"nothing shows that {selector} has the focus"
            return
    raise AssertionError(f"Tab does not reach {selector}")
