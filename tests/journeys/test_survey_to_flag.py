"""From a file of responses and a season of visits to a flag that two people have decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from audit_api.anomaly.screening import Parameters, screen
from audit_api.domain.directory import OPERATOR, Role
from audit_api.intake.screening_files import read_folder
from audit_api.models import trail
from audit_api.models.base import collection
from audit_api.operations import flags, screening, screening_inputs
from audit_api.operations.flags_raising import Raising
from audit_api.problems import Problem
from tests.conftest import NOW
from tests.journeys.networks import WAVE, make_network, write_survey

QUICK = {"draws": 20_000, "ensemble": False}
REASON = "Copied sheets; the customers called know nothing of a survey"


def test_survey_to_flag(app, client, people, command, tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIT_CONTROL_SHARE", "0.2")
    world = make_network(
        NOW, seed=5, intensity=0.9, tactics=("copied", "staff_phones"), look_alikes=("excellent", "small", "fleet")
    )
    file = write_survey(world, tmp_path / "responses.csv")
    imported = command("survey", "import", file)
    assert imported.exit_code == 0, imported.output
    assert collection("responses").count_documents({"wave": WAVE}) == len(world.answers)

    done = command("screening", "run", "--wave", WAVE, "--questionnaire", "SSQ", "--action")
    assert done.exit_code == 0, done.output
    assert "A flag is a question" in done.output

    anna = people.headers(people.add(Role.QUALITY_REVIEWER, name="anna"))
    ben = people.headers(people.add(Role.QUALITY_REVIEWER, name="ben"))
    listed = client.get("/v1/flags?grade=flag", headers=anna).get_json()["items"]
    gamed = {label.dealer_id for label in world.truth if label.gamed}
    drawn = collection("screening_runs").find_one()["controls"]["dealers"]
    assert drawn
    assert set(drawn) <= {f["dealer"] for f in listed}, "controls stand in the list like flags"
    raised = [f for f in listed if f["dealer"] not in drawn]
    assert raised, done.output
    assert len([f for f in raised if f["dealer"] in gamed]) > len(raised) / 2
    assert {(f["p"], f["q"], f["score"], f["state"]) for f in listed} == {(None, None, None, "open")}
    lines = [line.split() for line in done.output.splitlines() if line.startswith("flag ")]
    assert lines == [["flag", f["dealer"], "read", "blind"] for f in listed], "nor does the terminal tell them apart"
    assert f"{len(listed)} to be read blind" in done.output
    chosen = next(f for f in raised if f["dealer"] in gamed)
    manager = people.headers(people.add(Role.PROGRAMME_MANAGER, name="mia"))
    opened = client.get(f"/v1/flags/{chosen['flag']}", headers=manager).get_json()
    told = command("screening", "run", "--wave", WAVE, "--questionnaire", "SSQ", "--action", "--figures")
    assert opened["summary"]["en"] in told.output
    assert not [line for line in told.output.splitlines() if line.startswith("flag") and drawn[0] in line]
    assert opened["dossier"]["dealer_id"] == chosen["dealer"]
    assert all(piece["honest_explanations"] for piece in opened["dossier"]["evidence"])
    codes = [tested["code"] for tested in opened["dossier"]["look_alikes"]]
    assert codes == [f"L{n:02d}" for n in range(1, 19)] + ["call_centre"]
    assert set(opened["dossier"]["charts"]) == {"funnel", "distribution", "scatter", "timeline", "reuse"}

    question = {"text_zh": "请说明答卷为何雷同", "text_en": "Please explain why sheets repeat", "revision": 1}
    asked = client.post(f"/v1/flags/{chosen['flag']}/questions", json=question, headers=anna)
    assert asked.status_code == 201, asked.get_json()
    dealer = people.headers(people.add(Role.DEALER, dealers=(chosen["dealer"],)))
    mine = client.get("/v1/questions", headers=dealer).get_json()["items"][0]["question"]
    assert client.post(f"/v1/questions/{mine}/replies", json={"text": "不清楚"}, headers=dealer).status_code == 201
    address = f"/v1/flags/{chosen['flag']}/decisions"
    first = client.post(address, json={"outcome": "confirmed", "reason": REASON, "revision": 3}, headers=anna)
    assert (first.status_code, first.get_json()["state"]) == (201, "replied")
    last = client.post(address, json={"outcome": "confirmed", "reason": REASON, "revision": 4}, headers=ben)
    assert last.get_json()["state"] == "confirmed"
    verbs = [entry["verb"] for entry in trail.entries_of("flag", chosen["flag"])]
    assert verbs == ["raised", "asked", "replied", "decided", "decided"]

    again = command("screening", "run", "--wave", WAVE, "--questionnaire", "SSQ", "--action")
    assert "was there already" in again.output
    assert client.get(f"/v1/flags/{chosen['flag']}", headers=anna).get_json() == last.get_json()


def test_the_database_gives_what_the_file_held(app, command, tmp_path):
    """Answers, times and audits reach the screening as they were; a second collection is the same to the bit."""
    world = make_network(NOW, dealers=8)
    command("survey", "import", write_survey(world, tmp_path / "responses.csv"))
    wave = collection("waves").find_one()
    inputs = screening_inputs.collect_inputs(wave, "SSQ")
    assert inputs.content_hash() == screening_inputs.collect_inputs(wave, "SSQ").content_hash()
    assert list(inputs.dealers.code) == sorted(world.dealers["dealer_id"])
    order = sorted(range(len(world.answers)), key=lambda i: world.responses["response_id"][i])
    names = [column.name for column in inputs.columns]
    for i, name in enumerate(world.columns()):
        kept = inputs.responses.answers[:, names.index(name)]
        assert ((kept == world.answers[order, i]) | (kept != kept)).all()
        assert (kept != kept).sum() == (world.answers[:, i] != world.answers[:, i]).sum()
    assert [str(t) for t in inputs.responses.event_at] == [str(world.responses["event_at"][i]) for i in order]
    assert set(inputs.audits.kind) == {"mystery", "announced"}
    assert set(inputs.audits.severity) <= {1.0, 2.0, 3.0}
    share = sum(world.audits["passed"]) / len(world.audits["passed"])
    assert abs(inputs.audits.passed.mean() - share) < 0.1
    assert not {"SAA-TD-03", "SAA-FOL-01"} & set(inputs.audits.criterion)
    collection("visits").update_many({}, {"$set": {"state": "in_qc"}})
    assert len(screening_inputs.collect_inputs(wave, "SSQ").audits) == 0


def test_an_exported_run_screens_to_the_same_figures(app, command, tmp_path):
    """Comments that look like formulas or hold line breaks come through; the folder's run is the database's."""
    world = make_network(NOW, dealers=12)
    world.responses["text"][:4] = ["=1+1", "很好\u2028，谢谢", "two\nlines", '"quoted", and; more']
    command("survey", "import", write_survey(world, tmp_path / "responses.csv"))
    parameters = Parameters(**QUICK)
    done = screening.run_screening(WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=parameters)
    exported = command("screening", "export", done["code"], tmp_path / "folder")
    assert exported.exit_code == 0, exported.output
    inputs = read_folder(tmp_path / "folder")
    assert inputs.content_hash() == done["run"]["inputs_sha256"]
    again = screen(inputs, parameters)
    assert again.run == done["run"]
    collection("responses").delete_one({})
    assert command("screening", "export", done["code"], tmp_path / "other").exit_code == 0
    assert read_folder(tmp_path / "other").content_hash() == done["run"]["inputs_sha256"]


def test_a_crash_between_rows_and_run_is_healed_by_running_again(app, command, tmp_path, monkeypatch):
    world = make_network(NOW, dealers=12)
    command("survey", "import", write_survey(world, tmp_path / "responses.csv"))
    parameters = Parameters(action=True, **QUICK)

    def run():
        return screening.run_screening(WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=parameters)

    def killed(work):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(screening, "in_transaction", killed)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert collection("screened_dealers").count_documents({}) == 12
    assert collection("flags").count_documents({}) == 0
    done = run()
    assert done["repeated"] is False
    assert collection("screened_dealers").count_documents({}) == 12
    before = {name: list(collection(name).find()) for name in ("screening_runs", "screened_dealers", "flags", "trail")}
    assert run()["repeated"] is True
    assert before == {name: list(collection(name).find()) for name in before}


def test_a_dismissed_pattern_is_left_alone_for_two_waves(app, command, tmp_path):
    """In the same wave and the two after it; not in the third, nor once another evidence group appears."""
    world = make_network(NOW, seed=1, intensity=0.9, tactics=("copied", "staff_phones"))
    command("survey", "import", write_survey(world, tmp_path / "responses.csv"))
    parameters = Parameters(action=True, **QUICK)
    first = screening.run_screening(WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=parameters)
    raised = screening.flags_of_run(OPERATOR, first["code"])
    chosen = next(flag for flag in raised if flag["groups"])
    collection("flags").update_one({"_id": chosen["_id"]}, {"$set": {"state": "open", "grade": "flag"}})
    for person in ("anna", "ben"):
        actor = replace(OPERATOR, id=person)
        row = collection("flags").find_one({"_id": chosen["_id"]})
        flags.decide_flag(
            chosen["_id"], outcome="dismissed", reason="They are a fleet's", look_alike="L05",
            revision=row["revision"], actor=actor, at=NOW,
        )  # fmt: skip
    again = screening.run_screening(WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=Parameters(**QUICK))
    assert [entry["dealer"] for entry in again["suppressed"]] == [chosen["dealer"]]
    assert chosen["dealer"] not in {flag["dealer"] for flag in screening.flags_of_run(OPERATOR, again["code"])}
    kept = screening.open_dealer_screening(OPERATOR, again["code"], chosen["dealer"])
    assert kept["dealer_id"] == chosen["dealer"]

    wave = collection("waves").find_one()
    collection("waves").insert_many(
        [wave | {"_id": f"W{n}", "starts_at": wave["starts_at"] + timedelta(days=200 * n)} for n in range(2, 5)]
    )
    dealer = SimpleNamespace(dealer_id=chosen["dealer"], groups=tuple(chosen["groups"]))
    other = SimpleNamespace(dealer_id=chosen["dealer"], groups=(*chosen["groups"], "statement"))
    for number, covered in ((2, True), (3, True), (4, False)):
        later = collection("waves").find_one({"_id": f"W{number}"})
        raising = Raising(later, "SSQ", action=True, control_share=0)
        assert (raising.covers(dealer) is not None) is covered
        assert raising.covers(other) is None
    assert Raising(wave, "ASQ", action=True, control_share=0).covers(dealer) is None


def test_a_dossier_of_any_dealer_is_printed_in_words(app, command, tmp_path):
    """Also of one that no flag was raised for: computed from the run's inputs, with the reason why not."""
    world = make_network(NOW, dealers=24, seed=1)
    command("survey", "import", write_survey(world, tmp_path / "responses.csv"))
    done = screening.run_screening(WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=Parameters(**QUICK))
    quiet = collection("screened_dealers").find_one({"run": done["code"], "outcome.grade": "none"})["dealer"]
    with pytest.raises(Problem, match="computes one"):
        screening.open_dealer_screening(OPERATOR, done["code"], quiet)
    english = command("flag", "dossier", done["code"], quiet, "--lang", "en")
    assert english.exit_code == 0, english.output
    for said in ("Not flagged", "Why it is not flagged", "How sure this is", "What it does not prove", "L01"):
        assert said in english.output
    chinese = command("flag", "dossier", done["code"], quiet, "--lang", "zh")
    for said in ("没有标记", "为什么没有标记", "有多大把握", "不能证明什么"):
        assert said in chinese.output
    assert command("flag", "dossier", done["code"], "D9999").exit_code == 1
