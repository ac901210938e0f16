"""What the app keeps on the phone: complete, sealed for each auditor, and not changed by what is renewed around it."""

from __future__ import annotations

from tests.browser.stored import CHECKLIST, PERSON, PIN, RECOVERY_KEY, Store

SECRET = "经理让顾问给满分 🚗"
OTHER = {"id": "auditor-2", "name": "李建国", "label": "LJ", "pin": "9137", "recoveryKey": "another-key"}


def test_answers_are_there_after_a_reload_and_the_pin(store: Store) -> None:
    visit = store.begin_visit()
    store.run("drafts.setAnswer(visit, 'A-1', 'no')", visit=visit)
    store.run("drafts.setComment(visit, 'A-1', secret)", visit=visit, secret=SECRET)
    store.page.reload()
    assert store.run("drafts.load(visit).catch((error) => error.name)", visit=visit) == "Locked"
    store.unlock()
    answer = store.run("drafts.load(visit)", visit=visit)["answers"]["A-1"]
    assert (answer["value"], answer["comment"]) == ("no", SECRET)
    assert answer["answered_at"].endswith("+08:00")


def test_of_two_tabs_neither_loses_the_others_changes(store: Store) -> None:
    visit = store.begin_visit()
    other = Store(store.page.context.new_page())
    other.page.goto(store.page.url)
    other.unlock()
    many = """Promise.all(Array.from({length: 20}, (_, n) =>
      drafts.edit(visit, (draft) => { drafts.answerOf(draft, `A-${from + n}`).value = n; })))"""
    store.run("(() => { globalThis.heard = 0; events.on('changed', () => (globalThis.heard += 1)); })()")
    # Both at once: each call only begins the work, and the tabs do it in turn.
    for tab, begin in ((store, 100), (other, 200)):
        tab.run(f"(() => {{ globalThis.work = {many}; }})()", **{"visit": visit, "from": begin})
    for tab in (store, other):
        tab.page.evaluate("() => globalThis.work.then(() => null)")
    draft = store.run("drafts.load(visit)", visit=visit)
    assert len(draft["answers"]) == 40
    assert draft["changed"] == 40
    store.until("globalThis.heard >= 40")  # each tab is told of the other's changes
    assert store.run("accounts.accounts()")[0]["unsent"] == 1


