"""The pages of flags: sign in with a token, read the list and a dossier with charts, sign out."""

from __future__ import annotations

import hashlib
import html
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from audit_api import auth
from audit_api.anomaly.screening import Parameters, screen
from audit_api.domain.directory import OPERATOR, Role
from audit_api.intake.screening_files import read_folder
from audit_api.models.base import collection
from audit_api.operations import directory, photos
from audit_api.simulator.folder import write_folder
from audit_api.simulator.network import simulate_network
from audit_api.simulator.world import NetworkSpec
from tests import worlds
from tests.contract.test_flags import kept_flag

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def dossier(tmp_path_factory):
    """A real dossier, with everything a screening freezes."""
    world = simulate_network(NetworkSpec(dealers=40, intensity=0.9, tactics=("staff_phones",), median_responses=40), 3)
    write_folder(world, folder := tmp_path_factory.mktemp("world"))
    chosen = next(label.dealer_id for label in world.truth if label.kind == "staff_phones")
    done = screen(read_folder(folder, (1, 5)), Parameters(draws=2_000, ensemble=False), also=lambda dealers: [chosen])
    return done.dossiers[chosen]


@pytest.fixture
def kept(dealers, dossier):
    row = kept_flag("D0001")
    row["dossier"] = dossier
    collection("flags").insert_many(
        [row, kept_flag("D0002", grade="watch", state="watch"), kept_flag("D0003", "Borealis")]
    )
    return row["_id"]


def token_of(people, actor):
    return people.tokens[actor.id]


def form_of(text):
    return re.search(r'name="form" value="([^"]+)"', text)[1]


def sign_in(client, token, where="/flags", lang="en"):
    form = form_of(client.get(f"/sign-in?lang={lang}&next={quote(where)}", headers=HTML).get_data(as_text=True))
    return client.post(f"/sign-in?lang={lang}", data={"form": form, "token": token, "next": where}, headers=HTML)


@pytest.fixture
def signed_in(client, people, kept):
    reviewer = people.add(Role.QUALITY_REVIEWER, brands=("Aurora",), name="anna")
    assert sign_in(client, token_of(people, reviewer)).status_code == 303
    return reviewer


def test_a_browser_is_led_to_sign_in_and_back(client, people, kept):
    led = client.get(f"/flags/{kept}?lang=zh", headers=HTML)
    assert led.status_code == 303
    assert led.headers["Location"] == f"/sign-in?next={quote(f'/flags/{kept}?lang=zh', safe='')}"
    reviewer = people.add(Role.QUALITY_REVIEWER)
    back = sign_in(client, token_of(people, reviewer), f"/flags/{kept}?lang=zh")
    assert (back.status_code, back.headers["Location"]) == (303, f"/flags/{kept}?lang=zh")
    cookie = next(c for c in back.headers.getlist("Set-Cookie") if c.startswith(auth.SESSION_COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert token_of(people, reviewer) not in cookie
    assert "Secure" not in cookie  # the test speaks plain HTTP
    assert "Secure" in client.get("/sign-in", base_url="https://other.example").headers["Set-Cookie"]


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "/flags\\evil", "/flagsx", "javascript:x", ""]
)
def test_signing_in_leads_nowhere_else(client, people, where):
    reviewer = people.add(Role.QUALITY_REVIEWER)
    assert sign_in(client, token_of(people, reviewer), where).headers["Location"] == "/flags?lang=en"


@pytest.mark.parametrize("token", ["", "wrong", "x" * 300, "\x00", "令牌"])
def test_a_wrong_token_opens_nothing(client, token):
    answer = sign_in(client, token)
    assert answer.status_code == 401
    assert auth.SESSION_COOKIE not in answer.headers.get("Set-Cookie", "")


