"""Survey responses: POST and GET /v1/surveys/{questionnaire}/responses, `audit-api survey import`."""

from __future__ import annotations

import csv
from datetime import date
from functools import partial

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audit_api.cli import tables
from audit_api.domain.directory import OPERATOR, Role
from audit_api.domain.packaged import packaged_questionnaires
from audit_api.domain.surveys import COLUMNS
from audit_api.intake import plain_columns
from audit_api.intake.contacts import ContactHasher
from audit_api.models.base import collection
from audit_api.operations import checklists, programmes, surveys
from tests.conftest import NOW

URL = "/v1/surveys/SSQ/responses"
HASHER = ContactHasher("c" * 40, "k1")
SSQ = next(q for q in packaged_questionnaires() if q.code == "SSQ")


@pytest.fixture
def wave(dealers):
    for brand in ("Aurora", "Borealis"):
        programmes.add_programme(code=f"P-{brand}", name_zh="项目", brand=brand, actor=OPERATOR, at=NOW)
        programmes.add_wave(
            code=f"W1-{brand}", programme=f"P-{brand}", timezone="Asia/Shanghai", from_on=date(2026, 1, 1),
            to_on=date(2026, 3, 31), actor=OPERATOR, at=NOW,
        )  # fmt: skip
    checklists.publish(SSQ, actor=OPERATOR, at=NOW)
    return "W1-Aurora"


def response(number=1, **changes):
    answers = {"SSQ-SCR-01": "yes", "SSQ-DRV-01": 5, "SSQ-DRV-02": "na", "SSQ-OUT-02": 9, "SSQ-TXT-01": "讲解清楚"}
    return {
        "response_id": f"R{number}", "dealer": "D0001", "event_at": "2026-02-03T10:00:00",
        "submitted_at": "2026-02-12T09:30:00+09:00", "channel": "sms_link", "contact": "138 1234 5678",
        "device": "phone-1", "comment": "=cmd", "answers": answers,
    } | changes  # fmt: skip


def send(client, headers, *responses, **more):
    return client.post(URL, json={"responses": list(responses), **more}, headers=headers)


@pytest.fixture
def manager(people):
    return people.headers(people.add(Role.PROGRAMME_MANAGER))


def test_it_works(client, wave, manager):
    answer = send(client, manager, response())
    assert answer.status_code == 201, answer.get_json()
    body = answer.get_json()
    assert (body["new"], body["same"], body["refused"]) == (1, 0, 0)
    assert body["waves"] == {wave: 1}
    assert body["results"] == [{"index": 0, "response_id": "R1", "result": "new"}]
    kept = collection("responses").find_one()
    assert kept["_id"] == "SSQ:R1"
    assert kept["wave"] == wave
    assert kept["event_at"].isoformat() == "2026-02-03T02:00:00+00:00"  # naive: the dealer's wall clock
    assert kept["submitted_at"].isoformat() == "2026-02-12T00:30:00+00:00"
    assert len(kept["answers"]) == len(SSQ.items)
    assert kept["answers"][:3] == ["yes", 5, "na"]
    assert kept["contact_hash"] == HASHER.contact("+8613812345678").hash
    listed = client.get(URL, headers=manager).get_json()
    assert [r["response_id"] for r in listed["items"]] == ["R1"]
    assert listed["items"][0]["answers"] == kept["answers"]


def test_contacts_are_neither_kept_nor_listed(client, wave, manager):
    plain = {"contact": "13911112222", "device": "IMEI-4711", "adviser": "Zhang San"}
    assert send(client, manager, response(**plain)).status_code == 201
    kept = repr([list(collection(name).find()) for name in ("responses", "trail")])
    listed = client.get(URL, headers=manager).get_data(as_text=True)
    for value in (*plain.values(), "1111"):
        assert value not in kept
        assert value not in listed
    assert "hash" not in listed


def test_the_same_again_changes_nothing(client, wave, manager):
    send(client, manager, response())
    answer = send(client, manager, response(contact="+86 13812345678"))
    assert answer.status_code == 200
    assert (answer.get_json()["new"], answer.get_json()["same"]) == (0, 1)
    assert collection("responses").count_documents({}) == 1
    assert collection("trail").count_documents({"kind": "survey_import"}) == 1


