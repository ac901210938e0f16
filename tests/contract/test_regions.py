"""What a dealer sees of photos: faces and other regions covered, nothing before the detector has looked."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from click.testing import CliRunner

from audit_api.cli import cli
from audit_api.domain.directory import OPERATOR, Role
from audit_api.domain.regions import photo_name
from audit_api.domain.visits import is_shown_to_dealer
from audit_api.evidence.derivatives import open_display
from audit_api.evidence.detector import Detector, load_detector
from audit_api.models import base, trail
from audit_api.models.base import collection
from audit_api.operations import reviews
from audit_api.operations.regions_detecting import LEASE, count_waiting, look_again_at_failed, look_at_photos
from tests import worlds
from tests.pictures.faces import in_a_scene

AT = datetime(2026, 12, 20, 3, 0, tzinfo=UTC)
HTML = {"Accept": "text/html,application/xhtml+xml"}
NOBODY = Detector("finds nothing", lambda pixels, side: [], lambda levels: [])
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def detector():
    return load_detector()


@pytest.fixture(scope="module")
def auditor(network):
    return network.person(Role.AUDITOR, brands=("*",))


@pytest.fixture(scope="module")
def reviewer(network):
    return network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))


@pytest.fixture(scope="module")
def dealer(network):
    return network.person(Role.DEALER, dealers=("D0001",))[1]


def portrait(number):
    """Give a photo with a face, another one for each number."""
    return in_a_scene(worlds.picture(9000 + number), height=220, left=100, top=10)


def name_of(data):
    return hashlib.sha256(data).hexdigest()


def look(network, detector, *, most=1_000, now=lambda: AT, **more):
    services = network.app.extensions["audit"]
    return look_at_photos(
        services.store, detector, settings=services.settings, actor=OPERATOR, now=now, most=most, **more
    )


def brought_to_release(network, visit):
    """Bring a submitted visit to its dealer."""
    for step in (reviews.take_up_visit, reviews.approve_visit, reviews.release_visit):
        row = collection("visits").find_one({"_id": visit.id})
        more = {"unverified": [], "cleared": [
            {"check": c["check"], "reason": "known"} for c in row.get("checks", ()) if c["passed"] is False
        ]} if step is reviews.approve_visit else {}  # fmt: skip
        step(visit.id, record_revision=row["record_revision"], actor=OPERATOR, at=AT, **more)


def a_visit(network, auditor, code, data, *, seed, dealer="D0001", item=None):
    """Send a visit with one photo exchanged for `data`: that of `item`, or of the first the dealer may read."""
    checklist = worlds.checklist_named(code)
    visit = worlds.make_visit(
        network.assignment(auditor[0], checklist=code, dealer=dealer), checklist=code, dealer=dealer, seed=seed
    )
    for observation in visit.body["observations"]:
        known = checklist.item(observation["item"])
        shown = is_shown_to_dealer(known, checklist.mode) and known.weight
        if observation["photos"] and (shown if item is None else observation["item"] == item):
            visit.photos.pop(observation["photos"][0]["sha256"])
            observation["photos"][0]["sha256"] = name_of(data)
            visit.photos[name_of(data)] = data
            break
    else:
        raise AssertionError("no such item has a photo")
    visit.exchanged = observation["item"]
    worlds.send_visit(network.client, auditor[1], visit)
    assert worlds.submit_visit(network.client, auditor[1], visit).status_code == 200
    return visit


@pytest.fixture(scope="module")
def released(network, auditor, detector):
    """A covert and an announced visit, released, whose one photo with a face the detector has really looked at."""
    made = {}
    for number, code in enumerate(("SMS", "AAA"), 1):
        data = portrait(number)
        sent = network.client.put(f"/v1/photos/{name_of(data)}", data=data, headers={**auditor[1], **JPEG})
        assert sent.status_code == 201
        assert look(network, detector, most=1) == 1
        made[code] = a_visit(network, auditor, code, data, seed=40 + number)
        brought_to_release(network, made[code])
        look(network, NOBODY)
    return made


def result_of(network, dealer, visit):
    answer = network.client.get(f"{visit.url}/result", headers=dealer)
    assert answer.status_code == 200, answer.json
    return answer


def photo_of(network, dealer, visit):
    """Name the exchanged photo as the dealer knows it."""
    items = result_of(network, dealer, visit).get_json()["items"]
    [photo] = next(i for i in items if i["item"] == visit.exchanged)["photos"][:1]
    return photo


def picture(network, headers, url):
    answer = network.client.get(url, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.mimetype == "image/jpeg"
    return answer.get_data()


def levels(jpeg):
    return np.asarray(open_display(jpeg), dtype=np.int16)


def regions_of(network, headers, sha256):
    return network.client.get(f"/v1/photos/{sha256}/regions", headers=headers).get_json()


def exchanged_sha(visit):
    return visit.observation(visit.exchanged)["photos"][0]["sha256"]


@pytest.mark.parametrize("code", ["SMS", "AAA"])
def test_faces_are_covered_in_what_the_dealer_gets(network, dealer, reviewer, released, detector, code):
    visit = released[code]
    sha256, photo = exchanged_sha(visit), photo_of(network, dealer, visit)
    assert photo["ready"] is True
    shown = picture(network, dealer, f"{visit.url}/result/photos/{photo['name']}")
    whole = picture(network, reviewer[1], f"/v1/photos/{sha256}/display")
    found = regions_of(network, reviewer[1], sha256)
    assert {r["kind"] for r in found["regions"]} >= {"face"}
    assert {(r["source"], r["by"]) for r in found["regions"]} == {("detector", "detector")}
    assert [f.kind for f in detector.look_at(open_display(whole))].count("face") >= 1
    assert [f for f in detector.look_at(open_display(shown)) if f.kind == "face"] == []
    before, after = levels(whole), levels(shown)
    inside = np.zeros(before.shape[:2], bool)
    near = inside.copy()
    for r in found["regions"]:
        y, x = r["y"] * before.shape[0], r["x"] * before.shape[1]
        bottom, right = y + r["height"] * before.shape[0], x + r["width"] * before.shape[1]
        inside[int(y) : int(bottom), int(x) : int(right)] = True
        near[max(0, int(y) - 16) : int(bottom) + 16, max(0, int(x) - 16) : int(right) + 16] = True
    assert np.abs(after - before)[inside].mean() > 20
    assert np.abs(after - before)[~near].mean() < 2
    small = network.client.get(f"{visit.url}/result/photos/{photo['name']}?thumbnail=true", headers=dealer)
    assert max(open_display(small.get_data()).size) <= 320
    assert [f for f in detector.look_at(open_display(small.get_data())) if f.kind == "face"] == []
    for data in (shown, whole, small.get_data()):
        assert b"Secret maker" in visit.photos[sha256]
        assert b"Secret maker" not in data and b"Exif" not in data


@pytest.mark.parametrize("code", ["SMS", "AAA"])
def test_the_result_tells_no_hash(network, dealer, released, code):
    text = result_of(network, dealer, released[code]).get_data(as_text=True)
    assert not re.search(r"[0-9a-f]{64}", text)
    assert not [sha for sha in released[code].photos if sha[:12] in text]


def test_a_photo_has_another_name_in_another_visit(network, dealer, auditor, released):
    visit = a_visit(network, auditor, "AAA", portrait(1), seed=60)
    brought_to_release(network, visit)
    assert photo_of(network, dealer, visit)["name"] != photo_of(network, dealer, released["SMS"])["name"]
    # And a name of one visit opens nothing in another.
    name = photo_of(network, dealer, released["SMS"])["name"]
    assert network.client.get(f"{visit.url}/result/photos/{name}", headers=dealer).status_code == 404


def test_a_photo_nobody_has_looked_at_is_not_shown(network, dealer, auditor):
    visit = a_visit(network, auditor, "SMS", portrait(3), seed=61)
    brought_to_release(network, visit)
    photo = photo_of(network, dealer, visit)
    url = f"{visit.url}/result/photos/{photo['name']}"
    assert photo["ready"] is False
    assert network.client.get(url, headers=dealer).status_code == 404
    page = network.client.get(f"/visits/{visit.id}/result?lang=en", headers=dealer).get_data(as_text=True)
    assert "Photo being prepared" in page and photo["name"] not in page
    assert look(network, NOBODY) >= len(visit.photos)
    assert photo_of(network, dealer, visit)["ready"] is True
    assert network.client.get(url, headers=dealer).status_code == 200


def test_what_the_dealers_form_leaves_out_stays_out(network, dealer, auditor, reviewer):
    """A photo of an item without weight in a covert visit, and one the auditor has named but not sent."""
    data = portrait(4)
    visit = a_visit(network, auditor, "SMS", data, seed=62, item="SMS-VIS-05")
    brought_to_release(network, visit)
    look(network, NOBODY)
    settings = network.app.extensions["audit"].settings
    name = photo_name(settings.secret_key.encode(), visit.id, name_of(data))
    assert name not in result_of(network, dealer, visit).get_data(as_text=True)
    for path in (f"{visit.url}/result/photos/{name}", f"/visits/{visit.id}/result/photos/{name}.jpg"):
        assert network.client.get(path, headers=dealer).status_code == 404
    shown = photo_name(settings.secret_key.encode(), visit.id, next(iter(visit.photos)))
    other = network.person(Role.AUDITOR, brands=("*",))[0]
    collection("visits").update_one({"_id": visit.id}, {"$set": {"auditor": other.id}})
    assert not [p for i in result_of(network, dealer, visit).get_json()["items"] for p in i["photos"]]
    assert network.client.get(f"{visit.url}/result/photos/{shown}", headers=dealer).status_code == 404


def test_a_region_added_by_a_person_is_covered_at_once_and_shown_again_when_removed(network, dealer, reviewer, auditor):
    data = portrait(5)
    visit = a_visit(network, auditor, "AAA", data, seed=63)
    brought_to_release(network, visit)
    look(network, NOBODY)
    sha256, headers = name_of(data), reviewer[1]
    url = f"{visit.url}/result/photos/{photo_of(network, dealer, visit)['name']}"
    whole = picture(network, headers, f"/v1/photos/{sha256}/display")
    assert picture(network, dealer, url) == whole
    wanted = {"revision": 1, "kind": "other", "x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5}
    added = network.client.post(f"/v1/photos/{sha256}/regions", json=wanted, headers=headers)
    assert added.status_code == 201, added.json
    [region] = added.get_json()["regions"]
    assert (region["source"], region["by"], region["kind"]) == ("person", reviewer[0].id, "other")
    height, width = levels(whole).shape[:2]
    part = np.s_[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8]
    covered = levels(picture(network, dealer, url))
    assert np.ptp(covered[part], axis=(0, 1)).max() <= 4 < np.ptp(levels(whole)[part], axis=(0, 1)).min()

    stale = network.client.post(f"/v1/photos/{sha256}/regions", json=wanted, headers=headers)
    assert (stale.status_code, stale.get_json()["current_revision"]) == (409, 2)
    gone = {"revision": 2, "region": region["id"]}
    removed = network.client.post(f"/v1/photos/{sha256}/region-removals", json=gone, headers=headers)
    assert (removed.status_code, removed.get_json()["regions"]) == (200, [])
    assert picture(network, dealer, url) == whole
    again = network.client.post(f"/v1/photos/{sha256}/region-removals", json=gone, headers=headers)
    assert again.status_code == 409
    told = [(e["verb"], e["actor"]) for e in trail.entries_of("photo", sha256) if e["verb"] != "original_opened"]
    assert told == [("looked_at", "operator"), ("region_added", reviewer[0].id), ("region_removed", reviewer[0].id)]


def test_two_people_at_once_change_regions_once(network, reviewer, released):
    sha256 = exchanged_sha(released["AAA"])
    revision = regions_of(network, reviewer[1], sha256)["revision"]
    wanted = {"revision": revision, "kind": "face", "x": 0.0, "y": 0.9, "width": 0.1, "height": 0.1}

    def add(_):
        client = network.app.test_client()
        return client.post(f"/v1/photos/{sha256}/regions", json=wanted, headers=reviewer[1]).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == [201, 409, 409, 409]
    assert regions_of(network, reviewer[1], sha256)["revision"] == revision + 1


def test_who_may_change_regions_and_who_not(network, auditor, dealer, reviewer, released):
    sha256 = exchanged_sha(released["AAA"])
    wanted = {"revision": 1, "kind": "face", "x": 0.0, "y": 0.0, "width": 0.1, "height": 0.1}
    foreign = network.person(Role.QUALITY_REVIEWER, brands=("Borealis",))[1]
    admin = network.person(Role.ADMIN)[1]
    for headers, status in ((auditor[1], 403), (dealer, 403), (admin, 403), (foreign, 404)):
        assert network.client.post(f"/v1/photos/{sha256}/regions", json=wanted, headers=headers).status_code == status
    for bad in ({"x": 0.95}, {"width": 0.0}, {"kind": "cat"}, {"x": -0.1}, {"y": "NaN"}):
        answer = network.client.post(f"/v1/photos/{sha256}/regions", json=wanted | bad, headers=reviewer[1])
        assert answer.status_code == 422, bad


def test_what_others_need_covered_stays_covered(network, auditor, reviewer, detector):
    """The photo is used in a visit of another brand as well: its dealer must not see more by this brand's decision."""
    data = portrait(6)
    look(network, NOBODY)
    assert (
        network.client.put(f"/v1/photos/{name_of(data)}", data=data, headers={**auditor[1], **JPEG}).status_code == 201
    )
    assert look(network, detector, most=1) == 1
    a_visit(network, auditor, "AAA", data, seed=64)
    a_visit(network, auditor, "AAA", data, seed=65, dealer="D0003")
    look(network, NOBODY)
    found = regions_of(network, reviewer[1], name_of(data))
    gone = {"revision": found["revision"], "region": found["regions"][0]["id"]}
    url = f"/v1/photos/{name_of(data)}/region-removals"
    assert network.client.post(url, json=gone, headers=reviewer[1]).status_code == 403
    everywhere = network.person(Role.PROGRAMME_MANAGER)[1]
    assert network.client.post(url, json=gone, headers=everywhere).status_code == 200


