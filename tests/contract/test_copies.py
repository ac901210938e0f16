"""Recycled photos: entered in the background, listed for reviewers, shown side by side."""

from __future__ import annotations

import hashlib
import io
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image, ImageOps

from audit_api.domain.directory import OPERATOR, Role
from audit_api.models.base import collection
from audit_api.models.copies import PhotoCopies
from audit_api.models.photos import Photo
from audit_api.operations import copies, copies_entering, photos
from audit_api.operations.copies_entering import CopyIndex, enter_photos
from tests.pictures.alterations import encoded
from tests.pictures.scenes import draw_scene

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HTML = {"Accept": "text/html,application/xhtml+xml"}
SCENE = draw_scene(1)
ORIGINAL = encoded(SCENE, quality=92)
MIRRORED = encoded(ImageOps.mirror(SCENE), quality=70)
OTHER = encoded(draw_scene(2))
THIRD = encoded(SCENE.resize((320, 240)), quality=60)


def name_of(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def auditors(people):
    return [people.add(Role.AUDITOR, brands=("*",), name=name) for name in ("anna", "bert")]


@pytest.fixture
def reviewer(people):
    return people.add(Role.QUALITY_REVIEWER, brands=("Aurora",))


@pytest.fixture
def send(app):
    services = app.extensions["audit"]

    def put(auditor, *datas):
        for data in datas:
            photos.receive_photo(
                services.store, io.BytesIO(data), name_of(data), settings=services.settings, actor=auditor, at=AT
            )

    return put


def visit_with(auditor, shots, *, brand="Aurora", dealer="D0001", started_at=AT, state="submitted"):
    """Keep a visit whose items SMS-1, SMS-2 … have these lists of photos."""
    visit = str(uuid.uuid4())
    observations = [
        {"item": f"SMS-{n}", "photos": [{"slot": str(s), "sha256": name_of(d)} for s, d in enumerate(datas, 1)]}
        for n, datas in enumerate(shots, 1)
    ]
    collection("visits").insert_one(
        {
            "_id": visit, "assignment": visit, "active": True, "brand": brand, "dealer": dealer, "wave": f"{brand}-W",
            "auditor": auditor.id, "state": state, "started_at": started_at, "observations": observations,
        }
    )  # fmt: skip
    return visit


def entries():
    return list(PhotoCopies._get_collection().find().sort("_id", 1))


def listed(client, people, actor, visit, **query):
    return client.get(f"/v1/visits/{visit}/copies", query_string=query, headers=people.headers(actor))


def test_an_altered_photo_is_shown_beside_its_original(client, people, auditors, reviewer, send):
    anna, bert = auditors
    send(anna, ORIGINAL, OTHER)
    send(bert, MIRRORED)
    first = visit_with(anna, [[ORIGINAL], [OTHER]], started_at=AT - timedelta(days=400))
    second = visit_with(bert, [[MIRRORED]], dealer="D0002")
    before = listed(client, people, reviewer, second).json
    assert (before["entered"], before["waiting"], before["items"]) == (0, 1, [])

    assert enter_photos(CopyIndex(), at=AT) == 3
    answer = listed(client, people, reviewer, second)
    assert answer.status_code == 200, answer.json
    found = answer.json
    assert (found["entered"], found["waiting"], found["plain"], found["next"]) == (1, 0, 0, None)
    [pair] = found["items"]
    assert pair["photo"]["sha256"] == name_of(MIRRORED)
    assert pair["other"]["sha256"] == name_of(ORIGINAL)
    assert pair["other_is"] == "earlier"
    assert pair["distance"] <= 31
    assert [change["code"] for change in pair["changes"]] == ["mirrored"]
    assert pair["chance"]["pairs"] > 300_000
    [use] = pair["uses"]
    assert (use["visit"], use["dealer"], use["auditor_name"], use["item"]) == (first, "D0001", "anna", "SMS-1")

    [back] = listed(client, people, reviewer, first).json["items"]
    assert (back["other"]["sha256"], back["other_is"]) == (name_of(MIRRORED), "later")
    assert [change["code"] for change in back["changes"]] == ["mirrored"]


def test_the_same_bytes_in_two_slots_are_kept_and_marked(client, people, auditors, reviewer, send):
    anna, _ = auditors
    send(anna, ORIGINAL)
    visit = visit_with(anna, [[ORIGINAL], [ORIGINAL]])
    again = visit_with(anna, [[ORIGINAL]], dealer="D0002")
    found = listed(client, people, reviewer, visit).json["items"]  # marked at once, entered or not
    assert [(pair["item"], pair["other_is"], pair["chance"]) for pair in found] == [
        ("SMS-1", "same", None), ("SMS-2", "same", None),
    ]  # fmt: skip
    assert [c["code"] for c in found[0]["changes"]] == ["same_bytes"]
    assert {(use["visit"], use["item"]) for use in found[0]["uses"]} == {(visit, "SMS-2"), (again, "SMS-1")}
    kept = collection("visits").find_one({"_id": visit})
    assert [o["photos"][0]["sha256"] for o in kept["observations"]] == [name_of(ORIGINAL)] * 2


def test_a_photo_used_once_has_no_copies(client, people, auditors, reviewer, send):
    send(auditors[0], ORIGINAL, OTHER)
    visit = visit_with(auditors[0], [[ORIGINAL, OTHER]])
    enter_photos(CopyIndex(), at=AT)
    assert listed(client, people, reviewer, visit).json["items"] == []


def test_what_is_out_of_scope_is_counted_and_not_shown(client, people, auditors, reviewer, send):
    anna, bert = auditors
    send(anna, ORIGINAL)
    send(bert, MIRRORED)
    visit_with(anna, [[ORIGINAL]], brand="Borealis", dealer="D0003")
    visit = visit_with(bert, [[MIRRORED]])
    enter_photos(CopyIndex(), at=AT)
    answer = listed(client, people, reviewer, visit)
    [pair] = answer.json["items"]
    assert (pair["other"], pair["uses"], pair["uses_out_of_scope"]) == (None, [], 1)
    for hidden in (name_of(ORIGINAL), "D0003", "Borealis", anna.id, "anna"):
        assert hidden not in answer.get_data(as_text=True)
    shot = f"/visits/{visit}/copies/{name_of(ORIGINAL)}.jpg"
    assert client.get(shot, headers=people.headers(reviewer)).status_code == 404
    everything = people.add(Role.ADMIN)
    assert client.get(shot, headers=people.headers(everything)).status_code == 200


def test_naming_a_hash_one_has_not_sent_opens_nothing(client, people, auditors, reviewer, send):
    anna, bert = auditors
    send(anna, ORIGINAL)
    visit_with(anna, [[ORIGINAL]], brand="Borealis", dealer="D0003")
    visit = visit_with(bert, [[ORIGINAL]])
    enter_photos(CopyIndex(), at=AT)
    assert listed(client, people, reviewer, visit).json["items"] == []
    shot = f"/visits/{visit}/copies/{name_of(ORIGINAL)}.jpg"
    assert client.get(shot, headers=people.headers(reviewer)).status_code == 404


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DEALER])
def test_neither_auditor_nor_dealer_sees_copies(client, people, auditors, send, role):
    send(auditors[0], ORIGINAL)
    visit = visit_with(auditors[0], [[ORIGINAL], [ORIGINAL]])
    someone = auditors[0] if role is Role.AUDITOR else people.add(role, dealers=("D0001",))
    paths = (f"/v1/visits/{visit}/copies", f"/visits/{visit}/copies", f"/visits/{visit}/copies/{name_of(ORIGINAL)}.jpg")
    for path in paths:
        assert client.get(path, headers=people.headers(someone)).status_code == 403


