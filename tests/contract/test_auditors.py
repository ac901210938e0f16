"""Screening the auditors of a wave from the database: /v1/auditor-runs, the pages, the command."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from audit_api.cli.auditors import auditor as command
from audit_api.domain.directory import OPERATOR, Role
from audit_api.models.base import collection
from audit_api.operations import auditors
from audit_api.problems import Problem
from audit_api.simulator.auditors import DESK, FAVOURING, HONEST, RECYCLING, STRAIGHT, AuditorSpec, simulate_auditors
from tests import worlds
from tests.conftest import NOW
from tests.contract.test_pages_flags import HTML, sign_in, token_of

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
    assert "recycled photos" in text
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


def test_the_command_prints_who_stands_out(world, monkeypatch):
    run = screen()
    monkeypatch.setattr("audit_api.cli.auditors.connected", nullcontext)  # the test's own connection
    told = CliRunner().invoke(command, ["screen", "--wave", "AUR"])
    assert told.exit_code == 0, told.output
    assert "was there already" in told.output
    assert "recycled_photos" in told.output
    recycler = next(a for a, kind in world.truth.items() if kind == RECYCLING)
    shown = CliRunner().invoke(command, ["dossier", run["code"], recycler])
    assert shown.exit_code == 0
    assert f"{recycler}: flag" in shown.output
    whole = CliRunner().invoke(command, ["dossier", run["code"], recycler, "--json"])
    assert '"recycled_photos"' in whole.output