def test_a_photo_without_its_bytes_is_shown_to_no_dealer_until_it_has_them(network, auditor, dealer, reviewer):
    data = portrait(7)
    visit = a_visit(network, auditor, "AAA", data, seed=66)
    brought_to_release(network, visit)
    sha256 = name_of(data)
    file = collection("blobs.files").find_one_and_delete({"filename": sha256})
    look(network, NOBODY)
    url = f"{visit.url}/result/photos/{photo_of(network, dealer, visit)['name']}"
    assert regions_of(network, reviewer[1], sha256)["state"] == "failed"
    assert network.client.get(url, headers=dealer).status_code == 404
    wanted = {"revision": 1, "kind": "face", "x": 0.0, "y": 0.0, "width": 0.1, "height": 0.1}
    refused = network.client.post(f"/v1/photos/{sha256}/regions", json=wanted, headers=reviewer[1])
    assert refused.get_json()["type"].endswith("transition-refused")
    collection("blobs.files").insert_one(file)
    assert look(network, NOBODY) == 0
    assert look_again_at_failed() == 1
    assert look(network, NOBODY) == 1
    assert network.client.get(url, headers=dealer).status_code == 200


def test_a_photo_taken_by_a_process_that_was_killed_is_looked_at_later(network, auditor, reviewer):
    """Killed while looking, it waits for the lease; killed after its view was written, it is only marked."""
    data = portrait(8)
    sha256 = name_of(data)
    network.client.put(f"/v1/photos/{sha256}", data=data, headers={**auditor[1], **JPEG})

    def killed(pixels, side):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(network, Detector("killed", killed, lambda levels: []))
    assert count_waiting() == 1
    assert look(network, NOBODY) == 0
    assert look(network, NOBODY, now=lambda: AT + LEASE + timedelta(seconds=1)) == 1
    assert (count_waiting(), collection("photos").find_one({"_id": sha256})["looked_at"]) != (1, None)
    before = collection("photo_views").find_one({"_id": sha256})
    collection("photos").update_one({"_id": sha256}, {"$unset": {"looked_at": 1}})
    assert look(network, NOBODY) == 1
    assert collection("photo_views").find_one({"_id": sha256}) == before
    assert len(trail.entries_of("photo", sha256)) == 1


