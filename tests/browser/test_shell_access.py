"""Everybody can use the shell: axe finds nothing serious, the keyboard reaches all, large text fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.phone_app import PIN, Phone
from tests.browser.scene import Scene, furnish

Phones = Callable[..., Phone]
SERIOUS = ("serious", "critical")
WIDEST = "[document.documentElement.scrollWidth, innerWidth]"
# What stands outside the screen, or is cut off inside a box that does not scroll.
CUT = """() => [...document.querySelectorAll('#bar *, main *')].filter((one) => {
  if (one.checkVisibility?.() === false || one.closest('.unseen') || one.closest('svg')) return false;
  const { left, right, width } = one.getBoundingClientRect();
  const clips = ['hidden', 'clip'].includes(getComputedStyle(one).overflowX);
  return width > 0 && (left < -1 || right > innerWidth + 1 || (clips && one.scrollWidth > one.clientWidth + 2));
}).map((one) => one.outerHTML.slice(0, 120))"""
PRESSED = ", ".join(
    (
        "button",
        "a.button",
        "a.card",
        "select",
        "summary",
        "[role=radio]",
        "label.choice",
        "input.pin",
        "input[type=text]",
    )
)
SMALL = """(pressed) => [...document.querySelectorAll(pressed)]
  .filter((one) => one.checkVisibility?.() !== false && !one.closest('.unseen'))
  .filter((one) => Math.min(one.getBoundingClientRect().height, one.getBoundingClientRect().width) < 48)
  .map((one) => one.outerHTML.slice(0, 120))"""


def serious(phone: Phone) -> list[str]:
    """List what axe holds to be serious, with the element."""
    found = Axe().run(phone.page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found if one["impact"] in SERIOUS for node in one["nodes"]]


def visit_all(scene: Scene, look: Callable[[str], None]) -> None:
    for name, route in scene.routes().items():
        scene.phone.page.evaluate("(to) => { location.hash = to; }", route)
        scene.phone.until("(to) => document.body.dataset.route === to", name, route)
        look(name)


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_axe_finds_nothing_serious(language: str, scheme: str, phone: Phones, field: Any) -> None:
    one = phone(language, color_scheme=scheme)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        if wrong := serious(one):
            found[name] = wrong

    one.open().screen("sign_in")
    look("sign-in")
    scene = furnish(one, field)
    visit_all(scene, look)
    one.go("#/settings", "settings").act("discreet", "main")
    one.until("() => document.documentElement.dataset.look === 'discreet'", "the neutral look")
    for name, route in (("today", "#/today"), ("outbox", "#/outbox"), ("quick", "#/quick")):
        one.go(route, name)
        look(f"discreet {name}")
    one.go("#/today", "today").lock()
    look("lock")
    assert not found


def test_large_text_and_large_targets(phone: Phones, field: Any) -> None:
    one = phone("en")
    scene = furnish(one, field)
    found: dict[str, Any] = {}

    def targets(name: str) -> None:
        if small := one.page.evaluate(SMALL, PRESSED):
            found[f"{name}, small"] = small

    def cut(name: str) -> None:
        wide, there = one.page.evaluate(WIDEST)
        if wide > there or (parts := one.page.evaluate(CUT)):
            found[f"{name} at 200 %"] = (wide, there, parts)

    visit_all(scene, targets)
    # As a phone does that is set to text of twice the size.
    one.page.evaluate("document.documentElement.style.setProperty('font-size', '212.5%', 'important')")
    visit_all(scene, cut)
    one.go("#/today", "today").lock()
    targets("lock")
    cut("lock")
    assert not found


def test_keyboard_alone(phone: Phones, field: Any) -> None:
    one = phone("en")
    auditor = field.auditor()
    task = field.task(auditor)
    one.open().screen("sign_in")
    keys = one.page.keyboard

    def tab_to(selector: str) -> None:
        for _ in range(40):
            keys.press("Tab")
            if one.page.evaluate("(to) => document.activeElement?.matches(to)", selector):
                shown = one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert shown != "none", f"the focus is seen on {selector}"
                return
        raise AssertionError(f"Tab does not reach {selector}{one.dump()}")

    tab_to('[data-part="code"]')
    keys.type(field.code(auditor))
    keys.press("Enter")
    one.sees('[data-part="pin-again"]')
    for part in ("pin", "pin-again"):
        tab_to(f'[data-part="{part}"]')
        keys.type(PIN)
    keys.press("Enter")
    one.screen("today")
    one.sees(f'[data-assignment="{task}"]')
    tab_to(f'[data-assignment="{task}"]')
    keys.press("Enter")
    one.screen("briefing")
    one.page.evaluate("document.activeElement.blur()")
    tab_to('#bar [data-act="settings"]')
    keys.press("Enter")
    one.screen("settings")
    tab_to('[data-act="discreet"]')
    keys.press("Space")
    one.until("() => document.documentElement.dataset.look === 'discreet'", "switched by the space bar")
    tab_to('[data-act="lock-now"]')
    keys.press("Enter")
    one.screen("lock")
    one.until("() => document.activeElement?.dataset.part === 'pin'", "the PIN has the focus")
    keys.type(PIN)
    keys.press("Enter")
    one.screen("today")
