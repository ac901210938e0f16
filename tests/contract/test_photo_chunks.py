"""HEAD and PATCH /v1/photos/{sha256}: photos that arrive in chunks, and go on where the last one ended."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pymongo.errors import AutoReconnect
from werkzeug.test import EnvironBuilder, run_wsgi_app

from audit_api.domain.directory import Role
from audit_api.evidence.partials import PartialUploads
from audit_api.evidence.store import GridFSStore
from audit_api.models.base import collection
from audit_api.operations import photo_checks
from audit_api.operations.upload_limits import IDLE_SECONDS


def drawn(seed=1, format_name="JPEG"):
    pixels = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((320, 240)).save(out, format_name)
    return out.getvalue()


def name_of(data):
    return hashlib.sha256(data).hexdigest()


def url(data):
    return f"/v1/photos/{name_of(data)}"


PHOTO = drawn()
NAME, LENGTH = name_of(PHOTO), len(PHOTO)
THIRD = LENGTH // 3


@pytest.fixture
def auditor(people):
    return people.add(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture
def other(people):
    return people.add(Role.AUDITOR, brands=("Aurora",))


@pytest.fixture
def patch(client, people, auditor):
    """Send bytes as a chunk of PHOTO, or of what `whole` and `name` say."""

    def send(chunk, offset, *, whole=PHOTO, name=None, length=None, person=None, **headers):
        numbers = {"Upload-Offset": str(offset), "Upload-Length": str(len(whole) if length is None else length)}
        signed = people.headers(person or auditor, **numbers, **headers)
        path = f"/v1/photos/{name or name_of(whole)}"
        return client.patch(path, data=chunk, headers=signed, content_type="application/octet-stream")

    return send


@pytest.fixture
def head(client, people, auditor):
    def ask(data=PHOTO, person=None):
        answer = client.head(url(data), headers=people.headers(person or auditor))
        return answer.status_code, answer.headers.get("Upload-Offset")

    return ask


@pytest.fixture
def parts(tmp_path):
    """List the files of photos half received."""
    return lambda: sorted(p.name for p in tmp_path.rglob("*") if p.is_file() and p.name != "spent")


@pytest.fixture
def limited(app):
    """Change settings of the running application."""

    def change(**changed):
        services = app.extensions["audit"]
        services.settings = replace(services.settings, **changed)
        return services.settings

    return change


def kept():
    names = ("photos", "photo_uploads", "blobs.files", "blobs.chunks")
    return tuple(collection(name).count_documents({}) for name in names)


def test_it_works(client, people, auditor, patch, head, parts):
    assert head() == (404, None)
    answer = patch(PHOTO[:THIRD], 0)
    assert (answer.status_code, answer.headers["Upload-Offset"], answer.get_data()) == (204, str(THIRD), b"")
    assert head() == (204, str(THIRD))
    assert patch(PHOTO[THIRD : 2 * THIRD], THIRD).status_code == 204
    assert kept() == (0, 0, 0, 0)
    last = patch(PHOTO[2 * THIRD :], 2 * THIRD)
    assert last.status_code == 201, last.get_data(as_text=True)
    facts = last.get_json()
    assert (facts["sha256"], facts["byte_count"], facts["format"]) == (NAME, LENGTH, "JPEG")
    assert head() == (200, None)
    assert client.get(url(PHOTO), headers=people.headers(auditor)).get_data() == PHOTO
    assert kept() == (1, 1, 1, 1)
    assert parts() == []


def test_in_one_chunk_it_is_what_a_put_makes_of_it(client, people, other, patch):
    by_chunk = patch(PHOTO, 0)
    assert by_chunk.status_code == 201
    by_put = client.put(url(PHOTO), data=PHOTO, headers=people.headers(other))
    assert by_put.status_code == 201
    assert by_put.get_json() == by_chunk.get_json()
    assert kept() == (1, 2, 1, 1)


@pytest.mark.parametrize("offset", [1, THIRD - 1, THIRD + 1, LENGTH])
def test_any_other_offset_is_told_the_true_one(patch, head, offset):
    patch(PHOTO[:THIRD], 0)
    answer = patch(PHOTO[offset : offset + 100], offset)
    assert answer.status_code == 409
    assert answer.headers["Upload-Offset"] == str(THIRD)
    document = answer.get_json()
    assert (document["type"], document["offset"]) == ("/problems/upload-offset", THIRD)
    assert head() == (204, str(THIRD))


def test_a_repeated_chunk_is_told_where_to_go_on(patch):
    patch(PHOTO[:THIRD], 0)
    assert patch(PHOTO[:THIRD], 0).headers["Upload-Offset"] == str(THIRD)
    assert patch(PHOTO[THIRD:], THIRD).status_code == 201


def test_before_the_first_chunk_the_true_offset_is_nought(patch, head, parts):
    answer = patch(PHOTO[THIRD:], THIRD)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "0")
    assert head() == (404, None)
    assert parts() == []


def test_what_is_here_already_is_a_success(client, people, auditor, patch, parts):
    patch(PHOTO, 0)
    for offset in (0, THIRD, LENGTH):
        answer = patch(PHOTO[offset:], offset)
        assert (answer.status_code, answer.get_json()["type"]) == (412, "/problems/photo-exists")
    assert parts() == []
    assert kept() == (1, 1, 1, 1)


def test_nobody_sees_or_touches_what_others_are_sending(people, patch, head, other, parts):
    reviewer = people.add(Role.QUALITY_REVIEWER, brands=("Aurora",))
    patch(PHOTO[:THIRD], 0)
    for stranger in (other, reviewer):
        assert head(person=stranger) == (404, None)
    assert patch(PHOTO[THIRD:], THIRD, person=other).headers["Upload-Offset"] == "0"
    assert patch(b"\xff\xd8\xff" + b"other" * 20, 0, person=other).status_code == 204
    assert patch(PHOTO[THIRD:], THIRD).status_code == 201
    assert head(person=other) == (204, "103")
    assert parts() == [NAME]


def test_anothers_photo_must_be_sent_too(patch, head, other):
    assert patch(PHOTO, 0).status_code == 201
    assert head(person=other) == (404, None)
    assert patch(PHOTO[:THIRD], 0, person=other).status_code == 204
    assert patch(b"x" * (LENGTH - THIRD), THIRD, person=other).status_code == 422
    assert head(person=other) == (404, None)


@pytest.mark.parametrize("junk", [b"text renamed to .jpg", b"<svg onload='1'/>", b"GIF89a" + b"\x00" * 90])
def test_other_formats_are_refused_at_once(patch, head, parts, junk):
    answer = patch(junk, 0, whole=junk, length=20_000_000, **{"Accept-Language": "zh"})
    assert answer.status_code == 415
    assert answer.get_json()["reason"] == "unsupported_format"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.get_json()["detail"])
    assert parts() == []


def test_other_formats_are_refused_as_soon_as_it_can_be_known(patch, head, parts):
    junk = b"no photo at all"
    assert patch(junk[:5], 0, whole=junk).status_code == 204
    assert patch(junk[5:11], 5, whole=junk).status_code == 204
    assert patch(junk[11:13], 11, whole=junk).status_code == 415
    assert head(junk) == (404, None)
    assert parts() == []


def test_an_avif_is_found_out_by_its_second_chunk(patch):
    avif = b"\x00\x00\x00\x20ftypmif1\x00\x00\x00\x00mif1avif" + b"\x00" * 100
    assert patch(avif[:16], 0, whole=avif).status_code == 204
    assert patch(avif[16:80], 16, whole=avif).status_code == 415


def test_other_bytes_than_announced_are_removed(patch, head, parts):
    patch(PHOTO[:THIRD], 0)
    answer = patch(b"x" * (LENGTH - THIRD), THIRD)
    assert (answer.status_code, answer.get_json()["type"]) == (422, "/problems/hash-mismatch")
    assert head() == (404, None)
    assert parts() == []
    assert patch(PHOTO, 0).status_code == 201


def test_a_photo_that_is_none_is_removed_at_the_end(patch, head, parts):
    cut = PHOTO[: LENGTH // 2]
    assert patch(cut[:500], 0, whole=cut).status_code == 204
    answer = patch(cut[500:], 500, whole=cut)
    assert (answer.status_code, answer.get_json()["reason"]) == (422, "truncated")
    assert parts() == []
    assert kept() == (0, 0, 0, 0)


def test_nothing_at_all_is_no_photo(patch):
    answer = patch(b"", 0, whole=b"")
    assert (answer.status_code, answer.get_json()["reason"]) == (422, "empty")


def test_too_large_is_refused_before_it_is_sent(patch, settings, parts):
    answer = patch(PHOTO, 0, length=settings.max_photo_bytes + 1)
    assert (answer.status_code, answer.get_json()["reason"]) == (413, "too_many_bytes")
    assert parts() == []


@pytest.mark.parametrize("transfer", ["announced", "chunked"])
def test_too_large_a_chunk_is_refused_before_it_is_read_whole(app, people, auditor, limited, parts, transfer):
    limited(upload_chunk_bytes=1000)
    body = io.BytesIO(b"\xff" * 5_000_000)
    numbers = {"Upload-Offset": "0", "Upload-Length": "9000000"}
    environ = EnvironBuilder(url(PHOTO), method="PATCH", headers=people.headers(auditor, **numbers)).get_environ()
    environ |= {"wsgi.input": body, "CONTENT_TYPE": "application/octet-stream"}
    if transfer == "announced":
        environ["CONTENT_LENGTH"] = "5000000"
    else:
        environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    _, status, _ = run_wsgi_app(app, environ)
    assert status.startswith("413")
    assert body.tell() <= 2000
    assert parts() == []


def test_the_largest_chunk(limited, patch):
    limited(upload_chunk_bytes=THIRD)
    assert patch(PHOTO[:THIRD], 0).status_code == 204
    refused = patch(PHOTO[THIRD : 2 * THIRD + 1], THIRD)
    assert (refused.status_code, refused.get_json()["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize(
    ("offset", "length", "chunk", "field"),
    [
        (11, 10, b"x", "Upload-Offset"),
        (0, 10, b"\xff\xd8\xff" + b"x" * 8, "Upload-Length"),
        ("-1", 10, b"x", "Upload-Offset"),
        ("1_0", 10, b"x", "Upload-Offset"),
        ("٣", 10, b"x", "Upload-Offset"),
        (" ", 10, b"x", "Upload-Offset"),
        (0, "9" * 5000, b"x", "Upload-Length"),
        (0, "1e3", b"x", "Upload-Length"),
        (0, 2**63, b"x", "Upload-Length"),
    ],
)
def test_numbers_that_make_no_sense(client, people, auditor, parts, offset, length, chunk, field):
    signed = people.headers(auditor, **{"Upload-Offset": f"{offset}", "Upload-Length": f"{length}"})
    signed = {k: v.encode().decode("latin-1") for k, v in signed.items()}
    answer = client.patch(url(PHOTO), data=chunk, headers=signed)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [f"headers.{field}"]
    assert parts() == []


def test_both_numbers_are_needed(client, people, auditor):
    answer = client.patch(url(PHOTO), data=PHOTO, headers=people.headers(auditor))
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.get_json()["errors"]}
    assert fields == {"headers.Upload-Offset", "headers.Upload-Length"}


def test_who_may_send(client, people, patch):
    for role in (Role.QUALITY_REVIEWER, Role.PROGRAMME_MANAGER, Role.ADMIN):
        assert patch(PHOTO, 0, person=people.add(role)).status_code == 403
    assert client.patch(url(PHOTO), data=PHOTO).status_code == 401
    dealer = people.add(Role.DEALER, dealers=("D0001",))  # with its reply to a question
    assert patch(PHOTO[:THIRD], 0, person=dealer).status_code == 204
    assert patch(PHOTO, 0, person=dealer).headers["Upload-Offset"] == str(THIRD)
    assert patch(PHOTO[THIRD:], THIRD, person=dealer).status_code == 201


def test_malformed_names_are_404(client, people, auditor, patch, parts):
    for name in ("none", "a" * 63, "a" * 65, NAME.upper(), "..%2f..%2fetc", NAME + "%0a", "%00" * 64, "spent"):
        assert patch(PHOTO, 0, name=name).status_code == 404, name
        assert client.head(f"/v1/photos/{name}", headers=people.headers(auditor)).status_code == 404, name
    assert parts() == []


def test_what_came_of_a_cut_chunk_is_kept(app, people, auditor, head, patch):
    numbers = {"Upload-Offset": "0", "Upload-Length": str(LENGTH)}
    environ = EnvironBuilder(url(PHOTO), method="PATCH", headers=people.headers(auditor, **numbers)).get_environ()
    environ |= {"wsgi.input": io.BytesIO(PHOTO[:700]), "CONTENT_LENGTH": str(THIRD)}
    run_wsgi_app(app, environ)
    assert head() == (204, "700")
    assert patch(PHOTO[700:], 700).status_code == 201


def test_a_chunk_of_no_bytes_changes_nothing(patch, head, parts):
    assert patch(b"", 0).headers["Upload-Offset"] == "0"
    assert head() == (404, None)
    assert parts() == []
    patch(PHOTO[:THIRD], 0)
    assert patch(b"", THIRD).headers["Upload-Offset"] == str(THIRD)


def test_a_put_takes_the_place_of_what_came_in_chunks(client, people, auditor, patch, head, parts):
    patch(PHOTO[:THIRD], 0)
    signed = people.headers(auditor)
    assert client.put(url(PHOTO), data=PHOTO[:-9], headers=signed).status_code == 422
    assert head() == (204, str(THIRD))
    assert client.put(url(PHOTO), data=PHOTO, headers=signed).status_code == 201
    assert parts() == []
    assert head() == (200, None)


@pytest.mark.parametrize("step", ["put", "PhotoUpload"])
def test_an_outage_at_the_end_loses_nothing(patch, head, parts, monkeypatch, step):
    def unreachable(*_):
        raise AutoReconnect("gone")

    with monkeypatch.context() as patched:
        if step == "put":
            patched.setattr(GridFSStore, "put", unreachable)
        else:
            patched.setattr("audit_api.models.photos.insert_once", unreachable)
        answer = patch(PHOTO, 0)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert head() == (204, str(LENGTH))
    assert patch(b"", LENGTH).status_code == 201
    assert parts() == []
    assert kept() == (1, 1, 1, 1)


@contextmanager
def files_of_at_most(length):
    """Let the kernel refuse every byte of a file beyond a length, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_keeps_nothing_half(client, people, auditor, patch, head, parts):
    patch(PHOTO[:THIRD], 0)
    with files_of_at_most(THIRD + 100):
        for refused in (
            patch(PHOTO[THIRD:], THIRD, **{"Accept-Language": "zh"}),
            client.put(url(PHOTO), data=PHOTO, headers=people.headers(auditor)),
        ):
            assert refused.status_code == 503
            assert refused.get_json()["type"] == "/problems/unavailable"
            assert int(refused.headers["Retry-After"]) > 0
        assert head() == (204, str(THIRD))
    assert patch(PHOTO[THIRD:], THIRD).status_code == 201
    assert parts() == []


