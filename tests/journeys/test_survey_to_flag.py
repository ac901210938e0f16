"""From a file of responses and a season of visits to a flag that two people have decided."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from audit_api.anomaly.screening import Parameters, screen
from audit_api.cli import cli
from audit_api.domain.directory import OPERATOR, Role
from audit_api.intake.screening_files import read_folder
from audit_api.models import base, trail
from audit_api.models.base import collection
from audit_api.operations import screening, screening_inputs
from tests.conftest import NOW
from tests.journeys.networks import WAVE, make_network, write_survey

QUICK = {"draws": 20_000, "ensemble": False}
REASON = "Copied sheets; the customers called know nothing of a survey"


@pytest.fixture
def command(settings, monkeypatch):
    for name, value in (
        ("MONGODB_URI", settings.mongodb_uri), ("AUDIT_DATABASE", settings.database), ("LC_ALL", "C"),
        ("AUDIT_SECRET_KEY", settings.secret_key), ("AUDIT_CONTACT_KEY", settings.contact_key),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)

    def call(*arguments):
        done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        base.connect(settings.mongodb_uri, settings.database)  # the command has closed the process's connection
        return done

    return call


def test_survey_to_flag(app, client, people, command, tmp_path):
    world = make_network(NOW, seed=5, intensity=0.9, tactics=("invented",), look_alikes=("excellent", "small", "fleet"))
    file = write_survey(world, tmp_path / "responses.csv")
    imported = command("survey", "import", file)
    assert imported.exit_code == 0, imported.output
    assert collection("responses").count_documents({"wave": WAVE}) == len(world.answers)

    done = command("screening", "run", "--wave", WAVE, "--questionnaire", "SSQ", "--action")
    assert done.exit_code == 0, done.output
    assert "A flag is a question" in done.output

    anna = people.headers(people.add(Role.QUALITY_REVIEWER, name="anna"))
    ben = people.headers(people.add(Role.QUALITY_REVIEWER, name="ben"))
    flags = client.get("/v1/flags?grade=flag", headers=anna).get_json()["items"]
    gamed = {label.dealer_id for label in world.truth if label.gamed}
    assert flags, done.output
    assert len([f for f in flags if f["dealer"] in gamed]) > len(flags) / 2
    chosen = next(f for f in flags if f["dealer"] in gamed)
    assert chosen["dealer"] in done.output
    assert chosen["summary"]["en"] in done.output
    opened = client.get(f"/v1/flags/{chosen['flag']}", headers=anna).get_json()
    assert opened["dossier"]["dealer_id"] == chosen["dealer"]
    assert all(piece["honest_explanations"] for piece in opened["dossier"]["evidence"])
    address = f"/v1/flags/{chosen['flag']}/decisions"
    first = client.post(address, json={"outcome": "confirmed", "reason": REASON, "revision": 1}, headers=anna)
    assert (first.status_code, first.get_json()["state"]) == (201, "open")
    last = client.post(address, json={"outcome": "confirmed", "reason": REASON, "revision": 2}, headers=ben)
    assert last.get_json()["state"] == "confirmed"
    assert [entry["verb"] for entry in trail.entries_of("flag", chosen["flag"])] == ["raised", "decided", "decided"]

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
