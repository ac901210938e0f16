"""The power study: what it counts, by a judge that is known; the command, and what it refuses."""

import re

import numpy as np
import pytest
from click.testing import CliRunner

from audit_api.cli.simulate import report, simulate
from audit_api.simulator.power import BANDS, Judgement, Study, Tally, band, power_study

FIXED = {"dealers": 40, "median_responses": 30, "gamed_share": 0.25, "tactics": ("pressed", "copied")}
SMALL = ["--dealers", "40", "--responses", "20", "--networks", "1", "--waves", "2", "--prevalence", "0.2"]


def judge_by(grade_of):
    def judge(world):
        counts = dict(zip(world.dealers["dealer_id"], world.dealers["responses"], strict=True))
        return {
            label.dealer_id: Judgement(grade_of(label, world), int(counts[label.dealer_id])) for label in world.truth
        }

    return judge


def test_a_judge_who_knows_is_perfect():
    done = power_study(
        Study(networks=3, waves=2, fixed=FIXED), judge_by(lambda label, world: "flag" if label.gamed else "none")
    )
    assert set(done.tactics) == {"pressed", "copied"}
    assert sum(tally.dealers for tally in done.tactics.values()) == 30
    assert all(tally.flagged == tally.dealers and set(tally.flag_waves) == {1} for tally in done.tactics.values())
    assert sum(tally.dealers for tally in done.honest.values()) == 90
    assert all(tally.flagged == 0 and not tally.flag_waves for tally in done.honest.values())
    assert (done.any_false, done.flags, done.false) == (0, 60, 0)
    assert done.minimum_sample() in {name for name, _ in BANDS}


def test_false_alarms_and_time_to_detect_are_counted():
    later = np.datetime64("2026-01-06")

    def grade(label, world):
        if label.kind == "copied":
            return "flag" if world.spec.first_day > str(later) else "watch"
        return "flag" if label.kind == "" else "none"

    done = power_study(Study(networks=2, waves=3, fixed=FIXED), judge_by(grade))
    copied, plain = done.tactics["copied"], done.honest[""]
    assert copied.flagged == 0
    assert copied.watched == copied.dealers == len(copied.seen_waves)
    assert set(copied.flag_waves) == {2}
    assert set(copied.seen_waves) == {1}
    assert plain.flagged == plain.dealers
    assert done.any_false == 2
    assert done.false == 3 * plain.dealers
    assert done.flags == done.false + 2 * copied.dealers


def test_waves_keep_the_dealers_and_change_the_customers():
    seen = []

    def judge(world):
        seen.append(world)
        return judge_by(lambda label, world: "none")(world)

    power_study(Study(networks=1, waves=2, fixed=FIXED), judge)
    one, other = seen
    assert one.truth == other.truth
    assert one.dealers["region"].tolist() == other.dealers["region"].tolist()
    assert not set(one.responses["response_id"]) & set(other.responses["response_id"])
    assert not set(one.events["event_id"]) & set(other.events["event_id"])
    assert not set(one.audits["visit"]) & set(other.audits["visit"])
    assert one.events["event_at"].max() < other.events["event_at"].max()
    common = set(one.responses["contact"]) & set(other.responses["contact"])
    assert len(common) < 0.02 * len(one.answers)  # companies and call centres only


def test_extra_visits_where_something_was_suspected():
    from audit_api.simulator import NetworkSpec, simulate_network

    spec = NetworkSpec(dealers=20, gamed_share=0, look_alike_share=0)
    plain, more = simulate_network(spec, 1, wave=1), simulate_network(spec, 1, wave=1, revisited={"D0003"})
    assert set(plain.audits["selected_by"]) == {"plan"}
    extra = more.audits["selected_by"] == "trigger"
    assert set(more.audits["dealer_id"][extra]) == {"D0003"}
    assert len(set(more.audits["visit"][extra])) == 2


@pytest.mark.parametrize(("responses", "name"), [(0, "<20"), (19, "<20"), (20, "20-29"), (59, "30-59"), (500, "160+")])
def test_bands(responses, name):
    assert band(responses) == name


def test_the_interval_by_hand():
    # Wilson, 90 %: 5 of 10 gives .5 +- .2322 (z² = 2.7055; half = 1.6449·√(.025 + .006764)/1.27055)
    low, high = Tally(dealers=10, flagged=5).interval(5)
    assert (low, high) == pytest.approx((0.2693, 0.7307), abs=2e-4)
    assert Tally(dealers=10).interval(0)[0] == 0
    assert np.isnan(Tally().share(0))


@pytest.mark.parametrize("changed", [{"networks": 0}, {"networks": 501}, {"waves": 0}, {"waves": 13}])
def test_studies_are_bounded(changed):
    with pytest.raises(ValueError, match="must lie"):
        Study(**changed)


def test_the_command_is_reproducible_in_both_languages(tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("q: 0.2\nwatch_p: 0.2\ndraws: 2000\nnear_duplicate_draws: 8\n", encoding="utf-8")
    arguments = [*SMALL, "--tactic", "copied", "--policy", str(policy)]
    english = CliRunner(env={"LC_ALL": "en_GB.UTF-8"}).invoke(simulate, arguments)
    assert english.exit_code == 0, english.output
    again = CliRunner(env={"LC_ALL": "en_GB.UTF-8"}).invoke(simulate, arguments)
    assert english.stdout == again.stdout
    assert "1/1, 2/2" in english.stderr
    assert "G10 copied" in english.stdout
    assert "flagged in 2 waves" in english.stdout
    chinese = CliRunner(env={"LC_ALL": "zh_CN.UTF-8"}).invoke(simulate, arguments)
    assert "批量套写答卷" in chinese.stdout
    assert "标记是提问，不是结论" in chinese.stdout
    assert re.findall(r"[\d.]+%", chinese.stdout) == re.findall(
        r"[\d.]+%", english.stdout.replace("90% interval", "90%")
    )


def test_the_policy_decides(tmp_path):
    def watched(text):
        policy = tmp_path / "policy.yaml"
        policy.write_text(f"draws: 2000\nnear_duplicate_draws: 8\n{text}", encoding="utf-8")
        done = CliRunner(env={"LC_ALL": "C"}).invoke(simulate, [*SMALL, "--policy", str(policy)])
        assert done.exit_code == 0, done.output
        return [float(line.split("%")[-3].split()[-1]) for line in done.stdout.splitlines() if line.startswith("all ")]

    assert sum(watched("watch_p: 0.5")) > sum(watched("watch_p: 0.001"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("qq: 0.1", "unknown name 'qq'"), ("- 1", "must map names"), ("q: high", "q must be float"),
        ("q: 2", "between 0"), ("draws: true", "draws must be int"), ("q: [", "not YAML"),
        ("action: true", "unknown name 'action'"),
    ],
)  # fmt: skip
def test_policies_that_are_none(tmp_path, text, words):
    policy = tmp_path / "policy.yaml"
    policy.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(simulate, [*SMALL, "--policy", str(policy)])
    assert done.exit_code == 2
    assert words in done.output


def test_an_empty_study_still_reports():
    done = power_study(
        Study(networks=1, waves=1, fixed=FIXED | {"gamed_share": 0.0}), judge_by(lambda label, world: "none")
    )
    lines = report(done, zh=False)
    assert any("no band is enough" in line for line in lines)
    assert any("(0/0)" in line for line in lines)
