"""The worst case as a whole: a phone that never reaches the server, its file carried to a desk, and sent from there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser import short_checklists as lists
from tests.browser.field_work import COMPLETE, photos_of, picture, sha256
from tests.browser.phone_app import Phone, each


def test_what_is_carried_to_a_desk_is_sent_once(phone: Callable[..., Phone], field: Any, tmp_path: Path) -> None:
    """And the phone, on the line again after all, sends the same: a repetition, one visit, the same receipt."""
    auditor = field.auditor()
    task = field.task(auditor)
    one = phone("zh").sign_in(field.code(auditor)).ready_for_offline(task).offline()
    visit = one.start(task)
    each(one, COMPLETE).photograph(lists.FRONT, kept := picture(61))
    one.send(visit).screen("outbox")
    with one.page.expect_download() as saving:
        one.act("export")
    carried = tmp_path / saving.value.suggested_filename
    assert carried.name.startswith("日程-") and carried.suffix == ".zip"
    saving.value.save_as(carried)

    stranger = phone("zh").sign_in(field.code(field.auditor())).go("#/settings", "settings")
    stranger.page.set_input_files('[data-part="import"]', carried)
    stranger.until("() => document.querySelector('[data-part=imported]').textContent.includes('另一个人')", "refused")

    desk = phone("en").sign_in(field.code(auditor)).go("#/settings", "settings")
    desk.page.set_input_files('[data-part="import"]', carried)
    receipt = desk.received(visit)["receipt"]
    assert photos_of(field.visit(task)) == [sha256(kept)]

    one.offline(False)
    assert one.received(visit)["receipt"] == receipt
    assert field.visit(task)["revision"] == 1
    assert not field.conflicts(visit)
    assert len(field.visits(task)) == 1
