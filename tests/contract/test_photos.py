"""HEAD, PUT and GET /v1/photos/{sha256}, and its thumbnail."""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading

import numpy as np
import pytest
from PIL import Image
from werkzeug.test import EnvironBuilder, run_wsgi_app

from audit_api.domain.directory import Role
from audit_api.evidence.store import GridFSStore
from audit_api.models import photos as kept
from audit_api.models import trail
from audit_api.models.base import collection


def drawn(seed=1, format_name="JPEG", size=(640, 480), **options):
    pixels = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(out, format_name, **options)
    return out.getvalue()


def name_of(data):
    return hashlib.sha256(data).hexdigest()


PHOTO = drawn()
NAME = name_of(PHOTO)
URL = f"/v1/photos/{NAME}"


@pytest.fixture
def auditor(people):
    return people.add(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture
def send(client, people):
    def put(actor, data=PHOTO, name=None, **headers):
        signed = people.headers(actor, **({"If-None-Match": "*", "Content-Type": "image/jpeg"} | headers))
        return client.put(f"/v1/photos/{name or name_of(data)}", data=data, headers=signed)

    return put


def counts():
    names = ("photos", "photo_uploads", "blobs.files", "blobs.chunks")
    return tuple(collection(name).count_documents({}) for name in names)


def visit_naming(sha256, auditor, brand="Aurora", dealer="D0001"):
    collection("visits").insert_one(
        {
            "_id": f"visit-of-{auditor.id}-{brand}",
            "assignment": f"{auditor.id}-{brand}",
            "active": True,
            "brand": brand,
            "dealer": dealer,
            "auditor": auditor.id,
            "observations": [{"item": "SMS-PRI-01", "photos": [{"slot": "1", "sha256": sha256}]}],
        }
    )


def test_it_works(client, people, auditor, send):
    tags = Image.Exif()
    tags[0x112] = 6
    tags.get_ifd(0x8769)[0x9003] = "2026:11:20 10:02:11"
    tags.get_ifd(0x8825).update({1: "N", 2: (30.0, 16.0, 26.76), 3: "E", 4: (120.0, 9.0, 18.36)})
    data = drawn(exif=tags)
    url = f"/v1/photos/{name_of(data)}"
    assert client.head(url, headers=people.headers(auditor)).status_code == 404
    answer = send(auditor, data)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    facts = answer.get_json()
    assert facts["sha256"] == name_of(data)
    assert facts["byte_count"] == len(data)
    assert (facts["format"], facts["width"], facts["height"]) == ("JPEG", 480, 640)
    assert facts["taken_at"] == {"local": "2026-11-20T10:02:11", "offset": None, "source": "DateTimeOriginal"}
    assert (facts["position"]["lat"], facts["position"]["lon"]) == (30.2741, 120.1551)
    assert facts["remarks"] == []
    assert client.head(url, headers=people.headers(auditor)).status_code == 200
    original = client.get(url, headers=people.headers(auditor))
    assert original.get_data() == data
    assert original.content_length == len(data)
    assert original.headers["Content-Disposition"].startswith("attachment; ")
    assert original.headers["X-Content-Type-Options"] == "nosniff"
    assert original.mimetype == "application/octet-stream"


def test_remarks_are_said_in_both_languages(auditor, send):
    (said,) = send(auditor).get_json()["remarks"]
    assert said["code"] == "exif_absent"
    assert said["en"].isascii()
    assert not said["zh"].isascii()


@pytest.mark.parametrize("format_name", ["PNG", "WEBP"])
def test_other_formats_whatever_the_content_type_says(auditor, send, format_name):
    answer = send(auditor, drawn(format_name=format_name), **{"Content-Type": "text/plain"})
    assert answer.status_code == 201
    assert answer.get_json()["format"] == format_name


def test_thumbnail_is_an_upright_jpeg_without_traces(client, people, auditor, send):
    tags = Image.Exif()
    tags[0x112] = 8
    tags.get_ifd(0x8825).update({1: "N", 2: (30.0, 16.0, 26.76), 3: "E", 4: (120.0, 9.0, 18.36)})
    data = drawn(exif=tags)
    send(auditor, data)
    answer = client.get(f"/v1/photos/{name_of(data)}/thumbnail", headers=people.headers(auditor))
    assert answer.mimetype == "image/jpeg"
    picture = Image.open(io.BytesIO(answer.get_data()))
    assert picture.size == (240, 320)
    assert not picture.getexif()


def test_sending_again_is_412_and_changes_nothing(auditor, send):
    send(auditor)
    before = counts()
    answer = send(auditor)
    assert answer.status_code == 412
    assert answer.get_json()["type"] == "/problems/photo-exists"
    assert counts() == before == (1, 1, 1, 1)


def test_the_precondition_is_understood(client, people, auditor):
    assert client.put(URL, data=PHOTO, headers=people.headers(auditor)).status_code == 201
    assert client.put(URL, data=PHOTO, headers=people.headers(auditor)).status_code == 412


def test_nobody_learns_what_others_have(client, people, auditor, send):
    other = people.add(Role.AUDITOR, brands=("Aurora",))
    assert send(auditor).status_code == 201
    for path in (URL, URL + "/thumbnail"):
        assert client.head(path, headers=people.headers(other)).status_code == 404
        assert client.get(path, headers=people.headers(other)).status_code == 404
    assert send(other).status_code == 201
    assert client.head(URL, headers=people.headers(other)).status_code == 200
    assert counts() == (1, 2, 1, 1)


def test_claiming_anothers_hash_with_other_bytes_opens_nothing(client, people, auditor, send):
    other = people.add(Role.AUDITOR, brands=("Aurora",))
    send(auditor)
    assert send(other, drawn(2), name=NAME).status_code == 422
    assert client.get(URL, headers=people.headers(other)).status_code == 404


def test_reviewers_see_what_a_visit_in_their_scope_names(client, people, auditor, send):
    here = people.add(Role.QUALITY_REVIEWER, brands=("Aurora",))
    elsewhere = people.add(Role.QUALITY_REVIEWER, brands=("Borealis",))
    other_dealer = people.add(Role.QUALITY_REVIEWER, brands=("Aurora",), dealers=("D0002",))
    send(auditor)
    assert client.get(URL, headers=people.headers(here)).status_code == 404
    visit_naming(NAME, auditor)
    for path in (URL, URL + "/thumbnail"):
        assert client.get(path, headers=people.headers(here)).status_code == 200
        assert client.head(path, headers=people.headers(here)).status_code == 200
        for stranger in (elsewhere, other_dealer):
            assert client.get(path, headers=people.headers(stranger)).status_code == 404


def test_naming_anothers_photo_in_a_visit_opens_nothing(client, people, auditor, send):
    """Somebody who knows a hash, without the bytes, must not carry the photo into another scope."""
    elsewhere = people.add(Role.QUALITY_REVIEWER, brands=("Borealis",))
    rival = people.add(Role.AUDITOR, brands=("Borealis",))
    send(auditor)
    visit_naming(NAME, rival, brand="Borealis", dealer="D0003")
    for reader in (rival, elsewhere):
        assert client.get(URL, headers=people.headers(reader)).status_code == 404


def test_opening_the_original_is_recorded(client, people, auditor, send):
    reviewer = people.add(Role.QUALITY_REVIEWER, brands=("Aurora",))
    send(auditor)
    visit_naming(NAME, auditor)
    client.head(URL, headers=people.headers(reviewer))
    client.get(URL + "/thumbnail", headers=people.headers(reviewer))
    assert trail.entries_of("photo", NAME) == []
    client.get(URL, headers=people.headers(reviewer)).get_data()
    (entry,) = trail.entries_of("photo", NAME)
    assert (entry["verb"], entry["actor"]) == ("original_opened", reviewer.id)


def test_dealers_are_refused(client, people, auditor, send):
    send(auditor)
    visit_naming(NAME, auditor)
    dealer = people.add(Role.DEALER, dealers=("D0001",))
    for method in (client.head, client.get):  # a dealer sends photos with its replies, and opens none by hash
        assert method(URL, headers=people.headers(dealer)).status_code == 403
    assert client.get(URL + "/thumbnail", headers=people.headers(dealer)).status_code == 403


def test_only_auditors_send(people, send):
    for role in (Role.QUALITY_REVIEWER, Role.PROGRAMME_MANAGER, Role.ADMIN):
        assert send(people.add(role)).status_code == 403


def test_needs_a_token(client):
    for method in ("head", "get", "put"):
        assert getattr(client, method)(URL).status_code == 401


MALFORMED = (
    "none", "a" * 63, "a" * 65, NAME.upper(), "g" * 64, "..%2f..%2fetc", NAME + "%0a", "%00" * 64, "$ne", "٣" * 64,
)  # fmt: skip


def test_malformed_names_are_404(client, people, auditor):
    signed = people.headers(auditor)
    for name in MALFORMED:
        for method in (client.head, client.get, client.put):
            assert method(f"/v1/photos/{name}", headers=signed).status_code == 404, name
        assert client.get(f"/v1/photos/{name}/thumbnail", headers=signed).status_code == 404, name


def test_other_bytes_than_announced(auditor, send):
    answer = send(auditor, PHOTO[:-100], name=NAME)
    assert answer.status_code == 422
    problem = answer.get_json()
    assert problem["type"] == "/problems/hash-mismatch"
    assert problem["actual"] == name_of(PHOTO[:-100])
    assert counts() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("data", "status", "kind", "reason"),
    [
        (b"", 422, "photo-refused", "empty"),
        (PHOTO[: len(PHOTO) // 2], 422, "photo-refused", "truncated"),
        (b"text renamed to .jpg", 415, "unsupported-media-type", "unsupported_format"),
        (b"<svg onload='alert(1)'/>", 415, "unsupported-media-type", "unsupported_format"),
        (b"<!DOCTYPE html><script>1</script>", 415, "unsupported-media-type", "unsupported_format"),
        (drawn(format_name="GIF"), 415, "unsupported-media-type", "unsupported_format"),
    ],
    ids=["empty", "cut", "text", "svg", "html", "gif"],
)
def test_refused_with_its_reason(client, people, auditor, send, data, status, kind, reason):
    answer = send(auditor, data, **{"Accept-Language": "zh"})
    assert answer.status_code == status
    problem = answer.get_json()
    assert (problem["type"], problem["reason"]) == (f"/problems/{kind}", reason)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in problem["detail"])
    assert counts() == (0, 0, 0, 0)
    assert client.head(f"/v1/photos/{name_of(data)}", headers=people.headers(auditor)).status_code == 404


def test_larger_than_the_body_limit_but_within_the_photo_limit(auditor, send, settings):
    data = PHOTO + b"\0" * settings.max_body_bytes
    assert send(auditor, data).status_code == 201


class Endless(io.RawIOBase):
    """A body that never ends and counts what was asked of it."""

    def __init__(self):
        self.count = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        self.count += len(buffer)
        return len(buffer)


@pytest.mark.parametrize("transfer", ["announced", "chunked"])
def test_too_large_is_refused_before_it_is_read_whole(app, people, auditor, settings, transfer):
    body = Endless()
    environ = EnvironBuilder(URL, method="PUT", headers=people.headers(auditor)).get_environ()
    environ["wsgi.input"] = body
    if transfer == "announced":
        environ["CONTENT_LENGTH"] = str(settings.max_photo_bytes + 1)
    else:
        environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    chunks, status, _ = run_wsgi_app(app, environ)
    assert status.startswith("413")
    assert b"/problems/too-large" in b"".join(chunks)
    assert body.count <= (0 if transfer == "announced" else settings.max_photo_bytes + 1_000_000)
    assert counts() == (0, 0, 0, 0)


def test_many_at_once_store_once(app, people, auditor):
    barrier, answers = threading.Barrier(6), []

    def work():
        client = app.test_client()
        barrier.wait(10)
        answers.append(client.put(URL, data=PHOTO, headers=people.headers(auditor)).status_code)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(201) == 1
    assert answers.count(412) == 5
    assert counts() == (1, 1, 1, 1)


@pytest.mark.parametrize("step", ["put", "Photo", "PhotoUpload"])
def test_killed_between_two_writes_and_sent_again(client, people, auditor, send, monkeypatch, step):
    """A crash before any of the three writes leaves nothing visible, and sending again heals it."""

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    insert = kept.insert_once
    with monkeypatch.context() as patched:
        if step == "put":
            patched.setattr(GridFSStore, "put", killed)
        else:
            patched.setattr(
                kept,
                "insert_once",
                lambda document, row: killed() if document.__name__ == step else insert(document, row),
            )
        with pytest.raises(Killed):
            send(auditor)
    assert client.head(URL, headers=people.headers(auditor)).status_code == 404
    assert send(auditor).status_code == 201
    assert client.get(URL, headers=people.headers(auditor)).get_data() == PHOTO
    assert counts() == (1, 1, 1, 1)


def test_a_body_is_never_whole_in_memory_and_leaves_no_file(auditor, send, settings, monkeypatch, tmp_path):
    folders = []
    original = tempfile.TemporaryFile

    def watched(*args, **kwargs):
        folders.append(kwargs.get("dir"))
        return original(*args, **kwargs)

    monkeypatch.setattr(tempfile, "TemporaryFile", watched)
    assert send(auditor).status_code == 201
    assert folders == [settings.upload_dir]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["spent"]
