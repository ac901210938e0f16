"""The sample frame: events and staff contacts, by file and over HTTP."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audit_api.domain.directory import OPERATOR, Role
from audit_api.intake.contacts import ContactHasher
from audit_api.models.base import collection
from audit_api.operations import survey_frame
from tests.conftest import NOW
from tests.contract.test_surveys import manager, survey, wave  # noqa: F401 - fixtures

HASHER = ContactHasher("c" * 40, "k1")
HEADER = (
    "event_id,dealer,kind,event_at,vin,job_type,contact,supplied,valid,invited,opted_out,complaint,comeback,wait_days"
)
ROW = "E1,D0001,delivery,2026-02-03 10:00,LSVAA4182E2184847,,13812345678,1,1,yes,否,0,,2.5"


def post(client, headers, *rows, header=HEADER, query="", what="survey-event"):
    data = "\n".join([header, *rows]).encode()
    return client.post(f"/v1/{what}-imports{query}", data=data, content_type="text/csv", headers=headers)


def test_it_works(client, dealers, manager):  # noqa: F811
    body = post(client, manager, ROW).get_json()
    assert (body["new"], body["refused"]) == (1, 0), body
    (kept,) = collection("survey_events").find()
    assert kept["_id"] == "D0001:delivery:E1"
    assert kept["contact_hash"] == HASHER.contact("13812345678").hash
    assert kept["vin_hash"] == HASHER.vehicle("LSVAA4182E2184847")
    flags = {name: kept[name] for name in ("supplied", "valid", "invited", "opted_out", "complaint", "comeback")}
    assert flags == {
        "supplied": True, "valid": True, "invited": True, "opted_out": False, "complaint": False, "comeback": None,
    }  # fmt: skip
    assert (kept["wait_days"], kept["brand"], kept["contact_key_id"]) == (2.5, "Aurora", "k1")
    assert kept["event_at"].isoformat() == "2026-02-03T02:00:00+00:00"
    listed = client.get("/v1/survey-events", headers=manager).get_json()
    assert [e["id"] for e in listed["items"]] == ["D0001:delivery:E1"]
    assert "hash" not in str(listed)
    assert "LSV" not in repr(list(collection("survey_events").find()))


def test_a_frame_is_completed_over_time(client, dealers, manager):  # noqa: F811
    """The last import counts, what it replaced is kept; columns that a file lacks keep what is known."""
    post(client, manager, ROW)
    again = post(client, manager, ROW).get_json()
    assert (again["new"], again["same"], again["changed"]) == (0, 1, 0)
    header = "event_id,dealer,kind,event_at,complaint"
    later = post(client, manager, "E1,D0001,delivery,2026-02-03 10:00,1", header=header).get_json()
    assert (later["changed"], later["same"]) == (1, 0)
    (kept,) = collection("survey_events").find()
    assert (kept["complaint"], kept["invited"], kept["wait_days"]) == (True, True, 2.5)
    assert [e["complaint"] for e in kept["earlier"]] == [False]
    assert kept["contact_hash"] == HASHER.contact("13812345678").hash


@pytest.mark.parametrize("what", ["survey-event", "staff-contact"])
def test_an_unknown_mapping_is_a_documented_404(client, dealers, manager, what):  # noqa: F811
    assert post(client, manager, ROW, query="?mapping=none", what=what).status_code == 404
    described = client.get("/openapi.json").get_json()["paths"][f"/v1/{what}-imports"]["post"]
    assert "404" in described["responses"]


REFUSALS = [
    ("D0001", "D9999", "dealer", "D9999"),
    ("delivery", "sale", "kind", "sale"),
    ("2026-02-03 10:00", "3 Feb", "event_at", "3 Feb"),
    ("2026-02-03 10:00", "2026-02-30", "event_at", "2026-02-30"),
    ("LSVAA4182E2184847", "LSVOOO", "vin", ""),
    ("13812345678", "1.38E+10", "contact", ""),
    ("E1,", "1.2E+15,", "event_id", "1.2E+15"),
    ("E1,", ",", "event_id", ""),
    (",yes,", ",maybe,", "invited", "maybe"),
    (",2.5", ",-1", "wait_days", "-1"),
]


@pytest.mark.parametrize(("old", "new", "column", "value"), REFUSALS)
def test_a_bad_row_is_named_and_the_good_go_in(client, dealers, manager, old, new, column, value):  # noqa: F811
    body = post(client, manager, ROW.replace(old, new, 1), ROW.replace("E1", "E2")).get_json()
    assert (body["new"], body["refused"]) == (1, 1)
    assert [(e["row"], e["column"], e["value"]) for e in body["errors"]] == [(2, column, value)]


def test_headers_scope_and_mappings(client, dealers, manager, people):  # noqa: F811
    answer = post(client, manager, "x", header="event,dealer,kind,eventat")
    for part in ("missing columns: event_id, event_at", "eventat (did you mean event_at?)"):
        assert part in answer.get_json()["detail"]
    aurora = people.headers(people.add(Role.PROGRAMME_MANAGER, brands=("Aurora",)))
    assert post(client, aurora, ROW.replace("D0001", "D0003")).get_json()["refused"] == 1
    post(client, manager, ROW, ROW.replace("D0001", "D0003"))
    assert len(client.get("/v1/survey-events", headers=aurora).get_json()["items"]) == 1
    assert client.get("/v1/survey-events?dealer=D0003&kind=delivery", headers=manager).get_json()["items"]
    assert client.get("/v1/survey-events?kind=repair_order", headers=manager).get_json()["items"] == []
    source = (
        "kind: events\ncolumns: {RO: event_id, store: dealer, art: kind, datum: event_at, Warten: wait_days}\n"
        "values: {kind: {Werkstatt: repair_order}}\ndates: ['%d.%m.%Y']\ndecimal_comma: true\n"
    )
    saved = client.put("/v1/survey-mappings/dms", json={"source": source}, headers=manager)
    assert saved.status_code == 200, saved.get_json()
    header, row = "RO;store;art;datum;Warten", "7;D0001;Werkstatt;3.2.2026;1,5"
    assert post(client, manager, row, header=header, query="?mapping=dms").get_json()["new"] == 1
    kept = collection("survey_events").find_one({"_id": "D0001:repair_order:7"})
    assert kept["wait_days"] == 1.5


def test_staff(client, dealers, manager, people):  # noqa: F811
    rows = ("D0001,13812345678", "D0001,+86 138 1234 5678", "D0002,13812345678", "D0001,", "D9999,13812345679")
    body = post(client, manager, *rows, header="dealer,contact", what="staff-contact").get_json()
    assert (body["new"], body["same"], body["refused"]) == (2, 1, 2)
    assert [(e["row"], e["column"], e["value"]) for e in body["errors"]] == [(5, "contact", ""), (6, "dealer", "D9999")]
    again = post(client, manager, *rows, header="dealer,contact", what="staff-contact").get_json()
    assert (again["new"], again["same"], again["refused"]) == (0, 3, 2)
    hashes = {row["contact_hash"] for row in collection("staff_contacts").find()}
    assert hashes == {HASHER.contact("13812345678").hash}
    listed = client.get("/v1/staff-contacts?dealer=D0001", headers=manager).get_json()
    assert [row["dealer"] for row in listed["items"]] == ["D0001"]
    assert "hash" not in str(listed)
    assert "3812345678" not in repr(list(collection("staff_contacts").find()))
    dealer = people.headers(people.add(Role.DEALER, dealers=("D0001",)))
    assert client.get("/v1/staff-contacts", headers=dealer).status_code == 403


@hypothesis_settings(max_examples=20)
@given(data=st.data())
def test_any_split_and_repetition_ends_the_same(dealers, data):
    """Events in any order, cut into files, repeated: kept once, and a dry run says what the import does."""
    collection("survey_events").delete_many({})
    columns = ("event_id", "dealer", "kind", "event_at", "complaint")
    rows = [(f"E{n % 5}", "D0001", "delivery", "2026-02-03", str(n % 2)) for n in range(8)]
    sent = data.draw(st.permutations([*rows, *data.draw(st.lists(st.sampled_from(rows), max_size=4))]))
    cut = data.draw(st.integers(0, len(sent)))
    changes = 0
    for part in (sent[:cut], sent[cut:]):
        given = {"columns": columns, "hasher": HASHER, "actor": OPERATOR, "at": NOW}
        dry = survey_frame.import_events(enumerate(part, 2), dry_run=True, **given)
        done = survey_frame.import_events(enumerate(part, 2), **given)
        assert (dry.new, dry.same, dry.changed) == (done.new, done.same, done.changed)
        changes += done.changed
    kept = {row["event_id"]: row["complaint"] for row in collection("survey_events").find()}
    last = {event: complaint == "1" for event, _, _, _, complaint in sent}
    assert kept == last
    replaced = [entry for row in collection("survey_events").find() for entry in row.get("earlier", ())]
    assert len(replaced) == changes, "what was replaced is kept"


def test_the_commands(survey, tmp_path):  # noqa: F811
    path = tmp_path / "events.csv"
    path.write_text("\n".join([HEADER, ROW, ROW.replace("delivery", "sale")]), encoding="utf-8-sig")
    dry = survey("events", "import", path, "--dry-run")
    assert "Dry run, nothing written" in dry.output
    done = survey("events", "import", path)
    assert "1 new" in done.output
    assert done.exit_code == 1  # a row was refused
    with (tmp_path / "events.csv.quarantine.csv").open(encoding="utf-8-sig") as file:
        assert [(r["row"], r["column"], r["value"]) for r in csv.DictReader(file)] == [("3", "kind", "sale")]
    staff = tmp_path / "staff.csv"
    staff.write_text("dealer,contact\nD0001,13812345678\n")
    assert survey("staff", "import", staff).exit_code == 0
    assert not (tmp_path / "staff.csv.quarantine.csv").exists()
