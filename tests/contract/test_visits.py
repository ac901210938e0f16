"""GET, PUT /v1/visits/{id}, its conflicts, and GET /v1/visits."""

from __future__ import annotations

import copy
import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audit_api.domain.directory import Role
from audit_api.models import visits as kept
from audit_api.models.base import collection
from tests import worlds


class Field:
    """An auditor with an assignment at D0001 and one at D0002, and somebody else with another."""

    def __init__(self, network):
        self.network = network
        self.client, self.app, self.people = network.client, network.app, network.people
        self.auditor, self.headers = network.person(Role.AUDITOR, brands=("Aurora",))
        self.other, _ = network.person(Role.AUDITOR, brands=("Aurora",))
        self.mine, self.second = network.assignment(self.auditor), network.assignment(self.auditor, dealer="D0002")
        self.theirs = network.assignment(self.other)

    def put(self, visit, actor=None, **json):
        return self.client.put(visit.url, json=visit.body | json, headers=self.people.headers(actor or self.auditor))


@pytest.fixture
def field(network):
    return Field(network)


@pytest.fixture(scope="module")
def reviewer(network):
    return network.person(Role.QUALITY_REVIEWER, brands=("Aurora",))[1]


@pytest.fixture
def client(network):
    return network.client


@pytest.fixture
def visit(field):
    return worlds.make_visit(field.mine)


def stored(visit):
    return collection("visits").find_one({"_id": visit.id})


def conflicts(visit):
    return list(collection("visit_conflicts").find({"visit": visit.id}))


def test_it_works(client, field, visit, reviewer):
    answer = field.put(visit)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert answer.get_json()["revision"] == 1
    assert answer.get_json()["state"] == "started"
    row = stored(visit)
    assert row["auditor"] == field.auditor.id
    assert row["skew_seconds"] == pytest.approx((row["received_at"] - row["ended_at"]).total_seconds(), abs=0.01)
    read = client.get(visit.url, headers=field.headers).get_json()
    sent = visit.body["observations"]
    assert [o["item"] for o in read["observations"]] == [o["item"] for o in sent]
    assert [o["value"] for o in read["observations"]] == [o["value"] for o in sent]
    assert [o["photos"] for o in read["observations"]] == [o["photos"] for o in sent]
    assert client.get("/v1/visits", headers=field.headers).get_json()["items"][0]["visit"] == visit.id


def test_repeating_changes_nothing_whatever_the_layout(client, field, visit):
    assert field.put(visit).status_code == 201
    before = stored(visit)
    shuffled = dict(reversed(visit.body.items()))
    answer = client.put(visit.url, json=shuffled, headers=field.headers)
    assert answer.status_code == 200
    assert stored(visit) == before


def test_the_next_revision_replaces_and_the_old_one_is_kept(field, visit):
    first = field.put(visit).get_json()
    answer = field.put(visit, revision=2, locale="en")
    assert answer.status_code == 201
    assert stored(visit)["revision"] == 2
    old = collection("visit_revisions").find_one({"_id": f"{visit.id}:1"})
    assert old["content_hash"] == first["content_hash"]
    assert old["observations"] == visit.body["observations"]
    assert stored(visit)["received_at"] <= stored(visit)["updated_at"]


def test_same_revision_with_other_content_keeps_both(client, field, visit, reviewer):
    first = field.put(visit).get_json()
    for _ in range(2):  # a repetition is not kept twice
        answer = field.put(visit, locale="en")
        assert answer.status_code == 409
        assert answer.get_json()["type"] == "/problems/revision-conflict"
        assert answer.get_json()["current_revision"] == 1
        assert answer.get_json()["current_hash"] == first["content_hash"]
    for headers in (field.headers, reviewer):
        listed = client.get(f"{visit.url}/conflicts", headers=headers).get_json()["items"]
        assert [(c["revision"], c["reason"], c["content"]["locale"]) for c in listed] == [(1, "same_revision", "en")]
    assert stored(visit)["content_hash"] == first["content_hash"]


def test_a_stale_revision_is_refused_and_kept(field, visit):
    assert field.put(visit, revision=5).status_code == 201
    answer = field.put(visit, revision=4)
    assert answer.status_code == 409
    assert answer.get_json()["current_revision"] == 5
    assert [c["reason"] for c in conflicts(visit)] == ["stale"]


def test_a_late_repetition_of_an_accepted_revision_is_no_new_conflict(field, visit):
    field.put(visit)
    field.put(visit, revision=2)
    assert field.put(visit, revision=1).status_code == 409
    assert conflicts(visit) == []