def test_naming_a_hash_one_has_not_sent_makes_nobody_a_copy(client, people, auditors, reviewer, send):
    anna, bert = auditors
    send(anna, ORIGINAL)
    visit = visit_with(anna, [[ORIGINAL]])
    visit_with(bert, [[ORIGINAL]])
    assert listed(client, people, reviewer, visit).json["items"] == []


def test_the_list_comes_in_pages(client, people, auditors, reviewer, send):
    send(auditors[0], ORIGINAL, MIRRORED, THIRD)
    visit = visit_with(auditors[0], [[ORIGINAL], [MIRRORED], [THIRD]])
    enter_photos(CopyIndex(), at=AT)
    whole = listed(client, people, reviewer, visit).json["items"]
    assert len(whole) == 6  # each photo beside the two others
    read, after = [], None
    while True:
        page = listed(client, people, reviewer, visit, limit=2, **({"after": after} if after else {})).json
        assert len(page["items"]) <= 2
        read += page["items"]
        if (after := page["next"]) is None:
            break
    assert read == whole


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_both_side_by_side(client, people, auditors, reviewer, send, lang):
    anna, bert = auditors
    send(anna, ORIGINAL)
    send(bert, MIRRORED)
    visit_with(anna, [[ORIGINAL]], dealer="D0002")
    visit = visit_with(bert, [[MIRRORED], [MIRRORED]])
    enter_photos(CopyIndex(), at=AT)
    answer = client.get(f"/visits/{visit}/copies?lang={lang}", headers=people.headers(reviewer))
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    for data in (ORIGINAL, MIRRORED):
        path = f"/visits/{visit}/copies/{name_of(data)}.jpg"
        assert path in text
        shot = client.get(path, headers=people.headers(reviewer))
        assert shot.mimetype == "image/jpeg"
        with Image.open(io.BytesIO(shot.data)) as image:
            assert max(image.size) <= 320 and not image.getexif()
    assert ("镜像翻转" if lang == "zh" else "mirrored") in text
    assert ("逐字节相同" if lang == "zh" else "byte for byte") in text
    assert "D0002" in text and "anna" in text
    unrelated = f"/visits/{visit}/copies/{name_of(OTHER)}.jpg"
    send(bert, OTHER)
    visit_with(bert, [[OTHER]])  # in sight, but no copy of anything here
    assert client.get(unrelated, headers=people.headers(reviewer)).status_code == 404


