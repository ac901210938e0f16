"""Codes that sign an auditor's phone in, the token for one, and the key for a forgotten PIN."""

from __future__ import annotations

import base64
import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from audit_api import auth, logs, problems
from audit_api.domain import devices as rules
from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import directory as kept
from audit_api.models.base import collection
from audit_api.models.trail import entries_of
from audit_api.operations import devices, directory
from audit_api.problems import Problem

AT = datetime.now(UTC)  # the database removes old codes by its own clock
PHONE, OTHER_PHONE = uuid.UUID(int=1, version=4), uuid.UUID(int=2, version=4)


@pytest.fixture
def auditor(people):
    return people.add(Role.AUDITOR, name="li-wei", brands=("Aurora",))


def make(person, settings, *, minutes=15, at=AT):
    return devices.make_code(person=person.id, minutes=minutes, settings=settings, actor=OPERATOR, at=at)[0]


def sign_in(code, settings, *, device=PHONE, at=AT, origin="", label="") -> dict:
    return devices.sign_in(
        code=code, device=device, label=label, origin=origin, settings=settings, at=at, hash_token=auth.hash_token
    )


def refused(code, settings, **more) -> tuple:
    with pytest.raises(Problem) as found:
        sign_in(code, settings, **more)
    return found.value.kind, found.value.zh, found.value.en, found.value.members


def opens(token, at=AT):
    return kept.actor_of_token(auth.hash_token(token), at)


def test_from_code_to_recovery_key_over_http(client, people, auditor):
    manager = people.add(Role.PROGRAMME_MANAGER, brands=("Aurora",))
    answer = client.post("/v1/device-codes", json={"person": auditor.email}, headers=people.headers(manager))
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    made = answer.get_json()
    assert made["link"] == f"http://localhost/field/#/sign-in?code={made['code']}"
    assert made["qr_svg"].startswith("<svg")

    body = {"code": made["code"].lower(), "device": str(PHONE), "label": "Pixel"}
    answer = client.post("/v1/device-tokens", json=body)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    signed = answer.get_json()
    assert signed["person"] == {"id": auditor.id, "name": auditor.name, "locale": "zh", "role": "auditor"}
    assert len(base64.b64decode(signed["recovery_key"], validate=True)) == 32

    headers = {"Authorization": f"Bearer {signed['token']}"}
    me = client.get("/v1/me", headers=headers).get_json()
    assert (me["id"], me["role"], me["brands"]) == (auditor.id, "auditor", ["Aurora"])
    read = client.get(f"/v1/devices/{PHONE}/recovery-key", headers=headers).get_json()
    assert read == {"device": str(PHONE), "recovery_key": signed["recovery_key"]}
    assert client.get(f"/v1/devices/{OTHER_PHONE}/recovery-key", headers=headers).status_code == 404


def test_a_code_works_once_and_says_nothing_more(auditor, settings):
    code = make(auditor, settings)
    sign_in(code, settings)
    unknown = refused("22222-22222", settings)
    assert unknown[0] is problems.DEVICE_CODE_REFUSED
    assert refused(code, settings, device=OTHER_PHONE) == unknown
    assert refused("not a code", settings) == unknown
    expired = make(auditor, settings, minutes=1)
    assert refused(expired, settings, device=OTHER_PHONE, at=AT + timedelta(minutes=1)) == unknown


def test_the_right_code_is_taken_to_its_last_moment(auditor, settings):
    code = make(auditor, settings, minutes=1)
    assert opens(sign_in(code, settings, at=AT + timedelta(seconds=59))["token"]).id == auditor.id


@pytest.mark.parametrize("change", [{"active": False}, {"role": "dealer"}])
def test_who_left_meanwhile_is_not_signed_in(auditor, settings, change):
    code = make(auditor, settings)
    kept.Person._get_collection().update_one({"_id": auditor.id}, {"$set": change})
    assert refused(code, settings) == refused("22222-22222", settings)


