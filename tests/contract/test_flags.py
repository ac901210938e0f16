"""GET /v1/flags, GET /v1/flags/{id}, POST /v1/flags/{id}/decisions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from audit_api.domain.directory import Role
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import flags
from audit_api.problems import Problem
from tests.conftest import NOW

REASON = "Two sources agree and the dealer was heard"


def kept_flag(dealer, brand="Aurora", grade="flag", state="open"):
    return {
        "_id": f"W1-SSQ-abc:{dealer}", "run": "W1-SSQ-abc", "wave": "W1", "questionnaire": "SSQ", "dealer": dealer,
        "brand": brand, "grade": grade, "state": state, "revision": 1, "score": 41.5, "p": 7e-5, "q": 0.03,
        "groups": ["level", "copying"], "summary": {"zh": "证据", "en": "Evidence"}, "decisions": [],
        "dossier": {
            "dealer_id": dealer,
            "evidence": [{"indicator": "discordance", "rows": {"visits": ["V1"]}, "stands_out": True}],
        },
        "created_at": NOW, "decided_at": None,
    }  # fmt: skip


@pytest.fixture
def kept(dealers):
    collection("flags").insert_many(
        [kept_flag("D0001"), kept_flag("D0002", grade="watch", state="watch"), kept_flag("D0003", brand="Borealis")]
    )
    return "W1-SSQ-abc:D0001"


@pytest.fixture
def reviewer(people):
    return people.headers(people.add(Role.QUALITY_REVIEWER, name="anna"))


@pytest.fixture
def second(people):
    return people.headers(people.add(Role.ADMIN, name="ben"))


def decide(client, headers, flag, outcome="confirmed", revision=1, reason=REASON, **more):
    body = {"outcome": outcome, "revision": revision, "reason": reason, **more}
    return client.post(f"/v1/flags/{flag}/decisions", json=body, headers=headers)


def names(client, headers, query=""):
    return [f["dealer"] for f in client.get("/v1/flags" + query, headers=headers).get_json()["items"]]


def test_it_works(client, kept, reviewer):
    answer = client.get(f"/v1/flags/{kept}", headers=reviewer)
    assert answer.status_code == 200
    flag = answer.get_json()
    assert flag["dossier"]["evidence"][0]["rows"] == {"visits": ["V1"]}
    assert (flag["state"], flag["revision"], flag["decisions"]) == ("open", 1, [])


def test_two_people_dismiss_with_the_same_look_alike(client, kept, reviewer, second):
    lacking = decide(client, reviewer, kept, "dismissed")
    assert lacking.status_code == 422
    assert lacking.get_json()["errors"][0]["field"] == "look_alike"
    first = decide(client, reviewer, kept, "dismissed", look_alike="L05")
    assert first.status_code == 201
    assert (first.get_json()["state"], first.get_json()["revision"]) == ("open", 2)
    assert first.get_json()["decided_at"] is None
    again = decide(client, reviewer, kept, "dismissed", revision=2, look_alike="L05")
    assert again.status_code == 409
    assert again.get_json()["type"] == "/problems/transition-refused"
    last = decide(client, second, kept, "dismissed", revision=2, look_alike="L05").get_json()
    assert (last["state"], last["revision"], len(last["decisions"])) == ("dismissed", 3, 2)
    assert last["decided_at"] is not None
    assert len({d["by"] for d in last["decisions"]}) == 2
    assert [e["verb"] for e in trail.entries_of("flag", kept)] == ["decided", "decided"]
    assert decide(client, second, kept, "inconclusive", revision=3).status_code == 409
    assert collection("flag_suppressions").find_one({"_id": kept})["groups"] == ["level", "copying"]


def test_nothing_is_confirmed_unheard(client, kept, reviewer):
    refused = decide(client, reviewer, kept)
    assert refused.status_code == 409
    assert "asked and heard" in refused.get_json()["detail"]


def test_who_has_an_interest_does_not_decide(client, kept, people, reviewer):
    scoped = people.headers(people.add(Role.QUALITY_REVIEWER, name="scoped", dealers=("D0001",)))
    assert decide(client, scoped, kept, "inconclusive").status_code == 403
    visitor = people.add(Role.QUALITY_REVIEWER, name="visitor")
    collection("visits").insert_one({"_id": "V1", "auditor": visitor.id, "assignment": "A"})
    answer = decide(client, people.headers(visitor), kept, "inconclusive")
    assert answer.status_code == 403
    assert "audited" in answer.get_json()["detail"]
    assert decide(client, reviewer, kept, "inconclusive", interests=["family"]).status_code == 403
    # What was declared cannot be taken back.
    assert decide(client, reviewer, kept, "inconclusive").status_code == 403
    assert [e["verb"] for e in trail.entries_of("flag", kept)] == ["interest_declared"]
    assert collection("flags").find_one({"_id": kept})["decisions"] == []


def test_a_watch_is_closed_by_one_person(client, kept, reviewer):
    watch = kept.replace("D0001", "D0002")
    assert decide(client, reviewer, watch).status_code == 409
    assert decide(client, reviewer, watch, "inconclusive").get_json()["state"] == "inconclusive"


@pytest.mark.parametrize(
    "change", [{"reason": "no"}, {"reason": " " * 20}, {"outcome": "guilty"}, {"look_alike": "L99"}, {"revision": "1"},
               {"state": "confirmed"}],
)  # fmt: skip
def test_bad_decisions_change_nothing(client, kept, reviewer, change):
    assert decide(client, reviewer, kept, **change).status_code == 422
    assert collection("flags").find_one({"_id": kept})["revision"] == 1
    assert collection("trail").count_documents({"kind": "flag"}) == 0


def test_a_stale_revision_is_said_in_a_sentence(client, kept, reviewer, second):
    decide(client, reviewer, kept, "inconclusive")
    stale = decide(client, second, kept, revision=1)
    assert stale.status_code == 409
    body = stale.get_json()
    assert body["type"] == "/problems/stale-revision"
    assert body["current_revision"] == 2
    assert [(c["verb"], c["state"]) for c in body["changes"]] == [("decided", "open")]
    assert "refresh" in body["detail"]
    chinese = decide(client, second | {"Accept-Language": "zh"}, kept, revision=1).get_json()
    assert "刷新" in chinese["detail"]


def test_of_many_at_once_one_decides(app, kept, people):
    actors = [people.add(Role.QUALITY_REVIEWER) for _ in range(6)]

    def one(actor):
        try:
            flags.decide_flag(kept, outcome="inconclusive", reason=REASON, revision=1, actor=actor, at=NOW)
        except Problem as problem:
            return problem.kind.slug
        return "decided"

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(one, actors))
    assert sorted(results) == ["decided", *["stale-revision"] * 5]
    assert len(collection("flags").find_one({"_id": kept})["decisions"]) == 1
    assert len(trail.entries_of("flag", kept)) == 1


def test_lists_and_filters(client, kept, reviewer):
    assert names(client, reviewer) == ["D0001", "D0002", "D0003"]
    assert names(client, reviewer, "?state=watch") == ["D0002"]
    assert names(client, reviewer, "?grade=flag&wave=W1") == ["D0001", "D0003"]
    assert names(client, reviewer, "?wave=W2") == []
    page = client.get("/v1/flags?limit=2", headers=reviewer).get_json()
    assert names(client, reviewer, f"?after={page['next']}") == ["D0003"]
    assert "dossier" not in page["items"][0]
    assert client.get("/v1/flags?state=guilty", headers=reviewer).status_code == 422


def test_scope(client, kept, people):
    borealis = people.headers(people.add(Role.QUALITY_REVIEWER, brands=("Borealis",)))
    assert names(client, borealis) == ["D0003"]
    assert client.get(f"/v1/flags/{kept}", headers=borealis).status_code == 404
    assert decide(client, borealis, kept).status_code == 404
    manager = people.headers(people.add(Role.PROGRAMME_MANAGER))
    assert client.get(f"/v1/flags/{kept}", headers=manager).status_code == 200
    assert decide(client, manager, kept).status_code == 403
    for role, scope in ((Role.DEALER, {"dealers": ("D0001",)}), (Role.AUDITOR, {})):
        headers = people.headers(people.add(role, **scope))
        assert client.get("/v1/flags", headers=headers).status_code == 403
        assert client.get(f"/v1/flags/{kept}", headers=headers).status_code == 403
        assert decide(client, headers, kept).status_code == 403


def test_a_control_is_blind_until_it_is_decided(client, kept, reviewer, second, people):
    """The figures are shown on request, which is recorded; who has seen them no longer asks or decides."""
    third = people.headers(people.add(Role.QUALITY_REVIEWER, name="cleo"))
    collection("flags").update_one({"_id": kept}, {"$set": {"blind": True, "control": True}})
    listed = next(f for f in client.get("/v1/flags", headers=reviewer).get_json()["items"] if f["flag"] == kept)
    assert (listed["p"], listed["q"], listed["score"], listed["groups"], listed["control"]) == (
        None,
        None,
        None,
        [],
        None,
    )
    assert "Read blind" in listed["summary"]["en"]
    assert client.get(f"/v1/flags/{kept}", headers=reviewer).get_json()["q"] is None
    assert client.get(f"/v1/flags/{kept}?figures=true", headers=second).get_json()["q"] == 0.03
    assert client.get(f"/v1/flags/{kept}?figures=true", headers=second).get_json()["q"] == 0.03
    assert client.get(f"/v1/flags/{kept}", headers=reviewer).get_json()["q"] is None
    assert [e["verb"] for e in trail.entries_of("flag", kept)] == ["figures_shown"]
    refused = decide(client, second, kept, "dismissed", look_alike="L01")
    assert refused.status_code == 403
    assert "seen the figures" in refused.get_json()["detail"]
    question = {"text_zh": "请说明答卷的来历", "text_en": "Please explain", "revision": 1}
    assert client.post(f"/v1/flags/{kept}/questions", json=question, headers=second).status_code == 403
    first = decide(client, reviewer, kept, "dismissed", look_alike="L01").get_json()
    assert (first["q"], first["control"]) == (None, None)
    last = decide(client, third, kept, "dismissed", revision=2, look_alike="L01").get_json()
    assert (last["control"], last["q"], [d["blind"] for d in last["decisions"]]) == (True, 0.03, [True, True])
    found = client.get("/v1/detector-precision", headers=reviewer).get_json()
    assert (found["controls"]["dismissed"], found["flags"]["dismissed"]) == (1, 0)
    assert collection("flag_suppressions").count_documents({}) == 0


def test_precision_of_detectors(client, kept, reviewer, second, people):
    decide(client, reviewer, kept, "dismissed", look_alike="L05")
    decide(client, second, kept, "dismissed", revision=2, look_alike="L05")
    found = client.get("/v1/detector-precision?wave=W1", headers=reviewer).get_json()
    assert (found["flags"]["dismissed"], found["flags"]["precision"]) == (1, 0.0)
    assert [(i["name"], i["dismissed"]) for i in found["indicators"]] == [("discordance", 1)]
    assert [g["name"] for g in found["groups"]] == ["copying", "level"]
    assert client.get("/v1/detector-precision?wave=W2", headers=reviewer).get_json()["flags"]["precision"] is None
    elsewhere = people.headers(people.add(Role.QUALITY_REVIEWER, brands=("Borealis",)))
    assert client.get("/v1/detector-precision", headers=elsewhere).get_json()["flags"]["dismissed"] == 0