def test_a_form_of_another_browser_is_refused(client, app, people, kept):
    reviewer = people.add(Role.QUALITY_REVIEWER)
    stolen = form_of(app.test_client().get("/sign-in").get_data(as_text=True))
    client.get("/sign-in")
    for form in (stolen, "", "x.y.z"):
        answer = client.post("/sign-in", data={"form": form, "token": token_of(people, reviewer)})
        assert answer.status_code == 400
        assert auth.SESSION_COOKIE not in answer.headers.get("Set-Cookie", "")


def test_signing_out_needs_the_form_and_ends_the_session(client, signed_in):
    page = client.get("/flags", headers=HTML)
    assert client.post("/sign-out", data={"form": "forged"}).status_code == 303
    assert client.get("/flags", headers=HTML).status_code == 200
    client.post("/sign-out", data={"form": form_of(page.get_data(as_text=True))})
    assert client.get("/flags", headers=HTML).status_code == 303


def test_a_session_dies_with_its_token_and_its_time(client, people, kept, settings, monkeypatch):
    email = "short@example.com"
    directory.add_person(
        email=email, name="s", role=Role.ADMIN, brands=["*"], dealers=(), actor=OPERATOR, at=datetime.now(UTC)
    )
    token, _ = directory.create_token(
        email=email, days=1, actor=OPERATOR, at=datetime.now(UTC), hash_token=auth.hash_token
    )
    sign_in(client, token)
    assert client.get("/flags", headers=HTML).status_code == 200
    directory.revoke_tokens(email=email, actor=OPERATOR, at=datetime.now(UTC))
    assert client.get("/flags", headers=HTML).status_code == 303

    person = people.add(Role.ADMIN)
    sign_in(client, token_of(people, person))
    later = datetime.now(UTC) + timedelta(hours=13)
    monkeypatch.setattr("itsdangerous.timed.time.time", later.timestamp)
    assert client.get("/flags", headers=HTML).status_code == 303


def test_the_api_takes_no_cookie(client, signed_in):
    """Otherwise another site could act through a browser that is signed in."""
    assert client.get("/v1/flags").status_code == 401


