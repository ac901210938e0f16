"""What the app keeps on the phone: sealed, complete, and there again whatever happens to the browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.stored import ASSIGNMENT, CHECKLIST, Store, open_store


@pytest.fixture
def store(page: Page) -> Store:
    return open_store(page)


def test_an_answer_is_there_after_a_reload(store: Store) -> None:
    visit = store.begin_visit()
    store.run("drafts.setAnswer(visit, 'A-1', 'yes').then(() => drafts.setComment(visit, 'A-1', '门口有标识 😀'))", visit=visit)
    store.page.reload()
    store.unlock()
    answer = store.run("drafts.load(visit)", visit=visit)["answers"]["A-1"]
    assert (answer["value"], answer["comment"]) == ("yes", "门口有标识 😀")
    assert answer["answered_at"].endswith("+08:00")


def test_a_photo_comes_back_as_the_very_bytes_that_were_given(store: Store) -> None:
    visit = store.begin_visit()
    got = store.run(
        """(async () => {
          const bytes = new Uint8Array([0xff, 0xd8, 0xff, 1, 2, 3]);
          const photo = await photos.add(visit, 'A-2', new File([bytes], '照片.jpg'), {source: 'camera'});
          const again = await photos.add(visit, 'A-2', new File([bytes], 'x'), {source: 'gallery'});
          const back = new Uint8Array(await photos.bytesOf(photo.sha256));
          const url = await photos.thumbnail(photo.sha256);
          return {photo, again, back: [...back], url, draft: await drafts.load(visit),
            twice: [...photos.repeated(await drafts.load(visit))], body: drafts.contentOf(await drafts.load(visit), checklist, 1)};
        })()""",
        visit=visit,
        checklist=CHECKLIST,
    )
    print(got)
    assert got["back"] == [0xFF, 0xD8, 0xFF, 1, 2, 3]
    assert got["again"]["again"] and not got["photo"]["again"]