def test_the_first_answer_counts_and_the_other_is_kept(client, wave, manager):
    send(client, manager, response())
    other = response(answers={"SSQ-DRV-01": 1}, submitted_at="2026-02-13T09:30:00+09:00")
    answer = send(client, manager, other, response(2)).get_json()
    assert (answer["new"], answer["changed"], answer["errors"]) == (1, 1, [])
    assert answer["results"][0]["result"] == "changed"
    assert answer["changes"] == [{"row": 0, "response_id": "R1", "direction": "down"}]
    again = send(client, manager, other, response(2)).get_json()
    assert (again["new"], again["same"], again["changed"]) == (0, 2, 0)
    kept = collection("responses").find_one({"_id": "SSQ:R1"})
    assert kept["answers"][1] == 5
    (version,) = kept["versions"]
    assert (version["answers"][1], version["direction"], version["change"]) == (1, "down", -1.0)
    assert version["edited_at"].isoformat() == "2026-02-13T00:30:00+00:00"
    (listed, _) = client.get(URL, headers=manager).get_json()["items"]
    assert listed["versions"][0]["direction"] == "down"
    assert "hash" not in str(listed)


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        ({"answers": {"SSQ-DRV-01": 5, "SSQ-DRV-02": "na", "SSQ-OUT-02": 10}}, "up"),
        ({"answers": {"SSQ-DRV-01": 4, "SSQ-OUT-02": 9}}, "down"),
        ({"comment": "改了"}, "level"),
        ({"contact": "13911112222"}, "level"),
        ({"answers": {"SSQ-DRV-03": 1}}, "level"),  # nothing was rated both times
    ],
)
def test_an_edit_has_a_direction(client, wave, manager, change, direction):
    send(client, manager, response())
    assert send(client, manager, response(**change)).get_json()["changes"][0]["direction"] == direction
    (version,) = collection("responses").find_one()["versions"]
    assert version["direction"] == direction
    assert version["edited_at"] == version["received_at"]  # it brings no later time of its own


def test_versions_are_bounded_and_the_next_is_refused(client, wave, manager):
    send(client, manager, *(response(comment=str(n)) for n in range(21)))
    body = send(client, manager, response(comment="0"), response(comment="another")).get_json()
    assert (body["same"], body["refused"]) == (1, 1)
    assert "20 later versions" in body["errors"][0]["message"]["en"]
    assert len(collection("responses").find_one()["versions"]) == 20


def test_what_an_earlier_release_kept_aside_becomes_a_version(client, wave, manager):
    """It hashed content with the contact inside, and kept the others in response_conflicts."""
    send(client, manager, response())
    kept = collection("responses").find_one()
    collection("responses").update_one({}, {"$set": {"content_hash": "f" * 64}})
    content = {k: v for k, v in kept.items() if k not in ("_id", "received_at")}
    content |= {"comment": "earlier", "content_hash": "e" * 64}
    aside = {"_id": "SSQ:R1:eee", "response": "SSQ:R1", "content": content, "received_at": NOW}
    collection("response_conflicts").insert_one(aside)
    answer = send(client, manager, response(), response(comment="earlier")).get_json()
    assert (answer["same"], answer["changed"]) == (2, 0)
    assert [v["comment"] for v in collection("responses").find_one()["versions"]] == ["earlier"]
    assert collection("response_conflicts").count_documents({}) == 0


REFUSALS = [
    ({"dealer": "D9999"}, "dealer"),
    ({"dealer": "D0003", "event_at": "2026-09-01T10:00:00"}, "event_at"),
    ({"event_at": "2025-12-31T23:59:59"}, "event_at"),
    ({"event_at": "yesterday"}, "event_at"),
    ({"event_at": "0001-01-01T00:00:00+14:00"}, "event_at"),
    ({"submitted_at": ""}, "submitted_at"),
    ({"started_at": "2026-02-13T00:00:00"}, "started_at"),
    ({"channel": "pigeon"}, "channel"),
    ({"answers": {"SSQ-DRV-01": 6}}, "SSQ-DRV-01"),
    ({"answers": {"SSQ-DRV-01": "5"}}, "SSQ-DRV-01"),
    ({"answers": {"SSQ-OUT-01": "na"}}, "SSQ-OUT-01"),
    ({"answers": {"SSQ-DRV-01": None}}, ""),
]