def test_a_full_disk_at_the_first_chunk_leaves_no_file(patch, head, parts):
    with files_of_at_most(200):
        assert patch(PHOTO, 0).status_code == 503
        assert parts() == []
        assert head() == (404, None)


def test_no_more_than_so_many_at_once(limited, patch, parts, tmp_path):
    limited(upload_open_photos=2)
    first, second, third = (drawn(seed) for seed in (1, 2, 3))
    for photo in (first, second):
        assert patch(photo[:100], 0, whole=photo).status_code == 204
    refused = patch(third[:100], 0, whole=third, **{"Accept-Language": "zh"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "2" in refused.get_json()["detail"]
    assert patch(first[100:], 100, whole=first).status_code == 201, "what was begun can be finished"
    assert patch(third[:100], 0, whole=third).status_code == 204
    assert parts() == sorted([name_of(second), name_of(third)])


def test_one_left_alone_for_long_makes_room(limited, patch, parts, head, tmp_path, other):
    limited(upload_open_photos=2)
    first, second, third = (drawn(seed) for seed in (1, 2, 3))
    for photo in (first, second):
        patch(photo[:100], 0, whole=photo)
    assert patch(third[:100], 0, whole=third, person=other).status_code == 204, "everybody has a share of their own"
    long_ago = datetime.now(UTC).timestamp() - IDLE_SECONDS - 1
    (left,) = (p for p in tmp_path.rglob(name_of(second)))
    os.utime(left, (long_ago, long_ago))
    assert patch(third[:100], 0, whole=third).status_code == 204
    assert head(second) == (404, None)
    assert head(first) == (204, "100")


def test_no_more_than_so_many_bytes_a_day(client, people, auditor, other, limited, patch):
    photos = [drawn(seed) for seed in range(1, 6)]
    limited(upload_day_bytes=len(photos[0]) + len(photos[1]) + 1)
    assert client.put(url(photos[0]), data=photos[0], headers=people.headers(auditor)).status_code == 201
    for photo in photos[1:3]:
        answer = patch(photo, 0, whole=photo)
        assert answer.status_code == 201, "a body under way is not cut off"
    for refused in (
        patch(photos[3], 0, whole=photos[3]),
        client.put(url(photos[3]), data=photos[3], headers=people.headers(auditor)),
    ):
        assert (refused.status_code, refused.get_json()["type"]) == (429, "/problems/too-many-requests")
        assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    assert patch(photos[4], 0, whole=photos[4], person=other).status_code == 201


def test_what_is_never_finished_expires(app, patch, head, parts, settings, tmp_path):
    patch(PHOTO[:THIRD], 0)
    store, now = app.extensions["audit"].store, datetime.now(UTC)
    days = timedelta(days=settings.upload_days)
    assert photo_checks.sweep_photos(store, settings=settings, at=now + days - timedelta(minutes=1)) == 0
    assert head() == (204, str(THIRD))
    assert photo_checks.sweep_photos(store, settings=settings, at=now + days + timedelta(minutes=1)) == 1
    assert head() == (404, None)
    assert [p for p in tmp_path.rglob("*") if p.name != "partial"] == [], "folder and count go as well"
    assert patch(PHOTO, 0).status_code == 201


def test_the_sweep_leaves_what_is_being_written(app, auditor, patch, settings, parts):
    patch(PHOTO[:THIRD], 0)
    later = datetime.now(UTC) + timedelta(days=settings.upload_days + 1)
    with PartialUploads(settings.upload_dir).locked(auditor.id, NAME):
        assert photo_checks.sweep_photos(app.extensions["audit"].store, settings=settings, at=later) == 0
    assert parts() == [NAME]


def test_one_writer_at_a_time(patch, head, auditor, settings, client, people, parts):
    patch(PHOTO[:THIRD], 0)
    with PartialUploads(settings.upload_dir).locked(auditor.id, NAME):
        for refused in (patch(PHOTO[THIRD:], THIRD), client.head(url(PHOTO), headers=people.headers(auditor))):
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) == 1
        assert client.put(url(PHOTO), data=PHOTO, headers=people.headers(auditor)).status_code == 201
    assert patch(PHOTO[THIRD:], THIRD).status_code == 412
    assert parts() == [], "what a PUT could not remove, the writer does"


def test_who_waits_gets_the_new_file_and_not_the_removed_one(tmp_path):
    uploads, written = PartialUploads(str(tmp_path)), []

    def write():
        with uploads.locked("p", NAME, make=True) as partial:
            written.append(partial.append(b"new", datetime.now(UTC)))

    waiting = threading.Thread(target=write)
    with uploads.locked("p", NAME, make=True) as partial:
        partial.append(b"of before", datetime.now(UTC))
        waiting.start()
        time.sleep(0.1)  # the other one has opened the file and waits for its lock
        partial.remove()
    waiting.join(10)
    with uploads.locked("p", NAME) as partial:
        assert (written, partial.size, partial.head(9)) == ([3], 3, b"new")


def test_what_is_removed_is_removed_once(tmp_path):
    uploads = PartialUploads(str(tmp_path))
    with uploads.locked("p", NAME, make=True) as partial:
        partial.remove()
        with uploads.locked("p", NAME, make=True) as of_somebody_else:
            of_somebody_else.append(b"kept", datetime.now(UTC))
        partial.remove()
    assert uploads.exists("p", NAME)


def test_a_folder_prepared_by_somebody_else_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    uploads = PartialUploads("")
    assert uploads.folder.parent == tmp_path
    (tmp_path / "elsewhere").mkdir()
    uploads.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        os.close(uploads.make_file("person", NAME))
    uploads.folder.unlink()
    os.close(uploads.make_file("person", NAME))
    assert uploads.folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_is_gone_is_an_error_and_not_a_loop(tmp_path):
    uploads = PartialUploads(str(tmp_path / "here"))
    with pytest.raises(FileNotFoundError):
        uploads.make_file("person", NAME)
    assert uploads.expire(datetime.now(UTC)) == 0
    Path(tmp_path / "here").mkdir()
    os.close(uploads.make_file("person", NAME))
    shutil.rmtree(tmp_path / "here")