def test_a_second_visit_for_one_assignment_is_kept_as_conflict(field, visit):
    assert field.put(visit).status_code == 201
    second = worlds.make_visit(field.mine, seed=2)
    answer = field.put(second)
    assert answer.status_code == 409
    assert answer.get_json()["visit"] == visit.id
    assert stored(second) is None
    (conflict,) = conflicts(visit)
    assert conflict["sent_as"] == second.id
    assert conflict["content"]["observations"] == second.body["observations"]


def test_one_visit_cannot_move_to_another_assignment(field, visit):
    field.put(visit)
    answer = field.put(visit, revision=2, assignment=field.second, dealer="D0002")
    assert answer.status_code == 409
    assert stored(visit)["assignment"] == field.mine


def test_only_so_many_conflicts_are_kept(field, visit, monkeypatch):
    monkeypatch.setattr(kept, "MOST_CONFLICTS", 3)
    field.put(visit)
    for n in range(3):
        assert field.put(visit, client={"app": str(n)}).status_code == 409
    answer = field.put(visit, client={"app": "one too many"})
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    assert len(conflicts(visit)) == 3


def test_somebody_elses_assignment_and_none_look_alike(field, visit):
    answers = [field.put(visit, assignment=code) for code in (field.theirs, "A-none")]
    assert [a.status_code for a in answers] == [404, 404]
    assert answers[0].get_json()["detail"] == answers[1].get_json()["detail"]


def test_somebody_elses_visit_is_not_found_on_put_either(client, field, visit, reviewer):
    field.put(visit)
    theirs = worlds.make_visit(field.theirs)
    theirs.id = visit.id
    assert field.put(theirs, actor=field.other).status_code == 404
    assert conflicts(visit) == []
    for url in (visit.url, f"{visit.url}/conflicts"):
        assert client.get(url, headers=field.people.headers(field.other)).status_code == 404


def test_reading_is_scoped(client, field, visit, reviewer):
    field.put(visit)
    _, foreign = field.network.person(Role.QUALITY_REVIEWER, brands=("Borealis",))
    for headers, status in ((reviewer, 200), (foreign, 404), (field.people.headers(field.other), 404)):
        assert client.get(visit.url, headers=headers).status_code == status
        found = client.get("/v1/visits", headers=headers).get_json()["items"]
        assert (visit.id in [v["visit"] for v in found]) == (status == 200)
    _, dealer = field.network.person(Role.DEALER, dealers=("D0001",))
    assert client.get(visit.url, headers=dealer).status_code == 403
    assert client.get("/v1/visits", headers=dealer).status_code == 403
    assert client.put(visit.url, json=visit.body, headers=reviewer).status_code == 403


def test_the_list_is_filtered_and_paged(client, field, visit):
    field.put(visit)
    second = worlds.make_visit(field.second, dealer="D0002")
    field.put(second)

    def ids(query):
        answer = client.get(f"/v1/visits?{query}", headers=field.headers).get_json()
        return [v["visit"] for v in answer["items"]], answer["next"]

    everything = sorted([visit.id, second.id])
    assert ids("") == (everything, None)
    assert ids("dealer=D0002") == ([second.id], None)
    assert ids("state=submitted") == ([], None)
    assert ids("wave=AUR-2026-Q4&state=started") == (everything, None)
    page, after = ids("limit=1")
    assert page == everything[:1]
    assert ids(f"limit=1&after={after}") == (everything[1:], None)


def test_an_auditor_is_not_told_why_the_dealer_was_chosen(client, field, visit, reviewer):
    field.put(visit)
    assert "selected_by" not in client.get(visit.url, headers=field.headers).get_json()
    assert client.get(visit.url, headers=reviewer).get_json()["selected_by"] == "trigger"


def changed(item, /, **values):
    def change(body):
        next(o for o in body["observations"] if o["item"] == item).update(values)

    return change


