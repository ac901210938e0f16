"""PUT, HEAD and GET /v1/attachments/{sha256}; attachments of a visit, from its PUT to receipt, page and result."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from pathlib import Path

import pytest

from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import attachments as kept
from audit_api.models import photos as models
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import photo_checks, programmes
from tests import pdfs, worlds
from tests.conftest import NOW

RECORDINGS = Path(__file__).parent.parent / "recordings"
PDF = pdfs.plain()
SOUND, SILENT, FILM = ((RECORDINGS / name).read_bytes() for name in ("tone.m4a", "silent.mp4", "ramp.mp4"))
ITEM = "SAA-PRI-01"


def name_of(data):
    return hashlib.sha256(data).hexdigest()


URL = f"/v1/attachments/{name_of(PDF)}"


def put(network, headers, data, name=None, **more):
    return network.client.put(f"/v1/attachments/{name or name_of(data)}", data=data, headers=headers | more)


def allow(allowed=True, programme="P-Aurora"):
    programmes.set_recording(programme, allowed=allowed, reason="法务已批准", actor=OPERATOR, at=NOW)


def counts():
    names = ("attachments", "attachment_uploads", "blobs.files", "blobs.chunks")
    return tuple(collection(name).count_documents({}) for name in names)


@pytest.fixture(autouse=True)
def nothing_kept(network):
    """Begin with no file at all, and no recording allowed anywhere."""
    for name in ("attachments", "attachment_uploads", "blobs.files", "blobs.chunks", "photos", "photo_uploads"):
        collection(name).delete_many({})
    for programme in ("P-Aurora", "P-Borealis"):
        allow(False, programme)


@pytest.fixture
def auditor(network):
    return network.person(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture
def reviewer(network):
    return network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))


@pytest.fixture
def visit(network, auditor):
    """A whole announced audit, whose programme as yet allows no recording."""
    return worlds.make_visit(network.assignment(auditor[0], checklist="SAA"), checklist="SAA", seed=4)


def submit(network, auditor, visit):
    return worlds.submit_visit(network.client, auditor[1], visit)


def test_it_works(network, auditor, reviewer, visit):
    """Named, sent, submitted, on the receipt, read and saved by the reviewer."""
    allow()
    sound = visit.attach(ITEM, SOUND, "audio")
    document = visit.attach(ITEM, PDF, slot="2")
    visit.observation(ITEM)["attachments"][0]["recorded_at"] = "2026-11-20T10:05:00+08:00"
    assert worlds.send_visit(network.client, auditor[1], visit).status_code == 201
    receipt = submit(network, auditor, visit).get_json()
    assert [(a["item"], a["slot"], a["sha256"], a["kind"]) for a in receipt["attachments"]] == [
        (ITEM, "1", sound, "audio"),
        (ITEM, "2", document, "document"),
    ]
    checked = network.client.post("/v1/receipt-verifications", json=receipt).get_json()
    assert (checked["result"], checked["kept"]) == ("valid", True)
    listed = network.client.get(f"{visit.url}/attachments", headers=reviewer[1]).get_json()["items"]
    assert [(a["sha256"], a["facts"]["format"]) for a in listed] == [(sound, "M4A"), (document, "PDF")]
    assert (listed[0]["recorded_at"], listed[0]["facts"]["has_audio"]) == ("2026-11-20T10:05:00+08:00", True)
    assert listed[1]["facts"]["pages"] == 1
    shown = network.client.get(visit.url, headers=reviewer[1]).get_json()["observations"]
    assert next(o for o in shown if o["item"] == ITEM)["attachments"][1]["sha256"] == document
    page = network.client.get(f"/visits/{visit.id}/attachments?lang=zh", headers=reviewer[1]).get_data(as_text=True)
    assert f"/visits/{visit.id}/attachments/{document}" in page
    assert not any(tag in page for tag in ("<audio", "<video", "<embed", "<object", "<iframe"))


def saved_from(client, reader, visit, sha256):
    """Give the answers of both ways to save an attachment: the API's and the page's."""
    for path in (f"/v1/attachments/{sha256}", f"/visits/{visit.id}/attachments/{sha256}"):
        yield client.get(path, headers=reader[1])


def test_it_is_saved_and_never_played(network, auditor, reviewer, visit):
    sha256 = visit.attach(ITEM, SILENT, "video")
    worlds.send_visit(network.client, auditor[1], visit)
    for answer in saved_from(network.client, reviewer, visit, sha256):
        assert answer.get_data() == SILENT
        assert answer.content_length == len(SILENT)
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{sha256[:16]}.mp4"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policies = answer.headers.get_all("Content-Security-Policy")
        assert len(policies) == 1
        assert "sandbox" in policies[0]
        assert "default-src 'none'" in policies[0]
    entries = trail.entries_of("attachment", sha256)
    assert [(entry["verb"], entry["actor"]) for entry in entries] == [("opened", reviewer[0].id)] * 2


def test_sending_again_is_412_and_changes_nothing(network, auditor):
    first = put(network, auditor[1], PDF, **{"If-None-Match": "*", "Content-Type": "text/html"})
    assert first.status_code == 201
    assert first.get_json()["media_type"] == "application/pdf"
    again = put(network, auditor[1], PDF)
    assert (again.status_code, again.get_json()["type"]) == (412, "/problems/attachment-exists")
    assert network.client.head(URL, headers=auditor[1]).status_code == 200
    assert counts() == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("data", "status", "kind", "reason"),
    [
        (b"", 422, "attachment-refused", "empty"),
        (PDF[:-20], 422, "attachment-refused", "truncated"),
        (SILENT[:-100], 422, "attachment-refused", "truncated"),
        (b"words renamed to .pdf", 415, "unsupported-media-type", "unsupported_format"),
        (worlds.picture(1), 415, "unsupported-media-type", "unsupported_format"),
        (pdfs.with_script(), 422, "attachment-refused", "pdf_javascript"),
        (pdfs.encrypted(), 422, "attachment-refused", "encrypted"),
        (pdfs.with_file(), 422, "attachment-refused", "embedded_files"),
        (SILENT + b"<html><script>1</script>", 422, "attachment-refused", "trailing_data"),
        (pdfs.many_pages(), 422, "attachment-refused", "too_many_pages"),
    ],
    ids=["empty", "cut pdf", "cut video", "text", "photo", "script", "encrypted", "file", "two in one", "pages"],
)
def test_refused_with_its_reason(network, auditor, data, status, kind, reason):
    answer = put(network, auditor[1], data, **{"Accept-Language": "zh"})
    problem = answer.get_json()
    assert (answer.status_code, problem["type"], problem["reason"]) == (status, f"/problems/{kind}", reason)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in problem["detail"])
    assert counts() == (0, 0, 0, 0)
    assert network.client.head(f"/v1/attachments/{name_of(data)}", headers=auditor[1]).status_code == 404


def test_larger_than_the_cap_is_refused_before_it_is_looked_at(network, auditor):
    settings = network.app.extensions["audit"].settings
    data = b"%PDF-1.7\n" + bytes(settings.max_body_bytes)
    assert put(network, auditor[1], data).get_json()["reason"] == "truncated"  # larger than other bodies is no matter
    answer = put(network, auditor[1], bytes(settings.max_attachment_bytes + 1))
    assert (answer.status_code, answer.get_json()["type"]) == (413, "/problems/too-large")


def chunk(network, headers, data, offset, length, name):
    more = {"Upload-Offset": str(offset), "Upload-Length": str(length), "Content-Type": "application/octet-stream"}
    return network.client.patch(f"/v1/attachments/{name}", data=data, headers=headers | more)


@pytest.mark.parametrize("data", [PDF, SILENT], ids=["pdf", "video"])
def test_it_goes_on_where_it_broke_off(network, auditor, data):
    """The same way in as photos have: offset, one more chunk, and all checks at the end."""
    name, half = name_of(data), len(data) // 2
    url = f"/v1/attachments/{name}"
    assert chunk(network, auditor[1], data[:half], 0, len(data), name).headers["Upload-Offset"] == str(half)
    so_far = network.client.head(url, headers=auditor[1])
    assert (so_far.status_code, so_far.headers["Upload-Offset"]) == (204, str(half))
    assert chunk(network, auditor[1], data[:half], 0, len(data), name).status_code == 409
    last = chunk(network, auditor[1], data[half:], half, len(data), name)
    assert (last.status_code, last.get_json()["byte_count"]) == (201, len(data))
    assert network.client.get(url, headers=auditor[1]).get_data() == data
    assert chunk(network, auditor[1], data[:half], 0, len(data), name).status_code == 412
    assert counts() == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (worlds.picture(2), 415, "unsupported_format"),  # told by the first bytes
        (pdfs.with_script(), 422, "pdf_javascript"),
        (SILENT[:-10], 422, "truncated"),
        (SOUND, 422, None),
    ],
    ids=["photo", "script", "cut", "sound"],
)
def test_chunks_end_in_the_same_checks(network, auditor, data, status, reason):
    name = name_of(data)
    half = len(data) // 2
    answer = chunk(network, auditor[1], data[:half], 0, len(data), name)
    if reason != "unsupported_format":
        assert answer.status_code == 204
        answer = chunk(network, auditor[1], data[half:], half, len(data), name)
    assert (answer.status_code, answer.get_json().get("reason")) == (status, reason)
    assert network.client.head(f"/v1/attachments/{name}", headers=auditor[1]).status_code == 404
    assert counts() == (0, 0, 0, 0)
    most = network.app.extensions["audit"].settings.max_attachment_bytes
    assert chunk(network, auditor[1], b"%PDF-", 0, most + 1, name).status_code == 413


def test_other_bytes_than_announced(network, auditor):
    answer = put(network, auditor[1], PDF, name=name_of(b"others"))
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/hash-mismatch")
    assert counts() == (0, 0, 0, 0)


@pytest.mark.parametrize("step", ["Attachment", "AttachmentUpload"])
def test_killed_between_two_writes_and_sent_again(network, auditor, monkeypatch, step):
    class Killed(BaseException):
        pass

    insert = models.insert_once

    def killed(document, row):
        if document.__name__ == step:
            raise Killed
        return insert(document, row)

    with monkeypatch.context() as patched:
        patched.setattr(models, "insert_once", killed)
        with pytest.raises(Killed):
            put(network, auditor[1], PDF)
    assert network.client.head(URL, headers=auditor[1]).status_code == 404
    assert put(network, auditor[1], PDF).status_code == 201
    assert counts() == (1, 1, 1, 1)


def test_nobody_learns_what_others_have(network, auditor, reviewer, visit):
    other = network.person(Role.AUDITOR, brands=("Borealis",))
    elsewhere = network.person(Role.QUALITY_REVIEWER, brands=("Borealis",))
    sha256 = visit.attach(ITEM, PDF)
    worlds.send_visit(network.client, auditor[1], visit)
    rival = worlds.make_visit(
        network.assignment(other[0], checklist="SAA", dealer="D0003"), checklist="SAA", dealer="D0003", seed=9
    )
    rival.attach(ITEM, PDF)
    worlds.send_visit(network.client, other[1], rival, photos=False)
    for headers in (other[1], elsewhere[1]):  # naming it, without the bytes, opens nothing
        assert network.client.head(URL, headers=headers).status_code == 404
        assert network.client.get(URL, headers=headers).status_code == 404
    assert network.client.get(f"{rival.url}/attachments", headers=elsewhere[1]).get_json()["items"][0]["facts"] is None
    assert network.client.get(f"/visits/{rival.id}/attachments/{sha256}", headers=elsewhere[1]).status_code == 404
    assert network.client.get(URL, headers=reviewer[1]).status_code == 200


def test_submission_waits_for_attachments(network, auditor, visit):
    sha256 = visit.attach(ITEM, PDF)
    attachments, visit.attachments = visit.attachments, {}
    worlds.send_visit(network.client, auditor[1], visit)
    answer = submit(network, auditor, visit)
    assert (answer.status_code, answer.get_json()["missing"]) == (424, [])
    assert answer.get_json()["missing_attachments"] == [sha256]
    assert put(network, auditor[1], attachments[sha256]).status_code == 201
    assert submit(network, auditor, visit).status_code == 200


def test_a_photo_stands_for_no_attachment_nor_the_other_way(network, auditor, visit):
    """Each is looked at as what it is: a PDF sent as an attachment is no photo, whatever a visit says."""
    photo = next(iter(visit.photos))
    visit.observation(ITEM)["attachments"] = [{"slot": "1", "sha256": photo, "kind": "document"}]
    worlds.send_visit(network.client, auditor[1], visit)
    assert submit(network, auditor, visit).get_json()["missing_attachments"] == [photo]
    del visit.observation(ITEM)["attachments"]
    assert put(network, auditor[1], PDF).status_code == 201
    visit.observation(ITEM)["photos"].append({"slot": "9", "sha256": name_of(PDF)})
    visit.body["revision"] = 2
    assert worlds.send_visit(network.client, auditor[1], visit, photos=False).status_code == 201
    assert submit(network, auditor, visit).get_json()["missing"] == [name_of(PDF)]


def test_another_kind_than_was_said(network, auditor, visit):
    visit.attach(ITEM, PDF, "video")
    worlds.send_visit(network.client, auditor[1], visit)
    answer = submit(network, auditor, visit)
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/evidence-missing")
    (error,) = answer.get_json()["errors"]
    assert (error["item"], error["slot"], error["code"]) == (ITEM, "1", "kind_differs")


@pytest.mark.parametrize("data", [SOUND, FILM], ids=["sound", "video with sound"])
def test_sound_is_not_even_stored_for_who_may_record_nowhere(network, auditor, visit, data):
    refused = put(network, auditor[1], data, **{"Accept-Language": "zh"})
    assert (refused.status_code, refused.get_json()["type"]) == (422, "/problems/recording-not-allowed")
    assert "录音" in refused.get_json()["detail"]
    assert counts() == (0, 0, 0, 0)
    allow(programme="P-Borealis")  # of no concern to this auditor
    assert put(network, auditor[1], data).status_code == 422
    allow()
    assert put(network, auditor[1], data).status_code == 201


def test_a_visit_that_names_sound_is_refused_by_item(network, auditor, visit):
    visit.attach(ITEM, SOUND, "audio")
    refused = network.client.put(visit.url, json=visit.body, headers=auditor[1])
    assert (refused.status_code, refused.get_json()["type"]) == (422, "/problems/recording-not-allowed")
    (error,) = refused.get_json()["errors"]
    assert (error["item"], error["code"]) == (ITEM, "recording_not_allowed")
    assert network.client.get(visit.url, headers=auditor[1]).status_code == 404
    allow()
    assert network.client.put(visit.url, json=visit.body, headers=auditor[1]).status_code == 201


def test_a_silent_video_needs_no_leave_and_a_sounding_one_is_found_out(network, auditor, visit):
    visit.attach(ITEM, SILENT, "video")
    assert worlds.send_visit(network.client, auditor[1], visit).status_code == 201
    # Sent while it was allowed, for another programme say; named in a visit where it is not.
    allow()
    assert put(network, auditor[1], FILM).status_code == 201
    allow(False)
    visit.observation(ITEM)["attachments"][0]["sha256"] = name_of(FILM)
    visit.body["revision"] = 2
    assert network.client.put(visit.url, json=visit.body, headers=auditor[1]).status_code == 422


def test_what_was_named_before_it_was_forbidden(network, auditor, visit):
    """The PUT repeats as it was; a submission comes too late, but one that was given repeats too."""
    allow()
    visit.attach(ITEM, FILM, "video")
    worlds.send_visit(network.client, auditor[1], visit)
    allow(False)
    assert network.client.put(visit.url, json=visit.body, headers=auditor[1]).status_code == 200
    late = submit(network, auditor, visit)
    assert (late.status_code, late.get_json()["type"]) == (422, "/problems/recording-not-allowed")
    allow()
    given = submit(network, auditor, visit)
    allow(False)
    again = submit(network, auditor, visit)
    assert (again.status_code, again.data) == (200, given.data)


def test_a_covert_checklist_takes_no_sound_whatever_its_programme_says(network, auditor):
    allow()
    visit = worlds.make_visit(network.assignment(auditor[0]), seed=4)
    visit.attach("SMS-PRI-01", SOUND, "audio")
    refused = network.client.put(visit.url, json=visit.body, headers=auditor[1] | {"Accept-Language": "zh"})
    assert refused.status_code == 422
    assert "隐蔽" in refused.get_json()["detail"]


@pytest.mark.parametrize(
    ("attachments", "field"),
    [
        ([{"slot": "1", "sha256": "0" * 64, "kind": "picture"}], "kind"),
        ([{"slot": "1", "sha256": "0" * 63, "kind": "video"}], "sha256"),
        ([{"slot": "1", "kind": "video"}], "sha256"),
        ([{"slot": "1", "sha256": "0" * 64, "kind": "video", "recorded_at": "yesterday"}], "recorded_at"),
        ([{"slot": "1", "sha256": "0" * 64, "kind": "video", "recorded_at": "1999-11-20T10:02:11+08:00"}],
         "recorded_at"),
        ([{"slot": str(n), "sha256": "0" * 64, "kind": "video"} for n in range(11)], "attachments"),
        ([{"slot": "1", "sha256": "0" * 64, "kind": "video"}] * 2, ITEM),
    ],
)  # fmt: skip
def test_references_that_make_no_sense(network, auditor, visit, attachments, field):
    visit.observation(ITEM)["attachments"] = attachments
    answer = network.client.put(visit.url, json=visit.body, headers=auditor[1])
    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert field in error.get("field", error.get("item"))


def test_a_visit_takes_a_hundred(network, auditor, visit):
    each = [{"slot": str(n), "sha256": "0" * 64, "kind": "video"} for n in range(10)]
    for observation in visit.body["observations"][:11]:
        observation["attachments"] = each
    answer = network.client.put(visit.url, json=visit.body, headers=auditor[1])
    assert answer.status_code == 422
    assert "110" in answer.get_json()["detail"]


def test_leaving_out_and_sending_none_are_the_same_content(network, auditor, visit):
    assert network.client.put(visit.url, json=visit.body, headers=auditor[1]).status_code == 201
    before = collection("visits").find_one({"_id": visit.id})
    assert all("attachments" not in observation for observation in before["observations"])
    visit.observation(ITEM)["attachments"] = []
    assert network.client.put(visit.url, json=visit.body, headers=auditor[1]).status_code == 200
    assert collection("visits").find_one({"_id": visit.id}) == before


def test_a_change_shows_between_versions(network, auditor, visit):
    network.client.put(visit.url, json=visit.body, headers=auditor[1])
    sha256 = visit.attach(ITEM, PDF)
    visit.body["revision"] = 2
    network.client.put(visit.url, json=visit.body, headers=auditor[1])
    found = network.client.get(f"{visit.url}/differences", headers=auditor[1]).get_json()["differences"]
    assert [(d["item"], d["part"], d["before"], d["after"]) for d in found] == [(ITEM, "attachments", [], [sha256])]


def test_a_dealer_gets_none_of_them(network, auditor, reviewer, visit):
    """Neither by hash nor by the visit, nor named in its result."""
    allow()
    hashes = [visit.attach(ITEM, SOUND, "audio"), visit.attach(ITEM, PDF, slot="2")]
    worlds.send_visit(network.client, auditor[1], visit)
    assert submit(network, auditor, visit).status_code == 200
    release(network, reviewer, visit)
    dealer = network.person(Role.DEALER, dealers=("D0001",))
    result = network.client.get(f"{visit.url}/result", headers=dealer[1])
    assert result.status_code == 200
    assert not any(sha256 in result.get_data(as_text=True) for sha256 in hashes)
    for sha256 in hashes:
        for path in (f"/v1/attachments/{sha256}", f"/visits/{visit.id}/attachments/{sha256}"):
            assert network.client.get(path, headers=dealer[1]).status_code == 403
    assert network.client.get(f"{visit.url}/attachments", headers=dealer[1]).status_code == 403
    assert put(network, dealer[1], PDF).status_code == 201  # to send the same bytes itself opens nothing either
    assert network.client.get(f"/v1/attachments/{hashes[1]}", headers=dealer[1]).status_code == 403


def release(network, reviewer, visit):
    for step in ("review", "approval", "release"):
        row = collection("visits").find_one({"_id": visit.id})
        body = {"record_revision": row["record_revision"]}
        if step == "approval":
            failed = [c["check"] for c in row["checks"] if c["blocking"] and c["passed"] is False]
            body["cleared"] = [{"check": check, "reason": "checked"} for check in failed]
        answer = network.client.post(f"{visit.url}/{step}", json=body, headers=reviewer[1])
        assert answer.status_code == 200, answer.get_data(as_text=True)


def test_the_sweep_finds_a_damaged_attachment_and_the_visits_that_name_it(network, auditor, visit):
    sha256 = visit.attach(ITEM, PDF)
    worlds.send_visit(network.client, auditor[1], visit)
    services = network.app.extensions["audit"]

    def verify(at):
        photo_checks.verify_photos(
            services.store, settings=services.settings, actor=OPERATOR, now=lambda: at, clock=time.monotonic,
            sleep=lambda _: None,
        )  # fmt: skip
        return collection("photo_damages").find_one({"_id": sha256})

    assert verify(NOW) is None
    blob = collection("blobs.files").find_one({"filename": sha256})["_id"]
    collection("blobs.chunks").update_one({"files_id": blob}, {"$set": {"data": b"other bytes"}})
    found = verify(NOW + timedelta(hours=1))
    assert (found["state"], found["visits"], found["dealer"]) == ("damaged", [visit.id], ["D0001"])
    collection("blobs.files").delete_one({"_id": blob})
    assert verify(NOW + timedelta(hours=2))["state"] == "missing"


def test_facts_are_kept_once_and_uploads_by_person(network, auditor):
    other = network.person(Role.AUDITOR, brands=("Aurora",))
    assert [put(network, person[1], PDF).status_code for person in (auditor, other)] == [201, 201]
    assert counts() == (1, 2, 1, 1)
    assert kept.Attachment._get_collection().find_one()["remarks"] == []