def test_a_browser_gets_a_page_for_a_visit_out_of_sight(client, people, auditors, reviewer):
    visit = visit_with(auditors[0], [], brand="Borealis", dealer="D0003")
    answer = client.get(f"/visits/{visit}/copies", headers=people.headers(reviewer, **HTML))
    assert answer.status_code in (303, 404)
    assert client.get(f"/visits/{visit}/copies", headers=people.headers(reviewer)).status_code == 404


def test_entering_again_changes_nothing(app, auditors, send):
    send(auditors[0], ORIGINAL, MIRRORED)
    assert enter_photos(CopyIndex(), at=AT) == 2
    before = entries()
    assert enter_photos(CopyIndex(), at=AT) == 0
    assert entries() == before
    assert [found["sha256"] for found in before[1]["found"]] == [before[0]["sha256"]]
    assert before[0]["found"] == []


def test_killed_between_the_two_writes_nothing_is_lost_or_doubled(app, auditors, send, monkeypatch):
    send(auditors[0], ORIGINAL, MIRRORED)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(copies_entering, "_mark", killed)
        with pytest.raises(KeyboardInterrupt):
            enter_photos(CopyIndex(), at=AT)
    assert copies_entering.count_waiting() == 2
    assert len(entries()) == 1
    assert enter_photos(CopyIndex(), at=AT) == 1  # the other one; the first is only marked
    assert copies_entering.count_waiting() == 0
    assert [entry["_id"] for entry in entries()] == [1, 2]
    assert len(entries()[1]["found"]) == 1


def test_each_process_sees_what_the_others_entered(app, auditors, send):
    """Two indexes that take turns: every photo once, every likeness found."""
    one, two = CopyIndex(), CopyIndex()
    send(auditors[0], ORIGINAL)
    assert enter_photos(one, at=AT) == 1
    send(auditors[0], MIRRORED)
    assert enter_photos(two, at=AT) == 1
    send(auditors[0], THIRD)
    assert enter_photos(one, at=AT) == 1
    found = [{f["sha256"] for f in entry["found"]} for entry in entries()]
    assert found == [set(), {name_of(ORIGINAL)}, {name_of(ORIGINAL), name_of(MIRRORED)}]
    assert two.catch_up() == 2  # its own and the last
    assert CopyIndex().catch_up() == 3


def test_several_at_once_number_without_gaps_and_miss_nothing(app, auditors, send):
    shots = [encoded(draw_scene(5), quality=40 + n) for n in range(12)]
    send(auditors[0], *shots)
    entered, errors = [], []

    def work():
        try:
            entered.append(enter_photos(CopyIndex(), at=AT))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sum(entered) == 12
    kept = entries()
    assert [entry["_id"] for entry in kept] == list(range(1, 13))
    assert {entry["sha256"] for entry in kept} == {name_of(shot) for shot in shots}
    for entry in kept:  # all are one picture: each is like every one before it
        assert {f["sha256"] for f in entry["found"]} == {other["sha256"] for other in kept[: entry["_id"] - 1]}


