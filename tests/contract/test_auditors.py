"""Screening the auditors of a wave from the database: /v1/auditor-runs, the pages, the command."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from audit_api.domain.directory import OPERATOR, Role
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import auditors
from audit_api.operations.auditors_replay import replay_auditor_run
from audit_api.problems import Problem
from audit_api.simulator.auditors import DESK, FAVOURING, HONEST, RECYCLING, STRAIGHT, AuditorSpec, simulate_auditors
from tests import worlds
from tests.conftest import NOW
from tests.contract.test_pages_flags import HTML, form_of, sign_in, token_of

REASONS = {
    RECYCLING: {"recycled_photos"}, STRAIGHT: {"straight_lining"}, FAVOURING: {"favoured_dealer"},
    DESK: {"outside_fence", "identical_fixes", "previous_match", "tempo", "route"},
}  # fmt: skip


def scored_items():
    return [i for i in worlds.checklist_named("SMS").items if i.weight > 0 and i.type != "photo"]


def visit_rows(world):
    """Write the simulated visits as they are kept, on real items of the covert checklist."""
    checklist, scored = worlds.checklist_named("SMS"), scored_items()
    rows = {}
    table = world.visits
    for i, name in enumerate(table["visit"]):
        started = datetime.fromisoformat(table["started_at"][i]).replace(tzinfo=UTC)
        share = table["duration_s"][i] / table["expected_s"][i]
        rows[name] = {
            "_id": name, "state": "approved", "active": True, "assignment": name, "programme": "P-Aurora",
            "wave": "AUR", "brand": "Aurora", "dealer": table["dealer"][i], "mode": "covert", "domain": "sales",
            "selected_by": "plan", "auditor": table["auditor"][i], "checklist": {"code": "SMS", "version": 1},
            "started_at": started,
            "ended_at": started + timedelta(minutes=share * checklist.expected_duration_min),
            "observations": [], "score": {"items": []}, "record_revision": 1,
        }  # fmt: skip
    answers = world.answers
    for i, name in enumerate(answers["visit"]):
        item = scored[int(answers["place"][i])].id
        rows[name]["observations"].append({"item": item, "value": answers["value"][i], "photos": []})
        rows[name]["score"]["items"].append({"item": item, "score": answers["mark"][i]})
    for name, sha256 in zip(world.photos["visit"], world.photos["sha256"], strict=True):
        rows[name]["observations"][0]["photos"].append({"slot": "1", "sha256": sha256})
    fixes = world.fixes
    for i, name in enumerate(fixes["visit"]):
        fix = {
            "lat": fixes["lat"][i], "lon": fixes["lon"][i], "accuracy_m": fixes["accuracy_m"][i], "datum": "WGS-84",
            "fixed_at": fixes["fixed_at"][i] + "+00:00",
        }  # fmt: skip
        rows[name]["observations"][1 + i % 3]["photos"].append({"slot": "9", "sha256": f"{i:064x}", "fix": fix})
    return list(rows.values())


@pytest.fixture
def world(app):
    scale = tuple(item.type == "scale5" for item in scored_items())
    world = simulate_auditors(AuditorSpec(items=len(scale), scale=scale, intensity=0.9), 1200)
    places = dict(
        zip(world.visits["dealer"], zip(world.visits["lat"], world.visits["lon"], strict=True), strict=True)
    )  # fmt: skip
    collection("dealers").insert_many(
        worlds.DEALERS["D0001"] | {"_id": code, "lat": lat, "lon": lon} for code, (lat, lon) in places.items()
    )
    worlds.publish_all()
    worlds.make_wave("AUR", "Aurora", from_on=datetime(2026, 5, 1, tzinfo=UTC).date())
    collection("visits").insert_many(visit_rows(world))
    return world


def screen():
    return auditors.screen_auditors("AUR", actor=OPERATOR, at=NOW)


def test_the_dossiers_name_the_four_and_their_reasons(world, client, people):
    run = screen()
    manager = people.headers(people.add(Role.QUALITY_REVIEWER, brands=("Aurora",)))
    listed = client.get(f"/v1/auditor-runs/{run['code']}/auditors?limit=200", headers=manager).get_json()["items"]
    assert len(listed) == len(world.truth)
    for row in listed:
        kind = world.truth[row["auditor"]]
        assert (row["grade"] == "flag") is (kind != HONEST), (kind, row)
        assert kind == HONEST or REASONS[kind] & set(row["reasons"]), (kind, row)
    one = client.get(f"/v1/auditor-runs/{run['code']}/auditors/{listed[0]['auditor']}", headers=manager).get_json()
    assert one["dossier"]["evidence"]
    told = client.get(f"/v1/auditor-runs/{run['code']}", headers=manager).get_json()
    assert told["run"]["counts"]["flag"] == 4
    assert told == client.get("/v1/auditor-runs?wave=AUR", headers=manager).get_json()["items"][0]
    assert collection("flags").count_documents({}) == 0  # an auditor's case is never a dealer's


def test_the_same_data_again_changes_nothing_and_other_data_make_another_run(world):
    first = screen()
    assert screen()["repeated"] is True
    assert collection("auditor_dossiers").count_documents({}) == len(world.truth)
    collection("visits").update_one({}, {"$set": {"ended_at": NOW}})
    assert screen()["code"] != first["code"]


def test_voided_visits_and_other_programmes_are_left_out(world):
    before = screen()["run"]["counts"]["visits"]
    ids = [row["_id"] for row in collection("visits").find({}, {"_id": 1}).limit(3)]
    collection("visits").update_one({"_id": ids[0]}, {"$set": {"state": "void"}})
    collection("visits").update_one({"_id": ids[1]}, {"$set": {"programme": "other"}})
    collection("visits").update_one({"_id": ids[2]}, {"$set": {"state": "started"}})
    assert screen()["run"]["counts"]["visits"] == before - 3


def test_never_for_auditors_or_dealers(world, client, people):
    run = screen()
    path = f"/v1/auditor-runs/{run['code']}/auditors"
    for role, scope, status in (
        (Role.AUDITOR, {"brands": ("Aurora",)}, 403),
        (Role.DEALER, {"dealers": ("D0001",)}, 403),
        (Role.QUALITY_REVIEWER, {"brands": ("Borealis",)}, 404),
        (Role.QUALITY_REVIEWER, {"brands": ("Aurora",), "dealers": ("D0001",)}, 404),
    ):
        assert client.get(path, headers=people.headers(people.add(role, **scope))).status_code == status


def test_the_pages_show_it_to_quality_teams(world, client, people):
    run = screen()
    reviewer = people.add(Role.QUALITY_REVIEWER, brands=("Aurora",))
    assert sign_in(client, token_of(people, reviewer), "/auditors").status_code == 303
    text = client.get("/auditors?lang=en", headers=HTML).get_data(as_text=True)
    assert "Recycled photos" in text
    assert "open</td>" in text
    assert "Krippendorff" in text or not run["run"]["agreement"]
    recycler = next(a for a, kind in world.truth.items() if kind == RECYCLING)
    for lang, word in (("en", "the very bytes"), ("zh", "逐字节相同")):
        page = client.get(f"/auditors/{run['code']}/{recycler}?lang={lang}", headers=HTML)
        assert page.status_code == 200
        assert word in page.get_data(as_text=True)
        assert page.headers["Cache-Control"] == "no-store"
    assert client.get(f"/auditors/{run['code']}/nobody", headers=HTML).status_code == 404


def test_without_a_submitted_visit_it_says_so(app):
    worlds.make_wave("AUR", "Aurora")
    with pytest.raises(Problem) as empty:
        screen()
    assert empty.value.kind.slug == "screening-refused"
    stranger = OPERATOR.__class__("x", "", "x", Role.ADMIN, frozenset({"Borealis"}))
    with pytest.raises(Problem) as outside:
        auditors.screen_auditors("AUR", actor=stranger, at=NOW)
    assert outside.value.kind.slug == "not-found"


def test_the_command_prints_who_stands_out(world, command):
    run = screen()
    told = command("auditor", "screen", "--wave", "AUR")
    assert told.exit_code == 0, told.output
    assert "was there already" in told.output
    assert "recycled_photos" in told.output
    recycler = next(a for a, kind in world.truth.items() if kind == RECYCLING)
    shown = command("auditor", "dossier", run["code"], recycler)
    assert shown.exit_code == 0
    assert f"{recycler}: flag" in shown.output
    assert "case open, revision 1" in shown.output
    whole = command("auditor", "dossier", run["code"], recycler, "--json")
    assert '"recycled_photos"' in whole.output


def test_a_run_replays_to_the_same_figures_when_the_visits_have_changed(world, command):
    run = screen()
    assert {kept["table"]: kept["rows"] for kept in run["frozen"]} == {
        "visits": len(world.visits["visit"]), "answers": len(world.answers["visit"]),
        "fixes": len(world.fixes["visit"]), "photos": run["run"]["counts"]["photos"],
    }  # fmt: skip
    collection("visits").update_many({}, {"$set": {"ended_at": NOW, "auditor": "somebody"}})
    collection("dealers").delete_many({})
    before = {name: list(collection(name).find()) for name in ("auditor_runs", "auditor_dossiers", "trail")}
    done = replay_auditor_run(OPERATOR, run["code"])
    assert done.identical, done.differences[:5]
    assert done.surroundings == ()
    pieces = sum(len(row["dossier"]["evidence"]) for row in before["auditor_dossiers"])
    assert done.compared > 10 * pieces > 1_000
    assert before == {name: list(collection(name).find()) for name in before}
    said = command("auditor", "replay", run["code"])
    assert (said.exit_code, said.stdout) == (0, f"{run['code']}: identical, {done.compared} figures compared\n")

    kept = collection("auditor_dossiers").find_one({"grade": "flag"})
    piece = kept["dossier"]["evidence"][0]
    changed = {"dossier.evidence.0.observed": piece["observed"] + 1e-9, "dossier.q": 0.5}
    collection("auditor_dossiers").update_one({"_id": kept["_id"]}, {"$set": changed})
    collection("auditor_runs").update_one({}, {"$set": {"code_sha256": "0" * 64}})
    done = command("auditor", "replay", run["code"])
    assert done.exit_code == 1
    assert f"{kept['auditor']} {piece['indicator']}: observed was {piece['observed'] + 1e-9}" in done.stdout
    assert f"{kept['auditor']}: q was 0.5" in done.stdout
    assert "2 of" in done.stdout
    assert "not as it was: code sha256" in done.stderr


def test_frozen_inputs_that_are_not_whole_are_said(world, command):
    run = screen()
    answers, photos = (next(k for k in run["frozen"] if k["table"] == name) for name in ("answers", "photos"))
    exchanged = [kept | {"sha256": photos["sha256"]} if kept is answers else kept for kept in run["frozen"]]
    fewer = [kept for kept in run["frozen"] if kept is not photos]
    for frozen in (exchanged, fewer, [*run["frozen"], photos | {"table": "other"}], []):
        collection("auditor_runs").update_one({}, {"$set": {"frozen": frozen}})
        _refuses(command, run["code"])
    collection("auditor_runs").update_one({}, {"$set": {"frozen": run["frozen"]}})
    collection("blobs.files").delete_one({"filename": answers["sha256"]})
    _refuses(command, run["code"])


def _refuses(command, run):
    done = command("auditor", "replay", run)
    assert done.exit_code == 1
    assert isinstance(done.exception, Problem)
    assert done.exception.kind.slug == "screening-refused"


REASON = "Four photos are of another dealer; he says he had no time"


@pytest.fixture
def case(app, client, people):
    """A case about an auditor, with two reviewers; another auditor gave no cause for a question."""
    run = {"_id": "R", "wave": "AUR", "programme": "P", "brand": "Aurora", "started_at": NOW, "by": "x", "run": {}}
    collection("auditor_runs").insert_one(run)
    found = {"run": "R", "wave": "AUR", "brand": "Aurora", "name": "", "p": 0.1, "family_p": 0.1, "q": 0.1,
             "visits": 30, "reasons": [], "revision": 1, "decisions": [], "created_at": NOW,
             "dossier": {"evidence": [], "limits": [], "family_p": 0.1}}  # fmt: skip
    states = {"flagged": ("flag", "open"), "watched": ("watch", "watch"), "honest": ("none", None)}
    collection("auditor_dossiers").insert_many(
        [
            found | {"_id": f"R:{a}", "auditor": a, "grade": grade, "state": state}
            for a, (grade, state) in states.items()
        ]
    )
    path = "/v1/auditor-runs/R/auditors/"
    anna, ben = (people.add(Role.QUALITY_REVIEWER, name=name, brands=("Aurora",)) for name in ("anna", "ben"))

    def decide(who, outcome, revision, auditor="flagged", reason=REASON):
        body = {"outcome": outcome, "reason": reason, "revision": revision}
        return client.post(f"{path}{auditor}/decisions", json=body, headers=people.headers(who))

    return SimpleNamespace(run="R", path=path, anna=anna, ben=ben, auditor="flagged", decide=decide)


def test_a_confirmation_takes_two_people_and_each_the_revision_they_read(case, client, people):
    first = case.decide(case.anna, "confirmed", 1)
    assert (first.status_code, first.get_json()["state"], first.get_json()["revision"]) == (201, "open", 2)
    assert case.decide(case.anna, "confirmed", 2).status_code == 409
    late = case.decide(case.ben, "confirmed", 1)
    assert late.status_code == 409
    assert late.get_json()["current_revision"] == 2
    assert [change["verb"] for change in late.get_json()["changes"]] == ["decided"]
    second = case.decide(case.ben, "confirmed", 2).get_json()
    assert (second["state"], [d["by"] for d in second["decisions"]]) == ("confirmed", [case.anna.id, case.ben.id])
    assert second["decided_at"]
    assert case.decide(case.ben, "explained", 3).status_code == 409
    kept = trail.entries_of("auditor_case", f"{case.run}:{case.auditor}")
    assert [(e["verb"], e["actor"], e["details"]["state"]) for e in kept] == [
        ("decided", case.anna.id, "open"), ("decided", case.ben.id, "confirmed"),
    ]  # fmt: skip
    assert kept[0]["details"]["reason"] == REASON
    assert collection("auditor_dossiers").count_documents({"state": "watch"}) == 1, "the other waits"
    listed = client.get(f"{case.path.rstrip('/')}?limit=200", headers=people.headers(case.anna)).get_json()["items"]
    assert {row["state"] for row in listed if row["auditor"] == case.auditor} == {"confirmed"}


def test_two_decisions_at_once_are_one(case):
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda who: case.decide(who, "coaching", 1).status_code, (case.anna, case.ben)))
    assert sorted(done) == [201, 409]
    assert len(collection("auditor_dossiers").find_one({"auditor": case.auditor})["decisions"]) == 1


def test_who_decides_and_about_what(case, people):
    assert case.decide(case.anna, "explained", 1, "honest").status_code == 409, "no question was raised"
    assert case.decide(case.anna, "confirmed", 1, "watched").status_code == 409, "a watch is a note"
    assert case.decide(case.anna, "explained", 1, "watched").get_json()["state"] == "explained"
    assert case.decide(case.anna, "explained", 1, reason="short").status_code == 422
    for role, scope, status in (
        (Role.AUDITOR, {"brands": ("Aurora",)}, 403),
        (Role.DEALER, {"dealers": ("D0001",)}, 403),
        (Role.PROGRAMME_MANAGER, {"brands": ("Aurora",)}, 403),
        (Role.QUALITY_REVIEWER, {"brands": ("Borealis",)}, 404),
    ):
        assert case.decide(people.add(role, **scope), "explained", 1).status_code == status
    own = people.add(Role.QUALITY_REVIEWER, name="own", brands=("Aurora",))
    dossier = collection("auditor_dossiers").find_one({"auditor": case.auditor})
    row = dossier | {"_id": f"{case.run}:{own.id}", "auditor": own.id}
    collection("auditor_dossiers").insert_one(row)
    assert case.decide(own, "explained", 1, own.id).status_code == 403, "nobody decides about themselves"
    assert case.decide(case.anna, "explained", 1, own.id).status_code == 201


def test_the_terminal_decides_what_needs_no_name(case, command):
    words = ("auditor", "decide", case.run, case.auditor, "--reason", REASON, "--revision", "1", "--outcome")
    refused = command(*words, "confirmed")
    assert refused.exception.kind.slug == "forbidden"
    assert command(*words, "coaching").stdout.endswith(": coaching\n")
    told = command("auditor", "dossier", case.run, case.auditor).stdout
    assert "case coaching, revision 2" in told
    assert f"{OPERATOR.id}: coaching, {REASON}" in told


def test_the_form_on_the_page(case, client, people):
    where = f"/auditors/{case.run}/{case.auditor}"
    assert sign_in(client, token_of(people, case.anna), where).headers["Location"] == where
    page = client.get(f"{where}?lang=en", headers=HTML).get_data(as_text=True)
    sent = {"form": form_of(page), "revision": "1", "outcome": "confirmed", "reason": REASON}
    for wrong, told in ({"outcome": "guilty"}, "Choose an outcome"), ({"form": "x"}, "expired"), (
        {"revision": "7"}, "changed since",
    ):  # fmt: skip
        refused = client.post(f"{where}/decisions?lang=en", data=sent | wrong, headers=HTML)
        assert refused.status_code in (400, 409, 422)
        text = refused.get_data(as_text=True)
        assert told in text
        assert REASON in text, "what was written is not lost"
    taken = client.post(f"{where}/decisions?lang=en", data=sent, headers=HTML)
    assert (taken.status_code, taken.headers["Location"]) == (303, f"{where}?lang=en")
    page = client.get(f"{where}?lang=zh", headers=HTML).get_data(as_text=True)
    assert "anna" in page
    assert REASON in page
    again = client.post(
        f"{where}/decisions?lang=zh", data=sent | {"form": form_of(page), "revision": "2"}, headers=HTML
    )
    assert "需要另一位人员" in again.get_data(as_text=True)
    sign_in(client, token_of(people, case.ben), where)
    client.post(f"{where}/decisions", data=sent | {"form": form_of(page), "revision": "2"}, headers=HTML)
    page = client.get(f"{where}?lang=en", headers=HTML).get_data(as_text=True)
    assert "confirmed</span>" in page
    assert 'name="outcome"' not in page, "what is decided is closed"
    assert client.post(f"/auditors/{case.run}/nobody/decisions", data=sent, headers=HTML).status_code == 404