@pytest.mark.parametrize(
    ("change", "item", "code"),
    [
        (changed("SMS-VIS-04", value="no such option"), "SMS-VIS-04", "unknown_option"),
        (changed("SMS-VIS-04", value=3), "SMS-VIS-04", "wrong_type"),
        (changed("SMS-NAR-01", comment="a\x00b"), "SMS-NAR-01", "unprintable"),
        (changed("SMS-NAR-01", item="SMS-XXX-01"), "SMS-XXX-01", "unknown_item"),
        (lambda b: b["observations"].append(b["observations"][0]), "SMS-VIS-01", "repeated"),
        (changed("SMS-VIS-05", photos=[{"slot": "1", "sha256": "a" * 64}] * 2), "SMS-VIS-05", "slot_repeated"),
    ],
)
def test_an_answer_that_is_none_is_named(field, visit, change, item, code):
    change(visit.body)
    answer = field.put(visit)
    assert answer.status_code == 422
    assert (item, code) in [(e["item"], e["code"]) for e in answer.get_json()["errors"]]
    assert stored(visit) is None


@pytest.mark.parametrize(
    ("changes", "field_name"),
    [({"dealer": "D0002"}, "dealer"), ({"checklist": {"code": "SMS", "version": 2}}, "checklist")],
)
def test_content_has_to_be_as_assigned(field, visit, changes, field_name):
    answer = field.put(visit, **changes)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == field_name


MOMENT = "2026-11-20T10:02:11+08:00"


@pytest.mark.parametrize(
    ("changes", "field_name"),
    [
        ({"revision": 0}, "revision"),
        ({"revision": "3"}, "revision"),
        ({"revision": 2**70}, "revision"),
        ({"revision": 1.5}, "revision"),
        ({"state": "approved"}, "state"),
        ({"score": 100}, "score"),
        ({"auditor": "me"}, "auditor"),
        ({"received_at": MOMENT}, "received_at"),
        ({"started_at": "2026-11-20T10:02:11"}, "started_at"),
        ({"started_at": "0001-01-01T00:00:00+08:00"}, "started_at"),
        ({"ended_at": "9999-12-31T23:59:59-08:00"}, "ended_at"),
        ({"observations": [{"item": "A", "answered_at": "0001-01-01T00:00:00+08:00"}]}, "answered_at"),
        (
            {
                "observations": [
                    {"item": "A", "photos": [{"slot": "1", "sha256": "0" * 64, "taken_at": "2100-01-01T00:00:00Z"}]}
                ]
            },
            "taken_at",
        ),
        ({"ended_at": 5}, "ended_at"),
        ({"locale": "中文"}, "locale"),
        ({"client": {"app": "a\x00"}}, "client.app"),
        ({"client": {"$where": "1"}}, "client.$where"),
        ({"assignment": {"$ne": ""}}, "assignment"),
        ({"observations": [{"item": "A", "value": True}]}, "observations[0].value"),
        ({"observations": [{"item": "A", "value": {"$gt": 1}}]}, "observations[0].value.$gt"),
        ({"observations": [{"item": "A", "value": [1]}]}, "observations[0].value[0]"),
        (
            {"observations": [{"item": "A", "photos": [{"slot": "1", "sha256": "x"}]}]},
            "observations[0].photos[0].sha256",
        ),
        ({"observations": [{"item": "A"}] * 1001}, "observations"),
    ],
)
def test_a_malformed_body_names_the_field(field, visit, changes, field_name):
    answer = field.put(visit, **changes)
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert answer.get_json()["errors"][0]["field"] == field_name
    assert stored(visit) is None


def test_a_malformed_observation_names_its_item(field, visit):
    visit.observation("SMS-VIS-05")["photos"][0]["sha256"] = "x"
    assert field.put(visit).get_json()["errors"][0]["item"] == "SMS-VIS-05"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff",
        b'{"revision": NaN}',
        b'{"revision": 1, "revision": 2}',
        b'{"locale": "\\ud800"}',
        b"[" * 100_000,
        b'{"revision": ' + b"9" * 5000 + b"}",
    ],
)
def test_hostile_bytes_are_refused(client, field, visit, body):
    headers = field.headers | {"Content-Type": "application/json"}
    assert client.put(visit.url, data=body, headers=headers).status_code == 422


