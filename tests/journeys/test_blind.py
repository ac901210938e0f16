"""Who may still decide cannot tell a random control from a flag, wherever they look: API, pages, terminal."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from audit_api.anomaly.screening import Parameters
from audit_api.domain.directory import OPERATOR, Role
from audit_api.models.base import collection
from audit_api.operations import screening
from audit_api.operations.flags_raising import Raising
from audit_api.problems import Problem
from tests.conftest import NOW
from tests.journeys.networks import WAVE, make_network, write_survey

OF_THE_REQUEST = re.compile(r'name="form" value="[^"]+"|"instance": "[0-9a-f]+"')
# Written out, not imported: one forgotten there has to be missed here.
GRADING = ("grade", "score", "p", "q", "groups", "ensemble_rank_share", "without", "held_back", "conclusion")
HTML = {"Accept": "text/html"}
QUICK = {"draws": 5_000, "near_duplicate_draws": 8, "ensemble": False}
QUESTION = {"text_zh": "请说明答卷的来历", "text_en": "Please explain the responses", "revision": 1}
LEFT = {"outcome": "inconclusive", "reason": "The records do not tell"}


@pytest.fixture
def queue(app, client, people, command, tmp_path):
    """A wave watched, then screened in earnest with controls; one case is through its hearing but for the last word."""
    world = make_network(NOW, seed=5, intensity=0.9, tactics=("copied", "staff_phones"))
    assert command("survey", "import", write_survey(world, tmp_path / "responses.csv")).exit_code == 0
    watch = screening.run_screening(
        WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=Parameters(seed=1, watch_p=0.2, **QUICK)
    )
    run = screening.run_screening(
        WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=Parameters(action=True, **QUICK), control_share=0.3
    )
    waiting = list(collection("flags").find({"run": run["code"], "grade": "flag"}))
    controls = {row["dealer"] for row in waiting if row["control"]}
    assert controls
    assert len(controls) < len(waiting), "flags and controls"
    beside = {"run": watch["code"], "dealer": {"$nin": [row["dealer"] for row in waiting]}}
    assert collection("flags").count_documents(beside), "a watch on a dealer that is not in the queue"
    anna = people.headers(people.add(Role.QUALITY_REVIEWER, name="anna"))
    heard = waiting[0]
    assert client.post(f"/v1/flags/{heard['_id']}/questions", json=QUESTION, headers=anna).status_code == 201
    dealer = people.headers(people.add(Role.DEALER, dealers=(heard["dealer"],)))
    question = client.get("/v1/questions", headers=dealer).get_json()["items"][0]["question"]
    assert client.post(f"/v1/questions/{question}/replies", json={"text": "不清楚"}, headers=dealer).status_code == 201
    body = LEFT | {"revision": 3}
    assert client.post(f"/v1/flags/{heard['_id']}/decisions", json=body, headers=anna).status_code == 201
    return SimpleNamespace(
        run=run["code"], watch=watch["code"], ids=[row["_id"] for row in waiting], controls=controls, anna=anna,
        dealers={row["dealer"] for row in waiting},
    )  # fmt: skip


def seen(client, queue, headers):
    """Collect all that somebody can read about the run: every address that shows a flag, a run or its dealers."""
    addresses = ["/v1/flags?limit=200", "/v1/flags?limit=200&grade=flag", "/v1/flags?limit=200&state=open",
                 "/v1/flags?limit=200&state=watch", "/v1/screening-runs", "/v1/detector-precision", "/flags?lang=en",
                 "/flags?lang=zh&state=watch"]  # fmt: skip
    for run in (queue.run, queue.watch):
        addresses += [f"/v1/flags?limit=200&run={run}", f"/v1/screening-runs/{run}"]
        addresses += [f"/v1/screening-runs/{run}/dealers?limit=200"]
        addresses += [f"/v1/flags/{run}:{dealer}" for dealer in sorted(queue.dealers)]
    addresses += [f"/flags/{flag}?lang={lang}" for flag in queue.ids for lang in ("zh", "en")]
    texts = {}
    for address in addresses:
        asked = headers | (HTML if address.startswith("/flags") else {})
        answer = client.get(address, headers=asked)
        texts[address] = (answer.status_code, OF_THE_REQUEST.sub("", answer.get_data(as_text=True)))
    return texts


def printed(command, queue):
    """Collect what the terminal prints about the run."""
    calls = [("screening", "list"), ("screening", "show", queue.run), ("screening", "show", queue.watch)]
    calls += [("flag", "dossier", run, flag.split(":")[1], "--lang", "en")
              for flag in queue.ids[:2] for run in (queue.run,)]  # fmt: skip
    done = {call: command(*call) for call in calls}
    assert {call: result.exit_code for call, result in done.items()} == dict.fromkeys(calls, 0)
    return {call: result.output for call, result in done.items()}


def regrade(queue):
    """Turn everything the screening graded upside down: controls into flags, flags into controls, all their figures.

    What was observed stays. A watch that an earlier run put on a dealer of the queue goes.
    """
    flags = collection("flags")
    for row in flags.find({}):
        pieces = [
            piece | {"p": 0.987, "z": -piece["z"] - 1, "stands_out": not piece["stands_out"], "sentence": {}}
            for piece in row["dossier"]["evidence"]
        ]
        change = {"p": 0.654, "q": 0.876, "score": 12.3, "groups": ["frame"], "summary": {"zh": "别", "en": "other"}}
        change |= {f"dossier.{name}": None for name in GRADING} | {"dossier.evidence": pieces[::-1]}
        if row["blind"]:
            change["control"] = not row["control"]
        flags.update_one({"_id": row["_id"]}, {"$set": change})
    gone = flags.delete_many({"run": queue.watch, "dealer": {"$in": sorted(queue.dealers)}}).deleted_count
    assert gone, "the watch run had put a dealer of the queue on watch"
    figures = {"score": 1.0, "flag": True, "grade": "flag", "p": 0.5, "q": 0.5, "groups": ["frame"],
               "top_indicators": ["mix"], "ensemble_rank_share": 0.5}  # fmt: skip
    change = {f"outcome.{name}": value for name, value in figures.items()}
    change |= {"indicators.$[].z": 9.0, "indicators.$[].p": 0.5}
    collection("screened_dealers").update_many({}, {"$set": change})
    counts = {f"run.counts.{name}": 7 for name in ("none", "watch", "flag")}
    counts |= {"run.peer_groups.$[].flag": 7, "run.peer_groups.$[].watch": 7, "controls": {}}
    collection("screening_runs").update_many({}, {"$set": counts})


def test_nothing_a_decider_reads_depends_on_what_was_graded(client, people, command, queue):
    """Bytes are the same whether a case is a control or a flag: list, dossier, pages, runs, dealers, terminal."""
    who = {
        "reviewer": queue.anna,
        "admin": people.headers(people.add(Role.ADMIN, name="ben")),
        "scoped": people.headers(people.add(Role.QUALITY_REVIEWER, name="cleo", dealers=tuple(sorted(queue.dealers)))),
        "manager": people.headers(people.add(Role.PROGRAMME_MANAGER, name="mia")),
    }
    before = {name: seen(client, queue, headers) for name, headers in who.items()}
    terminal = printed(command, queue)
    assert {status for status, _ in before["manager"].values()} <= {200, 404}
    regrade(queue)
    after = {name: seen(client, queue, headers) for name, headers in who.items()}
    for name in ("reviewer", "admin", "scoped"):
        different = [address for address in before[name] if before[name][address] != after[name][address]]
        assert different == [], (name, before[name][different[0]], after[name][different[0]])
    assert printed(command, queue) == terminal
    # Else the comparison could not fail: somebody who does not decide sees the figures turn.
    different = {address for address in before["manager"] if before["manager"][address] != after["manager"][address]}
    assert {"/v1/flags?limit=200", f"/v1/screening-runs/{queue.run}", f"/flags/{queue.ids[0]}?lang=en",
            f"/v1/screening-runs/{queue.run}/dealers?limit=200", "/v1/screening-runs"} <= different  # fmt: skip


def test_in_the_queue_all_look_alike(client, queue):
    """Order, ids, shape: nothing but the dealer and what was seen there."""
    items = client.get("/v1/flags?limit=200&grade=flag", headers=queue.anna).get_json()["items"]
    assert [item["dealer"] for item in items] == sorted(queue.dealers)
    waiting = [item for item in items if item["state"] == "open"]
    same = {name: {str(item[name]) for item in waiting} for name in waiting[0] if name not in ("flag", "dealer")}
    assert {name: values for name, values in same.items() if len(values) > 1} == {}
    keys = {tuple(sorted(client.get(f"/v1/flags/{flag}", headers=queue.anna).get_json()["dossier"]))
            for flag in queue.ids}  # fmt: skip
    assert len(keys) == 1
    verbs = {flag: [row["verb"] for row in collection("trail").find({"object_id": flag})] for flag in queue.ids[1:]}
    assert set(map(tuple, verbs.values())) == {("raised",)}
    details = {
        str(row["details"]) for row in collection("trail").find({"verb": "raised", "object_id": {"$in": queue.ids}})
    }
    assert len(details) == 1


def test_it_ends_with_the_last_decision(client, people, queue):
    """A decided case shows its figures; the run its counts once none waits."""
    ben = people.headers(people.add(Role.ADMIN, name="ben"))
    for number, flag in enumerate(queue.ids):
        assert client.get(f"/v1/screening-runs/{queue.run}", headers=ben).get_json()["run"]["counts"]["flag"] is None
        revision = client.get(f"/v1/flags/{flag}", headers=ben).get_json()["revision"]
        if number:
            body = LEFT | {"revision": revision}
            assert client.post(f"/v1/flags/{flag}/decisions", json=body, headers=queue.anna).status_code == 201
            revision += 1
        done = client.post(f"/v1/flags/{flag}/decisions", json=LEFT | {"revision": revision}, headers=ben).get_json()
        assert done["state"] == "inconclusive"
        assert done["p"] is not None
        assert done["control"] is (done["dealer"] in queue.controls)
    run = client.get(f"/v1/screening-runs/{queue.run}", headers=ben).get_json()
    assert run["run"]["counts"]["flag"] == len(queue.ids) - len(queue.controls)
    rows = client.get(f"/v1/screening-runs/{queue.run}/dealers?limit=200", headers=ben).get_json()["items"]
    assert {row["outcome"]["grade"] for row in rows} >= {"none", "flag"}
    controls = client.get("/v1/detector-precision", headers=ben).get_json()["controls"]
    assert controls["inconclusive"] == len(queue.controls)


def test_a_later_watch_raises_nothing_on_a_dealer_that_is_asked_about_already(client, command, queue):
    collection("responses").delete_one({})
    later = screening.run_screening(WAVE, "SSQ", actor=OPERATOR, at=NOW, parameters=Parameters(seed=2, **QUICK))
    watched = {row["dealer"] for row in collection("flags").find({"run": later["code"]})}
    assert watched & queue.dealers == set()
    graded = collection("screened_dealers").find({"run": later["code"], "outcome.grade": "watch"})
    assert {row["dealer"] for row in graded} & queue.dealers, "the screening itself did put one on watch"


def test_the_terminal_shows_figures_only_when_asked_and_notes_it(command, queue):
    control = next(flag for flag in queue.ids[1:] if flag.split(":")[1] in queue.controls)
    dealer = control.split(":")[1]
    blind = command("flag", "dossier", queue.run, dealer, "--lang", "zh").output
    assert "盲审" in blind
    assert "没有标记" not in blind
    told = command("flag", "dossier", queue.run, dealer, "--lang", "zh", "--figures").output
    assert "没有标记" in told
    entries = list(collection("trail").find({"object_id": control, "verb": "figures_shown"}))
    assert [entry["actor"] for entry in entries] == ["operator"]
    counts = command("screening", "show", queue.run, "--figures").output
    assert f'"flag": {len(queue.ids) - len(queue.controls)}' in counts


def test_how_many_are_drawn_is_chance(app, command, tmp_path):
    """A known number would make a queue of so many all controls; on average it is the share, at least one."""
    make_network(NOW, dealers=2)
    dealers = [SimpleNamespace(dealer_id=f"D{n:04}", grade="none") for n in range(200)]
    wave = collection("waves").find_one()
    counts = []
    for seed in range(300):
        raising = Raising(wave, "SSQ", action=True, control_share=0.02)
        raising.seed = seed
        drawn = raising.draw(dealers)
        assert raising.draw(dealers) == drawn
        counts.append(len(drawn))
    assert 3.5 < sum(counts) / len(counts) < 4.5
    assert len(set(counts)) > 4
    few = [SimpleNamespace(dealer_id=f"D{n:04}", grade="none") for n in range(5)]
    drawn = []
    for seed in range(300):
        raising = Raising(wave, "SSQ", action=True, control_share=0.02)
        raising.seed = seed
        drawn.append(len(raising.draw(few)))
    assert 0.8 < sum(drawn) / len(drawn) < 1.2
    assert Raising(wave, "SSQ", action=False, control_share=0.5).draw(dealers) == ()


def test_a_watch_on_a_dealer_of_the_queue_is_not_there_for_who_decides(client, people, queue):
    hidden = collection("flags").find_one({"run": queue.watch, "dealer": {"$in": sorted(queue.dealers)}})
    manager = people.headers(people.add(Role.PROGRAMME_MANAGER))
    assert client.get(f"/v1/flags/{hidden['_id']}", headers=manager).status_code == 200
    assert client.get(f"/v1/flags/{hidden['_id']}", headers=queue.anna).status_code == 404
    body = LEFT | {"revision": hidden["revision"]}
    assert client.post(f"/v1/flags/{hidden['_id']}/decisions", json=body, headers=queue.anna).status_code == 404
    with pytest.raises(Problem):
        screening.open_dealer_screening(OPERATOR, queue.watch, "D9999")