def test_nothing_can_be_read_without_the_key(store: Store) -> None:
    """Neither in the records, nor in their keys, nor in what is kept of accounts and photos."""
    visit = store.begin_visit()
    store.run("drafts.setAnswer(visit, 'A-3', answer)", visit=visit, answer="这一句谁也不能看到")
    store.run("drafts.setComment(visit, 'A-1', secret)", visit=visit, secret=SECRET)
    store.run("accounts.saveToken('tok-5f0e2d')")
    plain = {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xffplain photo bytes"}
    photo = store.add_photo(visit, plain)
    kept = store.dump()
    wanted = [
        "这一句谁也不能看到", SECRET, "tok-5f0e2d", PERSON["name"], "D0042", "星辰汽车", "T-HZ-00417", "covert", "TEST",
        "plain photo bytes", visit, photo["sha256"], PIN, RECOVERY_KEY, "answers", "camera",
    ]  # fmt: skip
    assert [word for word in wanted if word in kept] == []
    # The search itself works: what stands there in plain is found.
    assert PERSON["label"] in kept and "auditor-1" in kept


def test_several_auditors_on_one_phone_see_nothing_of_each_other(store: Store) -> None:
    visit = store.begin_visit()
    store.run("vault.lock()")
    store.sign_in(**OTHER)
    assert store.run("drafts.all()") == []
    assert store.run("drafts.load(visit)", visit=visit) is None
    assert store.run("drafts.setAnswer(visit, 'A-1', 'yes').catch((e) => e.name)", visit=visit) == "NoDraft"
    assert store.run("accounts.current()")["name"] == OTHER["name"]
    # Not even with the other's rows put under one's own name: what is sealed says whose it is.
    moved = """db.change(['records'], async (tx) => {
      const [key] = await tx.keys('records', db.under('auditor-1', 'visit'));
      await tx.write('records', ['auditor-2', ...key.slice(1)], await tx.read('records', key));
    }).then(() => drafts.all())"""
    assert store.run(moved) == []
    store.run("vault.lock()")
    store.unlock()
    assert [draft["visit"] for draft in store.run("drafts.all()")] == [visit]
    # Work begun by one never ends up under the other's key.
    crossing = """(async () => {
      const began = drafts.edit(visit, async (draft) => {
        await vault.unlock('auditor-2', '9137');
        drafts.answerOf(draft, 'A-1').comment = 'mine';
      });
      await began;
      const seen = await drafts.load(visit);
      await vault.unlock('auditor-1', pin);
      return [seen, (await drafts.load(visit)).answers['A-1'].comment];
    })()"""
    assert store.run(crossing, visit=visit, pin=PIN) == [None, "mine"]


def test_a_damaged_record_keeps_nobody_from_the_others(store: Store) -> None:
    broken, whole = store.begin_visit(), store.begin_visit()
    damage = """records.keyOf(vault.working(), 'visit', visit).then((key) => db.change(['records'], async (tx) => {
      const row = await tx.read('records', key);
      new Uint8Array(row.data)[40] ^= 1;
      await tx.write('records', key, row);
    }))"""
    store.run(damage, visit=broken)
    assert [draft["visit"] for draft in store.run("drafts.all()")] == [whole]
    assert store.run("drafts.load(visit).catch((error) => error.name)", visit=broken) == "OperationError"
    assert store.run("accounts.forget('auditor-1').catch((e) => e.count)") == 2  # it is still there, and counted


def test_an_account_with_unsent_visits_is_not_thrown_away(store: Store) -> None:
    visit = store.begin_visit()
    assert store.run("accounts.forget('auditor-1').catch((e) => [e.name, e.count])") == ["Unsent", 1]
    store.run("drafts.update(visit, (draft) => { draft.state = 'received'; })", visit=visit)
    practice = store.begin_visit(practice=True)
    assert store.run("drafts.finish(visit).then((d) => [d.wish, d.state])", visit=practice) == ["keep", "draft"]
    assert store.run("accounts.forget('auditor-1')") is None
    assert store.run("accounts.accounts()") == []
    rows = store.run("Promise.all(['records', 'photos', 'bytes'].map((name) => db.keys(name)))")
    assert rows == [[], [], []]


def test_neither_a_newer_app_nor_a_new_checklist_touches_a_draft(store: Store) -> None:
    visit = store.begin_visit()
    store.run("drafts.setComment(visit, 'A-1', 'before')", visit=visit)
    newer = CHECKLIST | {"version": 2, "sections": []}
    other = store.run("drafts.start({code: 'T-2', dealer: 'D1', mode: 'announced'}, newer)", newer=newer)
    # A newer app adds a store while this tab is open: it must neither wait for this tab nor break it.
    upgrade = """new Promise((resolve, reject) => {
      const asked = indexedDB.open('field', 99);
      asked.onupgradeneeded = () => asked.result.createObjectStore('later');
      asked.onblocked = () => reject(new Error('blocked'));
      asked.onsuccess = () => { asked.result.close(); resolve('upgraded'); };
    })"""
    assert store.run(upgrade) == "upgraded"
    for _ in range(2):
        draft = store.run("drafts.load(visit)", visit=visit)
        assert draft["answers"]["A-1"]["comment"] == "before"
        assert draft["checklist"] == {"code": "TEST", "version": 1}
        held = store.run("drafts.load(visit).then(drafts.checklistOf)", visit=visit)
        assert held == CHECKLIST
        assert store.run("drafts.load(visit).then(drafts.checklistOf)", visit=other["visit"]) == newer
        store.run("drafts.setAnswer(visit, 'A-1', 'yes')", visit=visit)
        store.page.reload()
        store.unlock()


def test_what_is_hidden_is_not_sent_and_comes_back_when_shown(store: Store) -> None:
    visit = store.begin_visit()
    store.run("drafts.setAnswer(visit, 'A-1', 'no')", visit=visit)
    store.run("drafts.setAnswer(visit, 'A-3', 'why')", visit=visit)
    body = "drafts.load(visit).then((draft) => drafts.contentOf(draft, checklist, 1))"
    assert [o["item"] for o in store.run(body, visit=visit, checklist=CHECKLIST)["observations"]] == ["A-1", "A-3"]
    store.run("drafts.setAnswer(visit, 'A-1', 'yes')", visit=visit)
    sent = store.run(body, visit=visit, checklist=CHECKLIST)
    assert [o["item"] for o in sent["observations"]] == ["A-1"]
    assert sent["client"] == {"app": "field", "device": "device-1"}
    assert store.run("drafts.load(visit)", visit=visit)["answers"]["A-3"]["value"] == "why"


def test_an_answer_after_the_receipt_waits_to_be_sent_again(store: Store) -> None:
    visit = store.begin_visit()
    done = store.run("drafts.finish(visit)", visit=visit)
    assert (done["wish"], done["state"]) == ("send", "waiting") and done["ended_at"]
    store.run("drafts.update(visit, (draft) => { draft.state = 'received'; })", visit=visit)
    assert store.run("drafts.setComment(visit, 'A-1', '')", visit=visit)["state"] == "received"  # nothing changed
    late = store.run("drafts.setAnswer(visit, 'A-1', 'yes')", visit=visit)
    assert (late["wish"], late["state"], late["ended_at"]) == ("keep", "draft", done["ended_at"])
    assert store.run("storage.unsentSince()") == late["changed_at"]