def test_an_entry_that_is_gone_is_made_again(app, auditors, send):
    send(auditors[0], ORIGINAL, MIRRORED)
    enter_photos(CopyIndex(), at=AT)
    PhotoCopies._get_collection().delete_one({"_id": 1})
    assert copies_entering.forget_lost_entries() == 1
    assert enter_photos(CopyIndex(), at=AT) == 1
    assert [entry["_id"] for entry in entries()] == [2, 3]
    assert copies_entering.forget_lost_entries() == 0
    assert [found["sha256"] for found in entries()[1]["found"]] == [name_of(MIRRORED)]
    assert CopyIndex().catch_up() == 2


def test_an_index_that_outlives_an_entry_finds_no_photo_to_be_its_own_copy(app, auditors, send):
    send(auditors[0], ORIGINAL)
    index = CopyIndex()
    enter_photos(index, at=AT)
    index.catch_up()
    PhotoCopies._get_collection().delete_many({})
    copies_entering.forget_lost_entries()
    assert enter_photos(index, at=AT) == 1
    assert entries()[0]["found"] == []


def test_a_number_met_before_the_one_before_it_is_not_passed_over(app, auditors, send, monkeypatch):
    """A slow reading meets entry 3 without 2, which was not there yet when it passed: it reads again."""
    send(auditors[0], ORIGINAL, MIRRORED, THIRD)
    enter_photos(CopyIndex(), at=AT)
    kept = PhotoCopies._get_collection()
    late = kept.find_one_and_delete({"_id": 2})
    read = CopyIndex._read

    def slow(self, beyond):
        met = read(self, beyond)
        if late["_id"] and met == 3:
            kept.insert_one(dict(late))
            late["_id"] = None
        return met

    monkeypatch.setattr(CopyIndex, "_read", slow)
    index = CopyIndex()
    assert index.catch_up() == 3
    assert index._photos == [entry["sha256"] for entry in entries()]


def test_a_plain_photo_is_entered_and_found_by_its_bytes_only(client, people, auditors, reviewer, send):
    plain = [encoded(Image.new("RGB", (640, 480), (level, level, level))) for level in (100, 103)]
    send(auditors[0], *plain)
    visit = visit_with(auditors[0], [[plain[0]], [plain[1]], [plain[0]]])
    enter_photos(CopyIndex(), at=AT)
    found = listed(client, people, reviewer, visit).json
    assert (found["entered"], found["plain"]) == (2, 2)
    assert [(pair["item"], pair["other_is"]) for pair in found["items"]] == [("SMS-1", "same"), ("SMS-3", "same")]


def test_a_thumbnail_that_cannot_be_read_stops_nothing(app, auditors, send):
    send(auditors[0], ORIGINAL, OTHER)
    Photo._get_collection().update_one({"_id": name_of(ORIGINAL)}, {"$set": {"thumbnail": b"damaged"}})
    assert enter_photos(CopyIndex(), at=AT) == 2
    assert {entry["sha256"]: bool(entry["cuts"]) for entry in entries()} == {
        name_of(ORIGINAL): False, name_of(OTHER): True,
    }  # fmt: skip


def test_the_operator_lists_them_too(app, auditors, send):
    send(auditors[0], ORIGINAL)
    visit = visit_with(auditors[0], [[ORIGINAL], [ORIGINAL]])
    assert len(copies.list_copies(OPERATOR, visit, limit=10)["items"]) == 2


def test_the_commands(command, auditors, send):
    send(auditors[0], ORIGINAL)
    send(auditors[1], MIRRORED)
    visit_with(auditors[0], [[ORIGINAL]], dealer="D0002")
    visit = visit_with(auditors[1], [[MIRRORED], [MIRRORED]])

    def copy(*arguments):
        done = command("copy", *arguments)
        assert done.exit_code == 0, done.output
        return done.output

    assert "2 entered" in copy("enter")
    assert "1 entries lost" in (PhotoCopies._get_collection().delete_one({"_id": 2}), copy("enter", "--lost"))[1]
    told = copy("list", visit)
    assert "mirrored" in told
    assert "byte for byte" in told
    assert "D0002" in told and "anna" in told
    assert "2 compared" not in told
    assert "1 compared, 0 waiting, 0 too plain" in told
