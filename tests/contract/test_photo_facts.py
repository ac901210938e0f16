"""What reviewers read of a visit's photos: each fact with its source, and what to look at."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageFilter

from audit_api.domain.directory import Role
from audit_api.domain.photo_facts import FACTS, SOURCES
from audit_api.models.base import collection
from audit_api.operations import photos
from tests.pictures.scenes import draw_scene

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
VISIT = "6f1c3a52-8a40-4f0e-9f43-0d6f6a2f1c01"
URL, PAGE = f"/v1/visits/{VISIT}/photo-facts", f"/visits/{VISIT}/photo-facts"
FIX = {"lat": 30.2741, "lon": 120.1551, "accuracy_m": 8, "fixed_at": "2026-11-20T10:02:10+08:00", "datum": "WGS-84"}


def shot(place, software=None, blur=0):
    tags = Image.Exif()
    tags[0x10F], tags[0x110] = "Maker", "Phone"
    if software:
        tags[0x131] = software
    tags.get_ifd(0x8769).update({0x9003: "2026:11:20 10:02:11", 0x9011: "+08:00"})
    tags.get_ifd(0x8825).update({1: "N", 2: (30.0, 16.0, 26.76), 3: "E", 4: (120.0, 9.0, 18.36)})
    out = io.BytesIO()
    draw_scene(place).filter(ImageFilter.GaussianBlur(blur)).save(out, "JPEG", exif=tags)
    return out.getvalue()


SOUND, EDITED, BLURRED, NEVER = shot(1), shot(2, "Adobe Photoshop 25"), shot(3, blur=9), shot(4)


def name_of(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def auditor(people):
    return people.add(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture
def reviewer(people):
    return people.add(Role.QUALITY_REVIEWER, brands=("Aurora",))


@pytest.fixture
def visit(app, auditor):
    services = app.extensions["audit"]
    for data in (SOUND, EDITED, BLURRED):
        photos.receive_photo(
            services.store, io.BytesIO(data), name_of(data), settings=services.settings, actor=auditor, at=AT
        )
    named = [
        {
            "slot": str(n),
            "sha256": name_of(data),
            "taken_at": "2026-11-20T10:02:12+08:00",
            "fix": FIX if n == 1 else None,
        }
        for n, data in enumerate((SOUND, EDITED, BLURRED, NEVER), 1)
    ]
    collection("visits").insert_one(
        {"_id": VISIT, "assignment": "A-1", "active": True, "brand": "Aurora", "dealer": "D0001", "auditor": auditor.id,
         "observations": [{"item": "SMS-PRI-01", "photos": named}]}
    )  # fmt: skip
    return VISIT


def read(client, people, actor, **query):
    return client.get(URL, query_string=query, headers=people.headers(actor))


def test_it_works(client, people, reviewer, visit):
    answer = read(client, people, reviewer)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    page = answer.get_json()
    assert (page["visit"], page["waiting"], page["next"]) == (VISIT, 1, None)
    sound, edited, blurred = page["items"]
    known = {(fact["fact"], fact["source"]): fact for fact in sound["facts"]}
    assert known["taken_at", "exif"]["text"] == "2026-11-20T10:02:11+08:00"
    assert known["taken_at", "exif"]["detail"] == "DateTimeOriginal"
    assert known["taken_at", "phone"]["text"] == "2026-11-20T10:02:12+08:00"
    assert known["received_at", "server"]["text"].startswith("2026-11-22T03:00:00")
    assert known["position", "exif"]["text"] == known["position", "phone"]["text"] == "30.2741, 120.1551"
    assert known["position_accuracy_m", "phone"]["number"] == 8
    assert known["device", "exif"]["text"] == "Maker Phone"
    assert known["size", "container"]["text"] == "640 × 480"
    assert known["sharpness", "pixels"]["number"] > known["sharpness", "pixels"]["limit"] == 60
    assert sound["remarks"] == []
    assert [said["code"] for said in edited["remarks"]] == ["edited_by_software"]
    assert next(f for f in edited["facts"] if f["fact"] == "editor")["text"] == "Adobe Photoshop 25"
    assert [said["code"] for said in blurred["remarks"]] == ["blurred"]


def test_the_sender_hears_what_can_be_mended_and_not_what_is_for_reviewers(client, people, auditor):
    for data, codes in ((EDITED, []), (BLURRED, ["blurred"])):
        answer = client.put(f"/v1/photos/{name_of(data)}", data=data, headers=people.headers(auditor))
        assert [said["code"] for said in answer.get_json()["remarks"]] == codes
    assert collection("photos").find_one({"_id": name_of(EDITED)})["remarks"] == ["edited_by_software"]


def test_thresholds_are_settings(app, auditor, people, client, monkeypatch):
    services = app.extensions["audit"]
    object.__setattr__(services.settings, "photo_sharpness", 0.0)
    answer = client.put(f"/v1/photos/{name_of(BLURRED)}", data=BLURRED, headers=people.headers(auditor))
    assert answer.get_json()["remarks"] == []


def test_page_by_page(client, people, reviewer, visit):
    first = read(client, people, reviewer, limit=2).get_json()
    second = read(client, people, reviewer, limit=2, after=first["next"]).get_json()
    assert [len(page["items"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None
    ids = [photo["id"] for page in (first, second) for photo in page["items"]]
    assert ids == sorted(set(ids))


def test_naming_a_photo_that_another_sent_shows_nothing_of_it(client, people, reviewer, visit):
    rival = people.add(Role.AUDITOR, brands=("Aurora",))
    collection("visits").update_one({"_id": VISIT}, {"$set": {"auditor": rival.id}})
    page = read(client, people, reviewer).get_json()
    assert (page["items"], page["waiting"]) == ([], 4)


def test_others_see_nothing(client, people, auditor, visit):
    assert read(client, people, auditor).status_code == 403
    assert read(client, people, people.add(Role.DEALER, dealers=("D0001",))).status_code == 403
    assert read(client, people, people.add(Role.QUALITY_REVIEWER, brands=("Borealis",))).status_code == 404


def test_photos_from_before_there_were_facts(client, people, reviewer, visit):
    collection("photos").update_many({}, {"$unset": {"facts": True}})
    items = read(client, people, reviewer).get_json()["items"]
    assert len(items) == 3
    assert not [fact for fact in items[0]["facts"] if fact["source"] == "pixels"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_every_photo_with_its_facts(client, people, reviewer, visit, lang):
    answer = client.get(f"{PAGE}?lang={lang}", headers=people.headers(reviewer))
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    for data in (SOUND, EDITED, BLURRED):
        assert name_of(data) in text
    assert name_of(NEVER) not in text
    word = {"zh": 0, "en": 1}[lang]
    for words in (FACTS["sharpness"], SOURCES["phone"], SOURCES["pixels"]):
        assert words[word].replace("'", "&#39;") in text
    assert "Adobe Photoshop 25" in text


def test_every_word_is_there_in_both_languages():
    for zh, en in (*FACTS.values(), *SOURCES.values()):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
        assert en.isascii()