@pytest.mark.parametrize(("change", "field"), REFUSALS)
def test_a_bad_row_is_named_and_the_good_go_in(client, wave, manager, change, field):
    answer = send(client, manager, response(1, **change), response(2))
    assert answer.status_code == 201
    body = answer.get_json()
    assert (body["new"], body["refused"]) == (1, 1)
    assert [r["result"] for r in body["results"]] == ["refused", "new"]
    assert (body["errors"][0]["index"], body["errors"][0]["field"]) == (0, field)
    alone = send(client, manager, response(1, **change))
    assert alone.status_code == 422
    assert alone.get_json()["type"] == "/problems/import-refused"
    assert alone.get_json()["errors"][0]["field"] == field


@pytest.mark.parametrize("change", [{"answers": {"SSQ-DRV-01": True}}, {"answers": {"SSQ-DRV-01": 5.0}}, {"wave": "X"}])
def test_what_is_no_response_refuses_the_request(client, wave, manager, change):
    answer = send(client, manager, response(1, **change), response(2))
    assert answer.status_code == 422
    assert collection("responses").count_documents({}) == 0


def test_unknown_items_are_named(client, wave, manager):
    answer = send(client, manager, response(answers={"ASQ-DRV-01": 5}))
    assert answer.status_code == 422
    assert "ASQ-DRV-01" in answer.get_json()["detail"]


def test_scope(client, wave, people, manager):
    aurora = people.headers(people.add(Role.PROGRAMME_MANAGER, brands=("Aurora",)))
    answer = send(client, aurora, response(1, dealer="D0003"), response(2))
    assert [r["result"] for r in answer.get_json()["results"]] == ["refused", "new"]
    assert send(client, manager, response(3, dealer="D0003")).status_code == 201
    assert [r["response_id"] for r in client.get(URL, headers=aurora).get_json()["items"]] == ["R2"]
    dealer = people.headers(people.add(Role.DEALER, dealers=("D0001",)))
    assert client.get(URL, headers=dealer).status_code == 403
    assert send(client, dealer, response(4)).status_code == 403
    assert client.get("/v1/surveys/NOPE/responses", headers=manager).status_code == 404


def test_pages(client, wave, manager):
    send(client, manager, *(response(n) for n in range(5)))
    first = client.get(URL + "?limit=3", headers=manager).get_json()
    rest = client.get(f"{URL}?limit=3&after={first['next']}&wave={wave}", headers=manager).get_json()
    assert [r["response_id"] for r in first["items"] + rest["items"]] == [f"R{n}" for n in range(5)]
    assert rest["next"] is None
    assert client.get(URL + "?wave=other", headers=manager).get_json()["items"] == []


# Rows of a file, as text.
HEADER = [*COLUMNS, *(item.id for item in SSQ.items)]


def written(number, mark, contact=""):
    row = dict.fromkeys(HEADER, "")
    row |= {
        "response_id": f"R{number}", "dealer": f"D000{1 + number % 2}", "questionnaire": "SSQ", "version": "1",
        "event_at": "2026-02-03 10:00", "submitted_at": "2026-02-12T09:30:00", "contact": contact,
        "SSQ-DRV-01": str(mark), "SSQ-OUT-02": f"{mark}.0",
    }  # fmt: skip
    return [row[name] for name in HEADER]


def run(rows, **options):
    return surveys.import_responses(
        enumerate(rows, 2), columns=HEADER, questionnaire=SSQ, hasher=HASHER, actor=OPERATOR, at=NOW, **options
    )


def contents():
    """Every content of every response, as the first answer or a later one."""
    rows = list(collection("responses").find())
    kept = {(r["_id"], r["content_hash"]) for r in rows}
    later = [(r["_id"], v["content_hash"]) for r in rows for v in r.get("versions", ())]
    assert len(later) == len(set(later)), "a content is kept once"
    return kept, kept | set(later)


