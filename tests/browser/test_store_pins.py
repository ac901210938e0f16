"""PINs: a wrong one makes wait, a forgotten one costs nothing, and locking drops the key."""

from __future__ import annotations

from tests.browser.stored import PERSON, PIN, RECOVERY_KEY, Store

TRY = "vault.unlock('auditor-1', pin).then(() => 'open').catch((e) => [e.name, e.early, e.seconds])"


def test_wrong_pins_only_make_one_wait_longer_and_longer(store: Store) -> None:
    """By a clock of the test's own: nobody waits here, and no try is free because the app was killed."""
    visit = store.begin_visit()
    page = store.page
    page.clock.install()
    store.run("vault.lock()")
    assert [store.run(TRY, pin="0000") for _ in range(3)] == [["WrongPin", False, 0]] * 3
    waits = []
    for _ in range(9):
        name, early, seconds = store.run(TRY, pin="0000")
        assert (name, early) == ("WrongPin", False)
        waits.append(seconds)
        assert store.run(TRY, pin=PIN)[:2] == ["WrongPin", True]  # the right one has to wait too
        page.reload()
        assert store.run("vault.pinWait('auditor-1')") > seconds - 3  # kept across restarts
        page.clock.fast_forward((seconds + 1) * 1000)
    assert waits == sorted(waits) and waits[0] == 5 and waits[-2:] == [900, 900]
    # A clock set back by a day does not make it a day.
    store.run(
        """db.change(['accounts'], async (tx) => {
          const row = await tx.read('accounts', 'auditor-1');
          await tx.write('accounts', 'auditor-1', { ...row, wrong: { count: 9, at: Date.now() + 86_400_000 } });
        })"""
    )
    assert store.run("vault.pinWait('auditor-1')") <= 900
    page.clock.fast_forward(901_000)
    assert store.run(TRY, pin=PIN) == "open"
    assert store.run("vault.pinWait('auditor-1')") == 0
    assert store.run("drafts.load(visit)", visit=visit)["visit"] == visit


def test_a_forgotten_pin_costs_nothing(store: Store) -> None:
    visit = store.begin_visit()
    store.page.reload()
    wrong = store.run("vault.recover('auditor-1', 'not it', '1111').catch((e) => e.name)")
    assert wrong == "WrongRecoveryKey"
    store.run("vault.recover('auditor-1', key, '736251')", key=RECOVERY_KEY)
    assert store.run("drafts.load(visit)", visit=visit)["visit"] == visit
    store.page.reload()
    assert store.run(TRY, pin=PIN)[0] == "WrongPin"
    assert store.run(TRY, pin="736251") == "open"


def test_signing_in_anew_keeps_what_is_there(store: Store) -> None:
    visit = store.begin_visit()
    store.page.reload()
    wrong = store.run("vault.begin(person).catch((e) => e.name)", person=PERSON | {"recoveryKey": "other"})
    assert wrong == "WrongRecoveryKey"
    store.sign_in(pin="4455", name="王晓燕（新）", label="XY")
    assert store.run("drafts.load(visit)", visit=visit)["visit"] == visit
    person = store.run("accounts.current()")
    assert (person["name"], person["label"]) == ("王晓燕（新）", "XY")


def test_a_pin_is_changed_only_by_who_knows_it(store: Store) -> None:
    visit = store.begin_visit()
    assert store.run("vault.changePin('0000', '1212').catch((e) => e.name)") == "WrongPin"
    assert store.run("vault.changePin(pin, '12').catch((e) => e.name)", pin=PIN) == "RangeError"
    store.run("vault.changePin(pin, 'längeres Wort')", pin=PIN)
    store.run("vault.lock()")
    assert store.run(TRY, pin=PIN)[0] == "WrongPin"
    assert store.run(TRY, pin="längeres Wort") == "open"
    assert store.run("drafts.load(visit)", visit=visit)["visit"] == visit


def test_a_lock_drops_the_key_as_soon_as_nothing_works_any_more(store: Store) -> None:
    visit = store.begin_visit()
    seen = store.run(
        """(async () => {
          const told = [];
          const tell = async () => told.push([vault.isOpen(), vault.account(),
            await drafts.load(visit).then((d) => Boolean(d)).catch((e) => e.name)]);
          const [one, two] = [vault.hold(), vault.hold()];
          vault.lock(); await tell();
          one(); one(); await tell();
          two(); await tell();
          return told;
        })()""",
        visit=visit,
    )
    assert seen == [[False, "auditor-1", True], [False, "auditor-1", True], [False, None, "Locked"]]
    store.unlock()
    # Unlocked again while some work goes on: the end of the work does not lock.
    again = """(async () => {
      const done = vault.hold();
      vault.lock();
      await vault.unlock('auditor-1', pin);
      done();
      return vault.isOpen();
    })()"""
    assert store.run(again, pin=PIN)


def test_the_key_is_stretched_as_promised_and_never_stored_or_exported(store: Store) -> None:
    row = store.run(
        """db.read('accounts', 'auditor-1').then(({ pin: { rounds, iv, wrapped } }) => (
          { rounds, iv: iv.length, size: wrapped.byteLength }))"""
    )
    assert row == {"rounds": 600_000, "iv": 12, "size": 48}
    assert store.run("crypto.subtle.exportKey('raw', vault.working().key).catch((e) => e.name)") == "InvalidAccessError"
    ivs = store.run("Promise.all([1, 1].map(async (n) => [...(await vault.seal(n)).iv].join()))")
    assert ivs[0] != ivs[1]
