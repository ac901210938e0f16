"""Render every screen of the field app, phone size, both languages, light and dark, into .screenshots/.

Not collected with the tests: `make screenshots` runs it. Whoever changes a screen looks at the pictures: nothing cut
off, nothing left untranslated.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import SIZE, Site
from tests.browser.phone_app import Phone
from tests.browser.scene import Scene, furnish

FOLDER = Path(__file__).parents[2] / ".screenshots"
SCHEMES = ("light", "dark")
WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; 2312) AppleWebKit/537.36 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.50"
)


def take(phone: Phone, name: str) -> None:
    """Take a picture of the whole screen in both schemes, once nothing moves any more."""
    FOLDER.mkdir(exist_ok=True)
    # As high as what it holds, so that bars that stick to the edges stand where they belong.
    height = phone.page.evaluate("document.documentElement.scrollHeight")
    phone.page.set_viewport_size({"width": SIZE["width"], "height": max(SIZE["height"], height)})
    for scheme in SCHEMES:
        phone.page.emulate_media(color_scheme=scheme)
        phone.page.screenshot(path=FOLDER / f"{name}-{phone.language}-{scheme}.png", animations="disabled")
    phone.page.emulate_media(color_scheme="light")
    phone.page.set_viewport_size(SIZE)


def walk(scene: Scene, prefix: str = "") -> None:
    for name, route in scene.routes().items():
        scene.phone.go(route, route.split("/")[1].split("?")[0].replace("-", "_").replace("assignment", "briefing"))
        take(scene.phone, prefix + name)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_render(language: str, phone: Callable[..., Phone], field: Any, site: Site) -> None:
    one = phone(language)
    one.open().screen("sign_in")
    take(one, "sign-in")
    one.page.locator('[data-part="code"]').fill(field.code(field.auditor()))
    one.act("sign-in").sees('[data-part="pin-again"]')
    take(one, "sign-in-pin")
    one.page.reload()
    scene = furnish(one, field)
    walk(scene)
    answering(scene)
    one.act("discreet", "main") if one.go("#/settings", "settings") else None
    one.until("() => document.documentElement.dataset.look === 'discreet'", "waiting for the neutral look")
    walk(scene, "discreet-")
    one.go("#/quick", "quick")
    take(one, "discreet-quick")
    one.go("#/today", "today").go("#/lock", "lock")
    take(one, "lock")
    plain = phone(language, app=site.app, user_agent=WECHAT)
    plain.open().screen("insecure")
    take(plain, "wechat")


def answering(scene: Scene) -> None:
    """Take pictures of what answering looks like."""
    phone, visit = scene.phone, scene.visits["draft"]
    for name, route, screen in (
        ("answer", f"#/visit/{visit}", "answer"),
        ("answer-all", f"#/visit/{visit}/all", "answer"),
        ("photo", f"#/visit/{visit}/photo/FLD-VIS-03/1", "photo"),
        ("review", f"#/visit/{visit}/review", "review"),
    ):
        phone.go(route, screen)
        take(phone, name)