def test_a_role_without_these_pages_is_told(client, people, kept):
    dealer = people.add(Role.DEALER, dealers=("D0001",))
    sign_in(client, token_of(people, dealer))
    answer = client.get("/flags", headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?why=role")
    assert client.get("/flags").status_code == 403
    assert "role" in client.get("/sign-in?why=role", headers=HTML).get_data(as_text=True)


def test_the_list_keeps_to_the_scope(client, signed_in):
    text = client.get("/flags?lang=en", headers=HTML).get_data(as_text=True)
    assert "D0001" in text
    assert "D0002" in text
    assert "D0003" not in text
    watch = client.get("/flags?lang=zh&state=watch", headers=HTML).get_data(as_text=True)
    assert "D0001" not in watch
    assert "关注" in watch
    other = client.get("/flags/W1-SSQ-abc:D0003", headers=HTML)
    assert other.status_code == 404
    assert "<h1>" in other.get_data(as_text=True)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_dossier_is_shown_whole(client, signed_in, kept, dossier, lang):
    answer = client.get(f"/flags/{kept}?lang={lang}", headers=HTML)
    assert answer.headers["Cache-Control"] == "no-store"
    text = html.unescape(answer.get_data(as_text=True))
    assert dossier["conclusion"]["headline"][lang] in text
    for piece in dossier["evidence"]:
        assert piece["title"][lang] in text
    for tested in dossier["look_alikes"]:
        assert tested["title"][lang] in text
    for limit in dossier["limits"]:
        assert limit[lang] in text
    assert "None" not in text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script", text)
    images = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', text)
    assert len(images) == text.count("<figure>") == text.count("<figcaption>") >= 4
    for address, told in images:
        assert told
        svg = client.get(address.replace("&amp;", "&"))
        assert svg.status_code == 200
        assert svg.mimetype == "image/svg+xml"
        assert svg.data.startswith(b"<svg")
        assert b"<script" not in svg.data


def test_texts_of_others_are_only_text(client, signed_in, kept):
    """A dealer's reply is shown as it is, never run."""
    hostile = '<script>alert(1)</script>"><img src=x onerror=1>'
    collection("questions").insert_one(
        {
            "_id": "q1", "flag": kept, "dealer": "D0001", "brand": "Aurora", "wave": "W1", "text_zh": hostile,
            "text_en": hostile, "evidence": [], "asked_by": "x", "asked_at": datetime.now(UTC),
            "reply_until": datetime.now(UTC), "outcome": None,
            "replies": [{"by": "x", "at": datetime.now(UTC), "text": hostile, "photos": []}],
        }
    )  # fmt: skip
    text = client.get(f"/flags/{kept}", headers=HTML).get_data(as_text=True)
    assert "<script" not in text
    assert "<img src=x" not in text
    assert text.count("&lt;script&gt;") == 2


def test_before_the_decision_the_page_grades_nothing(client, signed_in, kept):
    collection("flags").update_one({"_id": kept}, {"$set": {"blind": True, "p": 0.0123, "q": 0.0456}})
    text = client.get(f"/flags/{kept}?lang=en", headers=HTML).get_data(as_text=True)
    assert "Read blind" in text
    assert not [told for told in ("In figures", "stands out", "<th>p</th>", "Why it is not flagged") if told in text]
    shown = client.get(f"/flags/{kept}?lang=en&figures=true", headers=HTML).get_data(as_text=True)
    assert "compared, 5%" in shown
    assert "no longer decide" in text


def test_no_chart_of_what_is_not_there(client, signed_in, kept):
    for name in ("nothing", "..", "funnel%00"):
        assert client.get(f"/flags/{kept}/charts/{name}.svg").status_code == 404
    assert client.get("/flags/W1-SSQ-abc:D0002/charts/funnel.svg").status_code == 404


def test_photos_behind_a_flag_are_shown_small_and_no_others(client, signed_in, kept, app):
    """Only those that the dossier or a reply names; anybody else's hash opens nothing."""
    pictures = [worlds.picture(n) for n in (21, 22, 23)]
    names = [hashlib.sha256(picture).hexdigest() for picture in pictures]
    store = app.extensions["audit"].store
    dealer = replace(OPERATOR, id="dealer", role=Role.DEALER, dealers=frozenset({"D0001"}))
    settings = app.extensions["audit"].settings
    for name, picture in zip(names, pictures, strict=True):
        photos.receive_photo(store, io.BytesIO(picture), name, settings=settings, actor=dealer, at=datetime.now(UTC))
    shown = [{"visit": "V", "item": "SAA-PRI-01", "touchpoint": "SAL_PRICE", "sha256": names[0]}]
    collection("flags").update_one({"_id": kept}, {"$set": {"dossier.photos": shown}})
    reply = {"by": "dealer", "at": datetime.now(UTC), "text": "看照片", "photos": names[:2]}
    collection("questions").insert_one(
        {
            "_id": "q1", "flag": kept, "dealer": "D0001", "brand": "Aurora", "wave": "W1", "text_zh": "请说明",
            "text_en": "Explain", "evidence": [], "asked_by": "x", "asked_at": datetime.now(UTC),
            "reply_until": datetime.now(UTC), "outcome": None, "replies": [reply], "appeal": None,
        }
    )  # fmt: skip
    text = client.get(f"/flags/{kept}?lang=en", headers=HTML).get_data(as_text=True)
    addresses = re.findall(r'<img src="([^"]+\.jpg)" alt="[^"]+"', text)
    assert len(addresses) == 3
    for address in addresses:
        picture = client.get(address.replace("&amp;", "&"))
        assert (picture.status_code, picture.mimetype) == (200, "image/jpeg")
    assert client.get(f"/flags/{kept}/photos/{names[2]}.jpg").status_code == 404
    assert client.get(f"/flags/W1-SSQ-abc:D0003/photos/{names[0]}.jpg").status_code == 404