def test_a_lost_answer_strands_nobody(auditor, settings):
    """The same phone asks again, even after the code's own end; the token of the lost answer is dead."""
    code = make(auditor, settings, minutes=1)
    lost = sign_in(code, settings)
    again = sign_in(code, settings, at=AT + timedelta(minutes=9))
    assert opens(lost["token"]) is None
    assert opens(again["token"]).id == auditor.id
    assert again["recovery_key"] == lost["recovery_key"]
    assert refused(code, settings, at=AT + timedelta(minutes=10))[0] is problems.DEVICE_CODE_REFUSED
    assert refused(code, settings, device=OTHER_PHONE)[0] is problems.DEVICE_CODE_REFUSED


def test_signing_in_anew_keeps_the_key_and_ends_the_old_token(auditor, settings):
    first = sign_in(make(auditor, settings), settings)
    elsewhere = sign_in(make(auditor, settings), settings, device=OTHER_PHONE)
    later = sign_in(make(auditor, settings), settings)
    assert later["recovery_key"] == first["recovery_key"] != elsewhere["recovery_key"]
    assert opens(first["token"]) is None
    assert opens(elsewhere["token"]).id == auditor.id


def test_two_auditors_on_one_phone_have_a_key_each(people, auditor, settings):
    other = people.add(Role.AUDITOR, name="wang-fang", brands=("Aurora",))
    mine, theirs = sign_in(make(auditor, settings), settings), sign_in(make(other, settings), settings)
    assert mine["recovery_key"] != theirs["recovery_key"]
    assert opens(mine["token"]).id == auditor.id
    assert opens(theirs["token"]).id == other.id


def test_two_phones_at_once_with_one_code(auditor, settings):
    code = make(auditor, settings)
    phones = [uuid.uuid4() for _ in range(6)]

    def attempt(phone):
        try:
            return sign_in(code, settings, device=phone)["token"]
        except Problem:
            return None

    with ThreadPoolExecutor(6) as pool:
        tokens = [token for token in pool.map(attempt, phones) if token]
    assert len(tokens) == 1
    assert opens(tokens[0]).id == auditor.id
    assert collection("devices").count_documents({}) == 1


def test_a_new_code_withdraws_the_unused_one(auditor, settings):
    earlier, later = make(auditor, settings), make(auditor, settings)
    assert refused(earlier, settings)[0] is problems.DEVICE_CODE_REFUSED
    assert sign_in(later, settings)["token"]


def test_codes_and_keys_are_for_auditors_in_scope(people, auditor, settings):
    def attempt(who, person):
        with pytest.raises(Problem) as found:
            devices.make_code(person=person, minutes=15, settings=settings, actor=who, at=AT)
        return found.value.kind

    manager = people.add(Role.PROGRAMME_MANAGER, brands=("Aurora",))
    elsewhere = people.add(Role.PROGRAMME_MANAGER, brands=("Borealis",))
    of_one_dealer = people.add(Role.PROGRAMME_MANAGER, name="one-dealer", brands=("Aurora",), dealers=("D0001",))
    both = people.add(Role.AUDITOR, name="both-brands", brands=("Aurora", "Borealis"))
    everywhere = people.add(Role.AUDITOR, name="everywhere", brands=("*",))
    assert attempt(elsewhere, auditor.email) is problems.NOT_FOUND
    assert attempt(of_one_dealer, auditor.email) is problems.NOT_FOUND
    # In the name of somebody who works for another brand too, one would see that brand's assignments.
    assert attempt(manager, both.email) is problems.NOT_FOUND
    assert attempt(manager, everywhere.email) is problems.NOT_FOUND
    assert attempt(manager, "nobody@example.com") is problems.NOT_FOUND
    assert attempt(manager, manager.email) is problems.INVALID
    assert devices.make_code(person=f" {auditor.email.upper()} ", minutes=1, settings=settings, actor=manager, at=AT)


def test_tries_are_counted_before_they_are_looked_at(auditor, settings, monkeypatch):
    code = make(auditor, settings)
    monkeypatch.setattr(devices, "MOST_TRIES", 3)
    for _ in range(3):
        assert refused("22222-22222", settings)[0] is problems.DEVICE_CODE_REFUSED
    with pytest.raises(Problem) as found:
        sign_in(code, settings)
    assert found.value.kind is problems.TOO_MANY_REQUESTS
    assert 1 <= int(found.value.headers["Retry-After"]) <= 60
    assert sign_in(code, settings, at=AT + timedelta(minutes=1))["token"]


