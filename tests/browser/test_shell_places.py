"""Where the app cannot work as it was opened, it says so and how: plain http on a foreign host, WeChat's browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import CHROMIUM, FLAGS, LOCALES, SIZE, Site
from tests.browser.phone_app import Phone
from tests.browser.screenshots import WECHAT

HOST = "phones.example"


@pytest.fixture(scope="module")
def abroad(chromium: Browser) -> Iterator[Browser]:
    """Start a browser to which our server is a host of another name, so not its own machine."""
    rule = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, rule])
    yield browser
    browser.close()


@pytest.mark.parametrize(("language", "word"), [("zh", "需要 HTTPS"), ("en", "A secure connection")])
def test_plain_http_explains_itself(language: str, word: str, abroad: Browser, site: Site) -> None:
    page = abroad.new_context(viewport=SIZE, locale=LOCALES[language]).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"http://{HOST}:{site.server.port}/field/#/today")
    page.wait_for_selector("body[data-screen=insecure]")
    assert word in page.locator("h1").inner_text()
    assert f"make demo HTTPS=1 HOST={HOST}" in page.locator("main").inner_text()
    assert page.locator('[data-act="https"]').get_attribute("href") == f"https://{HOST}/field/"
    assert page.locator("#bar > *").count() == 0
    page.locator('[data-act="language"]').click()
    page.wait_for_function("(word) => !document.querySelector('h1').textContent.includes(word)", arg=word)
    assert not faults
    page.context.close()


@pytest.mark.parametrize(("language", "words"), [("zh", "请在浏览器中打开"), ("en", "open this in your browser")])
def test_wechat_sends_one_to_the_browser(language: str, words: str, phone: Callable[..., Phone], site: Site) -> None:
    one = phone(language, user_agent=WECHAT, permissions=["clipboard-write", "clipboard-read"])
    one.open("#/sign-in?code=ABCD-EFGH").screen("insecure")
    assert words in one.page.locator("h1").inner_text()
    # The code goes along to the browser where it can be used.
    assert one.page.locator("#address").input_value().endswith("#/sign-in?code=ABCD-EFGH")
    one.act("copy").sees("main [role=status]:not(:empty)")
    assert one.page.evaluate("navigator.clipboard.readText()").endswith("code=ABCD-EFGH")