@hypothesis_settings(max_examples=25)
@given(data=st.data())
def test_any_split_order_and_repetition_ends_the_same(wave, data):
    """Rows of 8 responses, some with a second content; cut into files, shuffled, repeated."""
    collection("responses").delete_many({})
    rows = [written(n, 1 + n % 5, f"1381234567{n}") for n in range(8)]
    others = [written(n, 1 + (n + 1) % 5) for n in data.draw(st.sets(st.integers(0, 7), max_size=3))]
    sent = data.draw(st.permutations([*rows, *others, *data.draw(st.lists(st.sampled_from(rows), max_size=8))]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=3)))
    read = 0
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        part = sent[start:end]
        dry = run(part, dry_run=True)
        report = run(part)
        assert (dry.new, dry.same, dry.changed, dry.refused) == (
            report.new,
            report.same,
            report.changed,
            report.refused,
        )
        assert report.new + report.same + report.changed == len(part)
        read += report.new
    kept, everything = contents()
    assert read == len(kept) == len(rows)
    assert {name for name, _ in kept} == {f"SSQ:R{n}" for n in range(8)}
    assert len(everything) == len(rows) + len(others)


def test_the_kept_set_does_not_depend_on_the_batch(wave, monkeypatch):
    rows = [written(n, 3) for n in range(7)]
    monkeypatch.setattr(surveys.surveys, "BATCH", 2)
    report = run([*rows, *rows[:3]])
    assert (report.new, report.same, report.read) == (7, 3, 10)


@pytest.fixture
def survey(command, wave):
    """Run `audit-api survey …`."""
    return partial(command, "survey")


def write_file(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def test_a_file_goes_in_and_bad_rows_go_aside(survey, tmp_path):
    bad = written(2, 3)
    bad[HEADER.index("channel")] = "=HYPERLINK(1)"
    bad[HEADER.index("contact")] = "x" * 201
    path = write_file(tmp_path / "batch.csv", [written(1, 5), bad, written(3, 4)])
    dry = survey("import", path, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "would be: 2 new" in dry.output
    done = survey("import", path)
    assert done.exit_code == 0, done.output
    assert "2 new, 0 known already, 0 with other content, 1 refused, of 3 rows" in done.output
    with (tmp_path / "batch.csv.quarantine.csv").open(encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    assert [(line["row"], line["column"], line["value"]) for line in lines] == [
        ("3", "channel", "'=HYPERLINK(1)"),
        ("3", "contact", ""),
    ]
    assert "W1-Aurora\tSSQ\t2" in survey("list").output
    again = survey("import", path)
    assert "0 new, 2 known already" in again.output


def test_a_header_that_does_not_fit_is_refused_by_name(survey, tmp_path):
    path = tmp_path / "wrong.csv"
    path.write_text("response_id,dealer,questionnaire,Colour,SSQ-DRV-99\nR1,D0001,SSQ,red,5\n")
    done = survey("import", path)
    assert done.exit_code == 1
    detail = str(done.exception)
    for name in ("event_at", "submitted_at", "Colour", "SSQ-DRV-99"):
        assert name in detail


def test_a_long_import_tells_how_far_it_is(survey, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(surveys.surveys, "BATCH", 2)
    monkeypatch.setattr(plain_columns, "PIECE", 1)
    done = survey("import", write_file(tmp_path / "batch.csv", [written(n, 5) for n in range(5)]))
    told = [line.split(" rows, ")[0] for line in done.output.splitlines() if " a second" in line]
    assert told == ["2", "4", "5", "5"]
    staff = tmp_path / "staff.csv"
    staff.write_text("dealer,contact\nD0001,13812345678\n", encoding="utf-8")
    done = survey("staff", "import", staff)
    assert "1 rows, " in done.output, done.output


def test_the_first_answer_counts_however_a_row_is_written(survey, tmp_path):
    """Rows that are read as columns and rows that are read alone keep the order of the file."""
    rows = [written(1, mark) for mark in (5, 4, 3)]
    rows[0][HEADER.index("SSQ-DRV-01")] = "5,0"  # read alone
    rows[2][HEADER.index("SSQ-DRV-01")] = "很满意"  # 5 again, but with another answer further on
    done = survey("import", write_file(tmp_path / "batch.csv", rows))
    assert "1 new, 0 known already, 2 with other content" in done.output
    kept = collection("responses").find_one()
    place = [item.id for item in SSQ.items].index("SSQ-DRV-01")
    assert [kept["answers"][place], *(version["answers"][place] for version in kept["versions"])] == [5, 4, 5]