def test_one_address_does_not_use_up_the_tries_of_all(auditor, settings, monkeypatch):
    code = make(auditor, settings)
    monkeypatch.setattr(devices, "MOST_TRIES_OF_ONE", 2)
    for _ in range(2):
        refused("22222-22222", settings, origin="203.0.113.9")
    with pytest.raises(Problem) as found:
        sign_in(code, settings, origin="203.0.113.9")
    assert found.value.kind is problems.TOO_MANY_REQUESTS
    assert sign_in(code, settings, origin="198.51.100.7")["token"]
    assert not any("203.0.113" in str(row) for row in collection("device_tries").find())


def test_what_is_kept_tells_neither_code_nor_token(auditor, settings):
    code = make(auditor, settings)
    signed = sign_in(code, settings, label="Pixel 7")
    everything = "".join(
        str(row) for name in ("device_codes", "device_tries", "devices", "people", "trail")
        for row in collection(name).find()
    )  # fmt: skip
    for secret in (code, rules.read_code(code), signed["token"]):
        assert secret not in everything
    indexes = collection("device_codes").index_information().values()
    assert any(index.get("expireAfterSeconds") == 0 for index in indexes)
    told = [(e["verb"], e["actor"]) for e in entries_of("person", auditor.id)]
    assert told[-2:] == [("device_code_made", OPERATOR.id), ("device_signed_in", auditor.id)]


def test_too_many_live_tokens_are_said_so_and_the_code_stays_good(auditor, settings, monkeypatch):
    code = make(auditor, settings)
    for _ in range(2):
        directory.create_token(email=auditor.email, days=1, actor=OPERATOR, at=AT, hash_token=auth.hash_token)
    with monkeypatch.context() as fewer:
        fewer.setattr(kept, "TOKENS_PER_PERSON", 2)
        assert refused(code, settings)[0] is problems.INVALID
    assert sign_in(code, settings)["token"]


def test_no_code_reaches_the_log(client, auditor, settings, capsys):
    code = make(auditor, settings)
    logs.configure_logging("debug")
    body = {"code": code, "device": str(PHONE), "label": "Pixel"}
    good = client.post("/v1/device-tokens", json=body)
    bad = client.post("/v1/device-tokens", json=body | {"device": str(OTHER_PHONE)})
    broken = client.post("/v1/device-tokens", json=body | {"device": code})
    assert [bad.status_code, broken.status_code] == [422, 422]
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 3
    for secret in (code, rules.read_code(code), good.get_json().get("token", "none"), "Pixel"):
        assert secret not in written
    assert json.loads(written.splitlines()[0])["route"] == "/v1/device-tokens"


def test_the_command_prints_link_code_and_qr(command, auditor):
    result = command("device", "code", "--person", auditor.email, "--url", "https://audit.example.com/")
    assert result.exit_code == 0, result.output
    link, code, *drawn = result.stdout.splitlines()
    assert link == f"https://audit.example.com/field/#/sign-in?code={code}"
    assert rules.read_code(code)
    assert len(drawn) > 10


def form_of(client, path="/devices", **headers):
    text = client.get(path, headers=headers).get_data(as_text=True)
    return text, re.search(r'name="form" value="([^"]+)"', text)[1]


