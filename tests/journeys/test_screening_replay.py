"""A run can be made again from what was frozen, from the database or from an exported folder, to the last bit."""

from __future__ import annotations

import csv
import json
import random

import pytest

from audit_api.anomaly.screening import Parameters
from audit_api.domain.directory import OPERATOR
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import flags, screening
from audit_api.operations.screening_replay import replay_run
from tests.conftest import NOW
from tests.journeys.networks import WAVE, make_network, write_survey

RUNS = 10


@pytest.fixture
def network(app, command, tmp_path):
    world = make_network(NOW, dealers=40, seed=1, intensity=0.9, tactics=("invented",))
    done = command("survey", "import", write_survey(world, tmp_path / "responses.csv"))
    assert done.exit_code == 0, done.output
    return world


def screen(**changed):
    parameters = Parameters(**{"draws": 5_000, "near_duplicate_draws": 8, "ensemble": False} | changed)
    return screening.run_screening(WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=parameters)


def test_ten_old_runs_replay_to_the_same_figures(network):
    """Every run is on other data; the replays come when the data are gone from where they were."""
    codes = []
    for number in range(RUNS):
        codes.append(screen(seed=100 + number, action=number == 4)["code"])
        for _ in range(3):
            collection("responses").delete_one({})
    assert len(set(codes)) == RUNS
    collection("responses").delete_many({})
    collection("visits").delete_many({})
    before = {name: list(collection(name).find()) for name in ("screening_runs", "screened_dealers", "flags", "trail")}
    for code in codes:
        done = replay_run(OPERATOR, code)
        assert done.identical, done.differences[:5]
        assert done.surroundings == ()
        assert done.compared > 40 * 20
    assert before == {name: list(collection(name).find()) for name in before}


def test_a_figure_that_differs_is_named(network, command):
    run = screen()
    kept = collection("screened_dealers").find_one({"outcome.p": {"$ne": None}})
    other = kept["indicators"][0]["z"] + 1e-12 + abs(kept["indicators"][0]["z"]) * 1e-12
    collection("screened_dealers").update_one({"_id": kept["_id"]}, {"$set": {"indicators.0.z": other}})
    collection("screening_runs").update_one({}, {"$set": {"code_sha256": "0" * 64, "run.libraries.numpy": "1.0"}})
    done = command("screening", "replay", run["code"])
    assert done.exit_code == 1
    assert f"{kept['dealer']} {kept['indicators'][0]['indicator']}: z was {other}" in done.stdout
    assert "1 of" in done.stdout
    assert "not as it was: code sha256" in done.stderr
    assert "not as it was: libraries numpy: 1.0" in done.stderr


def test_identical_is_one_line_and_status_0(network, command):
    run = screen()
    done = command("screening", "replay", run["code"])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{run['code']}: identical, ")
    assert command("screening", "replay", "nothing").exit_code == 1


@pytest.mark.parametrize("damage", ["missing", "other"])
def test_frozen_inputs_that_are_not_whole_are_said(network, command, damage):
    run = screen()
    table = next(kept for kept in run["frozen"] if kept["table"] == "responses")
    if damage == "missing":
        collection("blobs.files").delete_one({"filename": table["sha256"]})
    else:
        dealers = next(kept for kept in run["frozen"] if kept["table"] == "audits")
        wrong = {"$set": {"frozen.$.sha256": dealers["sha256"]}}
        collection("screening_runs").update_one({"frozen.table": "responses"}, wrong)
    done = command("screening", "replay", run["code"])
    assert done.exit_code == 1
    assert "frozen" in done.output
    assert "Traceback" not in done.output


def test_list_and_show(network, command):
    run = screen()
    listed = command("screening", "list", "--wave", WAVE)
    assert run["code"] in listed.stdout
    assert command("screening", "list", "--wave", "W9").stdout == ""
    shown = json.loads(command("screening", "show", run["code"]).stdout)
    assert shown["run"] == run["run"]
    assert shown["frozen"] == run["frozen"]
    assert {kept["table"] for kept in shown["frozen"]} >= {"dealers", "responses", "audits"}