def test_several_processes_look_at_each_photo_once(network, auditor):
    hashes = []
    for number in range(20, 26):
        data = portrait(number)
        hashes.append(name_of(data))
        network.client.put(f"/v1/photos/{hashes[-1]}", data=data, headers={**auditor[1], **JPEG})
    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(lambda _: look(network, NOBODY), range(3))) == 6
    assert all(len(trail.entries_of("photo", sha256)) == 1 for sha256 in hashes)


def form_of(text):
    return re.search(r'name="form" value="([^"]+)"', text)[1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_adds_and_removes_regions_by_a_form(network, reviewer, auditor, lang):
    data = portrait(30 + len(lang) + ord(lang[0]))
    visit = a_visit(network, auditor, "AAA", data, seed=70 + ord(lang[0]))
    look(network, NOBODY)
    sha256, client = name_of(data), network.app.test_client()
    headers = {**reviewer[1], **HTML}
    listed = client.get(f"/visits/{visit.id}/photos?lang={lang}", headers=headers).get_data(as_text=True)
    url = f"/visits/{visit.id}/photos/{sha256}"
    assert f'href="{url}?lang={lang}"' in listed
    copies = client.get(f"/visits/{visit.id}/copies", headers=headers).get_data(as_text=True)
    assert f"/visits/{visit.id}/photos" in copies
    page = client.get(f"{url}?lang={lang}", headers=headers)
    assert page.status_code == 200
    form = {"form": form_of(page.get_data(as_text=True)), "revision": "1", "kind": "plate"}
    sides = {"left": "10", "top": "20", "right": "40.5", "bottom": "30"}
    assert client.post(f"{url}?lang={lang}", data=form | sides | {"right": "5"}, headers=headers).status_code == 422
    assert client.post(f"{url}?lang={lang}", data=form | sides | {"top": "x"}, headers=headers).status_code == 422
    assert client.post(f"{url}?lang={lang}", data=sides | {"revision": "1"}, headers=headers).status_code == 400
    done = client.post(f"{url}?lang={lang}", data=form | sides, headers=headers)
    assert (done.status_code, done.headers["Location"]) == (303, f"{url}?lang={lang}")
    [region] = regions_of(network, reviewer[1], sha256)["regions"]
    assert (region["x"], region["y"], region["width"]) == (0.1, 0.2, pytest.approx(0.305))
    stale = client.post(f"{url}?lang={lang}", data=form | sides, headers=headers)
    assert stale.status_code == 409
    text = client.get(f"{url}?lang={lang}", headers=headers).get_data(as_text=True)
    assert "<rect " in text and f'name="remove" value="{region["id"]}"' in text
    for shown in ("display", "dealer"):
        assert picture(network, headers, f"{url}/{shown}.jpg")
    assert client.get(f"{url}/original.jpg", headers=headers).status_code == 404
    gone = {"form": form_of(text), "revision": "2", "remove": region["id"]}
    assert client.post(url, data=gone, headers=headers).status_code == 303
    assert regions_of(network, reviewer[1], sha256)["regions"] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_dealers_page_shows_covered_photos(network, dealer, released, detector, lang):
    visit = released["SMS"]
    page = network.client.get(f"/visits/{visit.id}/result?lang={lang}", headers={**dealer, **HTML})
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert not re.search(r"[0-9a-f]{64}", text)
    name = photo_of(network, dealer, visit)["name"]
    assert f"/result/photos/{name}.jpg" in text
    for kind in ("photos", "thumbnails"):
        shown = picture(network, dealer, f"/visits/{visit.id}/result/{kind}/{name}.jpg")
        assert [f for f in detector.look_at(open_display(shown)) if f.kind == "face"] == []
    other = network.person(Role.DEALER, dealers=("D0002",))[1]
    for path in ("", f"/photos/{name}.jpg", f"/thumbnails/{name}.jpg"):
        assert network.client.get(f"/visits/{visit.id}/result{path}", headers=other).status_code == 404


def test_the_command_looks_at_what_waits(network, auditor, monkeypatch):
    data = portrait(99)
    network.client.put(f"/v1/photos/{name_of(data)}", data=data, headers={**auditor[1], **JPEG})
    settings = network.app.extensions["audit"].settings
    for variable, value in {
        "MONGODB_URI": settings.mongodb_uri, "AUDIT_DATABASE": settings.database,
        "AUDIT_SECRET_KEY": settings.secret_key, "AUDIT_CONTACT_KEY": settings.contact_key,
    }.items():  # fmt: skip
        monkeypatch.setenv(variable, value)
    try:
        assert CliRunner().invoke(cli, ["photos", "cover", "--dealer", "D0002"]).exit_code == 0
        assert collection_after(settings).find_one({"_id": name_of(data)}) is None
        done = CliRunner().invoke(cli, ["photos", "cover", "--failed"])
    finally:
        view = collection_after(settings).find_one({"_id": name_of(data)})
    assert done.exit_code == 0, done.output
    assert "1 looked at, 0 waiting" in done.output
    assert view["regions"][0]["kind"] == "face"


def collection_after(settings):
    """Connect again: the command has closed the process's connection."""
    base.connect(settings.mongodb_uri, settings.database)
    return collection("photo_views")