@pytest.mark.parametrize(("language", "word"), [("zh", "登录码已生成"), ("en", "The code is made")])
def test_a_manager_makes_a_code_on_the_page(client, people, auditor, settings, language, word):
    manager = people.add(Role.PROGRAMME_MANAGER, brands=("Aurora",))
    headers = people.headers(manager, Accept="text/html")
    _, form = form_of(client, **headers)
    answer = client.post(
        f"/devices?lang={language}", data={"form": form, "person": auditor.email, "minutes": "60"}, headers=headers
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert word in text
    assert "<svg" in text
    code = re.search(r'<p class="code">([^<]+)<', text)[1]
    assert f"/field/#/sign-in?code={code}" in text
    sign_in(code, settings, at=AT + timedelta(minutes=50), label="<b>Pixel</b>")
    listed, _ = form_of(client, **headers)
    assert "&lt;b&gt;Pixel&lt;/b&gt;" in listed
    assert code not in listed
    english, form = form_of(client, "/devices?lang=en", **headers)
    assert "in use" in english
    phone = re.search(r'name="shut" value="([^"]+)"', english)[1]
    assert client.post("/devices", data={"form": form, "shut": phone}, headers=headers).status_code == 303
    english, _ = form_of(client, "/devices?lang=en", **headers)
    assert "ended" in english
    assert 'name="shut"' not in english


def test_the_page_refuses_what_the_api_refuses(client, people, auditor):
    manager = people.add(Role.PROGRAMME_MANAGER, brands=("Borealis",))
    headers = people.headers(manager, Accept="text/html")
    _, form = form_of(client, **headers)
    phone = f"{auditor.id}:{PHONE}"
    for data, status in (
        ({"form": form, "person": auditor.email}, 404), ({"form": form, "shut": phone}, 404),
        ({"form": "", "person": "x"}, 400), ({"form": "", "shut": phone}, 400),
    ):  # fmt: skip
        answer = client.post("/devices?lang=en", data=data, headers=headers)
        assert answer.status_code == status
        assert 'role="alert"' in answer.get_data(as_text=True)
    assert collection("device_codes").count_documents({}) == 0


def test_phones_are_listed_within_scope(people, auditor, settings):
    other = people.add(Role.AUDITOR, name="of-both", brands=("Aurora", "Borealis"))
    of_dealers = people.add(Role.AUDITOR, name="of-dealers", brands=(), dealers=("D0003",))
    for person in (auditor, other, of_dealers):
        sign_in(make(person, settings), settings)

    def seen(**scope):
        manager = people.add(Role.PROGRAMME_MANAGER, name=f"m-{uuid.uuid4().hex[:6]}", **scope)
        return {row["name"] for row in devices.list_devices(manager, at=AT, limit=9)}

    assert seen(brands=("*",)) == {"li-wei", "of-both", "of-dealers"}
    assert seen(brands=("Aurora",)) == {"li-wei"}
    assert seen(brands=("Aurora", "Borealis")) == {"li-wei", "of-both"}
    assert seen(brands=("Borealis",), dealers=("D0003",)) == {"of-dealers"}
    assert all(row["live"] for row in devices.list_devices(OPERATOR, at=AT, limit=9))
    directory.revoke_tokens(email=auditor.email, actor=OPERATOR, at=AT)
    assert [row["name"] for row in devices.list_devices(OPERATOR, at=AT, limit=9) if not row["live"]] == ["li-wei"]


def test_a_lost_phone_is_shut_out_and_no_other(people, auditor, settings):
    code = make(auditor, settings)
    lost = sign_in(code, settings)
    kept_one = sign_in(make(auditor, settings), settings, device=OTHER_PHONE)
    elsewhere = people.add(Role.PROGRAMME_MANAGER, brands=("Borealis",))
    for who, person, device in (
        (elsewhere, auditor.id, PHONE),
        (OPERATOR, auditor.id, uuid.uuid4()),
        (OPERATOR, "x", ""),
    ):
        with pytest.raises(Problem) as found:
            devices.shut_out(person, str(device), actor=who, at=AT)
        assert found.value.kind is problems.NOT_FOUND
    assert opens(lost["token"])
    for _ in range(2):
        devices.shut_out(auditor.id, str(PHONE), actor=OPERATOR, at=AT)
    assert opens(lost["token"]) is None
    assert refused(code, settings)[0] is problems.DEVICE_CODE_REFUSED
    assert opens(kept_one["token"]).id == auditor.id
    assert [e["verb"] for e in entries_of("person", auditor.id)].count("device_shut_out") == 1
    # Found again and signed in anew, it opens with the key it had.
    assert sign_in(make(auditor, settings), settings)["recovery_key"] == lost["recovery_key"]