def test_a_key_named_twice_is_refused_even_when_the_rest_is_right(client, field, visit):
    import json

    body = json.dumps(visit.body).replace('"locale": "zh"', '"locale": "zh", "locale": "en"')
    answer = client.put(visit.url, data=body, headers=field.headers | {"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "twice" in answer.get_json()["detail"]


def test_other_kinds_of_content_are_refused(client, field, visit):
    assert client.put(visit.url, data=b"{}", headers=field.headers).status_code == 415


@pytest.mark.parametrize("visit_id", ["x", "1", "00000000-0000-4000-8000-00000000000g"])
def test_an_id_that_is_no_uuid_is_not_found(client, field, visit, visit_id):
    assert client.put(f"/v1/visits/{visit_id}", json=visit.body, headers=field.headers).status_code == 404


def test_an_id_made_from_the_clock_is_refused(client, field, visit):
    answer = client.put(f"/v1/visits/{uuid.uuid1()}", json=visit.body, headers=field.headers)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "visit_id"


def test_of_writers_racing_with_the_same_content_one_creates(field, visit):
    statuses = race(field, [(visit.url, visit.body)] * 8)
    assert sorted(statuses) == [200] * 7 + [201]
    assert collection("visits").count_documents({"assignment": field.mine}) == 1
    assert conflicts(visit) == []


def test_of_writers_racing_with_other_content_one_wins_and_the_rest_is_kept(field, visit):
    bodies = [visit.body | {"client": {"app": str(n), "device": ""}} for n in range(8)]
    statuses = race(field, [(visit.url, body) for body in bodies])
    assert sorted(statuses) == [201] + [409] * 7
    apps = [stored(visit)["client"]["app"], *(c["content"]["client"]["app"] for c in conflicts(visit))]
    assert sorted(apps) == [str(n) for n in range(8)]


def test_of_visits_racing_for_one_assignment_one_wins_and_the_rest_is_kept(field):
    visits = [worlds.make_visit(field.mine, seed=seed) for seed in range(1, 7)]
    statuses = race(field, [(v.url, v.body) for v in visits])
    assert sorted(statuses) == [201] + [409] * 5
    (winner,) = collection("visits").find({"assignment": field.mine})
    kept_ids = {c["sent_as"] for c in collection("visit_conflicts").find({"visit": winner["_id"]})}
    assert kept_ids | {winner["_id"]} == {v.id for v in visits}


def test_of_next_revisions_racing_one_wins_and_the_rest_is_kept(field, visit):
    field.put(visit)
    bodies = [visit.body | {"revision": 2, "client": {"app": str(n), "device": ""}} for n in range(8)]
    statuses = race(field, [(visit.url, body) for body in bodies])
    assert sorted(statuses) == [201] + [409] * 7
    apps = [stored(visit)["client"]["app"], *(c["content"]["client"]["app"] for c in conflicts(visit))]
    assert sorted(apps) == [str(n) for n in range(8)]


def test_of_revisions_racing_the_highest_is_held_and_none_is_lost(field, visit):
    field.put(visit)
    numbers = list(range(2, 10))
    race(field, [(visit.url, visit.body | {"revision": n}) for n in numbers])
    assert stored(visit)["revision"] == 9
    replaced = [r["revision"] for r in collection("visit_revisions").find({"visit": visit.id})]
    refused = [c["revision"] for c in conflicts(visit)]
    assert sorted([*replaced, *refused, 9]) == [1, *numbers]


def race(field, requests):
    """Send all requests at once, each from a thread of its own; gives the statuses."""
    barrier, statuses = threading.Barrier(len(requests)), []

    def send(url, body):
        client = field.app.test_client()
        barrier.wait()
        statuses.append(client.put(url, json=body, headers=field.headers).status_code)

    threads = [threading.Thread(target=send, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


@given(sent=st.lists(st.tuples(st.integers(1, 4), st.sampled_from("ab")), min_size=1, max_size=12))
@hypothesis_settings(max_examples=25)
def test_whatever_is_repeated_or_reordered_nothing_is_lost(client, field, sent):
    """Any sequence of revisions, each in two contents: the highest accepted is held, everything refused is kept."""
    visit = worlds.make_visit(field.network.assignment(field.auditor))
    body = visit.body | {"observations": []}
    held, accepted, refused = None, set(), set()
    for revision, content in sent:
        json = copy.deepcopy(body) | {"revision": revision, "client": {"app": content, "device": ""}}
        status = client.put(visit.url, json=json, headers=field.headers).status_code
        if held is None or revision > held[0]:
            assert status == 201
            held = (revision, content)
            accepted.add(held)
        elif (revision, content) == held:
            assert status == 200
        else:
            assert status == 409
            refused.add((revision, content))
    row = stored(visit)
    assert (row["revision"], row["client"]["app"]) == held
    replaced = {(r["revision"], r["client"]["app"]) for r in collection("visit_revisions").find({"visit": visit.id})}
    assert replaced == accepted - {held}
    assert {(c["revision"], c["content"]["client"]["app"]) for c in conflicts(visit)} == refused - accepted