def rows_of(file):
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("action", [True, False])
def test_an_exported_run_gives_its_own_figures(network, command, tmp_path, action):
    """The folder is what the run was made of; the order of its rows is nothing, nor is what the database holds now."""
    run = screen(action=action, seed=7)
    collection("responses").delete_many({})
    exported = command("screening", "export", run["code"], tmp_path / "in")
    assert exported.exit_code == 0, exported.output
    done = command("screen-files", tmp_path / "in", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    kept = list(collection("screened_dealers").find({"run": run["code"]}).sort("_id", 1))
    written = rows_of(tmp_path / "out" / "screening.csv")
    assert [row["dealer_id"] for row in written] == [row["dealer"] for row in kept]
    for row, then in zip(written, (row["outcome"] for row in kept), strict=True):
        for name in ("score", "p", "q", "unexplained_top_share"):
            assert (float(row[name]) if row[name] else None) == then[name], "to the last bit"
        assert (row["grade"], row["flag"]) == (then["grade"], str(int(then["flag"])))
        assert (row["groups"], row["top_indicators"]) == (";".join(then["groups"]), ";".join(then["top_indicators"]))
    figures = {(row["dealer_id"], row["indicator"]): row for row in rows_of(tmp_path / "out" / "indicators.csv")}
    for dealer in kept:
        for then in dealer["indicators"]:
            row = figures.pop((dealer["dealer"], then["indicator"]))
            for name in ("observed", "expected", "z", "p"):
                assert (float(row[name]) if row[name] else None) == then[name]
    assert not figures
    assert json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8")) == run["run"]

    shuffle = random.Random(3)
    for file in (tmp_path / "in").glob("*.jsonl"):
        first, *lines = file.read_text(encoding="ascii").splitlines()
        lines = [first, *lines]
        shuffle.shuffle(lines)
        file.write_text("\n".join(lines) + "\n", encoding="ascii")
    again = command("screen-files", tmp_path / "in", "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output
    for name in ("screening.csv", "indicators.csv", "run.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_a_run_file_that_is_none_is_said(network, command, tmp_path):
    command("screening", "export", screen()["code"], tmp_path / "in")
    for content in ("{", "[]", "{}", "[" * 9_999, '{"parameters": {"draws": "many"}}', '{"parameters": {"q": 7}}'):
        (tmp_path / "in" / "run.json").write_text(content, encoding="utf-8")
        done = command("screen-files", tmp_path / "in", "--out", tmp_path / "out")
        assert done.exit_code == 1
        assert "run.json" in done.output
        assert "Traceback" not in done.output


def test_a_newer_watch_takes_the_place_of_older_ones(network):
    first = screen(watch_p=0.2)
    old = list(collection("flags").find({"run": first["code"]}))
    assert len(old) >= 2
    decided = old[0]["_id"]
    collection("flags").update_one({"_id": decided}, {"$set": {"state": "dismissed"}})
    collection("responses").delete_one({})
    second = screen(watch_p=0.2)
    left = {row["_id"]: row for row in collection("flags").find({"run": first["code"]})}
    assert "superseded_by" not in left[decided]
    for row in old[1:]:
        assert left[row["_id"]]["superseded_by"] == second["code"]
        assert left[row["_id"]]["revision"] == row["revision"] + 1
        assert left[row["_id"]]["dossier"] == row["dossier"]
        assert [entry["verb"] for entry in trail.entries_of("flag", row["_id"])] == ["raised", "superseded"]
    shown = {row["flag"] for row in flags.list_flags(OPERATOR, limit=200)["items"]}
    assert shown == {decided, *(row["_id"] for row in collection("flags").find({"run": second["code"]}))}
    named = flags.list_flags(OPERATOR, limit=200, run=first["code"])["items"]
    assert {row["flag"] for row in named} == set(left)


def test_watching_screens_what_has_changed(network, command, monkeypatch):
    monkeypatch.setattr("audit_api.cli.screening.now", lambda: NOW)
    assert command("screening", "watch").exit_code == 2
    closed = command("screening", "watch", "--once")
    assert (closed.exit_code, closed.stdout) == (0, "")  # the wave has ended long ago
    collection("waves").update_one({"_id": WAVE}, {"$set": {"ends_at": NOW}})
    first = command("screening", "watch", "--once")
    assert first.exit_code == 0, first.output
    assert "on watch" in first.stdout
    assert "no change" in command("screening", "watch", "--once").stdout
    assert collection("screening_runs").count_documents({"action": True}) == 0
    assert collection("flags").count_documents({"grade": "flag"}) == 0
    collection("responses").delete_one({})
    assert "on watch" in command("screening", "watch", "--every", "1", "--rounds", "1").stdout
    assert collection("screening_runs").count_documents({}) == 2


def test_a_wave_that_cannot_be_screened_does_not_stop_the_others(network, command, monkeypatch):
    monkeypatch.setattr("audit_api.cli.screening.now", lambda: NOW)
    collection("waves").update_one({"_id": WAVE}, {"$set": {"ends_at": NOW}})
    wave = collection("waves").find_one({"_id": WAVE})
    collection("waves").insert_one(wave | {"_id": "W0", "starts_at": NOW})
    row = collection("responses").find_one({})
    collection("responses").insert_one(row | {"_id": "broken", "wave": "W0", "version": 99})
    done = command("screening", "watch", "--once")
    assert done.exit_code == 1
    assert "Version 99" in done.output
    assert "on watch" in done.stdout
