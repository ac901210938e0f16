"""Rotating the contact key: every join survives, whatever is imported before, meanwhile and after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from audit_api.domain.directory import OPERATOR
from audit_api.intake.contacts import ContactHasher
from audit_api.models.base import collection
from audit_api.operations import survey_contacts, survey_frame, surveys
from audit_api.operations.screening_inputs import collect_inputs
from audit_api.operations.survey_contacts import rotate_contacts
from audit_api.problems import Problem
from tests.conftest import NOW
from tests.contract.test_surveys import response, survey, wave  # noqa: F401 - fixtures

OLD, NEW = "c" * 40, "n" * 40
ONE = ContactHasher(OLD, "k1")
TWO = ContactHasher(NEW, "k2", [("k1", OLD)])
PHONES = ("13812345678", "13912345678")


def send(hasher, *responses):
    return surveys.receive_responses("SSQ", responses=list(responses), hasher=hasher, actor=OPERATOR, at=NOW)


def frame(hasher, number, phone):
    rows = [(2, (f"E{number}", "D0001", "delivery", "2026-02-03", phone, "LSVAA4182E2184847"))]
    columns = ("event_id", "dealer", "kind", "event_at", "contact", "vin")
    survey_frame.import_events(rows, columns=columns, hasher=hasher, actor=OPERATOR, at=NOW)
    return survey_frame.import_staff(
        [(2, ("D0001", phone))], columns=("dealer", "contact"), hasher=hasher, actor=OPERATOR, at=NOW
    )


def everything():
    names = ("responses", "survey_events", "staff_contacts")
    return {name: list(collection(name).find().sort("_id", 1)) for name in names}


def test_joins_survive_and_nothing_is_read_with_the_old_key_alone(wave):  # noqa: F811
    for number, phone in enumerate(PHONES):
        send(ONE, response(number, contact=phone))
        frame(ONE, number, phone)
    send(ONE, response(7, contact="", adviser="Li"), response(0, contact=PHONES[1]))  # no contact; an edit
    before = everything()
    assert [v["contact_hash"] for v in before["responses"][0]["versions"]] == [ONE.contact(PHONES[1]).hash]
    report = rotate_contacts(TWO, actor=OPERATOR, at=NOW)
    assert report.wrapped == {"responses": 3, "survey_events": 2, "staff_contacts": 2}
    assert report.unknown == {}
    after = everything()
    for number, phone in enumerate(PHONES):
        expected = TWO.contact(phone).hash
        assert after["responses"][number]["contact_hash"] == expected
        assert after["survey_events"][number]["contact_hash"] == expected
        assert after["survey_events"][number]["vin_hash"] == TWO.vehicle("LSVAA4182E2184847")
        assert expected in {row["contact_hash"] for row in after["staff_contacts"]}
    assert after["responses"][0]["versions"][0]["contact_hash"] == TWO.contact(PHONES[1]).hash
    assert after["responses"][2]["device_hash"] == TWO.device("phone-1")
    assert after["responses"][2]["adviser_hash"] == TWO.adviser("D0001", "Li")
    kept = repr(after)
    for plain in PHONES:
        assert ONE.contact(plain).hash not in kept
    assert [r["content_hash"] for r in after["responses"]] == [r["content_hash"] for r in before["responses"]]
    assert rotate_contacts(TWO, actor=OPERATOR, at=NOW).wrapped == {}
    assert everything() == after


def test_the_same_file_is_known_before_meanwhile_and_after(wave):  # noqa: F811
    """New contacts go through the whole chain, so that an import does not have to wait for the rotation."""
    send(ONE, response(1, contact=PHONES[0]), response(1, contact=PHONES[1]))
    frame(ONE, 1, PHONES[0])
    for _ in range(2):
        again = send(TWO, response(1, contact=PHONES[0]), response(1, contact=PHONES[1]))
        assert (again["same"], again["changed"]) == (2, 0)
        assert frame(TWO, 1, PHONES[0]).same == 1
        assert collection("survey_events").find_one().get("earlier") is None
        rotate_contacts(TWO, actor=OPERATOR, at=NOW)
    changed = send(TWO, response(1, contact="13712345678"))
    assert changed["changed"] == 1
    assert collection("responses").find_one()["versions"][-1]["contact_key_id"] == "k1>k2"


def test_keys_that_nobody_knows_are_left_alone_and_named(wave):  # noqa: F811
    send(ContactHasher("x" * 40, "stray"), response(1))
    kept = everything()
    assert rotate_contacts(TWO, actor=OPERATOR, at=NOW).unknown == {"stray": 1}
    assert everything() == kept


def test_a_device_without_a_contact_was_under_the_first_key(wave):  # noqa: F811
    send(ONE, response(1, contact=""))
    collection("responses").update_one({}, {"$set": {"contact_key_id": ""}})  # as version 0.1.0 kept it
    rotate_contacts(TWO, actor=OPERATOR, at=NOW)
    row = collection("responses").find_one()
    assert (row["device_hash"], row["contact_key_id"]) == (TWO.device("phone-1"), "k1>k2")


def test_a_change_that_comes_meanwhile_is_not_lost(wave, monkeypatch):  # noqa: F811
    """Another import adds a version between the reading and the writing of a batch."""
    send(ONE, response(1, contact=PHONES[0]))
    real, done = survey_contacts._wrap, []

    def late(row, kept, hasher):
        if not done and kept.name == "responses":
            done.append(send(ONE, response(1, contact=PHONES[1])))
        return real(row, kept, hasher)

    monkeypatch.setattr(survey_contacts, "_wrap", late)
    rotate_contacts(TWO, actor=OPERATOR, at=NOW)
    row = collection("responses").find_one()
    assert [v["contact_hash"] for v in row["versions"]] == [TWO.contact(PHONES[1]).hash]
    assert row["contact_hash"] == TWO.contact(PHONES[0]).hash


def test_killed_in_the_middle_it_continues(wave, settings):  # noqa: F811
    count = 6_000
    rows = [
        {"_id": f"D0001:delivery:{n}", "brand": "Aurora", "dealer": "D0001", "contact_hash": ONE.contact(f"a{n}").hash,
         "vin_hash": "", "contact_key_id": "k1", "received_at": NOW}
        for n in range(count)
    ]  # fmt: skip
    collection("survey_events").insert_many(rows)
    environment = os.environ | {
        "MONGODB_URI": settings.mongodb_uri, "AUDIT_DATABASE": settings.database, "AUDIT_SECRET_KEY": "s" * 40,
        "AUDIT_CONTACT_KEY": NEW, "AUDIT_CONTACT_KEY_ID": "k2", "AUDIT_CONTACT_KEYS_PREVIOUS": f"k1={OLD}",
    }  # fmt: skip
    slow = (
        "import sys, time; from audit_api.operations import survey_contacts as s; s.BATCH = 200; real = s._wrap\n"
        "def wrap(*a): time.sleep(0.0005); return real(*a)\n"
        "s._wrap = wrap\n"
        "from audit_api.cli import main; main(['survey', 'rotate-contacts'])"
    )
    process = subprocess.Popen([sys.executable, "-c", slow], env=environment, stdout=subprocess.DEVNULL)
    done = {"contact_key_id": "k1>k2"}
    deadline = time.monotonic() + 60
    while not collection("survey_events").count_documents(done) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wrapped = collection("survey_events").count_documents(done)
    if not 0 < wrapped < count:
        pytest.fail(f"killed with {wrapped} wrapped: nothing was interrupted")
    run = subprocess.run(
        [sys.executable, "-c", "from audit_api.cli import main; main(['survey', 'rotate-contacts'])"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"survey_events: {count - wrapped} under k1>k2" in run.stdout
    for row in collection("survey_events").find():
        assert row["contact_hash"] == TWO.contact(f"a{row['_id'].rsplit(':', 1)[1]}").hash


def test_the_command(survey, monkeypatch):  # noqa: F811
    assert "nothing to do" in survey("rotate-contacts").output
    send(ONE, response(1))
    for name, value in (("CONTACT_KEY", NEW), ("CONTACT_KEY_ID", "k2"), ("CONTACT_KEYS_PREVIOUS", f"k1={OLD}")):
        monkeypatch.setenv(f"AUDIT_{name}", value)
    done = survey("rotate-contacts")
    assert "responses: 1 under k1>k2" in done.output
    assert collection("trail").count_documents({"kind": "contact_keys"}) == 1
    send(ContactHasher("x" * 40, "stray"), response(2))
    assert survey("rotate-contacts").exit_code == 1


def collect():
    return collect_inputs(collection("waves").find_one({"_id": "W1-Aurora"}), "SSQ")


def test_a_screening_over_two_keys_is_refused_until_the_rotation_is_through(wave):  # noqa: F811
    """The same phone under two keys counts as two contacts: re-use would go unseen."""
    send(ONE, response(1, contact=PHONES[0]))
    assert len(collect().responses) == 1
    send(TWO, response(2, contact=PHONES[0]))
    with pytest.raises(Problem) as refused:
        collect()
    assert refused.value.kind.slug == "screening-refused"
    assert "k1, k1>k2" in refused.value.en
    assert "survey rotate-contacts" in refused.value.zh
    rotate_contacts(TWO, actor=OPERATOR, at=NOW)
    inputs = collect()
    assert len(set(inputs.responses.contact_hash)) == 1
    assert set(inputs.responses.contact_hash) == {TWO.contact(PHONES[0]).hash}


@pytest.mark.parametrize("name", ["survey_events", "staff_contacts"])
def test_so_it_is_where_the_frame_or_the_staff_stand_under_another_key(wave, name):  # noqa: F811
    """A staff contact under the old key would match no customer under the new one."""
    send(TWO, response(1, contact=PHONES[0]))
    frame(ONE, 1, PHONES[0])
    for other in {"survey_events", "staff_contacts"} - {name}:
        collection(other).delete_many({})
    with pytest.raises(Problem, match="k1>k2"):
        collect()
    rotate_contacts(TWO, actor=OPERATOR, at=NOW)
    inputs = collect()
    joined = inputs.staff if name == "staff_contacts" else inputs.events
    assert set(joined.contact_hash) == set(inputs.responses.contact_hash)


def test_rows_without_any_identity_stand_under_no_key(wave):  # noqa: F811
    send(ONE, response(1, contact="", device=""))
    send(TWO, response(2, contact=PHONES[0]))
    assert len(collect().responses) == 2
    send(ONE, response(3, contact="", device="tablet"))
    collection("responses").update_one({"response_id": "R3"}, {"$set": {"contact_key_id": ""}})  # as version 0.1.0
    with pytest.raises(Problem, match=r"\(k1>k2, \?\)"):
        collect()
